"""The armature: a `root`, and the 55 joints of SMPL-X as parallel bones."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Vector
from numpy.typing import NDArray

from ...engine.skeleton import JOINT_NAMES, LAYERS, PARENTS, bone_name
from .models import AXES
from .rig import ROOT_BONE

_UP = Vector((0.0, 0.0, 1.0))
_BONE_LENGTHS = {"body": 0.1, "face": 0.03, "left_hand": 0.018, "right_hand": 0.018}
_COLLECTIONS = {"body": "Body", "face": "Face", "left_hand": "Left hand", "right_hand": "Right hand"}


def build_armature(name: str, joints: NDArray[np.floating], collection: bpy.types.Collection) -> bpy.types.Object:
    """A new armature object with its joints at (55, 3), in metres and SMPL-X's axes.

    All bones point up with roll 0: their axes are then SMPL-X's, and a pose bone's quaternion is that of the joint's
    axis-angle.
    """
    data = bpy.data.armatures.new(name)
    data.display_type = "STICK"
    rig = bpy.data.objects.new(name, data)
    rig.show_in_front = True
    collection.objects.link(rig)
    layer = bpy.context.view_layer
    layer.update()
    previous = layer.objects.active
    layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    _add_bones(data, joints)
    bpy.ops.object.mode_set(mode="OBJECT")
    layer.objects.active = previous
    _sort_bones(data)
    for bone in rig.pose.bones:
        bone.rotation_mode = "QUATERNION"
    return rig


def _add_bones(data: bpy.types.Armature, joints: NDArray[np.floating]) -> None:
    layer_of = {joint: layer for layer, names in LAYERS.items() for joint in names}
    root = data.edit_bones.new(ROOT_BONE)
    root.head, root.tail, root.roll = (0.0, 0.0, 0.0), _UP * 0.2, 0.0
    root.use_deform = False
    for joint, parent, at in zip(JOINT_NAMES, PARENTS, joints @ AXES.T, strict=True):
        bone = data.edit_bones.new(bone_name(joint))
        bone.head = Vector(at.tolist())
        bone.tail = bone.head + _UP * _BONE_LENGTHS[layer_of[joint]]
        bone.roll = 0.0
        bone.parent = root if parent < 0 else data.edit_bones[bone_name(JOINT_NAMES[parent])]


def _sort_bones(data: bpy.types.Armature) -> None:
    """One bone collection per layer, so that animators can hide the hands' many bones."""
    for layer, joints in LAYERS.items():
        group = data.collections.new(_COLLECTIONS[layer])
        for joint in joints:
            group.assign(data.bones[bone_name(joint)])
    data.collections.new("Root").assign(data.bones[ROOT_BONE])


def move_joints(rig: bpy.types.Object, joints: NDArray[np.floating]) -> None:
    """Put the rest pose's joints at (55, 3), in SMPL-X's axes: after a change of body shape."""
    layer = bpy.context.view_layer
    previous, mode = layer.objects.active, rig.mode
    layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for joint, at in zip(JOINT_NAMES, joints @ AXES.T, strict=True):
        bone = rig.data.edit_bones[bone_name(joint)]
        along = bone.tail - bone.head
        bone.head = Vector(at.tolist())
        bone.tail = bone.head + along
    bpy.ops.object.mode_set(mode=mode)
    layer.objects.active = previous
