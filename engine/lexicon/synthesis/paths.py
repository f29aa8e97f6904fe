"""Minimum-jerk movement profiles and the shapes that a hand traces between two postures.

Movements are superposed: each adds its own displacement with a minimum-jerk profile, and where
one starts before the last has ended the two blend without a stop (Flash & Hogan 1985, Flash &
Henis 1991). The sum has continuous acceleration.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .frames import UP, cross

Array = NDArray[np.floating]

STRAIGHT, ARC, CIRCLE, ZIGZAG = range(4)
PATH_CODES = {"straight": STRAIGHT, "arc": ARC, "circle": CIRCLE, "zigzag": ZIGZAG}


def minimum_jerk(u: ArrayLike) -> Array:
    """Position on a movement of length 1 at normalised times u; 0 before, 1 after (Flash & Hogan 1985)."""
    u = np.clip(np.asarray(u, dtype=np.float64), 0.0, 1.0)
    return u * u * u * (10.0 + u * (6.0 * u - 15.0))


def steady(u: ArrayLike, ramp: float = 0.25) -> Array:
    """Like `minimum_jerk`, with constant speed between a start and a stop that take `ramp` of the time each.

    Circles and zigzags of several turns keep their rhythm with it. Acceleration is continuous.
    """
    u = np.clip(np.asarray(u, dtype=np.float64), 0.0, 1.0)
    # speed rises as smoothstep over the ramp; its integral over x in [0, 1] is x^3 - x^4/2
    start = np.clip(u / ramp, 0.0, 1.0)
    stop = np.clip((1.0 - u) / ramp, 0.0, 1.0)
    integral_start = ramp * (start**3 - 0.5 * start**4)
    integral_stop = ramp * (0.5 - (stop**3 - 0.5 * stop**4))
    middle = np.clip(u, ramp, 1.0 - ramp) - ramp
    return (integral_start + middle + integral_stop) / (1.0 - ramp)


def _perpendicular(vector: Array, along: Array) -> Array:
    """Unit part of `vector` (..., 3) at right angles to `along`; any perpendicular when they are parallel."""
    length = np.linalg.norm(along, axis=-1, keepdims=True)
    unit = np.where(length > 1e-6, along / np.maximum(length, 1e-9), 0.0)
    rest = vector - np.sum(vector * unit, axis=-1, keepdims=True) * unit
    size = np.linalg.norm(rest, axis=-1, keepdims=True)
    axes = np.eye(3)[np.argmin(np.abs(unit), axis=-1)]
    other = cross(unit, axes)
    other = other / np.maximum(np.linalg.norm(other, axis=-1, keepdims=True), 1e-9)
    return np.where(size > 1e-3, rest / np.maximum(size, 1e-9), other)


def path_offset(
    code: NDArray[np.integer], chord: Array, sides: Array, size: Array, turns: Array, phase: Array
) -> Array:
    """Displacement from the straight chord at `phase` in [0, 1] of each movement.

    code: (...) path codes. chord: (..., 3) from start to end. sides: (..., 2, 3) unit vectors: where the path bulges or
    a circle sets off to, and where a circle curves to. size: (...) bulge, amplitude or radius in metres. turns: (...)
    swings or revolutions, negative to turn back. Returns (..., 3), zero at both ends of the path.
    """
    side = _perpendicular(sides[..., 0, :], chord)
    s = phase[..., None]
    r = size[..., None]
    angle = 2.0 * np.pi * turns[..., None] * s
    arc = side * r * 4.0 * s * (1.0 - s)
    swing = side * r * np.sin(angle)
    first, second = sides[..., 0, :], _perpendicular(sides[..., 1, :], sides[..., 0, :])
    circle = r * (first * np.sin(angle) + second * (1.0 - np.cos(angle)))
    code = code[..., None]
    return (
        np.where(code == ARC, arc, 0.0) + np.where(code == ZIGZAG, swing, 0.0) + np.where(code == CIRCLE, circle, 0.0)
    )


def circle_sides(first: Array, second: Array | None, out: Array) -> Array:
    """(2, 3) directions of a circle; without a second word it curves out, or up when it sets off sideways."""
    if second is None:
        second = UP if abs(float(first @ out)) > 0.7 else out
    return np.stack([first, second])


@dataclass(frozen=True)
class Paths:
    """Shape of the K movements of one hand."""

    code: NDArray[np.integer]
    sides: Array
    """(K, 2, 3)"""
    size: Array
    """(K,) metres."""
    turns: Array

    @property
    def extra(self) -> Array:
        """(K,) metres that a path is longer than its chord, roughly."""
        turns = np.abs(self.turns)
        circle, zigzag = 2.0 * np.pi * self.size * turns, 4.0 * self.size * turns
        shapes = [self.code == CIRCLE, self.code == ZIGZAG, self.code == ARC]
        return np.select(shapes, [circle, zigzag, self.size], 0.0)
