"""Smooth coordinates on the head: an angle plane around its crown, with the surface and texture place of each point."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import CloughTocher2DInterpolator

from ..parts import BaseMesh, FloatArray
from .atlas import islands, skin_uvs
from .face import MM, Face


@dataclass(frozen=True)
class HeadMap:
    """Azimuthal equidistant map about the crown.

    Plane coordinates are the angle from straight up (radians) times (sin, cos) of the azimuth, which is 0 at the face,
    positive to the left, pi at the back. Ears are left out: the surface closes smoothly under them.
    """

    centre: FloatArray
    _radius: CloughTocher2DInterpolator
    _uv: CloughTocher2DInterpolator

    def project(self, points: FloatArray) -> FloatArray:
        """Plane coordinates (N, 2) of points (N, 3)."""
        return _project(points - self.centre)

    def surface(self, plane: FloatArray, lift: float | FloatArray = 0.0) -> FloatArray:
        """Points (N, 3) on the skin, or `lift` metres further out from the head's centre."""
        angle = np.hypot(plane[:, 0], plane[:, 1])
        azimuth = np.arctan2(plane[:, 0], plane[:, 1])
        across = np.sin(angle)
        direction = np.stack([across * np.sin(azimuth), np.cos(angle), across * np.cos(azimuth)], axis=1)
        return self.centre + direction * (self._radius(plane) + lift)[:, None]

    def uv(self, plane: FloatArray) -> FloatArray:
        """Texture coordinates (N, 2) in the skin's layout; NaN outside the head's patch."""
        return self._uv(plane)

    def at_height(self, azimuth: FloatArray, height: FloatArray) -> FloatArray:
        """Plane coordinates (N, 2) where the surface has a height y (metres) at an azimuth (radians)."""
        found = np.empty((len(azimuth), 2))
        angles = np.linspace(0.02, 2.6, 260)
        for k, (turn, y) in enumerate(zip(azimuth, height, strict=True)):
            ray = polar(np.full_like(angles, turn), angles)
            heights = self.surface(ray)[:, 1]
            below = np.flatnonzero(heights <= y)
            if not len(below) or below[0] == 0:
                raise ValueError(f"the head has no point at height {y:.3f} m, azimuth {np.degrees(turn):.0f} degrees")
            i = below[0]
            t = (heights[i - 1] - y) / (heights[i - 1] - heights[i])
            found[k] = ray[i - 1] + t * (ray[i] - ray[i - 1])
        return found


def polar(azimuth: FloatArray, angle: FloatArray) -> FloatArray:
    """Plane coordinates (N, 2) of azimuths and angles from the crown (radians)."""
    return np.stack([angle * np.sin(azimuth), angle * np.cos(azimuth)], axis=1)


def _project(offsets: FloatArray) -> FloatArray:
    across = np.hypot(offsets[:, 0], offsets[:, 2])
    angle = np.arctan2(across, offsets[:, 1])
    return polar(np.arctan2(offsets[:, 0], offsets[:, 2]), angle)


def map_head(base: BaseMesh, face: Face, is_ear: NDArray[np.bool_]) -> HeadMap:
    """Fit the map to the head's patch. is_ear: (vertices,) mask of base vertices to leave out."""
    body = base.groups["body"]
    polygons, old = base.polygons[body], base.uvs[body]
    head = islands(old)["head"]
    uvs = skin_uvs(old)
    ids, first = np.unique(polygons[head].ravel(), return_index=True)
    uv = uvs[head].reshape(-1, 2)[first]
    keep = ~is_ear[ids]
    ids, uv = ids[keep], uv[keep]
    level = (face.eyes[0][1] + face.eyes[1][1]) / 2
    centre = np.array([0.0, level + 12 * MM, face.eyes[0][2] - 78 * MM])
    offsets = base.vertices[ids] - centre
    plane = _project(offsets)
    plane, unique = np.unique(np.round(plane, 9), axis=0, return_index=True)
    radius = np.linalg.norm(offsets, axis=1)[unique]
    return HeadMap(centre, CloughTocher2DInterpolator(plane, radius), CloughTocher2DInterpolator(plane, uv[unique]))
