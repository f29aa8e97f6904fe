"""Eyeballs and their texture: iris fibres, limbal ring, pupil, sclera; and the highlight for flat-lit previews."""

from __future__ import annotations

import numpy as np

from ..parts import BaseMesh, FloatArray, IntArray, MeshPart
from .face import MM, Face, measure_face
from .noise import fractal_noise, lattice_noise, smoothstep

RINGS = np.radians([4, 8, 12, 16, 20, 23, 26, 32, 42, 58, 80, 105])
"""Angles from the axis of sight at which the eyeball's rings of vertices lie, denser over the iris."""
SEGMENTS = 24
TEXTURE_REACH = np.radians(60)
"""Angle from the axis of sight that the texture's inscribed circle shows; beyond it the edge's colour goes on."""
IRIS_RADIUS = 6.5 * MM
CORNEA_HEIGHT = 0.3 * MM

IRIS_OUTER = np.array([66, 44, 30]) / 255
IRIS_INNER = np.array([118, 80, 52]) / 255
IRIS_FIBRE = np.array([150, 110, 74]) / 255
LIMBUS = np.array([34, 24, 20]) / 255
PUPIL = np.array([10, 8, 8]) / 255
SCLERA = np.array([230, 222, 214]) / 255
SCLERA_EDGE = np.array([206, 178, 166]) / 255
VEIN = np.array([206, 130, 118]) / 255


def iris_angle(face: Face) -> float:
    """Angle (radians) between the axis of sight and the edge of the iris, seen from the eyeball's centre."""
    return float(np.arcsin(IRIS_RADIUS * face.scale / face.eye_radius))


def eyeballs(base: BaseMesh) -> tuple[MeshPart, MeshPart]:
    """The left and right eyeball, material "eye", rigid with the helper's eyes."""
    face = measure_face(base)
    return _eyeball(base, face, "left", 0), _eyeball(base, face, "right", 1)


def _eyeball(base: BaseMesh, face: Face, side: str, which: int) -> MeshPart:
    turn = np.linspace(0, 2 * np.pi, SEGMENTS, endpoint=False)
    edge = iris_angle(face)
    theta = np.concatenate([[0.0], np.repeat(RINGS, SEGMENTS)])
    phi = np.concatenate([[0.0], np.tile(turn, len(RINGS))])
    direction = np.stack([np.sin(theta) * np.cos(phi), np.sin(theta) * np.sin(phi), np.cos(theta)], axis=1)
    bulge = CORNEA_HEIGHT * smoothstep(1.15 * edge, 0.3 * edge, theta)
    vertices = face.eyes[which] + direction * (face.eye_radius * 0.985 + bulge)[:, None]
    polygons = _sphere_polygons(len(RINGS), SEGMENTS)
    helper = base.group_vertices(f"helper-{side[0]}-eye")
    source = np.full((len(vertices), 3), helper[0])
    weights = np.tile([1.0, 0.0, 0.0], (len(vertices), 1))
    uvs = _eye_uvs(theta, phi)
    corner_uvs = uvs[np.where(polygons >= 0, polygons, 0)]
    return MeshPart(f"{side}_eyeball", "eye", vertices, polygons, corner_uvs, source, weights)


def _sphere_polygons(rings: int, segments: int) -> IntArray:
    """A fan around vertex 0, then quads between rings; seen from outside they run counter-clockwise."""
    k = np.arange(segments)
    following = (k + 1) % segments
    fan = np.stack([np.zeros_like(k), 1 + k, 1 + following, np.full_like(k, -1)], axis=1)
    bands = [
        np.stack([a + k, b + k, b + following, a + following], axis=1)
        for a, b in ((1 + r * segments, 1 + (r + 1) * segments) for r in range(rings - 1))
    ]
    return np.concatenate([fan, *bands])


def _eye_uvs(theta: FloatArray, phi: FloatArray) -> FloatArray:
    """Azimuthal equidistant projection about the axis of sight, clamped to the texture's circle."""
    radius = 0.49 * np.minimum(theta / TEXTURE_REACH, 1.0)
    return 0.5 + radius[:, None] * np.stack([np.cos(phi), np.sin(phi)], axis=1)


