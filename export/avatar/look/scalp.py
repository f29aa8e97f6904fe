"""Hair painted on the skin: solid under the hair, and fine growing hairs that soften its edge."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.spatial import KDTree

from ..parts import FloatArray
from .brows import texels_per_metre
from .face import MM, Face
from .hairline import fields, hairline
from .headmap import HeadMap
from .strokes import Strokes

HEAD_RADIUS = 0.095
SEAM_AZIMUTH = np.radians(155)
"""Beyond it the texture's seam at the back of the head lies too near to trust interpolated coordinates."""
FINE_HAIRS = {"right": 1200, "left": 800, "nape": 420}


def scalp_cover(head: HeadMap, face: Face, points: FloatArray) -> FloatArray:
    """How far (metres, positive inside, about right near the edge) points (N, 3) lie within the hair's edge."""
    azimuths = np.radians(np.linspace(-180, 180, 721))
    edge = hairline(head, face, azimuths)
    limit = PchipInterpolator(azimuths, np.linalg.norm(edge, axis=1))
    plane = head.project(points)
    inside = np.hypot(plane[:, 0], plane[:, 1]) < limit(np.arctan2(plane[:, 0], plane[:, 1]))
    distance, _ = KDTree(edge).query(plane)
    return np.where(inside, distance, -distance) * HEAD_RADIUS


def hairline_strokes(head: HeadMap, face: Face, texture_size: int) -> Strokes:
    """Fine hairs rooted about the hairline that lie the way the hair is combed."""
    rng = np.random.default_rng(29)
    parts = []
    for field in fields(head, face):
        count = FINE_HAIRS[field.name]
        s = rng.uniform(0, 1, count)
        t0 = np.maximum(rng.normal(0.014, 0.014, count), -0.012)
        span = rng.uniform(0.025, 0.055, count)
        steps = np.linspace(0, 1, 6)
        t = t0[:, None] + span[:, None] * steps
        bend = rng.normal(0, 0.006, count)[:, None] * steps**2
        plane = field.at(np.clip(s[:, None] + bend, 0, 1).ravel(), t.ravel())
        points = head.surface(plane).reshape(count, 6, 3)
        flat = head.uv(plane).reshape(count, 6, 2)
        azimuth = np.abs(np.arctan2(plane[:, 0], plane[:, 1])).reshape(count, 6)
        kept = ~np.isnan(flat).any(axis=(1, 2)) & (azimuth.max(axis=1) < SEAM_AZIMUTH)
        scale = texels_per_metre(flat[kept], points[kept], texture_size)
        outside = np.clip(-t0 / 0.02, 0, 1)
        strength = rng.uniform(0.3, 0.65, count) * (1 - 0.6 * outside)
        width = rng.uniform(0.28, 0.45, count) * MM * scale
        parts.append(Strokes(flat[kept], width[kept], strength[kept]))
    return Strokes(*(np.concatenate([getattr(p, f) for p in parts]) for f in ("paths", "widths", "strengths")))
