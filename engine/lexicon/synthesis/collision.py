"""Keeping hands out of the body: a coarse signed distance of head, trunk and thighs, and sample points of the hands.

The field is that of the resting body. It is found from the skin's vertices and normals in a band about the skin;
farther away it is empty.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...skeleton import JOINT_INDEX
from .frames import apply
from .rig import HAND, SIDES, WRIST, Posed, Rig, Skin, arm_joints

Array = NDArray[np.floating]

CELL = 0.0125
BAND = 5
"""Cells on each side of the skin that hold distances."""
HAND_SAMPLES = 128
_PAIRS = 1 << 21
"""Pairs of points whose distances are worked out at once."""
_PIERCING = 60
"""Points of the other hand that are looked for inside of a hand."""
_THICK = 0.025
"""Half the thickness of a hand or forearm in metres, at most."""


class BodyField:
    """Signed distance to the resting body without arms, positive outside, in metres."""

    def __init__(self, rig: Rig) -> None:
        limbs = [j for side in SIDES for j in arm_joints(side)]
        legs = [JOINT_INDEX[f"{side}_{n}"] for side in SIDES for n in ("knee", "ankle", "foot")]
        inner = [JOINT_INDEX[n] for n in ("left_eye_smplhf", "right_eye_smplhf")]
        used = ~np.isin(rig.bone, [*limbs, *legs, *inner])
        points, normals = rig.vertices[used], vertex_normals(rig)[used]
        self.origin = points.min(axis=0) - CELL * (BAND + 1)
        self.shape = np.ceil((points.max(axis=0) - self.origin) / CELL).astype(int) + BAND + 2
        points, normals, cells = self._one_a_cell(points, normals)
        distance = self._spread(points, normals, cells)
        gradient = np.stack(list(np.gradient(distance, CELL)), axis=-1)
        # far inside all is equally deep: the way out is where hands come from
        gradient[(distance <= -CELL * BAND) & (np.sum(gradient**2, axis=-1) < 1e-6)] = (0.0, 0.0, 1.0)
        self._field = np.concatenate([distance[..., None], gradient], axis=-1).reshape(-1, 4).astype(np.float32)

    def _one_a_cell(self, points: Array, normals: Array) -> tuple[Array, Array, NDArray[np.integer]]:
        """Mean point and normal of the vertices in each cell; only the outermost skin counts in a cell."""
        cells = np.floor((points - self.origin) / CELL).astype(int)
        key = np.asarray(np.ravel_multi_index(tuple(cells.T), tuple(self.shape)))
        unique, inverse = np.unique(np.asarray(key), return_inverse=True)
        count = np.bincount(inverse)[:, None]

        def mean(values: Array) -> Array:
            return np.stack([np.bincount(inverse, weights=c) for c in values.T], axis=1) / count

        normal = mean(normals)
        length = np.linalg.norm(normal, axis=1)
        # folds (lips, lids, layers of clothing) have normals that cancel: they say nothing of the outside
        keep = length > 0.5
        cells = np.stack(np.unravel_index(unique[keep], tuple(self.shape)), axis=1)
        return mean(points)[keep], normal[keep] / length[keep, None], cells

    def _spread(self, points: Array, normals: Array, cells: NDArray[np.integer]) -> Array:
        nearest = np.full(int(np.prod(self.shape)), np.inf)
        signed = np.full(len(nearest), CELL * BAND)
        steps = np.stack(np.meshgrid(*[np.arange(-BAND, BAND + 1)] * 3, indexing="ij"), axis=-1).reshape(-1, 3)
        for step in steps[np.sum(steps**2, axis=1) <= BAND**2]:
            cell = cells + step
            away = self.origin + (cell + 0.5) * CELL - points
            square = np.sum(away**2, axis=1)
            at = np.asarray(np.ravel_multi_index(tuple(cell.T), tuple(self.shape)))
            better = square < nearest[at]
            nearest[at[better]] = square[better]
            along, length = np.sum(away[better] * normals[better], axis=1), np.sqrt(square[better])
            # beside the rim where an arm was left out a cell is behind the skin's plane, but not inside
            beside = (along < 0.0) & (-along < 0.6 * length) & (length > 1.5 * CELL)
            signed[at[better]] = np.where(beside, length, along)
        signed = np.clip(signed, -CELL * BAND, CELL * BAND)
        return self._filled(signed.reshape(tuple(self.shape)), np.isfinite(nearest).reshape(tuple(self.shape)))

    @staticmethod
    def _filled(signed: Array, known: NDArray[np.bool_]) -> Array:
        """Cells beyond the band lie as deep as it goes when the skin before and behind them faces away from them."""
        depth = np.arange(signed.shape[2])
        before = np.maximum.accumulate(np.where(known, depth, 0), axis=2)
        behind = np.minimum.accumulate(np.where(known, depth, depth[-1])[..., ::-1], axis=2)[..., ::-1]
        inner = [np.take_along_axis(signed, at, axis=2) < 0.0 for at in (before, behind)]
        return np.where(known, signed, np.where(inner[0] & inner[1], -CELL * BAND, CELL * BAND))

    def near(self, points: Array, distance: float) -> NDArray[np.bool_]:
        """Whether points (..., 3) lie in the body's box or within `distance` of it."""
        high = self.origin + CELL * self.shape
        return np.all((points > self.origin - distance) & (points < high + distance), axis=-1)

    def sample(self, points: Array) -> tuple[Array, Array]:
        """Distance (...) and outward direction (..., 3) at points (..., 3), trilinear."""
        at = ((points - self.origin) / CELL - 0.5).astype(np.float32)
        inside = np.all((at >= 0.0) & (at < self.shape - 1.001), axis=-1)
        distance = np.full(inside.shape, CELL * BAND)
        outward = np.zeros((*inside.shape, 3))
        at = at[inside]
        low = at.astype(np.int32)
        high = at - low
        rest = 1.0 - high
        ny, nz = int(self.shape[1]), int(self.shape[2])
        base = (low[:, 0] * ny + low[:, 1]) * nz + low[:, 2]
        total = np.zeros((len(base), 4), dtype=np.float32)
        for dx in (0, 1):
            wx = high[:, 0] if dx else rest[:, 0]
            for dy in (0, 1):
                wy = wx * (high[:, 1] if dy else rest[:, 1])
                for dz in (0, 1):
                    w = wy * (high[:, 2] if dz else rest[:, 2])
                    total += w[:, None] * self._field[base + (dx * ny + dy) * nz + dz]
        distance[inside] = total[:, 0]
        gradient = total[:, 1:]
        length = np.sqrt(np.einsum("pi,pi->p", gradient, gradient))
        outward[inside] = gradient / np.maximum(length, 1e-9)[:, None]
        return distance, outward


