"""The skin's texture layout, and the step from texels to points on the body.

hm08's own layout gives the head an eighth of the square and the hidden torso a half of it. The garment
hides all but head, neck and hands, so the islands are moved and scaled: about 3.6 texels a
millimetre on the face at 2048 px instead of 2.4.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import distance_transform_edt
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class Island:
    """One patch of hm08's layout and where it goes.

    centre: the middle of its bounding box in hm08's layout. corner: where the box's lower left corner goes.
    turned: rotated a quarter first, so that (u, v) becomes (-v, u).
    """

    centre: tuple[float, float]
    corner: tuple[float, float]
    scale: float
    turned: bool = False

    def moved(self, uv: FloatArray) -> FloatArray:
        """The patch's coordinates (..., 2) in the new layout."""
        turned = np.stack([-uv[..., 1], uv[..., 0]], axis=-1) if self.turned else uv
        low = turned.reshape(-1, 2).min(axis=0)
        return np.asarray(self.corner) + self.scale * (turned - low)


ISLANDS = {
    "head": Island((0.817, 0.483), (0.010, 0.488), 1.45, turned=True),
    "right_hand": Island((0.458, 0.104), (0.010, 0.220), 1.30),
    "left_hand": Island((0.667, 0.104), (0.265, 0.220), 1.30),
    "mouth": Island((0.841, 0.074), (0.520, 0.290), 1.40),
    "right_socket": Island((0.044, 0.590), (0.520, 0.170), 1.20),
    "left_socket": Island((0.119, 0.590), (0.610, 0.170), 1.20),
    "torso": Island((0.381, 0.556), (0.780, 0.235), 0.26),
    "right_foot": Island((0.107, 0.089), (0.010, 0.010), 0.90),
    "left_foot": Island((0.282, 0.089), (0.180, 0.010), 0.90),
}


def patches(uvs: FloatArray) -> IntArray:
    """Patch number (F,) of each polygon: polygons are in one patch when they share a corner's coordinates."""
    corners = np.unique(np.round(uvs.reshape(-1, 2), 6), axis=0, return_inverse=True)[1].reshape(-1, 4)
    start = np.repeat(corners[:, 0], 3)
    end = corners[:, 1:].ravel()
    count = int(corners.max()) + 1
    links = coo_matrix((np.ones(len(start)), (start, end)), shape=(count, count))
    return connected_components(links, directed=False)[1][corners[:, 0]]


def islands(uvs: FloatArray) -> dict[str, IntArray]:
    """Polygon ids of each named island of the body's layout `uvs` (F, 4, 2).

    Raises ValueError when a patch lies at no island's place, or an island has no patch.
    """
    patch = patches(uvs)
    centres = np.array([island.centre for island in ISLANDS.values()])
    found: dict[str, IntArray] = {}
    for number in range(int(patch.max()) + 1):
        ids = np.flatnonzero(patch == number)
        points = uvs[ids].reshape(-1, 2)
        middle = (points.min(axis=0) + points.max(axis=0)) / 2
        distance = np.linalg.norm(centres - middle, axis=1)
        if distance.min() > 0.01:
            raise ValueError(f"the patch of {len(ids)} body polygons around {middle} is no island of the skin's layout")
        found[list(ISLANDS)[int(distance.argmin())]] = ids
    missing = set(ISLANDS) - set(found)
    if missing:
        raise ValueError(f"islands without polygons: {sorted(missing)}; is this hm08's body?")
    return found


def skin_uvs(uvs: FloatArray) -> FloatArray:
    """hm08's corner coordinates (F, 4, 2) of the body moved to the skin's layout."""
    moved = np.empty_like(uvs)
    for name, ids in islands(uvs).items():
        moved[ids] = ISLANDS[name].moved(uvs[ids])
    return moved


@dataclass(frozen=True)
class TexelMap:
    """What each texel shows. triangles (S, S): triangle id, -1 for none; weights (S, S, 3): barycentric."""

    size: int
    triangles: IntArray
    weights: FloatArray
    corners: IntArray
    """(T, 3) flat corner ids: polygon * 4 + corner."""

    @property
    def covered(self) -> NDArray[np.bool_]:
        return self.triangles >= 0

    def interpolate(self, corner_values: FloatArray) -> FloatArray:
        """Values (F, 4, C) at polygon corners carried to the covered texels: (N, C), in the order of `covered`."""
        flat = corner_values.reshape(-1, corner_values.shape[-1])
        mask = self.covered
        taken = flat[self.corners[self.triangles[mask]]]
        return np.einsum("nk,nkc->nc", self.weights[mask], taken)


def triangle_corners(polygons: IntArray) -> IntArray:
    """(T, 3) flat corner ids of the triangles that polygons (F, 4) split into."""
    first = np.arange(len(polygons))[:, None] * 4
    quads = polygons[:, 3] >= 0
    return np.concatenate([first + np.array([0, 1, 2]), first[quads] + np.array([0, 2, 3])])


def rasterise(polygons: IntArray, uvs: FloatArray, size: int) -> TexelMap:
    """Find the triangle under each texel's centre; row 0 is the top (v = 1) as in image files.

    polygons (F, 4) with -1 padding, uvs (F, 4, 2). Triangles are drawn half a texel fatter, so that no seam opens.
    """
    corners = triangle_corners(polygons)
    points = uvs.reshape(-1, 2)[corners] * size
    points[..., 1] = size - points[..., 1]
    ids = np.full((size, size), -1, dtype=np.int64)
    weights = np.zeros((size, size, 3))
    low = np.clip(np.floor(points.min(axis=1) - 1).astype(int), 0, size)
    high = np.clip(np.ceil(points.max(axis=1) + 1).astype(int), 0, size)
    for t, (a, b, c) in enumerate(points):
        area = (b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0])
        if abs(area) < 1e-9:
            continue
        (x0, y0), (x1, y1) = low[t], high[t]
        x = np.arange(x0, x1) + 0.5
        y = (np.arange(y0, y1) + 0.5)[:, None]
        w1 = ((x - a[0]) * (c[1] - a[1]) - (y - a[1]) * (c[0] - a[0])) / area
        w2 = ((b[0] - a[0]) * (y - a[1]) - (b[1] - a[1]) * (x - a[0])) / area
        reach = 0.5 * max(np.ptp(points[t, :, 0]), np.ptp(points[t, :, 1])) / abs(area)
        inside = (w1 >= -reach) & (w2 >= -reach) & (1 - w1 - w2 >= -reach)
        here = ids[y0:y1, x0:x1]
        strict = (w1 >= 0) & (w2 >= 0) & (w1 + w2 <= 1)
        draw = inside & (strict | (here < 0))
        here[draw] = t
        weights[y0:y1, x0:x1][draw] = np.stack([1 - w1 - w2, w1, w2], axis=-1)[draw]
    return TexelMap(size, ids, weights, corners)


def fill_margin(image: FloatArray, covered: NDArray[np.bool_]) -> FloatArray:
    """Give uncovered texels the colour of the nearest covered one, so that filtering sees no edge."""
    nearest = distance_transform_edt(~covered, return_distances=False, return_indices=True)
    return image[tuple(np.asarray(nearest))]
