"""Makes other people's skeletons for the tests: an animated rig with Mixamo's names, axes, units and T-pose frame."""

from __future__ import annotations

from pathlib import Path

import bpy
import numpy as np
from figures import smooth_noise
from mathutils import Matrix, Quaternion, Vector
from signwright.addon.avatar.models import AXES
from signwright.addon.retarget.motion import rest_joints
from signwright.addon.retarget.solve import forearm_twisted
from signwright.engine.rotations import axis_angle_from_matrix, matrix_from_axis_angle
from signwright.engine.skeleton import JOINT_COUNT, JOINT_INDEX, JOINT_NAMES, PARENTS, POSE_SIZE

_LIMBS = {
    "hip": "UpLeg", "knee": "Leg", "ankle": "Foot", "foot": "ToeBase", "collar": "Shoulder", "shoulder": "Arm",
    "elbow": "ForeArm", "wrist": "Hand",
}  # fmt: skip
_TRUNK = {"pelvis": "Hips", "spine1": "Spine", "spine2": "Spine1", "spine3": "Spine2", "neck": "Neck", "head": "Head"}


def mixamo_name(joint: str) -> str:
    """What Mixamo calls an SMPL-X joint; empty for those that it lacks."""
    if joint in _TRUNK:
        return f"mixamorig:{_TRUNK[joint]}"
    side, _, part = joint.partition("_")
    if part in _LIMBS:
        return f"mixamorig:{side.title()}{_LIMBS[part]}"
    if side in ("left", "right") and part[-1:].isdigit():
        return f"mixamorig:{side.title()}Hand{part[:-1].title()}{part[-1]}"
    return ""


def known_motion(frames: int, seed: int = 0) -> np.ndarray:
    """(T, 165) smooth poses within 30 degrees, the hand's twist in the forearm, the face still."""
    rng = np.random.default_rng(seed)
    poses = 0.3 * smooth_noise(rng, frames, POSE_SIZE, 60.0).reshape(frames, JOINT_COUNT, 3)
    poses[:, 22:25] = 0.0
    local = forearm_twisted(matrix_from_axis_angle(poses), rest_joints())
    return axis_angle_from_matrix(local).reshape(frames, POSE_SIZE)


def world_rotations(poses: np.ndarray) -> np.ndarray:
    """(T, 55, 3, 3) of (T, 165) axis-angle."""
    local = matrix_from_axis_angle(poses.reshape(-1, JOINT_COUNT, 3))
    world = local.copy()
    for j, parent in enumerate(PARENTS):
        if parent >= 0:
            world[:, j] = world[:, parent] @ local[:, j]
    return world


