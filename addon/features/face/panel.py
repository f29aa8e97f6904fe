"""The Face panel: brows, eyes, mouth."""

from __future__ import annotations

import bpy

from ..layout import SidebarPanel, draw_wrapped
from ..setup.avatar import current_avatar
from .operators import face_keys

GROUPS = (
    ("Brows", ("brows_up", "brows_down", "brows_inner_up")),
    ("Eyes and Nose", ("eyes_wide", "eyes_closed", "squint", "nose_wrinkle")),
    ("Mouth", ("smile", "frown", "pucker", "lips_pressed", "lower_lip_out", "tongue_out", "cheek_puff")),
    ("Mouthing", tuple(f"mouth_{letter}" for letter in "AEIOUMFL")),
)


class SIGNWRIGHT_PT_face(SidebarPanel, bpy.types.Panel):
    """The face by hand: brows and mouth are part of the grammar"""

    bl_idname = "SIGNWRIGHT_PT_face"
    bl_label = "Face"
    bl_order = 3
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        rig = current_avatar(context)
        keys = dict(face_keys(rig)) if rig is not None else {}
        if not keys:
            draw_wrapped(layout, context, "The embedded avatar has a face that can be set here.", "INFO")
            layout.operator("signwright.add_avatar", icon="OUTLINER_OB_ARMATURE")
            return
        row = layout.row(align=True)
        row.operator("signwright.key_face", icon="KEY_HLT")
        row.operator("signwright.relax_face", text="", icon="LOOP_BACK")
        for title, units in GROUPS:
            shown = [unit for unit in units if unit in keys]
            if shown:
                column = layout.column(align=True)
                column.label(text=title)
                for unit in shown:
                    label = unit.removeprefix("mouth_").replace("_", " ").capitalize()
                    column.prop(keys[unit], "value", text=label, slider=True)


CLASSES = (SIGNWRIGHT_PT_face,)
