"""Which armatures takes can animate, and that they do so whatever their bones' axes."""

from __future__ import annotations

import bpy
import figures
import numpy as np
import pytest
from mathutils import Matrix
from signwright.addon import compat
from signwright.addon.animation.apply import apply_take
from signwright.addon.avatar.rig import find_rig, rig_map, rig_problems
from signwright.engine.rotations import matrix_from_axis_angle
from signwright.engine.skeleton import JOINT_COUNT, JOINT_INDEX, PARENTS, bone_name


def edit(rig: bpy.types.Object, change) -> None:
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    change(rig.data.edit_bones)
    bpy.ops.object.mode_set(mode="OBJECT")


def test_a_rig_of_ours_is_accepted():
    assert rig_problems(figures.make_rig()) == []


def test_the_other_published_spelling_of_the_eyes_is_accepted():
    rig = figures.make_rig()
    for side in ("left", "right"):
        rig.data.bones[f"{side}_eye"].name = f"{side}_eye_smplhf"
    assert rig_problems(rig) == []
    apply_take(rig, figures.make_take())
    path = 'pose.bones["left_eye_smplhf"].rotation_quaternion'
    assert compat.assigned_channels(rig).fcurves.find(path, index=0) is not None


def test_missing_bones_are_named():
    rig = figures.make_rig()
    rig.data.bones["left_ring2"].name = "finger"
    rig.data.bones["jaw"].name = "Jaw"
    (problem,) = rig_problems(rig)
    assert "left_ring2" in problem
    assert "jaw" in problem


def test_many_missing_bones_are_counted():
    data = bpy.data.armatures.new("Empty")
    rig = bpy.data.objects.new("Empty", data)
    assert "and 49 more" in rig_problems(rig)[0]


def test_other_things_are_refused_with_their_name():
    camera = bpy.data.objects.new("Cam", bpy.data.cameras.new("Cam"))
    assert "Cam" in rig_problems(camera)[0]
    assert rig_problems(None)
    with pytest.raises(ValueError, match="Cam"):
        rig_map(camera)


def test_an_a_pose_is_refused():
    rig = figures.make_rig()
    turn = Matrix.Rotation(np.radians(45), 4, "Y")

    def lower_arm(bones):
        centre = bones["left_shoulder"].head.copy()
        for bone in bones["left_shoulder"].children_recursive:
            along = bone.tail - bone.head
            bone.head = centre + turn @ (bone.head - centre)
            bone.tail = bone.head + along

    edit(rig, lower_arm)
    assert "T-pose" in rig_problems(rig)[0]


def turned(how: str) -> bpy.types.Object:
    """Rigs with the same joints, made by other tools."""
    rig = figures.make_rig()
    if how == "y up":
        rig.data.transform(Matrix.Rotation(np.radians(-90), 4, "X"))
        rig.rotation_euler.x = np.radians(90)
    elif how == "centimetres":
        rig.data.transform(Matrix.Scale(100.0, 4))
        rig.scale = (0.01, 0.01, 0.01)
    elif how == "bones along the limbs":

        def align(bones):
            for bone in bones:
                if bone.children:
                    bone.tail = bone.head + 0.5 * (bone.children[0].head - bone.head)
                bone.roll = 0.3

        edit(rig, align)
    return rig


@pytest.mark.parametrize("how", ["as made", "y up", "centimetres", "bones along the limbs"])
def test_joints_move_to_the_same_places_on_every_rig(how):
    rig = turned(how)
    assert rig_problems(rig) == []
    sequence = figures.make_sequence(2, frames=24)
    apply_take(rig, figures.make_take(sequence), tolerance_degrees=None)
    bpy.context.scene.frame_set(7)
    posed = rig.evaluated_get(bpy.context.evaluated_depsgraph_get())
    wanted = joints_of(sequence.poses[6], sequence.trans[6])
    for joint, at in zip(JOINT_INDEX, wanted, strict=True):
        found = posed.matrix_world @ posed.pose.bones[bone_name(joint)].head
        assert np.linalg.norm(np.array(found) - (at[0], -at[2], at[1])) < 1e-4, joint


def joints_of(pose: np.ndarray, trans: np.ndarray) -> np.ndarray:
    """(55, 3) by forward kinematics."""
    rest = figures.rest_joints()
    local = matrix_from_axis_angle(pose.reshape(JOINT_COUNT, 3))
    turn, at = [local[0]], [rest[0] + trans]
    for j in range(1, JOINT_COUNT):
        parent = PARENTS[j]
        turn.append(turn[parent] @ local[j])
        at.append(at[parent] + turn[parent] @ (rest[j] - rest[parent]))
    return np.array(at)


def test_the_active_rig_is_found_from_its_mesh_too():
    first, second = figures.make_rig("A"), figures.make_rig("B")
    mesh = figures.make_face(second)
    layer = bpy.context.view_layer
    layer.objects.active = first
    assert find_rig(bpy.context) == first
    layer.objects.active = mesh
    assert find_rig(bpy.context) == second
    layer.objects.active = None
    assert find_rig(bpy.context) is None


def test_the_only_rig_of_a_scene_is_found_without_a_selection():
    rig = figures.make_rig()
    bpy.context.view_layer.objects.active = None
    assert find_rig(bpy.context) == rig