def _posed(pose: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """World rotations (55, 3, 3) and joints (55, 3) of one pose (165,)."""
    rotation, rest = world_rotations(pose[None])[0], rest_joints()
    joints = rest.copy()
    for j, parent in enumerate(PARENTS):
        if parent >= 0:
            joints[j] = joints[parent] + rotation[parent] @ (rest[j] - rest[parent])
    return rotation, joints


def arms_down(degrees: float) -> np.ndarray:
    """(165,) an A-pose: the arms that far below level."""
    pose = np.zeros((JOINT_COUNT, 3))
    pose[JOINT_INDEX["left_shoulder"], 2] = -np.radians(degrees)
    pose[JOINT_INDEX["right_shoulder"], 2] = np.radians(degrees)
    return pose.reshape(-1)


def make_mixamo(poses: np.ndarray, rest_pose: np.ndarray, t_pose_frame: bool) -> bpy.types.Object:
    """An animated armature, bones along their children, whose rest pose looks like the SMPL-X pose `rest_pose`."""
    rest_rotation, joints = _posed(rest_pose)
    heads = joints @ AXES.T
    rig = _armature(heads)
    if t_pose_frame:
        poses = np.concatenate([np.zeros((1, POSE_SIZE)), poses])
    turned = AXES @ world_rotations(poses) @ np.swapaxes(rest_rotation, 1, 2) @ AXES.T
    _animate(rig, turned)
    _dress(rig)
    return rig


def _dress(rig: bpy.types.Object) -> None:
    """A triangle that every bone moves: FBX keeps rest poses only for bones that deform a mesh."""
    data = bpy.data.meshes.new("Skin")
    data.from_pydata([(0, 0, 0), (0, 0.1, 0), (0, 0, 0.1)], [], [(0, 1, 2)])
    skin = bpy.data.objects.new("Skin", data)
    bpy.context.scene.collection.objects.link(skin)
    for bone in rig.data.bones:
        skin.vertex_groups.new(name=bone.name).add([0, 1, 2], 1.0, "REPLACE")
    skin.modifiers.new("Armature", "ARMATURE").object = rig
    skin.parent = rig


def _armature(heads: np.ndarray) -> bpy.types.Object:
    data = bpy.data.armatures.new("Armature")
    rig = bpy.data.objects.new("Armature", data)
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    bpy.ops.object.mode_set(mode="EDIT")
    for j, joint in enumerate(JOINT_NAMES):
        if not mixamo_name(joint):
            continue
        bone = data.edit_bones.new(mixamo_name(joint))
        bone.head = Vector(heads[j])
        child = next((c for c, p in enumerate(PARENTS) if p == j and mixamo_name(JOINT_NAMES[c])), None)
        along = Vector(heads[child] - heads[j]) if child else Vector(heads[j] - heads[PARENTS[j]])
        bone.tail = bone.head + along.normalized() * max(along.length, 0.01)
        bone.roll = 0.7 * j
        if PARENTS[j] >= 0:
            bone.parent = data.edit_bones[mixamo_name(JOINT_NAMES[PARENTS[j]])]
    bpy.ops.object.mode_set(mode="OBJECT")
    return rig


def _animate(rig: bpy.types.Object, turned: np.ndarray) -> None:
    """Key all bones. turned: (T, 55, 3, 3) world rotation of each joint since the rest pose, in Blender's axes."""
    for j, joint in enumerate(JOINT_NAMES):
        if not mixamo_name(joint):
            continue
        bone = rig.pose.bones[mixamo_name(joint)]
        bone.rotation_mode = "QUATERNION"
        rest = bone.bone.matrix_local.to_3x3()
        above = turned[:, PARENTS[j]] if PARENTS[j] >= 0 else np.broadcast_to(np.eye(3), turned[:, j].shape)
        before = Quaternion()
        for t, turn in enumerate(np.swapaxes(above, 1, 2) @ turned[:, j]):
            bone.rotation_quaternion = (rest.inverted() @ Matrix(turn.tolist()) @ rest).to_quaternion()
            bone.rotation_quaternion.make_compatible(before)
            before = bone.rotation_quaternion.copy()
            bone.keyframe_insert("rotation_quaternion", frame=t + 1)


def use_importers() -> None:
    """Switch on Blender's add-ons that read and write the formats."""
    import addon_utils  # there once bpy is

    for module in ("io_scene_fbx", "io_anim_bvh", "io_scene_gltf2"):
        addon_utils.enable(module)


def export(rig: bpy.types.Object, path: Path, frames: int) -> Path:
    """Write the rig at 60 frames a second as FBX, GLB or BVH."""
    scene = bpy.context.scene
    scene.render.fps, scene.frame_start, scene.frame_end = 60, 1, frames
    bpy.ops.object.select_all(action="DESELECT")
    for obj in (rig, *rig.children):
        obj.select_set(True)
    bpy.context.view_layer.objects.active = rig
    if path.suffix == ".fbx":
        bpy.ops.export_scene.fbx(
            filepath=str(path), use_selection=True, object_types={"ARMATURE", "MESH"}, add_leaf_bones=True,
            bake_anim_simplify_factor=0.0, bake_anim_use_nla_strips=False, bake_anim_use_all_actions=False,
        )  # fmt: skip
    elif path.suffix == ".bvh":
        bpy.ops.export_anim.bvh(filepath=str(path), frame_start=1, frame_end=frames)
    else:
        bpy.ops.export_scene.gltf(filepath=str(path), use_selection=True, export_format="GLB", export_frame_range=True)
    return path
