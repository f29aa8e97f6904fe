"""Ways between signs that go round the body: the straight way from one posture to the next may lead through it."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...skeleton import JOINT_INDEX
from .arm import Arm, Array
from .collision import from_skin
from .contacts import Solved
from .frames import apply, unit
from .paths import ARC, STRAIGHT, Paths, path_offset
from .rig import Posed
from .stage import Stage

_PHASES = np.array([0.12, 0.25, 0.38, 0.5, 0.62, 0.75, 0.88])
_SIZES = np.array([0.0, 0.03, 0.06, 0.1, 0.14, 0.19, 0.25])
_WAYS = ((0.0, 0.0, 1.0), (0.5, 0.0, 0.86), (-0.4, 0.0, 0.9), (0.9, 0.0, 0.4))
"""Sides that a way may bulge to: (out, up, forward)."""
_MARGIN = 0.02
_ELBOW_ROOM = 0.19
"""Metres that a wrist keeps from its own shoulder: nearer the elbow can't fold."""
_HANDS_APART = 0.035
"""Metres that sample points of passing hands keep from each other."""
_GIVE = -0.002
"""Signed distance in metres that points of a passing hand keep."""
_HAND_LENGTH = 0.22
_SPREAD = 0.07
"""Seconds of standard deviation that a push is spread over, ..."""
_PEAK = 1.3
"""... and what makes up for the height that short pushes lose by it."""
_BEFORE = np.array([0.0, 0.0, 0.5])
"""Hands that meet pass with the right one before the left one."""


@dataclass(frozen=True)
class Carried:
    """How a joint carries what lies on it, over T frames: p -> rotation p + shift."""

    rotation: Array
    """(T, 3, 3)"""
    shift: Array
    """(T, 3)"""


