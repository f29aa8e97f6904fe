"""The Dictionary panel: search, the signs that were found, and what is known of the chosen one."""

from __future__ import annotations

from typing import Any

import bpy

from ... import pump
from ...animation import preview
from ...paths import dictionary_path
from ..layout import SidebarPanel, draw_progress, draw_report, draw_wrapped
from ..setup.avatar import current_avatar
from . import search

_MIN_ROWS, _MAX_ROWS = 3, 7
_SHOWN_PROBLEMS = 3


class SIGNWRIGHT_UL_signs(bpy.types.UIList):
    """Signs: gloss, words, and whose they are"""

    def draw_item(
        self, _context: Any, layout: Any, _data: Any, item: Any, _icon: Any, _active: Any, _name: Any
    ) -> None:
        row = layout.split(factor=0.5)
        row.label(text=item.name, icon="USER" if item.own else "BOOKMARKS")
        right = row.row()
        right.label(text=item.sense or item.words)
        if item.reviewed_by:
            right.label(text="", icon="CHECKMARK")

    def draw_filter(self, _context: Any, _layout: Any) -> None:
        """The search field above does that, over all pages."""


class SIGNWRIGHT_PT_dictionary(SidebarPanel, bpy.types.Panel):
    """Look signs up, try them on the avatar, and keep your own"""

    bl_idname = "SIGNWRIGHT_PT_dictionary"
    bl_label = "Dictionary"
    bl_order = 4
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        search.search_when_drawn(context)
        layout, shown = self.layout, search.panel(context)
        row = layout.row(align=True)
        row.prop(shown, "query", text="", icon="VIEWZOOM", placeholder="Search a word or a gloss")
        layout.prop(shown, "language_menu", text="")
        layout.row(align=True).prop(shown, "scope", expand=True)
        if len(shown.signs):
            _draw_results(layout, context)
        else:
            _draw_empty(layout, context)
        job = pump.working(pump.DICTIONARY)
        if job is not None:
            draw_progress(layout, job, pump.DICTIONARY, height=1.2)
        if preview.shown():
            row = layout.row()
            row.alert = True
            row.scale_y = 1.3
            row.operator("signwright.stop_preview", text=f"Stop Preview of {preview.shown()}", icon="SNAP_FACE")
        draw_report(layout, context, pump.DICTIONARY)
        _draw_problems(layout, context)


class SIGNWRIGHT_PT_sign(SidebarPanel, bpy.types.Panel):
    """What is known of the chosen sign"""

    bl_idname = "SIGNWRIGHT_PT_sign"
    bl_parent_id = "SIGNWRIGHT_PT_dictionary"
    bl_label = "Sign"
    bl_order = 0

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return search.active_sign(context) is not None

    def draw(self, context: bpy.types.Context) -> None:
        layout, sign = self.layout, search.active_sign(context)
        row = layout.row(align=True)
        row.scale_y = 1.3
        row.operator("signwright.preview_sign", icon="PLAY").gloss = sign.name
        row.operator("signwright.insert_sign", text="Insert", icon="ADD").gloss = sign.name
        if current_avatar(context) is None:
            draw_wrapped(layout, context, "Add an avatar to preview signs on.", "INFO")
        _draw_details(layout.box(), context, sign)
        row = layout.row(align=True)
        label = "Edit" if sign.own else "Make My Own Version"
        row.operator("signwright.edit_sign", text=label, icon="GREASEPENCIL").sign = sign.name
        if sign.own:
            row.operator("signwright.remove_sign", text="", icon="TRASH").gloss = sign.name


class SIGNWRIGHT_PT_own_signs(SidebarPanel, bpy.types.Panel):
    """Signs of your own: save, import, export"""

    bl_idname = "SIGNWRIGHT_PT_own_signs"
    bl_parent_id = "SIGNWRIGHT_PT_dictionary"
    bl_label = "Your Own Signs"
    bl_order = 1

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator("signwright.save_sign", icon="KEYFRAME_HLT")
        column = layout.column(align=True)
        row = column.row(align=True)
        row.operator("signwright.import_signs", text="Import", icon="IMPORT")
        row.operator("signwright.export_signs", text="Export", icon="EXPORT")
        column.operator("signwright.import_animation_sign", text="Import FBX, GLB or BVH", icon="ARMATURE_DATA")
        if search.panel(context).import_report:
            layout.operator("signwright.import_report", icon="TEXT")
        draw_wrapped(layout, context, "Your signs win over those of the add-on and are kept when it is updated, in:")
        row = layout.row(align=True)
        row.label(text=str(dictionary_path()), icon="FILE_FOLDER")
        row.operator("signwright.open_dictionary", text="", icon="FILEBROWSER")


