"""Motion from `.pose` files of MediaPipe Holistic: hands, arms, trunk, head and face fitted to the avatar."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..body import EMBEDDED_AVATAR, BodyModel
from ..generators.base import EngineError
from ..lexicon.synthesis.fingers import RELAXED
from ..lexicon.synthesis.frames import transposed
from ..lexicon.synthesis.rig import HAND, SIDES, Rig
from ..lexicon.synthesis.solve import ArmPose, arm_rotations, with_hand
from ..rotations import (
    axis_angle_from_matrix,
    continuous,
    matrix_from_quaternion,
    quaternion_from_axis_angle,
    quaternion_from_matrix,
)
from ..skeleton import EXPRESSION_NAMES, JOINT_COUNT, JOINT_INDEX
from ..take import PoseSequence, Take
from .arm_fit import ELBOW, SHOULDER, WRIST_POINT, Trunk, fit_arm, fit_trunk, landmarks_of_arm, metres
from .face_fit import fit_face
from .hand_fit import HandFit, HandFitter
from .pose_file import Component, Landmarks, read_pose_file
from .smplx_npz import Motion

Array = NDArray[np.floating]

BODY, FACE = "POSE_LANDMARKS", "FACE_LANDMARKS"
HANDS = {"left": "LEFT_HAND_LANDMARKS", "right": "RIGHT_HAND_LANDMARKS"}
_BODY_POINTS, _HAND_POINTS = 33, 21
_SEEN = 0.25
_SMALLEST_PX = 2.0
"""A hand or shoulders within fewer pixels tell nothing."""
_FEWEST_SHARE, _FEWEST = 0.1, 4
"""A hand that is seen in fewer frames is taken for not seen at all."""
_POOR_FIT = 8.0
"""Percent of the palm in the picture from which on a fit is told to be poor."""
_SPINE_SHARES = {"spine1": 0.3, "spine2": 0.3, "spine3": 0.4}
_NECK_SHARE = 0.4


@dataclass(frozen=True)
class PoseFit:
    """A fitted clip: the motion, and mean residuals of the hands in percent of the palm."""

    sequence: PoseSequence
    residual_2d: float | None
    residual_3d: float | None
    notes: tuple[str, ...]


def read_pose_motion(path: Path) -> Motion:
    """Read and fit a file. Raises `EngineError` when it isn't of MediaPipe Holistic or nobody is seen in it."""
    fit = fit_landmarks(read_pose_file(path), path.name)
    take = Take(path.stem, "", "", "imported", fit.sequence)
    return Motion(take, fit.notes, None if fit.residual_2d is None else round(fit.residual_2d, 2))


def fit_landmarks(landmarks: Landmarks, name: str = "The file") -> PoseFit:
    """Fit a clip. Raises `EngineError`."""
    body = _component(landmarks, BODY, _BODY_POINTS, name)
    left, right = SHOULDER.values()
    arms_seen = body.confidence[:, [left, right]].min(axis=1) > _SEEN
    arms_seen &= np.linalg.norm((body.points[:, left] - body.points[:, right])[:, :2], axis=-1) > _SMALLEST_PX
    if arms_seen.sum() < 2:
        raise EngineError("bad_motion", f"{name} shows nobody's shoulders in at least two frames.")
    notes = [f"{landmarks.people} people are in {name}; the first was taken."] if landmarks.people > 1 else []
    rig = _rig()
    points, confidence = _filled(_toward_camera(body.points, landmarks), body.confidence)
    placed, _ = metres(points, rig.arms)
    trunk = fit_trunk(placed)
    poses = np.broadcast_to(np.eye(3), (len(landmarks), JOINT_COUNT, 3, 3)).copy()
    _pose_trunk(poses, trunk)
    fits = [_pose_arm(rig, side, landmarks, placed, confidence, trunk, poses, notes, name) for side in SIDES]
    found = [fit for fit in fits if fit is not None]
    vectors = axis_angle_from_matrix(poses).reshape(len(landmarks), -1)
    face = landmarks.components.get(FACE)
    faces = fit_face(face) if face else np.zeros((len(landmarks), len(EXPRESSION_NAMES)))
    sequence = PoseSequence(
        vectors.astype(np.float32), np.zeros((len(landmarks), 3), np.float32), faces.astype(np.float32), landmarks.fps
    )
    if not found:
        notes.append(f"No hand is seen in {name}: only arms were taken.")
        return PoseFit(sequence, None, None, tuple(notes))
    flat, deep = (
        100.0 * float(np.mean(np.concatenate([getattr(f, r) for f in found]))) for r in ("residual_2d", "residual_3d")
    )
    if flat > _POOR_FIT:
        notes.append(f"{name}: the hands fit poorly, they miss the landmarks by {flat:.0f} % of the palm.")
    return PoseFit(sequence, flat, deep, tuple(notes))


