"""From the curves on a rig back to poses."""

from __future__ import annotations

import bpy
import numpy as np
from numpy.typing import NDArray

from ...engine.rotations import axis_angle_from_quaternion, conjugate, matrix_from_quaternion, multiply
from ...engine.skeleton import EXPRESSION_NAMES, JOINT_COUNT, POSE_SIZE
from ...engine.take import PoseSequence
from .. import compat
from ..avatar.rig import RigMap, expression_keys, face_meshes, rig_map
from .apply import scene_fps
from .channels import bone_path, key_path
from .curves import curves_by_path, sample


def extract_sequence(
    rig: bpy.types.Object,
    frame_start: int,
    frame_end: int,
    *,
    action: bpy.types.Action | None = None,
    scene: bpy.types.Scene | None = None,
) -> PoseSequence:
    """Poses of the f-curves on frames `frame_start..frame_end`, at the scene's frame rate.

    `action`: the one to read; the rig's present one when `None`. Bones without curves keep their rest pose. Raises
    `ValueError` when the rig isn't an SMPL-X rig or the range is empty.
    """
    if frame_end < frame_start:
        raise ValueError(f"The range ends at frame {frame_end}, before it starts at {frame_start}.")
    frames = np.arange(frame_start, frame_end + 1, dtype=np.float64)
    mapping = rig_map(rig)
    curves = _curves_on(rig, action)
    return PoseSequence(
        poses=_poses(mapping, curves, frames),
        trans=_translation(mapping, curves, frames),
        expression=_expression(rig, action, frames),
        fps=scene_fps(scene or bpy.context.scene),
    )


def _curves_on(owner: bpy.types.ID, action: bpy.types.Action | None) -> dict[str, dict[int, object]]:
    if action is None:
        return curves_by_path(compat.assigned_channels(owner))
    slot = compat.slot_of(action, owner)
    return curves_by_path(compat.channelbag(action, slot)) if slot is not None else {}


def _sampled(curves: dict[int, object] | None, default: tuple[float, ...], frames: NDArray) -> NDArray[np.floating]:
    values = np.tile(np.array(default), (len(frames), 1))
    for index, curve in (curves or {}).items():
        values[:, index] = sample(curve, frames)
    return values


def _poses(mapping: RigMap, curves: dict[str, dict[int, object]], frames: NDArray) -> NDArray[np.floating]:
    identity = (1.0, 0.0, 0.0, 0.0)
    channels = [curves.get(bone_path(bone, "rotation_quaternion")) for bone in mapping.bones]
    q = np.stack([_sampled(c, identity, frames) for c in channels], axis=1)
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    q = multiply(multiply(conjugate(mapping.offsets), q), mapping.offsets)
    assert q.shape == (len(frames), JOINT_COUNT, 4)
    return axis_angle_from_quaternion(q).reshape(len(frames), POSE_SIZE)


def _translation(mapping: RigMap, curves: dict[str, dict[int, object]], frames: NDArray) -> NDArray[np.floating]:
    location = _sampled(curves.get(bone_path(mapping.bones[0], "location")), (0.0, 0.0, 0.0), frames)
    return location @ matrix_from_quaternion(mapping.offsets[0]) / mapping.metre


def _expression(rig: bpy.types.Object, action: bpy.types.Action | None, frames: NDArray) -> NDArray[np.floating]:
    values = np.zeros((len(frames), len(EXPRESSION_NAMES)))
    for mesh in face_meshes(rig)[:1]:
        keys = expression_keys(mesh)
        curves = _curves_on(mesh.data.shape_keys, action)
        for i, unit in enumerate(EXPRESSION_NAMES):
            if unit in keys:
                values[:, i] = _sampled(curves.get(key_path(keys[unit])), (0.0,), frames)[:, 0]
    return values
