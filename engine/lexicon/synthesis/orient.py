"""Second thoughts on hands that joints or obstacles don't allow: a search over orientations near the written one.

Candidates turn the hand about its own axes and about the touching point, so that a contact stays where it is. Each is
scored by how far fingers and palm leave their written directions, by how deep the hand sinks into something, and by
how the arm feels about it; the best of a coarse grid is refined once.
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

from ...rotations import matrix_from_axis_angle
from .arm import Arm, clamp_hand, collar_rotation, reach, split_hand, wrist_rotation
from .collision import Obstacles
from .frames import about, apply, transposed
from .solve import discomfort, unnatural

Array = NDArray[np.floating]

_COARSE = (np.radians([-45.0, -22.0, 0.0, 22.0, 45.0]), np.radians([-24.0, 0.0, 24.0]), np.radians([-24.0, 0.0, 24.0]))
"""Turns about the fingers' direction, about the side of the hand, about the palm's normal."""
_FINE = (np.radians([-11.0, 0.0, 11.0]), np.radians([-12.0, 0.0, 12.0]), np.radians([-12.0, 0.0, 12.0]))
_SWIVELS = np.radians([-20.0, -5.0, 10.0, 25.0, 40.0, 60.0, 85.0])
_FINGERS, _PALM = np.radians(20.0), np.radians(34.0)
"""Deviations that cost 1."""
_DEPTH, _SKIN = 0.006, 0.001
"""Metres that cost 1, beyond what skin yields."""
_STRAIN = 0.1
_HANGS, _HIGH = -0.6, 0.35
"""Height of the elbow over the shoulder in upper arms from which on it costs, and beyond that what costs 1."""
_AT_ONCE = 24
"""Hands that are searched for at once, to spare memory."""
_FEW = 48
"""Points of the hand that the coarse grid is scored with."""


def search(
    arm: Arm, obstacles: Obstacles, wanted: Array, place: Array, touch: Array, samples: Array
) -> tuple[Array, Array, Array]:
    """The best hand rotations (R, 3, 3), swivels (R,) and their costs (R,).

    wanted: (R, 3, 3) written rotations. place: (R, 3) where the touching points go. touch (R, 3), samples (R, S, 3):
    from the wrist in the hand's axes.
    """
    parts = [
        _search(arm, obstacles.of(rows), *(a[rows] for a in (wanted, place, touch, samples)))
        for rows in np.array_split(np.arange(len(wanted)), -(-len(wanted) // _AT_ONCE))
    ]
    hand, swivel, cost = (np.concatenate(p) for p in zip(*parts, strict=True))
    return hand, swivel, cost


def _search(
    arm: Arm, obstacles: Obstacles, wanted: Array, place: Array, touch: Array, samples: Array
) -> tuple[Array, Array, Array]:
    axes = np.stack([arm.fingers, np.cross(arm.fingers, arm.palm), arm.palm])
    best = wanted
    for grid, points in ((_COARSE, samples[:, :_FEW]), (_FINE, samples)):
        turns = np.array(list(itertools.product(*grid))) @ axes
        candidates = best[:, None] @ matrix_from_axis_angle(turns)
        hand, swivel, cost = _scored(arm, obstacles, wanted, candidates, place, touch, points)
        pick = np.argmin(cost, axis=1)
        rows = np.arange(len(pick))
        best = hand[rows, pick]
    return best, swivel[rows, pick], cost[rows, pick]


def _scored(
    arm: Arm, obstacles: Obstacles, wanted: Array, candidates: Array, place: Array, touch: Array, samples: Array
) -> tuple[Array, Array, Array]:
    """What the arm makes of candidates (R, C, 3, 3): hand rotations, swivels (R, C) and costs (R, C)."""
    hand, swivel, strain = _made(arm, candidates, place[:, None] - apply(candidates, touch[:, None]))
    wrist = place[:, None] - apply(hand, touch[:, None])
    depth = np.maximum(obstacles.depth(hand, wrist, samples) - _SKIN, 0.0)
    return hand, swivel, score(arm, wanted[:, None], hand, depth) + strain


def score(arm: Arm, wanted: Array, hand: Array, depth: Array) -> Array:
    """(...) cost of hands (..., 3, 3) that deviate from the written ones and have sunk in by `depth` (...) metres."""
    fingers = _angle(apply(wanted, arm.fingers), apply(hand, arm.fingers))
    palm = _angle(apply(wanted, arm.palm), apply(hand, arm.palm))
    return (fingers / _FINGERS) ** 2 + (palm / _PALM) ** 2 + (depth / _DEPTH) ** 2


def raised(arm: Arm, wrist: Array, swivel: Array) -> Array:
    """(N,) cost of an upper arm that is raised far, for wrists (N, 3) in the chest's frame and swivels (N,)."""
    collar = collar_rotation(arm, wrist)
    target = apply(transposed(collar), wrist - arm.collar) - (arm.shoulder - arm.collar)
    return _raised(arm, collar @ reach(arm, target, swivel).shoulder)


def _raised(arm: Arm, shoulder: Array) -> Array:
    """(...) as `raised`, for rotations (..., 3, 3) of the upper arm in the chest's frame."""
    height = apply(shoulder, arm.upper)[..., 1] / np.linalg.norm(arm.upper)
    return (np.maximum(height - _HANGS, 0.0) / _HIGH) ** 2


def _angle(a: Array, b: Array) -> Array:
    return np.arccos(np.clip(np.sum(a * b, axis=-1), -1.0, 1.0))


def _made(arm: Arm, candidates: Array, wrist: Array) -> tuple[Array, Array, Array]:
    """Hand rotations (R, C, 3, 3) that the arm makes at its best swivels (R, C), and the cost (R, C) of these."""
    collar = collar_rotation(arm, wrist)
    target = apply(transposed(collar), wrist - arm.collar) - (arm.shoulder - arm.collar)
    shape = (*wrist.shape[:2], len(_SWIVELS))
    solved = reach(arm, np.broadcast_to(target[:, :, None], (*shape, 3)), np.broadcast_to(_SWIVELS, shape))
    forearm = solved.forearm(arm)
    angles = np.stack(split_hand(arm, transposed(forearm) @ (transposed(collar) @ candidates)[:, :, None]))
    flat = wrist.reshape(-1, 3)
    cost = discomfort(*angles) + unnatural(arm, flat, _SWIVELS).reshape(shape) + (solved.short / 0.002) ** 2
    cost = _STRAIN * cost + _raised(arm, collar[:, :, None] @ solved.shoulder)
    best = np.argmin(cost, axis=2)[..., None]
    angles = np.stack([np.take_along_axis(a, best, axis=2)[..., 0] for a in angles])
    forearm = np.take_along_axis(forearm, best[..., None, None], axis=2)[:, :, 0]
    twist, flexion, deviation = clamp_hand(*angles)
    hand = collar @ forearm @ about(arm.axis, twist) @ wrist_rotation(arm, flexion, deviation)
    return hand, _SWIVELS[best[..., 0]], np.take_along_axis(cost, best, axis=2)[..., 0]
