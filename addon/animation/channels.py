"""What a take writes on a rig: groups of f-curves with their values on every scene frame."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

import bpy
import numpy as np
from numpy.typing import NDArray

from ...engine.rotations import conjugate, continuous, matrix_from_quaternion, multiply, quaternion_from_axis_angle
from ...engine.skeleton import JOINT_COUNT, JOINT_INDEX, LAYERS
from ...engine.take import PoseSequence
from ..avatar.rig import RigMap, expression_keys

ALL_LAYERS = frozenset(LAYERS)
ROTATION, LOCATION, WEIGHT = "rotation", "location", "weight"


@dataclass(frozen=True)
class ChannelGroup:
    """F-curves that are keyed together.

    path: data path seen from the owner of the slot. name: of the f-curve group. kind: `rotation` (quaternion),
    `location` (in the armature's units) or `weight` (of a shape key). values: (T, D).
    """

    path: str
    name: str
    kind: str
    values: NDArray[np.floating]

    @property
    def is_array(self) -> bool:
        """Whether the property has components; a shape key's value has none."""
        return self.kind != WEIGHT


def bone_path(bone: str, channel: str) -> str:
    """Data path of a pose bone's channel."""
    return f'pose.bones["{bpy.utils.escape_identifier(bone)}"].{channel}'


def key_path(key: str) -> str:
    """Data path of a shape key's value."""
    return f'key_blocks["{bpy.utils.escape_identifier(key)}"].value'


def layer_bones(mapping: RigMap, layers: Collection[str]) -> list[tuple[int, str]]:
    """(joint number, bone name) of all joints in the layers."""
    unknown = set(layers) - ALL_LAYERS
    if unknown:
        raise ValueError(f"There is no layer {', '.join(sorted(unknown))}; the layers are {', '.join(LAYERS)}.")
    return [(JOINT_INDEX[joint], mapping.bones[JOINT_INDEX[joint]]) for name in layers for joint in LAYERS[name]]


def bone_groups(mapping: RigMap, sequence: PoseSequence, bones: list[tuple[int, str]]) -> list[ChannelGroup]:
    """Rotation of each of the bones, in its own axes, signs continuous over time."""
    if not bones:
        return []
    numbers = [number for number, _ in bones]
    vectors = sequence.poses.reshape(-1, JOINT_COUNT, 3)[:, numbers]
    q = quaternion_from_axis_angle(vectors)
    if not mapping.is_aligned:
        offsets = mapping.offsets[numbers]
        q = multiply(multiply(offsets, q), conjugate(offsets))
    q = continuous(q)
    return [
        ChannelGroup(bone_path(bone, "rotation_quaternion"), bone, ROTATION, q[:, i])
        for i, (_, bone) in enumerate(bones)
    ]


def location_group(mapping: RigMap, sequence: PoseSequence) -> ChannelGroup:
    """Location of the pelvis in its own axes and the armature's units."""
    pelvis = mapping.bones[JOINT_INDEX["pelvis"]]
    turn = matrix_from_quaternion(mapping.offsets[JOINT_INDEX["pelvis"]])
    values = sequence.trans.astype(np.float64) @ turn.T * mapping.metre
    return ChannelGroup(bone_path(pelvis, "location"), pelvis, LOCATION, values)


def expression_groups(
    mesh: bpy.types.Object, sequence: PoseSequence, locked: Collection[str] = ()
) -> list[ChannelGroup]:
    """Weight of each face unit that both the take and the mesh know, but for `locked` shape keys."""
    keys = expression_keys(mesh)
    units = ((i, keys[name]) for i, name in enumerate(sequence.expression_names) if name in keys)
    return [
        ChannelGroup(key_path(key), "Expression", WEIGHT, sequence.expression[:, i : i + 1].astype(np.float64))
        for i, key in units
        if key not in locked
    ]
