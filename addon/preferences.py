"""The add-on's preferences: engine, runtime, folders, own signs, log."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import EnumProperty, StringProperty

from . import pump
from .features.licences import licence_suggestions
from .features.runtime.drawing import draw_runtime
from .paths import PACKAGE, dictionary_path, log_path, models_path


def _engine_changed(_self: Any, _context: bpy.types.Context) -> None:
    pump.session().stop()


class SignwrightPreferences(bpy.types.AddonPreferences):
    """Settings that belong to the user rather than to a .blend."""

    bl_idname = PACKAGE

    python_path: StringProperty(
        name="Engine's Python",
        description="Python that runs the engine; it needs NumPy. Empty for the one that comes with Blender",
        subtype="FILE_PATH",
        update=_engine_changed,
    )  # pyright: ignore[reportInvalidTypeForm]
    runtime: EnumProperty(
        name="Use",
        description="What the engine computes with",
        items=(
            ("AUTO", "The Pack", "PyTorch of the installed pack, for models and devices that it serves better"),
            ("BASE", "ONNX Runtime Only", "What comes with the add-on; an installed pack is left aside"),
        ),
        update=_engine_changed,
    )  # pyright: ignore[reportInvalidTypeForm]
    wheels_folder: StringProperty(
        name="Folder of Wheels",
        description="Where the packages of a pack lie, to install it without the internet",
        subtype="DIR_PATH",
    )  # pyright: ignore[reportInvalidTypeForm]
    work_folder: StringProperty(
        name="Working Folder",
        description="Where the engine puts a take before it goes into the .blend. Empty for Blender's temporary folder",
        subtype="DIR_PATH",
    )  # pyright: ignore[reportInvalidTypeForm]
    export_folder: StringProperty(
        name="Takes and Videos",
        description="Folder that is offered for exports and renders. Empty for the .blend's own folder",
        subtype="DIR_PATH",
    )  # pyright: ignore[reportInvalidTypeForm]
    models_folder: StringProperty(
        name="Models",
        description="Folder of trained models that you imported, one folder each. Empty for a folder of the add-on's "
        "that is kept when it is updated",
        subtype="DIR_PATH",
        update=_engine_changed,
    )  # pyright: ignore[reportInvalidTypeForm]

    dictionary_folder: StringProperty(
        name="Dictionary",
        description="Folder of your own signs, which can be shared or backed up. Empty for a folder of the add-on's "
        "that is kept when it is updated",
        subtype="DIR_PATH",
    )  # pyright: ignore[reportInvalidTypeForm]
    author: StringProperty(
        name="Author", description="Your name or that of the signer, for signs that you save or import"
    )  # pyright: ignore[reportInvalidTypeForm]
    licence: StringProperty(
        name="Licence",
        description="Licence of signs that you save or import, like CC0-1.0 or CC-BY-4.0",
        search=licence_suggestions,
    )  # pyright: ignore[reportInvalidTypeForm]

    def draw(self, context: bpy.types.Context) -> None:
        _draw_engine(self.layout.box(), self)
        draw_runtime(self.layout.box(), context, self)
        box = self.layout.box()
        box.label(text="Folders", icon="FILE_FOLDER")
        box.prop(self, "export_folder")
        box.prop(self, "work_folder")
        box.prop(self, "models_folder")
        row = box.row()
        row.label(text=f"Models are in {models_path()}")
        row.operator("signwright.open_models", icon="FILE_FOLDER")
        _draw_dictionary(self.layout.box(), self)
        _draw_log(self.layout.box())


def _draw_engine(box: bpy.types.UILayout, settings: SignwrightPreferences) -> None:
    session = pump.session()
    hello = session.hello
    row = box.row()
    if session.ready and hello is not None:
        devices = ", ".join(d["name"] for d in hello["devices"])
        row.label(text=f"Engine {hello['version']} is running on {devices}", icon="CHECKMARK")
    elif session.running:
        row.label(text="Engine is starting", icon="SORTTIME")
    elif session.failure is not None:
        row.alert = True
        row.label(text=session.failure.text, icon="ERROR")
    else:
        row.label(text="Engine is not running; it starts when it is needed", icon="INFO")
    row = box.row(align=True)
    row.operator("signwright.test_engine", icon="PLAY")
    row.operator("signwright.restart_engine", icon="FILE_REFRESH")
    if pump.test_result():
        box.label(text=pump.test_result(), icon="CHECKMARK")
    box.prop(settings, "python_path")
    if not settings.python_path:
        box.label(text=f"Used now: {pump.engine_python()}")


def _draw_dictionary(box: bpy.types.UILayout, settings: SignwrightPreferences) -> None:
    box.label(text="Own Signs", icon="USER")
    box.prop(settings, "author")
    box.prop(settings, "licence")
    box.prop(settings, "dictionary_folder")
    row = box.row()
    row.label(text=f"Used now: {dictionary_path()}")
    row.operator("signwright.open_dictionary", icon="FILE_FOLDER")


def _draw_log(box: bpy.types.UILayout) -> None:
    box.label(text="Log", icon="TEXT")
    box.label(text=str(log_path()))
    row = box.row(align=True)
    row.operator("signwright.open_log", icon="TEXT")
    row.operator("signwright.copy_report", icon="COPYDOWN")


CLASSES = (SignwrightPreferences,)
