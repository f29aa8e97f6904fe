"""The Gloss panel: the line, its signs as buttons, and whose line it is."""

from __future__ import annotations

import bpy

from ... import pump
from ..layout import SidebarPanel, draw_report, draw_wrapped, flowing_rows
from . import state
from .operators import KINDS

_FIELD_CHARACTERS = 500
"""Longer lines would be cut off by Blender's text fields, so they are edited as a Text data-block."""
_SHOWN_ITEMS = 150


class SIGNWRIGHT_PT_gloss(SidebarPanel, bpy.types.Panel):
    """Which signs the text becomes"""

    bl_idname = "SIGNWRIGHT_PT_gloss"
    bl_parent_id = "SIGNWRIGHT_PT_generate"
    bl_label = "Gloss"
    bl_order = 0
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene = self.layout, context.scene
        line = state.current_line(scene)
        row = layout.row(align=True)
        row.operator("signwright.read_text", icon="VIEWZOOM")
        row.operator("signwright.gloss_block", text="", icon="TEXT", depress=scene.signwright.gloss.block is not None)
        if not line:
            text = "See which signs the text becomes, choose between them, and change them before they are made."
            draw_wrapped(layout, context, text, "INFO")
        else:
            _draw_whose(layout, context)
        _draw_line(layout, context, line)
        if line and state.has_items(scene):
            _draw_items(layout, context)
        elif line:
            layout.operator("signwright.check_gloss", icon="CHECKMARK")
        draw_report(layout, context, pump.GLOSS)


def _draw_whose(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """Whose line it is, and whether its text has changed."""
    scene = context.scene
    stale = state.is_stale(scene)
    if not state.is_edited(scene):
        if stale:
            draw_wrapped(layout, context, "The text has changed; the line is read anew when you generate.", "INFO")
        return
    row = layout.row()
    row.label(text="Edited by you", icon="GREASEPENCIL")
    row.operator("signwright.reset_gloss", icon="LOOP_BACK")
    if stale:
        draw_wrapped(layout, context, "The text has changed since. Your line is signed, not the text.", "ERROR")


def _draw_line(layout: bpy.types.UILayout, context: bpy.types.Context, line: str) -> None:
    gloss = context.scene.signwright.gloss
    if gloss.block is not None:
        layout.prop(gloss, "block", text="")
    elif len(line) <= _FIELD_CHARACTERS:
        layout.prop(gloss, "line", text="", placeholder="HELLO . MY NAME fs-ANNA")
    else:
        draw_wrapped(layout, context, "The line is too long for a field here. Edit it as a Text block.", "INFO")
        layout.operator("signwright.gloss_block", icon="TEXT")


def _draw_items(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    gloss = context.scene.signwright.gloss
    items = [(i, item) for i, item in enumerate(gloss.items[:_SHOWN_ITEMS]) if item.kind != "pause"]
    icons = ["DOWNARROW_HLT" if len(item.choices) > 1 else KINDS.get(item.kind, ("NONE", ""))[0] for _, item in items]
    column = layout.column(align=True)
    labels = [(item.name, icon != "NONE") for (_, item), icon in zip(items, icons, strict=True)]
    for numbers in flowing_rows(context, labels):
        row = column.row(align=True)
        row.alignment = "LEFT"
        for n in numbers:
            i, item = items[n]
            marked = i == gloss.active_item
            row.operator("signwright.gloss_item", text=item.name, icon=icons[n], depress=marked).index = i
    if len(gloss.items) > _SHOWN_ITEMS:
        column.label(text=f"… and {len(gloss.items) - _SHOWN_ITEMS} more")
    spelled = [item.words or item.name for item in gloss.items if item.kind == "fingerspell"]
    if spelled:
        shown = ", ".join(dict.fromkeys(spelled[:12])) + (" …" if len(spelled) > 12 else "")
        draw_wrapped(layout, context, f"Spelled letter by letter: {shown}", "SMALL_CAPS")
    if any(len(item.choices) > 1 for item in gloss.items):
        draw_wrapped(layout, context, "Words with an arrow have several signs: click to choose.", "DOWNARROW_HLT")


CLASSES = (SIGNWRIGHT_PT_gloss,)
