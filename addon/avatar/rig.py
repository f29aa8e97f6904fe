"""Which armature is a rig that takes can animate, and how its bones stand to SMPL-X's joints."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import bpy
import numpy as np

from ...engine.rotations import quaternion_from_matrix
from ...engine.skeleton import JOINT_INDEX, JOINT_NAMES, MIRROR, bone_name

if TYPE_CHECKING:
    from numpy.typing import NDArray

ROOT_BONE = "root"
EXPRESSION_NAMES_KEY = "signwright_expression_names"
"""Custom property of a mesh: the face unit that each of `Exp000`, `Exp001`, ... stands for."""

_LEFT = [i for i, name in enumerate(JOINT_NAMES) if name.startswith("left_")]
_RIGHT = [MIRROR[i] for i in _LEFT]
_MAX_ARM_ELEVATION = np.radians(30.0)
_MIN_AXIS_FIT = 0.8
_TORSO = 0.6
"""Pelvis to head of an adult, metres."""


@dataclass(frozen=True)
class RigMap:
    """How a rig stands to SMPL-X.

    bones: name of each joint's bone, in `JOINT_NAMES` order. offsets: (55, 4) quaternions that turn SMPL-X's axes into
    the bone's own: `q_bone = offset * q * conjugate(offset)`. metre: length of a metre in the armature's own units.
    """

    bones: tuple[str, ...]
    offsets: NDArray[np.floating]
    metre: float

    @property
    def is_aligned(self) -> bool:
        """Whether bone axes equal SMPL-X's, so that rotations carry over as they are."""
        return bool(np.allclose(np.abs(self.offsets[:, 0]), 1.0, atol=1e-9))


def joint_bones(obj: bpy.types.Object) -> dict[str, str]:
    """Joint name -> bone name, for the joints that have a bone; both published spellings of the eyes count."""
    names = {bone.name for bone in obj.data.bones}
    found = ((joint, next((n for n in (bone_name(joint), joint) if n in names), None)) for joint in JOINT_NAMES)
    return {joint: bone for joint, bone in found if bone is not None}


def rig_problems(obj: bpy.types.Object | None) -> list[str]:
    """Why `obj` can't be animated by takes, in sentences for the user; empty when it can."""
    if obj is None:
        return ["No armature is selected."]
    if obj.type != "ARMATURE":
        return [f"“{obj.name}” is not an armature."]
    bones = joint_bones(obj)
    missing = [bone_name(joint) for joint in JOINT_NAMES if joint not in bones]
    if missing:
        shown = ", ".join(missing[:6]) + (f" and {len(missing) - 6} more" if len(missing) > 6 else "")
        return [f"“{obj.name}” lacks bones of an SMPL-X rig: {shown}."]
    return _rest_pose_problems(obj, bones)


def _rest_heads(obj: bpy.types.Object, bones: dict[str, str]) -> NDArray[np.floating]:
    """(55, 3) heads of the joints' bones at rest, in the armature's space."""
    data = obj.data.bones
    flat = np.empty(3 * len(data), dtype=np.float32)
    data.foreach_get("head_local", flat)
    numbers = {name: i for i, name in enumerate(data.keys())}
    return flat.reshape(-1, 3)[[numbers[bones[joint]] for joint in JOINT_NAMES]].astype(np.float64)


def _rest_pose_problems(obj: bpy.types.Object, bones: dict[str, str]) -> list[str]:
    heads = _rest_heads(obj, bones)
    axes = _rest_axes(heads)
    if axes is None:
        return [f"The rest pose of “{obj.name}” is not upright and facing along an axis, as SMPL-X's T-pose is."]
    for side in ("left", "right"):
        arm = heads[JOINT_INDEX[f"{side}_wrist"]] - heads[JOINT_INDEX[f"{side}_shoulder"]]
        if abs(axes[:, 1] @ arm) > np.sin(_MAX_ARM_ELEVATION) * np.linalg.norm(arm):
            return [f"The rest pose of “{obj.name}” is not a T-pose: the {side} arm is not level."]
    return []


