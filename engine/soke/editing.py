"""Making a part of a take anew: codes outside of it are forced, those inside sampled, kept poses stay bit for bit.

Where kept and new motion meet, the new one is bent to run on from the kept one: its residual there, and how that
changes, fades out inside by a cubic Hermite spline, so that place and speed of every joint are continuous.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..rotations import axis_angle_from_quaternion, multiply, quaternion_from_axis_angle
from ..skeleton import JOINT_INDEX, JOINT_NAMES, LAYERS
from ..take import PoseSequence
from ..tokenizer.features import FRAMES_PER_TOKEN, PARTS, Layout
from .decoding import Decoded, forced_rows
from .locked import Lock, honoured, residuals
from .model import Model
from .motion import cut, joint_speeds, joints_of, sampled
from .runtime import Rows
from .sampling import FREE, Constraint

Array = NDArray[np.floating]
Codes = Mapping[str, Sequence[int]]

_AROUND: Final = 8
"""Steps of kept motion at either side that the tokenizer's decoder sees."""
_SLOWEST: Final = 60.0
"""Degrees a second that every joint may be turned by to fit at a seam; else as fast as it is elsewhere."""
_NEAR_SEAM: Final = 2
"""Frames at either side of a seam whose speed is reported."""


@dataclass(frozen=True)
class Edit:
    """What is made anew of a motion. first, end: its frames, the end left out. parts: of `features.PARTS`.

    locks: frames and joints in them that keep the motion's own pose. length: scale of the range. blend: seconds.
    """

    sequence: PoseSequence
    first: int
    end: int
    parts: tuple[str, ...] = PARTS
    locks: tuple[tuple[int, tuple[str, ...]], ...] = ()
    length: float = 1.0
    blend: float = 0.15

    @property
    def frames(self) -> int:
        """How many frames are made in place of the range's."""
        return max(round((self.end - self.first) * self.length), 1)


@dataclass(frozen=True)
class Seam:
    """Where kept and new motion meet. velocity: the fastest joint's there, in degrees a second; own: that joint's
    fastest in the whole motion before."""

    time: float
    joint: str
    velocity: float
    own: float


@dataclass(frozen=True)
class Edited:
    """The whole motion with the range made anew. locked: how many poses in the range were kept. score: mean
    log-probability of a step."""

    sequence: PoseSequence
    seams: tuple[Seam, ...]
    locked: int
    score: float


class Window:
    """The steps of an edit: a prefix that is forced, and the range."""

    def __init__(self, edit: Edit, model: Model) -> None:
        """Raises `ValueError` for a range that the model can't make at a time."""
        self.edit, self.model = edit, model
        self.codes = model.encode(edit.sequence)
        step = model.step_seconds * edit.sequence.fps
        steps = len(self.codes[PARTS[0]])
        self.first = min(int(edit.first / step), steps - 1)
        self.end = min(max(int(np.ceil((edit.end - 1) / step)), self.first + 1), steps)
        self.steps = max(round((self.end - self.first) * edit.length), 1)
        most = int(model.settings.get("steps", 100))
        if self.steps > most:
            raise ValueError(
                f"The model makes {most * model.step_seconds:.1f} seconds at most at a time; the range has "
                f"{self.steps * model.step_seconds:.1f}."
            )
        self.prefix = min(self.first, most - self.steps)

    @property
    def seconds(self) -> tuple[float, float]:
        """When the prefix begins and the range ends in the motion before."""
        return (self.first - self.prefix) * self.model.step_seconds, self.end * self.model.step_seconds

    @cached_property
    def constraint(self) -> Constraint:
        """Rows of prefix and range; those of the chosen parts in the range are free."""
        known = np.array([self.codes[part][self.first - self.prefix : self.end] for part in PARTS], np.int64).T
        inside = known[self.prefix :]
        if len(inside) != self.steps:
            inside = np.full((self.steps, len(PARTS)), FREE, np.int64)
        inside[:, [PARTS.index(part) for part in self.edit.parts]] = FREE
        forced = forced_rows(self.model.vocabulary, np.concatenate([known[: self.prefix], inside]))
        return Constraint(forced, len(forced), len(forced), codes_only=True)

    def finished(self, decoded: Decoded) -> Edited:
        """The whole motion with the range as it was decoded."""
        made = self.model.codes(decoded)
        new = {part: made[part][self.prefix :] for part in PARTS}
        score = float(np.nanmean(decoded.log_probabilities[self.prefix :].sum(axis=1)))
        return _assembled(self, new, score)

    def decoded_around(self, new: Codes) -> tuple[PoseSequence, int]:
        """The motion of the new codes with some of the kept ones around, and the frame where the new ones begin."""
        before = max(self.first - _AROUND, 0)
        codes = {
            part: [*self.codes[part][before : self.first], *new[part], *self.codes[part][self.end : self.end + _AROUND]]
            for part in PARTS
        }
        return self.model.decode(codes), (self.first - before) * FRAMES_PER_TOKEN

    def places(self, at: Array, begin: int) -> Array:
        """Frames of `decoded_around` for frames `at` of the motion before; `begin` is where its new codes begin."""
        fps = self.model.fps
        seconds = at / self.edit.sequence.fps
        start, end = self.first * self.model.step_seconds, self.end * self.model.step_seconds
        scale = self.steps / (self.end - self.first)
        inside = np.clip(seconds - start, 0.0, end - start) * scale
        return begin + fps * (inside + np.minimum(seconds - start, 0.0) + np.maximum(seconds - end, 0.0))


