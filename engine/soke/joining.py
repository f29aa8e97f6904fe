"""Chunks of a text as one performance: the hands go from the last sign of one to the first of the next, not to rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..rotations import angle_between
from ..take import PoseSequence
from ..tokenizer.features import FRAMES_PER_TOKEN
from .motion import ARMS, arm_angle, cut, joined, joints_of, mixed, sampled, smoothstep

_MOVING: Final = 0.35
"""Share of the farthest from rest, in the angle of an arm's joint, from which on a hand is about to sign."""
_SHORTEST_S, _LONGEST_S, _PER_RADIAN_S = 0.25, 0.7, 0.22
_RUN_OUT: Final = 1.5
"""Frames that a motion runs on when it is left."""
_TRIMMED: Final = 4
"""Most frames that are taken off a chunk's signs because the hands are on the way to rest already."""
_ARRIVED: Final = 0.85
"""Share of the farthest from rest, near a chunk's end, from which on they aren't."""
_RESTING: Final = 6
"""Frames at rest after a motion that had to be brought there."""
_PAUSE_SHARE: Final = 0.4
"""Of a pause in the text; the way takes a part of it already."""


@dataclass(frozen=True)
class Piece:
    """A chunk's motion, from rest to rest. first, end: frames of its signs, the end left out. pause: seconds after."""

    sequence: PoseSequence
    first: int
    end: int
    pause: float = 0.0


@dataclass(frozen=True)
class Placed:
    """Where a piece came to lie: frames `first` to `end` of it begin at frame `start` of the whole."""

    start: int
    first: int
    end: int

    def seconds(self, first: int, end: int, fps: float) -> tuple[float, float]:
        """When steps `first` to `end` of the piece are, as far as they are in the whole."""
        frames = (min(max(x * FRAMES_PER_TOKEN, self.first), self.end) - self.first for x in (first, end))
        begin, stop = ((self.start + x) / fps for x in frames)
        return begin, stop


def signing_range(sequence: PoseSequence) -> tuple[int, int]:
    """Frames in which the arms are away from where they are at the ends, the end left out."""
    arms = joints_of(sequence)[:, ARMS]
    away = np.minimum(*(angle_between(arms, arms[end]).max(axis=1) for end in (0, -1)))
    signing = np.flatnonzero(away > _MOVING * max(float(away.max()), 1e-6))
    return (int(signing[0]), int(signing[-1]) + 1) if len(signing) else (0, len(sequence))


def piece_of(sequence: PoseSequence, first: int, end: int, pause: float = 0.0) -> Piece:
    """A piece whose signs are from `first` to `end`, without what is the way from or to rest already."""
    arms = joints_of(sequence)[:, ARMS]
    start, stop = (angle_between(arms, arms[rest]).max(axis=1) for rest in (0, -1))
    near = slice(first, min(first + 3 * _TRIMMED, end))
    begun = np.flatnonzero(start[near] >= _ARRIVED * start[near].max(initial=0.0))
    near = slice(max(end - 3 * _TRIMMED, first), end)
    left = np.flatnonzero(stop[near][::-1] >= _ARRIVED * stop[near].max(initial=0.0))
    first += min(int(begun[0]), _TRIMMED) if len(begun) else 0
    end -= min(int(left[0]), _TRIMMED) if len(left) else 0
    return Piece(sequence, min(first, end - 1), end, pause)


def brought_to_rest(sequence: PoseSequence, end: int) -> PoseSequence:
    """The motion up to frame `end` (left out), and from there the way back to where it began."""
    rest = sampled(sequence, np.zeros(_RESTING))
    return join([Piece(sequence, 0, end), Piece(rest, 0, _RESTING)])[0]


def join(pieces: Sequence[Piece]) -> tuple[PoseSequence, list[Placed]]:
    """One motion of all pieces, and where each lies. The first begins and the last ends as it did."""
    parts: list[PoseSequence] = []
    placed: list[Placed] = []
    frames = 0
    for number, piece in enumerate(pieces):
        first = piece.first if number else 0
        end = piece.end if number + 1 < len(pieces) else len(piece.sequence)
        placed.append(Placed(frames, first, end))
        parts.append(cut(piece.sequence, first, end))
        frames += end - first
        if number + 1 < len(pieces):
            way = _way(piece, pieces[number + 1])
            parts.append(way)
            frames += len(way)
    return joined(parts), placed


def _way(before: Piece, after: Piece) -> PoseSequence:
    """The frames between two pieces: the way from the one to rest turns into the way of the other from rest."""
    angle = arm_angle(before.sequence, before.end - 1, after.sequence, after.first)
    seconds = float(np.clip(_PER_RADIAN_S * angle, _SHORTEST_S, _LONGEST_S)) + _PAUSE_SHARE * before.pause
    count = max(round(seconds * before.sequence.fps), 2)
    t = np.arange(1, count + 1)
    leaving = sampled(before.sequence, before.end - 1 + _stopping(t))
    coming = sampled(after.sequence, after.first - _stopping(count + 1 - t))
    return mixed(leaving, coming, smoothstep(t / (count + 1)))


def _stopping(t: NDArray[np.integer]) -> NDArray[np.floating]:
    """Frames gone after t frames: as before at first, but soon to a stop, so that the hands don't sink to rest."""
    return _RUN_OUT * (1.0 - np.exp(-t / _RUN_OUT))
