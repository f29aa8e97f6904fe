"""The SMPL-X joint table, the face units, and the layers that animators edit.

This module is the one place that knows joint order, parents and sides. Axes: +x is the
signer's left, +y up, +z forward (the way the signer looks); metres and radians.
"""

from __future__ import annotations

from typing import Final

_FINGERS: Final = ("index", "middle", "pinky", "ring", "thumb")

JOINT_NAMES: Final[tuple[str, ...]] = (
    "pelvis", "left_hip", "right_hip", "spine1", "left_knee", "right_knee", "spine2",
    "left_ankle", "right_ankle", "spine3", "left_foot", "right_foot", "neck",
    "left_collar", "right_collar", "head", "left_shoulder", "right_shoulder",
    "left_elbow", "right_elbow", "left_wrist", "right_wrist",
    "jaw", "left_eye_smplhf", "right_eye_smplhf",
    *(f"{side}_{finger}{k}" for side in ("left", "right") for finger in _FINGERS for k in (1, 2, 3)),
)  # fmt: skip
"""The 55 SMPL-X joints in file order (note: pinky before ring)."""

JOINT_INDEX: Final[dict[str, int]] = {name: i for i, name in enumerate(JOINT_NAMES)}

PARENTS: Final[tuple[int, ...]] = (
    -1, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 9, 12, 13, 14, 16, 17, 18, 19, 15, 15, 15,
    20, 25, 26, 20, 28, 29, 20, 31, 32, 20, 34, 35, 20, 37, 38,
    21, 40, 41, 21, 43, 44, 21, 46, 47, 21, 49, 50, 21, 52, 53,
)  # fmt: skip
"""Parent of each joint in `JOINT_NAMES`; -1 for the root."""

JOINT_COUNT: Final = len(JOINT_NAMES)
POSE_SIZE: Final = 3 * JOINT_COUNT
"""165: root 3, body 63, jaw 3, left eye 3, right eye 3, left hand 45, right hand 45."""


def mirrored_name(name: str) -> str:
    """Name of the joint on the other side; the name itself when it lies on the midline."""
    if name.startswith("left_"):
        return "right_" + name[5:]
    if name.startswith("right_"):
        return "left_" + name[6:]
    return name


MIRROR: Final[tuple[int, ...]] = tuple(JOINT_INDEX[mirrored_name(n)] for n in JOINT_NAMES)
"""`MIRROR[j]` is the joint that takes j's place in a mirrored pose."""

LAYERS: Final[dict[str, tuple[str, ...]]] = {
    "body": JOINT_NAMES[:22],
    "face": JOINT_NAMES[22:25],
    "left_hand": JOINT_NAMES[25:40],
    "right_hand": JOINT_NAMES[40:55],
}
"""The four layers that can be applied, muted or regenerated apart. Face units belong to `face`,
the translation of the pelvis to `body`."""

EXPRESSION_NAMES: Final[tuple[str, ...]] = (
    "smile", "frown", "pucker", "lips_pressed", "brows_up", "brows_down", "brows_inner_up",
    "eyes_wide", "eyes_closed", "cheek_puff", "nose_wrinkle",
    "mouth_A", "mouth_E", "mouth_I", "mouth_O", "mouth_U", "mouth_M", "mouth_F", "mouth_L",
    "squint", "tongue_out", "lower_lip_out",
)  # fmt: skip
"""Face units of the embedded avatar, in file order; 0 is neutral, 1 the full expression."""


def bone_name(joint: str) -> str:
    """Bone name in Blender: the joint's name, but `left_eye`/`right_eye` as published add-ons have it."""
    return joint.removesuffix("_smplhf")
