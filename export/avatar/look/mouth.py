"""Teeth and tongue: one small texture, teeth in its lower half, tongue in its upper half."""

from __future__ import annotations

import numpy as np

from ..parts import BaseMesh, FloatArray
from .atlas import fill_margin, rasterise
from .face import MM
from .noise import fractal_noise, smoothstep

ENAMEL = np.array([246, 240, 230]) / 255
GUM = np.array([186, 104, 100]) / 255
TONGUE = np.array([190, 98, 96]) / 255
DEEP = np.array([92, 36, 36]) / 255
TEETH = ("helper-upper-teeth", "helper-lower-teeth")
_BOXES = {
    "helper-upper-teeth": ((0.6775, 0.8750), (0.7390, 0.8980), (0.02, 0.02), (0.98, 0.24)),
    "helper-lower-teeth": ((0.6775, 0.8975), (0.7390, 0.9202), (0.02, 0.26), (0.98, 0.48)),
    "helper-tongue": ((0.6225, 0.9290), (0.6480, 0.9845), (0.02, 0.52), (0.48, 0.98)),
}


def mouth_uvs(base: BaseMesh) -> dict[str, FloatArray]:
    """Corner coordinates (F, 4, 2) of teeth and tongue in the mouth's texture, by group."""
    result = {}
    for group, (low, high, to_low, to_high) in _BOXES.items():
        share = (base.uvs[base.groups[group]] - low) / np.subtract(high, low)
        result[group] = to_low + share * np.subtract(to_high, to_low)
    return result


def paint_mouth(base: BaseMesh, size: int = 256) -> FloatArray:
    """The mouth's colour image (size, size, 3), sRGB values 0..1; all darker towards the throat."""
    coordinates = mouth_uvs(base)
    polygons = np.concatenate([base.polygons[base.groups[g]] for g in coordinates])
    texels = rasterise(polygons, np.concatenate(list(coordinates.values())), size)
    points = texels.interpolate(base.vertices[polygons])
    is_tongue = np.flatnonzero(texels.covered.ravel()) // size < size // 2
    front = points[~is_tongue, 2].max()
    depth = smoothstep(4 * MM, 40 * MM, front - points[:, 2])
    tongue = TONGUE * (1 + 0.06 * fractal_noise(points, 1.2 * MM, 2, seed=13))[:, None]
    colour = np.where(is_tongue[:, None], tongue, _teeth(base, points))
    colour = colour + (0.8 * depth)[:, None] * (DEEP - colour)
    image = np.zeros((size, size, 3))
    image[texels.covered] = colour
    return fill_margin(image, texels.covered)


def _teeth(base: BaseMesh, points: FloatArray) -> FloatArray:
    """Enamel with soft lines between the teeth, gums above and below (N, 3)."""
    upper, lower = (base.vertices[base.group_vertices(g)] for g in TEETH)
    bite = (upper[:, 1].min() + lower[:, 1].max()) / 2
    gum = smoothstep(8.5 * MM, 10.5 * MM, np.abs(points[:, 1] - bite))
    centre = np.array([0.0, (upper[:, 2].max() - 22 * MM)])
    angle = np.arctan2(points[:, 0] - centre[0], points[:, 2] - centre[1])
    gap = np.abs((np.degrees(angle) / 17.0) % 1.0 - 0.5)
    line = smoothstep(0.43, 0.5, gap)
    colour = ENAMEL + (0.16 * line)[:, None] * (DEEP - ENAMEL)
    return colour + gum[:, None] * (GUM - colour)