def around_body(
    stage: Stage, solved: Solved, paths: Paths, inside: NDArray[np.bool_], other: tuple[Solved, Paths] | None
) -> Paths:
    """Straight ways (K,) that lead to a sign, or far within one, bent as little as keeps hand and elbow clear.

    other: the other hand and its ways, which this hand keeps out of, too.
    """
    side = solved.targets.side
    arm = stage.rig.arms[side]
    wrist = solved.pose.wrist
    chord = np.diff(wrist, axis=0, prepend=wrist[:1])
    far = np.linalg.norm(chord, axis=1) > 0.08
    rows = np.flatnonzero((paths.code == STRAIGHT) & far & ~inside)
    if not len(rows):
        return paths
    ways = unit(np.array(_WAYS)) * np.array([arm.sign, 1.0, 1.0])
    met = None if other is None else _met(stage, *other, solved.targets.beats[rows])
    hands = np.stack([_points(stage, solved, rows - 1), _points(stage, solved, rows)])
    cost = np.stack([_cost(stage, solved, rows, way, hands, met) for way in ways], axis=1).reshape(len(rows), -1)
    best = np.argmin(cost, axis=1)
    way, size = ways[best // len(_SIZES)], _SIZES[best % len(_SIZES)]
    code, sides, sizes = paths.code.copy(), paths.sides.copy(), paths.size.copy()
    code[rows] = ARC
    sides[rows, 0] = way
    sizes[rows] = size
    return dataclasses.replace(paths, code=code, sides=sides, size=sizes)


def _met(stage: Stage, solved: Solved, paths: Paths, beats: NDArray[np.integer]) -> Array:
    """(R, phases, S, 3) points of the other hand while this one goes to the beats (R,)."""
    k = np.maximum(np.searchsorted(solved.targets.beats, beats, side="right") - 1, 0)
    moves = (solved.targets.beats[k] == beats) & (k > 0)
    before = np.where(moves, k - 1, k)
    start = solved.pose.wrist[before]
    chord = np.broadcast_to((solved.pose.wrist[k] - start)[:, None], (len(k), len(_PHASES), 3))
    phase = np.broadcast_to(_PHASES, chord.shape[:2])

    def each(values: NDArray) -> NDArray:
        return np.repeat(values[k][:, None], len(_PHASES), axis=1)

    shape = path_offset(each(paths.code), chord, each(paths.sides), each(paths.size), each(paths.turns), phase)
    place = start[:, None] + chord * phase[..., None] + np.where(moves[:, None, None], shape, 0.0)
    hands = np.stack([_points(stage, solved, before), _points(stage, solved, k)])
    return place[:, :, None] + np.stack([hands[int(p > 0.5)] for p in _PHASES], axis=1)


def _cost(
    stage: Stage, solved: Solved, rows: NDArray[np.integer], way: Array, hands: Array, met: Array | None
) -> Array:
    """(R, sizes) metres of depth and lack of room along a way, plus a little for its bend.

    hands: (2, R, S, 3) points of the hand from the wrist at both ends. met: the other hand's, as `_met` has them.
    """
    arm: Arm = stage.rig.arms[solved.targets.side]
    start, end = solved.pose.wrist[rows - 1], solved.pose.wrist[rows]
    chord = (end - start)[:, None, None]
    shape = (len(rows), len(_SIZES), len(_PHASES))
    code = np.full(shape, ARC)
    size, phase = np.broadcast_to(_SIZES[:, None], shape), np.broadcast_to(_PHASES, shape)
    sides = np.broadcast_to(np.stack([way, way]), (*shape, 2, 3))
    bend = path_offset(code, np.broadcast_to(chord, (*shape, 3)), sides, size, np.ones(shape), phase)
    place = start[:, None, None] + chord * phase[..., None] + bend
    # the hand turns on the way: the nearer end's points stand for it
    points = place[..., None, :] + np.stack([hands[int(p > 0.5)] for p in _PHASES], axis=1)[:, None]
    distance, _ = stage.field.sample(points)
    depth = np.maximum(_MARGIN - distance, 0.0).max(axis=-1)
    if met is not None:
        depth = depth + np.maximum(_HANDS_APART - _nearest(points, met[:, None]), 0.0)
    room = np.maximum(_ELBOW_ROOM - np.linalg.norm(place - arm.shoulder, axis=-1), 0.0)
    # the ends of the way are where the postures are, however near the body
    weight = 1.0 - np.abs(2.0 * _PHASES - 1.0) ** 4
    return np.sum((depth + room) * weight, axis=-1) + 0.12 * _SIZES


def _nearest(points: Array, others: Array) -> Array:
    """(...) least distance between two sets of points (..., S, 3)."""
    p, q = points.astype(np.float32), others.astype(np.float32)
    square = np.sum(p * p, -1)[..., None] + np.sum(q * q, -1)[..., None, :] - 2.0 * p @ np.swapaxes(q, -1, -2)
    return np.sqrt(np.maximum(square.min(axis=(-1, -2)), 0.0))


def _points(stage: Stage, solved: Solved, rows: NDArray[np.integer]) -> Array:
    """(R, S, 3) points of the hand from the wrist."""
    side = solved.targets.side
    fingers = stage.rig.hands[side].rotations(solved.targets.fingers[rows])
    local = stage.fewest[side].pose(stage.rig.hand(side, fingers))
    return np.concatenate([np.zeros((len(rows), 1, 3)), apply(solved.hand[rows][:, None], local)], axis=1)


@dataclass(frozen=True)
class Placed:
    """A hand over T frames, in the chest's frame."""

    side: str
    wrist: Array
    """(T, 3)"""
    hand: Array
    """(T, 3, 3)"""
    fingers: Array
    """(T, 21) degrees."""

    def joints(self, stage: Stage, rows: NDArray[np.integer]) -> Posed:
        """Joints of the hand from its wrist at some frames."""
        return stage.rig.hand(self.side, stage.rig.hands[self.side].rotations(self.fingers[rows]))

    def middle(self, stage: Stage, rows: NDArray[np.integer]) -> Array:
        """(R, 3) middle of the hand at some frames."""
        return self.wrist[rows] + 0.09 * self.hand[rows] @ stage.rig.arms[self.side].fingers

    def placed(self, rows: NDArray[np.integer], local: Array) -> Array:
        """(R, S, 3) points given from the wrist in the hand's axes."""
        return self.wrist[rows, None] + np.einsum("tij,tpj->tpi", self.hand[rows], local)


def push_out(stage: Stage, own: Placed, head: Carried, other: Placed | None) -> Array:
    """(T, 3) pushes that bring a hand on its way out of the body and of the other hand."""
    by_body = stage.field.near(own.wrist, _HAND_LENGTH)
    meet = np.zeros(len(by_body), dtype=bool)
    if other is not None:
        every = np.arange(len(meet))
        apart = own.middle(stage, every) - other.middle(stage, every)
        meet = np.sum(apart**2, axis=1) < _HAND_LENGTH**2
    rows = np.flatnonzero(by_body | meet)
    result = np.zeros_like(own.wrist)
    if not len(rows):
        return result
    points = own.placed(rows, stage.few[own.side].pose(own.joints(stage, rows)))
    push = _mean_push(*_from_body(stage, points, head, rows))
    if other is not None and meet.any():
        near = np.flatnonzero(meet[rows])
        between = points[near].mean(axis=1) - other.middle(stage, rows[near])
        push[near] += _apart(*_from_hand(stage, points[near], other, rows[near]), between)
    result[rows] = push
    return result


def _mean_push(distance: Array, outward: Array) -> Array:
    """(R, 3) mean over all sunken points, weighted by depth, so that it changes smoothly."""
    depth = np.maximum(_GIVE - distance, 0.0)
    total = np.sum(depth**2, axis=1)
    return np.einsum("tp,tpi->ti", depth**3, outward) / np.maximum(total, 1e-12)[:, None]


def _apart(distance: Array, outward: Array, between: Array) -> Array:
    """(R, 3) pushes of a hand off the other one, by its deepest point.

    They follow the skin's normals where these agree, and lead away from the other hand's middle where they don't, as
    when one hand has passed half through the other. between: (R, 3) from the other hand's middle to this one's.
    """
    depth = np.maximum(_GIVE - distance, 0.0)
    normal = np.einsum("tp,tpi->ti", depth**2, outward)
    agreement = np.linalg.norm(normal, axis=1) / np.maximum(np.sum(depth**2, axis=1), 1e-12)
    away = unit(unit(between) + _BEFORE)
    way = unit(unit(normal) * agreement[:, None] ** 2 + away * (1.0 - agreement[:, None] ** 2))
    return way * depth.max(axis=1)[:, None]


def _from_body(stage: Stage, points: Array, head: Carried, rows: NDArray[np.integer]) -> tuple[Array, Array]:
    """Distance (R, S) and way out (R, S, 3) of the body whose head moves."""
    above = points[..., 1] > stage.rig.joints[JOINT_INDEX["head"], 1]
    rotation = head.rotation[rows]
    at_rest = np.einsum("tji,tpj->tpi", rotation, points - head.shift[rows, None])
    distance, outward = stage.field.sample(np.where(above[..., None], at_rest, points))
    return distance, np.where(above[..., None], np.einsum("tij,tpj->tpi", rotation, outward), outward)


def _from_hand(stage: Stage, points: Array, other: Placed, rows: NDArray[np.integer]) -> tuple[Array, Array]:
    """Distance (R, S) and way out (R, S, 3) of the other hand."""
    skin, normals = stage.thin[other.side].pose(other.joints(stage, rows))
    turned = np.einsum("tij,tpj->tpi", other.hand[rows], normals)
    return from_skin(points, other.placed(rows, skin), turned)


def smoothed(push: Array, fps: float) -> Array:
    """Pushes (T, 3) at even times spread over their neighbours (Gaussian)."""
    reach = int(np.ceil(3.0 * _SPREAD * fps))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (_SPREAD * fps)) ** 2)
    kernel *= _PEAK / kernel.sum()
    padded = np.pad(push, ((reach, reach), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, kernel, mode="valid") for column in padded.T], axis=1)
