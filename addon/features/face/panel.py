"""The Face panel: brows, eyes, mouth."""

from __future__ import annotations

import bpy

from ..layout import SidebarPanel
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

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        rig = current_avatar(context)
        return rig is not None and any(True for _ in face_keys(rig))

    def draw(self, context: bpy.types.Context) -> None:
        rig = current_avatar(context)
        assert rig is not None
        layout = self.layout
        row = layout.row(align=True)
        row.operator("signwright.key_face", icon="KEY_HLT")
        row.operator("signwright.relax_face", text="", icon="LOOP_BACK")
        keys = dict(face_keys(rig))
        for title, units in GROUPS:
            shown = [unit for unit in units if unit in keys]
            if shown:
                column = layout.column(align=True)
                column.label(text=title)
                for unit in shown:
                    column.prop(keys[unit], "value", text=unit.removeprefix("mouth_").replace("_", " ").capitalize())


CLASSES = (SIGNWRIGHT_PT_face,)
