"""Recorded signs: playing their joint rotations as they are, and the ways to and from them in rotation space.

During a recorded sign the recorded joints win. Before and after it each joint turns by the shortest arc between the
authored motion and the recording, which is continued beyond its ends with a speed that dies away, so that neither
angles nor their speed jump. Rotations are kept on any body: a recording of another body's contacts may miss by what
the bodies differ.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...generators.base import EngineError
from ...rotations import (
    axis_angle_from_quaternion,
    conjugate,
    continuous,
    matrix_from_quaternion,
    multiply,
    quaternion_from_axis_angle,
    quaternion_from_matrix,
    slerp,
)
from ...skeleton import EXPRESSION_NAMES, JOINT_COUNT, JOINT_INDEX
from ...take import TakeError
from ..recorded import RecordedSign
from .beats import Beat
from .contacts import Solved
from .nonmanual import Face
from .paths import minimum_jerk
from .rig import HAND, SIDES, WRIST
from .stage import Stage
from .timeline import Timeline, way_time

Array = NDArray[np.floating]

_RUN_OUT = 0.12
"""Seconds in which the speed at the ends of a recording dies away."""
_FACE_FLANK = 0.15
_SLOWEST, _LONGEST_WAY = 0.3, 0.9
"""Seconds of a way to or from a recorded sign."""


_ARM = ("collar", "shoulder", "elbow", "wrist")


def _groups() -> list[tuple[int, ...]]:
    """Joints that are recorded together or not at all. Legs and pelvis stay the signer's."""
    arms = [(*(JOINT_INDEX[f"{side}_{n}"] for n in _ARM), *range(HAND[side].start, HAND[side].stop)) for side in SIDES]
    named = (("spine1", "spine2", "spine3"), ("neck", "head"), ("jaw",), ("left_eye_smplhf", "right_eye_smplhf"))
    return [*arms, *(tuple(JOINT_INDEX[n] for n in names) for names in named)]


@dataclass(frozen=True)
class Clip:
    """A recorded sign's motion, ready to be played."""

    fps: float
    rotations: Array
    """(N, J, 4) quaternions of the recorded joints, continuous."""
    joints: NDArray[np.integer]
    """(J,)"""
    units: Array | None
    """(N, E) face units; `None` when the face wasn't recorded."""

    @classmethod
    def of(cls, sign: RecordedSign) -> Clip:
        """What a recorded sign plays; parts of the body that rest all through count as not recorded.

        Raises `EngineError` for a recording that is damaged, missing, or of fewer than two frames.
        """
        try:
            sequence = sign.sequence
        except TakeError as e:
            raise _damaged(sign, str(e)) from e
        if len(sequence) < 2:
            raise _damaged(sign, "It has fewer than two frames.")
        poses = sequence.poses.reshape(-1, JOINT_COUNT, 3).astype(np.float64)
        moved = np.abs(poses).max(axis=(0, 2)) > 1e-4
        joints = np.array([j for group in _groups() if moved[list(group)].any() for j in group], dtype=int)
        units = np.zeros((len(sequence), len(EXPRESSION_NAMES)))
        for i, name in enumerate(sequence.expression_names):
            if name in EXPRESSION_NAMES:
                units[:, EXPRESSION_NAMES.index(name)] = sequence.expression[:, i]
        rotations = continuous(quaternion_from_axis_angle(poses[:, joints]))
        return cls(sequence.fps, rotations, joints, units if np.abs(units).max() > 1e-3 else None)

    @property
    def duration(self) -> float:
        """Seconds."""
        return (len(self.rotations) - 1) / self.fps

    def sample(self, times: Array, rate: float) -> tuple[Array, Array | None]:
        """Quaternions (T, J, 4) and face units (T, E) at recorded seconds; beyond the ends the motion runs out.

        rate: recorded seconds a played second.
        """
        at = np.clip(times, 0.0, self.duration) * self.fps
        low = np.minimum(at.astype(int), len(self.rotations) - 2)
        share = at - low
        played = self._between(low, share)
        ends = ((times < 0.0, (0, 1), -times), (times > self.duration, (-1, -2), times - self.duration))
        for rows, near, beyond in ends:
            if rows.any():
                reach = _RUN_OUT * rate * (1.0 - np.exp(-beyond[rows] / (_RUN_OUT * rate)))
                played[rows] = self._run_out(near, reach)
        if self.units is None:
            return played, None
        return played, self.units[low] + (self.units[low + 1] - self.units[low]) * share[:, None]

    def _between(self, low: NDArray[np.integer], share: Array) -> Array:
        """(T, J, 4) at shares of the way from frames `low` to the next: Catmull-Rom in the tangent space of `low`."""
        last = len(self.rotations) - 1
        here = self.rotations[low]

        def seen(frames: NDArray[np.integer]) -> Array:
            return axis_angle_from_quaternion(multiply(conjugate(here), self.rotations[frames]))

        after = seen(low + 1)
        before = np.where((low > 0)[:, None, None], seen(np.maximum(low - 1, 0)), -after)
        beyond = np.where((low + 2 <= last)[:, None, None], seen(np.minimum(low + 2, last)), 2.0 * after)
        u = share[:, None, None]
        start, end = 0.5 * (after - before), 0.5 * beyond
        turn = u * start + u**2 * (3.0 * after - 2.0 * start - end) + u**3 * (start + end - 2.0 * after)
        return multiply(here, quaternion_from_axis_angle(turn))

    def _run_out(self, near: tuple[int, int], reach: Array) -> Array:
        """(T, J, 4) beyond an end by as many seconds at the speed there. near: the end frame and the one beside it."""
        end, beside = self.rotations[near[0]], self.rotations[near[1]]
        speed = axis_angle_from_quaternion(multiply(conjugate(beside), end)) * self.fps
        return multiply(end[None], quaternion_from_axis_angle(speed[None] * reach[:, None, None]))

    def pose(self, frame: int) -> Array:
        """(1, 55, 3, 3) local rotations of a frame, joints that aren't recorded at rest."""
        local = np.broadcast_to(np.eye(3), (1, JOINT_COUNT, 3, 3)).copy()
        local[0, self.joints] = matrix_from_quaternion(self.rotations[frame])
        return local


