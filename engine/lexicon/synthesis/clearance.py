"""Ways between signs that go round the body: the straight way from one posture to the next may lead through it."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from .arm import Arm, Array
from .contacts import Solved
from .frames import apply, unit
from .paths import ARC, STRAIGHT, Paths, path_offset
from .stage import Stage

_PHASES = np.array([0.12, 0.25, 0.38, 0.5, 0.62, 0.75, 0.88])
_SIZES = np.array([0.0, 0.03, 0.06, 0.1, 0.14, 0.19, 0.25])
_WAYS = ((0.0, 0.0, 1.0), (0.5, 0.0, 0.86), (-0.4, 0.0, 0.9), (0.9, 0.0, 0.4))
"""Sides that a way may bulge to: (out, up, forward)."""
_MARGIN = 0.02
_ELBOW_ROOM = 0.19
"""Metres that a wrist keeps from its own shoulder: nearer the elbow can't fold."""
_SAMPLES = 10
_GIVE = -0.002
"""Signed distance in metres that points of a passing hand keep."""
_HAND_LENGTH = 0.22
_SPREAD = 0.07
"""Seconds of standard deviation that a push is spread over, ..."""
_PEAK = 1.3
"""... and what makes up for the height that short pushes lose by it."""


def around_body(stage: Stage, solved: Solved, paths: Paths, inside: NDArray[np.bool_]) -> Paths:
    """Straight ways (K,) that lead to a sign, or far within one, bent as little as keeps hand and elbow clear."""
    side = solved.targets.side
    arm = stage.rig.arms[side]
    wrist = solved.pose.wrist
    chord = np.diff(wrist, axis=0, prepend=wrist[:1])
    far = np.linalg.norm(chord, axis=1) > 0.08
    rows = np.flatnonzero((paths.code == STRAIGHT) & far & ~inside)
    if not len(rows):
        return paths
    ways = unit(np.array(_WAYS)) * np.array([arm.sign, 1.0, 1.0])
    cost = np.stack([_cost(stage, solved, rows, way) for way in ways], axis=1).reshape(len(rows), -1)
    best = np.argmin(cost, axis=1)
    way, size = ways[best // len(_SIZES)], _SIZES[best % len(_SIZES)]
    code, sides, sizes = paths.code.copy(), paths.sides.copy(), paths.size.copy()
    code[rows] = ARC
    sides[rows, 0] = way
    sizes[rows] = size
    return dataclasses.replace(paths, code=code, sides=sides, size=sizes)


def _cost(stage: Stage, solved: Solved, rows: NDArray[np.integer], way: Array) -> Array:
    """(R, sizes) metres of depth and lack of room along a way, plus a little for its bend."""
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
    hands = [_points(stage, solved, rows - 1), _points(stage, solved, rows)]
    points = np.stack([hands[int(p > 0.5)] for p in _PHASES], axis=1)[:, None]
    distance, _ = stage.field.sample(place[..., None, :] + points)
    depth = np.maximum(_MARGIN - distance, 0.0).max(axis=-1)
    room = np.maximum(_ELBOW_ROOM - np.linalg.norm(place - arm.shoulder, axis=-1), 0.0)
    # the ends of the way are where the postures are, however near the body
    weight = 1.0 - np.abs(2.0 * _PHASES - 1.0) ** 4
    return np.sum((depth + room) * weight, axis=-1) + 0.12 * _SIZES


def _points(stage: Stage, solved: Solved, rows: NDArray[np.integer]) -> Array:
    """(R, S, 3) points of the hand from the wrist."""
    side = solved.targets.side
    samples = stage.samples[side]
    few = dataclasses.replace(
        samples, **{f.name: getattr(samples, f.name)[:_SAMPLES] for f in dataclasses.fields(samples)}
    )
    fingers = stage.rig.hands[side].rotations(solved.targets.fingers[rows])
    local = few.pose(stage.rig.hand(side, fingers))
    return np.concatenate([np.zeros((len(rows), 1, 3)), apply(solved.hand[rows][:, None], local)], axis=1)


def push_out(stage: Stage, side: str, wrist: Array, hand: Array, fingers: Array) -> Array:
    """(T, 3) pushes that bring hands on their way out of the resting body.

    wrist (T, 3) and hand (T, 3, 3) in the chest's frame, fingers (T, 20) in degrees. A mean over all sunken points,
    weighted by depth, so that it changes smoothly.
    """
    rows = np.flatnonzero(stage.field.near(wrist, _HAND_LENGTH))
    result = np.zeros_like(wrist)
    if len(rows):
        local = stage.samples[side].pose(stage.rig.hand(side, stage.rig.hands[side].rotations(fingers[rows])))
        points = wrist[rows, None] + np.einsum("tij,tpj->tpi", hand[rows], local)
        distance, outward = stage.field.sample(points)
        depth = np.maximum(_GIVE - distance, 0.0)
        weight = depth**2
        total = np.sum(weight, axis=1)
        mean = np.einsum("tp,tpi->ti", weight * depth, outward) / np.maximum(total, 1e-12)[:, None]
        result[rows] = mean
    return result


def smoothed(push: Array, fps: float | None) -> Array:
    """Pushes (T, 3) at even times spread over their neighbours (Gaussian), as they are without a rate."""
    if fps is None or not push.any():
        return push
    reach = int(np.ceil(3.0 * _SPREAD * fps))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) / (_SPREAD * fps)) ** 2)
    kernel *= _PEAK / kernel.sum()
    padded = np.pad(push, ((reach, reach), (0, 0)), mode="edge")
    return np.stack([np.convolve(column, kernel, mode="valid") for column in padded.T], axis=1)
