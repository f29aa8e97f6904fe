"""From MakeHuman's A-pose to SMPL-X's rest pose.

Each of the 163 MakeHuman bones gets one fixed world rotation, found once on the averaged adult. Posing is then a
linear map of the vertices, so shape and expression deltas pass through it exactly.

Bone directions of the rest pose are (elevation above horizontal, angle forward of +x) in degrees for the left
side; the right side is the mirror image.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping

import numpy as np

from .parts import FloatArray
from .source import Bone

UPPER_ARM, FOREARM, HAND = (-11, -7), (2, -2), (-4, -2)
KNUCKLES_ELEVATION = -5
"""Slope of the line from the index knuckle to the pinky's: a flat hand, palm down."""

FINGERS: dict[int, tuple[tuple[float, float], ...]] = {
    2: ((4, 5), (-6, 0), (-9, -2)),
    3: ((1, -7), (-5, -10), (-8, -11)),
    4: ((3, -11), (-4, -17), (-7, -19)),
    5: ((-3, -38), (-5, -36), (-7, -36)),
}
"""MakeHuman's finger number (index is 2) to the directions of its three phalanges."""

THUMB = ((2, 56), (-11, 37), (-14, 32))

_UP = np.array([0.0, 1.0, 0.0])
_MIRROR = np.diag([-1.0, 1.0, 1.0])
_TWIST_SHARES = {"upperarm01": 0.5, "lowerarm01": 0.3, "lowerarm02": 0.75}


def direction(elevation: float, forward: float) -> FloatArray:
    """Unit vector (3,) at the given degrees above horizontal and forward of +x."""
    e, f = np.radians([elevation, forward])
    return np.array([np.cos(e) * np.cos(f), np.sin(e), np.cos(e) * np.sin(f)])


class RestPose:
    """The linear map from A-pose positions to rest-pose positions."""

    def __init__(self, bones: Mapping[str, Bone], weights: FloatArray, adult: FloatArray) -> None:
        """bones: parents first. weights: (N, bones). adult: (N, 3) A-pose."""
        self._bones, self._weights = bones, weights
        self._index = {name: i for i, name in enumerate(bones)}
        self.rotations = np.stack(list(_world_rotations(bones, adult).values()))

    def heads(self, vertices: FloatArray) -> FloatArray:
        """Bone heads (B, 3) in the rest pose of A-pose vertices (N, 3); works on deltas, too."""
        before = np.stack([vertices[b.head].mean(axis=0) for b in self._bones.values()])
        after = before.copy()
        for i, bone in enumerate(self._bones.values()):
            if bone.parent:
                p = self._index[bone.parent]
                after[i] = after[p] + self.rotations[p] @ (before[i] - before[p])
        return after

    def following(self, weights: FloatArray) -> RestPose:
        """The same pose for another mesh with weights (M, bones) on the same bones."""
        other = copy.copy(self)
        other._weights = weights
        return other

    def apply(self, vertices: FloatArray, base: FloatArray) -> FloatArray:
        """Rest-pose positions (N, 3) of A-pose vertices (N, 3) of a mesh that follows the base mesh (.., 3).

        Linear in both, so deltas of both give deltas.
        """
        before = np.stack([base[b.head].mean(axis=0) for b in self._bones.values()])
        offsets = self.heads(base) - np.einsum("bij,bj->bi", self.rotations, before)
        blended = np.einsum("nb,bij->nij", self._weights, self.rotations)
        return np.einsum("nij,nj->ni", blended, vertices) + self._weights @ offsets


def _world_rotations(bones: Mapping[str, Bone], adult: FloatArray) -> dict[str, FloatArray]:
    def head(name: str) -> FloatArray:
        return adult[bones[name].head].mean(axis=0)

    def tail(name: str) -> FloatArray:
        return adult[bones[name].tail].mean(axis=0)

    left = _arm_rotations(head) | _hand_rotations(head, tail)
    rotations = {}
    for name, bone in bones.items():
        stem, _, side = name.partition(".")
        if side and stem in left:
            rotations[name] = left[stem] if side == "L" else _MIRROR @ left[stem] @ _MIRROR
        else:
            rotations[name] = rotations[bone.parent] if bone.parent else np.eye(3)
    return rotations


