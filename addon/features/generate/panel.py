"""The Text panel: what to sign, how, and the Generate button with its progress."""

from __future__ import annotations

import bpy

from ... import pump
from ..gloss import state
from ..layout import SidebarPanel, draw_progress, draw_report, draw_wrapped
from ..models.panel import can_vary, is_sampled
from . import choices


class SIGNWRIGHT_PT_generate(SidebarPanel, bpy.types.Panel):
    """What to sign"""

    bl_idname = "SIGNWRIGHT_PT_generate"
    bl_label = "Text"
    bl_order = 1

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        chosen = context.scene.signwright.generate
        layout.row().prop(chosen, "source", expand=True)
        if chosen.source == "BLOCK":
            layout.template_ID(chosen, "text_block", new="text.new", open="text.open")
        else:
            row = layout.row(align=True)
            row.scale_y = 1.2
            row.prop(chosen, "text", text="", placeholder="What shall be signed?")
            if choices.examples(chosen):
                row.menu("SIGNWRIGHT_MT_prompts", text="", icon="OUTLINER_OB_SPEAKER")
        layout.prop(chosen, "language_menu", text="", icon="WORLD")
        entry = choices.language_entry(chosen.language)
        if entry is not None:
            draw_wrapped(layout, context, choices.coverage(entry), "INFO" if entry["has_signs"] else "ERROR")
        problem = choices.unavailable(chosen)
        if problem:
            draw_wrapped(layout, context, problem, "ERROR")
        job = pump.generating()
        if job is not None:
            draw_progress(layout, job, pump.TEXT)
        else:
            row = layout.row()
            row.scale_y = 1.6
            edited = state.is_edited(context.scene)
            row.operator("signwright.generate", text="Generate from Gloss Line" if edited else "Generate", icon="PLAY")
        layout.prop(chosen, "apply_after")
        draw_report(layout, context, pump.TEXT)


class SIGNWRIGHT_MT_prompts(bpy.types.Menu):
    """Ways to ask that the method understands beside plain sentences. One that is picked replaces the text"""

    bl_idname = "SIGNWRIGHT_MT_prompts"
    bl_label = "Prompts"

    def draw(self, context: bpy.types.Context) -> None:
        for example in choices.examples(context.scene.signwright.generate):
            self.layout.operator("signwright.use_prompt", text=example).text = example


class SIGNWRIGHT_PT_generate_options(SidebarPanel, bpy.types.Panel):
    """How it is signed"""

    bl_idname = "SIGNWRIGHT_PT_generate_options"
    bl_parent_id = "SIGNWRIGHT_PT_generate"
    bl_label = "Options"
    bl_order = 2
    bl_options = {"DEFAULT_CLOSED"}

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        chosen = context.scene.signwright.generate
        layout.prop(chosen, "method_menu")
        entry = choices.method_entry(choices.method_of(chosen))
        if entry is not None:
            draw_wrapped(layout, context, entry["description"], "INFO")
        layout.row().prop(chosen, "handedness", expand=True)
        layout.row().prop(chosen, "word_order", expand=True)
        layout.prop(chosen, "speed", slider=True)
        if not choices.uses_model(chosen):
            layout.prop(chosen, "mouthing", slider=True)
            layout.prop(chosen, "variation", slider=True)
        if can_vary(context.scene):
            layout.prop(chosen, "variations")
        if is_sampled(context.scene):
            row = layout.row(align=True)
            row.prop(chosen, "seed")
            row.operator("signwright.randomise_seed", text="", icon="FILE_REFRESH")


CLASSES = (SIGNWRIGHT_MT_prompts, SIGNWRIGHT_PT_generate, SIGNWRIGHT_PT_generate_options)
