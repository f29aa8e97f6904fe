"""What the Dictionary panel shows. Kept in the window manager, as it belongs to no .blend and no undo step."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, CollectionProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ..generate import choices
from . import search

SCOPE_ITEMS = (
    ("ALL", "All Signs", "Signs that come with the add-on and your own"),
    ("OWN", "Own", "Signs that you made, imported or changed"),
)
_POS = (
    "noun", "verb", "adjective", "adverb", "pronoun", "determiner", "preposition", "conjunction", "interjection",
    "number", "name", "letter",
)  # fmt: skip
NO_POS = "NONE"
POS_ITEMS = ((NO_POS, "Any", "Not said"), *((name, name.capitalize(), "") for name in _POS))


def _search_again(_self: Any, context: bpy.types.Context) -> None:
    search.changed(context)


def _language_items(self: Any, context: bpy.types.Context | None) -> list[choices.Item]:
    text_language = context.scene.signwright.generate.language if context is not None else ""
    return choices.languages_or_text(self.language, text_language)


def _get_language(self: Any) -> int:
    items = choices.languages_or_text(self.language, "")
    return choices.number_of(items, self.language or choices.AS_IN_TEXT)


def _set_language(self: Any, number: int) -> None:
    name = choices.languages_or_text(self.language, "")[number][0]
    self.language = "" if name == choices.AS_IN_TEXT else name


class SIGNWRIGHT_PG_sign(bpy.types.PropertyGroup):
    """One sign that was found; its `name` is the gloss."""

    words: StringProperty(name="Words")  # pyright: ignore[reportInvalidTypeForm]
    pos: StringProperty(name="Kind of Word")  # pyright: ignore[reportInvalidTypeForm]
    sense: StringProperty(name="Sense")  # pyright: ignore[reportInvalidTypeForm]
    description: StringProperty(name="Description")  # pyright: ignore[reportInvalidTypeForm]
    author: StringProperty(name="Author")  # pyright: ignore[reportInvalidTypeForm]
    licence: StringProperty(name="Licence")  # pyright: ignore[reportInvalidTypeForm]
    reviewed_by: StringProperty(name="Reviewed By")  # pyright: ignore[reportInvalidTypeForm]
    kind: StringProperty(name="Kind")  # pyright: ignore[reportInvalidTypeForm]
    origin: StringProperty(name="Origin")  # pyright: ignore[reportInvalidTypeForm]
    duplicates: StringProperty(name="Duplicates")  # pyright: ignore[reportInvalidTypeForm]
    own: BoolProperty(name="Own")  # pyright: ignore[reportInvalidTypeForm]
    replaces: BoolProperty(name="Replaces")  # pyright: ignore[reportInvalidTypeForm]
    fit: FloatProperty(name="Fit", description="Percent of the palm; negative when it wasn't fitted", default=-1.0)  # pyright: ignore[reportInvalidTypeForm]
    seconds: FloatProperty(name="Seconds")  # pyright: ignore[reportInvalidTypeForm]


class SIGNWRIGHT_PG_dictionary(bpy.types.PropertyGroup):
    """The search, what it found, and the latest import."""

    query: StringProperty(
        name="Search",
        description="Word or gloss to look for, in English or in the language of the signs",
        options={"TEXTEDIT_UPDATE", "SKIP_SAVE"},
        update=_search_again,
    )  # pyright: ignore[reportInvalidTypeForm]
    scope: EnumProperty(
        name="Signs",
        description="Which signs are listed",
        items=SCOPE_ITEMS,
        options={"SKIP_SAVE"},
        update=_search_again,
    )  # pyright: ignore[reportInvalidTypeForm]
    language: StringProperty(
        name="Language",
        description="Code of the signed language; that of the Text panel when empty",
        options={"SKIP_SAVE"},
        update=_search_again,
    )  # pyright: ignore[reportInvalidTypeForm]
    language_menu: EnumProperty(
        name="Language",
        description="Signed language whose signs are listed",
        items=_language_items,
        get=_get_language,
        set=_set_language,
    )  # pyright: ignore[reportInvalidTypeForm]
    signs: CollectionProperty(
        type=SIGNWRIGHT_PG_sign,
        name="Signs",
        description="Signs that were found, one page of them",
        options={"SKIP_SAVE"},
    )  # pyright: ignore[reportInvalidTypeForm]
    active: IntProperty(
        name="Sign",
        description="Sign that is shown below",
        min=0,
        options={"SKIP_SAVE"},
    )  # pyright: ignore[reportInvalidTypeForm]
    total: IntProperty(name="Found", description="How many signs were found", options={"SKIP_SAVE"})  # pyright: ignore[reportInvalidTypeForm]
    offset: IntProperty(name="First", description="Number of the page's first sign", min=0, options={"SKIP_SAVE"})  # pyright: ignore[reportInvalidTypeForm]
    shown: StringProperty(
        name="Shown Search", description="Language and filter of the signs in the list", options={"SKIP_SAVE"}
    )  # pyright: ignore[reportInvalidTypeForm]
    problems: StringProperty(
        name="Problems", description="Mistakes in the files of your own signs, one a line", options={"SKIP_SAVE"}
    )  # pyright: ignore[reportInvalidTypeForm]
    import_report: StringProperty(
        name="Import Report", description="What became of each file, one a line", options={"SKIP_SAVE"}
    )  # pyright: ignore[reportInvalidTypeForm]


CLASSES = (SIGNWRIGHT_PG_sign, SIGNWRIGHT_PG_dictionary)
