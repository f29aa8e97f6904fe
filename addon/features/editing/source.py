"""The motion that is edited: the take as it lies on the avatar, with what the user did to it by hand."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import bpy

from ....engine.take import Take
from ... import takes
from ...animation import exact
from ...animation.apply import scene_fps
from ...animation.extract import extract_sequence
from ...animation.markers import frame_of
from ...animation.selection import chosen_range, has_keys
from ...reports import UserError
from ..requests import working_file
from ..setup.avatar import current_avatar


@dataclass(frozen=True)
class Source:
    """A take and where it lies in the scene.

    start_frame: scene frame of its first one. rig: name of the avatar that shows it now, empty when none does.
    """

    take: Take
    start_frame: int
    rig: str = ""

    @property
    def last_frame(self) -> int:
        """Frame of the take that is its last."""
        return len(self.take.sequence) - 1

    def seconds(self, scene: bpy.types.Scene, first: int, last: int) -> tuple[float, float]:
        """Times in the take of two frames of the scene, within the take. Raises `UserError` when it is elsewhere."""
        fps, duration = scene_fps(scene), self.take.sequence.duration
        start, end = (first - self.start_frame) / fps, (last - self.start_frame) / fps
        if start > duration or end < 0.0 or end <= start:
            whole = f"{self.start_frame} to {frame_of(duration, self.start_frame, fps)}"
            raise UserError(
                f"Frames {first} to {last} are no part of take “{self.take.name}”.",
                f"It is on frames {whole}. Choose a range within them.",
                code="no_range",
            )
        return max(start, 0.0), min(end, duration)

    def kept(self, selected: bool) -> exact.Kept:
        """Frames of the take -> joints that the user keeps there: by locked curves, and by selected keys if wanted."""
        rig = bpy.data.objects.get(self.rig) if self.rig else None
        if rig is None:
            return {}
        found = exact.kept_poses(rig, selected=selected)
        moved = {frame - self.start_frame: joints for frame, joints in found.items()}
        return exact.within(moved, 0, self.last_frame)


def is_shown(item: Any, rig: bpy.types.Object | None) -> bool:
    """Whether an avatar's present action is that of the take."""
    data = rig.animation_data if rig is not None else None
    return bool(item.action) and data is not None and data.action is not None and data.action.name == item.action


def of_take(context: bpy.types.Context, name: str = "", *, edited: bool = True) -> Source:
    """A take, the active one without a name; as it is on the avatar where that shows it, unless that isn't wanted.

    Raises `UserError`.
    """
    scene = context.scene
    item = takes.find(scene, name)
    take = takes.load_take(item)
    rig = current_avatar(context)
    if rig is None or not edited or not is_shown(item, rig):
        start = item.start_frame if item.action else scene.signwright.timeline.start_frame
        return Source(dataclasses.replace(take, name=item.name), start)
    last = frame_of(take.sequence.duration, item.start_frame, scene_fps(scene))
    sequence = extract_sequence(rig, item.start_frame, last, scene=scene)
    return Source(dataclasses.replace(take, name=item.name, sequence=sequence), item.start_frame, rig.name)


def scratch(source: Source) -> Path:
    """The take as a file for the engine. Raises `UserError`."""
    path = working_file("-source.npz")
    try:
        source.take.save(path)
    except OSError as e:
        raise UserError(
            f"The take can't be written to {path.parent}: {e.strerror or e}.",
            "Nothing was changed. Free some space, or choose another working folder.",
            "choose_folder",
            "not_written",
        ) from e
    return path


def of_action(context: bpy.types.Context, language: str) -> Source:
    """The animation on the avatar that the user means, whatever it came from. Raises `UserError`."""
    rig = current_avatar(context)
    if rig is None or not has_keys(rig):
        raise UserError(
            "There is no motion to read.", "Generate a take, or animate the avatar first.", code="no_motion"
        )
    first, last, _ = chosen_range(context.scene, rig)
    sequence = extract_sequence(rig, first, last, scene=context.scene)
    return Source(Take(rig.name, "", language, "imported", sequence), first, rig.name)
