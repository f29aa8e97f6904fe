"""Bringing point sets onto each other: at a joint, or by the best rotation (Procrustes, Kabsch 1976, Umeyama 1991)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]


def aligned_at(points: Array, joint: int) -> Array:
    """(..., K, 3) moved so that one of the K points lies at the origin."""
    return points - points[..., joint : joint + 1, :]


def best_rotation(covariance: Array) -> tuple[Array, Array]:
    """(..., 3, 3) covariances `sum of source point * target point` to the best rotations, and the (...) sums of
    singular values, the last one negative where the best orthogonal map would be a mirror image."""
    u, s, vt = np.linalg.svd(covariance)
    mirrored = np.linalg.det(u @ vt) < 0.0
    sign = np.where(mirrored, -1.0, 1.0).astype(covariance.dtype)
    vt[..., 2, :] *= sign[..., None]
    s[..., 2] *= sign
    return np.swapaxes(u @ vt, -1, -2), s.sum(axis=-1)


def procrustes(source: Array, target: Array, *, scale: bool = True) -> Array:
    """(..., K, 3) source points moved and turned, and with `scale` resized, to lie nearest to the target's in the least
    squares."""
    middle = target.mean(axis=-2, keepdims=True)
    a, b = source - source.mean(axis=-2, keepdims=True), target - middle
    rotation, singular = best_rotation(np.swapaxes(a, -1, -2) @ b)
    turned = a @ np.swapaxes(rotation, -1, -2)
    if scale:
        size = np.square(a).sum(axis=(-1, -2))
        turned = turned * np.where(size > 0.0, singular / np.maximum(size, 1e-30), 1.0)[..., None, None]
    return turned + middle
