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
    """Anti-diagonals, each stored by its row: what a cell needs lies on the two before.

    Index i + 1 holds row i, so that up and diagonal of row i lie at i, and left at i + 1. What lies beside a diagonal's
    own rows is infinite; only the next to them are ever read.
    """
    n, m = cost.shape
    one, two, new = (np.full(n + 2, np.inf) for _ in range(3))
    steps_one, steps_two, steps_new = (np.zeros(n + 2, dtype=np.int64) for _ in range(3))
    flipped = cost[:, ::-1]
    new[1], steps_new[1] = cost[0, 0], 1
    for d in range(1, n + m - 1):
        two, one, new = one, new, two
        steps_two, steps_one, steps_new = steps_one, steps_new, steps_two
        low, high = max(0, d - m + 1), min(d, n - 1)
        above, beside = slice(low, high + 1), slice(low + 1, high + 2)
        up, left, diagonal = one[above], one[beside], two[above]
        best = np.minimum(up, left)
        steps = np.where(up <= left, steps_one[above], steps_one[beside])
        steps = np.where(diagonal <= best, steps_two[above], steps)
        np.minimum(diagonal, best, out=best)
        np.add(best, np.diagonal(flipped, offset=m - 1 - d), out=new[beside])
        np.add(steps, 1, out=steps_new[beside])
        new[low] = new[high + 2 : high + 3] = np.inf
    return float(new[n]), int(steps_new[n])


def joint_distances(a: Array, b: Array) -> Array:
    """(N, K, 3) and (M, K, 3) to the (N, M) mean distances of the K points."""
    result = np.empty((len(a), len(b)))
    planes_a, planes_b = np.moveaxis(a, -1, 1), np.ascontiguousarray(np.moveaxis(b, -1, 0))
    gap = np.empty(planes_b.shape, dtype=np.result_type(a, b))
    x, y, z = gap
    share = np.full(a.shape[1], 1.0 / a.shape[1])
    for own, row in zip(planes_a, result, strict=True):  # a row at a time stays in the processor's cache
        np.subtract(planes_b, own[:, None], out=gap)
        np.multiply(gap, gap, out=gap)
        np.add(x, y, out=x)
        np.add(x, z, out=x)
        np.matmul(np.sqrt(x, out=x), share, out=row)
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
