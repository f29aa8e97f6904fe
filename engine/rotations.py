"""Rotations as arrays: axis-angle, quaternions (w, x, y, z) and matrices.

Every function works on arrays of any leading shape (...) and is vectorised.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .skeleton import JOINT_COUNT, MIRROR

Array = NDArray[np.floating]
_TINY = 1e-12


def quaternion_from_axis_angle(axis_angle: ArrayLike) -> Array:
    """(..., 3) rotation vectors in radians to (..., 4) unit quaternions, w first."""
    v = np.asarray(axis_angle, dtype=np.float64)
    angle = np.linalg.norm(v, axis=-1, keepdims=True)
    half = 0.5 * angle
    # sin(a/2)/a by its series near 0, where the quotient loses precision
    scale = np.where(angle < 1e-6, 0.5 - angle**2 / 48.0, np.sin(half) / np.maximum(angle, _TINY))
    return np.concatenate([np.cos(half), v * scale], axis=-1)


def axis_angle_from_quaternion(quaternion: ArrayLike) -> Array:
    """(..., 4) unit quaternions to the (..., 3) rotation vectors with angle in [0, pi]."""
    q = np.asarray(quaternion, dtype=np.float64)
    q = np.where(q[..., :1] < 0.0, -q, q)
    sine = np.linalg.norm(q[..., 1:], axis=-1, keepdims=True)
    angle = 2.0 * np.arctan2(sine, q[..., :1])
    scale = np.where(sine < 1e-9, 2.0, angle / np.maximum(sine, _TINY))
    return q[..., 1:] * scale


def matrix_from_quaternion(quaternion: ArrayLike) -> Array:
    """(..., 4) unit quaternions to (..., 3, 3) matrices that act on column vectors."""
    w, x, y, z = np.moveaxis(np.asarray(quaternion, dtype=np.float64), -1, 0)
    rows = [
        [1 - 2 * (y * y + z * z), 2 * (x * y - w * z), 2 * (x * z + w * y)],
        [2 * (x * y + w * z), 1 - 2 * (x * x + z * z), 2 * (y * z - w * x)],
        [2 * (x * z - w * y), 2 * (y * z + w * x), 1 - 2 * (x * x + y * y)],
    ]
    return np.stack([np.stack(row, axis=-1) for row in rows], axis=-2)


def quaternion_from_matrix(matrix: ArrayLike) -> Array:
    """(..., 3, 3) rotation matrices to (..., 4) unit quaternions with w >= 0.

    Bar-Itzhack's choice of the largest of the four candidates keeps it exact near 180 degrees.
    """
    m = np.asarray(matrix, dtype=np.float64)
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    a, b, c = m[..., 2, 1], m[..., 0, 2], m[..., 1, 0]
    d, e, f = m[..., 1, 2], m[..., 2, 0], m[..., 0, 1]
    candidates = np.stack(
        [
            np.stack([1 + xx + yy + zz, a - d, b - e, c - f], axis=-1),
            np.stack([a - d, 1 + xx - yy - zz, f + c, b + e], axis=-1),
            np.stack([b - e, f + c, 1 - xx + yy - zz, d + a], axis=-1),
            np.stack([c - f, b + e, d + a, 1 - xx - yy + zz], axis=-1),
        ],
        axis=-2,
    )
    best = np.argmax(np.diagonal(candidates, axis1=-2, axis2=-1), axis=-1)
    q = np.take_along_axis(candidates, best[..., None, None], axis=-2)[..., 0, :]
    q = q / np.linalg.norm(q, axis=-1, keepdims=True)
    return np.where(q[..., :1] < 0.0, -q, q)


def matrix_from_axis_angle(axis_angle: ArrayLike) -> Array:
    """(..., 3) rotation vectors to (..., 3, 3) matrices (Rodrigues)."""
    return matrix_from_quaternion(quaternion_from_axis_angle(axis_angle))


def axis_angle_from_matrix(matrix: ArrayLike) -> Array:
    """(..., 3, 3) rotation matrices to (..., 3) rotation vectors."""
    return axis_angle_from_quaternion(quaternion_from_matrix(matrix))


def multiply(a: ArrayLike, b: ArrayLike) -> Array:
    """Hamilton product of (..., 4) quaternions: the rotation b, then a."""
    aw, ax, ay, az = np.moveaxis(np.asarray(a, dtype=np.float64), -1, 0)
    bw, bx, by, bz = np.moveaxis(np.asarray(b, dtype=np.float64), -1, 0)
    return np.stack(
        [
            aw * bw - ax * bx - ay * by - az * bz,
            aw * bx + ax * bw + ay * bz - az * by,
            aw * by - ax * bz + ay * bw + az * bx,
            aw * bz + ax * by - ay * bx + az * bw,
        ],
        axis=-1,
    )


def conjugate(quaternion: ArrayLike) -> Array:
    """Inverse of (..., 4) unit quaternions."""
    return np.asarray(quaternion, dtype=np.float64) * np.array([1.0, -1.0, -1.0, -1.0])


def continuous(quaternions: ArrayLike) -> Array:
    """Flip signs along the first axis so that neighbours of (T, ..., 4) lie in one hemisphere.

    Without it an f-curve runs through the far side of the sphere between two equal poses.
    """
    q = np.array(quaternions, dtype=np.float64)
    if len(q) < 2:
        return q
    same = np.sum(q[1:] * q[:-1], axis=-1) >= 0.0
    signs = np.cumprod(np.where(same, 1.0, -1.0), axis=0)
    q[1:] *= signs[..., None]
    return q


def slerp(a: ArrayLike, b: ArrayLike, t: ArrayLike) -> Array:
    """Shortest-arc interpolation of (..., 4) unit quaternions at t in [0, 1] (Shoemake 1985)."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    t = np.asarray(t, dtype=np.float64)[..., None]
    dot = np.sum(a * b, axis=-1, keepdims=True)
    b = np.where(dot < 0.0, -b, b)
    theta = np.arccos(np.clip(np.abs(dot), 0.0, 1.0))
    sine = np.sin(theta)
    close = sine < 1e-6
    safe = np.where(close, 1.0, sine)
    wa = np.where(close, 1.0 - t, np.sin((1.0 - t) * theta) / safe)
    wb = np.where(close, t, np.sin(t * theta) / safe)
    q = wa * a + wb * b
    return q / np.linalg.norm(q, axis=-1, keepdims=True)


