"""Where the parts of a signer are, frame by frame, measured on the evaluated rig."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from numpy.typing import NDArray

from ..addon.avatar import correctives
from ..addon.avatar.rig import joint_bones, rig_axes, rig_meshes

_MAX_FRAMES = 600
_TORSO = ("pelvis", "spine3", "neck", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow")
_FINGERS = ("thumb", "index", "middle", "ring", "pinky")
_TIP_REACH = 1.1
"""Length of the last phalanx and the soft tip, in lengths of the one before it."""
_HEAD_TOP = 0.2
"""Metres from head joint to crown at least, for rigs without a mesh too."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class BodyTrack:
    """World positions in metres over frames. frames (T,); every array is (T, points, 3)."""

    frames: NDArray[np.int64]
    left_hand: Array
    right_hand: Array
    head: Array
    torso: Array


def sampled_frames(frame_start: int, frame_end: int) -> NDArray[np.int64]:
    """Every frame of a range, or evenly spread ones of a very long range; both ends are always in."""
    count = min(frame_end - frame_start + 1, _MAX_FRAMES)
    return np.unique(np.rint(np.linspace(frame_start, frame_end, count)).astype(np.int64))


def track_body(scene: bpy.types.Scene, rig: bpy.types.Object, frame_start: int, frame_end: int) -> BodyTrack:
    """Follow hands (to the fingertips), head and torso over a range; the scene returns to its present frame."""
    if frame_end < frame_start:
        raise ValueError(f"The range ends at frame {frame_end}, before it starts at {frame_start}.")
    return track_frames(scene, rig, sampled_frames(frame_start, frame_end))


def track_frames(scene: bpy.types.Scene, rig: bpy.types.Object, frames: NDArray[np.int64]) -> BodyTrack:
    """Follow hands, head and torso over some frames; the scene returns to its present frame."""
    bones = joint_bones(rig)
    crown = _crown(rig, bones["head"])
    present, subframe = scene.frame_current, scene.frame_subframe
    rows: dict[str, list[Array]] = {"left_hand": [], "right_hand": [], "head": [], "torso": []}
    try:
        with correctives.paused():
            for frame in frames.tolist():
                scene.frame_set(frame)
                posed = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
                heads, matrices = _pose(posed, bones)
                rows["left_hand"].append(_hand(heads, "left"))
                rows["right_hand"].append(_hand(heads, "right"))
                rows["head"].append(np.stack([heads["head"], (matrices["head"] @ crown)[:3]]))
                rows["torso"].append(np.stack([heads[n] for n in _TORSO]))
    finally:
        scene.frame_set(present, subframe=subframe)
    return BodyTrack(frames, **{name: np.stack(values) for name, values in rows.items()})


def _pose(posed: bpy.types.Object, bones: dict[str, str]) -> tuple[dict[str, Array], dict[str, Array]]:
    pose: Any = posed.pose.bones
    flat = np.empty(16 * len(pose), dtype=np.float32)
    pose.foreach_get("matrix", flat)
    world = np.array(posed.matrix_world)
    matrices = world @ flat.reshape(-1, 4, 4).swapaxes(1, 2).astype(np.float64)
    index = {bone.name: i for i, bone in enumerate(pose)}
    by_joint = {joint: matrices[index[bone]] for joint, bone in bones.items()}
    return {joint: m[:3, 3] for joint, m in by_joint.items()}, by_joint


def _hand(heads: dict[str, Array], side: str) -> Array:
    """Wrist, knuckles and fingertips."""
    points = [heads[f"{side}_wrist"]]
    for finger in _FINGERS:
        middle, last = heads[f"{side}_{finger}2"], heads[f"{side}_{finger}3"]
        points += [heads[f"{side}_{finger}1"], middle, last + _TIP_REACH * (last - middle)]
    return np.stack(points)


def _crown(rig: bpy.types.Object, head: str) -> Array:
    """(4,) homogeneous point of the top of the head, in the head bone's space."""
    bone = rig.data.bones[head]
    up = rig_axes(rig)[:, 1]
    scale = float(np.mean(rig.matrix_world.to_scale()))
    height = _HEAD_TOP / max(scale, 1e-9)
    own = [m for m in rig_meshes(rig) if m.parent == rig]
    if own:
        tops = [np.array(m.matrix_local @ v.co) @ up for m in own for v in m.data.vertices]
        height = max(height, max(tops) - float(np.array(bone.head_local) @ up))
    point = np.array([*(np.array(bone.head_local) + height * up), 1.0])
    return np.linalg.inv(np.array(bone.matrix_local)) @ point
