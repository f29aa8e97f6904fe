"""A plain studio for signing: seamless backdrop, soft three-point light with contact shadows.

Everything lies in one collection that is rebuilt as a whole, so building twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import bpy
import numpy as np
from mathutils import Matrix, Vector

from ..addon import compat
from .placement import signer_space

COLLECTION = "Signwright studio"
BACKDROP_COLOUR = (0.235, 0.315, 0.365)
"""Linear RGB: a cool blue-grey, far from skin in hue and from dark clothes in lightness."""
_WORLD_COLOUR = (0.62, 0.72, 0.85)
_WORLD_STRENGTH = 0.13
_OWN_KEY = "signwright_studio"


@dataclass(frozen=True)
class AreaLight:
    """A softbox. place and target: metres to the signer's left, up and forward, from the floor below the pelvis."""

    name: str
    place: tuple[float, float, float]
    target: tuple[float, float, float]
    size: tuple[float, float]
    watts: float
    colour: tuple[float, float, float]


# the key light is reflected inside the iris of eyes that look at the camera;
# the rim light looks past the signer to the front, so that the backdrop lies behind it and shows no edge of its light
LIGHTS = (
    AreaLight("Key", (1.0, 2.3, 2.5), (0.0, 1.3, 0.1), (1.1, 1.1), 88.0, (1.0, 0.955, 0.9)),
    AreaLight("Fill", (-2.2, 1.6, 2.3), (0.0, 1.2, 0.0), (2.2, 2.2), 13.0, (0.86, 0.93, 1.0)),
    AreaLight("Rim", (-1.0, 2.4, -1.0), (-0.3, 1.6, 1.0), (0.5, 1.4), 60.0, (0.93, 0.97, 1.0)),
    AreaLight("Backdrop light", (0.0, 2.9, -0.9), (0.0, 1.1, -2.6), (2.4, 0.5), 30.0, (0.95, 0.98, 1.0)),
)


def build_studio(scene: bpy.types.Scene, rig: bpy.types.Object) -> bpy.types.Collection:
    """Build the studio around `rig`, in place of the one built before, and return its collection.

    Lights, backdrop and world are ours; lights, cameras and objects of the user's stay as they are. The scene gets our
    world only when it has none or ours.
    """
    remove_studio(scene)
    collection = bpy.data.collections.new(COLLECTION)
    collection[_OWN_KEY] = True
    scene.collection.children.link(collection)
    space = signer_space(rig)
    collection.objects.link(_backdrop(space))
    for light in LIGHTS:
        collection.objects.link(_area_light(light, space))
    _set_world(scene)
    scene.view_settings.view_transform = "AgX"
    scene.view_settings.look = "AgX - Medium High Contrast"
    return collection


def remove_studio(scene: bpy.types.Scene) -> None:
    """Remove the studio built before in this scene, with its meshes, lights and materials."""
    for collection in [c for c in scene.collection.children_recursive if _OWN_KEY in c]:
        for obj in list(collection.objects):
            if _OWN_KEY in obj:
                bpy.data.batch_remove((obj.data, obj))
            else:
                # something of the user's that was put here: keep it in the scene
                scene.collection.objects.link(obj)
        bpy.data.collections.remove(collection)


def is_backdrop(obj: bpy.types.Object) -> bool:
    """Whether an object is the studio's backdrop."""
    return _OWN_KEY in obj and obj.type == "MESH"


def has_studio_world(scene: bpy.types.Scene) -> bool:
    """Whether the scene's world is the studio's, not one of the user's."""
    return scene.world is not None and _OWN_KEY in scene.world


def _own(name: str, data: Any) -> bpy.types.Object:
    obj = bpy.data.objects.new(name, data)
    obj[_OWN_KEY] = True
    obj.hide_select = True
    return obj


def _area_light(light: AreaLight, space: Matrix) -> bpy.types.Object:
    data = bpy.data.lights.new(light.name, "AREA")
    data.shape = "RECTANGLE"
    data.size, data.size_y = light.size
    data.energy = light.watts
    data.color = light.colour
    data.use_shadow = True
    obj = _own(light.name, data)
    place, target = space @ Vector(light.place), space @ Vector(light.target)
    direction = target - place
    obj.matrix_world = Matrix.Translation(place) @ direction.to_track_quat("-Z", "Y").to_matrix().to_4x4()
    return obj


def _profile(depth: float, height: float, radius: float, front: float) -> list[tuple[float, float]]:
    """(forward, up) points from the floor in front over a quarter circle up the wall behind."""
    arc = np.linspace(0.0, np.pi / 2, 25)
    curve = [(-depth + radius - radius * np.sin(a), radius - radius * np.cos(a)) for a in arc]
    return [(front, 0.0), *((float(f), float(u)) for f, u in curve), (-depth, height)]


def _backdrop(space: Matrix) -> bpy.types.Object:
    profile = _profile(depth=2.6, height=5.0, radius=1.2, front=5.0)
    half = 6.0
    points: list[Sequence[float]] = [space @ Vector((x, up, fwd)) for fwd, up in profile for x in (-half, half)]
    faces = [(2 * i, 2 * i + 1, 2 * i + 3, 2 * i + 2) for i in range(len(profile) - 1)]
    mesh = bpy.data.meshes.new("Backdrop")
    mesh.from_pydata(points, [], faces)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), dtype=bool))
    mesh.materials.append(_backdrop_material())
    return _own("Backdrop", mesh)


def _backdrop_material() -> bpy.types.Material:
    name = "Signwright backdrop"
    material = bpy.data.materials.get(name) or bpy.data.materials.new(name)
    compat.use_material_nodes(material)
    material.diffuse_color = (*BACKDROP_COLOUR, 1.0)
    material.roughness, material.specular_intensity = 1.0, 0.0
    shader: Any = next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")
    shader.inputs["Base Color"].default_value = (*BACKDROP_COLOUR, 1.0)
    shader.inputs["Roughness"].default_value = 0.9
    shader.inputs["Specular IOR Level"].default_value = 0.1
    return material


def _set_world(scene: bpy.types.Scene) -> None:
    if scene.world is not None and _OWN_KEY not in scene.world:
        return
    world = scene.world or bpy.data.worlds.new("Signwright studio")
    world[_OWN_KEY] = True
    compat.use_world_nodes(world)
    background: Any = next(n for n in world.node_tree.nodes if n.type == "BACKGROUND")
    background.inputs["Color"].default_value = (*_WORLD_COLOUR, 1.0)
    background.inputs["Strength"].default_value = _WORLD_STRENGTH
    world.color = BACKDROP_COLOUR
    scene.world = world
