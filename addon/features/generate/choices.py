"""Languages and methods to choose from, as the engine named them in its hello."""

from __future__ import annotations

from typing import Any

from ... import pump

Item = tuple[str, str, str, str, int]
_kept: dict[str, list[Item]] = {}
"""Blender reads the strings of a dynamic menu later, so they must not be freed."""


def entries(kind: str) -> list[dict[str, Any]]:
    """What hello said of `languages` or `methods`; empty before the engine ran."""
    hello = pump.session().hello
    return list(hello.get(kind, ())) if hello else []


def language_entry(code: str) -> dict[str, Any] | None:
    return next((e for e in entries("languages") if e["code"] == code), None)


def languages(current: str) -> list[Item]:
    """Menu of signed languages; the current one is in it even before the engine has been asked."""
    known = entries("languages")
    known.sort(key=lambda e: not e.get("has_signs"))
    return _menu("languages", [(e["code"], e["name"], coverage(e), _icon(e)) for e in known], current)


def methods(current: str) -> list[Item]:
    """Menu of generating methods."""
    known = [(e["name"], e["label"], e.get("description", ""), "PRESET") for e in entries("methods")]
    return _menu("methods", known, current)


def coverage(entry: dict[str, Any]) -> str:
    """One line on how much of a language the engine can sign."""
    if not entry.get("has_signs"):
        return "No signs of it yet: nothing can be generated"
    return "Frequent words have signs; names and other words are fingerspelled"


def number_of(items: list[Item], identifier: str) -> int:
    return next(item[4] for item in items if item[0] == identifier)


def _icon(entry: dict[str, Any]) -> str:
    return "CHECKMARK" if entry.get("has_signs") else "BLANK1"


def _menu(kind: str, known: list[tuple[str, str, str, str]], current: str) -> list[Item]:
    if current not in (entry[0] for entry in known):
        known = [*known, (current, current, "Known for sure when the engine has started", "QUESTION")]
    items = [(*entry, i) for i, entry in enumerate(known)]
    if _kept.get(kind) != items:
        _kept[kind] = items
    return _kept[kind]
