"""How deep fingers lie inside of each other and of the palm, on a body's mesh.

A hand's skin is cut into six solids, the five fingers and the palm (with the thumb's root), each closed by a cap over
every opening. A vertex lies inside of a solid when the generalised winding number about it (Jacobson et al. 2013; solid
angles of van Oosterom and Strackee 1983) is over one half; its depth is the distance to the nearest triangle of the
solid's skin, caps not counted. Skin that the two share at a joint folds when it bends and would always count: vertices
that lie within `NEIGHBOUR` of the other solid, measured along the skin, are left out, and against the palm the whole
first segment of a finger, which grows out of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..body import BodyModel
from ..lexicon.synthesis.rig import WRIST
from ..skeleton import JOINT_INDEX

Array = NDArray[np.floating]
IntArray = NDArray[np.integer]

NEIGHBOUR = 0.012
"""Metres along the skin."""
PARTS = ("index", "middle", "ring", "pinky", "thumb", "palm")


@dataclass(frozen=True)
class Contact:
    """A finger that lies inside of another part, and how deep, in metres."""

    finger: str
    part: str
    depth: float


@dataclass(frozen=True)
class _Solid:
    faces: IntArray
    """(F, 3) skin."""
    caps: tuple[IntArray, ...]
    """Loops (N,) of vertices about the openings."""


class HandSolids:
    """The six solids of one hand of a body."""

    def __init__(self, body: BodyModel, side: str = "right", betas: ArrayLike | None = None) -> None:
        label = _labels(body, side)
        of_face = _face_labels(label[body.faces])
        self.solids = {p: _solid(body.faces[of_face == k]) for k, p in enumerate(PARTS)}
        rest = body.rest_vertices(betas)
        hand = body.faces[of_face >= 0]
        bone = np.argmax(body.weights, axis=1)
        self._tested: dict[tuple[str, str], IntArray] = {}
        for part in PARTS:
            near = _within(rest, hand, np.unique(self.solids[part].faces), NEIGHBOUR)
            for k, finger in enumerate(PARTS[:-1]):
                if finger == part:
                    continue
                tested = (label == k) & ~near
                if part == "palm":
                    tested &= bone != JOINT_INDEX[f"{side}_{finger}{2 if finger == 'thumb' else 1}"]
                self._tested[finger, part] = np.flatnonzero(tested)

    def contacts(self, vertices: Array, least: float = 0.0) -> list[Contact]:
        """Where posed vertices (V, 3) of one part lie deeper than `least` in another, the deepest first."""
        vertices = np.asarray(vertices, dtype=np.float64)
        found = [Contact(f, p, self._depth(vertices, ids, self.solids[p])) for (f, p), ids in self._tested.items()]
        return sorted((c for c in found if c.depth > least), key=lambda c: -c.depth)

    def _depth(self, vertices: Array, ids: IntArray, solid: _Solid) -> float:
        skin = vertices[solid.faces]
        points = vertices[ids]
        low, high = skin.min(axis=(0, 1)), skin.max(axis=(0, 1))
        points = points[np.all((points > low) & (points < high), axis=1)]
        if not len(points):
            return 0.0
        closed = np.concatenate([skin, *(_fan(vertices[loop]) for loop in solid.caps)])
        inside = points[winding_numbers(points, closed) > 0.5]
        return float(distances(inside, skin).max(initial=0.0))


def _labels(body: BodyModel, side: str) -> IntArray:
    """(V,) index into PARTS of the part that each vertex belongs to most; -1 off the hand."""
    bone = np.argmax(body.weights, axis=1)
    label = np.full(len(bone), -1)
    for k, finger in enumerate(PARTS[:-1]):
        segments = [JOINT_INDEX[f"{side}_{finger}{i}"] for i in ((2, 3) if finger == "thumb" else (1, 2, 3))]
        label[np.isin(bone, segments)] = k
    label[np.isin(bone, [WRIST[side], JOINT_INDEX[f"{side}_thumb1"]])] = PARTS.index("palm")
    return label


def _face_labels(corners: IntArray) -> IntArray:
    """The label that most corners (F, 3) of a face have, the lowest at a tie; -1 when a corner is off the hand."""
    middle = np.sort(corners, axis=1)[:, 1]
    agree = (corners == middle[:, None]).sum(axis=1) > 1
    return np.where(corners.min(axis=1) < 0, -1, np.where(agree, middle, corners.min(axis=1)))


def _solid(faces: IntArray) -> _Solid:
    return _Solid(faces, tuple(_loops(faces)))


def _loops(faces: IntArray) -> Iterable[IntArray]:
    """The rims of a triangle mesh's openings, each against the faces' direction so that a fan over it closes it."""
    edges = {(int(a), int(b)) for t in faces for a, b in ((t[0], t[1]), (t[1], t[2]), (t[2], t[0]))}
    onward: dict[int, list[int]] = {}
    for a, b in edges:
        if (b, a) not in edges:
            onward.setdefault(b, []).append(a)
    while onward:
        start = at = next(iter(onward))
        loop = []
        while True:
            loop.append(at)
            following = onward[at]
            at, nxt = following.pop(), at
            if not following:
                del onward[nxt]
            if at == start:
                break
        yield np.array(loop)


def _fan(rim: Array) -> Array:
    """(N, 3, 3) triangles from the middle of a rim (N, 3) to its edges."""
    middle = np.broadcast_to(rim.mean(axis=0), rim.shape)
    return np.stack([middle, rim, np.roll(rim, -1, axis=0)], axis=1)


def _within(points: Array, faces: IntArray, sources: IntArray, distance: float) -> NDArray[np.bool_]:
    """Whether each vertex can be reached from `sources` along edges within a distance (Bellman-Ford)."""
    pairs = np.concatenate([faces[:, [0, 1]], faces[:, [1, 2]], faces[:, [2, 0]]])
    a, b = np.concatenate([pairs, pairs[:, ::-1]]).T
    length = np.linalg.norm(points[a] - points[b], axis=1)
    reach = np.full(len(points), np.inf)
    reach[sources] = 0.0
    while True:
        before = reach.copy()
        np.minimum.at(reach, b, before[a] + length)
        if np.array_equal(reach, before) or np.all(reach[reach > before.max(initial=0.0)] > distance):
            return reach <= distance


def winding_numbers(points: Array, triangles: Array) -> Array:
    """Generalised winding numbers (P,) of a surface of triangles (F, 3, 3) about points (P, 3)."""
    a, b, c = (triangles[None, :, k] - points[:, None] for k in range(3))
    la, lb, lc = (np.linalg.norm(x, axis=-1) for x in (a, b, c))
    top = np.einsum("pfk,pfk->pf", a, np.cross(b, c))
    bottom = la * lb * lc + (a * b).sum(-1) * lc + (b * c).sum(-1) * la + (c * a).sum(-1) * lb
    return np.arctan2(top, bottom).sum(axis=1) / (2.0 * np.pi)


def distances(points: Array, triangles: Array) -> Array:
    """Distances (P,) from points (P, 3) to the nearest of triangles (F, 3, 3), on their faces, edges or corners."""
    if not len(points):
        return np.zeros(0)
    nearest = np.full(len(points), np.inf)
    for k in range(3):
        start, edge = triangles[:, k], triangles[:, (k + 1) % 3] - triangles[:, k]
        away = points[:, None] - start
        along = np.clip((away * edge).sum(-1) / np.maximum((edge * edge).sum(-1), 1e-18), 0.0, 1.0)
        nearest = np.minimum(nearest, np.linalg.norm(away - along[..., None] * edge, axis=-1).min(axis=1))
    a, b, c = triangles.transpose(1, 0, 2)
    normal = np.cross(b - a, c - a)
    area = np.maximum((normal * normal).sum(-1), 1e-30)
    away = points[:, None] - a
    height = (away * normal).sum(-1) / np.sqrt(area)
    over = away - (height / np.sqrt(area))[..., None] * normal
    u = (np.cross(over, c - a) * normal).sum(-1) / area
    v = (np.cross(b - a, over) * normal).sum(-1) / area
    return np.minimum(nearest, np.where((u >= 0) & (v >= 0) & (u + v <= 1), np.abs(height), np.inf).min(axis=1))