def _arm_rotations(head: Callable[[str], FloatArray]) -> dict[str, FloatArray]:
    """World rotations of the left upper arm and forearm, twist spread along both."""
    shoulder, elbow, wrist = head("upperarm01.L"), head("lowerarm01.L"), head("wrist.L")
    hinge = np.cross(elbow - shoulder, wrist - elbow)
    upper = _turn(elbow - shoulder, hinge, direction(*UPPER_ARM), -_UP)
    fore = _turn(wrist - elbow, hinge, direction(*FOREARM), -_UP)
    swing = _shortest(elbow - shoulder, direction(*UPPER_ARM))
    hand = _hand_rotation(head)
    return {
        "upperarm01": _share_twist(swing, upper, direction(*UPPER_ARM), _TWIST_SHARES["upperarm01"]),
        "upperarm02": upper,
        "lowerarm01": _share_twist(fore, hand, direction(*FOREARM), _TWIST_SHARES["lowerarm01"]),
        "lowerarm02": _share_twist(fore, hand, direction(*FOREARM), _TWIST_SHARES["lowerarm02"]),
        "wrist": hand,
    }


def _hand_rotation(head: Callable[[str], FloatArray]) -> FloatArray:
    across = head("finger5-1.L") - head("finger2-1.L")
    return _turn(head("finger3-1.L") - head("wrist.L"), across, direction(*HAND), direction(KNUCKLES_ELEVATION, -90))


def _hand_rotations(head: Callable[[str], FloatArray], tail: Callable[[str], FloatArray]) -> dict[str, FloatArray]:
    """World rotations of the left fingers; a finger's hinge ends up level, at right angles to it."""
    hand = _hand_rotation(head)
    rotations = {}
    for finger, wanted in FINGERS.items():
        names = [f"finger{finger}-{k}.L" for k in (1, 2, 3)]
        phalanges = [tail(n) - head(n) for n in names]
        hinge = np.cross(phalanges[0], phalanges[2])
        for name, phalanx, angles in zip(names, phalanges, wanted, strict=True):
            goal = direction(*angles)
            rotations[name[:-2]] = _turn(phalanx, hinge, goal, np.cross(_UP, goal))
    parent = hand
    for k, angles in enumerate(THUMB, start=1):
        name = f"finger1-{k}.L"
        parent = _shortest(parent @ (tail(name) - head(name)), direction(*angles)) @ parent
        rotations[name[:-2]] = parent
    return rotations


def _frame(along: FloatArray, side: FloatArray) -> FloatArray:
    x = along / np.linalg.norm(along)
    y = side - x * (side @ x)
    y = y / np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def _turn(along: FloatArray, side: FloatArray, new_along: FloatArray, new_side: FloatArray) -> FloatArray:
    """Rotation that takes `along` onto `new_along` and `side` as near to `new_side` as can be."""
    return _frame(new_along, new_side) @ _frame(along, side).T


def _shortest(a: FloatArray, b: FloatArray) -> FloatArray:
    """Smallest rotation that takes the direction a onto b (Rodrigues)."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    k = np.cross(a, b)
    skew = np.array([[0, -k[2], k[1]], [k[2], 0, -k[0]], [-k[1], k[0], 0]])
    return np.eye(3) + skew + skew @ skew / (1.0 + a @ b)


def twist_angle(rotation: FloatArray, axis: FloatArray) -> float:
    """Angle in radians of the part of a rotation matrix that turns about the unit axis (swing-twist)."""
    w = 1.0 + np.trace(rotation)
    v = np.array([rotation[2, 1] - rotation[1, 2], rotation[0, 2] - rotation[2, 0], rotation[1, 0] - rotation[0, 1]])
    return 2.0 * float(np.arctan2(v @ axis, w))


def about(axis: FloatArray, angle: float) -> FloatArray:
    """Rotation matrix (3, 3) by `angle` radians about the unit axis (Rodrigues)."""
    skew = np.array([[0, -axis[2], axis[1]], [axis[2], 0, -axis[0]], [-axis[1], axis[0], 0]])
    return np.eye(3) + np.sin(angle) * skew + (1.0 - np.cos(angle)) * skew @ skew


def _share_twist(base: FloatArray, end: FloatArray, axis: FloatArray, share: float) -> FloatArray:
    """`base`, turned about the limb's axis by a share of the twist that leads to `end`."""
    return about(axis, share * twist_angle(end @ base.T, axis)) @ base
