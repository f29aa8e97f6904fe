"""Dynamic time warping, exact and vectorised along anti-diagonals (Sakoe & Chiba 1978, steps of one, no window)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .alignment import aligned_at, best_rotation

Array = NDArray[np.floating]

_ROWS_AT_ONCE = 32
"""Rows of a cost matrix that are worked out together: bounds memory."""


def dtw(cost: Array) -> tuple[float, int]:
    """The least sum of an (N, M) cost matrix along a monotone path from corner to corner, and the path's length.

    Of paths with the same sum it is the one that goes diagonally where it can. Raises `ValueError` for an empty matrix
    or one with numbers that aren't finite.
    """
    n, m = cost.shape
    if not n or not m or not np.isfinite(cost).all():
        raise ValueError(f"A cost matrix of {n} by {m} finite numbers can't be warped.")
    total, length = _accumulated(cost)
    return total, length


def _accumulated(cost: Array) -> tuple[float, int]:
    """Anti-diagonals, each stored by its row: what a cell needs lies on the two before."""
    n, m = cost.shape
    inf = np.inf
    one, two = np.full(n + 1, inf), np.full(n + 1, inf)
    steps_one, steps_two = np.zeros(n + 1, dtype=np.int64), np.zeros(n + 1, dtype=np.int64)
    flipped = cost[:, ::-1]
    for d in range(n + m - 1):
        low, high = max(0, d - m + 1), min(d, n - 1)
        rows = np.arange(low, high + 1)
        own = np.diagonal(flipped, offset=m - 1 - d)
        if d == 0:
            best, steps = np.zeros(1), np.zeros(1, dtype=np.int64)
        else:  # index i + 1 holds row i: up is row i - 1 of the diagonal before, left is row i of it
            came = np.stack([two[rows], one[rows], one[rows + 1]])
            pick = came.argmin(axis=0)
            best = came[pick, np.arange(len(rows))]
            steps = np.stack([steps_two[rows], steps_one[rows], steps_one[rows + 1]])[pick, np.arange(len(rows))]
        new, new_steps = np.full(n + 1, inf), np.zeros(n + 1, dtype=np.int64)
        new[rows + 1], new_steps[rows + 1] = best + own, steps + 1
        two, one, steps_two, steps_one = one, new, steps_one, new_steps
    return float(one[n]), int(steps_one[n])


def joint_distances(a: Array, b: Array) -> Array:
    """(N, K, 3) and (M, K, 3) to the (N, M) mean distances of the K points."""
    result = np.empty((len(a), len(b)))
    planes_a, planes_b = (np.ascontiguousarray(np.moveaxis(x, -1, 0)) for x in (a, b))
    for i in range(len(a)):  # a row at a time stays in the processor's cache
        squared = np.zeros(b.shape[:2], dtype=np.result_type(a, b))
        for x, y in zip(planes_a, planes_b, strict=True):
            gap = y - x[i]
            squared += np.multiply(gap, gap, out=gap)
        result[i] = np.sqrt(squared, out=squared).mean(axis=1)
    return result


def procrustes_distances(a: Array, b: Array, *, scale: bool = False) -> Array:
    """(N, K, 3) and (M, K, 3) to the (N, M) mean distances after bringing each frame of a onto each of b.

    Rigidly, or with `scale` also resized.
    """
    a = a - a.mean(axis=1, keepdims=True)
    b = b - b.mean(axis=1, keepdims=True)
    size = np.square(a).sum(axis=(1, 2))
    result = np.empty((len(a), len(b)))
    for begin in range(0, len(a), _ROWS_AT_ONCE):
        part = a[begin : begin + _ROWS_AT_ONCE]
        rotation, singular = best_rotation(np.einsum("nks,mkt->nmst", part, b))
        turned = np.swapaxes(part[:, None] @ np.swapaxes(rotation, -1, -2), -1, -2)
        if scale:
            turned = turned * (singular / np.maximum(size[begin : begin + _ROWS_AT_ONCE, None], 1e-30))[..., None, None]
        gap = turned - np.swapaxes(b, -1, -2)[None]
        result[begin : begin + _ROWS_AT_ONCE] = np.sqrt(np.einsum("nmsk,nmsk->nmk", gap, gap)).mean(axis=-1)
    return result


def dtw_jpe(predicted: Array, truth: Array, root: int) -> tuple[float, int]:
    """DTW-JPE: least sum of mean joint distances of (N, K, 3) and (M, K, 3), each frame aligned at one joint, and the
    path's length. The published figure is the sum, in metres."""
    return dtw(joint_distances(aligned_at(predicted, root), aligned_at(truth, root)))


def dtw_pa_jpe(predicted: Array, truth: Array, *, scale: bool = False) -> tuple[float, int]:
    """DTW-PA-JPE: as `dtw_jpe`, every pair of frames aligned by the best rotation."""
    return dtw(procrustes_distances(predicted, truth, scale=scale))
