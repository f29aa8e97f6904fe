"""From captured motion to the motion of a sign: cut, mirrored, brought upright, freed of the way from and to rest."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np
from numpy.typing import NDArray

from ..body import EMBEDDED_AVATAR, BodyModel
from ..generators.base import EngineError
from ..rotations import axis_angle_from_matrix, matrix_from_axis_angle
from ..skeleton import JOINT_COUNT, JOINT_INDEX
from ..take import PoseSequence

Array = NDArray[np.floating]

SHORTEST_S, LONGEST_S = 0.1, 30.0
_STILL = 0.05
"""Metres a second below which a hand is still."""
_KEEP_S = 0.08
"""Seconds of stillness that are kept at either end."""
_ARRIVED = 0.35
"""A hand that comes from rest has arrived when its speed has fallen to this share of the way's fastest."""
_WRISTS = [JOINT_INDEX["left_wrist"], JOINT_INDEX["right_wrist"]]
_SPINE, _CHEST = JOINT_INDEX["spine1"], JOINT_INDEX["spine3"]
_FINGERTIPS = [JOINT_INDEX[f"{side}_{f}3"] for side in ("left", "right") for f in ("index", "middle", "pinky", "thumb")]


def sign_motion(
    sequence: PoseSequence, *, start: float = 0.0, end: float | None = None, mirror: bool = False, trim: bool = True
) -> PoseSequence:
    """Motion of one sign out of a recording, of a right-handed signer who faces forward.

    start, end: seconds in the recording. mirror: the signer was left-handed. trim: take away the rest, and the way from
    and to it. Raises `EngineError` when nothing, or more than half a minute, is left.
    """
    cut = between(sequence, start, end)
    if mirror:
        cut = cut.mirrored()
    cut = upright(cut)
    if trim:
        cut = trimmed(cut)
    if not SHORTEST_S <= cut.duration <= LONGEST_S:
        what = "too short" if cut.duration < SHORTEST_S else "too long"
        raise EngineError(
            "bad_motion",
            f"{cut.duration:.2f} seconds are {what} for a sign.",
            f"A sign takes {SHORTEST_S} to {LONGEST_S:g} seconds: choose its start and end.",
        )
    return cut


def between(sequence: PoseSequence, start: float = 0.0, end: float | None = None) -> PoseSequence:
    """The frames between two times in seconds, both included."""
    first = max(round(start * sequence.fps), 0)
    last = len(sequence) if end is None or end <= 0 else min(round(end * sequence.fps) + 1, len(sequence))
    if last - first < 2:
        raise EngineError(
            "bad_motion",
            f"There is no motion between {start:g} s and {end if end else sequence.duration:g} s; "
            f"the recording takes {sequence.duration:.2f} s.",
            "Choose a start before the end, both within the recording.",
        )
    return _frames(sequence, first, last)


def upright(sequence: PoseSequence) -> PoseSequence:
    """The signer stands where the avatar does and faces forward, whatever way up and about the recording was.

    The pelvis' mean direction is taken out, with it a z-up file's quarter turn; it keeps its movement about the mean.
    """
    joints = np.asarray(sequence.poses, dtype=np.float64).reshape(len(sequence), JOINT_COUNT, 3)
    root = matrix_from_axis_angle(joints[:, 0])
    up = root[:, :, 1].mean(axis=0)
    # an upright signer leans by some degrees at most: a mean far from +y means that another axis points up
    world = _level(up) if up[1] < 0.8 * np.linalg.norm(up) else np.eye(3)
    forward = (world @ root)[:, :, 2].mean(axis=0)
    yaw = np.arctan2(forward[0], forward[2])
    c, s = np.cos(-yaw), np.sin(-yaw)
    turn = np.array([[c, 0.0, s], [0.0, 1.0, 0.0], [-s, 0.0, c]]) @ world
    poses = joints.copy()
    poses[:, 0] = axis_angle_from_matrix(turn @ root)
    trans = (sequence.trans - sequence.trans.mean(axis=0)) @ turn.T
    return dataclasses.replace(sequence, poses=poses.reshape(len(sequence), -1), trans=trans)


def trimmed(sequence: PoseSequence) -> PoseSequence:
    """Without stillness at the ends, and without the way from and to hands at rest below the waist or in the lap."""
    places = _hand_places(sequence)
    speed = _speed(places, sequence.fps)
    low = _low(places)
    first, last = _arrival(speed, low), len(sequence) - 1 - _arrival(speed[::-1], low[::-1])
    if last - first < SHORTEST_S * sequence.fps:
        return sequence
    moving = np.flatnonzero(speed[first : last + 1] > _STILL)
    if len(moving):
        keep = round(_KEEP_S * sequence.fps)
        first, last = max(first, first + moving[0] - keep), min(last, first + moving[-1] + 1 + keep)
    return _frames(sequence, int(first), int(last) + 1)


def _frames(sequence: PoseSequence, first: int, last: int) -> PoseSequence:
    part = slice(first, last)
    return dataclasses.replace(
        sequence, poses=sequence.poses[part], trans=sequence.trans[part], expression=sequence.expression[part]
    )


def _level(up: Array) -> Array:
    """The quarter or half turn that brings the axis nearest to `up` to +y."""
    axis = int(np.argmax(np.abs(up)))
    sign = np.sign(up[axis])
    if axis == 2:  # z up, as in AMASS
        return np.array([[1.0, 0.0, 0.0], [0.0, 0.0, sign], [0.0, -sign, 0.0]])
    if axis == 0:
        return np.array([[0.0, -sign, 0.0], [sign, 0.0, 0.0], [0.0, 0.0, 1.0]])
    return np.diag([1.0, sign, sign])


def _hand_places(sequence: PoseSequence) -> Array:
    """(T, P, 3) joints of both hands, then spine and chest, in metres on the embedded avatar."""
    transforms = _body().forward_kinematics(sequence.poses)
    return transforms[..., :3, 3][:, [*_WRISTS, *_FINGERTIPS, _SPINE, _CHEST]]


def _speed(places: Array, fps: float) -> Array:
    """(T,) metres a second of the fastest hand joint, smoothed over a few frames."""
    steps = np.linalg.norm(np.diff(places[:, :-2], axis=0), axis=-1).max(axis=1) * fps
    speed = np.concatenate([steps[:1], steps])
    width = max(round(0.06 * fps), 1)
    kernel = np.ones(width) / width
    return np.convolve(np.pad(speed, width // 2, mode="edge"), kernel, mode="same")[width // 2 :][: len(speed)]


def _low(places: Array) -> NDArray[np.bool_]:
    """(T,) whether both hands are at rest's height: below a third of the way from the lower spine to the chest."""
    height = places[:, :2, 1]
    limit = places[:, -2, 1] + (places[:, -1, 1] - places[:, -2, 1]) / 3.0
    return np.all(height < limit[:, None], axis=1)


def _arrival(speed: Array, low: NDArray[np.bool_]) -> int:
    """First frame of the sign: where the hands, if they come from rest, have come up and slowed down."""
    if not low[0] or low.all():
        return 0
    rise = int(np.argmin(low))
    if rise >= len(speed) - 2:
        return 0
    fastest = speed[: rise + 1].max()
    slow = np.flatnonzero(speed[rise:] < _ARRIVED * fastest)
    turning = np.flatnonzero((speed[rise + 1 : -1] <= speed[rise:-2]) & (speed[rise + 1 : -1] < speed[rise + 2 :]))
    ends = [rise + int(x[0]) + extra for x, extra in ((slow, 0), (turning, 1)) if len(x)]
    return min(ends, default=rise)


@functools.cache
def _body() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)
