"""Materials of the embedded avatar: production shading, and the same look in Workbench's texture mode.

Workbench shows the active image node of a material, so each has the image that it should show there as the active node.
Images are packed into the .blend: nothing points at the extension's folder.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import bpy

from .. import compat

PREFIX = "Signwright "
UV_MAP = "UVMap"


class _Shader:
    """A material's node tree under construction: one Principled BSDF and what feeds it."""

    def __init__(self, material: bpy.types.Material, assets: Path) -> None:
        compat.use_material_nodes(material)
        self.material = material
        self.assets = assets
        self.tree: Any = material.node_tree
        self.tree.nodes.clear()
        self.output = self.node("ShaderNodeOutputMaterial", 600, 0)
        self.principled = self.node("ShaderNodeBsdfPrincipled", 250, 0)
        self.link(self.principled.outputs["BSDF"], self.output.inputs["Surface"])

    def node(self, kind: str, x: float, y: float) -> Any:
        node = self.tree.nodes.new(kind)
        node.location = (x, y)
        return node

    def link(self, start: Any, end: Any) -> None:
        self.tree.links.new(start, end)

    def set(self, **values: Any) -> None:
        """Set inputs of the Principled BSDF, named with underscores: `Coat_Weight=1.0`."""
        for name, value in values.items():
            self.principled.inputs[name.replace("_", " ")].default_value = value

    def colour_image(self, file: str, *, alpha: bool = False, saturation: float = 1.0, value: float = 1.0) -> None:
        """Feed the base colour from an image through a tint node, and show the image in Workbench."""
        node = self.image(file, -600, 100)
        tint = self.node("ShaderNodeHueSaturation", -250, 100)
        tint.label = "Tint"
        tint.inputs["Saturation"].default_value = saturation
        tint.inputs["Value"].default_value = value
        self.link(node.outputs["Color"], tint.inputs["Color"])
        self.link(tint.outputs["Color"], self.principled.inputs["Base Color"])
        if alpha:
            self.link(node.outputs["Alpha"], self.principled.inputs["Alpha"])

    def image(self, file: str, x: float, y: float) -> Any:
        """An image node, which becomes the active one."""
        node = self.node("ShaderNodeTexImage", x, y)
        node.image = packed_image(self.assets / file)
        self.tree.nodes.active = node
        return node

    def noise_bump(self, scale: float, depth: float, strength: float) -> None:
        """Bumps `depth` metres high from noise of `scale` cells a metre, on the surface at rest."""
        coordinates = self.node("ShaderNodeTexCoord", -900, -350)
        noise = self.node("ShaderNodeTexNoise", -650, -350)
        noise.inputs["Scale"].default_value = scale
        noise.inputs["Detail"].default_value = 3.0
        self.link(coordinates.outputs["UV"], noise.inputs["Vector"])
        self._bump(noise.outputs[0], depth, strength)

    def knit_bump(self, stitches: float, depth: float, strength: float) -> None:
        """Fine ribs along the cloth's texture."""
        coordinates = self.node("ShaderNodeTexCoord", -900, -350)
        wave = self.node("ShaderNodeTexWave", -650, -350)
        wave.inputs["Scale"].default_value = stitches
        wave.inputs["Distortion"].default_value = 1.5
        wave.inputs["Detail Scale"].default_value = 6.0
        self.link(coordinates.outputs["UV"], wave.inputs["Vector"])
        self._bump(wave.outputs["Fac"], depth, strength)

    def _bump(self, height: Any, depth: float, strength: float) -> None:
        bump = self.node("ShaderNodeBump", -100, -350)
        bump.inputs["Strength"].default_value = strength
        bump.inputs["Distance"].default_value = depth
        self.link(height, bump.inputs["Height"])
        self.link(bump.outputs["Normal"], self.principled.inputs["Normal"])

    def viewport(self, colour: tuple[float, float, float], roughness: float, specular: float = 0.5) -> None:
        """How solid shading shows the material."""
        self.material.diffuse_color = (*colour, 1.0)
        self.material.roughness = roughness
        self.material.specular_intensity = specular


def packed_image(path: Path) -> bpy.types.Image:
    """The image of a file, packed into the .blend without a path; the one that is there when there is one.

    Raises FileNotFoundError when the file is missing.
    """
    name = PREFIX + path.name
    found = bpy.data.images.get(name)
    if found is not None and found.packed_file is not None:
        return found
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing: the extension is damaged; install it again.")
    image = bpy.data.images.load(str(path))
    image.name = name
    image.pack()
    image.filepath_raw = f"//{path.name}"
    return image


