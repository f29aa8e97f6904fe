"""Tools on pose sequences that generating and editing share: sampling in time, cutting, joining, speed of joints."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..rotations import angle_between, axis_angle_from_quaternion, continuous, quaternion_from_axis_angle, slerp
from ..skeleton import JOINT_COUNT, JOINT_INDEX, POSE_SIZE
from ..take import PoseSequence

Array = NDArray[np.floating]

ARMS: Final = [JOINT_INDEX[f"{side}_{name}"] for side in ("left", "right") for name in ("shoulder", "elbow", "wrist")]
"""Joints that carry the hands."""


def joints_of(sequence: PoseSequence) -> Array:
    """(T, 55, 4) quaternions, neighbours in one hemisphere."""
    return continuous(quaternion_from_axis_angle(sequence.poses.reshape(-1, JOINT_COUNT, 3)))


def sampled(sequence: PoseSequence, at: ArrayLike) -> PoseSequence:
    """The motion at (N,) places counted in frames; outside of it the first and the last frame hold."""
    place = np.clip(np.asarray(at, np.float64), 0.0, len(sequence) - 1.0)
    low = np.minimum(place.astype(np.int64), max(len(sequence) - 2, 0))
    high = np.minimum(low + 1, len(sequence) - 1)
    t = place - low
    q = joints_of(sequence)
    poses = axis_angle_from_quaternion(slerp(q[low], q[high], np.broadcast_to(t[:, None], (len(t), JOINT_COUNT))))
    lines = {
        name: (1.0 - t[:, None]) * getattr(sequence, name)[low] + t[:, None] * getattr(sequence, name)[high]
        for name in ("trans", "expression")
    }
    return dataclasses.replace(sequence, poses=poses.reshape(len(t), POSE_SIZE), **lines)


def resampled_smoothly(sequence: PoseSequence, fps: float) -> PoseSequence:
    """The same motion at another frame rate without corners where its frames were: Catmull-Rom splines (1974), of
    joints through their quaternions. For motion of few frames a second; as `PoseSequence.resampled` else."""
    if len(sequence) < 3 or fps <= sequence.fps:
        return sequence.resampled(fps)
    count = max(round(sequence.duration * fps) + 1, 2)
    place = np.linspace(0.0, len(sequence) - 1.0, count)
    low = np.minimum(place.astype(np.int64), len(sequence) - 2)
    t = place - low
    weights = 0.5 * np.stack(
        [t * (t * (2.0 - t) - 1.0), t * t * (3.0 * t - 5.0) + 2.0, t * (t * (4.0 - 3.0 * t) + 1.0), t * t * (t - 1.0)]
    )
    rows = low + np.arange(4)[:, None]

    def through(values: Array) -> Array:
        longer = np.concatenate([2.0 * values[:1] - values[1:2], values, 2.0 * values[-1:] - values[-2:-1]])
        return np.einsum("kn,kn...->n...", weights, longer[rows])

    q = through(joints_of(sequence))
    poses = axis_angle_from_quaternion(q / np.linalg.norm(q, axis=-1, keepdims=True))
    lines = {name: through(getattr(sequence, name)) for name in ("trans", "expression")}
    return dataclasses.replace(sequence, poses=poses.reshape(count, POSE_SIZE), **lines, fps=fps)


def cut(sequence: PoseSequence, first: int, end: int) -> PoseSequence:
    """The frames from `first` to `end`, which is left out."""
    part = slice(first, end)
    return dataclasses.replace(
        sequence, poses=sequence.poses[part], trans=sequence.trans[part], expression=sequence.expression[part]
    )


def joined(sequences: Sequence[PoseSequence]) -> PoseSequence:
    """One after the other; all of one frame rate."""
    arrays = {name: np.concatenate([getattr(s, name) for s in sequences]) for name in ("poses", "trans", "expression")}
    return dataclasses.replace(sequences[0], **arrays)


def mixed(a: PoseSequence, b: PoseSequence, weight: ArrayLike) -> PoseSequence:
    """Frame by frame from a, where the (T,) weight is 0, to b, where it is 1."""
    w = np.asarray(weight, np.float64)
    q = slerp(joints_of(a), joints_of(b), np.broadcast_to(w[:, None], (len(a), JOINT_COUNT)))
    lines = {
        name: (1.0 - w[:, None]) * getattr(a, name) + w[:, None] * getattr(b, name) for name in ("trans", "expression")
    }
    return dataclasses.replace(a, poses=axis_angle_from_quaternion(q).reshape(len(a), POSE_SIZE), **lines)


def smoothstep(t: ArrayLike) -> Array:
    """0 to 1 with a level start and end."""
    x = np.clip(np.asarray(t, np.float64), 0.0, 1.0)
    return x * x * (3.0 - 2.0 * x)


def joint_speeds(sequence: PoseSequence) -> Array:
    """(T - 1, 55) angular speeds of the joints between frames, in degrees a second."""
    q = joints_of(sequence)
    return np.degrees(angle_between(q[:-1], q[1:])) * sequence.fps


def arm_angle(a: PoseSequence, frame: int, b: PoseSequence, other: int) -> float:
    """The largest angle in radians that a joint of the arms turns from a frame of one motion to one of another."""
    return float(angle_between(joints_of(a)[frame, ARMS], joints_of(b)[other, ARMS]).max())