def _damaged(sign: RecordedSign, why: str) -> EngineError:
    return EngineError(
        "sign_damaged",
        f"The recording of your sign {sign.gloss} can't be played: {why}",
        f"Put its file back ({sign.motion}), record or import the sign anew, or remove it from your dictionary.",
        "open_dictionary",
    )


@dataclass(frozen=True)
class Played:
    """A clip on the timeline, in seconds."""

    clip: Clip
    way_in: float
    """When the way to it begins."""
    begin: float
    end: float
    """When its last frame is shown, ..."""
    release: float
    """... which a pause may hold till here."""
    way_out: float
    """When the way from it ends."""
    kept: NDArray[np.bool_]
    """(J,) joints that another clip takes over, which goes on from this one."""

    @property
    def rate(self) -> float:
        """Recorded seconds a played second."""
        return self.clip.duration / max(self.end - self.begin, 1e-6)

    def weights(self, times: Array) -> tuple[Array, Array]:
        """(T,) 0 without, 1 while it is played: of joints that it gives back, and of those that another clip takes."""
        rise = minimum_jerk((times - self.way_in) / (self.begin - self.way_in))
        fall = minimum_jerk((times - self.release) / (self.way_out - self.release))
        return rise * (1.0 - fall), rise * (times <= self.way_out)

    def onto(self, times: Array, local: Array, face: Face) -> None:
        """Blend into local rotations (T, 55, 3, 3) and a face at times (T,)."""
        weight, kept = self.weights(times)
        rows = np.flatnonzero((weight > 0.0) | (kept > 0.0))
        if not len(rows):
            return
        played, units = self.clip.sample((times[rows] - self.begin) * self.rate, self.rate)
        at = np.ix_(rows, self.clip.joints)
        share = np.where(self.kept, kept[rows, None], weight[rows, None])
        local[at] = matrix_from_quaternion(slerp(quaternion_from_matrix(local[at]), played, share))
        if units is not None:
            face.units[rows] += weight[rows, None] * (units - face.units[rows])


def on_timeline(beats: list[Beat], clips: dict[int, Clip], timeline: Timeline, speed: float) -> list[Played]:
    """All clips by their beats in order; between two in a row the first goes on until the second has taken over."""
    result = []
    for b, clip in clips.items():
        following = clips.get(b + 1)
        kept = np.isin(clip.joints, following.joints if following else [])
        release, out = timeline.release[b], timeline.arrive[b + 1]
        end = release - beats[b].pause / speed
        result.append(Played(clip, timeline.start[b], timeline.arrive[b], end, release, out, kept))
    return result


def ways(stage: Stage, beats: list[Beat], clips: dict[int, Clip], solved: dict[str, Solved]) -> Array:
    """(B,) seconds of the ways to recorded signs and from them to the next beat, 0 elsewhere."""
    result = np.zeros(len(beats))
    for b in clips:
        result[b] = _way(_leaving(stage, b - 1, clips, solved), _arriving(stage, b, clips, solved))
        result[b + 1] = _way(_leaving(stage, b, clips, solved), _arriving(stage, b + 1, clips, solved))
    return result


def _way(start: list[tuple[Array, Array]], end: list[tuple[Array, Array]]) -> float:
    """Seconds from one pair of hands, each a place (3,) and a rotation (3, 3), to another."""
    longest = _SLOWEST
    for (place, hand), (goal, turned) in zip(start, end, strict=True):
        turn = float(np.arccos(np.clip((np.trace(hand.T @ turned) - 1.0) / 2.0, -1.0, 1.0)))
        longest = max(longest, way_time(float(np.linalg.norm(goal - place)), turn))
    return min(longest, _LONGEST_WAY)


def _leaving(stage: Stage, b: int, clips: dict[int, Clip], solved: dict[str, Solved]) -> list[tuple[Array, Array]]:
    return _of_clip(stage, clips[b], -1) if b in clips else _of_targets(b, solved)


def _arriving(stage: Stage, b: int, clips: dict[int, Clip], solved: dict[str, Solved]) -> list[tuple[Array, Array]]:
    return _of_clip(stage, clips[b], 0) if b in clips else _of_targets(b, solved)


def _of_clip(stage: Stage, clip: Clip, frame: int) -> list[tuple[Array, Array]]:
    posed = stage.rig.forward(clip.pose(frame))
    return [(posed.position[0, WRIST[side]], posed.rotation[0, WRIST[side]]) for side in SIDES]


def _of_targets(b: int, solved: dict[str, Solved]) -> list[tuple[Array, Array]]:
    """Where hands are at a beat or were brought to last."""
    result = []
    for side in SIDES:
        k = max(int(np.searchsorted(solved[side].targets.beats, b, side="right")) - 1, 0)
        result.append((solved[side].pose.wrist[k], solved[side].hand[k]))
    return result
