"""Key reduction: few keys with Bezier handles whose curves stay within a bound of the full motion. NumPy only.

Curves are grouped (the four components of a bone's quaternion, the three of a location): all curves of a group have
their keys at the same frames, so that a pose can be edited as one. Between keys runs a cubic Hermite spline whose
tangents are those of the full motion; as a Bezier with its handles at a third of the interval it is what Blender draws
and evaluates. Keys are inserted where the error is largest until the bound holds on every frame (the top-down scheme
of Douglas & Peucker 1973), for all groups at once; then keys that have become needless are dropped.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...engine.rotations import angle_between

_DROP_ROUNDS = 6

FloatArray = NDArray[np.floating]
BoolArray = NDArray[np.bool_]
ErrorMeasure = Callable[[FloatArray, FloatArray], FloatArray]
"""From two arrays (..., D) to their distance (...)."""


@dataclass(frozen=True)
class Tolerance:
    """How far a reduced curve may be from the full motion on any frame."""

    degrees: float
    millimetres: float
    weight: float
    """Of shape keys, whose range is 0 to 1."""

    @classmethod
    def of_degrees(cls, degrees: float) -> Tolerance:
        """Bounds of locations and weights that look as small as this angle: 0.5 degrees, 1 mm, 0.01."""
        if not degrees > 0.0:
            raise ValueError(f"The tolerance must be a positive angle in degrees, not {degrees}.")
        return cls(degrees=degrees, millimetres=2.0 * degrees, weight=0.02 * degrees)


def rotation_error(a: FloatArray, b: FloatArray) -> FloatArray:
    """Angle in radians between (..., 4) quaternions; `b` is normalised first, as Blender does with a pose."""
    return angle_between(a, b / np.linalg.norm(b, axis=-1, keepdims=True))


def vector_error(a: FloatArray, b: FloatArray) -> FloatArray:
    """Euclidean distance of (..., D) vectors."""
    return np.linalg.norm(a - b, axis=-1)


def tangents(values: FloatArray) -> FloatArray:
    """Change per frame of (T, ...) values: central differences of fourth order, of lower order near the ends."""
    if len(values) < 2:
        return np.zeros_like(values)
    slopes = np.gradient(values, axis=0)
    if len(values) > 4:
        slopes[2:-2] = (8.0 * (values[3:-1] - values[1:-3]) - (values[4:] - values[:-4])) / 12.0
    return slopes


def reduce_keys(values: FloatArray, error: ErrorMeasure, bound: float, exact: BoolArray | None = None) -> BoolArray:
    """Frames to key for (T, G, D) values of G groups, as a (T, G) mask.

    With Hermite splines between these keys no frame is further from `values` than `bound`. A group that keeps still
    gets one key, on the first frame. exact: (T, G) mask of keys that are wanted in any case.
    """
    frames, groups, _ = values.shape
    exact = np.zeros((frames, groups), dtype=bool) if exact is None else exact
    mask = exact.copy()
    mask[0] = True
    still = np.all(error(values, np.broadcast_to(values[:1], values.shape)) <= 0.1 * bound, axis=0)
    still &= ~exact.any(axis=0)
    active = np.flatnonzero(~still)
    mask[-1, active] = True
    slopes = tangents(values)
    while len(active):
        part = mask[:, active]
        wrong = error(values[:, active], hermite(values[:, active], slopes[:, active], part))
        added = _worst_of_each_interval(wrong, part, bound)
        mask[:, active] |= added
        active = active[added.any(axis=0)]
    moving = np.flatnonzero(~still)
    needed = exact[:, moving]
    mask[:, moving] = _without_needless(mask[:, moving], needed, values[:, moving], slopes[:, moving], error, bound)
    return mask


def _without_needless(
    mask: BoolArray, needed: BoolArray, values: FloatArray, slopes: FloatArray, error: ErrorMeasure, bound: float
) -> BoolArray:
    """`mask` without inner keys that the bound doesn't need: inserted early, they lost their use to later neighbours.

    Every second key is tried at a time, so that each trial concerns an interval of its own.
    """
    groups = np.arange(mask.shape[1])
    for round_ in range(_DROP_ROUNDS):
        order = np.cumsum(mask, axis=0)
        trial = mask & ~needed & (order > 1) & (order < order[-1:]) & (order % 2 == round_ % 2)
        kept = mask & ~trial
        wrong = error(values, hermite(values, slopes, kept)) > bound
        interval = ((np.cumsum(kept, axis=0) - 1) * len(groups) + groups).ravel()
        is_bad = np.bincount(interval, weights=wrong.ravel()) > 0
        mask = kept | (trial & is_bad[interval].reshape(mask.shape))
    return mask


def _interval_ends(mask: BoolArray) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Frame of the key at or before, and of the key after each frame of a (T, G) mask keyed at both ends."""
    frames = np.arange(len(mask))[:, None]
    left = np.maximum.accumulate(np.where(mask, frames, 0), axis=0)
    right = np.minimum.accumulate(np.where(mask, frames, len(mask) - 1)[::-1], axis=0)[::-1]
    right = np.concatenate([right[1:], right[-1:]])
    return left, right


def hermite(values: FloatArray, slopes: FloatArray, mask: BoolArray) -> FloatArray:
    """The (T, G, D) curve through the keys of `mask` (both ends keyed), evaluated on every frame."""
    left, right = _interval_ends(mask)
    length = np.maximum(right - left, 1).astype(np.float64)
    t = ((np.arange(len(mask))[:, None] - left) / length)[..., None]
    groups = np.arange(mask.shape[1])[None, :]
    p0, p1 = values[left, groups], values[right, groups]
    m0, m1 = slopes[left, groups] * length[..., None], slopes[right, groups] * length[..., None]
    t2, t3 = t * t, t * t * t
    return p0 + (3 * t2 - 2 * t3) * (p1 - p0) + (t3 - 2 * t2 + t) * m0 + (t3 - t2) * m1


def _worst_of_each_interval(wrong: FloatArray, mask: BoolArray, bound: float) -> BoolArray:
    """Mark in every interval between keys that breaks the bound its worst frame."""
    candidates = np.where(mask, 0.0, wrong)
    interval = np.cumsum(mask, axis=0) - 1
    groups = np.arange(mask.shape[1])[None, :]
    flat = (interval * mask.shape[1] + groups).ravel()
    peak = np.zeros(flat.max() + 1)
    np.maximum.at(peak, flat, candidates.ravel())
    return (candidates >= peak[flat].reshape(mask.shape)) & (candidates > bound)


@dataclass(frozen=True)
class CurveKeys:
    """Keys of one f-curve. frames, values, slopes: (K,), a slope being the change per frame."""

    frames: FloatArray
    values: FloatArray
    slopes: FloatArray

    def points(self) -> NDArray[np.float32]:
        """(2K,) frame and value of each key in turn, as `foreach_set("co")` takes them."""
        return np.stack([self.frames, self.values], axis=1).astype(np.float32).ravel()

    def handles(self) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(2K,) left and right handles at a third of the intervals, which makes the Bezier a Hermite spline."""
        gaps = np.diff(self.frames) / 3.0
        first, last = (gaps[:1], gaps[-1:]) if len(gaps) else (np.ones(1), np.ones(1))
        left, right = np.concatenate([first, gaps]), np.concatenate([gaps, last])

        def handle(offset: FloatArray) -> NDArray[np.float32]:
            points = [self.frames + offset, self.values + offset * self.slopes]
            return np.stack(points, axis=1).astype(np.float32).ravel()

        return handle(-left), handle(right)
