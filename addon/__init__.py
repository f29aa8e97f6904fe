"""Signwright in Blender: the only code that imports bpy. `register` and `unregister` are its whole surface."""

from __future__ import annotations

import bpy

from . import preferences, pump
from .animation import preview
from .avatar import correctives
from .features import scene
from .features.dictionary import animation_import as dictionary_animation_import
from .features.dictionary import operators as dictionary_operators
from .features.dictionary import panel as dictionary_panel
from .features.dictionary import previewing as dictionary_previewing
from .features.dictionary import properties as dictionary_properties
from .features.dictionary import saving as dictionary_saving
from .features.dictionary import transfer as dictionary_transfer
from .features.editing import operators as editing_operators
from .features.editing import panel as editing_panel
from .features.editing import properties as editing_properties
from .features.face import operators as face_operators
from .features.face import panel as face_panel
from .features.generate import operators as generate_operators
from .features.generate import panel as generate_panel
from .features.generate import properties as generate_properties
from .features.gloss import operators as gloss_operators
from .features.gloss import panel as gloss_panel
from .features.gloss import properties as gloss_properties
from .features.models import operators as models_operators
from .features.models import panel as models_panel
from .features.models import properties as models_properties
from .features.models import state as models_state
from .features.pose_files import exporting as pose_files_exporting
from .features.pose_files import importing as pose_files_importing
from .features.render import operators as render_operators
from .features.render import panel as render_panel
from .features.render import properties as render_properties
from .features.runtime import operators as runtime_operators
from .features.runtime import state as runtime_state
from .features.setup import engine_operators
from .features.setup import operators as setup_operators
from .features.setup import panel as setup_panel
from .features.setup import properties as setup_properties
from .features.timeline import operators as timeline_operators
from .features.timeline import panel as timeline_panel
from .features.timeline import properties as timeline_properties

CLASSES: tuple[type, ...] = (
    *preferences.CLASSES,
    *setup_properties.CLASSES,
    *generate_properties.CLASSES,
    *gloss_properties.CLASSES,
    *dictionary_properties.CLASSES,
    *timeline_properties.CLASSES,
    *models_properties.CLASSES,
    *editing_properties.CLASSES,
    *render_properties.CLASSES,
    *scene.CLASSES,
    *engine_operators.CLASSES,
    *runtime_operators.CLASSES,
    *setup_operators.CLASSES,
    *generate_operators.CLASSES,
    *gloss_operators.CLASSES,
    *dictionary_operators.CLASSES,
    *dictionary_previewing.CLASSES,
    *dictionary_transfer.CLASSES,
    *dictionary_animation_import.CLASSES,
    *dictionary_saving.CLASSES,
    *timeline_operators.CLASSES,
    *pose_files_importing.CLASSES,
    *pose_files_exporting.CLASSES,
    *models_operators.CLASSES,
    *editing_operators.CLASSES,
    *face_operators.CLASSES,
    *render_operators.CLASSES,
    *setup_panel.CLASSES,
    *generate_panel.CLASSES,
    *gloss_panel.CLASSES,
    *models_panel.CLASSES,
    *timeline_panel.CLASSES,
    *editing_panel.CLASSES,
    *face_panel.CLASSES,
    *render_panel.CLASSES,
    *dictionary_panel.CLASSES,
)
"""Every class that Blender knows of, property groups before those that point to them, parents before subpanels."""


def register() -> None:
    """Make the add-on known to Blender."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.signwright = bpy.props.PointerProperty(type=scene.SIGNWRIGHT_PG_scene)
    bpy.types.WindowManager.signwright = bpy.props.PointerProperty(type=scene.SIGNWRIGHT_PG_window)
    correctives.register()
    preview.register()
    pump.register()


def unregister() -> None:
    """Take it all back, in reverse, the engine first."""
    preview.unregister()
    models_state.unregister()
    runtime_state.unregister()
    pump.unregister()
    correctives.unregister()
    del bpy.types.WindowManager.signwright
    del bpy.types.Scene.signwright
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
