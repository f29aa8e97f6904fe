"""Where things are on the face, measured on the base mesh so that they follow any change of shape."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..parts import BaseMesh, FloatArray
from .atlas import islands

MM = 0.001


@dataclass(frozen=True)
class Face:
    """Landmarks in metres. eyes: centres of the eyeballs, left then right. eye_radius: of the eyeball."""

    eyes: tuple[FloatArray, FloatArray]
    eye_radius: float
    nose_tip: FloatArray
    mouth: FloatArray
    chin: FloatArray
    top: FloatArray

    @property
    def scale(self) -> float:
        """Half the distance of the eyes over 31 mm: how much bigger than the drawn-for face this one is."""
        return float(np.linalg.norm(self.eyes[0] - self.eyes[1])) / 2 / (31 * MM)


def measure_face(base: BaseMesh) -> Face:
    """Find the landmarks of a hm08 mesh."""
    skin = base.vertices[base.group_vertices("body")]
    left, right = (base.vertices[base.group_vertices(f"helper-{s}-eye")] for s in "lr")
    eyes = (left.mean(axis=0), right.mean(axis=0))
    radius = float(np.median(np.linalg.norm(left - eyes[0], axis=1)))
    level = eyes[0][1]
    middle = np.abs(skin[:, 0]) < 8 * MM

    def foremost(low: float, high: float) -> FloatArray:
        band = skin[middle & (skin[:, 1] > level + low) & (skin[:, 1] < level + high)]
        return band[band[:, 2].argmax()] * (0.0, 1.0, 1.0)

    return Face(
        eyes=eyes,
        eye_radius=radius,
        nose_tip=foremost(-60 * MM, -15 * MM),
        mouth=_lip_line(base).mean(axis=0) * (0.0, 1.0, 1.0),
        chin=foremost(-125 * MM, -85 * MM),
        top=skin[skin[:, 1].argmax()],
    )


def _lip_line(base: BaseMesh) -> FloatArray:
    """Points (N, 3) of the loop where the face's patch meets the inside of the mouth."""
    body = base.groups["body"]
    found = islands(base.uvs[body])
    face, mouth = (np.unique(base.polygons[body[found[name]]]) for name in ("head", "mouth"))
    return base.vertices[np.intersect1d(face, mouth)]


def vertex_normals(vertices: FloatArray, polygons: NDArray[np.int64]) -> FloatArray:
    """Unit normals (N, 3), area-weighted over polygons (F, 4) with -1 padding; zero where nothing touches."""
    last = np.where(polygons[:, 3] >= 0, polygons[:, 3], polygons[:, 2])
    a, b, c, d = (vertices[i] for i in (polygons[:, 0], polygons[:, 1], polygons[:, 2], last))
    face = np.cross(c - a, d - b)
    degenerate = polygons[:, 3] < 0
    face[degenerate] = np.cross(b - a, c - a)[degenerate]
    normals = np.zeros_like(vertices)
    for k in range(4):
        used = polygons[:, k] >= 0
        np.add.at(normals, polygons[used, k], face[used])
    length = np.linalg.norm(normals, axis=1, keepdims=True)
    return normals / np.where(length > 0, length, 1.0)
