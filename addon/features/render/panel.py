"""The Render panel: studio, camera, preset, output."""

from __future__ import annotations

import bpy

from ..layout import SidebarPanel, draw_wrapped
from ..setup.avatar import current_avatar


class SIGNWRIGHT_PT_render(SidebarPanel, bpy.types.Panel):
    """From keyframes to video"""

    bl_idname = "SIGNWRIGHT_PT_render"
    bl_label = "Render"
    bl_order = 3
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        if current_avatar(context) is None:
            draw_wrapped(layout, context, "Add an avatar first.", "INFO")
            layout.operator("signwright.add_avatar", icon="OUTLINER_OB_ARMATURE")
            return
        scene = context.scene
        chosen = scene.signwright.render
        column = layout.column(align=True)
        column.operator("signwright.build_studio", icon="LIGHT_AREA")
        row = column.row(align=True)
        row.operator("signwright.frame_camera", icon="CAMERA_DATA")
        row.operator("signwright.check_framing", text="Check", icon="VIEWZOOM")
        row = layout.row()
        row.label(text=f"Frames {scene.frame_start} to {scene.frame_end}", icon="TIME")
        row.operator("signwright.fit_range", text="Fit to Take")
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        column.prop(chosen, "preset")
        column.prop(chosen, "size")
        column.prop(chosen, "transparent")
        column.prop(chosen, "filepath")
        row = layout.row(align=True)
        row.scale_y = 1.3
        row.operator("signwright.render", icon="RENDER_ANIMATION")
        row.operator("signwright.contact_sheet", text="", icon="IMGDISPLAY")
        row.operator("signwright.open_output", text="", icon="FILE_FOLDER")


CLASSES = (SIGNWRIGHT_PT_render,)
