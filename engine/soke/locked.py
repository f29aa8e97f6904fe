"""Poses that must come out exactly: what a motion misses them by is spread over the frames around them.

The residual of a joint, the rotation from the made to the wanted pose, is interpolated in the log map of rotations by
a cubic Hermite spline whose slopes don't overshoot (Fritsch & Carlson, "Monotone piecewise cubic interpolation", 1980),
so that the corrected motion keeps its own movement and has no corner.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..rotations import axis_angle_from_quaternion, conjugate, multiply, quaternion_from_axis_angle
from ..skeleton import JOINT_COUNT, JOINT_INDEX, JOINT_NAMES
from ..take import PoseSequence
from .motion import joints_of

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Lock:
    """A pose that is kept. frame: of the motion that is made. pose: (165,) axis-angle.

    joints: names of those that are kept. lines: whether the face units and the pelvis' place are, too.
    """

    frame: int
    pose: NDArray[np.float32]
    expression: NDArray[np.float32]
    trans: NDArray[np.float32]
    joints: tuple[str, ...] = JOINT_NAMES
    lines: bool = True

    @property
    def indices(self) -> tuple[int, ...]:
        """Numbers of the joints that are kept."""
        return tuple(JOINT_INDEX[name] for name in self.joints)


def honoured(
    sequence: PoseSequence, locks: Sequence[Lock], *, fixed_start: bool = False, fixed_end: bool = False
) -> PoseSequence:
    """The motion with every locked pose met bit for bit.

    fixed_start, fixed_end: the first, the last frame stays as it is, too, and the motion goes through it as before.
    """
    if not locks:
        return sequence
    ends = [*([0] if fixed_start else []), *([len(sequence) - 1] if fixed_end else [])]
    quaternions = joints_of(sequence)
    poses = sequence.poses.copy()
    for knots, joints in _groups(locks).items():
        wanted = np.stack([lock.pose.reshape(JOINT_COUNT, 3)[list(joints)] for lock in _of(locks, knots)])
        made = quaternions[:, list(joints)]
        residual = residuals(made[list(knots)], quaternion_from_axis_angle(wanted))
        frames, values = _with_zeros(knots, residual.reshape(len(knots), -1), ends)
        spread = hermite(frames, values, slopes(frames, values), np.arange(len(sequence)))
        turned = multiply(made, quaternion_from_axis_angle(spread.reshape(len(sequence), len(joints), 3)))
        columns = [3 * j + k for j in joints for k in range(3)]
        poses[:, columns] = axis_angle_from_quaternion(turned).reshape(len(sequence), -1)
    whole = [lock for lock in locks if lock.lines]
    lines = {name: _line(getattr(sequence, name), whole, name, ends) for name in ("expression", "trans")}
    corrected = dataclasses.replace(sequence, poses=poses, **lines)
    return _exact(sequence, corrected, locks, ends)


def residuals(made: Array, wanted: Array) -> Array:
    """(..., 3) rotation vectors that turn the quaternions `made` into `wanted`, in the joint's own axes."""
    return axis_angle_from_quaternion(multiply(conjugate(made), wanted))


def slopes(frames: NDArray[np.integer], values: Array) -> Array:
    """(K, D) slopes at K knots that let no value overshoot: 0 at the ends and where a value turns round."""
    result = np.zeros_like(values)
    if len(frames) < 3:
        return result
    h = np.diff(frames).astype(np.float64)[:, None]
    d = np.diff(values, axis=0) / h
    same = d[:-1] * d[1:] > 0.0
    w1, w2 = 2.0 * h[1:] + h[:-1], h[1:] + 2.0 * h[:-1]
    safe = [np.where(same, x, 1.0) for x in (d[:-1], d[1:])]
    result[1:-1] = np.where(same, (w1 + w2) / (w1 / safe[0] + w2 / safe[1]), 0.0)
    return result


def hermite(frames: NDArray[np.integer], values: Array, rates: Array, at: NDArray[np.integer]) -> Array:
    """(N, D) cubic Hermite interpolation at places `at`; before the first and after the last knot its value holds.

    frames: (K,) ascending. values, rates: (K, D), and how they change a frame.
    """
    if len(frames) == 1:
        return np.repeat(values, len(at), axis=0)
    place = np.clip(at, frames[0], frames[-1]).astype(np.float64)
    low = np.clip(np.searchsorted(frames, place, side="right") - 1, 0, len(frames) - 2)
    h = (frames[low + 1] - frames[low]).astype(np.float64)[:, None]
    t = (place - frames[low])[:, None] / h
    h00, h10 = (1.0 + 2.0 * t) * (1.0 - t) ** 2, t * (1.0 - t) ** 2
    h01, h11 = t * t * (3.0 - 2.0 * t), t * t * (t - 1.0)
    return h00 * values[low] + h10 * h * rates[low] + h01 * values[low + 1] + h11 * h * rates[low + 1]


def _groups(locks: Sequence[Lock]) -> Mapping[tuple[int, ...], tuple[int, ...]]:
    """Joints by the frames that they are locked at."""
    frames: dict[int, set[int]] = {}
    for lock in locks:
        for joint in lock.indices:
            frames.setdefault(joint, set()).add(lock.frame)
    groups: dict[tuple[int, ...], tuple[int, ...]] = {}
    for joint, at in sorted(frames.items()):
        knots = tuple(sorted(at))
        groups[knots] = (*groups.get(knots, ()), joint)
    return groups


def _of(locks: Sequence[Lock], frames: Sequence[int]) -> list[Lock]:
    """A lock of each frame; those of one frame come from one pose."""
    by_frame = {lock.frame: lock for lock in locks}
    return [by_frame[frame] for frame in frames]


def _with_zeros(knots: Sequence[int], values: Array, ends: Sequence[int]) -> tuple[NDArray[np.intp], Array]:
    """The knots, and zeros at the ends that aren't among them."""
    more = [end for end in ends if end not in knots]
    frames = np.array([*knots, *more])
    order = np.argsort(frames)
    return frames[order], np.concatenate([values, np.zeros((len(more), values.shape[1]))])[order]


def _line(made: NDArray[np.float32], locks: Sequence[Lock], name: str, ends: Sequence[int]) -> Array:
    """Numbers without a rotation, their residual spread in the same way."""
    if not locks:
        return made
    by_frame = {lock.frame: getattr(lock, name) for lock in locks}
    knots = tuple(sorted(by_frame))
    residual = np.stack([by_frame[k] for k in knots]) - made[list(knots)].astype(np.float64)
    frames, values = _with_zeros(knots, residual, ends)
    return made + hermite(frames, values, slopes(frames, values), np.arange(len(made)))


def _exact(before: PoseSequence, after: PoseSequence, locks: Sequence[Lock], ends: Sequence[int]) -> PoseSequence:
    """Rounding taken out: locked numbers are written as they were given, fixed ends as they were."""
    arrays = {name: getattr(after, name).copy() for name in ("poses", "expression", "trans")}
    for end in ends:
        for name, array in arrays.items():
            array[end] = getattr(before, name)[end]
    for lock in locks:
        columns = [3 * j + k for j in lock.indices for k in range(3)]
        arrays["poses"][lock.frame, columns] = lock.pose[columns]
        if lock.lines:
            arrays["expression"][lock.frame], arrays["trans"][lock.frame] = lock.expression, lock.trans
    return dataclasses.replace(after, **arrays)
