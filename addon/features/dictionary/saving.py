"""Keeping a part of the avatar's animation as a sign."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import BoolProperty, IntProperty

from ....engine.take import Take, TakeError
from ... import pump
from ...animation import preview, selection
from ...animation.extract import extract_sequence
from ...paths import preferences
from ...reports import Report, UserError
from ..reporting import operator_fails_with_report
from ..requests import ask, make_dictionary, working_file
from ..setup.avatar import current_avatar, require_avatar
from . import search
from .operators import SignDetails

_METADATA = ("words", "pos", "sense", "description", "author", "licence")
_SHORTEST_FRAMES = 2


class SIGNWRIGHT_OT_save_sign(SignDetails, bpy.types.Operator):
    """Keep a part of the avatar's animation as a sign of your own: the selected keys, markers or preview range"""

    bl_idname = "signwright.save_sign"
    bl_label = "Save Selection as a Sign"
    place = pump.DICTIONARY

    frame_start: IntProperty(name="First Frame", description="Frame where the sign begins")  # pyright: ignore[reportInvalidTypeForm]
    frame_end: IntProperty(name="Last Frame", description="Frame where the sign ends")  # pyright: ignore[reportInvalidTypeForm]
    mirror: BoolProperty(
        name="Left-Handed Signer", description="The animation shows a left-handed signer; signs are kept right-handed"
    )  # pyright: ignore[reportInvalidTypeForm]
    trim: BoolProperty(name="Cut to the Sign", description="Leave out raising and lowering of the hands")  # pyright: ignore[reportInvalidTypeForm]
    replace: BoolProperty(
        name="Replace Mine", description="When your dictionary has a sign of this gloss already, take this one instead"
    )  # pyright: ignore[reportInvalidTypeForm]

    _taken_from = ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if current_avatar(context) is None:
            cls.poll_message_set("There is no avatar. Add one in the Avatar panel")
            return False
        if preview.shown():
            cls.poll_message_set("Stop the preview first")
            return False
        return True

    @operator_fails_with_report
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        _require_keys(context)
        self._fill_in(context)
        return context.window_manager.invoke_props_dialog(self, width=460, confirm_text="Save")

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        self.draw_details(layout)
        column = layout.column(align=True)
        column.prop(self, "frame_start")
        column.prop(self, "frame_end")
        layout.label(text=f"Frames of the {self._taken_from}; into your {search.language(context)} dictionary")
        for name in ("mirror", "trim", "replace"):
            layout.prop(self, name)

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        _require_keys(context)
        self._fill_in(context)
        if not self.gloss.strip():
            raise UserError(
                "The sign needs a gloss, a name in capitals like GOOD-MORNING.", "Nothing was saved.", code="no_gloss"
            )
        rig = require_avatar(context)
        if self.frame_end - self.frame_start < _SHORTEST_FRAMES:
            raise UserError(
                f"Frames {self.frame_start} to {self.frame_end} are too few for a sign.",
                "Select the keys from its beginning to its end, or give the frames.",
                code="short_sign",
            )
        try:
            sequence = extract_sequence(rig, self.frame_start, self.frame_end, scene=context.scene)
            motion = working_file(".npz")
            Take(self.gloss, "", search.language(context), "imported", sequence).save(motion)
        except (TakeError, ValueError, OSError) as e:
            raise UserError(f"The sign can't be saved: {e}", "Your animation is as it was.", code="not_saved") from e
        return ask(
            self,
            "sign_add",
            _saved,
            scratch=motion,
            language=search.language(context),
            dictionary=make_dictionary(),
            gloss=self.gloss,
            motion=str(motion),
            start=0.0,
            end=sequence.duration,
            mirror=self.mirror,
            trim=self.trim,
            replace=self.replace,
            **{name: self.detail(name) for name in _METADATA},
        )

    def _fill_in(self, context: bpy.types.Context) -> None:
        """What was not given comes from the selection, the preferences and the Text panel."""
        given = self.properties.is_property_set
        first, last, self._taken_from = selection.chosen_range(context.scene, require_avatar(context))
        usual = {
            "frame_start": first,
            "frame_end": last,
            "author": preferences().author,
            "licence": preferences().licence,
            "mirror": context.scene.signwright.generate.handedness == "left",
        }
        for name, value in usual.items():
            if not given(name):
                setattr(self, name, value)


def _require_keys(context: bpy.types.Context) -> None:
    rig = require_avatar(context)
    if not selection.has_keys(rig):
        raise UserError(
            f"“{rig.name}” has no animation that could be saved.", "Key it, or apply a take first.", code="no_keys"
        )


def _saved(answer: Mapping[str, Any]) -> Report:
    search.renew(bpy.context)
    gloss = answer["sign"]["gloss"]
    notes = " ".join(answer["warnings"])
    return Report(f"{gloss} is in your dictionary.", notes, code="sign_saved", severity="WARNING" if notes else "INFO")


CLASSES = (SIGNWRIGHT_OT_save_sign,)