def angle_between(a: ArrayLike, b: ArrayLike) -> Array:
    """Angle in radians between the rotations (..., 4) a and b, in [0, pi]."""
    d = multiply(conjugate(a), b)
    return 2.0 * np.arctan2(np.linalg.norm(d[..., 1:], axis=-1), np.abs(d[..., 0]))


def swing_twist(quaternion: ArrayLike, axis: ArrayLike) -> tuple[Array, Array]:
    """Split (..., 4) into `swing * twist`, the twist being about the unit (..., 3) axis.

    Source: Dobrowolski, "Swing-twist decomposition in Clifford algebra", 2015.
    """
    q = np.asarray(quaternion, dtype=np.float64)
    axis = np.asarray(axis, dtype=np.float64)
    along = np.sum(q[..., 1:] * axis, axis=-1, keepdims=True) * axis
    twist = np.concatenate([q[..., :1], along], axis=-1)
    norm = np.linalg.norm(twist, axis=-1, keepdims=True)
    identity = np.zeros_like(twist)
    identity[..., 0] = 1.0
    twist = np.where(norm < 1e-9, identity, twist / np.maximum(norm, _TINY))
    return multiply(q, conjugate(twist)), twist


def mirror_poses(poses: ArrayLike) -> Array:
    """Left-right mirror of (..., 165) axis-angle poses: sides swapped, (x, y, z) to (x, -y, -z)."""
    p = np.asarray(poses, dtype=np.float64)
    joints = p.reshape(*p.shape[:-1], JOINT_COUNT, 3)[..., MIRROR, :]
    return (joints * np.array([1.0, -1.0, -1.0])).reshape(p.shape)
