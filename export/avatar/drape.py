"""Cloth that hangs instead of clinging: hollows are spanned, contours evened out, and everything lies a little looser."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from .linear_mesh import corner_count
from .parts import FloatArray, IntArray

_SPAN_ROUNDS, _SMOOTH_ROUNDS = 120, 14
_MOST = 0.035
"""Metres that cloth may lie off the body at most."""


def draped(points: FloatArray, polygons: IntArray, hanging: FloatArray, looseness: FloatArray) -> FloatArray:
    """Offsets (N, 3) that let a symmetric garment (N, 3), polygons (F, 4), hang.

    hanging (N,): 0 where cloth follows the body, 1 where it spans hollows freely. looseness (N,): metres out of the
    surface besides. Spanning is mean-curvature flow that goes outward only.
    """
    mean = _neighbour_mean(len(points), polygons)
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


def _neighbour_mean(count: int, polygons: IntArray) -> sparse.csr_matrix:
    """Matrix (N, N) that takes the mean over the vertices joined by an edge; open edges' along the edge only."""
    pairs = [
        (int(p[k]), int(p[(k + 1) % corner_count(p)])) for p in polygons for k in range(corner_count(p))
    ]  # each inner edge twice, once from either side
    start, end = np.array(pairs).T
    links = sparse.csr_matrix((np.ones(len(start)), (start, end)), shape=(count, count))
    links = sparse.csr_matrix(((links + links.T) > 0).astype(float))
    return sparse.csr_matrix(sparse.diags(1.0 / np.asarray(links.sum(axis=1)).ravel()) @ links)


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
