"""Makes rigs and takes for the tests: a stick figure of SMPL-X's joints, and smooth random motion."""

from __future__ import annotations

import bpy
import numpy as np
from signwright.addon import compat
from signwright.addon.avatar.armature import build_armature
from signwright.addon.avatar.models import AXES
from signwright.addon.avatar.rig import EXPRESSION_NAMES_KEY
from signwright.engine.skeleton import EXPRESSION_NAMES, JOINT_COUNT, JOINT_INDEX, PARENTS
from signwright.engine.take import PoseSequence, Segment, Take

_OFFSETS = {
    "left_hip": (0.1, -0.09, 0), "spine1": (0, 0.1, -0.02), "left_knee": (0.03, -0.4, 0), "spine2": (0, 0.13, 0),
    "left_ankle": (0, -0.42, -0.02), "spine3": (0, 0.06, 0.02), "left_foot": (0.02, -0.06, 0.12),
    "neck": (0, 0.18, -0.03), "left_collar": (0.05, 0.09, -0.02), "head": (0, 0.13, 0.03),
    "left_shoulder": (0.12, 0.02, -0.01), "left_elbow": (0.27, -0.03, -0.02), "left_wrist": (0.25, 0.01, 0),
    "jaw": (0, -0.01, 0.02), "left_eye_smplhf": (0.03, 0.04, 0.07),
    "left_index1": (0.1, 0, 0.02), "left_middle1": (0.11, 0, 0), "left_ring1": (0.1, 0, -0.02),
    "left_pinky1": (0.08, -0.01, -0.04), "left_thumb1": (0.03, -0.01, 0.03),
}  # fmt: skip
_PHALANX = (0.03, 0.0, 0.0)


def rest_joints() -> np.ndarray:
    """(55, 3) joints of a T-pose with an adult's proportions."""
    joints = np.zeros((JOINT_COUNT, 3))
    for name, index in JOINT_INDEX.items():
        if PARENTS[index] < 0:
            continue
        left = name.replace("right_", "left_", 1)
        offset = np.array(_OFFSETS.get(left, _PHALANX))
        if left != name:
            offset = offset * (-1, 1, 1)
        joints[index] = joints[PARENTS[index]] + offset
    return joints


def make_rig(name: str = "Rig") -> bpy.types.Object:
    """An armature with our axes and names, without a mesh."""
    return build_armature(name, rest_joints(), bpy.context.scene.collection)


def make_face(rig: bpy.types.Object) -> bpy.types.Object:
    """A small mesh with one shape key per face unit, deformed by the rig."""
    data = bpy.data.meshes.new("Face")
    data.from_pydata([tuple(v) for v in rest_joints() @ AXES.T], [], [])
    mesh = bpy.data.objects.new("Face", data)
    bpy.context.scene.collection.objects.link(mesh)
    mesh.shape_key_add(name="Basis", from_mix=False)
    for i in range(len(EXPRESSION_NAMES)):
        compat.new_shape_key(mesh, f"Exp{i:03d}")
    data[EXPRESSION_NAMES_KEY] = list(EXPRESSION_NAMES)
    mesh.modifiers.new("Armature", "ARMATURE").object = rig
    mesh.parent = rig
    return mesh


def smooth_noise(rng: np.random.Generator, frames: int, channels: int, fps: float, cutoff: float = 3.0) -> np.ndarray:
    """(frames, channels) random signals of unit spread, band-limited to `cutoff` Hz."""
    spectrum = rng.normal(size=(frames // 2 + 1, channels)) + 1j * rng.normal(size=(frames // 2 + 1, channels))
    spectrum[np.fft.rfftfreq(frames, 1.0 / fps) > cutoff] = 0.0
    signal = np.fft.irfft(spectrum, n=frames, axis=0)
    return signal / np.maximum(signal.std(axis=0), 1e-9)


def make_sequence(
    seed: int = 0, frames: int = 120, fps: float = 24.0, spread: float = 0.4, cutoff: float = 3.0
) -> PoseSequence:
    """Smooth random motion of all joints, the pelvis and the face."""
    rng = np.random.default_rng(seed)
    return PoseSequence(
        poses=spread * smooth_noise(rng, frames, 165, fps, cutoff),
        trans=0.02 * smooth_noise(rng, frames, 3, fps),
        expression=np.clip(0.3 * smooth_noise(rng, frames, len(EXPRESSION_NAMES), fps), 0.0, 1.0),
        fps=fps,
    )


def make_take(sequence: PoseSequence | None = None, name: str = "Hello") -> Take:
    """A take of two signs with a pause between them."""
    sequence = sequence or make_sequence()
    third = sequence.duration / 3.0
    segments = (
        Segment("HELLO", 0.0, third, "dictionary", (0, 5)),
        Segment("", third, 2 * third, "pause"),
        Segment("FRIEND", 2 * third, 3 * third, "dictionary", (6, 12)),
    )
    return Take(name, "Hello friend", "ASL", "dictionary", sequence, segments)
