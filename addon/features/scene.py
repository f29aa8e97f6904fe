"""`scene.signwright` and `window_manager.signwright`: one group of properties per feature."""

from __future__ import annotations

import bpy
from bpy.props import PointerProperty

from .dictionary.properties import SIGNWRIGHT_PG_dictionary
from .editing.properties import SIGNWRIGHT_PG_editing
from .generate.properties import SIGNWRIGHT_PG_generate
from .gloss.properties import SIGNWRIGHT_PG_gloss
from .models.properties import SIGNWRIGHT_PG_models
from .render.properties import SIGNWRIGHT_PG_render
from .setup.properties import SIGNWRIGHT_PG_setup
from .timeline.properties import SIGNWRIGHT_PG_timeline


class SIGNWRIGHT_PG_scene(bpy.types.PropertyGroup):
    """What Signwright keeps in a scene."""

    setup: PointerProperty(type=SIGNWRIGHT_PG_setup)  # pyright: ignore[reportInvalidTypeForm]
    generate: PointerProperty(type=SIGNWRIGHT_PG_generate)  # pyright: ignore[reportInvalidTypeForm]
    gloss: PointerProperty(type=SIGNWRIGHT_PG_gloss)  # pyright: ignore[reportInvalidTypeForm]
    models: PointerProperty(type=SIGNWRIGHT_PG_models)  # pyright: ignore[reportInvalidTypeForm]
    editing: PointerProperty(type=SIGNWRIGHT_PG_editing)  # pyright: ignore[reportInvalidTypeForm]
    render: PointerProperty(type=SIGNWRIGHT_PG_render)  # pyright: ignore[reportInvalidTypeForm]
    timeline: PointerProperty(type=SIGNWRIGHT_PG_timeline)  # pyright: ignore[reportInvalidTypeForm]


class SIGNWRIGHT_PG_window(bpy.types.PropertyGroup):
    """What Signwright shows and keeps in no file."""

    dictionary: PointerProperty(type=SIGNWRIGHT_PG_dictionary)  # pyright: ignore[reportInvalidTypeForm]


CLASSES = (SIGNWRIGHT_PG_scene, SIGNWRIGHT_PG_window)
