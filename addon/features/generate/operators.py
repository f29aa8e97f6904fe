"""Generate and cancel. Generating makes a take and changes nothing else."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ... import pump, takes
from ...animation.apply import scene_fps
from ...engine_session import Job
from ...paths import absolute, preferences
from ...reports import Report, UserError
from ..reporting import fail, operator_fails_with_report
from ..setup.avatar import current_avatar, model_file

_FIELDS = ("language", "method", "seed", "speed", "handedness")
_TIMER_SECONDS = 0.05


class SIGNWRIGHT_OT_generate(bpy.types.Operator):
    """Make a take from the text: signs with their face and timing. Esc or Cancel gives up"""

    bl_idname = "signwright.generate"
    bl_label = "Generate"
    bl_options = {"REGISTER"}

    text: StringProperty(name="Text", description="Text to sign; that of the panel when not given")  # pyright: ignore[reportInvalidTypeForm]
    language: StringProperty(name="Language", description="Code of the signed language")  # pyright: ignore[reportInvalidTypeForm]
    method: StringProperty(name="Method", description="Generating method")  # pyright: ignore[reportInvalidTypeForm]
    seed: IntProperty(name="Seed", min=0)  # pyright: ignore[reportInvalidTypeForm]
    speed: FloatProperty(name="Speed", default=1.0, min=0.1, max=10.0)  # pyright: ignore[reportInvalidTypeForm]
    handedness: EnumProperty(name="Dominant Hand", items=(("right", "Right", ""), ("left", "Left", "")))  # pyright: ignore[reportInvalidTypeForm]
    take_name: StringProperty(name="Take Name", description="Name of the take; made from the text when empty")  # pyright: ignore[reportInvalidTypeForm]
    apply: BoolProperty(name="Apply", description="Put the take onto the avatar when it is ready", default=True)  # pyright: ignore[reportInvalidTypeForm]

    _timer: Any = None
    _job: Job | None = None
    _output: Path | None = None
    _scene: str = ""

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if pump.generating() is not None:
            cls.poll_message_set("A take is being made. Cancel it first")
            return False
        return True

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Block until the take is there: for scripts and background mode."""
        self._begin(context)
        assert self._job is not None
        pump.session().run(self._job)
        return self._end(context)

    @operator_fails_with_report
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start, then let Blender go on while the engine works."""
        if bpy.app.background:
            return self.execute(context)
        self._begin(context)
        manager = context.window_manager
        self._timer = manager.event_timer_add(_TIMER_SECONDS, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    @operator_fails_with_report
    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        assert self._job is not None
        if self._job.done:
            self._remove_timer(context)
            return self._end(context)
        if event.type == "ESC" and event.value == "PRESS":
            pump.session().cancel(self._job)
            return {"RUNNING_MODAL"}
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator: a file is loaded or the window closes."""
        self._remove_timer(context)
        if self._job is not None:
            pump.session().cancel(self._job)
        self._clean()

    def _begin(self, context: bpy.types.Context) -> None:
        request = self._request(context)
        self._scene = context.scene.name
        self._output = _output_folder() / f"signwright-{uuid.uuid4().hex}.npz"
        pump.show(None)
        self._job = pump.session().submit("generate", **request, output=str(self._output))
        pump.set_generating(self._job)

    def _request(self, context: bpy.types.Context) -> dict[str, Any]:
        chosen = context.scene.signwright.generate
        text = self.text if self.properties.is_property_set("text") else chosen.resolved_text()
        if not text.strip():
            raise UserError(
                "There is no text to sign.", "Type a word or a sentence into the text field.", "edit_text", "empty_text"
            )
        request: dict[str, Any] = {
            name: getattr(self if self.properties.is_property_set(name) else chosen, name) for name in _FIELDS
        }
        return {
            **request,
            "text": text,
            "name": self.take_name,
            "fps": scene_fps(context.scene),
            "body_model": model_file(context),
        }

    def _end(self, context: bpy.types.Context) -> set[str]:
        """Store the take of a finished job, or tell why there is none."""
        job, output = self._job, self._output
        assert job is not None and output is not None
        pump.set_generating(None)
        try:
            if job.error is not None:
                return fail(self, job.error)
            item = takes.add(self._home(context), _read(output))
        finally:
            self._clean()
        self._tell(item, job)
        if not bpy.app.background:
            bpy.ops.ed.undo_push(message="Generate Take")
        return self._apply(context, item.name)

    def _home(self, context: bpy.types.Context) -> bpy.types.Scene:
        """The scene that the take was asked for; the current one when that is gone."""
        return bpy.data.scenes.get(self._scene) or context.scene

    def _tell(self, item: Any, job: Job) -> None:
        for warning in filter(None, item.warnings.split("\n")):
            self.report({"WARNING"}, warning)
        self.report({"INFO"}, f"Take “{item.name}”: {item.duration:.1f} s, made in {job.seconds:.2f} s")
        pump.redraw()

    def _apply(self, context: bpy.types.Context, name: str) -> set[str]:
        """Apply the new take when that is wanted, by the operator that users have, which undo takes back alone."""
        asked = self.properties.is_property_set("apply")
        if not (self.apply if asked else context.scene.signwright.generate.apply_after):
            return {"FINISHED"}
        if current_avatar(context) is None:
            if not asked:
                return {"FINISHED"}  # the Takes panel says what is missing
            message = f"Take “{name}” is ready, but there is no avatar to put it on."
            hint = "It stays in the list. Add an avatar, then press Apply Take."
            return fail(self, Report(message, hint, "add_avatar", "no_avatar"))
        try:
            bpy.ops.signwright.apply_take("EXEC_DEFAULT", True, take=name)
        except RuntimeError:
            return {"CANCELLED"}  # its report is in the panel and with Blender already
        return {"FINISHED"}

    def _remove_timer(self, context: bpy.types.Context) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None

    def _clean(self) -> None:
        if self._output is not None:
            self._output.unlink(missing_ok=True)


class SIGNWRIGHT_OT_cancel(bpy.types.Operator):
    """Give up the take that is being made. What you have stays as it is"""

    bl_idname = "signwright.cancel"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return pump.generating() is not None

    def execute(self, _context: bpy.types.Context) -> set[str]:
        job = pump.generating()
        if job is not None:
            pump.session().cancel(job)
            pump.wake()
        return {"FINISHED"}


class SIGNWRIGHT_OT_randomise_seed(bpy.types.Operator):
    """Pick another seed: the next take varies a little from this one"""

    bl_idname = "signwright.randomise_seed"
    bl_label = "Another Seed"
    bl_options = {"UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.signwright.generate.seed = uuid.uuid4().int % 100_000
        return {"FINISHED"}


def _output_folder() -> Path:
    """Where the engine writes; Blender's own temporary folder unless the user chose another."""
    chosen = preferences().work_folder
    folder = absolute(chosen) if chosen else Path(bpy.app.tempdir)
    if not folder.is_dir():
        raise UserError(
            f"The working folder {folder} is not there.",
            "No take was made. Choose another one in the preferences, or none for Blender's own.",
            "choose_folder",
            "no_folder",
        )
    return folder


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as e:
        raise UserError(
            f"The engine's take can't be read from {path}: {e.strerror}.",
            "Nothing in your scene changed. Is the disk full, or may you not read there?",
            "choose_folder",
            "no_take_file",
        ) from e


CLASSES = (SIGNWRIGHT_OT_generate, SIGNWRIGHT_OT_cancel, SIGNWRIGHT_OT_randomise_seed)