def joints_of_parts(layout: Layout, parts: Sequence[str]) -> tuple[str, ...]:
    """Names of the joints that a layout has in parts; the face belongs to the body."""
    names = {"body": (*layout.body, *layout.face), "left_hand": LAYERS["left_hand"], "right_hand": LAYERS["right_hand"]}
    return tuple(name for part in PARTS if part in parts for name in names[part])


def speeds_at(sequence: PoseSequence, frames: Sequence[int], before: PoseSequence, joints: Sequence[int]) -> list[Seam]:
    """The seams that begin at frames of a motion."""
    speeds, own = joint_speeds(sequence), joint_speeds(before)
    result = []
    for frame in frames:
        near = speeds[max(frame - _NEAR_SEAM, 0) : frame + _NEAR_SEAM][:, joints].max(axis=0)
        joint = joints[int(near.argmax())]
        result.append(
            Seam(frame / sequence.fps, JOINT_NAMES[joint], float(near.max()), float(own[:, joint].max(initial=0.0)))
        )
    return result


def _assembled(window: Window, new: Codes, score: float) -> Edited:
    edit, sequence = window.edit, window.edit.sequence
    names = joints_of_parts(window.model.layout, edit.parts)
    joints = [JOINT_INDEX[name] for name in names]
    at = _frames_before(edit)
    made = _fitted(window, new, at)
    inside = _only(edit, window.model.layout, made, sampled(sequence, at[2:-2]), joints)
    inside, locked = _with_locks(edit, inside, at[2:-2], names)
    arrays = {
        name: np.concatenate(
            [getattr(sequence, name)[: edit.first], getattr(inside, name), getattr(sequence, name)[edit.end :]]
        )
        for name in ("poses", "trans", "expression")
    }
    whole = dataclasses.replace(sequence, **arrays)
    frames = [f for f in (edit.first, edit.first + edit.frames) if 0 < f < len(whole)]
    return Edited(whole, tuple(speeds_at(whole, frames, sequence, joints)), locked, score)


def _frames_before(edit: Edit) -> Array:
    """(n + 4,) frames of the motion before for the n new ones, and for the two kept ones at either side."""
    span = edit.end - edit.first + 1
    inner = edit.first - 1 + span * np.arange(1, edit.frames + 1) / (edit.frames + 1)
    return np.array([edit.first - 2, edit.first - 1, *inner, edit.end, edit.end + 1], np.float64)


