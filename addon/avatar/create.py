"""From a body model to an avatar: armature, mesh, weights, shape keys, materials."""

from __future__ import annotations

import itertools
from pathlib import Path

import bpy
import numpy as np
from numpy.typing import NDArray

from ...engine.body import EMBEDDED_AVATAR, BodyModel
from ...engine.skeleton import EXPRESSION_NAMES, JOINT_NAMES, bone_name
from .. import compat
from . import correctives, models
from .armature import build_armature, move_joints
from .materials import make_materials
from .plain import plain_skin
from .rig import EXPRESSION_NAMES_KEY, rig_meshes

SHAPE_NAMES_KEY = "signwright_shape_names"
"""Custom property of a mesh: what each of `Shape000`, `Shape001`, ... changes."""
SKELETON_SHAPE_KEY = "signwright_skeleton_shape"
"""Custom property of an armature: the betas that its joints were placed for; the mean shape without it."""
_SHAPE_RANGE = 3.0
_UNNAMED_RANGE = 5.0


def add_avatar(context: bpy.types.Context, path: Path = EMBEDDED_AVATAR, name: str = "Signer") -> bpy.types.Object:
    """Add the avatar of a body model file to the scene, standing on the floor, and return its armature.

    Armature and mesh become active and selected as other added objects do. Raises `BodyModelError` when the file isn't
    a body model; nothing is added then.
    """
    model = BodyModel.load(path)
    collection = context.collection or context.scene.collection
    rig = build_armature(name, model.joints(), collection)
    mesh = _build_mesh(f"{rig.name} body", model, collection)
    mesh.parent = rig
    mesh.modifiers.new("Armature", "ARMATURE").object = rig
    _add_weights(mesh, model.weights)
    _add_shape_keys(mesh, model)
    _add_materials(mesh, model)
    models.remember(mesh, path, model)
    correctives.adopt(mesh, model.pose_blend)
    rig.location.z = -float(model.template[:, 1].min())
    _select_only(context, rig)
    context.view_layer.update()
    return rig


def _select_only(context: bpy.types.Context, rig: bpy.types.Object) -> None:
    for obj in context.selected_objects:
        obj.select_set(False)
    rig.select_set(True)
    context.view_layer.objects.active = rig


def _build_mesh(name: str, model: BodyModel, collection: bpy.types.Collection) -> bpy.types.Object:
    corners, starts = _polygons(model)
    mesh = bpy.data.meshes.new(name)
    mesh.vertices.add(model.vertex_count)
    mesh.vertices.foreach_set("co", _to_blender(model.template).ravel())
    mesh.loops.add(len(corners))
    mesh.loops.foreach_set("vertex_index", model.faces.ravel()[corners].astype(np.int32))
    mesh.polygons.add(len(starts))
    mesh.polygons.foreach_set("loop_start", starts)
    mesh.polygons.foreach_set("use_smooth", np.ones(len(starts), dtype=bool))
    if model.surface is not None:
        uvs = np.ascontiguousarray(model.surface.face_uvs.reshape(-1, 2)[corners], dtype=np.float32)
        mesh.uv_layers.new(name="UVMap").uv.foreach_set("vector", uvs.ravel())
    mesh.update(calc_edges=True)
    obj = bpy.data.objects.new(name, mesh)
    collection.objects.link(obj)
    return obj


def _polygons(model: BodyModel) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
    """Places in the flat face array of every polygon corner, and where each polygon starts; quads made whole again."""
    quads = model.surface.quad_count if model.surface is not None else 0
    first = 6 * np.arange(quads, dtype=np.int32)[:, None]
    triangles = np.arange(6 * quads, model.faces.size, dtype=np.int32)
    # a quad a b c d is stored as the triangles a b c and a c d: its corners are at 0, 1, 2 and 5
    corners = np.concatenate([(first + np.array([0, 1, 2, 5], dtype=np.int32)).ravel(), triangles])
    starts = np.concatenate([np.arange(0, 4 * quads, 4), 4 * quads + np.arange(0, len(triangles), 3)])
    return corners, starts.astype(np.int32)