def vertex_normals(rig: Rig) -> Array:
    """(V, 3) unit normals of the rest mesh, area weighted."""
    corners = rig.vertices[rig.faces]
    face = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    total = np.zeros_like(rig.vertices)
    for corner in range(3):
        for axis in range(3):
            total[:, axis] += np.bincount(rig.faces[:, corner], face[:, axis], len(total))
    return total / np.maximum(np.linalg.norm(total, axis=1, keepdims=True), 1e-12)


def hand_samples(rig: Rig, side: str) -> Skin:
    """Points spread evenly over a hand's skin."""
    part = HAND[side]
    ids = np.flatnonzero(np.isin(rig.bone, [WRIST[side], *range(part.start, part.stop)]))
    return rig.bind(_spread_evenly(rig, ids, HAND_SAMPLES)[:, None], np.ones((HAND_SAMPLES, 1)))


def _spread_evenly(rig: Rig, ids: NDArray[np.integer], count: int) -> NDArray[np.integer]:
    """`count` of the vertices `ids` by farthest point sampling."""
    points = rig.vertices[ids]
    chosen = [int(np.argmax(np.abs(points[:, 0])))]
    distance = np.sum((points - points[chosen[0]]) ** 2, axis=1)
    while len(chosen) < count:
        chosen.append(int(np.argmax(distance)))
        distance = np.minimum(distance, np.sum((points - points[chosen[-1]]) ** 2, axis=1))
    return ids[chosen]


@dataclass(frozen=True)
class Shell:
    """Skin of a hand and forearm as points with outward normals."""

    skin: Skin
    normal: Array
    """(M, 3) at rest."""
    bone: NDArray[np.integer]
    """(M,) joint that turns each normal."""

    def pose(self, posed: Posed) -> tuple[Array, Array]:
        """Points and normals (N, M, 3) in N poses."""
        return self.skin.pose(posed), apply(posed.rotation[:, self.bone], self.normal)


def hand_shell(rig: Rig, side: str, on_hand: int = 200, on_forearm: int = 40) -> Shell:
    """The shell of one side, with that many points."""
    part = HAND[side]
    hand = np.flatnonzero(np.isin(rig.bone, [WRIST[side], *range(part.start, part.stop)]))
    forearm = np.flatnonzero(rig.bone == JOINT_INDEX[f"{side}_elbow"])
    ids = np.concatenate([_spread_evenly(rig, hand, on_hand), _spread_evenly(rig, forearm, on_forearm)])
    return Shell(rig.bind(ids[:, None], np.ones((len(ids), 1))), vertex_normals(rig)[ids], rig.bone[ids])


