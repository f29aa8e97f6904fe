"""Generate and cancel. Generating makes a take and changes nothing else."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ... import pump, takes
from ...animation.apply import scene_fps
from ...engine_session import Job
from ...reports import Report, UserError
from ..gloss import state
from ..reporting import fail
from ..requests import RequestOperator, dictionary, push_undo, read_file, working_file
from ..setup.avatar import current_avatar, model_file, shape_values
from .properties import ORDER_ITEMS

_FIELDS = ("language", "method", "seed", "speed", "handedness", "word_order", "mouthing", "variation")


class SIGNWRIGHT_OT_generate(RequestOperator, bpy.types.Operator):
    """Make a take from the text: signs with their face and timing. Esc or Cancel gives up"""

    bl_idname = "signwright.generate"
    bl_label = "Generate"
    bl_options = {"REGISTER"}

    text: StringProperty(name="Text", description="Text to sign; that of the panel when not given")  # pyright: ignore[reportInvalidTypeForm]
    gloss: StringProperty(
        name="Gloss Line",
        description="Signs to make, which win over the text; the panel's edited line when neither is given",
    )  # pyright: ignore[reportInvalidTypeForm]
    language: StringProperty(name="Language", description="Code of the signed language")  # pyright: ignore[reportInvalidTypeForm]
    method: StringProperty(name="Method", description="Generating method")  # pyright: ignore[reportInvalidTypeForm]
    seed: IntProperty(name="Seed", min=0)  # pyright: ignore[reportInvalidTypeForm]
    speed: FloatProperty(name="Speed", default=1.0, min=0.1, max=10.0)  # pyright: ignore[reportInvalidTypeForm]
    handedness: EnumProperty(name="Dominant Hand", items=(("right", "Right", ""), ("left", "Left", "")))  # pyright: ignore[reportInvalidTypeForm]
    word_order: EnumProperty(name="Word Order", items=ORDER_ITEMS)  # pyright: ignore[reportInvalidTypeForm]
    mouthing: FloatProperty(name="Mouthing", default=1.0, min=0.0, max=1.0)  # pyright: ignore[reportInvalidTypeForm]
    variation: FloatProperty(name="Variation", default=0.5, min=0.0, max=1.0)  # pyright: ignore[reportInvalidTypeForm]
    take_name: StringProperty(name="Take Name", description="Name of the take; made from the text when empty")  # pyright: ignore[reportInvalidTypeForm]
    apply: BoolProperty(name="Apply", description="Put the take onto the avatar when it is ready", default=True)  # pyright: ignore[reportInvalidTypeForm]

    _output: Path | None = None
    _scene: str = ""
    _betas: tuple[float, ...] = ()

    def begin(self, context: bpy.types.Context) -> Job:
        request = self._request(context)
        self._scene = context.scene.name
        self._betas = tuple(request["betas"])
        self._output = working_file(".npz")
        return pump.session().submit("generate", **request, output=str(self._output))

    def end(self, context: bpy.types.Context) -> set[str]:
        """Store the take of a finished job, or tell why there is none."""
        job, output = self._job, self._output
        assert job is not None and output is not None
        pump.set_generating(None)
        try:
            if job.answer is None:
                assert job.error is not None
                return fail(self, job.error)
            scene = self._home(context)
            item = takes.add(scene, read_file(output))
            item.betas = json.dumps(self._betas)
            if self._of_panel():
                state.take_generated(scene, job.answer.get("gloss_line", ""))
        finally:
            self.give_up()
        self._tell(item, job)
        push_undo("Generate Take")
        return self._apply(context, item.name)

    def give_up(self) -> None:
        if self._output is not None:
            self._output.unlink(missing_ok=True)

    def _of_panel(self) -> bool:
        """Whether the panel's text is signed, not that of a script."""
        return not (self.properties.is_property_set("text") or self.properties.is_property_set("gloss"))

    def _request(self, context: bpy.types.Context) -> dict[str, Any]:
        chosen = context.scene.signwright.generate
        text, gloss = self.text, self.gloss
        if self._of_panel():
            text, gloss = chosen.resolved_text(), state.edited_line(context.scene)
        if not (text.strip() or gloss.strip()):
            raise UserError(
                "There is no text to sign.", "Type a word or a sentence into the text field.", "edit_text", "empty_text"
            )
        request: dict[str, Any] = {
            name: getattr(self if self.properties.is_property_set(name) else chosen, name) for name in _FIELDS
        }
        rig = current_avatar(context)
        return {
            **request,
            "text": text,
            "gloss": gloss,
            "name": self.take_name,
            "fps": scene_fps(context.scene),
            "body_model": model_file(context),
            "betas": shape_values(rig) if rig is not None else [],
            "dictionary": dictionary(),
        }

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


class SIGNWRIGHT_OT_cancel(bpy.types.Operator):
    """Give up what the engine is doing. What you have stays as it is"""

    bl_idname = "signwright.cancel"
    bl_label = "Cancel"

    place: EnumProperty(
        name="Panel",
        items=((pump.TEXT, "Text", "What is being generated"), (pump.DICTIONARY, "Dictionary", "Imports and changes")),
    )  # pyright: ignore[reportInvalidTypeForm]

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return any(pump.working(place) is not None for place in (pump.TEXT, pump.DICTIONARY))

    def execute(self, _context: bpy.types.Context) -> set[str]:
        job = pump.working(self.place)
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


CLASSES = (SIGNWRIGHT_OT_generate, SIGNWRIGHT_OT_cancel, SIGNWRIGHT_OT_randomise_seed)