def _to_blender(vectors: NDArray[np.floating]) -> NDArray[np.float32]:
    return np.ascontiguousarray(vectors @ models.AXES.T, dtype=np.float32)


def _add_weights(mesh: bpy.types.Object, weights: NDArray[np.floating]) -> None:
    for joint, column in zip(JOINT_NAMES, weights.T, strict=True):
        group = mesh.vertex_groups.new(name=bone_name(joint))
        used = np.flatnonzero(column)
        for vertex, weight in zip(used.tolist(), column[used].tolist(), strict=True):
            group.add((vertex,), weight, "REPLACE")


def _add_shape_keys(mesh: bpy.types.Object, model: BodyModel) -> None:
    mesh.shape_key_add(name="Basis", from_mix=False)
    named = set(model.expression_names) <= set(EXPRESSION_NAMES)
    for i in range(model.shape_directions.shape[2]):
        limit = _SHAPE_RANGE if named else _UNNAMED_RANGE
        _add_key(mesh, f"Shape{i:03d}", model.template + model.shape_directions[:, :, i], -limit, limit)
    for i in range(model.expression_directions.shape[2]):
        low, high = (0.0, 1.0) if named else (-_UNNAMED_RANGE, _UNNAMED_RANGE)
        _add_key(mesh, f"Exp{i:03d}", model.template + model.expression_directions[:, :, i], low, high)
    mesh.data[SHAPE_NAMES_KEY] = list(model.shape_names)
    if named:
        mesh.data[EXPRESSION_NAMES_KEY] = list(model.expression_names)
    if model.pose_blend is not None:
        _add_key(mesh, correctives.CORRECTIVES_KEY, model.template, 0.0, 1.0).value = 1.0


def _add_key(
    mesh: bpy.types.Object, name: str, vertices: NDArray[np.floating], low: float, high: float
) -> bpy.types.ShapeKey:
    key = compat.new_shape_key(mesh, name)
    key.points.foreach_set("co", _to_blender(vertices).ravel())
    key.slider_min, key.slider_max = low, high
    return key


def _add_materials(mesh: bpy.types.Object, model: BodyModel) -> None:
    """One material per name of the model's surface; a plain skin for a model without one."""
    surface = model.surface
    if surface is None:
        mesh.data.materials.append(plain_skin())
        return
    made = make_materials(surface.material_names, EMBEDDED_AVATAR.parent)
    for name in surface.material_names:
        mesh.data.materials.append(made[name])
    quads = surface.quad_count
    of_polygons = np.concatenate([surface.face_materials[: 2 * quads : 2], surface.face_materials[2 * quads :]])
    mesh.data.polygons.foreach_set("material_index", of_polygons.astype(np.int32))


def shape_of(mesh: bpy.types.Object) -> list[float]:
    """Values of `Shape000`, `Shape001`, ...: the betas of the body model."""
    blocks = mesh.data.shape_keys.key_blocks
    names = itertools.takewhile(lambda name: name in blocks, (f"Shape{i:03d}" for i in itertools.count()))
    return [blocks[name].value for name in names]


def move_joints_to_shape(rig: bpy.types.Object) -> None:
    """Put the armature's joints where the present values of the shape keys want them.

    Shape keys change the mesh only; without this a larger body would bend beside its joints. Raises `BodyModelError`
    when the avatar's model file is gone.
    """
    for mesh in rig_meshes(rig):
        if models.HASH_KEY in mesh.data and mesh.data.shape_keys is not None:
            betas = shape_of(mesh)
            move_joints(rig, models.model_of(mesh).joints(betas=betas))
            rig[SKELETON_SHAPE_KEY] = betas
            return
    raise ValueError(f"“{rig.name}” has no mesh made from a body model.")
