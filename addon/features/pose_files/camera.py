"""The scene's camera as the engine takes it: where in the picture a point of the signer is."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
from mathutils import Matrix

from ...avatar.rig import joint_bones, rig_axes, rig_map
from ...reports import UserError


def scene_camera(context: bpy.types.Context, rig: bpy.types.Object) -> dict[str, Any]:
    """Matrix, width and height of the present frame's camera, from SMPL-X's axes with the resting pelvis as origin.

    Raises `UserError` when the scene has no camera.
    """
    scene = context.scene
    camera = scene.camera
    if camera is None or camera.type != "CAMERA":
        raise UserError(
            "The scene has no camera.", "Press Frame Camera in the Render panel, or choose the view from the front."
        )
    render = scene.render
    width, height = (
        max(round(n * render.resolution_percentage / 100), 1) for n in (render.resolution_x, render.resolution_y)
    )
    projection = camera.calc_matrix_camera(
        context.evaluated_depsgraph_get(),
        x=width,
        y=height,
        scale_x=render.pixel_aspect_x,
        scale_y=render.pixel_aspect_y,
    )
    view = camera.matrix_world.normalized().inverted()
    whole = projection @ view @ rig.matrix_world @ _signer(rig)
    return {"matrix": [list(row) for row in whole], "width": width, "height": height}


def _signer(rig: bpy.types.Object) -> Matrix:
    """From SMPL-X's axes, in metres from the pelvis, to the armature's space."""
    pelvis = rig.data.bones[joint_bones(rig)["pelvis"]].head_local
    result = np.eye(4)
    result[:3, :3] = rig_axes(rig) * rig_map(rig).metre
    result[:3, 3] = pelvis
    return Matrix(result)