def _draw_results(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    shown = search.panel(context)
    rows = min(max(len(shown.signs), _MIN_ROWS), _MAX_ROWS)
    layout.template_list("SIGNWRIGHT_UL_signs", "", shown, "signs", shown, "active", rows=rows, maxrows=_MAX_ROWS)
    row = layout.row(align=True)
    last = shown.offset + len(shown.signs)
    row.label(text=f"{shown.offset + 1}–{last} of {shown.total:,}")
    for offset, icon, possible in (
        (shown.offset - search.PAGE, "TRIA_LEFT", shown.offset > 0),
        (shown.offset + search.PAGE, "TRIA_RIGHT", last < shown.total),
    ):
        button = row.row(align=True)
        button.enabled = possible
        button.operator("signwright.search_signs", text="", icon=icon).offset = max(offset, 0)


def _draw_empty(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    shown = search.panel(context)
    if search.is_searching() or search.is_outdated(context):
        layout.label(text="Looking …", icon="SORTTIME")
    elif shown.query.strip():
        text = f"No sign for “{shown.query.strip()}”. Names and words without a sign are spelled letter by letter."
        draw_wrapped(layout, context, text, "INFO")
    elif shown.scope == "OWN":
        text = "No signs of your own yet. Save a part of an animation as a sign, or import a file, below."
        draw_wrapped(layout, context, text, "INFO")
    else:
        text = "No signs of this language yet. Texts are spelled letter by letter where its alphabet is known."
        draw_wrapped(layout, context, text, "INFO")


def _draw_problems(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Own signs that were left out because of mistakes in their files."""
    problems = list(filter(None, search.panel(context).problems.split("\n")))
    if not problems:
        return
    box = layout.box()
    for problem in problems[:_SHOWN_PROBLEMS]:
        draw_wrapped(box, context, problem, "ERROR", 16)
    if len(problems) > _SHOWN_PROBLEMS:
        box.label(text=f"… and {len(problems) - _SHOWN_PROBLEMS} more")
    box.operator("signwright.open_dictionary", icon="FILE_FOLDER")


def _draw_details(box: bpy.types.UILayout, context: bpy.types.Context, sign: Any) -> None:
    title = box.row()
    title.label(text=sign.name, icon="USER" if sign.own else "BOOKMARKS")
    if sign.seconds:
        title.label(text=f"{sign.seconds:.1f} s")
    kind = f"{sign.sense} ({sign.pos})" if sign.sense and sign.pos else sign.sense or sign.pos.capitalize()
    for text in (kind, f"Words: {sign.words}", sign.description):
        if text:
            draw_wrapped(box, context, text, inset=16)
    if sign.reviewed_by:
        draw_wrapped(box, context, f"Reviewed by {sign.reviewed_by}", "CHECKMARK", 16)
    else:
        draw_wrapped(box, context, "Not reviewed by a fluent signer", "ERROR", 16)
    draw_wrapped(box, context, _whose(sign), "INFO", 16)
    if sign.fit >= 0.0:
        text = f"Fitted to points seen in a video; joints are off by {sign.fit:.0f} % of the palm's length"
        draw_wrapped(box, context, text, "INFO", 16)
    if sign.duplicates:
        draw_wrapped(box, context, f"Other signs of these words: {sign.duplicates}", "DUPLICATE", 16)


def _whose(sign: Any) -> str:
    """Where a sign comes from, whose it is and under which licence."""
    made = "recorded" if sign.kind == "recorded" else "written"
    where = "Your own sign" if sign.own else "Comes with the add-on"
    instead = "used instead of the add-on's" if sign.replaces else ""
    origin = "from keys in Blender" if sign.origin == "keyframes" else f"from {sign.origin}" if sign.origin else ""
    return ", ".join(filter(None, (where, instead, made, origin, sign.author, sign.licence or "no licence given")))


CLASSES = (
    SIGNWRIGHT_UL_signs,
    SIGNWRIGHT_PT_dictionary,
    SIGNWRIGHT_PT_sign,
    SIGNWRIGHT_PT_own_signs,
)