def _rest_axes(heads: NDArray[np.floating]) -> NDArray[np.floating] | None:
    """(3, 3) matrix whose columns are SMPL-X's axes (left, up, forward) in the armature's space, or `None`.

    SMPL-X's rest pose is aligned with the axes, so the measured directions are snapped to them: a slight lean of the
    spine must not turn all the poses.
    """
    left = (heads[_LEFT] - heads[_RIGHT]).sum(axis=0)
    up = heads[JOINT_INDEX["head"]] - heads[JOINT_INDEX["pelvis"]]
    columns = []
    for direction in (left, up):
        length = np.linalg.norm(direction)
        axis = np.argmax(np.abs(direction))
        if length == 0.0 or abs(direction[axis]) < _MIN_AXIS_FIT * length:
            return None
        columns.append(np.eye(3)[axis] * np.sign(direction[axis]))
    if abs(columns[0] @ columns[1]) > 0.5:
        return None
    return np.stack([*columns, np.cross(columns[0], columns[1])], axis=1)


def rig_map(rig: bpy.types.Object) -> RigMap:
    """How `rig` stands to SMPL-X. Raises `ValueError` with the problems when it is no SMPL-X rig."""
    problems = rig_problems(rig)
    if problems:
        raise ValueError(" ".join(problems))
    bones = joint_bones(rig)
    heads = _rest_heads(rig, bones)
    axes = _rest_axes(heads)
    assert axes is not None
    names = tuple(bones[joint] for joint in JOINT_NAMES)
    rest = np.array([rig.data.bones[name].matrix_local.to_3x3() for name in names], dtype=np.float64)
    offsets = quaternion_from_matrix(np.swapaxes(rest, 1, 2) @ axes)
    aligned = np.abs(offsets[:, 0]) > 1.0 - 1e-9
    offsets[aligned] = (1.0, 0.0, 0.0, 0.0)
    return RigMap(bones=names, offsets=offsets, metre=_metre(heads))


def rig_axes(rig: bpy.types.Object) -> NDArray[np.floating]:
    """(3, 3) matrix whose columns are the signer's left, up and forward in the armature's space."""
    axes = _rest_axes(_rest_heads(rig, joint_bones(rig)))
    if axes is None:
        raise ValueError(" ".join(rig_problems(rig)))
    return axes


def _metre(heads: NDArray[np.floating]) -> float:
    """Length of a metre in the armature's units: a power of ten, as rigs come in metres or centimetres."""
    torso = np.linalg.norm(heads[JOINT_INDEX["head"]] - heads[JOINT_INDEX["pelvis"]])
    return float(10.0 ** np.round(np.log10(torso / _TORSO)))


def find_rig(context: bpy.types.Context) -> bpy.types.Object | None:
    """The rig that the user means: the active armature, the active mesh's armature, or the only rig of the scene."""
    active = context.view_layer.objects.active if context.view_layer else None
    if active is not None:
        candidates = [active, active.parent, *(m.object for m in active.modifiers if m.type == "ARMATURE")]
        for candidate in candidates:
            if candidate is not None and candidate.type == "ARMATURE" and not rig_problems(candidate):
                return candidate
    rigs = [o for o in context.scene.objects if o.type == "ARMATURE" and not rig_problems(o)]
    return rigs[0] if len(rigs) == 1 else None


def rig_meshes(rig: bpy.types.Object) -> list[bpy.types.Object]:
    """Meshes that the rig deforms, in the order of their names."""
    deformed = (
        o
        for o in bpy.data.objects
        if o.type == "MESH" and any(m.type == "ARMATURE" and m.object == rig for m in o.modifiers)
    )
    return sorted(deformed, key=lambda o: o.name)


def face_meshes(rig: bpy.types.Object) -> list[bpy.types.Object]:
    """Those of the rig's meshes whose expression shape keys are named face units."""
    return [o for o in rig_meshes(rig) if EXPRESSION_NAMES_KEY in o.data and o.data.shape_keys is not None]


def expression_keys(mesh: bpy.types.Object) -> dict[str, str]:
    """Face unit -> name of the shape key that shows it, for those that the mesh has."""
    names = list(mesh.data.get(EXPRESSION_NAMES_KEY, ()))
    blocks = mesh.data.shape_keys.key_blocks if mesh.data.shape_keys else {}
    numbered = ((unit, f"Exp{i:03d}") for i, unit in enumerate(names))
    return {unit: key for unit, key in numbered if key in blocks}


def rig_notes(rig: bpy.types.Object) -> list[str]:
    """What a take can't show on this rig, in sentences for the user; empty when it shows all."""
    if face_meshes(rig):
        return []
    return [f"“{rig.name}” has no mesh with Signwright's face units: only the jaw and the eyes of the face will move."]
