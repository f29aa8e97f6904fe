"""The takes of a .blend: each lives inside the file, so that a .blend moved elsewhere keeps them.

A take's `.npz` bytes are a custom property of a hidden Text data-block; the list in the panel holds
what people want to see of it and points to that Text. Undo, copying a scene and appending it from
another file then work as for any data-block.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Sequence
from pathlib import Path
from typing import Any

import bpy

from ..engine.take import Take, TakeError
from . import provenance
from .paths import absolute, preferences
from .reports import UserError

_DATA_KEY = "signwright_take"
_TEXT_NAME = ".signwright take"
_TEXT_BODY = (
    "This text holds a take of Signwright, the text-to-signing add-on, in a custom property.\n"
    "It is used by the Takes list in the sidebar; deleting it deletes the take.\n"
)

NOT_REVIEWED = "Not reviewed by a fluent signer"


def add(scene: bpy.types.Scene, data: bytes) -> Any:
    """Store the bytes of a take's `.npz` and return its new list item, which becomes the active one.

    Raises `UserError` when they are no take.
    """
    return add_all(scene, [data])[0]


def add_all(scene: bpy.types.Scene, data: Sequence[bytes]) -> list[Any]:
    """Store several takes, all or none; the first of them becomes the active one.

    The items are of the list as it is then: adding another one may move them. Raises `UserError` when one is no take.
    """
    try:
        read_takes = [Take.from_bytes(one) for one in data]
    except TakeError as e:
        raise UserError(
            f"The engine's take can't be read: {e}",
            "Nothing in your scene changed. Generate again; if it happens again, send us the log.",
            "open_log",
            "bad_take",
        ) from e
    timeline = scene.signwright.timeline
    first = len(timeline.takes)
    for take, one in zip(read_takes, data, strict=True):
        text = bpy.data.texts.new(_TEXT_NAME)
        text.write(_TEXT_BODY)
        text[_DATA_KEY] = one
        item = timeline.takes.add()
        item.data = text
        _describe(item, take, take.name or "Take")
    timeline.active_take = first
    timeline.active_segment = 0
    return [timeline.takes[i] for i in range(first, first + len(data))]


def read(item: Any) -> bytes:
    """The bytes of a take's `.npz`. Raises `UserError` when its Text data-block is gone."""
    data = item.data.get(_DATA_KEY) if item.data is not None else None
    if not isinstance(data, bytes):
        raise UserError(
            f"The data of take “{item.name}” is gone: its Text data-block was deleted.",
            "Animation that was applied from it stays. Undo the deletion, or generate the take again.",
            code="take_gone",
        )
    return data


def load_take(item: Any) -> Take:
    """The take of a list item. Raises `UserError`."""
    try:
        return Take.from_bytes(read(item), item.name)
    except TakeError as e:
        raise UserError(
            f"Take “{item.name}” is damaged: {e}",
            "Animation that was applied from it stays. Generate the take again.",
            code="bad_take",
        ) from e


def exact_keys(item: Any) -> dict[int, list[str]]:
    """Frame of the take -> joints that the user keeps there exactly."""
    return {int(frame): joints for frame, joints in json.loads(item.exact or "{}").items()}


def remove(scene: bpy.types.Scene, index: int) -> None:
    """Remove a take and its data; animation that was applied from it stays."""
    timeline = scene.signwright.timeline
    text = timeline.takes[index].data
    timeline.takes.remove(index)
    timeline.active_take = max(0, min(timeline.active_take, len(timeline.takes) - 1))
    timeline.active_segment = 0
    if text is not None and not _is_used(text):
        bpy.data.texts.remove(text)


def find(scene: bpy.types.Scene, name: str = "") -> Any:
    """The take of that name, or the active one. Raises `UserError` when there is none."""
    timeline = scene.signwright.timeline
    if name:
        item = timeline.takes.get(name)
        if item is None:
            known = ", ".join(f"“{t.name}”" for t in timeline.takes) or "none"
            raise UserError(f"There is no take “{name}”.", f"The takes of this scene: {known}.", code="no_take")
        return item
    if not len(timeline.takes):
        raise UserError("There is no take yet.", "Type a text and press Generate first.", code="no_take")
    return timeline.takes[min(timeline.active_take, len(timeline.takes) - 1)]


def export(take: Take, path: Path) -> None:
    """Write a take as an `.npz` that other SMPL-X tools read. Raises `UserError`."""
    try:
        take.save(path)
    except OSError as e:
        raise UserError(
            f"{path} can't be written: {e.strerror or e}.",
            "The take is safe in the .blend. Choose another folder.",
            "choose_folder",
            "not_written",
        ) from e


def export_folder() -> Path:
    """Where exports are offered to go: the preferences' folder, beside the .blend, or the user's files."""
    chosen = preferences().export_folder
    if chosen:
        return absolute(chosen)
    return Path(bpy.data.filepath).parent if bpy.data.filepath else Path.home()


def _is_used(text: bpy.types.Text) -> bool:
    """Whether another list item, as in a copied scene, points to this Text."""
    return any(item.data == text for scene in bpy.data.scenes for item in scene.signwright.timeline.takes)


def unique_name(taken: Container[str], name: str) -> str:
    """The name, with a number when it is taken."""
    number, unique = 1, name
    while unique in taken:
        number += 1
        unique = f"{name} {number}"
    return unique


def _describe(item: Any, take: Take, name: str) -> None:
    item.title = name
    item.text, item.language, item.method = take.text, take.language, take.method
    item.seed, item.duration, item.fps = str(take.seed), take.sequence.duration, take.sequence.fps
    item.created, item.engine_version = take.created, take.engine_version
    item.warnings = "\n".join(take.warnings)
    item.model, item.sampling = provenance.model(take.settings), provenance.sampling(take.settings)
    item.edits = "\n".join(provenance.edits(take.settings))
    counts = Counter(s.origin for s in take.segments if s.origin != "pause")
    item.origins = ", ".join(f"{n} {origin}" for origin, n in counts.most_common())
    for segment in take.segments:
        row = item.segments.add()
        row.name, row.start, row.end, row.origin = segment.gloss, segment.start, segment.end, segment.origin
        row.source, row.author, row.licence = segment.source, segment.author, segment.licence
        row.reviewed_by = segment.reviewed_by
        row.fit = -1.0 if segment.fit_residual is None else segment.fit_residual
        row.words = take.text[slice(*segment.text_span)]
    signs = [s for s in take.segments if s.origin != "pause"]
    item.reviewed = bool(signs) and all(s.reviewed_by for s in signs)
