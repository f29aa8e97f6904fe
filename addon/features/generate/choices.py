"""Languages and methods to choose from, as the engine named them in its hello."""

from __future__ import annotations

from typing import Any

from ... import pump

Item = tuple[str, str, str, str, int]
AUTOMATIC = "AUTO"
"""Choice of a menu that leaves it to the engine."""
AS_IN_TEXT = "TEXT"
"""Choice of the Dictionary panel that follows the Text panel."""
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
    return menu("languages", [(e["code"], e["name"], coverage(e), _icon(e)) for e in _by_coverage()], current)


def languages_or_text(current: str, text_language: str) -> list[Item]:
    """The same menu with the Text panel's language as its first choice, which an empty current one stands for."""
    name = f"As in Text ({text_language})" if text_language else "As in Text"
    first = (AS_IN_TEXT, name, "The language of the Text panel", "LINKED")
    known = [(e["code"], e["name"], coverage(e), _icon(e)) for e in _by_coverage()]
    return menu("languages_or_text", [first, *known], current or AS_IN_TEXT)


def methods(current: str) -> list[Item]:
    """Menu of generating methods."""
    known = [(e["name"], e["label"], _method_tip(e), "PRESET" if is_usable(e) else "ERROR") for e in entries("methods")]
    return menu("methods", known, current)


def method_entry(name: str) -> dict[str, Any] | None:
    return next((e for e in entries("methods") if e["name"] == name), None)


def method_of(chosen: Any) -> str:
    """The method that `scene.signwright.generate` means: the chosen one, else the engine's first that can be used.

    Of those that know the language, if any does. Empty before the engine has said which there are.
    """
    if chosen.method:
        return chosen.method
    usable = [e for e in entries("methods") if is_usable(e)]
    knowing = [e for e in usable if chosen.language in e["languages"]]
    return next((e["name"] for e in (*knowing, *usable)), "")


def uses_model(chosen: Any) -> bool:
    """Whether that method needs a trained model."""
    entry = method_entry(method_of(chosen))
    return entry is not None and bool(entry.get("bundles"))


def option_names(chosen: Any) -> frozenset[str]:
    """The settings of its own that that method has, by what the engine calls them."""
    entry = method_entry(method_of(chosen))
    return frozenset(entry["options"]) if entry is not None else frozenset()


def examples(chosen: Any) -> list[str]:
    """Prompts that that method reads beside plain sentences, for the chosen language."""
    entry = method_entry(method_of(chosen))
    return list(entry["examples"].get(chosen.language, ())) if entry is not None else []


def is_usable(method: dict[str, Any]) -> bool:
    return bool(method.get("usable", True))


def unavailable(chosen: Any) -> str:
    """Why the method can't make motion in the language, and with what it could; empty when it can."""
    entry = method_entry(method_of(chosen))
    if entry is None:
        return ""
    if not is_usable(entry):
        return entry["problem"]
    if chosen.language in entry["languages"]:
        return ""
    others = [e["label"] for e in entries("methods") if is_usable(e) and chosen.language in e["languages"]]
    instead = f" {' or '.join(others)} can." if others else ""
    return f"{entry['label']} can't sign {chosen.language}.{instead}"


def _method_tip(entry: dict[str, Any]) -> str:
    said = [entry.get("description", "").rstrip("."), entry.get("problem", "").rstrip(".")]
    return ". ".join([*filter(None, said), f"Languages: {', '.join(entry['languages']) or 'none'}"])


def coverage(entry: dict[str, Any]) -> str:
    """One line on how much of a language the engine can sign."""
    signs, letters, numbers = entry["signs"], entry["letters"], entry["numbers"]
    if signs:
        parts = [f"{signs:,} sign{'s' if signs != 1 else ''}"]
        parts += [name for name, count in (("alphabet", letters), ("numbers", numbers)) if count]
        order = "" if entry["grammar"] else "; in the word order of the text"
        return f"{entry['name']}: {', '.join(parts)}{order}"
    only = " and ".join(name for name, count in (("fingerspelling", letters), ("numbers", numbers)) if count)
    return f"{entry['name']}: {only} only" if only else f"{entry['name']}: no signs yet, nothing can be generated"


def _by_coverage() -> list[dict[str, Any]]:
    """The languages, those with the most signs first."""
    return sorted(entries("languages"), key=lambda e: (-e["signs"], not e["letters"]))


def number_of(items: list[Item], identifier: str) -> int:
    return next(item[4] for item in items if item[0] == identifier)


def _icon(entry: dict[str, Any]) -> str:
    return "CHECKMARK" if entry["signs"] else "SMALL_CAPS" if entry["letters"] else "BLANK1"


def menu(kind: str, known: list[tuple[str, str, str, str]], current: str) -> list[Item]:
    """Entries of identifier, name, tip and icon as a dynamic menu, which has the current choice in it in any case."""
    if current not in (entry[0] for entry in known):
        known = [*known, (current, current, "Known for sure when the engine has started", "QUESTION")]
    items = [(*entry, i) for i, entry in enumerate(known)]
    if _kept.get(kind) != items:
        _kept[kind] = items
    return _kept[kind]
