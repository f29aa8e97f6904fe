"""Hair as a closed cap under many locks, both following the fields of `hairline`, and a coiled bun."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.spatial import KDTree

from ..parts import BaseMesh, FloatArray, IntArray, MeshPart
from .face import MM, Face
from .hairline import BUN, Field, fields, fringe
from .headmap import HeadMap
from .noise import smoothstep

CAP_STEPS = {"right": (20, 20), "left": (14, 20), "nape": (16, 9)}
LOCKS = {"right": 40, "left": 28, "nape": 14, "fringe": 13}
LOCK_ROWS = 12
SEED = 7
ROOT_DEPTH = 2.5 * MM
"""How far under the skin hair starts, so that no edge of it shows."""
STRAND_LENGTH = 0.36
"""Metres of hair that half the texture's height shows."""


@dataclass
class _Sheet:
    """Geometry under way: vertices, polygons and coordinates of one piece."""

    vertices: FloatArray
    polygons: IntArray
    uvs: FloatArray


def hair(base: BaseMesh, head: HeadMap, face: Face) -> MeshPart:
    """The whole hairdo, material "hair", following the scalp beneath it."""
    rng = np.random.default_rng(SEED)
    sheets = []
    for field in fields(head, face):
        sheets.append(_cap(field, head))
        ranks = np.linspace(0.015, 0.985, LOCKS[field.name])
        sheets += [_lock(field, head, s, rng) for s in ranks]
    swept = fringe(head, face)
    sheets += [_lock(swept, head, s, rng) for s in np.linspace(0.0, 1.0, LOCKS["fringe"])]
    sheets.append(_bun(head))
    vertices = np.concatenate([sheet.vertices for sheet in sheets])
    offsets = np.cumsum([0] + [len(sheet.vertices) for sheet in sheets])
    polygons = np.concatenate([s.polygons + o for s, o in zip(sheets, offsets[:-1], strict=True)])
    uvs = np.concatenate([sheet.uvs for sheet in sheets])
    source, weights = follow_scalp(base, vertices, head)
    return MeshPart("hair", "hair", vertices, polygons, uvs, source, weights)


def thickness(field: Field, s: FloatArray, t: FloatArray) -> FloatArray:
    """Height (N,) of the hair's surface over the skin: thin at the edges, full on top and above the ears."""
    rise = smoothstep(-0.02, 0.30, t)
    full = {"right": 13.0, "left": 11.5, "nape": 5.0, "fringe": 14.0}[field.name] * MM
    if field.name == "fringe":
        return 1.0 * MM + full * smoothstep(-0.06, 0.16, t) * (
            1 - 0.72 * smoothstep(0.05, 0.26, t) * smoothstep(0.75, 0.5, t)
        )
    if field.name == "nape":
        return 1.0 * MM + full * rise
    edge = smoothstep(-0.08, 0.35, s)
    valley = 1 - 0.55 * smoothstep(0.80, 1.0, s) * smoothstep(0.75, 0.2, t)
    return 1.0 * MM + full * rise * edge * valley


def _cap(field: Field, head: HeadMap) -> _Sheet:
    """The closed underlayer, a millimetre below the locks."""
    across, along = CAP_STEPS[field.name]
    s, t = (x.ravel() for x in np.meshgrid(np.linspace(0, 1, across), np.linspace(0, 1, along), indexing="ij"))
    lift = thickness(field, s, t) - 1.0 * MM - ROOT_DEPTH * smoothstep(0.025, 0.0, t)
    vertices = head.surface(field.at(s, t), lift)
    along_mm = _lengths(vertices.reshape(across, along, 3))
    uv = np.stack([s * 2.0, 0.5 + 0.5 * along_mm.ravel()], axis=1)
    return _grid_sheet(vertices, uv, across, along, outward_of=head.centre)


def _lock(field: Field, head: HeadMap, rank: float, rng: np.random.Generator) -> _Sheet:
    """A tapered ribbon, arched across, that starts at the root and ends in the bun."""
    start = float(np.clip(rng.uniform(-0.02, 0.04), 0, 1))
    t = np.linspace(start, rng.uniform(0.93, 1.0), LOCK_ROWS)
    width = rng.uniform(0.030, 0.055) * {"nape": 1.6, "fringe": 2.4}.get(field.name, 1.0)
    taper = (
        1.0 - 0.9 * t
        if field.name == "wisps"
        else 0.55 + 0.45 * np.sin(np.pi * np.clip((t - start) / (1 - start), 0, 1)) ** 0.7
    )
    sway = rng.normal(0, 0.008) * np.sin(2 * np.pi * (t - start) + rng.uniform(0, 6))
    s = rank + sway + np.array([-1.0, 0.0, 1.0])[:, None] * width * taper
    s = np.clip(s, 0.0, 1.0)
    tt = np.tile(t, (3, 1))
    base = thickness(field, s.ravel(), tt.ravel()).reshape(3, -1)
    raised = rng.uniform(0.0, 1.1) * MM * smoothstep(0.0, 0.2, t - start)
    arch = np.array([-1.2, 0.5, -1.2])[:, None] * MM * smoothstep(-0.05, 0.15, t - start)
    rooted = ROOT_DEPTH * smoothstep(0.03, 0.0, t - start)
    vertices = head.surface(field.at(s.ravel(), tt.ravel()), (base + raised + arch - rooted).ravel())
    u0 = rng.uniform(0, 1)
    u = np.broadcast_to(u0 + np.array([0.0, 0.06, 0.12])[:, None], (3, LOCK_ROWS))
    v = 0.5 * _lengths(vertices.reshape(3, LOCK_ROWS, 3))
    uv = np.stack([u.ravel(), v.ravel()], axis=1)
    return _grid_sheet(vertices, uv, 3, LOCK_ROWS, outward_of=head.centre)


