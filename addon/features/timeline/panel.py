"""The Takes panel: list, apply, segments, layers and where each sign came from."""

from __future__ import annotations

import json
from typing import Any

import bpy

from ... import pump, takes
from ...animation.layers import muted_layers
from ..editing.panel import draw_caption_of_motion
from ..layout import SidebarPanel, draw_progress, draw_report, draw_wrapped
from ..setup.avatar import current_avatar, shape_values, shapes_differ
from ..take_requests import TAKES
from .properties import LAYER_ITEMS

ORIGINS = {
    "dictionary": ("BOOKMARKS", "Dictionary"),
    "fingerspelled": ("SMALL_CAPS", "Fingerspelled"),
    "number": ("LINENUMBERS_ON", "Number"),
    "generated": ("SHADERFX", "Generated"),
    "imported": ("IMPORT", "Imported"),
    "user": ("USER", "Your own"),
    "pause": ("PAUSE", "Pause"),
}
"""Icon and name of each origin of a segment."""
_INFO_ROWS = 40
_SOURCES = 12


class SIGNWRIGHT_UL_takes(bpy.types.UIList):
    """Takes: name and length"""

    def draw_item(
        self, _context: Any, layout: Any, _data: Any, item: Any, _icon: Any, _active: Any, _name: Any
    ) -> None:
        row = layout.row(align=True)
        row.prop(item, "title", text="", emboss=False, icon="ACTION" if item.action else "RENDER_ANIMATION")
        row = row.row()
        row.alignment = "RIGHT"
        row.label(text=f"{item.duration:.1f} s", icon="ERROR" if item.warnings else "NONE")


class SIGNWRIGHT_UL_segments(bpy.types.UIList):
    """Segments: gloss, where it came from, and a button that jumps there"""

    def draw_item(
        self, _context: Any, layout: Any, data: Any, item: Any, _icon: Any, _active: Any, _name: Any, index: int
    ) -> None:
        row = layout.row(align=True)
        row.label(text=item.name, icon=ORIGINS[item.origin][0])
        right = row.row(align=True)
        right.alignment = "RIGHT"
        right.label(text=f"{item.start:.1f} s")
        jump = right.operator("signwright.jump_to_segment", text="", icon="FORWARD", emboss=False)
        jump.take, jump.index = data.name, index


class SIGNWRIGHT_PT_timeline(SidebarPanel, bpy.types.Panel):
    """What has been made"""

    bl_idname = "SIGNWRIGHT_PT_timeline"
    bl_label = "Takes"
    bl_order = 2

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        timeline = context.scene.signwright.timeline
        if not len(timeline.takes):
            draw_wrapped(layout, context, "No takes yet. Type a text above and press Generate.", "INFO")
            layout.operator("signwright.import_takes", icon="IMPORT")
            draw_caption_of_motion(layout, context)
            _draw_transfer(layout, context)
            return
        row = layout.row()
        row.template_list("SIGNWRIGHT_UL_takes", "", timeline, "takes", timeline, "active_take", rows=3)
        column = row.column(align=True)
        column.operator("signwright.remove_take", text="", icon="REMOVE")
        column.separator()
        column.operator("signwright.import_takes", text="", icon="IMPORT")
        column.menu("SIGNWRIGHT_MT_export_take", text="", icon="EXPORT")
        column.operator("signwright.take_info", text="", icon="INFO")
        _draw_transfer(layout, context)
        rig = current_avatar(context)
        if rig is None:
            draw_wrapped(layout, context, "Add an avatar first, then the take can be applied.", "INFO")
            layout.operator("signwright.add_avatar", icon="OUTLINER_OB_ARMATURE")
            return
        row = layout.row()
        row.scale_y = 1.3
        row.operator("signwright.apply_take", icon="KEYFRAME_HLT")
        if is_for_another_shape(takes.find(context.scene), rig):
            text = "Made for another body shape: hands may miss what they touch. Generate it again for this one."
            draw_wrapped(layout, context, text, "INFO")


class SIGNWRIGHT_PT_apply_options(SidebarPanel, bpy.types.Panel):
    """What Apply writes, and what shows"""

    bl_idname = "SIGNWRIGHT_PT_apply_options"
    bl_parent_id = "SIGNWRIGHT_PT_timeline"
    bl_label = "Layers and Keys"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(len(context.scene.signwright.timeline.takes))

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        timeline = context.scene.signwright.timeline
        rig = current_avatar(context)
        muted = muted_layers(rig) if rig is not None else set()
        column = layout.column(align=True)
        for identifier, name, _tip, icon, _number in LAYER_ITEMS:
            row = column.row(align=True)
            row.prop_enum(timeline, "layers", identifier, text=name, icon=icon)
            hidden = identifier in muted
            toggle = row.operator(
                "signwright.toggle_layer", text="", icon="HIDE_ON" if hidden else "HIDE_OFF", depress=hidden
            )
            toggle.layer = identifier
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(timeline, "start_frame")
        column.prop(timeline, "tolerance")
        column.prop(timeline, "extend_range")


class SIGNWRIGHT_PT_segments(SidebarPanel, bpy.types.Panel):
    """The signs of the take"""

    bl_idname = "SIGNWRIGHT_PT_segments"
    bl_parent_id = "SIGNWRIGHT_PT_timeline"
    bl_label = "Segments"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(len(context.scene.signwright.timeline.takes))

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        timeline = context.scene.signwright.timeline
        item = takes.find(context.scene)
        layout.template_list("SIGNWRIGHT_UL_segments", "", item, "segments", timeline, "active_segment", rows=4)
        if timeline.active_segment < len(item.segments):
            _draw_segment(layout, context, item.segments[timeline.active_segment])


