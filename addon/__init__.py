"""Signwright in Blender: the only code that imports bpy. `register` and `unregister` are its whole surface."""

from __future__ import annotations

import bpy

from . import preferences, pump
from .avatar import correctives
from .features import scene
from .features.face import operators as face_operators
from .features.face import panel as face_panel
from .features.generate import operators as generate_operators
from .features.generate import panel as generate_panel
from .features.generate import properties as generate_properties
from .features.render import operators as render_operators
from .features.render import panel as render_panel
from .features.render import properties as render_properties
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
    *timeline_properties.CLASSES,
    *render_properties.CLASSES,
    *scene.CLASSES,
    *engine_operators.CLASSES,
    *setup_operators.CLASSES,
    *generate_operators.CLASSES,
    *timeline_operators.CLASSES,
    *face_operators.CLASSES,
    *render_operators.CLASSES,
    *setup_panel.CLASSES,
    *generate_panel.CLASSES,
    *timeline_panel.CLASSES,
    *face_panel.CLASSES,
    *render_panel.CLASSES,
)
"""Every class that Blender knows of, property groups before those that point to them, parents before subpanels."""


def register() -> None:
    """Make the add-on known to Blender."""
    for cls in CLASSES:
        bpy.utils.register_class(cls)
    bpy.types.Scene.signwright = bpy.props.PointerProperty(type=scene.SIGNWRIGHT_PG_scene)
    correctives.register()
    pump.register()
    correctives.register()


def unregister() -> None:
    """Take it all back, in reverse, the engine first."""
    correctives.unregister()
    pump.unregister()
    correctives.unregister()
    del bpy.types.Scene.signwright
    for cls in reversed(CLASSES):
        bpy.utils.unregister_class(cls)
