"""Find the signs for a text, switch them on and off, look for models anew, tell where a model came from."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import IntProperty, StringProperty

from ... import pump
from ...paths import models_path
from ...reports import Report, UserError
from ..layout import draw_wrapped
from ..reporting import operator_fails_with_report
from ..requests import ask
from . import choices, state


class SIGNWRIGHT_OT_find_keywords(bpy.types.Operator):
    """Find the signs that the model is given as examples for the text, before anything is generated"""

    bl_idname = "signwright.find_keywords"
    bl_label = "Find Signs"
    place = state.PLACE

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        if not state.has_text(scene):
            raise UserError("There is no text yet.", "Type a word or a sentence first.", "edit_text", "empty_text")
        name, source = scene.name, state.source_of(scene)

        def done(answer: Mapping[str, Any]) -> Report | None:
            home = bpy.data.scenes.get(name)
            return state.take_found(home, source, answer) if home is not None else None

        return ask(self, "keywords", done, **state.fields(scene))


class SIGNWRIGHT_OT_toggle_keyword(bpy.types.Operator):
    """Give this sign to the model as an example, or leave it out"""

    bl_idname = "signwright.toggle_keyword"
    bl_label = "Use as Example"
    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    index: IntProperty(name="Sign", description="Number of the sign found, from 0", min=0)  # pyright: ignore[reportInvalidTypeForm]

    @classmethod
    def description(cls, context: bpy.types.Context, properties: Any) -> str:
        found = context.scene.signwright.models.found
        if properties.index >= len(found):
            return ""
        item = found[properties.index]
        whose = "your own sign" if item.own else "sign of the model's dictionary"
        return ". ".join(filter(None, (f"“{item.word}”" if item.word else "", f"{whose.capitalize()} {item.entry}")))

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        found = context.scene.signwright.models.found
        if self.index >= len(found):
            raise UserError(f"There are {len(found)} signs, and no number {self.index}.", code="no_keyword")
        pressed = found[self.index]
        on = not pressed.on
        for item in found:
            if item == pressed or (pressed.group >= 0 and item.group == pressed.group):
                item.on = on
        return {"FINISHED"}


class SIGNWRIGHT_OT_refresh_models(bpy.types.Operator):
    """Look for models and devices again, after a model was imported or something was installed"""

    bl_idname = "signwright.refresh_models"
    bl_label = "Look for Models"
    place = state.PLACE

    @operator_fails_with_report
    def execute(self, _context: bpy.types.Context) -> set[str]:
        def done(answer: Mapping[str, Any]) -> Report | None:
            choices.take_found(answer)
            state.forget()
            pump.redraw()
            return None

        return ask(self, "bundles", done, models=str(models_path()))


class SIGNWRIGHT_OT_open_models(bpy.types.Operator):
    """Open the folder of your own models. Put each one's folder into it, then look for models"""

    bl_idname = "signwright.open_models"
    bl_label = "Open Folder"
    place = state.PLACE

    @operator_fails_with_report
    def execute(self, _context: bpy.types.Context) -> set[str]:
        path = models_path()
        try:
            path.mkdir(parents=True, exist_ok=True)
            if not bpy.app.background:
                bpy.ops.wm.path_open(filepath=str(path))
        except (OSError, RuntimeError) as e:
            raise UserError(
                f"The folder of models {path} can't be opened: {e}",
                "Choose another one in the preferences.",
                "choose_folder",
                "models_folder",
            ) from e
        self.report({"INFO"}, str(path))
        return {"FINISHED"}


class SIGNWRIGHT_OT_model_info(bpy.types.Operator):
    """Show who made the model, of what, and under which licence"""

    bl_idname = "signwright.model_info"
    bl_label = "About the Model"

    bundle: StringProperty(name="Model", description="Id of the model")  # pyright: ignore[reportInvalidTypeForm]

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_popup(self, width=500)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        entry = choices.entry_of(self.bundle)
        if entry is None:
            layout.label(text="This model is not there any more", icon="ERROR")
            return
        layout.label(text=entry["name"], icon="SHADERFX")
        column = layout.column(align=True)
        for text in choices.told(entry):
            draw_wrapped(column, context, text)

    def execute(self, _context: bpy.types.Context) -> set[str]:
        return {"FINISHED"}


CLASSES = (
    SIGNWRIGHT_OT_find_keywords,
    SIGNWRIGHT_OT_toggle_keyword,
    SIGNWRIGHT_OT_refresh_models,
    SIGNWRIGHT_OT_open_models,
    SIGNWRIGHT_OT_model_info,
)