class SIGNWRIGHT_PT_provenance(SidebarPanel, bpy.types.Panel):
    """Where the take came from"""

    bl_idname = "SIGNWRIGHT_PT_provenance"
    bl_parent_id = "SIGNWRIGHT_PT_timeline"
    bl_label = "Provenance"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(len(context.scene.signwright.timeline.takes))

    def draw(self, context: bpy.types.Context) -> None:
        draw_provenance(self.layout, context, takes.find(context.scene))


class SIGNWRIGHT_OT_take_info(bpy.types.Operator):
    """Show where every sign of the take came from"""

    bl_idname = "signwright.take_info"
    bl_label = "Where It Came From"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(len(context.scene.signwright.timeline.takes))

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_popup(self, width=620)

    def draw(self, context: bpy.types.Context) -> None:
        item = takes.find(context.scene)
        draw_provenance(self.layout, context, item)
        column = self.layout.column(align=True)
        for segment in item.segments[:_INFO_ROWS]:
            icon, origin = ORIGINS[segment.origin]
            row = column.split(factor=0.25)
            row.label(text=segment.name, icon=icon)
            row = row.split(factor=0.3)
            row.label(text=segment.words)
            row.label(text=_origin_text(segment, origin, short=True))
        if len(item.segments) > _INFO_ROWS:
            column.label(text=f"… and {len(item.segments) - _INFO_ROWS} more in the Segments list")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        return {"FINISHED"}


def is_for_another_shape(item: Any, rig: bpy.types.Object) -> bool:
    """Whether a take was made for a body shape that differs visibly from the avatar's sliders."""
    return bool(item.betas) and shapes_differ(json.loads(item.betas), shape_values(rig))


def draw_provenance(layout: bpy.types.UILayout, context: bpy.types.Context, item: Any) -> None:
    """Text, counts, method and the flag of review of a take."""
    if item.reviewed:
        layout.label(text="Reviewed by fluent signers", icon="CHECKMARK")
    else:
        draw_wrapped(layout, context, f"{takes.NOT_REVIEWED}. It doesn't replace an interpreter.", "ERROR")
    if item.text:
        draw_wrapped(layout, context, f"“{_shortened(item.text)}”")
    column = layout.column(align=True)
    column.label(text=item.origins or "No signs")
    column.label(text=f"{item.language}, {item.method}, seed {item.seed}")
    column.label(text=f"{item.duration:.1f} s at {item.fps:g} fps; engine {item.engine_version or 'unknown'}")
    if item.model:
        draw_wrapped(layout, context, f"Model {item.model}", "SHADERFX")
        draw_wrapped(layout, context, f"Chosen: {item.sampling}", "BLANK1")
        signs = list(dict.fromkeys(s.source for s in item.segments if s.origin == "generated" and s.source))
        if signs:
            more = f" and {len(signs) - _SOURCES} more" if len(signs) > _SOURCES else ""
            draw_wrapped(layout, context, f"By the examples {', '.join(signs[:_SOURCES])}{more}", "BOOKMARKS")
    for edit in filter(None, item.edits.split("\n")):
        draw_wrapped(layout, context, edit, "FILE_REFRESH")
    if item.caption:
        draw_wrapped(layout, context, f"A model reads it as “{_shortened(item.caption)}”", "FONT_DATA")
    for warning in filter(None, item.warnings.split("\n")):
        draw_wrapped(layout, context, warning, "ERROR")


def _draw_transfer(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """What is being imported or exported, and what became of it."""
    job = pump.working(TAKES)
    if job is not None:
        draw_progress(layout, job, TAKES, height=1.2)
    draw_report(layout, context, TAKES)


def _draw_segment(layout: bpy.types.UILayout, context: bpy.types.Context, segment: Any) -> None:
    icon, origin = ORIGINS[segment.origin]
    column = layout.column(align=True)
    if segment.words:
        column.label(text=f"“{segment.words}”")
    draw_wrapped(column, context, _origin_text(segment, origin), icon)


def _origin_text(segment: Any, origin: str, short: bool = False) -> str:
    """Where a sign came from; `short` leaves out that nobody reviewed it."""
    if segment.origin == "pause":
        return origin
    review = (
        f"reviewed by {segment.reviewed_by}" if segment.reviewed_by else "" if short else takes.NOT_REVIEWED.lower()
    )
    fit = f"fitted, joints off by {segment.fit:.0f} % of the palm" if segment.fit >= 0.0 else ""
    source = f"by the example {segment.source}" if segment.origin == "generated" and segment.source else segment.source
    return ", ".join(filter(None, (origin, source, segment.author, segment.licence, fit, review)))


def _shortened(text: str, length: int = 200) -> str:
    line = " ".join(text.split())
    return line if len(line) <= length else line[: length - 1] + "…"


CLASSES = (
    SIGNWRIGHT_UL_takes,
    SIGNWRIGHT_UL_segments,
    SIGNWRIGHT_PT_timeline,
    SIGNWRIGHT_PT_segments,
    SIGNWRIGHT_PT_apply_options,
    SIGNWRIGHT_PT_provenance,
    SIGNWRIGHT_OT_take_info,
)
