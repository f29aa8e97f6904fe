"""Trying a sign on the avatar: it plays until it is stopped, and leaves nothing behind."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from ....engine.take import Take, TakeError
from ... import pump
from ...animation import preview
from ...animation.apply import scene_fps
from ...engine_session import Job
from ...reports import UserError
from ..reporting import fail, operator_fails_with_report
from ..requests import RequestOperator, dictionary, read_file, working_file
from ..setup.avatar import current_avatar, model_file, require_avatar, shape_values
from . import search

_WATCH_SECONDS = 0.2


class SIGNWRIGHT_OT_preview_sign(RequestOperator, bpy.types.Operator):
    """Show the sign on the avatar, from the present frame on. Esc or Stop takes it away; your animation stays"""

    bl_idname = "signwright.preview_sign"
    bl_label = "Preview"
    place = pump.DICTIONARY

    gloss: StringProperty(name="Gloss", description="Sign to show; the chosen one when empty")  # pyright: ignore[reportInvalidTypeForm]

    _output: Path | None = None
    _showing = False

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if current_avatar(context) is None:
            cls.poll_message_set("There is no avatar. Add one in the Avatar panel")
            return False
        return super().poll(context)

    def begin(self, context: bpy.types.Context) -> Job:
        preview.stop()
        rig, chosen = require_avatar(context), context.scene.signwright.generate
        self.gloss = self.gloss or search.require_sign(context, "").name
        self._output = working_file(".npz")
        return pump.session().submit(
            "generate",
            text="",
            gloss=self.gloss,
            language=search.language(context),
            speed=chosen.speed,
            handedness=chosen.handedness,
            mouthing=chosen.mouthing,
            variation=0.0,
            fps=scene_fps(context.scene),
            body_model=model_file(context),
            betas=shape_values(rig),
            dictionary=dictionary(),
            output=str(self._output),
        )

    def end(self, context: bpy.types.Context) -> set[str]:
        """Show what came, or tell why there is nothing."""
        job, output = self._job, self._output
        assert job is not None and output is not None
        try:
            if job.answer is None:
                assert job.error is not None
                return fail(self, job.error)
            self._show(context, read_file(output))
        finally:
            self.give_up()
        if self._job is None or not self.options.is_invoke or bpy.app.background:
            return {"FINISHED"}
        self._showing = True
        self._timer = context.window_manager.event_timer_add(_WATCH_SECONDS, window=context.window)
        _play(context, True)
        pump.redraw()
        return {"RUNNING_MODAL"}

    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        if not self._showing:
            return super().modal(context, event)
        if event.type == "ESC" and event.value == "PRESS":
            preview.stop()
        elif preview.shown() == self.gloss:
            return {"PASS_THROUGH"}
        self.remove_timer(context)
        if not preview.shown():  # else the next preview plays already
            _play(context, False)
        pump.redraw()
        return {"FINISHED"}

    def cancel(self, context: bpy.types.Context) -> None:
        super().cancel(context)
        preview.stop()

    def give_up(self) -> None:
        if self._output is not None:
            self._output.unlink(missing_ok=True)

    def _show(self, context: bpy.types.Context, data: bytes) -> None:
        try:
            take = Take.from_bytes(data, self.gloss)
            preview.show(require_avatar(context), take, context.scene, self.gloss)
        except (TakeError, ValueError) as e:
            raise UserError(str(e), "Your animation is as it was.", code="no_preview") from e


class SIGNWRIGHT_OT_stop_preview(bpy.types.Operator):
    """Take the previewed sign away; your animation is as it was before"""

    bl_idname = "signwright.stop_preview"
    bl_label = "Stop Preview"
    place = pump.DICTIONARY

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return bool(preview.shown())

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        preview.stop()
        if not bpy.app.background:
            _play(context, False)
        return {"FINISHED"}


def _play(context: bpy.types.Context, wanted: bool) -> None:
    """Start or end playback in this window."""
    screen: Any = context.screen
    if wanted and not screen.is_animation_playing:
        bpy.ops.screen.animation_play()
    elif not wanted and screen.is_animation_playing:
        frame = context.scene.frame_current
        bpy.ops.screen.animation_cancel(restore_frame=False)
        context.scene.frame_set(frame)


CLASSES = (SIGNWRIGHT_OT_preview_sign, SIGNWRIGHT_OT_stop_preview)
