"""The Regenerate panel, and how well what was made anew joins what was kept."""

from __future__ import annotations

import json
from typing import Any

import bpy

from ... import pump, takes
from ...animation import exact
from ...animation.selection import has_keys
from ..layout import SidebarPanel, draw_progress, draw_report, draw_wrapped
from ..models.choices import any_usable, bundle_entry
from ..setup.avatar import current_avatar
from ..take_requests import EDITING
from .properties import ALL_PARTS
from .source import is_shown

_SEAMS = 3


class SIGNWRIGHT_PT_editing(SidebarPanel, bpy.types.Panel):
    """Make a part of the take anew"""

    bl_idname = "SIGNWRIGHT_PT_editing"
    bl_parent_id = "SIGNWRIGHT_PT_timeline"
    bl_label = "Regenerate"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(len(context.scene.signwright.timeline.takes)) and any_usable()

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene = self.layout, context.scene
        chosen = scene.signwright.editing
        item = takes.find(scene)
        _draw_range(layout, context, chosen, item)
        column = layout.column(align=True)
        for identifier in sorted(ALL_PARTS):
            column.prop_enum(chosen, "parts", identifier)
        layout.prop(chosen, "text", text="", placeholder=item.text or "What the range shall sign")
        _draw_settings(layout, chosen)
        _draw_kept(layout, context, chosen, item)
        job = pump.working(EDITING)
        if job is not None:
            draw_progress(layout, job, EDITING)
        else:
            row = layout.row()
            row.scale_y = 1.3
            row.operator("signwright.regenerate", icon="FILE_REFRESH")
        draw_seams(layout, context, item)
        draw_caption_button(layout, context)
        draw_report(layout, context, EDITING)


def draw_seams(layout: bpy.types.UILayout, context: bpy.types.Context, item: Any) -> None:
    """How fast the joints are where new and kept motion meet, beside how fast they are elsewhere."""
    seams = json.loads(item.seams or "[]")
    if not seams:
        return
    column = layout.column(align=True)
    column.label(text="Fastest joints at the seams, and in the take before:")
    for seam in sorted(seams, key=lambda s: -s["velocity"])[:_SEAMS]:
        joint = seam["joint"].replace("_", " ")
        text = f"{seam['time']:.1f} s: {joint} {seam['velocity']:.0f}°/s, before {seam['own']:.0f}°/s"
        draw_wrapped(column, context, text, "ERROR" if seam["velocity"] > 1.5 * seam["own"] else "CHECKMARK")
    if item.locked:
        column.label(text=f"{item.locked} poses kept exactly", icon="LOCKED")


def draw_caption_of_motion(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Where there is no take, but an animated avatar."""
    rig = current_avatar(context)
    if rig is not None and has_keys(rig):
        draw_caption_button(layout, context)
        draw_report(layout, context, EDITING)


def draw_caption_button(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Where the model can read motion."""
    scene = context.scene
    bundle = bundle_entry(scene.signwright.models.bundle, scene.signwright.generate.language)
    if bundle is not None and bundle.get("captions"):
        layout.operator("signwright.caption", icon="FONT_DATA")


def _draw_range(layout: bpy.types.UILayout, context: bpy.types.Context, chosen: Any, item: Any) -> None:
    layout.prop(chosen, "range", text="")
    scene = context.scene
    if chosen.range == "FRAMES":
        row = layout.row(align=True)
        row.prop(chosen, "frame_start")
        row.prop(chosen, "frame_end")
    elif chosen.range == "SEGMENT":
        number = scene.signwright.timeline.active_segment
        if number < len(item.segments):
            segment = item.segments[number]
            layout.label(text=f"{segment.name}: {segment.start:.1f} to {segment.end:.1f} s", icon="TIME")
    elif chosen.range == "PREVIEW" and not scene.use_preview_range:
        draw_wrapped(layout, context, "The scene has no preview range: press P in the timeline and drag.", "ERROR")


def _draw_settings(layout: bpy.types.UILayout, chosen: Any) -> None:
    column = layout.column()
    column.use_property_split = True
    column.use_property_decorate = False
    column.prop(chosen, "temperature", slider=True)
    if set(chosen.parts) == ALL_PARTS:
        column.prop(chosen, "length", slider=True)
    column.prop(chosen, "blend", slider=True)
    column.prop(chosen, "variations")
    if chosen.temperature > 0.0 or chosen.variations > 1:
        row = column.row(align=True)
        row.prop(chosen, "seed")
        row.operator("signwright.randomise_editing_seed", text="", icon="FILE_REFRESH")


def _draw_kept(layout: bpy.types.UILayout, context: bpy.types.Context, chosen: Any, item: Any) -> None:
    """What of the user's own keys stays."""
    rig = current_avatar(context)
    if rig is None or not is_shown(item, rig):
        return
    layout.prop(chosen, "keep_selected")
    kept = exact.kept_poses(rig, selected=chosen.keep_selected)
    if kept:
        count = f"{len(kept)} frame{'s' if len(kept) != 1 else ''}"
        draw_wrapped(layout, context, f"Kept exactly: keys on {count} (locked or selected).", "LOCKED")


CLASSES = (SIGNWRIGHT_PT_editing,)
