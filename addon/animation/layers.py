"""Muting the layers of an action: body, left hand, right hand, face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

from ...engine.skeleton import LAYERS
from .. import compat
from ..avatar.rig import expression_keys, face_meshes, joint_bones
from .channels import bone_path, key_path


def _curves(rig: bpy.types.Object, layer: str) -> Iterator[tuple[bpy.types.ID, Any]]:
    """(owner, f-curve) of all curves of a layer that animate the rig now."""
    bones = joint_bones(rig)
    channels = ["rotation_quaternion", "location"] if layer == "body" else ["rotation_quaternion"]
    paths = {bone_path(bones[joint], channel) for joint in LAYERS[layer] for channel in channels}
    owners: list[tuple[bpy.types.ID, set[str]]] = [(rig, paths)]
    if layer == "face":
        for mesh in face_meshes(rig):
            owners.append((mesh.data.shape_keys, {key_path(key) for key in expression_keys(mesh).values()}))
    for owner, wanted in owners:
        bag = compat.assigned_channels(owner)
        for curve in bag.fcurves if bag is not None else ():
            if curve.data_path in wanted:
                yield owner, curve


def mute_layer(rig: bpy.types.Object, layer: str, mute: bool = True) -> int:
    """Mute or unmute a layer of the rig's action, and say how many curves changed.

    A muted layer is shown at rest, not frozen in the pose that it happened to have.
    """
    changed = 0
    for owner, curve in _curves(rig, layer):
        if curve.mute != mute:
            curve.mute = mute
            changed += 1
        if mute:
            _reset(owner, curve)
    rig.update_tag()
    return changed


def _reset(owner: bpy.types.ID, curve: Any) -> None:
    holder, _, name = curve.data_path.rpartition(".")
    target: Any = owner.path_resolve(holder)
    if name == "value":
        target.value = 0.0
    else:
        getattr(target, name)[curve.array_index] = (
            1.0 if (name, curve.array_index) == ("rotation_quaternion", 0) else 0.0
        )


def is_layer_muted(rig: bpy.types.Object, layer: str) -> bool:
    """Whether the layer has curves and all of them are muted."""
    mutes = [curve.mute for _, curve in _curves(rig, layer)]
    return bool(mutes) and all(mutes)


def muted_layers(rig: bpy.types.Object) -> set[str]:
    """Names of the muted layers."""
    return {layer for layer in LAYERS if is_layer_muted(rig, layer)}
