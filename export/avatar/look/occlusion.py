"""Soft shading that the shape casts on itself, baked from many depth maps (orthographic, NumPy only)."""

from __future__ import annotations

import numpy as np

from ..parts import FloatArray


def ambient_occlusion(
    points: FloatArray, normals: FloatArray, occluders: FloatArray, cell: float = 0.0022, directions: int = 160
) -> FloatArray:
    """Share (N,) of the cosine-weighted sky that each point sees: 1 in the open, 0 in a closed hole.

    points, normals: (N, 3). occluders: (M, 3) points that cover the surfaces at least `cell` densely (metres).
    For each direction of a spherical Fibonacci lattice the occluders' depths go into a grid of `cell` squares;
    a point is lit when nothing in its square lies more than a cell in front of it. Two grids, half a square apart.
    """
    seen = np.zeros(len(points))
    total = np.zeros(len(points))
    for direction in fibonacci_sphere(directions):
        cosine = np.clip(normals @ direction, 0.0, None)
        facing = cosine > 0
        if not facing.any():
            continue
        across, up = _basis(direction)
        lit = _lit(points[facing], occluders, direction, across, up, cell)
        seen[facing] += cosine[facing] * lit
        total[facing] += cosine[facing]
    return seen / np.where(total > 0, total, 1.0)


def fibonacci_sphere(count: int) -> FloatArray:
    """Unit vectors (count, 3) spread evenly (Gonzalez 2010, "... areas on a sphere using Fibonacci lattices")."""
    index = np.arange(count) + 0.5
    height = 1 - 2 * index / count
    angle = np.pi * (1 + 5**0.5) * index
    radius = np.sqrt(1 - height * height)
    return np.stack([radius * np.cos(angle), height, radius * np.sin(angle)], axis=1)


def _basis(direction: FloatArray) -> tuple[FloatArray, FloatArray]:
    helper = np.array([0.0, 1.0, 0.0]) if abs(direction[1]) < 0.9 else np.array([1.0, 0.0, 0.0])
    across = np.cross(helper, direction)
    across /= np.linalg.norm(across)
    return across, np.cross(direction, across)


def _lit(
    points: FloatArray, occluders: FloatArray, direction: FloatArray, across: FloatArray, up: FloatArray, cell: float
) -> FloatArray:
    """Mean of two shifted shadow-map look-ups (N,) for light that comes from `direction`."""
    lit = np.zeros(len(points))
    for shift in (0.0, 0.5):
        grid = np.stack([occluders @ across, occluders @ up], axis=1) / cell + shift
        low = np.floor(grid.min(axis=0)).astype(int) - 1
        shape = np.ceil(grid.max(axis=0)).astype(int) - low + 2
        columns, rows = (np.floor(grid).astype(int) - low).T
        flat = rows * shape[0] + columns
        depth = np.full(shape[0] * shape[1], -np.inf)
        np.maximum.at(depth, flat, occluders @ direction)
        at = np.floor(np.stack([points @ across, points @ up], axis=1) / cell + shift).astype(int) - low
        at = np.clip(at, 0, shape - 1)
        nearest = depth[at[:, 1] * shape[0] + at[:, 0]]
        lit += 0.5 * (nearest < points @ direction + 1.2 * cell)
    return lit
