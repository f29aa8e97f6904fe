"""Subdividing and cutting of linear meshes; both keep vertices as blends of base vertices."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
from scipy import sparse

from .linear_mesh import LinearMesh, corner_count
from .parts import FloatArray, IntArray

_Corner = tuple[int, FloatArray]


class _Rows:
    """New vertices as sparse rows over the old ones."""

    def __init__(self, old_count: int) -> None:
        self.rows: list[dict[int, float]] = [{i: 1.0} for i in range(old_count)]
        self._old_count = old_count

    def add(self, row: dict[int, float]) -> int:
        self.rows.append(row)
        return len(self.rows) - 1

    def matrix(self) -> sparse.csr_matrix:
        i = [r for r, row in enumerate(self.rows) for _ in row]
        j = [c for row in self.rows for c in row]
        x = [w for row in self.rows for w in row.values()]
        shape = (len(self.rows), self._old_count)
        return sparse.csr_matrix((x, (i, j)), shape=shape)


def subdivided(mesh: LinearMesh, chosen: np.ndarray) -> LinearMesh:
    """Catmull-Clark step (Catmull and Clark 1978) on the chosen quads; (F,) bool.

    Vertices on the rim of the chosen region stay where they are and its edges are halved straight, so neighbours that
    aren't chosen meet it without gaps.
    """
    polygons, uvs = mesh.polygons, mesh.uvs
    rows = _Rows(mesh.count)
    edge_faces: dict[tuple[int, int], list[int]] = defaultdict(list)
    vertex_faces: dict[int, list[int]] = defaultdict(list)
    faces = np.flatnonzero(chosen).tolist()
    for f in faces:
        for k in range(4):
            edge_faces[_edge(polygons[f], k)].append(f)
            vertex_faces[int(polygons[f, k])].append(f)
    all_faces_of = _faces_by_vertex(polygons)
    face_point = {f: rows.add({int(v): 0.25 for v in polygons[f]}) for f in faces}
    edge_point = {}
    for edge, faces in edge_faces.items():
        row: dict[int, float] = defaultdict(float)
        inner = len(faces) == 2
        for v in edge:
            row[v] += 0.25 if inner else 0.5
        for f in faces if inner else []:
            for v in polygons[f]:
                row[int(v)] += 0.0625
        edge_point[edge] = rows.add(dict(row))
    _move_inner_vertices(rows, polygons, vertex_faces, all_faces_of, edge_faces)
    new_polygons, new_uvs, materials = [], [], []
    for f, polygon in enumerate(polygons):
        pieces = _split(polygon, uvs[f], face_point.get(f), edge_point)
        for ids, corners in pieces:
            new_polygons.append(ids)
            new_uvs.append(corners)
            materials.append(mesh.materials[f])
    matrix = rows.matrix()
    return LinearMesh(
        matrix @ mesh.blend, matrix @ mesh.offsets, np.array(new_polygons), np.array(new_uvs), tuple(materials)
    )


def _edge(polygon: IntArray, k: int) -> tuple[int, int]:
    a, b = int(polygon[k]), int(polygon[(k + 1) % corner_count(polygon)])
    return (a, b) if a < b else (b, a)


def _faces_by_vertex(polygons: IntArray) -> dict[int, int]:
    ids, counts = np.unique(polygons[polygons >= 0], return_counts=True)
    return dict(zip(ids.tolist(), counts.tolist(), strict=True))


def _move_inner_vertices(
    rows: _Rows,
    polygons: IntArray,
    vertex_faces: dict[int, list[int]],
    face_count: dict[int, int],
    edge_faces: dict[tuple[int, int], list[int]],
) -> None:
    neighbours: dict[int, list[int]] = defaultdict(list)
    rim = set()
    for edge, faces in edge_faces.items():
        neighbours[edge[0]].append(edge[1])
        neighbours[edge[1]].append(edge[0])
        if len(faces) != 2:
            rim.update(edge)
    for v, faces in vertex_faces.items():
        if v in rim or len(faces) != face_count[v]:
            continue
        n = len(faces)
        row: dict[int, float] = defaultdict(float)
        row[v] += (n - 3) / n
        for f in faces:
            for u in polygons[f]:
                row[int(u)] += 0.25 / n**2
        for u in neighbours[v]:
            row[v] += 1.0 / n**2
            row[u] += 1.0 / n**2
        rows.rows[v] = dict(row)


def _split(
    polygon: IntArray, uv: FloatArray, face_point: int | None, edge_point: dict[tuple[int, int], int]
) -> list[tuple[list[int], FloatArray]]:
    n = corner_count(polygon)
    if face_point is not None:
        middle = uv.mean(axis=0)
        pieces = []
        for k in range(4):
            after, before = edge_point[_edge(polygon, k)], edge_point[_edge(polygon, k - 1 if k else 3)]
            corners = np.stack([uv[k], (uv[k] + uv[(k + 1) % 4]) / 2, middle, (uv[k] + uv[k - 1]) / 2])
            pieces.append(([int(polygon[k]), after, face_point, before], corners))
        return pieces
    ring: list[_Corner] = []
    first = -1
    for k in range(n):
        ring.append((int(polygon[k]), uv[k]))
        halved = edge_point.get(_edge(polygon, k))
        if halved is not None:
            first = len(ring)
            ring.append((halved, (uv[k] + uv[(k + 1) % n]) / 2))
    if first < 0:
        return [(polygon.tolist(), uv)]
    return fan(ring[first:] + ring[:first])


def fan(ring: list[_Corner]) -> list[tuple[list[int], FloatArray]]:
    """Quads (and one triangle at most) around the first corner of a convex polygon of 3 corners or more."""
    pieces = []
    k = 1
    while k < len(ring) - 1:
        corners = [ring[0], *ring[k : k + 3]]
        k += 2
        ids = [v for v, _ in corners]
        uv = np.stack([c for _, c in corners])
        if len(ids) == 3:
            ids, uv = [*ids, -1], np.concatenate([uv, uv[:1]])
        pieces.append((ids, uv))
    return pieces


def clipped(mesh: LinearMesh, field: FloatArray) -> LinearMesh:
    """The part where the vertex field (N,) is positive, cut straight through polygons (Sutherland and Hodgman 1974)."""
    rows = _Rows(mesh.count)
    crossings: dict[tuple[int, int], int] = {}
    polygons, uvs, materials = [], [], []
    for f, polygon in enumerate(mesh.polygons):
        n = corner_count(polygon)
        ring: list[_Corner] = []
        for k in range(n):
            a, b = int(polygon[k]), int(polygon[(k + 1) % n])
            if field[a] > 0:
                ring.append((a, mesh.uvs[f, k]))
            if (field[a] > 0) != (field[b] > 0):
                t = field[a] / (field[a] - field[b])
                edge = (a, b) if a < b else (b, a)
                if edge not in crossings:
                    crossings[edge] = rows.add({a: 1 - t, b: t})
                ring.append((crossings[edge], (1 - t) * mesh.uvs[f, k] + t * mesh.uvs[f, (k + 1) % n]))
        for ids, corners in fan(ring) if len(ring) >= 3 else []:
            polygons.append(ids)
            uvs.append(corners)
            materials.append(mesh.materials[f])
    matrix = rows.matrix()
    cut = LinearMesh(matrix @ mesh.blend, matrix @ mesh.offsets, np.array(polygons), np.array(uvs), tuple(materials))
    return cut.compact()
