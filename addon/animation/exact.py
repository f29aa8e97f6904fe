"""Which poses the user means to keep: keys on curves that are locked, and keys that are selected."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import bpy
import numpy as np

from ...engine.skeleton import JOINT_NAMES
from .. import compat
from ..avatar.rig import joint_bones
from .channels import bone_path

Kept = dict[int, set[str]]
"""Scene frame -> joints whose pose there is kept."""


def kept_poses(rig: bpy.types.Object, *, locked: bool = True, selected: bool = True) -> Kept:
    """Frames and joints of the keys on the rig's locked curves, and of its selected keys.

    A key between two frames keeps both.
    """
    paths = {bone_path(bone, "rotation_quaternion"): joint for joint, bone in joint_bones(rig).items()}
    kept: Kept = {}
    for curve in _curves(rig):
        joint = paths.get(curve.data_path)
        if joint is None:
            continue
        for frame in _key_frames(curve, locked, selected):
            for whole in {int(np.floor(frame)), int(np.ceil(frame))}:
                kept.setdefault(whole, set()).add(joint)
    return kept


def within(kept: Mapping[int, set[str]], first: int, last: int) -> Kept:
    """Those on frames `first..last`."""
    return {frame: joints for frame, joints in kept.items() if first <= frame <= last}


def as_locks(kept: Mapping[int, set[str]], start_frame: int) -> list[dict[str, Any]]:
    """The protocol's `locks`, with frames counted from the take's first one, which is on scene frame `start_frame`."""
    order = {joint: i for i, joint in enumerate(JOINT_NAMES)}
    return [
        {"frame": frame - start_frame, "joints": sorted(joints, key=order.__getitem__)}
        for frame, joints in sorted(kept.items())
    ]


def _curves(rig: bpy.types.Object) -> Iterator[Any]:
    bag = compat.assigned_channels(rig)
    yield from bag.fcurves if bag is not None else ()


def _key_frames(curve: Any, locked: bool, selected: bool) -> list[float]:
    points = curve.keyframe_points
    at = np.empty(2 * len(points), dtype=np.float32)
    points.foreach_get("co", at)
    if locked and (curve.lock or (curve.group is not None and curve.group.lock)):
        return at[::2].tolist()
    if not selected:
        return []
    marks = np.empty(len(points), dtype=bool)
    points.foreach_get("select_control_point", marks)
    return at[::2][marks].tolist()
