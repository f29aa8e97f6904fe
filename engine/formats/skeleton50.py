"""The 50 joints of Prompt2Sign: OpenPose's upper body and both hands.

Order: nose, neck, right arm, left arm (OpenPose's body points 0 to 7), then 21 points of the left hand and 21 of the
right: wrist, and four of each finger from the thumb on. Left and right are the signer's. Source: the Prompt2Sign data
set (Fang et al. 2024, arXiv 2405.10718) and Progressive Transformers (Saunders et al. 2020).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Variant = Literal["prompt2sign", "progressive"]
"""How hands hang on arms: by the body's wrists, or, as Progressive Transformers has it, by the elbows."""

_FINGERS: Final = ("thumb", "index", "middle", "ring", "little")
BODY: Final = (
    "nose", "neck", "right_shoulder", "right_elbow", "right_wrist", "left_shoulder", "left_elbow", "left_wrist",
)  # fmt: skip
HAND: Final = ("wrist", *(f"{finger}{k}" for finger in _FINGERS for k in (1, 2, 3, 4)))
JOINTS: Final[tuple[str, ...]] = (*BODY, *(f"{side}_hand_{name}" for side in ("left", "right") for name in HAND))
JOINT_COUNT: Final = len(JOINTS)
HANDS: Final = {"left": slice(8, 29), "right": slice(29, 50)}
"""Joints of each hand, its wrist first."""
WRIST: Final = {"left": 7, "right": 4}
"""The body's own wrists."""
ELBOW: Final = {"left": 6, "right": 3}
SHOULDER: Final = {"left": 5, "right": 2}
NOSE: Final = 0
NECK: Final = 1


@dataclass(frozen=True)
class Bone:
    """From joint `start` to joint `end`; bones of one `id` are equally long (left and right share them)."""

    start: int
    end: int
    id: int


def _hand(first: int) -> list[Bone]:
    bones = []
    for finger in range(5):
        root, number = first + 1 + 4 * finger, 5 + 4 * finger
        bones.append(Bone(first, root, number))
        bones += [Bone(root + k, root + k + 1, number + 1 + k) for k in range(3)]
    return bones


def _bones(variant: Variant) -> tuple[Bone, ...]:
    body = [(0, 1, 0), (1, 2, 1), (2, 3, 2), (3, 4, 3), (1, 5, 1), (5, 6, 2), (6, 7, 3)]
    by_wrist = variant == "prompt2sign"
    wrists = [(7, 8, 4), (4, 29, 4)] if by_wrist else [(6, 8, 3), (3, 29, 3)]
    kept = body if by_wrist else [bone for bone in body if bone[1] not in WRIST.values()]
    return (*(Bone(*b) for b in (*kept, *wrists)), *_hand(HANDS["left"].start), *_hand(HANDS["right"].start))


BONES: Final[dict[Variant, tuple[Bone, ...]]] = {
    "prompt2sign": _bones("prompt2sign"),
    "progressive": _bones("progressive"),
}
"""The bones of each variant: 49, and 47 in Progressive Transformers', which leaves out the body's wrists."""


@dataclass(frozen=True)
class Keypoints:
    """A clip in the picture. points (T, 50, 2) pixels, y down. confidence (T, 50), 0 where a joint wasn't found."""

    points: Array
    confidence: Array
    notes: tuple[str, ...] = ()
    """What was wrong with the clip's files and what was done about it."""

    def __post_init__(self) -> None:
        wanted = (len(self.points), JOINT_COUNT)
        if self.points.shape != (*wanted, 2) or self.confidence.shape != wanted:
            raise ValueError(
                f"50 joints in the picture can't have the shapes {self.points.shape}, {self.confidence.shape}."
            )

    def __len__(self) -> int:
        return len(self.points)

    def flat(self) -> Array:
        """(T, 150): x, y and confidence of a joint after the other."""
        return np.concatenate([self.points, self.confidence[..., None]], axis=-1).reshape(len(self), -1)

    @classmethod
    def from_flat(cls, values: Array, notes: tuple[str, ...] = ()) -> Keypoints:
        """The clip of (T, 150) values; raises `ValueError` for another shape."""
        if values.ndim != 2 or values.shape[1] != 3 * JOINT_COUNT:
            raise ValueError(f"A frame has 150 numbers; the shape here is {values.shape}.")
        joints = values.reshape(len(values), JOINT_COUNT, 3)
        return cls(joints[..., :2], joints[..., 2], notes)


def paths(variant: Variant = "prompt2sign") -> NDArray[np.bool_]:
    """(50, B): whether a bone lies on the way from the neck to a joint, so that joints are sums of bone vectors.

    Bones lead away from the neck, but for the first, which Prompt2Sign has from nose to neck: its vector counts
    with the opposite sign (see `signs`).
    """
    bones = BONES[variant]
    above = {b.end: (k, b.start) for k, b in enumerate(bones) if b.start != NOSE}
    above[NOSE] = (0, NECK)
    result = np.zeros((JOINT_COUNT, len(bones)), dtype=bool)
    for joint in range(JOINT_COUNT):
        at = joint
        while at in above:
            k, at = above[at]
            result[joint, k] = True
    return result


def signs(variant: Variant = "prompt2sign") -> Array:
    """(B,): -1 for the bone that leads towards the neck, 1 for the others."""
    return np.array([-1.0 if b.start == NOSE else 1.0 for b in BONES[variant]])
