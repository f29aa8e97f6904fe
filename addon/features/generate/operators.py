"""Generate and cancel. Generating makes a take and changes nothing else."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ... import pump
from ...animation.apply import scene_fps
from ...engine_session import Job
from ...paths import models_path
from ...reports import UserError
from ..gloss import state
from ..models import state as models
from ..models.properties import MODE_ITEMS, PRECISION_ITEMS
from ..requests import dictionary
from ..setup.avatar import current_avatar, model_file, shape_values
from ..take_requests import EDITING, TAKES, TakeRequestOperator
from . import choices
from .properties import ORDER_ITEMS

_FIELDS = ("language", "seed", "speed", "handedness", "word_order", "mouthing", "variation", "variations")
_OPTIONS = (
    "bundle",
    "device",
    "precision",
    "temperature",
    "top_k",
    "top_p",
    "beams",
    "keywords",
    "keyword_steps",
    "mode",
    "length",
)

_PLACES = (
    (pump.TEXT, "Text", "What is being generated"),
    (pump.DICTIONARY, "Dictionary", "Imports and changes"),
    (EDITING, "Regenerate", "What is being made anew"),
    (TAKES, "Takes", "Imports and exports"),
)


class SIGNWRIGHT_OT_generate(TakeRequestOperator, bpy.types.Operator):
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
    variations: IntProperty(name="Variations", default=1, min=1, max=8)  # pyright: ignore[reportInvalidTypeForm]
    bundle: StringProperty(name="Model", description="Id of the trained model, for methods that use one")  # pyright: ignore[reportInvalidTypeForm]
    device: StringProperty(name="Device", description="auto, cpu or cuda", default="auto")  # pyright: ignore[reportInvalidTypeForm]
    precision: EnumProperty(name="Precision", items=PRECISION_ITEMS)  # pyright: ignore[reportInvalidTypeForm]
    temperature: FloatProperty(name="Temperature", min=0.0, max=2.0)  # pyright: ignore[reportInvalidTypeForm]
    top_k: IntProperty(name="Top K", min=0, max=500)  # pyright: ignore[reportInvalidTypeForm]
    top_p: FloatProperty(name="Top P", default=1.0, min=0.01, max=1.0)  # pyright: ignore[reportInvalidTypeForm]
    beams: IntProperty(name="Beams", default=1, min=1, max=8)  # pyright: ignore[reportInvalidTypeForm]
    keywords: IntProperty(name="Signs", default=32, min=0, max=64)  # pyright: ignore[reportInvalidTypeForm]
    keyword_steps: IntProperty(name="Steps", default=10, min=1, max=50)  # pyright: ignore[reportInvalidTypeForm]
    mode: EnumProperty(name="Mode", items=MODE_ITEMS)  # pyright: ignore[reportInvalidTypeForm]
    length: FloatProperty(name="Length", default=1.0, min=0.25, max=4.0)  # pyright: ignore[reportInvalidTypeForm]
    take_name: StringProperty(
        name="Take Name", description="Name of the take; made from the text when empty", options={"SKIP_SAVE"}
    )  # pyright: ignore[reportInvalidTypeForm]
    apply: BoolProperty(name="Apply", description="Put the take onto the avatar when it is ready", default=True)  # pyright: ignore[reportInvalidTypeForm]

    def begin(self, context: bpy.types.Context) -> Job:
        request = self._request(context)
        output = self.expect(context, request["betas"])
        return pump.session().submit("generate", **request, output=output)

    def received(self, scene: bpy.types.Scene, _items: list[Any], answer: Mapping[str, Any]) -> None:
        if self._of_panel():
            state.take_generated(scene, answer.get("gloss_line", ""))

    def _of_panel(self) -> bool:
        """Whether the panel's text is signed, not that of a script."""
        return not (self.properties.is_property_set("text") or self.properties.is_property_set("gloss"))

    def _wants_applying(self, context: bpy.types.Context) -> tuple[bool, bool]:
        asked = self.properties.is_property_set("apply")
        return (self.apply if asked else context.scene.signwright.generate.apply_after), asked

    def _request(self, context: bpy.types.Context) -> dict[str, Any]:
        chosen = context.scene.signwright.generate
        text, gloss = self.text, self.gloss
        if self._of_panel():
            text, gloss = chosen.resolved_text(), state.edited_line(context.scene)
        if not (text.strip() or gloss.strip()):
            raise UserError(
                "There is no text to sign.", "Type a word or a sentence into the text field.", "edit_text", "empty_text"
            )
        request: dict[str, Any] = {name: getattr(self if self._is_given(name) else chosen, name) for name in _FIELDS}
        method = self._method(chosen)
        rig = current_avatar(context)
        return {
            **request,
            "method": method,
            "text": text,
            "gloss": gloss,
            "name": self.take_name,
            "fps": scene_fps(context.scene),
            "body_model": model_file(context),
            "betas": shape_values(rig) if rig is not None else [],
            "dictionary": dictionary(),
            "models": str(models_path()),
            "options": self._options(context.scene, method),
        }

    def _method(self, chosen: Any) -> str:
        """The method of a script, else the panel's, for which the engine may have to say first which there are."""
        if self._is_given("method"):
            return self.method
        if not choices.method_of(chosen):
            pump.session().wait_ready()
        return choices.method_of(chosen)

    def _options(self, scene: bpy.types.Scene, method: str) -> dict[str, Any]:
        """Settings of one method only: the panel's for the panel's method, and those that a script gives."""
        panel = choices.method_of(scene.signwright.generate)
        options = models.options(scene) if method == panel else {}
        if not self._of_panel():
            options.pop("off", None)  # it counts the signs of the panel's text
        given = {name: getattr(self, name) for name in _OPTIONS if self._is_given(name)}
        return {**options, **given}

    def _is_given(self, name: str) -> bool:
        return self.properties.is_property_set(name)


class SIGNWRIGHT_OT_cancel(bpy.types.Operator):
    """Give up what the engine is doing. What you have stays as it is"""

    bl_idname = "signwright.cancel"
    bl_label = "Cancel"

    place: EnumProperty(name="Panel", items=_PLACES)  # pyright: ignore[reportInvalidTypeForm]

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return any(pump.working(place) is not None for place, *_ in _PLACES)

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


class SIGNWRIGHT_OT_use_prompt(bpy.types.Operator):
    """Put this prompt into the text field, to be changed there"""

    bl_idname = "signwright.use_prompt"
    bl_label = "Use Prompt"
    bl_options = {"UNDO", "INTERNAL"}

    text: StringProperty(name="Prompt", description="Text that the field gets")  # pyright: ignore[reportInvalidTypeForm]

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.signwright.generate.text = self.text
        return {"FINISHED"}


CLASSES = (SIGNWRIGHT_OT_generate, SIGNWRIGHT_OT_cancel, SIGNWRIGHT_OT_randomise_seed, SIGNWRIGHT_OT_use_prompt)
