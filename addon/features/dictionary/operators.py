"""Looking signs up, putting them into the gloss line, changing and removing own ones."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, IntProperty, StringProperty

from ... import pump
from ...reports import Report, UserError
from ..gloss import state
from ..licences import licence_suggestions
from ..reporting import operator_fails_with_report
from ..requests import ask, dictionary, make_dictionary
from . import search
from .properties import NO_POS, POS_ITEMS

_TEXTS = ("words", "pos", "sense", "description", "author", "licence", "reviewed_by")


class SIGNWRIGHT_OT_search_signs(bpy.types.Operator):
    """List the signs of the dictionary that a word or gloss finds"""

    bl_idname = "signwright.search_signs"
    bl_label = "Search"
    bl_options = {"INTERNAL"}
    place = pump.DICTIONARY

    offset: IntProperty(name="First", description="Number of the first sign that is listed", min=0)  # pyright: ignore[reportInvalidTypeForm]

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        fields = search.fields(context, self.offset)

        def done(answer: Mapping[str, Any]) -> Report | None:
            search.take_in(bpy.context, fields, answer)
            return None

        return ask(self, "signs", done, **fields)


class SIGNWRIGHT_OT_insert_sign(bpy.types.Operator):
    """Put the sign into the gloss line, after the sign that is marked there, else at the end"""

    bl_idname = "signwright.insert_sign"
    bl_label = "Insert into Gloss Line"
    bl_options = {"REGISTER", "UNDO"}
    place = pump.DICTIONARY

    gloss: StringProperty(name="Gloss", description="Sign to insert; the chosen one when empty")  # pyright: ignore[reportInvalidTypeForm]

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        gloss = self.gloss or search.require_sign(context, "").name
        state.insert(context.scene, gloss)
        self.report({"INFO"}, f"{gloss} is in the gloss line of the Text panel")
        return {"FINISHED"}


class SignDetails:
    """Mixin: what is said of a sign. Fields of a dialog that operators share."""

    gloss: StringProperty(name="Gloss", description="Name of the sign in capitals, like GOOD-MORNING")  # pyright: ignore[reportInvalidTypeForm]
    words: StringProperty(name="Words", description="Words of a text that it stands for, commas between them")  # pyright: ignore[reportInvalidTypeForm]
    pos: EnumProperty(
        name="Kind of Word", description="Helps to choose where a word has several signs", items=POS_ITEMS
    )  # pyright: ignore[reportInvalidTypeForm]
    sense: StringProperty(name="Sense", description="A few words that tell it from other signs of the same word")  # pyright: ignore[reportInvalidTypeForm]
    description: StringProperty(name="Description", description="How it is made, or anything that helps")  # pyright: ignore[reportInvalidTypeForm]
    author: StringProperty(name="Author", description="Who signed or made it; travels with every take")  # pyright: ignore[reportInvalidTypeForm]
    licence: StringProperty(
        name="Licence",
        description="Under which terms others may use it, like CC0-1.0 or CC-BY-4.0",
        search=licence_suggestions,
    )  # pyright: ignore[reportInvalidTypeForm]

    def detail(self, name: str) -> str:
        """A field as the engine has it."""
        value = getattr(self, name)
        return "" if (name, value) == ("pos", NO_POS) else value

    def set_detail(self, name: str, value: str) -> None:
        """Fill a field in from what the engine said."""
        setattr(self, name, value or NO_POS if name == "pos" else value)

    def draw_details(self, layout: bpy.types.UILayout) -> None:
        """The fields, one below the other."""
        layout.use_property_split = True
        layout.use_property_decorate = False
        row = layout.split(factor=0.4)
        row.use_property_split = False  # Blender starts typing only in a field that it doesn't lay out itself
        label = row.row()
        label.alignment = "RIGHT"
        label.label(text="Gloss")
        row.activate_init = True
        row.prop(self, "gloss", text="")
        for name in ("words", "pos", "sense", "description", "author", "licence"):
            layout.prop(self, name)


class SIGNWRIGHT_OT_edit_sign(SignDetails, bpy.types.Operator):
    """Change what is said of a sign of your own. Of one that comes with the add-on you get your own version"""

    bl_idname = "signwright.edit_sign"
    bl_label = "Edit Sign"
    place = pump.DICTIONARY

    sign: StringProperty(name="Sign", description="Gloss of the sign; the chosen one when empty")  # pyright: ignore[reportInvalidTypeForm]
    reviewed_by: StringProperty(name="Reviewed By", description="Fluent signer who checked it; empty when nobody has")  # pyright: ignore[reportInvalidTypeForm]
    copy: BoolProperty(name="Own Version", description="Copy a sign that comes with the add-on, and change the copy")  # pyright: ignore[reportInvalidTypeForm]

    @operator_fails_with_report
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        sign = search.require_sign(context, self.sign)
        self.sign, self.gloss, self.copy = sign.name, sign.name, not sign.own
        for name in _TEXTS:
            self.set_detail(name, getattr(sign, name))
        title = "Make My Own Version" if self.copy else f"Edit {sign.name}"
        return context.window_manager.invoke_props_dialog(self, width=460, title=title, confirm_text="Save")

    def draw(self, _context: bpy.types.Context) -> None:
        self.draw_details(self.layout)
        self.layout.prop(self, "reviewed_by")

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        gloss = self.sign or search.require_sign(context, "").name
        known = search.panel(context).signs.get(gloss)
        changes = {
            name: self.detail(name)
            for name in _TEXTS
            if self.properties.is_property_set(name) and (known is None or getattr(known, name) != self.detail(name))
        }
        if self.properties.is_property_set("gloss") and self.gloss != gloss:
            changes["gloss"] = self.gloss
        if not (changes or self.copy):
            return {"FINISHED"}

        def done(answer: Mapping[str, Any]) -> Report | None:
            search.renew(bpy.context)
            return Report(f"{answer['sign']['gloss']} is saved in your dictionary.", code="saved", severity="INFO")

        return ask(
            self,
            "sign_edit",
            done,
            language=search.language(context),
            dictionary=make_dictionary(),
            gloss=gloss,
            changes=changes,
            copy=self.copy,
        )


class SIGNWRIGHT_OT_remove_sign(bpy.types.Operator):
    """Remove a sign of your own from your dictionary, with its recording"""

    bl_idname = "signwright.remove_sign"
    bl_label = "Remove Sign"
    place = pump.DICTIONARY

    gloss: StringProperty(name="Gloss", description="Sign to remove; the chosen one when empty")  # pyright: ignore[reportInvalidTypeForm]

    @operator_fails_with_report
    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        sign = search.require_sign(context, self.gloss)
        self.gloss = sign.name
        after = "The sign that comes with the add-on is used again." if sign.replaces else "This can't be undone."
        return context.window_manager.invoke_confirm(
            self, event, title=f"Remove {sign.name}?", message=after, confirm_text="Remove", icon="WARNING"
        )

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        gloss = self.gloss or search.require_sign(context, "").name

        def done(_answer: Mapping[str, Any]) -> Report | None:
            search.renew(bpy.context)
            return Report(f"{gloss} is removed from your dictionary.", code="removed", severity="INFO")

        request = {"language": search.language(context), "dictionary": dictionary(), "glosses": [gloss]}
        return ask(self, "signs_remove", done, **request)


class SIGNWRIGHT_OT_open_dictionary(bpy.types.Operator):
    """Open the folder where your own signs are kept"""

    bl_idname = "signwright.open_dictionary"
    bl_label = "Open Folder"
    place = pump.DICTIONARY

    @operator_fails_with_report
    def execute(self, _context: bpy.types.Context) -> set[str]:
        path = make_dictionary()
        if not bpy.app.background:
            try:
                bpy.ops.wm.path_open(filepath=path)
            except RuntimeError as e:
                raise UserError(f"{path} can't be opened here.", str(e), code="no_file_manager") from e
        self.report({"INFO"}, path)
        return {"FINISHED"}


CLASSES = (
    SIGNWRIGHT_OT_search_signs,
    SIGNWRIGHT_OT_insert_sign,
    SIGNWRIGHT_OT_edit_sign,
    SIGNWRIGHT_OT_remove_sign,
    SIGNWRIGHT_OT_open_dictionary,
)
