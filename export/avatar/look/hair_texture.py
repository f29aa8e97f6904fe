"""Strand texture: u runs across the strands and wraps, v from root to end.

The lower half (v < 0.5) is for locks, the upper half, darker, for the closed layer under them. Both are ragged at
the root.
"""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter1d

from ..parts import FloatArray
from .noise import smoothstep

HAIR_DARK = np.array([38, 25, 18]) / 255
HAIR = np.array([84, 56, 39]) / 255
HAIR_LIGHT = np.array([146, 104, 72]) / 255


def paint_hair(size: int = 512) -> FloatArray:
    """Colour and alpha (size, size, 4), sRGB values 0..1."""
    rng = np.random.default_rng(17)
    # little in the finest streaks: without mipmaps they turn to speckles at the distance of a signing video
    shade = _strands(rng, size, (1.6, 4.5, 13.0), (0.22, 0.42, 0.40))
    v = 1 - (np.arange(size) + 0.5) / size
    along = np.where(v < 0.5, v / 0.5, (v - 0.5) / 0.5)[:, None]
    band = np.exp(-(((along - 0.36 - 0.05 * shade) / 0.16) ** 2))
    light = (
        0.53 + 0.11 * shade + 0.15 * band - 0.12 * smoothstep(0.65, 1.0, along) - 0.08 * smoothstep(0.05, 0.0, along)
    )
    light -= np.where(v > 0.5, 0.07, 0.0)[:, None]
    low = np.clip(light / 0.5, 0, 1)[..., None]
    high = np.clip((light - 0.5) / 0.5, 0, 1)[..., None]
    colour = HAIR_DARK + low * (HAIR - HAIR_DARK) + high * (HAIR_LIGHT - HAIR)
    start = gaussian_filter1d(0.004 + 0.055 * rng.beta(1.2, 3.0, size), 0.8, mode="wrap")[None, :]
    alpha = smoothstep(-0.004, 0.008, along - start)
    return np.concatenate([np.clip(colour, 0, 1), alpha[..., None]], axis=2)


def _strands(rng: np.random.Generator, size: int, widths: tuple[float, ...], heights: tuple[float, ...]) -> FloatArray:
    """Streaks (size, size) about -1..1 that wander a little along v."""
    total = np.zeros((size, size))
    for width, height in zip(widths, heights, strict=True):
        field = gaussian_filter1d(rng.normal(size=(size, size)), width, axis=1, mode="wrap")
        field = gaussian_filter1d(field, size / 3, axis=0, mode="wrap")
        total += height * field / field.std()
    return np.clip(total / 1.4, -1.5, 1.5)