def _skin(shader: _Shader) -> None:
    shader.colour_image("avatar_skin.jpg", saturation=1.06, value=0.86)
    shader.set(Roughness=0.52, Specular_IOR_Level=0.35, Subsurface_Weight=0.22, Subsurface_Scale=0.006)
    shader.set(Subsurface_Radius=(1.0, 0.38, 0.22))
    shader.noise_bump(scale=900.0, depth=0.0004, strength=0.12)
    shader.viewport((0.62, 0.36, 0.26), roughness=0.72, specular=0.35)


def _suit(shader: _Shader) -> None:
    shader.colour_image("avatar_suit.jpg")
    shader.set(Roughness=0.92, Specular_IOR_Level=0.12, Sheen_Weight=0.06, Sheen_Roughness=0.5)
    shader.knit_bump(stitches=160.0, depth=0.0006, strength=0.25)
    shader.viewport((0.028, 0.072, 0.105), roughness=0.95, specular=0.1)


def _eye(shader: _Shader) -> None:
    shader.colour_image("avatar_eye.jpg")
    shader.set(Roughness=0.35, Specular_IOR_Level=0.3, Coat_Weight=1.0, Coat_Roughness=0.02, Coat_IOR=1.38)
    shader.set(Subsurface_Weight=0.04, Subsurface_Scale=0.003)
    shader.image("avatar_eye_preview.jpg", -600, 400).label = "Shown by Workbench"
    shader.viewport((0.8, 0.77, 0.74), roughness=0.25, specular=0.8)


def _teeth(shader: _Shader) -> None:
    shader.colour_image("avatar_mouth.jpg")
    shader.set(Roughness=0.25, Subsurface_Weight=0.1, Subsurface_Scale=0.003)
    shader.viewport((0.75, 0.68, 0.58), roughness=0.5, specular=0.3)


def _tongue(shader: _Shader) -> None:
    shader.colour_image("avatar_mouth.jpg")
    shader.set(Roughness=0.38, Subsurface_Weight=0.2, Subsurface_Scale=0.006, Subsurface_Radius=(1.0, 0.3, 0.25))
    shader.viewport((0.5, 0.13, 0.12), roughness=0.6, specular=0.3)


def _hair(shader: _Shader) -> None:
    shader.colour_image("avatar_hair.png", alpha=True)
    shader.set(Roughness=0.68, Specular_IOR_Level=0.10, Anisotropic=0.5, Anisotropic_Rotation=0.25)
    tangent = shader.node("ShaderNodeTangent", -100, -350)
    tangent.direction_type = "UV_MAP"
    tangent.uv_map = UV_MAP
    shader.link(tangent.outputs["Tangent"], shader.principled.inputs["Tangent"])
    shader.viewport((0.045, 0.024, 0.014), roughness=0.62, specular=0.35)


def _lash(shader: _Shader) -> None:
    colour = (0.012, 0.007, 0.005)
    shader.set(Base_Color=(*colour, 1.0), Roughness=0.5)
    shader.viewport(colour, roughness=0.7, specular=0.2)


_RECIPES: dict[str, Callable[[_Shader], None]] = {
    "skin": _skin, "suit": _suit, "eye": _eye, "teeth": _teeth, "tongue": _tongue, "hair": _hair, "lash": _lash,
}  # fmt: skip


def make_materials(names: Iterable[str], assets_dir: Path) -> dict[str, bpy.types.Material]:
    """The avatar's materials by plain name; those already in the file are used as they are, changed or not.

    Raises ValueError for a name without a recipe, FileNotFoundError when an image is missing from `assets_dir`.
    """
    made = {}
    for name in names:
        if name not in _RECIPES:
            raise ValueError(f"The avatar names a material “{name}”; known are {', '.join(_RECIPES)}.")
        material = bpy.data.materials.get(PREFIX + name)
        if material is None:
            material = _built(name, assets_dir)
        made[name] = material
    return made


def _built(name: str, assets_dir: Path) -> bpy.types.Material:
    """A new material; none is left behind when an image is missing."""
    material = bpy.data.materials.new(PREFIX + name)
    try:
        _RECIPES[name](_Shader(material, assets_dir))
    except FileNotFoundError:
        bpy.data.materials.remove(material)
        raise
    return material
