"""Trunk, head and arms from body landmarks (MediaPipe Pose's 33 points).

Trunk and head are coarse: how the shoulders' line tilts and turns, how the face does, relative to the clip's middle.
Arms: elbow and wrist that keep the bones' lengths (x and y weigh 1, z less), then two-bone inverse kinematics with the
elbow's swivel measured.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..lexicon.synthesis.arm import Arm, reach
from ..lexicon.synthesis.frames import across, apply, transposed, unit
from ..rotations import matrix_from_axis_angle
from .least_squares import solve

Array = NDArray[np.floating]

NOSE, EYES, EARS, MOUTH = 0, (2, 5), (7, 8), (9, 10)
SHOULDER = {"left": 11, "right": 12}
ELBOW = {"left": 13, "right": 14}
WRIST_POINT = {"left": 15, "right": 16}
_Z_WEIGHT, _LENGTH_WEIGHT, _SMOOTH = 0.3, 3.0, 0.4
_Z_RANGE = (0.1, 2.5)
_SIZE_RANGE = (0.85, 1.2)
_SHOULDERS_AHEAD = 0.05
"""Metres by which MediaPipe Holistic (0.10) puts shoulders too far behind elbows and wrists: on pictures of three
signs of the avatar they were 2 cm ahead to 11 cm behind, 7 cm behind in the mean of the six arms."""
_TRUNK_LIMIT, _HEAD_LIMIT = np.radians(20.0), np.radians(35.0)
_SWIVEL_LIMIT = np.radians((-40.0, 130.0))


@dataclass(frozen=True)
class Trunk:
    """Rotation (N, 3, 3) of the chest, and of the head relative to it."""

    chest: Array
    head: Array


@dataclass(frozen=True)
class ArmFit:
    """Wrist (N, 3) in the resting chest's frame of the avatar, and the elbow's swivel (N,) in radians."""

    wrist: Array
    swivel: Array


def metres(points: Array, arms: dict[str, Arm]) -> tuple[Array, float]:
    """Body landmarks (N, 33, 3) in one unit to metres of the avatar, and how much z was scaled.

    The shoulders' distance and the arms' bones give the size, those bones' constant lengths the scale of z (see
    `hand_fit`).
    """
    ours = np.linalg.norm(arms["left"].shoulder - arms["right"].shoulder)
    apart = np.linalg.norm((points[:, SHOULDER["left"]] - points[:, SHOULDER["right"]])[:, :2], axis=-1)
    scaled = points * (ours / max(float(np.quantile(apart, 0.8)), 1e-9))
    flat, deep, square = [], [], []
    for side, arm in arms.items():
        for a, b, bone in ((SHOULDER, ELBOW, arm.upper), (ELBOW, WRIST_POINT, arm.fore)):
            d = scaled[:, b[side]] - scaled[:, a[side]]
            flat.append(np.sum(d[:, :2] ** 2, axis=-1))
            deep.append(d[:, 2] ** 2)
            square.append(np.full(len(d), bone @ bone))
    rows = np.stack([np.concatenate(square), -np.concatenate(deep)], axis=1)
    found, *_ = np.linalg.lstsq(rows, np.concatenate(flat), rcond=None)
    scale = float(np.clip(np.sqrt(max(found[1], 1e-9)), *_Z_RANGE))
    # landmarks have the shoulders nearer to each other than our joints: the arms' lengths know better
    size = float(np.clip(np.sqrt(max(found[0], 1e-9)), *_SIZE_RANGE))
    placed = scaled * np.array([1.0, 1.0, scale]) / size
    placed[:, list(SHOULDER.values()), 2] += _SHOULDERS_AHEAD
    return placed, scale


def fit_trunk(points: Array) -> Trunk:
    """Chest and head from body landmarks (N, 33, 3) in metres."""
    line = points[:, SHOULDER["left"]] - points[:, SHOULDER["right"]]
    roll = np.arctan2(line[:, 1], line[:, 0])
    turn = np.arctan2(-line[:, 2], np.hypot(line[:, 0], line[:, 1]))
    roll, turn = (_about_middle(a, _TRUNK_LIMIT) for a in (roll, turn))
    ears = points[:, EARS[0]] - points[:, EARS[1]]
    eyes = points[:, EYES[0]] - points[:, EYES[1]]
    wide = max(float(np.median(np.linalg.norm(ears[:, :2], axis=-1))), 1e-9)
    ahead = (points[:, NOSE] - (points[:, EARS[0]] + points[:, EARS[1]]) / 2.0) / wide
    head_roll = _about_middle(np.arctan2(eyes[:, 1], eyes[:, 0]), _HEAD_LIMIT) - roll
    head_turn = _about_middle(np.arcsin(np.clip(1.4 * ahead[:, 0], -1.0, 1.0)), _HEAD_LIMIT) - turn
    head_nod = -_about_middle(np.arcsin(np.clip(1.4 * ahead[:, 1], -1.0, 1.0)), _HEAD_LIMIT)
    zero = np.zeros_like(roll)
    chest = matrix_from_axis_angle(np.stack([zero, turn, roll], axis=-1))
    head = matrix_from_axis_angle(np.stack([head_nod, head_turn, head_roll], axis=-1))
    return Trunk(chest, head)


def landmarks_of_arm(
    side: str, points: Array, confidence: Array, hand_wrist: Array, hand_seen: NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Elbow and wrist (N, 2, 3) from the shoulder, and how sure they are (N, 2), of body landmarks in metres.

    points (N, 33, 3); confidence (N, 33). hand_wrist (N, 2): where the hand's own landmarks have the wrist, more
    exactly than the body's, for the frames in `hand_seen`.
    """
    shoulder = points[:, SHOULDER[side]]
    elbow, wrist = points[:, ELBOW[side]] - shoulder, points[:, WRIST_POINT[side]] - shoulder
    wrist[:, :2] = np.where(hand_seen[:, None], hand_wrist - shoulder[:, :2], wrist[:, :2])
    sure = np.stack([confidence[:, ELBOW[side]], np.maximum(confidence[:, WRIST_POINT[side]], hand_seen)], axis=1)
    return np.stack([elbow, wrist], axis=1), sure


