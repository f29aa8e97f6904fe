"""A small software renderer: which triangle is seen at each pixel, with a depth buffer, in NumPy.

Orthographic projection, pixel centres, edge functions (Pineda 1988), no clipping in depth. Triangles are drawn in
groups of like size, each group at once, so that a figure of 40,000 triangles takes a fraction of a second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.floating]
IntArray = NDArray[np.integer]

_MOST_SAMPLES = 1 << 20
"""Candidate pixels that are worked on at once; bounds the memory."""


@dataclass(frozen=True)
class Camera:
    """An orthographic view.

    axes: rows image right, image up and towards the camera, orthonormal; middle: the point (3,) in the middle of the
    picture; width: metres across the picture; size: pixels (width, height).
    """

    axes: Array
    middle: Array
    width: float
    size: tuple[int, int]

    @classmethod
    def look(cls, view: ArrayLike, middle: ArrayLike, width: float, size: tuple[int, int]) -> Camera:
        """A camera from plain nested lists."""
        return cls(np.asarray(view, dtype=np.float64), np.asarray(middle, dtype=np.float64), width, size)

    def project(self, points: Array) -> Array:
        """Points (..., 3) to pixels right, pixels down and metres towards the camera."""
        local = (points - self.middle) @ self.axes.T
        scale = self.size[0] / self.width
        x = local[..., 0] * scale + self.size[0] / 2
        y = self.size[1] / 2 - local[..., 1] * scale
        return np.stack([x, y, local[..., 2]], axis=-1)

    def enlarged(self, times: int) -> Camera:
        """The same view with more pixels."""
        return Camera(self.axes, self.middle, self.width, (self.size[0] * times, self.size[1] * times))


@dataclass
class Hits:
    """What is seen: triangle ids (H, W), -1 where nothing is; barycentric weights (H, W, 3); depth (H, W) in metres
    towards the camera, minus infinity where nothing is."""

    triangle: IntArray
    weights: Array
    depth: Array


Keep = Callable[[IntArray, Array], NDArray[np.bool_]]
"""Of triangle ids (N,) and barycentric weights (N, 3): whether each sample is solid."""


def rasterise(
    screen: Array, faces: IntArray, size: tuple[int, int], cull: bool = True, keep: Keep | None = None
) -> Hits:
    """Draw triangles faces (F, 3) of projected points (V, 3); `cull` leaves out those that face away."""
    width, height = size
    hits = Hits(
        np.full(width * height, -1, dtype=np.int64),
        np.zeros((width * height, 3)),
        np.full(width * height, -np.inf),
    )
    corners = screen[faces]
    for ids, cells, span in _groups(corners, size, cull):
        _draw(hits, corners, ids, cells, span, size, keep)
    shape = (height, width)
    return Hits(hits.triangle.reshape(shape), hits.weights.reshape(*shape, 3), hits.depth.reshape(shape))


def _groups(corners: Array, size: tuple[int, int], cull: bool) -> Iterator[tuple[IntArray, IntArray, int]]:
    """Triangles of like size: ids (N,), first pixels (N, 2), and pixels that the largest spans."""
    xy = corners[:, :, :2]
    low = np.floor(xy.min(axis=1) - 0.5).astype(np.int64)
    high = np.ceil(xy.max(axis=1) - 0.5).astype(np.int64)
    seen = np.all((high >= 0) & (low < size), axis=1)
    area = _cross(xy[:, 1] - xy[:, 0], xy[:, 2] - xy[:, 0])
    seen &= area < -1e-9 if cull else np.abs(area) > 1e-9  # rows grow downwards: front faces turn clockwise
    span = (high - low).max(axis=1) + 1
    span = np.where(span > 8, 1 << np.ceil(np.log2(np.maximum(span, 1))).astype(np.int64), span)
    for s in np.unique(span[seen]):
        ids = np.flatnonzero(seen & (span == s))
        step = max(1, _MOST_SAMPLES // int(s) ** 2)
        for start in range(0, len(ids), step):
            chunk = ids[start : start + step]
            yield chunk, low[chunk], int(s)


def _draw(
    hits: Hits, corners: Array, ids: IntArray, first: IntArray, span: int, size: tuple[int, int], keep: Keep | None
) -> None:
    a, b, c = corners[ids, 0, :2], corners[ids, 1, :2], corners[ids, 2, :2]
    whole = _cross(b - a, c - a)
    start = first + 0.5
    # the weight of a corner is linear in x and y: its value at the first pixel, and its growth per pixel
    one, two = _cross(c - b, start - b) / whole, _cross(a - c, start - c) / whole
    steps = np.arange(span, dtype=np.float64)
    one = _grid(one, -(c - b)[:, 1] / whole, (c - b)[:, 0] / whole, steps)
    two = _grid(two, -(a - c)[:, 1] / whole, (a - c)[:, 0] / whole, steps)
    which, row, column = np.nonzero((one >= 0.0) & (two >= 0.0) & (one + two <= 1.0))
    x, y = first[which, 0] + column, first[which, 1] + row
    shown = (x >= 0) & (x < size[0]) & (y >= 0) & (y < size[1])
    which, row, column = which[shown], row[shown], column[shown]
    weights = np.empty((len(which), 3))
    weights[:, 0], weights[:, 1] = one[which, row, column], two[which, row, column]
    weights[:, 2] = 1.0 - weights[:, 0] - weights[:, 1]
    triangle = ids[which]
    depth = np.einsum("nk,nk->n", weights, corners[triangle, :, 2])
    pixel = y[shown] * size[0] + x[shown]
    solid = depth > hits.depth[pixel]
    if keep is not None:
        solid[solid] = keep(triangle[solid], weights[solid])
    pixel, depth, triangle, weights = pixel[solid], depth[solid], triangle[solid], weights[solid]
    np.maximum.at(hits.depth, pixel, depth)
    nearest = depth == hits.depth[pixel]
    hits.triangle[pixel[nearest]] = triangle[nearest]
    hits.weights[pixel[nearest]] = weights[nearest]


def _grid(value: Array, right: Array, down: Array, steps: Array) -> Array:
    """(N, S, S) of a linear function: its value and growth (N,) at the first of S by S pixels."""
    return (value[:, None] + down[:, None] * steps)[:, :, None] + (right[:, None] * steps)[:, None, :]


def _cross(a: Array, b: Array) -> Array:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def merged(one: Hits, other: Hits) -> Hits:
    """The nearer of two pictures' hits, pixel by pixel."""
    nearer = other.depth > one.depth
    return Hits(
        np.where(nearer, other.triangle, one.triangle),
        np.where(nearer[..., None], other.weights, one.weights),
        np.where(nearer, other.depth, one.depth),
    )
