"""Cloth that hangs instead of clinging: hollows are spanned, contours evened out, all a little looser."""

from __future__ import annotations

import numpy as np
from scipy.spatial import KDTree

from .linear_mesh import neighbour_mean
from .parts import FloatArray, IntArray

_SPAN_ROUNDS, _SMOOTH_ROUNDS = 120, 14
_MOST = 0.035
"""Metres that cloth may lie off the body at most."""


def draped(points: FloatArray, polygons: IntArray, hanging: FloatArray, looseness: FloatArray) -> FloatArray:
    """Offsets (N, 3) that let a symmetric garment (N, 3), polygons (F, 4), hang.

    hanging (N,): 0 where cloth follows the body, 1 where it spans hollows freely. looseness (N,): metres out of the
    surface besides. Spanning is mean-curvature flow that goes outward only.
    """
    mean = neighbour_mean(len(points), polygons)
    share = hanging[:, None]
    cloth = points.copy()
    for _ in range(_SPAN_ROUNDS):
        normal = _normals(cloth, polygons)
        outward = ((mean @ cloth - cloth) * normal).sum(axis=1, keepdims=True)
        cloth += 0.5 * share * np.maximum(outward, 0.0) * normal
        off = cloth - points
        cloth = points + off * np.minimum(1.0, _MOST / np.maximum(np.linalg.norm(off, axis=1, keepdims=True), 1e-9))
    cloth += looseness[:, None] * _normals(cloth, polygons)
    for _ in range(_SMOOTH_ROUNDS):
        cloth += 0.5 * share * (mean @ cloth - cloth)
    off = cloth - points
    partner = KDTree(points).query(points * [-1, 1, 1])[1]
    return 0.5 * (off + off[partner] * [-1, 1, 1])


def _normals(points: FloatArray, polygons: IntArray) -> FloatArray:
    """Unit normals (N, 3), area-weighted."""
    last = np.where(polygons[:, 3] >= 0, polygons[:, 3], polygons[:, 0])
    a, b, c, d = (points[i] for i in (*polygons.T[:3], last))
    face = np.cross(c - a, d - b)
    triangles = polygons[:, 3] < 0
    face[triangles] = np.cross(b - a, c - a)[triangles]
    normals = np.zeros_like(points)
    for k in range(4):
        used = polygons[:, k] >= 0
        np.add.at(normals, polygons[used, k], face[used])
    return normals / np.linalg.norm(normals, axis=1, keepdims=True)
