"""The Avatar panel."""

from __future__ import annotations

import bpy

from ... import pump
from ...avatar.correctives import correctives_problem
from ...avatar.rig import rig_meshes, rig_notes
from ..layout import SidebarPanel, draw_wrapped
from .avatar import current_avatar, shape_keys, skeleton_fits


class SIGNWRIGHT_PT_setup(SidebarPanel, bpy.types.Panel):
    """Who signs: add, load or choose an avatar"""

    bl_idname = "SIGNWRIGHT_PT_setup"
    bl_label = "Avatar"
    bl_order = 0

    def draw(self, context: bpy.types.Context) -> None:
        pump.warm_up_once()
        layout = self.layout
        rig = current_avatar(context)
        if rig is None:
            _draw_empty(layout, context)
            return
        row = layout.row(align=True)
        row.prop(context.scene.signwright.setup, "avatar", text="", icon="OUTLINER_OB_ARMATURE")
        row.menu("SIGNWRIGHT_MT_avatar", text="", icon="ADD")
        if context.scene.signwright.setup.avatar is None:
            layout.label(text=f"Selected: {rig.name}", icon="RESTRICT_SELECT_OFF")
        for note in rig_notes(rig):
            draw_wrapped(layout, context, note, "INFO")
        for problem in filter(None, map(correctives_problem, rig_meshes(rig))):
            draw_wrapped(layout, context, problem, "ERROR")


class SIGNWRIGHT_PT_body_shape(SidebarPanel, bpy.types.Panel):
    """How tall, heavy or old the embedded avatar is"""

    bl_idname = "SIGNWRIGHT_PT_body_shape"
    bl_parent_id = "SIGNWRIGHT_PT_setup"
    bl_label = "Body Shape"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        rig = current_avatar(context)
        return rig is not None and bool(shape_keys(rig))

    def draw(self, context: bpy.types.Context) -> None:
        rig = current_avatar(context)
        assert rig is not None
        layout = self.layout
        column = layout.column(align=True)
        for name, key in shape_keys(rig):
            column.prop(key, "value", text=name.replace("_", " ").capitalize(), slider=True)
        if not skeleton_fits(rig):
            draw_wrapped(layout, context, "The joints are those of another shape. Move them, then generate.", "INFO")
        layout.operator("signwright.fit_skeleton", icon="CON_ARMATURE")


class SIGNWRIGHT_MT_avatar(bpy.types.Menu):
    """Ways to get an avatar"""

    bl_idname = "SIGNWRIGHT_MT_avatar"
    bl_label = "Add Avatar"

    def draw(self, _context: bpy.types.Context) -> None:
        _draw_ways(self.layout)


def _draw_empty(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    draw_wrapped(layout, context, "Add a signer to begin.", "INFO")
    column = layout.column()
    column.scale_y = 1.3
    column.operator("signwright.add_avatar", icon="OUTLINER_OB_ARMATURE")
    column = layout.column(align=True)
    column.operator("signwright.load_body", icon="FILE_FOLDER")
    column.operator("signwright.use_armature", icon="RESTRICT_SELECT_OFF")


def _draw_ways(layout: bpy.types.UILayout) -> None:
    layout.operator("signwright.add_avatar", icon="OUTLINER_OB_ARMATURE")
    layout.operator("signwright.load_body", icon="FILE_FOLDER")
    layout.operator("signwright.use_armature", icon="RESTRICT_SELECT_OFF")


CLASSES = (SIGNWRIGHT_MT_avatar, SIGNWRIGHT_PT_setup, SIGNWRIGHT_PT_body_shape)
