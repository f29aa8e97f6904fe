"""Read the text, choose among signs, move and remove them, go back to what the text says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import EnumProperty, IntProperty, StringProperty

from ... import pump
from ...reports import Report, UserError
from ..reporting import operator_fails_with_report
from ..requests import ask, push_undo
from . import state, tokens

_MENU_CHOICES = 30


class SIGNWRIGHT_OT_read_text(bpy.types.Operator):
    """See which signs the text becomes, before anything is generated. A line that you edited is replaced"""

    bl_idname = "signwright.read_text"
    bl_label = "Read Text"
    bl_options = {"REGISTER"}
    place = pump.GLOSS

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        fields = state.plan_fields(scene)
        if not fields["text"].strip():
            raise UserError("There is no text to read.", "Type a word or a sentence first.", "edit_text", "empty_text")
        name, source = scene.name, state.source_of(scene)

        def done(answer: Mapping[str, Any]) -> Report | None:
            home = bpy.data.scenes.get(name)
            report = state.take_read(home, source, answer) if home is not None else None
            push_undo("Read Text")
            return report

        return ask(self, "plan", done, **fields)


class SIGNWRIGHT_OT_check_gloss(bpy.types.Operator):
    """Look the signs of the line up, and show what is wrong with it"""

    bl_idname = "signwright.check_gloss"
    bl_label = "Check Line"
    place = pump.GLOSS

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        line = state.current_line(scene)
        if not line:
            raise UserError("The gloss line is empty.", "Read the text, or type glosses like HELLO.", code="no_gloss")
        name = scene.name

        def done(answer: Mapping[str, Any]) -> Report | None:
            home = bpy.data.scenes.get(name)
            return state.take_checked(home, line, answer) if home is not None else None

        return ask(self, "plan", done, **state.plan_fields(scene, line))


class SIGNWRIGHT_OT_reset_gloss(bpy.types.Operator):
    """Give up what you changed in the line: the text decides again"""

    bl_idname = "signwright.reset_gloss"
    bl_label = "Back to the Text"
    bl_options = {"REGISTER", "UNDO"}

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        pump.show(None, pump.GLOSS)
        stale = state.is_stale(scene)
        state.set_line(scene, "" if stale else scene.signwright.gloss.proposed)
        if stale and scene.signwright.generate.resolved_text().strip():
            return bpy.ops.signwright.read_text()
        return {"FINISHED"}


class _ItemOperator(bpy.types.Operator):
    """Shared by the operators that act on one item of the line."""

    bl_options = {"REGISTER", "UNDO", "INTERNAL"}

    index: IntProperty(name="Item", description="Number of the item, from 0", min=0)  # pyright: ignore[reportInvalidTypeForm]

    def item(self, scene: bpy.types.Scene) -> tuple[Any, tokens.Span]:
        """The item and its place in the line. Raises `UserError` when the line has changed since it was read."""
        items = scene.signwright.gloss.items
        place = None
        if state.has_items(scene) and self.index < len(items):
            place = state.item_spans(scene)[self.index]
        if place is None:
            raise UserError("The line has changed since its signs were looked up.", "Press Check Line.", code="no_item")
        return items[self.index], place


class SIGNWRIGHT_OT_gloss_item(_ItemOperator):
    """Choose another sign for this word, move it or take it out"""

    bl_idname = "signwright.gloss_item"
    bl_label = "Sign of the Line"

    @classmethod
    def description(cls, context: bpy.types.Context, properties: Any) -> str:
        items = context.scene.signwright.gloss.items
        if properties.index >= len(items):
            return ""
        item = items[properties.index]
        parts = [f"“{item.words}”" if item.words else "", KINDS.get(item.kind, ("", ""))[1]]
        parts += [f"{len(item.choices)} signs to choose from"] if len(item.choices) > 1 else []
        return ". ".join(filter(None, parts)) or item.name

    @operator_fails_with_report
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        item, _ = self.item(context.scene)
        context.scene.signwright.gloss.active_item = self.index
        index = self.index
        context.window_manager.popup_menu(lambda menu, _c: _draw_item_menu(menu.layout, item, index), title=item.name)
        return {"FINISHED"}

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        self.item(context.scene)
        context.scene.signwright.gloss.active_item = self.index
        return {"FINISHED"}


class SIGNWRIGHT_OT_choose_sign(_ItemOperator):
    """Take this sign for the word"""

    bl_idname = "signwright.choose_sign"
    bl_label = "Choose Sign"

    gloss: StringProperty(name="Gloss", description="Sign to put there")  # pyright: ignore[reportInvalidTypeForm]
    tip: StringProperty(options={"HIDDEN", "SKIP_SAVE"})  # pyright: ignore[reportInvalidTypeForm]

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        return properties.tip or cls.__doc__ or ""

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        _, place = self.item(context.scene)
        line = state.current_line(context.scene)
        state.set_line(context.scene, tokens.replaced(line, place, self.gloss))
        return {"FINISHED"}


class SIGNWRIGHT_OT_edit_gloss_item(_ItemOperator):
    """Move or remove this sign"""

    bl_idname = "signwright.edit_gloss_item"
    bl_label = "Edit Sign of the Line"

    change: EnumProperty(
        name="Change",
        items=(
            ("REMOVE", "Remove", "Leave this sign out"),
            ("EARLIER", "Earlier", "Exchange it with the sign before"),
            ("LATER", "Later", "Exchange it with the sign after"),
        ),
    )  # pyright: ignore[reportInvalidTypeForm]

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        _, place = self.item(scene)
        line = state.current_line(scene)
        if self.change == "REMOVE":
            state.set_line(scene, tokens.without(line, place))
            return {"FINISHED"}
        places = state.item_spans(scene)
        beside = self.index + (1 if self.change == "LATER" else -1)
        other = places[beside] if 0 <= beside < len(places) else None
        if other is None:
            raise UserError("There is no sign to exchange it with.", code="no_item")
        state.set_line(scene, tokens.swapped(line, *sorted((place, other))))
        scene.signwright.gloss.active_item = beside
        return {"FINISHED"}


class SIGNWRIGHT_OT_gloss_block(bpy.types.Operator):
    """Edit the line in a Text data-block, which has room for long ones, or go back to the field"""

    bl_idname = "signwright.gloss_block"
    bl_label = "Edit as Text Block"
    bl_options = {"REGISTER", "UNDO"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        gloss = context.scene.signwright.gloss
        line = state.current_line(context.scene)
        if gloss.block is None:
            block = bpy.data.texts.new("Gloss Line")
            block.from_string(line)
            gloss.block = block
            self.report({"INFO"}, f"The line is in the text “{block.name}” of the Text Editor")
            return {"FINISHED"}
        gloss.block = None
        state.set_line(context.scene, line)
        return {"FINISHED"}


KINDS = {
    "sign": ("NONE", ""),
    "fingerspell": ("SMALL_CAPS", "Not in the dictionary: spelled letter by letter"),
    "number": ("LINENUMBERS_ON", "Number"),
    "pause": ("PAUSE", "Pause"),
}
"""Icon of each kind of item, and what is said of it."""


def _draw_item_menu(layout: bpy.types.UILayout, item: Any, index: int) -> None:
    for choice in item.choices[:_MENU_CHOICES]:
        text = f"{choice.name}   {choice.sense}" if choice.sense else choice.name
        entry = layout.operator(
            "signwright.choose_sign", text=text, icon="CHECKMARK" if choice.name == item.name else "BLANK1"
        )
        entry.index, entry.gloss, entry.tip = index, choice.name, choice.description
    if len(item.choices):
        layout.separator()
    for change, text, icon in (
        ("EARLIER", "Move Earlier", "TRIA_LEFT"),
        ("LATER", "Move Later", "TRIA_RIGHT"),
        ("REMOVE", "Remove", "X"),
    ):
        entry = layout.operator("signwright.edit_gloss_item", text=text, icon=icon)
        entry.index, entry.change = index, change


CLASSES = (
    SIGNWRIGHT_OT_read_text,
    SIGNWRIGHT_OT_check_gloss,
    SIGNWRIGHT_OT_reset_gloss,
    SIGNWRIGHT_OT_gloss_item,
    SIGNWRIGHT_OT_choose_sign,
    SIGNWRIGHT_OT_edit_gloss_item,
    SIGNWRIGHT_OT_gloss_block,
)
