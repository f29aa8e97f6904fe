"""Eyebrows: fine hairs painted on the skin, so that they move with it, along a soft arch."""

from __future__ import annotations

import numpy as np
from scipy.interpolate import PchipInterpolator

from ..parts import FloatArray
from .face import MM, Face
from .headmap import HeadMap
from .noise import smoothstep
from .strokes import Strokes

ARCH = ((-15.5, 16.8), (-8.0, 19.6), (2.0, 22.2), (10.0, 23.4), (17.0, 21.6), (24.5, 17.0))
"""Middle line from the nose outward: mm outward of and above the centre of the eye."""
HALF_WIDTH = (3.0, 3.5, 3.2, 2.7, 1.9, 0.7)
LEAN = (72, 50, 28, 8, -14, -30)
"""Direction of the hairs: degrees above outward."""
HAIRS = 640


def brow_strokes(head: HeadMap, face: Face, texture_size: int) -> Strokes:
    """Both brows' hairs in the skin's texture."""
    sides = [_one_brow(head, face, side, texture_size) for side in (1, -1)]
    return Strokes(*(np.concatenate([getattr(s, f) for s in sides]) for f in ("paths", "widths", "strengths")))


def brow_shadow(face: Face, points: FloatArray) -> FloatArray:
    """How much (N,) the soft tone under the hairs colours points (N, 3) of the face."""
    arch = np.array(ARCH)
    scale = face.scale / 0.93 * MM
    total = np.zeros(len(points))
    for side, eye in zip((1, -1), face.eyes, strict=True):
        outward, up = side * (points[:, 0] - eye[0]) / scale, (points[:, 1] - eye[1]) / scale
        knots = arch[:, 0]
        middle = PchipInterpolator(knots, arch[:, 1], extrapolate=True)(np.clip(outward, knots[0] - 3, knots[-1] + 3))
        half = PchipInterpolator(knots, HALF_WIDTH)(np.clip(outward, knots[0], knots[-1]))
        body = np.exp(-(((up - middle) / (0.85 * half)) ** 2))
        ends = smoothstep(knots[0] - 1.5, knots[0] + 3.5, outward) * smoothstep(
            knots[-1] + 1.0, knots[-1] - 3.0, outward
        )
        total += body * ends * (points[:, 2] > eye[2] - 20 * MM)
    return total


def _one_brow(head: HeadMap, face: Face, side: int, texture_size: int) -> Strokes:
    rng = np.random.default_rng(5 if side > 0 else 6)
    arch = np.array(ARCH)
    knots = np.linspace(0, 1, len(arch))
    place = np.concatenate([rng.beta(1.0, 1.15, HAIRS - 60), rng.uniform(0, 1, 60)])
    across = np.clip(rng.normal(0, 0.5, HAIRS), -1.1, 1.1)
    across[-60:] *= 1.35
    middle = PchipInterpolator(knots, arch)(place)
    half = PchipInterpolator(knots, HALF_WIDTH)(place)
    start = middle + np.stack([np.zeros(HAIRS), across * half], axis=1)
    lean = PchipInterpolator(knots, LEAN)(place) - 16 * across + rng.normal(0, 8, HAIRS)
    length = rng.uniform(4.5, 7.5, HAIRS) * (1 - 0.25 * place)
    paths = _curves(start, np.radians(lean), length, bend=np.radians(rng.uniform(-32, -8, HAIRS)))
    points = _on_face(paths, face, side)
    flat = head.uv(head.project(points.reshape(-1, 3)))
    strengths = rng.uniform(0.5, 1.0, HAIRS) * (1 - 0.35 * np.clip(np.abs(across), 0, 1) ** 2)
    strengths *= np.where(place < 0.08, 0.7, 1.0)
    widths = rng.uniform(0.30, 0.5, HAIRS) * MM * texels_per_metre(flat, points, texture_size)
    return Strokes(flat.reshape(*paths.shape), widths, strengths)


def _curves(start: FloatArray, angle: FloatArray, length: FloatArray, bend: FloatArray, steps: int = 5) -> FloatArray:
    """Arcs (N, steps, 2) from starts (N, 2), turning by `bend` on the way."""
    points = [start]
    for k in range(1, steps):
        heading = angle + bend * (k / (steps - 1))
        points.append(
            points[-1] + (length / (steps - 1))[:, None] * np.stack([np.cos(heading), np.sin(heading)], axis=1)
        )
    return np.stack(points, axis=1)


def _on_face(millimetres: FloatArray, face: Face, side: int) -> FloatArray:
    """Points (N, K, 3) in front of the face from (outward, up) of the eye in mm; depth is left to the projection."""
    eye = face.eyes[0 if side > 0 else 1]
    scale = face.scale / 0.93 * MM
    points = np.empty((*millimetres.shape[:-1], 3))
    points[..., 0] = eye[0] + side * millimetres[..., 0] * scale
    points[..., 1] = eye[1] + millimetres[..., 1] * scale
    outward = np.abs(points[..., 0])
    points[..., 2] = eye[2] + 21 * MM - outward**2 * 8.0
    return points


def texels_per_metre(uv: FloatArray, points: FloatArray, texture_size: int) -> float:
    """Scale of the texture around hairs, from neighbouring points on them."""
    a = np.linalg.norm(np.diff(uv.reshape(*points.shape[:-1], 2), axis=1), axis=-1)
    b = np.linalg.norm(np.diff(points, axis=1), axis=-1)
    return float(np.nanmedian(a / b)) * texture_size
