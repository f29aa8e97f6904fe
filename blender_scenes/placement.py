"""Where the signer stands and looks: the space that studio and camera are built in."""

from __future__ import annotations

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..addon.avatar.rig import joint_bones, rig_axes, rig_meshes


def signer_space(rig: bpy.types.Object) -> Matrix:
    """4x4 from the signer's metres (left, up, forward; origin on the floor below the pelvis at rest) to the world.

    It is upright and of world scale, whatever the rig's own rotation and scale.
    """
    bpy.context.view_layer.update()  # a rig that was just moved has its old matrix otherwise
    world = rig.matrix_world
    forward = world.to_3x3() @ Vector(rig_axes(rig)[:, 2])
    forward.z = 0.0
    if forward.length < 1e-6:
        forward = Vector((0.0, -1.0, 0.0))
    forward.normalize()
    up = Vector((0.0, 0.0, 1.0))
    left = up.cross(forward)
    pelvis = world @ rig.data.bones[joint_bones(rig)["pelvis"]].head_local
    floor = min([_lowest(mesh) for mesh in rig_meshes(rig)], default=pelvis.z - 0.95)
    matrix = Matrix((left, up, forward)).transposed().to_4x4()
    matrix.translation = (pelvis.x, pelvis.y, floor)
    return matrix


def _lowest(mesh: bpy.types.Object) -> float:
    """Height of the lowest vertex at rest."""
    flat = np.empty(3 * len(mesh.data.vertices), dtype=np.float32)
    mesh.data.vertices.foreach_get("co", flat)
    turn = np.array(mesh.matrix_world)
    return float((flat.reshape(-1, 3) @ turn[2, :3] + turn[2, 3]).min())
