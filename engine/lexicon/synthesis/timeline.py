"""When each beat happens: movement times by distance, holds, pauses and the overlap of flowing movements.

Times are a relaxed everyday pace at speed 1: transitions of about 0.2 to 0.45 s and signs of 0.4 to 0.8 s, as
measured on signers (Wilbur 2009, Crasborn 2001), with peak wrist speeds under 3 m/s.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arm import Array
from .beats import REST, Beat
from .contacts import Solved
from .fingerspell import LETTER_HOLD, LETTER_TIME
from .paths import CIRCLE, ZIGZAG, Paths

LEAD = 0.25
"""Seconds of rest before the first and after the last movement."""
_PEAK_SPEED = 2.6
"""Metres a second; a minimum-jerk movement peaks at 1.875 times its mean speed."""
_MOST_JERK = 450.0
"""Metres a second cubed, root mean square over one movement; a sign has slower ones, too."""
_FLOW = 0.30
"""Share of the shorter of two movements by which they overlap at a posture that is only passed."""
_REVOLUTION = 0.42
"""Seconds of a turn of a circle, ..."""
_SWING = 0.26
"""... and of a zigzag."""
_REST_TIME = 0.65


@dataclass(frozen=True)
class Timeline:
    """Seconds of each beat: movement from `start` to `arrive`, then a hold until `release`."""

    start: Array
    arrive: Array
    release: Array
    duration: float


@dataclass(frozen=True)
class Rhythm:
    """(B,) factors of the movements' and the holds' times."""

    moves: Array
    holds: Array

    @classmethod
    def of(cls, count: int, variation: float, rng: np.random.Generator) -> Rhythm:
        """Times that vary by up to 12 and 16 percent at full variation: a signer's from one time to the next."""
        moves, holds = rng.uniform(-1.0, 1.0, (2, count)) * variation
        return cls(1.0 + 0.12 * moves, 1.0 + 0.16 * holds)


@dataclass(frozen=True)
class Travel:
    """How far a hand moves to each of its K targets, from the one before."""

    beats: NDArray[np.integer]
    distance: Array
    """(K,) metres along the path."""
    turn: Array
    """(K,) radians that the hand turns."""
    fingers: Array
    """(K,) degrees that the most moving finger joint turns."""
    rhythm: Array
    """(K,) seconds that the path's turns take at an easy pace."""


def travel(solved: Solved, paths: Paths) -> Travel:
    """How far it is between consecutive targets along their paths."""
    step = np.diff(solved.pose.wrist, axis=0, prepend=solved.pose.wrist[:1])
    before = np.concatenate([solved.hand[:1], solved.hand[:-1]])
    trace = np.einsum("kij,kij->k", before, solved.hand)
    fingers = np.abs(np.diff(solved.targets.fingers, axis=0, prepend=solved.targets.fingers[:1])).max(axis=1)
    return Travel(
        solved.targets.beats,
        np.linalg.norm(step, axis=1) + paths.extra,
        np.arccos(np.clip((trace - 1.0) / 2.0, -1.0, 1.0)),
        fingers,
        np.abs(paths.turns) * np.select([paths.code == CIRCLE, paths.code == ZIGZAG], [_REVOLUTION, _SWING], 0.0),
    )


def schedule(
    beats: list[Beat],
    hands: list[Travel],
    contact: NDArray[np.bool_],
    ways: Array,
    speed: float,
    rhythm: Rhythm,
) -> Timeline:
    """Times of all beats.

    contact: (B,) whether a hand touches something there. ways: (B,) seconds of the way to and from recorded signs, 0
    elsewhere.
    """
    moving = np.full(len(beats), 0.12)
    for hand in hands:
        rest = np.array([beats[b].left is REST and beats[b].right is not REST for b in hand.beats])
        needed = np.where(rest, 0.0, _movement_times(hand, beats))
        np.maximum.at(moving, hand.beats, needed)
    moving = np.where(ways > 0.0, ways, moving)
    for i, beat in enumerate(beats):
        moving[i] = _given_time(beat) or moving[i]
        if beat.right is REST:
            moving[i] = max(moving[i], _REST_TIME)
    pace = np.array([b.pace for b in beats])
    holds = np.array([_hold(b, contact[i]) for i, b in enumerate(beats)])
    pauses = np.array([b.pause for b in beats])
    floor = np.where(ways > 0.0, 0.5 * ways, _shortest(beats, hands))
    moves = np.maximum(moving * pace * rhythm.moves / speed, floor)
    return _laid_out(beats, moves, (holds * pace * rhythm.holds + pauses) / speed, contact)


def way_time(distance: float, turn: float) -> float:
    """Seconds of a way between signs, by the metres of the hand and the radians that it or a joint turns."""
    return max(0.20 + 0.52 * distance, 0.12 + 0.11 * turn)


def _movement_times(hand: Travel, beats: list[Beat]) -> Array:
    """Seconds by distance, turn and change of handshape: a straight line in each, as in Fitts' law for one accuracy."""
    inside = np.array([beats[b].inside for b in hand.beats])
    returning = np.array([beats[b].returning for b in hand.beats])
    by_distance = np.where(inside, 0.17 + 0.85 * hand.distance, 0.20 + 0.52 * hand.distance)
    by_turn = 0.12 + 0.11 * hand.turn
    by_fingers = 0.11 + 0.0012 * hand.fingers
    longest = np.max([by_distance, by_turn, by_fingers, hand.rhythm], axis=0)
    return longest * np.where(returning, 0.9, 1.0)


def _shortest(beats: list[Beat], hands: list[Travel]) -> Array:
    """Seconds below which the wrist would be faster or jerkier than people are.

    A minimum-jerk movement of distance d in time T has a root-mean-square jerk of sqrt(720) d / T^3.
    """
    floor = np.full(len(beats), 0.04)
    for hand in hands:
        by_jerk = np.cbrt(np.sqrt(720.0) * hand.distance / _MOST_JERK)
        np.maximum.at(floor, hand.beats, np.maximum(1.875 * hand.distance / _PEAK_SPEED, by_jerk))
    return floor


def _given_time(beat: Beat) -> float:
    times = [p.time for p in (beat.right, beat.left) if p is not None and p.time is not None]
    if beat.spelled and not beat.inside:
        return 0.0
    return max(times, default=LETTER_TIME if beat.spelled else 0.0)


def _hold(beat: Beat, contact: bool) -> float:
    if beat.clip is not None:
        return beat.clip.sequence.duration
    postures = [p for p in (beat.right, beat.left) if p is not None and p is not REST]
    if not postures:
        return 0.0
    hold = max(p.hold for p in postures)
    if any(p.local for p in postures):
        return max(hold, 0.5)
    if beat.spelled:
        return max(hold, LETTER_HOLD if beat.last else 0.0)
    if beat.last:
        return max(hold, 0.10 if beat.inside else 0.26)
    if not beat.inside:
        return max(hold, 0.06)
    return max(hold, 0.04 if contact else 0.0)


def _laid_out(beats: list[Beat], moving: Array, still: Array, contact: NDArray[np.bool_]) -> Timeline:
    start, arrive, release = (np.zeros(len(beats)) for _ in range(3))
    release[0] = LEAD
    for i in range(1, len(beats)):
        flows = still[i - 1] == 0.0 and not contact[i - 1] and not beats[i].returning
        overlap = _FLOW * min(moving[i], moving[i - 1]) if flows and i > 1 else 0.0
        start[i] = release[i - 1] - overlap
        arrive[i] = start[i] + moving[i]
        release[i] = arrive[i] + still[i]
    return Timeline(start, arrive, release, float(release[-1] + LEAD))
