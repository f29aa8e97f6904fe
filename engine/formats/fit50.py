"""Joint rotations of SMPL-X from the 50 joints of Prompt2Sign.

The trunk turns with the shoulders and the neck, the head with the nose. Arms keep the body's bones and are solved by
inverse kinematics, hands by their 21 angles inside the ranges of a living hand (`hand_fit`), all frames at once and
smooth over time. What 50 joints don't show stays at rest: legs, face, and how a stretched arm or finger is twisted.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..body import BodyModel
from ..lexicon.synthesis.fingers import RELAXED
from ..lexicon.synthesis.frames import transposed, unit
from ..lexicon.synthesis.rig import HAND, SIDES, Rig
from ..lexicon.synthesis.solve import ArmPose, arm_rotations, with_hand
from ..rotations import axis_angle_from_matrix, matrix_from_axis_angle
from ..skeleton import EXPRESSION_NAMES, JOINT_COUNT, JOINT_INDEX
from ..take import PoseSequence
from .arm_fit import fit_arm
from .body50 import TO_PICTURE, joints50
from .hand_fit import HandFit, HandFitter
from .skeleton50 import ELBOW, HANDS, NECK, NOSE, SHOULDER, WRIST

Array = NDArray[np.floating]

_SPINE_SHARES = {"spine1": 0.3, "spine2": 0.3, "spine3": 0.4}
_NECK_SHARE = 0.4
_TRUNK_LIMIT, _HEAD_LIMIT = np.radians(25.0), np.radians(40.0)
_DEPTH = 1.0
_SMALLEST = 1e-6


@dataclass(frozen=True)
class Fit50:
    """sequence: the motion. error (T, 50): distances in millimetres of its joints to the given ones, both from the neck
    and in the body's size. scale: metres a unit of the given joints. hand_residual: mean distance of the fitted hands'
    own points in percent of the palm, `None` when no hand was seen."""

    sequence: PoseSequence
    error: Array
    scale: float
    hand_residual: float | None


def fit50(
    points: Array,
    fps: float,
    body: BodyModel,
    confidence: Array | None = None,
    depth: float = _DEPTH,
    progress: Callable[[float], None] = lambda done: None,
) -> Fit50:
    """Fit (T, 50, 3) joints in the picture's axes, of any unit. confidence (T, 50): 1 where not given.

    depth: weight of z, x and y weigh 1; less for joints lifted from a picture. progress: gets the fraction that is
    done; what it raises ends the work. Raises `ValueError` for joints that aren't finite or whose arms have no length.
    """
    if points.ndim != 3 or not np.isfinite(points).all():
        raise ValueError("The joints hold values that are not finite numbers.")
    sure = np.ones(points.shape[:2]) if confidence is None else np.clip(confidence, 0.0, 1.0)
    rig = Rig(body.joints(), body.rest_vertices(), body.faces, body.weights)
    rest = joints50(body, np.zeros((1, 3 * JOINT_COUNT)))[0]
    scale = _scale(points, sure, rest)
    placed = points * TO_PICTURE * scale
    rotations = np.broadcast_to(np.eye(3), (len(points), JOINT_COUNT, 3, 3)).copy()
    chest = _fit_trunk(placed, rest, rotations)
    hands = []
    for k, side in enumerate(SIDES):
        told = _share(progress, k / len(SIDES), 1.0 / len(SIDES))
        hands.append(_fit_side(rig, side, placed, sure, chest, rotations, depth, told))
    residuals = [hand.residual_3d for hand in hands if hand is not None]
    vectors = axis_angle_from_matrix(rotations).reshape(len(points), -1)
    still = np.zeros((len(points), len(EXPRESSION_NAMES)), np.float32)
    sequence = PoseSequence(vectors.astype(np.float32), np.zeros((len(points), 3), np.float32), still, fps)
    got = joints50(body, sequence.poses)
    gap = (got - got[:, NECK : NECK + 1]) - (placed - placed[:, NECK : NECK + 1])
    residual = 100.0 * float(np.mean(np.concatenate(residuals))) if residuals else None
    return Fit50(sequence, 1000.0 * np.linalg.norm(gap, axis=-1), scale, residual)


def _share(progress: Callable[[float], None], start: float, width: float) -> Callable[[float], None]:
    """Tells the progress of a part of the whole."""
    return lambda done: progress(start + width * done)


def _scale(points: Array, sure: Array, rest: Array) -> float:
    """Metres a unit: the body's arms and shoulders over the given ones', by bones' medians."""
    pairs = [(SHOULDER["left"], SHOULDER["right"])]
    pairs += [(a[side], b[side]) for side in SIDES for a, b in ((SHOULDER, ELBOW), (ELBOW, WRIST))]
    ours, theirs = 0.0, 0.0
    for a, b in pairs:
        shown = np.minimum(sure[:, a], sure[:, b]) > 0.0
        if shown.any():
            ours += float(np.linalg.norm(rest[a] - rest[b]))
            theirs += float(np.median(np.linalg.norm(points[shown, a] - points[shown, b], axis=-1)))
    if theirs < _SMALLEST:
        raise ValueError("The arms and shoulders of the joints have no length.")
    return ours / theirs


