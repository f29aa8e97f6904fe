"""Fine hairs drawn into a texture: brows, the hairline's down, the scalp under the hair."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageDraw

from ..parts import FloatArray

SUPERSAMPLING = 3


@dataclass(frozen=True)
class Strokes:
    """Hairs as polylines in texture coordinates. paths: (N, K, 2); widths (N,) in texels of the image drawn on at the
    root, tapering to a third; strengths (N,) in 0..1."""

    paths: FloatArray
    widths: FloatArray
    strengths: FloatArray


def draw_strokes(size: int, strokes: Strokes) -> FloatArray:
    """Coverage (size, size) in 0..1 of the strokes, supersampled."""
    pixels = strokes.paths * (size, -size) + (0, size)
    low = np.clip(np.floor(pixels.min(axis=(0, 1))).astype(int) - 4, 0, size)
    high = np.clip(np.ceil(pixels.max(axis=(0, 1))).astype(int) + 4, 0, size)
    width, height = (int(x) for x in high - low)
    canvas = Image.new("L", (width * SUPERSAMPLING, height * SUPERSAMPLING))
    draw = ImageDraw.Draw(canvas)
    for k in np.argsort(strokes.strengths):
        path = (pixels[k] - low) * SUPERSAMPLING
        tone = round(255 * float(np.clip(strokes.strengths[k], 0, 1)))
        pieces = len(path) - 1
        for j in range(pieces):
            taper = 1 - 0.67 * (j / pieces) ** 1.5
            line = max(1, round(strokes.widths[k] * SUPERSAMPLING * taper))
            draw.line([*path[j], *path[j + 1]], fill=tone, width=line)
    result = np.zeros((size, size))
    small = canvas.resize((width, height), Image.Resampling.BOX)
    result[low[1] : high[1], low[0] : high[0]] = np.asarray(small, dtype=float) / 255
    return result
