"""Which frames the user means: by selected keys, selected markers, or the preview range."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from .. import compat
from ..avatar.rig import face_meshes


def chosen_range(scene: bpy.types.Scene, rig: bpy.types.Object) -> tuple[int, int, str]:
    """First and last frame, and what they were taken from.

    Selected keys of the rig's action; else the selected markers, when there are two or more; else the preview range;
    else the whole action.
    """
    frames = sorted(marker.frame for marker in scene.timeline_markers if marker.select)
    selected, every = _key_frames(rig)
    if len(selected) and selected.min() < selected.max():
        return int(np.floor(selected.min())), int(np.ceil(selected.max())), "selected keys"
    if len(frames) > 1 and frames[0] < frames[-1]:
        return frames[0], frames[-1], "selected markers"
    if scene.use_preview_range:
        return scene.frame_preview_start, scene.frame_preview_end, "preview range"
    if len(every) and every.min() < every.max():
        return int(np.floor(every.min())), int(np.ceil(every.max())), "whole action"
    return scene.frame_start, scene.frame_end, "scene range"


def has_keys(rig: bpy.types.Object) -> bool:
    """Whether anything of the rig is keyed."""
    return any(len(curve.keyframe_points) for curve in _curves(rig))


def _curves(rig: bpy.types.Object) -> Iterator[Any]:
    owners: list[bpy.types.ID] = [rig, *(mesh.data.shape_keys for mesh in face_meshes(rig))]
    for owner in owners:
        bag = compat.assigned_channels(owner)
        yield from bag.fcurves if bag is not None else ()


def _key_frames(rig: bpy.types.Object) -> tuple[NDArray[np.floating], NDArray[np.floating]]:
    """Frames of the selected keys, and of all."""
    chosen, every = [np.empty(0, np.float32)], [np.empty(0, np.float32)]
    for curve in _curves(rig):
        points = curve.keyframe_points
        at = np.empty(2 * len(points), dtype=np.float32)
        marks = np.empty(len(points), dtype=bool)
        points.foreach_get("co", at)
        points.foreach_get("select_control_point", marks)
        every.append(at[::2])
        chosen.append(at[::2][marks])
    return np.concatenate(chosen), np.concatenate(every)
