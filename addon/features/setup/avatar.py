"""Which avatar the panel's buttons act on."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import bpy

from ...avatar import models
from ...avatar.create import SHAPE_NAMES_KEY, SKELETON_SHAPE_KEY, shape_of
from ...avatar.rig import find_rig, rig_meshes, rig_problems
from ...reports import UserError

_SHAPE_TOLERANCE = 0.05


def current_avatar(context: bpy.types.Context) -> bpy.types.Object | None:
    """The avatar chosen in the panel while it is in the scene, else the one that is meant by the selection."""
    chosen = context.scene.signwright.setup.avatar
    if chosen is not None and chosen.name in context.scene.objects and not rig_problems(chosen):
        return chosen
    return find_rig(context)


def require_avatar(context: bpy.types.Context) -> bpy.types.Object:
    """The avatar. Raises `UserError` when there is none."""
    rig = current_avatar(context)
    if rig is None:
        raise UserError(
            "There is no avatar to animate.",
            "Add the embedded one, or select an armature with SMPL-X bone names.",
            "add_avatar",
            "no_avatar",
        )
    return rig


def use(context: bpy.types.Context, rig: bpy.types.Object) -> None:
    """Let the panel's buttons act on this rig. Raises `UserError` when takes can't animate it."""
    problems = rig_problems(rig)
    if problems:
        raise UserError(
            " ".join(problems),
            "Nothing was changed. Takes need an armature with SMPL-X's bones in its T-pose, or the embedded avatar.",
            "add_avatar",
            "not_smplx",
        )
    context.scene.signwright.setup.avatar = rig


def model_file(context: bpy.types.Context) -> str:
    """The user's SMPL-X file behind the avatar, so that contacts are measured on it; empty for any other avatar."""
    rig = current_avatar(context)
    for mesh in rig_meshes(rig) if rig is not None else ():
        if models.PATH_KEY in mesh.data and not models.is_embedded(mesh):
            path = models.model_path(mesh)
            return str(path) if path.is_file() else ""
    return ""


def shape_keys(rig: bpy.types.Object) -> list[tuple[str, Any]]:
    """(name, shape key) of the body's shape directions, of the first mesh that has named ones."""
    for mesh in rig_meshes(rig):
        names = list(mesh.data.get(SHAPE_NAMES_KEY, ()))
        if names and mesh.data.shape_keys is not None:
            blocks = mesh.data.shape_keys.key_blocks
            return [(name, blocks[f"Shape{i:03d}"]) for i, name in enumerate(names) if f"Shape{i:03d}" in blocks]
    return []


def shape_values(rig: bpy.types.Object) -> list[float]:
    """Body shape of the avatar by its sliders, one number for each of its model's components; empty for any other."""
    for mesh in rig_meshes(rig):
        if models.PATH_KEY in mesh.data and mesh.data.shape_keys is not None:
            return list(shape_of(mesh))
    return []


def shapes_differ(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether two body shapes differ visibly; numbers that one of them lacks are 0."""
    pairs = itertools.zip_longest(one, other, fillvalue=0.0)
    return any(abs(a - b) > _SHAPE_TOLERANCE for a, b in pairs)


def skeleton_fits(rig: bpy.types.Object) -> bool:
    """Whether the joints are where the shape sliders have them."""
    return not shapes_differ(shape_values(rig), list(rig.get(SKELETON_SHAPE_KEY, ())))
