"""How the scene is rendered. Kept in the scene as `scene.signwright.render`."""

from __future__ import annotations

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ....blender_scenes.presets import PRESETS

PRESET_ITEMS = tuple((p.name, p.label, p.description) for p in PRESETS.values())
SIZES = {"S540": (960, 540), "S720": (1280, 720), "S1080": (1920, 1080), "SQUARE": (1080, 1080)}
SIZE_ITEMS = (
    *((key, f"{w} x {h}", f"Pictures of {w} by {h} pixels") for key, (w, h) in SIZES.items()),
    ("SCENE", "As in the Scene", "The size in Blender's own output settings"),
)


class SIGNWRIGHT_PG_render(bpy.types.PropertyGroup):
    """Preset and output of the next render."""

    preset: EnumProperty(name="Preset", description="How pictures are made", items=PRESET_ITEMS, default="PREVIEW")  # pyright: ignore[reportInvalidTypeForm]
    size: EnumProperty(name="Size", description="Pixels of the pictures", items=SIZE_ITEMS, default="S540")  # pyright: ignore[reportInvalidTypeForm]
    transparent: BoolProperty(
        name="Transparent",
        description="Leave the background out. Numbered PNG files are written, as H.264 video can't be transparent",
    )  # pyright: ignore[reportInvalidTypeForm]
    filepath: StringProperty(
        name="Output",
        description="Video file, or folder for transparent pictures. When empty, a file named after the take in the "
        "folder of the preferences, else beside the .blend",
        subtype="FILE_PATH",
    )  # pyright: ignore[reportInvalidTypeForm]
    last_output: StringProperty(name="Last Output", description="Where the last render went")  # pyright: ignore[reportInvalidTypeForm]


CLASSES = (SIGNWRIGHT_PG_render,)
