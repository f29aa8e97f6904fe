"""What is known of the gloss line: whether the user edited it, and whether its text has changed since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import bpy

from ... import pump
from ...reports import Report, UserError
from ..requests import dictionary, submit
from . import tokens


def current_line(scene: bpy.types.Scene) -> str:
    """The gloss line of the panel, from the Text data-block when there is one."""
    gloss = scene.signwright.gloss
    return tokens.one_line(gloss.block.as_string() if gloss.block is not None else gloss.line)


def is_edited(scene: bpy.types.Scene) -> bool:
    """Whether the line is the user's rather than the text's."""
    line = current_line(scene)
    return bool(line) and line != scene.signwright.gloss.proposed


def edited_line(scene: bpy.types.Scene) -> str:
    """The user's line, which wins over the text; empty when the text decides."""
    return current_line(scene) if is_edited(scene) else ""


def source_of(scene: bpy.types.Scene) -> str:
    """All that decides what a text becomes."""
    chosen = scene.signwright.generate
    return json.dumps([chosen.language, chosen.word_order, chosen.resolved_text()])


def is_stale(scene: bpy.types.Scene) -> bool:
    """Whether text, language or word order have changed since the line was read."""
    gloss = scene.signwright.gloss
    return bool(gloss.source) and gloss.source != source_of(scene)


def has_items(scene: bpy.types.Scene) -> bool:
    """Whether the items are those of the present line."""
    return current_line(scene) == scene.signwright.gloss.items_line


def plan_fields(scene: bpy.types.Scene, line: str = "") -> dict[str, Any]:
    """Fields of a `plan` request: of the text, or of a gloss line. Raises `UserError`."""
    chosen = scene.signwright.generate
    return {
        "text": chosen.resolved_text(),
        "language": chosen.language,
        "word_order": chosen.word_order,
        "gloss": line,
        "dictionary": dictionary(),
    }


def take_read(scene: bpy.types.Scene, source: str, answer: Mapping[str, Any]) -> Report | None:
    """Take in what the text became."""
    report = _take_items(scene, answer)
    _propose(scene, source, str(answer["gloss_line"]))
    return report


def take_checked(scene: bpy.types.Scene, line: str, answer: Mapping[str, Any]) -> Report | None:
    """Take in the items of a line that the user wrote, unless it has changed again.

    The line stays the user's, but is written as the engine writes it: the items' glosses are found in that.
    """
    if line != current_line(scene):
        return None
    report = _take_items(scene, answer)
    written = scene.signwright.gloss.items_line
    if written != line:
        set_line(scene, written)
    return report


def take_generated(scene: bpy.types.Scene, line: str) -> None:
    """A take was made of the panel's text or line: show what it became; an edited line stays."""
    if not line or is_edited(scene):
        return
    _propose(scene, source_of(scene), line)


def line_changed(scene: bpy.types.Scene) -> None:
    """The user has typed another line: have it read while Blender goes on."""
    if not bpy.app.background and not has_items(scene):
        check(scene)


def check(scene: bpy.types.Scene) -> None:
    """Ask for the items of the present line; mistakes in it are told in the panel."""
    pump.show(None, pump.GLOSS)
    line = current_line(scene)
    if not line:
        return
    name = scene.name

    def done(answer: Mapping[str, Any]) -> Report | None:
        home = bpy.data.scenes.get(name)
        return take_checked(home, line, answer) if home is not None else None

    try:
        submit("plan", done, pump.GLOSS, **plan_fields(scene, line))
    except UserError as e:
        pump.show(e.report, pump.GLOSS)


def set_line(scene: bpy.types.Scene, line: str) -> None:
    """Put a line where the user edits it, in the field or in the Text data-block."""
    gloss = scene.signwright.gloss
    if gloss.block is None:
        gloss.line = line
        return
    gloss.block.from_string(line)
    line_changed(scene)


def insert(scene: bpy.types.Scene, sign: str) -> None:
    """Put a sign into the line: after the active item, else at the end."""
    line, gloss = current_line(scene), scene.signwright.gloss
    places = item_spans(scene) if has_items(scene) else []
    place = places[gloss.active_item] if 0 <= gloss.active_item < len(places) else None
    at = place[1] if place is not None else len(line)
    set_line(scene, tokens.one_line(f"{line[:at]} {sign} {line[at:]}"))
    if place is not None:
        gloss.active_item += 1


def item_spans(scene: bpy.types.Scene) -> list[tokens.Span | None]:
    """Where each item stands in the line; pauses are written as marks and have no place here."""
    items = scene.signwright.gloss.items
    return tokens.spans(current_line(scene), ["" if item.kind == "pause" else item.name for item in items])


def _propose(scene: bpy.types.Scene, source: str, line: str) -> None:
    gloss = scene.signwright.gloss
    gloss.source, gloss.proposed = source, tokens.one_line(line)
    set_line(scene, gloss.proposed)


def _take_items(scene: bpy.types.Scene, answer: Mapping[str, Any]) -> Report | None:
    gloss = scene.signwright.gloss
    text = scene.signwright.generate.resolved_text()
    gloss.items_line = tokens.one_line(str(answer["gloss_line"]))
    gloss.items.clear()
    for entry in answer["items"]:
        item = gloss.items.add()
        item.name, item.kind = entry["gloss"], entry["kind"]
        item.words = text[slice(*entry["text_span"])]
        for choice in entry["choices"]:
            added = item.choices.add()
            added.name, added.sense, added.description = choice["gloss"], choice["sense"], choice["description"]
    if gloss.active_item >= len(gloss.items):
        gloss.active_item = -1
    warnings = list(answer["warnings"])
    return Report(" ".join(warnings), code="plan_warnings", severity="WARNING") if warnings else None
