"""Meshes whose vertices are fixed blends of base-mesh vertices.

Everything the avatar wears or grows is stored this way, so that every shape, expression and skin weight of the base
mesh carries over to it by one sparse product.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse

from .parts import BaseMesh, FloatArray, IntArray, MeshPart


@dataclass(frozen=True)
class LinearMesh:
    """Vertices `blend @ base + offsets`.

    blend: (N, base vertices) sparse, rows sum to 1. offsets: (N, 3) metres in the A-pose. polygons: (F, 4), -1 last
    for a triangle. uvs: (F, 4, 2) per corner. materials: a name a polygon.
    """

    blend: sparse.csr_matrix
    offsets: FloatArray
    polygons: IntArray
    uvs: FloatArray
    materials: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of vertices."""
        return len(self.offsets)

    def vertices(self, base: FloatArray) -> FloatArray:
        """Positions (N, 3) for base-mesh positions (base vertices, 3)."""
        return self.blend @ base + self.offsets

    def compact(self) -> LinearMesh:
        """The same mesh without vertices that no polygon uses, ascending ids kept in order."""
        used = np.unique(self.polygons)
        used = used[used >= 0]
        renumber = np.full(self.count + 1, -1)
        renumber[used] = np.arange(len(used))
        return LinearMesh(self.blend[used], self.offsets[used], renumber[self.polygons], self.uvs, self.materials)

    def with_material(self, material: str) -> LinearMesh:
        """The same mesh in one material."""
        return LinearMesh(self.blend, self.offsets, self.polygons, self.uvs, (material,) * len(self.polygons))


def from_base(base: BaseMesh, polygon_ids: IntArray, material: str) -> LinearMesh:
    """Some polygons of the base mesh, unchanged."""
    count = len(base.vertices)
    mesh = LinearMesh(
        sparse.csr_matrix(sparse.identity(count)),
        np.zeros((count, 3)),
        base.polygons[polygon_ids],
        base.uvs[polygon_ids],
        (material,) * len(polygon_ids),
    )
    return mesh.compact()


def from_part(part: MeshPart, base: BaseMesh) -> LinearMesh:
    """A part modelled on the base mesh, following the base vertices it names."""
    rows = np.repeat(np.arange(len(part.vertices)), 3)
    entries = (part.source_weights.ravel(), (rows, part.source_vertices.ravel()))
    blend = sparse.csr_matrix(entries, shape=(len(part.vertices), len(base.vertices)))
    offsets = part.vertices - blend @ base.vertices
    return LinearMesh(blend, offsets, part.polygons, part.uvs, part.polygon_materials())


def joined(meshes: Sequence[LinearMesh]) -> LinearMesh:
    """One mesh from several, in order; no vertices are merged."""
    starts = np.cumsum([0, *(m.count for m in meshes)])
    polygons = [np.where(m.polygons >= 0, m.polygons + s, -1) for m, s in zip(meshes, starts, strict=False)]
    return LinearMesh(
        sparse.csr_matrix(sparse.vstack([m.blend for m in meshes])),
        np.concatenate([m.offsets for m in meshes]),
        np.concatenate(polygons),
        np.concatenate([m.uvs for m in meshes]),
        tuple(name for m in meshes for name in m.materials),
    )


def corner_count(polygon: IntArray) -> int:
    """3 or 4."""
    return 3 if polygon[3] < 0 else 4


def neighbour_mean(count: int, polygons: IntArray) -> sparse.csr_matrix:
    """Matrix (count, count) that takes the mean over the vertices joined by an edge; 0 for a vertex without edges."""
    pairs = [(int(p[k]), int(p[(k + 1) % corner_count(p)])) for p in polygons for k in range(corner_count(p))]
    start, end = np.array(pairs).T
    links = sparse.csr_matrix((np.ones(len(start)), (start, end)), shape=(count, count))
    links = sparse.csr_matrix(((links + links.T) > 0).astype(float))
    degree = np.asarray(links.sum(axis=1)).ravel()
    return sparse.csr_matrix(sparse.diags(1.0 / np.maximum(degree, 1.0)) @ links)


def boundary_loops(polygons: IntArray) -> list[IntArray]:
    """Closed loops of vertex ids along the open edges, in the direction the polygons run."""
    edges: dict[int, int] = {}
    seen: set[tuple[int, int]] = set()
    for polygon in polygons:
        n = corner_count(polygon)
        seen.update((int(polygon[k]), int(polygon[(k + 1) % n])) for k in range(n))
    for a, b in seen:
        if (b, a) not in seen:
            edges[a] = b
    loops = []
    while edges:
        start, current = next(iter(edges.items()))
        del edges[start]
        loop = [start]
        while current != start:
            loop.append(current)
            current = edges.pop(current)
        loops.append(np.array(loop))
    return loops