def _fit_trunk(placed: Array, rest: Array, rotations: Array) -> Array:
    """Write the rotations of spine, neck and head; the chest's (T, 3, 3)."""
    chest = matrix_from_axis_angle(_limited(_frame_turn(placed, rest), _TRUNK_LIMIT))
    turn = axis_angle_from_matrix(chest)
    for joint, share in _SPINE_SHARES.items():
        rotations[:, JOINT_INDEX[joint]] = matrix_from_axis_angle(share * turn)
    ahead = np.einsum("tij,tj->ti", transposed(chest), placed[:, NOSE] - placed[:, NECK])
    head = _limited(_between(rest[NOSE] - rest[NECK], ahead), _HEAD_LIMIT)
    rotations[:, JOINT_INDEX["neck"]] = matrix_from_axis_angle(_NECK_SHARE * head)
    rotations[:, JOINT_INDEX["head"]] = matrix_from_axis_angle((1.0 - _NECK_SHARE) * head)
    return chest


def _frame_turn(placed: Array, rest: Array) -> Array:
    """(T, 3) rotation vectors of the shoulders' line from where it rests: turns and leans to a side, no bow, which
    three joints so near to a line don't show."""
    line = placed[:, SHOULDER["left"]] - placed[:, SHOULDER["right"]]
    resting = rest[SHOULDER["left"]] - rest[SHOULDER["right"]]
    turn = np.arctan2(-line[:, 2], line[:, 0]) - np.arctan2(-resting[2], resting[0])
    roll = np.arctan2(line[:, 1], np.hypot(line[:, 0], line[:, 2])) - np.arctan2(resting[1], np.hypot(*resting[[0, 2]]))
    return np.stack([np.zeros_like(turn), turn, roll], axis=-1)


def _between(a: Array, b: Array) -> Array:
    """(T, 3) smallest rotation vectors that take the direction a (3,) to b (T, 3)."""
    a, b = unit(np.broadcast_to(a, b.shape)), unit(b)
    axis = np.cross(a, b)
    angle = np.arctan2(np.linalg.norm(axis, axis=-1), np.sum(a * b, axis=-1))
    return unit(axis) * angle[:, None]


def _limited(vector: Array, limit: float) -> Array:
    """Rotation vectors no longer than a limit, which is come near to smoothly."""
    size = np.maximum(np.linalg.norm(vector, axis=-1, keepdims=True), 1e-12)
    soft = np.where(size < 0.7 * limit, size, limit * (0.7 + 0.3 * np.tanh((size / limit - 0.7) / 0.3)))
    return vector * soft / size


def _fit_side(
    rig: Rig,
    side: str,
    placed: Array,
    sure: Array,
    chest: Array,
    rotations: Array,
    depth: float,
    progress: Callable[[float], None],
) -> HandFit | None:
    """Write the rotations of an arm and its hand; the hand's fit, when it was seen."""
    arm, hand, count = rig.arms[side], HANDS[side], len(placed)
    elbow, wrist = (placed[:, k[side]] - placed[:, SHOULDER[side]] for k in (ELBOW, WRIST))
    found = fit_arm(arm, np.stack([elbow, wrist], axis=1), sure[:, [ELBOW[side], WRIST[side]]], chest, depth)
    pose = ArmPose(found.wrist, found.swivel, *np.zeros((3, count)))
    angles = np.broadcast_to(RELAXED, (count, len(RELAXED)))
    fit = None
    if sure[:, hand].any():
        follows = np.arange(count) > 0
        fit = HandFitter(rig, side).fit(placed[:, hand], sure[:, hand], follows, depth, progress)
        pose, angles = with_hand(arm, found.wrist, found.swivel, transposed(chest) @ fit.rotation), fit.angles
    solved = arm_rotations(arm, pose)
    for joint in ("collar", "shoulder", "elbow", "wrist"):
        rotations[:, JOINT_INDEX[f"{side}_{joint}"]] = getattr(solved, joint)
    rotations[:, HAND[side]] = rig.hands[side].rotations(angles)
    return fit
