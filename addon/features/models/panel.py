"""The Model panel: which model on what, the signs found for the text, and how the model chooses."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy

from ..generate.choices import entries, method_of
from ..layout import SidebarPanel, draw_report, draw_wrapped, flowing_rows
from . import choices, state

_SHOWN = 150
_FATES = {
    "spelled": ("SMALL_CAPS", "Spelled letter by letter"),
    "model": ("SHADERFX", "Left to the model, without an example"),
    "left_out": ("ERROR", "Left out"),
}


class SIGNWRIGHT_PT_keywords(SidebarPanel, bpy.types.Panel):
    """Signs that the model is given as examples"""

    bl_parent_id = "SIGNWRIGHT_PT_generate"

    bl_idname = "SIGNWRIGHT_PT_keywords"
    bl_label = "Signs Found"
    bl_order = 1

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return state.finds_signs(context.scene)

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene = self.layout, context.scene
        state.keep_up(scene)
        chosen = scene.signwright.models
        if not state.has_text(scene):
            draw_wrapped(layout, context, "The dictionary's signs for the text show here while you type.", "INFO")
            return
        if not len(chosen.found) and state.is_stale(scene):
            layout.operator("signwright.find_keywords", icon="VIEWZOOM")
        elif not len(chosen.found):
            draw_wrapped(layout, context, "No sign of the dictionary fits; the model signs without examples.", "INFO")
        _draw_found(layout, context)
        _draw_others(layout, context, chosen.others)
        draw_report(layout, context, state.PLACE)


class SIGNWRIGHT_PT_model(SidebarPanel, bpy.types.Panel):
    """The trained model that makes the motion"""

    bl_idname = "SIGNWRIGHT_PT_model"
    bl_parent_id = "SIGNWRIGHT_PT_generate"
    bl_label = "Model"
    bl_order = 3
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return state.uses_model(context.scene)

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene = self.layout, context.scene
        chosen, language = scene.signwright.models, scene.signwright.generate.language
        entry = choices.bundle_entry(chosen.bundle, language, method_of(scene.signwright.generate))
        row = layout.row(align=True)
        row.prop(chosen, "bundle_menu", text="", icon="SHADERFX")
        row.operator("signwright.refresh_models", text="", icon="FILE_REFRESH")
        if entry is not None:
            row.operator("signwright.model_info", text="", icon="INFO").bundle = entry["id"]
            _draw_bundle(layout, context, entry, language)
        elif chosen.bundle:
            draw_wrapped(layout, context, f"The model {chosen.bundle} is not there. Choose another.", "ERROR")
        if not state.has_option(scene, "device"):
            return
        column = layout.column()
        column.use_property_split = True
        column.use_property_decorate = False
        if len(entries("devices")) > 1 or chosen.device != "auto":
            column.prop(chosen, "device_menu")
        runtime = choices.runtime()
        if runtime.get("note"):
            draw_wrapped(layout, context, runtime["note"], "INFO")
        elif runtime.get("label"):
            layout.label(text=runtime["label"], icon="MEMORY")


class SIGNWRIGHT_PT_sampling(SidebarPanel, bpy.types.Panel):
    """How the model chooses"""

    bl_idname = "SIGNWRIGHT_PT_sampling"
    bl_parent_id = "SIGNWRIGHT_PT_model"
    bl_label = "Advanced"
    bl_options = {"DEFAULT_CLOSED"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return state.has_option(context.scene, "beams")

    def draw(self, context: bpy.types.Context) -> None:
        layout, scene = self.layout, context.scene
        layout.use_property_split = True
        layout.use_property_decorate = False
        chosen = scene.signwright.models
        if not state.has_option(scene, "temperature"):
            layout.prop(chosen, "beams")
            return
        layout.row().prop(chosen, "mode", expand=True)
        layout.prop(chosen, "length", slider=True)
        layout.prop(chosen, "temperature", slider=True)
        if is_sampled(scene):
            layout.prop(chosen, "top_k")
            layout.prop(chosen, "top_p", slider=True)
        if chosen.temperature == 0.0:
            layout.prop(chosen, "beams")
        layout.prop(chosen, "limit_keywords")
        if chosen.limit_keywords:
            layout.prop(chosen, "keywords")
            layout.prop(chosen, "keyword_steps")
        if choices.runtime().get("name") == "torch":
            layout.prop(chosen, "precision")


def is_sampled(scene: bpy.types.Scene) -> bool:
    """Whether chance, and with it the seed, has a part in what the chosen method makes."""
    sampled = scene.signwright.models.temperature > 0.0 or scene.signwright.generate.variations > 1
    return (sampled and can_vary(scene)) or not state.uses_model(scene)


def can_vary(scene: bpy.types.Scene) -> bool:
    """Whether the chosen method can make several takes of one text that differ."""
    return not state.uses_model(scene) or state.has_option(scene, "temperature")


def _draw_bundle(
    layout: bpy.types.UILayout, context: bpy.types.Context, entry: Mapping[str, Any], language: str
) -> None:
    column = layout.column(align=True)
    if entry["problem"]:
        draw_wrapped(column, context, entry["problem"], "ERROR")
        return
    if not entry["generator"]:
        draw_wrapped(column, context, "It has a tokenizer only, and can't generate. Choose another.", "ERROR")
    elif language not in entry["languages"]:
        draw_wrapped(column, context, f"It doesn't know {language}, only {', '.join(entry['languages'])}.", "ERROR")
    for text in choices.told(entry):
        draw_wrapped(column, context, text)


def _draw_found(layout: bpy.types.UILayout, context: bpy.types.Context) -> None:
    """The signs as buttons, those of one spelled word as one."""
    found = context.scene.signwright.models.found
    shown: list[tuple[int, str]] = []
    groups: set[int] = set()
    for i, item in enumerate(found[:_SHOWN]):
        if item.group < 0:
            shown.append((i, item.name))
        elif item.group not in groups:
            groups.add(item.group)
            shown.append((i, f"fs-{item.word.upper()}" if item.word else item.name))
    column = layout.column(align=True)
    for numbers in flowing_rows(context, [(text, found[i].own) for i, text in shown]):
        row = column.row(align=True)
        row.alignment = "LEFT"
        for n in numbers:
            i, text = shown[n]
            icon = "USER" if found[i].own else "NONE"
            row.operator("signwright.toggle_keyword", text=text, icon=icon, depress=found[i].on).index = i
    if len(found) > _SHOWN:
        column.label(text=f"… and {len(found) - _SHOWN} more")


def _draw_others(layout: bpy.types.UILayout, context: bpy.types.Context, others: str) -> None:
    """Words without an example, by what becomes of them."""
    pairs = [line.split("\t") for line in others.split("\n") if "\t" in line]
    for fate, (icon, said) in _FATES.items():
        words = list(dict.fromkeys(word for word, what in pairs if what == fate))
        if words:
            shown = ", ".join(words[:12]) + (" …" if len(words) > 12 else "")
            draw_wrapped(layout, context, f"{said}: {shown}", icon)


CLASSES = (SIGNWRIGHT_PT_keywords, SIGNWRIGHT_PT_model, SIGNWRIGHT_PT_sampling)
