"""The gloss line of the panel's text. Kept in the scene as `scene.signwright.gloss`."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import CollectionProperty, IntProperty, PointerProperty, StringProperty

from . import state


def _line_changed(self: Any, _context: bpy.types.Context) -> None:
    state.line_changed(self.id_data)


def _is_shown(_self: Any, text: bpy.types.Text) -> bool:
    return not text.name.startswith(".")


class SIGNWRIGHT_PG_gloss_choice(bpy.types.PropertyGroup):
    """A sign that a word could be; its `name` is the gloss."""

    sense: StringProperty(name="Sense")  # pyright: ignore[reportInvalidTypeForm]
    description: StringProperty(name="Description")  # pyright: ignore[reportInvalidTypeForm]


class SIGNWRIGHT_PG_gloss_item(bpy.types.PropertyGroup):
    """One thing to sign; its `name` is the gloss."""

    kind: StringProperty(name="Kind")  # pyright: ignore[reportInvalidTypeForm]
    words: StringProperty(name="Words", description="Part of the text that it stands for")  # pyright: ignore[reportInvalidTypeForm]
    choices: CollectionProperty(type=SIGNWRIGHT_PG_gloss_choice)  # pyright: ignore[reportInvalidTypeForm]


class SIGNWRIGHT_PG_gloss(bpy.types.PropertyGroup):
    """The gloss line, what it was read from, and its items."""

    line: StringProperty(
        name="Gloss Line",
        description="The signs, one after the other. What you change here wins over the text",
        update=_line_changed,
    )  # pyright: ignore[reportInvalidTypeForm]
    block: PointerProperty(
        name="Gloss Line",
        description="Text of Blender's Text Editor with the signs, for long lines",
        type=bpy.types.Text,
        poll=_is_shown,
    )  # pyright: ignore[reportInvalidTypeForm]
    proposed: StringProperty(name="Line of the Text", description="What the text becomes by itself")  # pyright: ignore[reportInvalidTypeForm]
    source: StringProperty(name="Source", description="Language, order and text that the line was read from")  # pyright: ignore[reportInvalidTypeForm]
    items: CollectionProperty(
        type=SIGNWRIGHT_PG_gloss_item, name="Items", description="What is signed, one after the other"
    )  # pyright: ignore[reportInvalidTypeForm]
    items_line: StringProperty(name="Line of the Items", description="Line that the items belong to")  # pyright: ignore[reportInvalidTypeForm]
    active_item: IntProperty(name="Item", description="Item that new signs are put after", default=-1, min=-1)  # pyright: ignore[reportInvalidTypeForm]


CLASSES = (SIGNWRIGHT_PG_gloss_choice, SIGNWRIGHT_PG_gloss_item, SIGNWRIGHT_PG_gloss)
