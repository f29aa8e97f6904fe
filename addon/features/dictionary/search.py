"""Asking the engine for signs, a page at a time, so that thousands of them don't slow the panel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

from ... import pump
from ...reports import Report, UserError
from ..requests import dictionary, submit

PAGE = 50
_SLOT = "search"
_LISTS = ("words", "duplicates")
_TEXTS = ("pos", "sense", "description", "author", "licence", "reviewed_by", "kind", "origin")


def panel(context: bpy.types.Context) -> Any:
    """What the Dictionary panel shows (`properties.SIGNWRIGHT_PG_dictionary`)."""
    return context.window_manager.signwright.dictionary


def language(context: bpy.types.Context) -> str:
    """Code of the language whose signs are listed."""
    return panel(context).language or context.scene.signwright.generate.language


def active_sign(context: bpy.types.Context) -> Any:
    """The chosen sign of the list; `None` when there is none."""
    shown = panel(context)
    return shown.signs[shown.active] if shown.active < len(shown.signs) else None


def require_sign(context: bpy.types.Context, gloss: str) -> Any:
    """The sign of that gloss in the list, or the chosen one. Raises `UserError`."""
    sign = panel(context).signs.get(gloss) if gloss else active_sign(context)
    if sign is None:
        what = f"There is no sign {gloss} in the list." if gloss else "No sign is chosen."
        raise UserError(what, "Search for it in the Dictionary panel first.", code="no_sign")
    return sign


def fields(context: bpy.types.Context, offset: int) -> dict[str, Any]:
    """Fields of a `signs` request. Raises `UserError`."""
    shown = panel(context)
    return {
        "language": language(context),
        "dictionary": dictionary(),
        "query": shown.query.strip(),
        "own": shown.scope == "OWN",
        "offset": offset,
        "limit": PAGE,
    }


def key(request: Mapping[str, Any]) -> str:
    """What decides which signs are found."""
    return f"{request['language']} {request['own']} {request['query']}"


def is_outdated(context: bpy.types.Context) -> bool:
    """Whether the list belongs to another language or filter than the panel's."""
    shown = panel(context)
    return shown.shown != key(
        {"language": language(context), "own": shown.scope == "OWN", "query": shown.query.strip()}
    )


def take_in(context: bpy.types.Context, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
    """Fill the list with a page of signs; the chosen one stays chosen while it is among them."""
    shown = panel(context)
    chosen = active_sign(context)
    gloss = chosen.name if chosen is not None else ""
    shown.signs.clear()
    for entry in answer["signs"]:
        item = shown.signs.add()
        item.name = entry["gloss"]
        item.own, item.replaces, item.seconds = entry["own"], entry["replaces"], entry["seconds"]
        item.fit = -1.0 if entry["fit_residual"] is None else entry["fit_residual"]
        for name in _TEXTS:
            setattr(item, name, entry[name])
        for name in _LISTS:
            setattr(item, name, ", ".join(entry[name]))
    shown.problems = "\n".join(answer["problems"])
    shown.active = max(shown.signs.find(gloss), 0)
    shown.total, shown.offset, shown.shown = answer["total"], request["offset"], key(request)


def request(offset: int = 0) -> None:
    """Look the signs up while Blender goes on."""
    try:
        asked = fields(bpy.context, offset)

        def done(answer: Mapping[str, Any]) -> Report | None:
            take_in(bpy.context, asked, answer)
            return None

        submit("signs", done, pump.DICTIONARY, _SLOT, **asked)
    except UserError as e:
        pump.show(e.report, pump.DICTIONARY)


def changed(_context: bpy.types.Context) -> None:
    """The user types or chooses another filter; scripts search with the operator."""
    if not bpy.app.background:
        request()


def renew(context: bpy.types.Context) -> None:
    """Signs were added, changed or removed: show them."""
    if not bpy.app.background:
        request(panel(context).offset)


def is_searching() -> bool:
    return pump.working(_SLOT) is not None


def search_when_drawn(context: bpy.types.Context) -> None:
    """Search when the panel is drawn for another language than before; from a timer, as drawing may change nothing.

    A search that failed is not repeated as long as its message is shown.
    """
    failed = pump.current_report(pump.DICTIONARY) is not None
    waiting = is_searching() or bpy.app.timers.is_registered(_search_soon)
    if is_outdated(context) and not (waiting or failed or bpy.app.background):
        bpy.app.timers.register(_search_soon, first_interval=0.0)


def _search_soon() -> None:
    if is_outdated(bpy.context) and not is_searching():
        request()
