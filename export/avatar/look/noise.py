"""Noise and soft masks over points in space: no seams, whatever the texture layout."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def lattice_noise(points: FloatArray, cell: float, seed: int) -> FloatArray:
    """Value noise (N,) in -1..1 at points (N, 3): random lattice values, smoothstep between them. cell in metres."""
    scaled = points / cell
    corner = np.floor(scaled).astype(np.int64)
    t = scaled - corner
    t = t * t * (3 - 2 * t)
    total = np.zeros(len(points))
    for dx in (0, 1):
        for dy in (0, 1):
            for dz in (0, 1):
                weight = np.ones(len(points))
                for axis, d in enumerate((dx, dy, dz)):
                    weight *= t[:, axis] if d else 1 - t[:, axis]
                total += weight * _hash(corner + np.array((dx, dy, dz)), seed)
    return total


def fractal_noise(points: FloatArray, cell: float, octaves: int, seed: int) -> FloatArray:
    """Octaves of `lattice_noise`, each with half the cell and half the height; (N,) about -1..1."""
    total = np.zeros(len(points))
    for octave in range(octaves):
        total += 0.5**octave * lattice_noise(points, cell * 0.5**octave, seed + octave)
    return total / (2 - 0.5 ** (octaves - 1))


def _hash(cells: NDArray[np.int64], seed: int) -> FloatArray:
    """A fixed random number in -1..1 for each lattice point (N, 3)."""
    keys = cells.astype(np.uint64)
    mixed = keys[:, 0] * np.uint64(0x9E3779B97F4A7C15) ^ keys[:, 1] * np.uint64(0xC2B2AE3D27D4EB4F)
    mixed ^= keys[:, 2] * np.uint64(0x165667B19E3779F9) ^ np.uint64(seed * 0x27D4EB2F)
    mixed ^= mixed >> np.uint64(29)
    mixed *= np.uint64(0xBF58476D1CE4E5B9)
    mixed ^= mixed >> np.uint64(32)
    return (mixed >> np.uint64(40)).astype(np.float64) / 2**23 - 1.0


def blob(points: FloatArray, centre: FloatArray, radii: tuple[float, float, float] | float) -> FloatArray:
    """Gaussian (N,) around a centre (3,): 1 there, 0.6 at `radii` (metres, one an axis or one for all)."""
    scaled = (points - centre) / np.asarray(radii)
    return np.exp(-0.5 * (scaled * scaled).sum(axis=1))


def smoothstep(low: float, high: float, x: FloatArray) -> FloatArray:
    """0 below `low`, 1 above `high`, a smooth S between; low may exceed high to fall instead."""
    t = np.clip((x - low) / (high - low), 0.0, 1.0)
    return t * t * (3 - 2 * t)