def fit_arm(arm: Arm, places: Array, sure: Array, chest: Array, depth: float = _Z_WEIGHT) -> ArmFit:
    """Elbow and wrist of one arm.

    places (N, 2, 3): both from the shoulder, in metres; sure (N, 2): confidence; chest (N, 3, 3). depth: weight of z, x
    and y weigh 1.
    """
    problem = _ArmProblem(arm, places.reshape(len(places), 6), sure, depth)
    found = solve(
        problem.errors,
        problem.slopes,
        problem.start(),
        smooth=np.full(6, _SMOOTH),
        follows=np.ones(len(places), dtype=bool),
        iterations=20,
    )
    inward = transposed(chest)
    upper = unit(apply(inward, found[:, :3]))
    fore = unit(apply(inward, found[:, 3:] - found[:, :3]))
    elbow = np.linalg.norm(arm.upper) * upper
    target = elbow + np.linalg.norm(arm.fore) * fore
    return ArmFit(arm.shoulder + target, _swivel(arm, target, elbow))


class _ArmProblem:
    """Elbow and wrist (N, 6), relative to the shoulder: near what was measured, on bones of fixed lengths."""

    def __init__(self, arm: Arm, measured: Array, confidence: Array, depth: float) -> None:
        self._measured = measured
        weight = np.repeat(np.sqrt(np.clip(confidence, 0.02, 1.0)), 3, axis=1)
        self._weight = weight * np.tile([1.0, 1.0, depth], 2)
        upper, fore = float(np.linalg.norm(arm.upper)), float(np.linalg.norm(arm.fore))
        seen = np.linalg.norm(measured[:, :3], axis=1), np.linalg.norm(measured[:, 3:] - measured[:, :3], axis=1)
        # foreshortening and noise hide the length in single frames; long ones show it
        size = float(
            np.clip(
                np.mean([np.quantile(s, 0.8) / own for s, own in zip(seen, (upper, fore), strict=True)]), *_SIZE_RANGE
            )
        )
        self._lengths = upper * size, fore * size

    def start(self) -> Array:
        """The measured directions with the bones' own lengths."""
        elbow = self._lengths[0] * unit(self._measured[:, :3])
        return np.concatenate(
            [elbow, elbow + self._lengths[1] * unit(self._measured[:, 3:] - self._measured[:, :3])], axis=1
        )

    def errors(self, x: Array) -> Array:
        """Residuals (N, 8)."""
        lengths = np.linalg.norm(x[:, :3], axis=1), np.linalg.norm(x[:, 3:] - x[:, :3], axis=1)
        wrong = np.stack([a - b for a, b in zip(lengths, self._lengths, strict=True)], axis=1)
        return np.concatenate([(x - self._measured) * self._weight, _LENGTH_WEIGHT * wrong], axis=1)

    def slopes(self, x: Array) -> Array:
        """Derivatives (N, 8, 6)."""
        j = np.zeros((len(x), 8, 6))
        j[:, np.arange(6), np.arange(6)] = self._weight
        upper, fore = unit(x[:, :3]), unit(x[:, 3:] - x[:, :3])
        j[:, 6, :3], j[:, 7, :3], j[:, 7, 3:] = upper, -fore, fore
        j[:, 6:] *= _LENGTH_WEIGHT
        return j


def _swivel(arm: Arm, target: Array, elbow: Array) -> Array:
    """(N,) swivel that brings the elbow (N, 3) nearest to where it was seen, all relative to the shoulder."""
    direction = unit(target)

    def side(angle: float) -> Array:
        solved = reach(arm, target, np.full(len(target), angle))
        return across(apply(solved.shoulder, np.broadcast_to(arm.upper, target.shape)), direction)

    low, out = side(0.0), side(np.pi / 2.0)
    angle = np.arctan2(np.sum(elbow * out, axis=-1), np.sum(elbow * low, axis=-1))
    # a stretched arm shows no elbow: what little there is counts little
    bent = np.linalg.norm(np.cross(direction, unit(elbow)), axis=-1)
    return np.clip(angle, *_SWIVEL_LIMIT) * np.clip(bent / 0.15, 0.0, 1.0)


def _about_middle(angle: Array, limit: float) -> Array:
    """The angle's change about its median, smoothed over five frames and limited."""
    angle = np.unwrap(angle) - np.median(np.unwrap(angle))
    kernel = np.array([1.0, 2.0, 3.0, 2.0, 1.0]) / 9.0
    smooth = np.convolve(np.pad(angle, 2, mode="edge"), kernel, mode="valid")
    return limit * np.tanh(smooth / limit)
