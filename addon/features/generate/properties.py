"""What the user chooses for the next take. The choices live in the scene as `scene.signwright.generate`."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, PointerProperty, StringProperty

from . import choices


def _is_shown(_self: Any, text: bpy.types.Text) -> bool:
    return not text.name.startswith(".")


def _get_language(self: Any) -> int:
    return choices.number_of(choices.languages(self.language), self.language)


def _set_language(self: Any, number: int) -> None:
    self.language = choices.languages(self.language)[number][0]


def _get_method(self: Any) -> int:
    return choices.number_of(_method_items(self, None), choices.method_of(self) or choices.AUTOMATIC)


def _set_method(self: Any, number: int) -> None:
    chosen = _method_items(self, None)[number][0]
    self.method = "" if chosen == choices.AUTOMATIC else chosen


# Callbacks are functions of the module: Blender evaluates these annotations as text, and a lambda written there
# doesn't see the module's names.


def _language_items(self: Any, _context: Any) -> list[choices.Item]:
    return choices.languages(self.language)


def _method_items(self: Any, _context: Any) -> list[choices.Item]:
    return choices.methods(choices.method_of(self) or choices.AUTOMATIC)


ORDER_ITEMS = (
    ("signed", "Signed", "In the order of the signed language, by its grammar"),
    ("text", "Text", "Word by word, in the order of the text"),
)


class SIGNWRIGHT_PG_generate(bpy.types.PropertyGroup):
    """Text and settings of the next take."""

    source: EnumProperty(
        name="Source",
        description="Where the text to sign comes from",
        items=(
            ("FIELD", "Text Field", "Sign the text of the field below", "SMALL_CAPS", 0),
            ("BLOCK", "Text Block", "Sign a text of Blender's Text Editor, for longer texts", "TEXT", 1),
        ),
        default="FIELD",
    )  # pyright: ignore[reportInvalidTypeForm]
    text: StringProperty(
        name="Text",
        description="What to sign: a word, a sentence or several. Names and unknown words are fingerspelled",
    )  # pyright: ignore[reportInvalidTypeForm]
    text_block: PointerProperty(
        name="Text Block",
        description="Text of Blender's Text Editor that is signed whole",
        type=bpy.types.Text,
        poll=_is_shown,
    )  # pyright: ignore[reportInvalidTypeForm]
    language: StringProperty(
        name="Language",
        description="Code of the signed language, like ASL",
        default="ASL",
    )  # pyright: ignore[reportInvalidTypeForm]
    language_menu: EnumProperty(
        name="Language",
        description="Signed language to translate into",
        items=_language_items,
        get=_get_language,
        set=_set_language,
    )  # pyright: ignore[reportInvalidTypeForm]
    method: StringProperty(
        name="Method",
        description="How the motion is made, like dictionary; the engine's first that knows the language when empty",
    )  # pyright: ignore[reportInvalidTypeForm]
    method_menu: EnumProperty(
        name="Method",
        description="How the motion is made",
        items=_method_items,
        get=_get_method,
        set=_set_method,
    )  # pyright: ignore[reportInvalidTypeForm]
    seed: IntProperty(
        name="Seed",
        description="Start of the small random variations. The same seed and text give the same take",
        default=0,
        min=0,
    )  # pyright: ignore[reportInvalidTypeForm]
    speed: FloatProperty(
        name="Speed",
        description="Pace of signing: 1 is a relaxed everyday pace, 0.5 half as fast, 2 twice as fast",
        default=1.0,
        min=0.1,
        max=10.0,
        soft_min=0.5,
        soft_max=2.0,
        step=5,
    )  # pyright: ignore[reportInvalidTypeForm]
    handedness: EnumProperty(
        name="Dominant Hand",
        description="Hand that the signer leads with. A left-handed signer is a full mirror image",
        items=(
            ("right", "Right", "One-handed signs are made with the right hand"),
            ("left", "Left", "One-handed signs are made with the left hand"),
        ),
        default="right",
    )  # pyright: ignore[reportInvalidTypeForm]
    word_order: EnumProperty(
        name="Word Order",
        description="Order of the signs",
        items=ORDER_ITEMS,
        default="signed",
    )  # pyright: ignore[reportInvalidTypeForm]
    mouthing: FloatProperty(
        name="Mouthing",
        description="How clearly the mouth forms the words; at 0 only mouth shapes that belong to a sign stay",
        default=1.0,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )  # pyright: ignore[reportInvalidTypeForm]
    variation: FloatProperty(
        name="Variation",
        description="How much timing and size of the signs vary with the seed; at 0 a sign looks the same every time",
        default=0.5,
        min=0.0,
        max=1.0,
        subtype="FACTOR",
    )  # pyright: ignore[reportInvalidTypeForm]
    variations: IntProperty(
        name="Variations",
        description="How many takes are made, each from the next seed. All are listed, the first one is applied",
        default=1,
        min=1,
        max=8,
    )  # pyright: ignore[reportInvalidTypeForm]
    apply_after: BoolProperty(
        name="Apply When Ready",
        description="Put the take onto the avatar as soon as it is made. Ctrl Z takes that back and keeps the take",
        default=True,
    )  # pyright: ignore[reportInvalidTypeForm]

    def resolved_text(self) -> str:
        """The text of the chosen source."""
        if self.source == "BLOCK":
            return self.text_block.as_string() if self.text_block is not None else ""
        return self.text


CLASSES = (SIGNWRIGHT_PG_generate,)