def _pose_arm(
    rig: Rig,
    side: str,
    landmarks: Landmarks,
    placed: Array,
    confidence: Array,
    trunk: Trunk,
    poses: Array,
    notes: list[str],
    name: str,
) -> HandFit | None:
    """Write one arm's and hand's rotations into `poses`; the hand's fit, when it was seen."""
    arm, count = rig.arms[side], len(landmarks)
    hand = _component(landmarks, HANDS[side], _HAND_POINTS, name)
    seen = (hand.confidence > _SEEN).mean(axis=1) > 0.5
    seen &= np.ptp(hand.points[..., :2], axis=1).max(axis=1) > _SMALLEST_PX
    if seen.sum() < max(_FEWEST, _FEWEST_SHARE * count):
        if seen.any():
            notes.append(f"The {side} hand is seen in {seen.sum()} of {count} frames of {name}, too few to be used.")
        seen[:] = False
    fit = None
    wrist = np.zeros((count, 2))
    if seen.any():
        frames = np.flatnonzero(seen)
        follows = np.concatenate([[False], np.diff(frames) == 1])
        points = _toward_camera(hand.points, landmarks)[frames]
        fit = HandFitter(rig, side).fit(points, hand.confidence[frames], follows)
        wrist[frames] = _hand_wrist(landmarks, side, points, placed)[frames]
        if len(frames) < count:
            notes.append(
                f"The {side} hand is not seen in {count - len(frames)} of {count} frames of {name}; they were filled."
            )
    found = fit_arm(arm, *landmarks_of_arm(side, placed, confidence, wrist, seen), trunk.chest)
    angles = np.broadcast_to(RELAXED, (count, len(RELAXED)))
    pose = ArmPose(found.wrist, found.swivel, *np.zeros((3, count)))
    if fit is not None:
        frames = np.flatnonzero(seen)
        rotation = _smooth(fit.rotation) if len(frames) > 2 else fit.rotation
        turned = with_hand(arm, found.wrist[frames], found.swivel[frames], transposed(trunk.chest[frames]) @ rotation)
        bends = np.stack([turned.twist, turned.flexion, turned.deviation], axis=1)
        pose = ArmPose(found.wrist, found.swivel, *_spread(bends, frames, count).T)
        angles = _spread(fit.angles, frames, count)
    rotations = arm_rotations(arm, pose)
    for joint in ("collar", "shoulder", "elbow", "wrist"):
        poses[:, JOINT_INDEX[f"{side}_{joint}"]] = getattr(rotations, joint)
    poses[:, HAND[side]] = rig.hands[side].rotations(angles)
    return fit


def _hand_wrist(landmarks: Landmarks, side: str, points: Array, placed: Array) -> Array:
    """(T, 2) the hand's own wrist in metres: as far from the body's wrist as in the picture."""
    body = landmarks.components[BODY]
    raw = _toward_camera(body.points, landmarks)
    line = raw[:, SHOULDER["left"]] - raw[:, SHOULDER["right"]]
    ours = placed[:, SHOULDER["left"]] - placed[:, SHOULDER["right"]]
    size = float(np.median(np.linalg.norm(ours[:, :2], axis=1) / np.maximum(np.linalg.norm(line[:, :2], axis=1), 1e-9)))
    own = _toward_camera(landmarks.components[HANDS[side]].points, landmarks)[:, 0, :2]
    return own * size


def _pose_trunk(poses: Array, trunk: Trunk) -> None:
    chest = axis_angle_from_matrix(trunk.chest)
    for joint, share in _SPINE_SHARES.items():
        poses[:, JOINT_INDEX[joint]] = _matrix(share * chest)
    head = axis_angle_from_matrix(trunk.head)
    poses[:, JOINT_INDEX["neck"]] = _matrix(_NECK_SHARE * head)
    poses[:, JOINT_INDEX["head"]] = _matrix((1.0 - _NECK_SHARE) * head)


def _matrix(vector: Array) -> Array:
    return matrix_from_quaternion(quaternion_from_axis_angle(vector))


def _toward_camera(points: Array, landmarks: Landmarks) -> Array:
    """Landmarks with x to the signer's left, y up and z forward, all in pixels: z comes in shares of the width."""
    depth = landmarks.width or 1000
    if np.abs(points[..., 2]).max(initial=0.0) > 10.0:  # some writers have scaled z to pixels already
        depth = 1
    return points * np.array([1.0, -1.0, -float(depth)])


def _component(landmarks: Landmarks, name: str, count: int, file: str) -> Component:
    component = landmarks.components.get(name)
    if component is None or component.points.shape[1] != count:
        known = ", ".join(f"{c.name} ({len(c.names)})" for c in landmarks.components.values())
        raise EngineError(
            "bad_motion",
            f"{file} is not of MediaPipe Holistic: it has no {name} of {count} points, but {known}.",
            "Make it with pose-format's videos_to_poses and its mediapipe format.",
        )
    return component


def _filled(points: Array, confidence: Array) -> tuple[Array, Array]:
    """Points that aren't seen (T, P, 3) taken from the nearest frames in time that show them."""
    points, t = points.copy(), np.arange(len(points))
    for p in (0, *range(1, 11), *SHOULDER.values(), *ELBOW.values(), *WRIST_POINT.values()):
        seen = confidence[:, p] > 0.05
        if seen.any() and not seen.all():
            for axis in range(3):
                points[:, p, axis] = np.interp(t, t[seen], points[seen, p, axis])
    return points, confidence


def _spread(values: Array, frames: NDArray[np.integer], count: int) -> Array:
    """Values (N, k) of some frames for all (count, k): between them straight, before and after as the nearest."""
    return np.stack([np.interp(np.arange(count), frames, column) for column in values.T], axis=1)


def _smooth(rotation: Array) -> Array:
    """Rotations (N, 3, 3) averaged with their neighbours by 1, 2, 1."""
    q = continuous(quaternion_from_matrix(rotation))
    padded = np.concatenate([q[:1], q, q[-1:]])
    mean = padded[:-2] + 2.0 * padded[1:-1] + padded[2:]
    return matrix_from_quaternion(mean / np.linalg.norm(mean, axis=-1, keepdims=True))


@cache
def _rig() -> Rig:
    body = BodyModel.load(EMBEDDED_AVATAR)
    return Rig(body.joints(), body.rest_vertices(), body.faces, body.weights)
