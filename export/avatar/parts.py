"""What passes between the steps of the builder: the base mesh, and parts added to it.

All positions are in metres with +y up, +z forward, +x the avatar's left. `BaseMesh.vertices`
is MakeHuman's A-pose with the feet near y = -0.83; the builder turns it into the rest pose and moves
the origin afterwards, so parts must be modelled on these positions.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[Any]
IntArray = NDArray[Any]


@dataclass(frozen=True)
class BaseMesh:
    """The averaged adult on MakeHuman's hm08 topology, relaxed face, A-pose.

    vertices: (19158, 3) metres, helper geometry included. polygons: (F, 4) vertex ids, a triangle repeats
    none and has -1 last. uvs: (F, 4, 2) per corner. groups: name of the mesh group ("body",
    "helper-tights", "helper-l-eyelashes-1", "joint-l-eye", ...) -> polygon ids.
    expressions: name -> (19158, 3) deltas of each face unit in metres, for looking only.
    """

    vertices: FloatArray
    polygons: IntArray
    uvs: FloatArray
    groups: dict[str, IntArray]
    expressions: dict[str, FloatArray] = field(default_factory=dict)

    def group_vertices(self, name: str) -> IntArray:
        """Sorted ids of the vertices that the polygons of a group use."""
        ids = np.unique(self.polygons[self.groups[name]])
        return ids[ids >= 0]

    def joint_centre(self, name: str) -> FloatArray:
        """Centre (3,) of a joint cube, for example "joint-l-eye"."""
        return self.vertices[self.group_vertices(name)].mean(axis=0)


@dataclass(frozen=True)
class MeshPart:
    """Extra geometry that follows the base mesh: hair, brows, lashes, eyeballs.

    vertices: (N, 3) metres, in the pose and place of `BaseMesh.vertices`. polygons: (F, 4) ids into these vertices,
    -1 last for a triangle; seen from outside they run counter-clockwise. uvs: (F, 4, 2) per corner.
    source_vertices (N, 3) and source_weights (N, 3; rows sum to 1): base-mesh vertices whose skin weights and whose
    shape and expression deltas each vertex takes, blended. A rigid part names the same source on all its vertices.
    materials: one name a polygon (length F), or one name for all.
    """

    name: str
    materials: str | tuple[str, ...]
    vertices: FloatArray
    polygons: IntArray
    uvs: FloatArray
    source_vertices: IntArray
    source_weights: FloatArray

    def __post_init__(self) -> None:
        n, f = len(self.vertices), len(self.polygons)
        shapes = {
            "vertices": (self.vertices.shape, (n, 3)),
            "polygons": (self.polygons.shape, (f, 4)),
            "uvs": (self.uvs.shape, (f, 4, 2)),
            "source_vertices": (self.source_vertices.shape, (n, 3)),
            "source_weights": (self.source_weights.shape, (n, 3)),
        }
        for key, (found, wanted) in shapes.items():
            if found != wanted:
                raise ValueError(f"part {self.name!r}: {key} has shape {found}, expected {wanted}")
        if not isinstance(self.materials, str) and len(self.materials) != f:
            raise ValueError(f"part {self.name!r}: {len(self.materials)} materials for {f} polygons")
        if f and (self.polygons.max() >= n or self.polygons[:, :3].min() < 0):
            raise ValueError(f"part {self.name!r}: polygons name vertices outside 0..{n - 1}")
        if not np.allclose(self.source_weights.sum(axis=1), 1.0, atol=1e-6):
            raise ValueError(f"part {self.name!r}: source_weights rows must sum to 1")

    def polygon_materials(self) -> tuple[str, ...]:
        """Material name of each polygon."""
        if isinstance(self.materials, str):
            return (self.materials,) * len(self.polygons)
        return self.materials