def paint_eye(face: Face, size: int = 512, highlight: bool = False) -> FloatArray:
    """The eye's colour image (size, size, 3), sRGB values 0..1.

    highlight: with the reflection of a window and the lid's shadow painted in, for renderers without reflections.
    """
    axis = (np.arange(size) + 0.5) / size - 0.5
    x, y = np.meshgrid(axis, -axis)
    phi = np.arctan2(y, x).ravel()
    theta = (np.hypot(x, y) / 0.49 * TEXTURE_REACH).ravel()
    r = theta / iris_angle(face)
    around = np.stack([np.cos(phi), np.sin(phi), np.zeros_like(phi)], axis=1)
    colour = _sclera(r, around)
    iris = _iris(r, around)
    amount = smoothstep(1.05, 0.97, r)[:, None]
    colour = colour + amount * (iris - colour)
    if highlight:
        colour = _previewed(colour, theta, phi)
    return np.clip(colour, 0.0, 1.0).reshape(size, size, 3)


def _sclera(r: FloatArray, around: FloatArray) -> FloatArray:
    colour = SCLERA + smoothstep(1.3, 2.6, r)[:, None] * (SCLERA_EDGE - SCLERA)
    wander = around + 0.05 * lattice_noise(np.column_stack([around[:, :2] * 4, r * 3]), 1.0, 5)[:, None]
    veins = np.abs(fractal_noise(np.column_stack([wander[:, :2] * 9, r * 0.8]), 1.0, 2, seed=7))
    strength = 0.3 * smoothstep(0.05, 0.0, veins) * smoothstep(1.5, 2.4, r)
    return colour + strength[:, None] * (VEIN - colour)


def _iris(r: FloatArray, around: FloatArray) -> FloatArray:
    """Brown, lighter around the pupil, with radial fibres and a dark rim."""
    fibres = fractal_noise(np.column_stack([around[:, :2] * 14, r * 1.2]), 1.0, 3, seed=3)
    crypts = fractal_noise(np.column_stack([around[:, :2] * 4, r * 3.0]), 1.0, 2, seed=9)
    ring = smoothstep(0.95, 0.42, r + 0.06 * crypts)
    colour = IRIS_OUTER + ring[:, None] * (IRIS_INNER - IRIS_OUTER)
    colour = colour + (0.55 * np.clip(fibres + 0.1, 0, 1) * smoothstep(1.0, 0.7, r))[:, None] * (IRIS_FIBRE - colour)
    colour = colour * (1 - 0.25 * np.clip(-fibres, 0, 1))[:, None]
    rim = 0.85 * smoothstep(0.80, 1.0, r)
    colour = colour + rim[:, None] * (LIMBUS - colour)
    pupil = smoothstep(0.41, 0.36, r + 0.01 * fibres)
    return colour + pupil[:, None] * (PUPIL - colour)


def _previewed(colour: FloatArray, theta: FloatArray, phi: FloatArray) -> FloatArray:
    """A soft window reflected in the upper left, its bounce below, and the upper lid's shadow."""
    x, y = np.degrees(theta) * np.cos(phi), np.degrees(theta) * np.sin(phi)
    shadow = 0.5 * smoothstep(6, 26, y + 0.004 * x * x)
    colour = colour * (1 - shadow)[:, None]
    bounce = 0.22 * np.exp(-(((x - 5) / 7) ** 2) - ((y + 9) / 5) ** 2) * smoothstep(24, 18, np.degrees(theta))
    colour = colour + bounce[:, None] * (IRIS_FIBRE * 1.3 - colour)
    window = smoothstep(4.6, 3.4, np.hypot(x + 7, (y - 7) * 1.05))
    spark = 0.6 * smoothstep(2.2, 1.2, np.hypot(x - 7, y + 6))
    return colour + np.maximum(window, spark)[:, None] * (1.0 - colour)