def _lengths(paths: FloatArray) -> FloatArray:
    """Length from the root along each of (P, K, 3) paths as a share of `STRAND_LENGTH`, under 1: (P, K)."""
    steps = np.linalg.norm(np.diff(paths, axis=1), axis=2)
    total = np.concatenate([np.zeros((len(paths), 1)), np.cumsum(steps, axis=1)], axis=1)
    return np.minimum(total / STRAND_LENGTH, 0.995)


def _grid_sheet(vertices: FloatArray, uv: FloatArray, across: int, along: int, outward_of: FloatArray) -> _Sheet:
    """Quads over a grid of (across, along) vertices, turned to face away from a point."""
    i, j = (x.ravel() for x in np.meshgrid(np.arange(across - 1), np.arange(along - 1), indexing="ij"))
    a = i * along + j
    polygons = np.stack([a, a + 1, a + along + 1, a + along], axis=1)
    corners = vertices[polygons]
    normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1]).sum(axis=0)
    if normal @ (corners.mean(axis=(0, 1)) - outward_of) < 0:
        polygons = polygons[:, ::-1]
    return _Sheet(vertices, polygons, uv[polygons])


def _bun(head: HeadMap) -> _Sheet:
    """A tube coiled twice around itself, flattened against the back of the head."""
    turns, steps, ring = 2.1, 52, 12
    a = np.linspace(0, turns * 2 * np.pi, steps)
    share = a / a[-1]
    radius = 22 * MM * (1 - share) + 2 * MM * share
    tube = (15 * MM) * (1 - 0.25 * share) * smoothstep(-0.02, 0.05, share) + 1 * MM
    anchor = head.surface(np.array([BUN]), 15 * MM)[0]
    outward = anchor - head.centre
    outward[0] = 0.0
    outward[1] *= 0.5
    outward /= np.linalg.norm(outward)
    right = np.array([1.0, 0.0, 0.0])
    up = np.cross(outward, right)
    centre = anchor + radius[:, None] * (np.cos(a)[:, None] * right + np.sin(a)[:, None] * up)
    centre = centre + (12 * MM * share**1.5)[:, None] * outward
    along = np.gradient(centre, axis=0)
    along /= np.linalg.norm(along, axis=1, keepdims=True)
    side = np.cross(along, outward)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    around = np.linspace(0, 2 * np.pi, ring)
    twist = around[None, :] + 0.6 * a[:, None]
    vertices = centre[:, None] + tube[:, None, None] * (
        np.cos(around)[None, :, None] * side[:, None] + 0.85 * np.sin(around)[None, :, None] * outward
    )
    u = twist / (2 * np.pi) * 0.8
    v = 0.55 + 0.40 * (0.5 + 0.5 * np.cos(share * 9))[:, None] * np.ones(ring)
    uv = np.stack([u.ravel(), v.ravel()], axis=1)
    sheet = _grid_sheet(vertices.reshape(-1, 3), uv, steps, ring, outward_of=head.centre)
    return _outward_tube(sheet, np.repeat(centre, ring, axis=0))


def _outward_tube(sheet: _Sheet, axis: FloatArray) -> _Sheet:
    """Turn a tube's polygons so that they face away from its axis (a point for each vertex)."""
    corners = sheet.vertices[sheet.polygons]
    normal = np.cross(corners[:, 2] - corners[:, 0], corners[:, 3] - corners[:, 1])
    outward = (corners - axis[sheet.polygons]).mean(axis=1)
    if (normal * outward).sum() < 0:
        return _Sheet(sheet.vertices, sheet.polygons[:, ::-1], sheet.uvs[:, ::-1])
    return sheet


def follow_scalp(base: BaseMesh, vertices: FloatArray, head: HeadMap) -> tuple[IntArray, FloatArray]:
    """Three nearest skull vertices and inverse-distance weights (N, 3) of each hair vertex.

    Only vertices above the jaw's height and behind the face serve, so that hair is rigid with the head.
    """
    ids = base.group_vertices("body")
    points = base.vertices[ids]
    skull = (points[:, 1] > head.centre[1] - 10 * MM) & (points[:, 2] < head.centre[2] + 75 * MM)
    tree = KDTree(points[skull])
    distance, nearest = tree.query(vertices, k=3)
    weights = 1.0 / np.maximum(distance, 1e-5)
    return ids[skull][nearest], weights / weights.sum(axis=1, keepdims=True)