def _fitted(window: Window, new: Codes, at: Array) -> PoseSequence:
    """The new frames, bent to run on from the kept ones at both sides."""
    edit, sequence = window.edit, window.edit.sequence
    decoded, begin = window.decoded_around(new)
    made = sampled(decoded, window.places(at, begin))
    made = dataclasses.replace(made, fps=sequence.fps)
    q, kept = joints_of(made), joints_of(sampled(sequence, at))
    count = edit.frames
    turn, shift = np.zeros((count, 3 * q.shape[1])), np.zeros((count, made.expression.shape[1]))
    face = _face_like(sequence, made, at)
    own = np.radians(joint_speeds(sequence).max(axis=0)) / sequence.fps
    joint_limit = np.repeat(np.maximum(own, np.radians(_SLOWEST) / sequence.fps), 3)
    sides = []
    if edit.first > 0:
        sides.append(([1, 0], np.arange(1, count + 1), edit.first > 1))
    if edit.end < len(sequence):
        sides.append(([count + 2, count + 3], np.arange(count, 0, -1), edit.end + 1 < len(sequence)))
    for ends, distance, has_slope in sides:
        rotation = residuals(q[ends], kept[ends]).reshape(2, -1)
        lines = (face - made.expression)[ends]
        for values, target, limit in ((rotation, turn, joint_limit), (lines, shift, np.float64(1.0))):
            slope = values[0] - values[1] if has_slope else np.zeros_like(values[0])
            needed = np.maximum(1.5 * np.abs(values[0]) / limit, max(edit.blend * sequence.fps, 2.0))
            target += _fading(distance, values[0], slope, np.minimum(needed, count + 1))
    inner = slice(2, 2 + count)
    poses = axis_angle_from_quaternion(multiply(q[inner], quaternion_from_axis_angle(turn.reshape(count, -1, 3))))
    return dataclasses.replace(
        made,
        poses=poses.reshape(count, -1),
        trans=made.trans[inner],
        expression=made.expression[inner] + shift,
    )


def _fading(distance: NDArray[np.integer], value: Array, slope: Array, reach: Array) -> Array:
    """(n, D) residuals at (n,) frames from a seam: (D,) `value` and its `slope` a frame there, none from `reach` on."""
    t = np.minimum(distance[:, None] / reach, 1.0)
    return (1.0 + 2.0 * t) * (1.0 - t) ** 2 * value + t * (1.0 - t) ** 2 * reach * slope


def _face_like(sequence: PoseSequence, made: PoseSequence, at: Array) -> Array:
    """The kept face at frames `at`, in the order of the made one's units; those that it lacks as they were made."""
    kept = sampled(sequence, at).expression
    result = made.expression.copy()
    for column, name in enumerate(made.expression_names):
        if name in sequence.expression_names:
            result[:, column] = kept[:, sequence.expression_names.index(name)]
    return result


def _only(edit: Edit, layout: Layout, made: PoseSequence, before: PoseSequence, joints: Sequence[int]) -> PoseSequence:
    """The frames with new joints of the chosen parts alone. before: the motion there as it was.

    At a length of 1 what isn't chosen is taken over bit for bit.
    """
    if edit.frames == edit.end - edit.first:
        before = cut(edit.sequence, edit.first, edit.end)
    poses, face = before.poses.copy(), before.expression.copy()
    columns = [3 * j + k for j in joints for k in range(3)]
    poses[:, columns] = made.poses[:, columns]
    if "body" in edit.parts:
        for column, name in enumerate(layout.expression):
            if name in before.expression_names:
                face[:, before.expression_names.index(name)] = made.expression[:, column]
    return dataclasses.replace(before, poses=poses, expression=face)


def _with_locks(edit: Edit, inside: PoseSequence, at: Array, names: Sequence[str]) -> tuple[PoseSequence, int]:
    """The frames with locked poses met, between the kept frames beside them; and how many were."""
    sequence = edit.sequence
    locks: list[Lock] = []
    for frame, joints in edit.locks:
        wanted = tuple(name for name in names if not joints or name in joints)
        if edit.first <= frame < edit.end and wanted:
            place = int(np.abs(at - frame).argmin()) + 1
            whole = not joints and "body" in edit.parts
            pose = (sequence.poses[frame], sequence.expression[frame], sequence.trans[frame])
            locks.append(Lock(place, *pose, wanted, whole))
    before, after = max(edit.first - 1, 0), min(edit.end, len(sequence) - 1)
    around = [cut(sequence, before, before + 1), inside, cut(sequence, after, after + 1)]
    arrays = {name: np.concatenate([getattr(s, name) for s in around]) for name in ("poses", "trans", "expression")}
    framed = dataclasses.replace(sequence, **arrays)
    result = honoured(framed, locks, fixed_start=edit.first > 0, fixed_end=edit.end < len(sequence))
    return cut(result, 1, len(result) - 1), len({lock.frame for lock in locks})


def decode_edits(
    window: Window, rows: Rows, language: str, samplings: Sequence[Any], progress: Callable[[float], None]
) -> list[Edited]:
    """The range made anew, once for each sampling. rows: the encoder's input."""
    count = len(samplings)
    decoded = window.model.generate(
        [rows] * count, [language] * count, samplings, [window.constraint] * count, progress
    )
    return [window.finished(one) for one in decoded]
