"""Small vector and matrix helpers shared by the synthesiser; every function is vectorised over leading axes."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]

UP = np.array([0.0, 1.0, 0.0])
FORWARD = np.array([0.0, 0.0, 1.0])
_EYE = np.eye(3)


def cross(a: ArrayLike, b: ArrayLike) -> Array:
    """Cross product of (..., 3) vectors; several times faster than NumPy's on small arrays."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    ax, ay, az = a[..., 0], a[..., 1], a[..., 2]
    bx, by, bz = b[..., 0], b[..., 1], b[..., 2]
    first = ay * bz - az * by
    result = np.empty((*np.shape(first), 3))
    result[..., 0], result[..., 1], result[..., 2] = first, az * bx - ax * bz, ax * by - ay * bx
    return result


def unit(vector: ArrayLike) -> Array:
    """(..., 3) vectors scaled to length 1; zero vectors stay zero."""
    v = np.asarray(vector, dtype=np.float64)
    return v / np.maximum(np.sqrt(np.sum(v * v, axis=-1, keepdims=True)), 1e-12)


def vertex_normals(vertices: Array, faces: NDArray[np.integer]) -> Array:
    """(V, 3) unit normals of a mesh's vertices: the mean of those of the faces (F, 3) around, by their areas."""
    corners = vertices[faces]
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros_like(vertices)
    for corner in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(faces[:, corner], face[:, axis], len(total))
    return unit(total)


def across(vector: ArrayLike, axis: ArrayLike) -> Array:
    """Unit part of (..., 3) vectors at right angles to the unit `axis`."""
    v, a = np.asarray(vector, dtype=np.float64), np.asarray(axis, dtype=np.float64)
    return unit(v - np.sum(v * a, axis=-1, keepdims=True) * a)


def about(axis: ArrayLike, angle: ArrayLike) -> Array:
    """Rotation matrices (..., 3, 3) by `angle` (...) radians about one unit axis (3,) (Rodrigues)."""
    x, y, z = np.asarray(axis, dtype=np.float64)
    k = np.array([[0.0, -z, y], [z, 0.0, -x], [-y, x, 0.0]])
    a = np.asarray(angle, dtype=np.float64)[..., None, None]
    return _EYE + np.sin(a) * k + (1.0 - np.cos(a)) * (k @ k)


def basis(first: ArrayLike, second: ArrayLike) -> Array:
    """Matrices (..., 3, 3) whose columns are `first`, the part of `second` across it, and their cross product.

    `first` must be unit vectors.
    """
    a = np.asarray(first, dtype=np.float64)
    b = across(second, a)
    c = cross(a, b)
    result = np.empty((*c.shape, 3))
    result[..., 0], result[..., 1], result[..., 2] = a, b, c
    return result


def apply(matrix: Array, vector: ArrayLike) -> Array:
    """(..., 3, 3) matrices times (..., 3) vectors."""
    return np.einsum("...ij,...j->...i", matrix, np.asarray(vector, dtype=np.float64))


def transposed(matrix: Array) -> Array:
    """Inverse of rotation matrices (..., 3, 3)."""
    return np.swapaxes(matrix, -1, -2)


def soft_clamp(value: ArrayLike, low: ArrayLike, high: ArrayLike, margin: ArrayLike) -> Array:
    """Clamp into [low, high] without a corner: the identity up to `margin` before a limit, then a smooth approach.

    The first two derivatives are continuous (tanh has no second derivative at 0).
    """
    v = np.asarray(value, dtype=np.float64)
    low, high, margin = np.asarray(low), np.asarray(high), np.asarray(margin)
    over, under = v - (high - margin), (low + margin) - v
    return np.where(
        over > 0.0,
        (high - margin) + margin * np.tanh(over / margin),
        np.where(under > 0.0, (low + margin) - margin * np.tanh(under / margin), v),
    )


def smoothstep(value: ArrayLike, low: float, high: float) -> Array:
    """0 below `low`, 1 above `high`, with two continuous derivatives between (Perlin 2002)."""
    u = np.clip((np.asarray(value, dtype=np.float64) - low) / (high - low), 0.0, 1.0)
    return u * u * u * (10.0 + u * (6.0 * u - 15.0))
