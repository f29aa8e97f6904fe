"""Every difference between the supported Blender versions (4.5, 5.0, 5.2), and nothing else.

Other modules call these functions and never ask for `bpy.app.version`.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

IS_5 = bpy.app.version >= (5, 0, 0)

EEVEE: str = "BLENDER_EEVEE" if IS_5 else "BLENDER_EEVEE_NEXT"
"""Identifier of EEVEE in `scene.render.engine`."""


# --- actions: layered since 4.4, and nothing else from 5.0 on ---------------------------------------------------------


def slot_of(action: bpy.types.Action, owner: bpy.types.ID, *, create: bool = False) -> Any:
    """The slot of `action` that animates `owner`: by name, or a new one; `None` when there is none."""
    data = owner.animation_data
    if data is not None and data.action == action and data.action_slot is not None:
        return data.action_slot
    for slot in action.slots:
        if slot.target_id_type == owner.id_type and slot.name_display == owner.name:
            return slot
    return action.slots.new(id_type=owner.id_type, name=owner.name) if create else None


def channelbag(action: bpy.types.Action, slot: Any, *, create: bool = False) -> Any:
    """The f-curves and groups of one slot, in the action's first layer and strip; `None` when there are none."""
    if create and not action.layers:
        action.layers.new("Layer")
    if not action.layers:
        return None
    layer = action.layers[0]
    if create and not layer.strips:
        layer.strips.new(type="KEYFRAME")
    if not layer.strips:
        return None
    return layer.strips[0].channelbag(slot, ensure=create)


def assign_action(owner: bpy.types.ID, action: bpy.types.Action | None, slot: Any = None) -> None:
    """Let `action`'s `slot` animate `owner`; no action clears it."""
    data = owner.animation_data or owner.animation_data_create()
    data.action = action
    if action is not None:
        data.action_slot = slot


def assigned_channels(owner: bpy.types.ID | None) -> Any:
    """F-curves and groups that animate `owner` now; `None` when nothing does."""
    data = owner.animation_data if owner is not None else None
    if data is None or data.action is None or data.action_slot is None:
        return None
    return channelbag(data.action, data.action_slot)


def copy_curve(bag: Any, curve: Any) -> Any:
    """Copy an f-curve with its keys, handles, modifiers and flags into another channelbag, without its group."""
    if IS_5:
        return bag.fcurves.new_from_fcurve(curve)
    copied = bag.fcurves.new(curve.data_path, index=curve.array_index)
    copied.keyframe_points.add(len(curve.keyframe_points))
    for before, after in zip(curve.keyframe_points, copied.keyframe_points, strict=True):
        _copy_properties(before, after)
    for modifier in curve.modifiers:
        _copy_properties(modifier, copied.modifiers.new(modifier.type))
    _copy_properties(curve, copied, skip=("data_path", "array_index", "group"))
    copied.update()
    return copied


def _copy_properties(before: Any, after: Any, skip: tuple[str, ...] = ()) -> None:
    for prop in before.bl_rna.properties:
        if not prop.is_readonly and prop.identifier not in skip:
            setattr(after, prop.identifier, getattr(before, prop.identifier))


# --- shape keys -------------------------------------------------------------------------------------------------------


def new_shape_key(obj: bpy.types.Object, name: str) -> bpy.types.ShapeKey:
    """A new shape key equal to the basis, at value 0 (from 5.0 on Blender's default is 1)."""
    key = obj.shape_key_add(name=name, from_mix=False)
    key.value = 0.0
    return key


# --- rendering --------------------------------------------------------------------------------------------------------


def set_image_output(scene: bpy.types.Scene, *, alpha: bool) -> None:
    """Render to PNG files, with or without an alpha channel."""
    settings: Any = scene.render.image_settings
    if IS_5:
        settings.media_type = "IMAGE"
    settings.file_format = "PNG"
    settings.color_mode = "RGBA" if alpha else "RGB"
    settings.color_depth = "8"
    settings.compression = 25


def set_video_output(scene: bpy.types.Scene) -> None:
    """Render to an MP4 file with H.264 that every player opens."""
    settings: Any = scene.render.image_settings
    if IS_5:
        settings.media_type = "VIDEO"
    settings.file_format = "FFMPEG"
    settings.color_mode = "RGB"
    video = scene.render.ffmpeg
    video.format = "MPEG4"
    video.codec = "H264"
    video.constant_rate_factor = "HIGH"
    video.ffmpeg_preset = "GOOD"
    video.gopsize = 12
    video.audio_codec = "NONE"


def image_settings_kept(scene: bpy.types.Scene, names: tuple[str, ...]) -> dict[str, Any]:
    """Values of these image settings, for `restore_image_settings`."""
    settings: Any = scene.render.image_settings
    names = ("media_type", *names) if IS_5 else names
    return {name: getattr(settings, name) for name in names}


def restore_image_settings(scene: bpy.types.Scene, kept: dict[str, Any]) -> None:
    """Put image settings back in the order that they were asked for: each limits the choices of the next."""
    for name, value in kept.items():
        setattr(scene.render.image_settings, name, value)


def use_world_nodes(world: bpy.types.World) -> None:
    """Give the world a node tree (always there from 5.0 on)."""
    if not IS_5:
        world.use_nodes = True


def use_material_nodes(material: bpy.types.Material) -> None:
    """Give a material a node tree (always there from 5.0 on)."""
    if not IS_5:
        material.use_nodes = True


def bundled_font() -> Path:
    """Blender's own interface font."""
    return Path(bpy.utils.system_resource("DATAFILES", path="fonts")) / "Inter.woff2"
