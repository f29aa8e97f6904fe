"""Plain materials for bodies that bring no look of their own, such as users' SMPL-X files."""

from __future__ import annotations

from typing import Any

import bpy

from .. import compat

SKIN_NAME = "Signwright plain skin"
_SKIN_COLOUR = (0.55, 0.30, 0.21, 1.0)


def plain_skin() -> bpy.types.Material:
    """One even skin with a little subsurface scattering; made once a file."""
    found = bpy.data.materials.get(SKIN_NAME)
    if found is not None:
        return found
    material = bpy.data.materials.new(SKIN_NAME)
    compat.use_material_nodes(material)
    material.diffuse_color = _SKIN_COLOUR
    shader: Any = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = _SKIN_COLOUR
    shader.inputs["Roughness"].default_value = 0.55
    shader.inputs["Subsurface Weight"].default_value = 0.15
    shader.inputs["Subsurface Radius"].default_value = (0.012, 0.004, 0.002)
    return material