@dataclass(frozen=True)
class Meeting:
    """R hands that another hand is near, and the skin of both."""

    rows: NDArray[np.integer]
    """(R,) ascending."""
    points: Array
    """(R, M, 3) skin of the other hand, in the chest's frame, with outward normals."""
    normals: Array
    own_points: Array
    """(R, M, 3) skin of this hand from its wrist, in its own axes, with outward normals."""
    own_normals: Array

    def of(self, rows: NDArray[np.integer]) -> Meeting:
        """Those among some of the hands, counted anew."""
        kept = np.isin(self.rows, rows)
        parts = (self.points, self.normals, self.own_points, self.own_normals)
        return Meeting(np.searchsorted(rows, self.rows[kept]), *(p[kept] for p in parts))

    def piercing(self, hand: Array, wrist: Array) -> tuple[Array, Array, Array]:
        """Points of the other hand (R, Q, 3), how far they are from this one's skin, and where this one gives way to.

        hand: (R, 3, 3) rotations of this hand, wrist: (R, 3) its places.
        """
        points = self.points[:, :_PIERCING]
        local = np.einsum("rji,rqj->rqi", hand, points - wrist[:, None])
        distance, normal = from_skin(local, self.own_points, self.own_normals)
        return points, distance, -np.einsum("rij,rqj->rqi", hand, normal)

    def pierced(self, hand: Array, wrist: Array) -> Array:
        """(R, C) least distance of the other hand's points from this one's skin, for C ways (R, C, ...) to place it."""
        points = self.points[:, None, :_PIERCING] - wrist[:, :, None]
        local = np.einsum("rcji,rcqj->rcqi", hand, points)
        distance, _ = from_skin(local.reshape(len(local), -1, 3), self.own_points, self.own_normals)
        return distance.reshape(*hand.shape[:2], -1).min(axis=2)


class Obstacles:
    """What K hands must not sink into."""

    def __init__(self, field: BodyField, wall: Array, meeting: Meeting | None = None) -> None:
        """wall: (K,) side (+1 left, -1 right) of the midline that a hand keeps to, 0 for both."""
        self._field, self._wall = field, wall
        self.meeting = meeting if meeting is not None and len(meeting.rows) else None

    def of(self, rows: NDArray[np.integer]) -> Obstacles:
        """Those of some of the hands."""
        return Obstacles(self._field, self._wall[rows], self.meeting.of(rows) if self.meeting else None)

    def depth(self, hand: Array, wrist: Array, samples: Array) -> Array:
        """(K, C) metres of the deepest point, for C ways to place each hand.

        hand: (K, C, 3, 3), wrist: (K, C, 3), samples: (K, S, 3) points of the hand from its wrist.
        """
        points = wrist[:, :, None] + np.einsum("kcij,kpj->kcpi", hand, samples)
        distance, _ = self.sample(points.reshape(len(hand), -1, 3))
        least = distance.reshape(*hand.shape[:2], -1).min(axis=2)
        if self.meeting is not None:
            rows = self.meeting.rows
            pierced = self.meeting.pierced(hand[rows], wrist[rows])
            least[rows] = np.minimum(least[rows], pierced)
        return np.maximum(-least, 0.0)

    def sample(self, points: Array) -> tuple[Array, Array]:
        """Distance (K, S) to the nearest obstacle, negative inside, and the way out (K, S, 3) at points (K, S, 3)."""
        distance, outward = self._field.sample(points)
        if self.meeting is not None:
            rows = self.meeting.rows
            other, way = from_skin(points[rows], self.meeting.points, self.meeting.normals)
            nearer = other < distance[rows]
            distance[rows] = np.where(nearer, other, distance[rows])
            outward[rows] = np.where(nearer[..., None], way, outward[rows])
        side = self._wall[:, None]
        beyond = np.where(side != 0.0, points[..., 0] * side, np.inf)
        nearer = beyond < distance
        outward = np.where(nearer[..., None], side[..., None] * np.array([1.0, 0.0, 0.0]), outward)
        return np.minimum(distance, beyond), outward


def from_skin(points: Array, skin: Array, normals: Array) -> tuple[Array, Array]:
    """Distance (R, S), negative inside, and way out (R, S, 3) of points (R, S, 3) from skin and normals (R, M, 3)."""
    nearest = _nearest(points.astype(np.float32), skin.astype(np.float32))
    rows = np.arange(len(points))[:, None]
    away, normal = points - skin[rows, nearest], normals[rows, nearest]
    along, length = np.sum(away * normal, axis=-1), np.sqrt(np.sum(away * away, axis=-1))
    # a point behind the skin but beside it is in the open past an edge, one far behind past the hand's other side
    inside = (along < 0.0) & (-along > 0.5 * length) & (length < _THICK)
    return np.where(inside, along, np.maximum(length, 1e-3)), normal


def _nearest(points: Array, skin: Array) -> NDArray[np.integer]:
    """(R, S) index of the point of skin (R, M, 3) nearest to each of (R, S, 3), a few rows at a time: memory."""
    square = np.sum(skin * skin, axis=-1)
    result = np.empty(points.shape[:2], dtype=np.intp)
    step = max(1, _PAIRS // max(points.shape[1] * skin.shape[1], 1))
    for begin in range(0, len(points), step):
        part = slice(begin, begin + step)
        distance = square[part, None] - 2.0 * points[part] @ np.swapaxes(skin[part], -1, -2)
        np.argmin(distance, axis=-1, out=result[part])
    return result
