"""Make a range or parts of a take anew; read what a take says."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty, StringProperty

from ... import pump, takes
from ...animation import exact
from ...engine_session import Job
from ...paths import models_path
from ...reports import Report, UserError, explained
from ..models import state as models
from ..reporting import fail
from ..requests import RequestOperator, dictionary, push_undo
from ..take_requests import EDITING, TakeRequestOperator
from ..timeline.take_operator import TakeOperator
from .properties import ALL_PARTS, PART_ITEMS, RANGE_ITEMS
from .source import Source, of_action, of_take, scratch

_FIELDS = ("parts", "length", "blend", "seed", "variations", "text")


class SIGNWRIGHT_OT_regenerate(TakeOperator, TakeRequestOperator, bpy.types.Operator):
    """Make a range or a part of the take anew, as a new take. All else stays as it is. Esc or Cancel gives up"""

    bl_idname = "signwright.regenerate"
    bl_label = "Regenerate"
    bl_options = {"REGISTER"}
    place = EDITING
    undo_name = "Regenerate"

    range: EnumProperty(name="Range", items=RANGE_ITEMS)  # pyright: ignore[reportInvalidTypeForm]
    segment: IntProperty(
        name="Segment",
        description="Number of the sign, from 0; the marked one when less",
        default=-1,
        options={"SKIP_SAVE"},
    )  # pyright: ignore[reportInvalidTypeForm]
    frame_start: IntProperty(name="Start")  # pyright: ignore[reportInvalidTypeForm]
    frame_end: IntProperty(name="End")  # pyright: ignore[reportInvalidTypeForm]
    parts: EnumProperty(name="Parts", items=PART_ITEMS, options={"ENUM_FLAG"}, default=set(ALL_PARTS))  # pyright: ignore[reportInvalidTypeForm]
    text: StringProperty(name="Text", description="What the range shall sign; the take's own text when empty")  # pyright: ignore[reportInvalidTypeForm]
    keep_selected: BoolProperty(name="Keep Selected Keys", default=True)  # pyright: ignore[reportInvalidTypeForm]
    temperature: FloatProperty(name="Temperature", default=0.8, min=0.0, max=2.0)  # pyright: ignore[reportInvalidTypeForm]
    length: FloatProperty(name="Length", default=1.0, min=0.25, max=4.0)  # pyright: ignore[reportInvalidTypeForm]
    blend: FloatProperty(name="Blend", default=0.15, min=0.0, max=5.0)  # pyright: ignore[reportInvalidTypeForm]
    seed: IntProperty(name="Seed", min=0)  # pyright: ignore[reportInvalidTypeForm]
    variations: IntProperty(name="Variations", default=1, min=1, max=8)  # pyright: ignore[reportInvalidTypeForm]
    take_name: StringProperty(
        name="Take Name", description="Name of the new take; that of the old when empty", options={"SKIP_SAVE"}
    )  # pyright: ignore[reportInvalidTypeForm]
    apply: BoolProperty(
        name="Apply",
        description="Put the new take onto the avatar when it is ready",
        default=True,
        options={"SKIP_SAVE"},
    )  # pyright: ignore[reportInvalidTypeForm]

    _scratch: Path | None = None
    _exact: exact.Kept
    _start_frame: int = 1

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not len(context.scene.signwright.timeline.takes):
            cls.poll_message_set("There is no take yet. Type a text and press Generate")
            return False
        return super().poll(context)

    def begin(self, context: bpy.types.Context) -> Job:
        scene = context.scene
        self._fill_in(scene.signwright.editing)
        item = takes.find(scene, self.take)
        with explained("The motion on the avatar can't be read", "Nothing was changed.", ValueError):
            source = of_take(context, self.take)
        start, end = self._times(context, item, source)
        if not self.parts:
            raise UserError("No part is chosen.", "Choose at least one of body, left and right hand.", code="no_part")
        length = self.length if set(self.parts) == ALL_PARTS else 1.0
        fps = source.take.sequence.fps
        first, last = round(start * fps), round(end * fps)
        kept = source.kept(self.keep_selected)
        self._exact = _after(kept, first, last, length)
        self._start_frame = source.start_frame
        output = self.expect(context, json.loads(item.betas or "[]"))
        self._scratch = scratch(source)
        return pump.session().submit(
            "regenerate",
            take=str(self._scratch),
            output=output,
            start=start,
            end=end,
            parts=sorted(self.parts),
            locks=exact.as_locks(exact.within(kept, first, last), 0),
            length=length,
            blend=self.blend,
            text=self.text,
            language=item.language,
            seed=self.seed,
            variations=self.variations,
            name=self.take_name or item.name,
            dictionary=dictionary(),
            models=str(models_path()),
            options=self._options(scene),
        )

    def received(self, _scene: bpy.types.Scene, items: list[Any], answer: Mapping[str, Any]) -> None:
        kept = json.dumps({str(frame): sorted(joints) for frame, joints in self._exact.items()})
        for item, variation in zip(items, answer["variations"], strict=True):
            item.seams, item.locked = json.dumps(variation["seams"]), variation["locked"]
            item.exact = kept

    def apply_settings(self) -> dict[str, Any]:
        """The new take goes to where the old one is."""
        return {"start_frame": self._start_frame}

    def give_up(self) -> None:
        super().give_up()
        if self._scratch is not None:
            self._scratch.unlink(missing_ok=True)

    def _wants_applying(self, _context: bpy.types.Context) -> tuple[bool, bool]:
        return self.apply, self.properties.is_property_set("apply")

    def _fill_in(self, chosen: Any) -> None:
        """What was not given comes from the panel."""
        for name in ("range", "frame_start", "frame_end", "keep_selected", "temperature", *_FIELDS):
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(chosen, name))

    def _times(self, context: bpy.types.Context, item: Any, source: Source) -> tuple[float, float]:
        """Start and end in seconds of the take. Raises `UserError`."""
        scene = context.scene
        if self.range == "ALL":
            return 0.0, source.take.sequence.duration
        if self.range == "SEGMENT":
            number = scene.signwright.timeline.active_segment if self.segment < 0 else self.segment
            if number >= len(item.segments):
                raise UserError(
                    f"Take “{item.name}” has {len(item.segments)} segments, and no number {number}.",
                    "Mark a sign in the list of segments, or choose another range.",
                    code="no_segment",
                )
            return item.segments[number].start, min(item.segments[number].end, source.take.sequence.duration)
        if self.range == "FRAMES":
            return source.seconds(scene, self.frame_start, self.frame_end)
        if not scene.use_preview_range:
            hint = "Set one in the timeline (P, then drag), or choose another range."
            raise UserError("The scene has no preview range.", hint, code="no_range")
        return source.seconds(scene, scene.frame_preview_start, scene.frame_preview_end)

    def _options(self, scene: bpy.types.Scene) -> dict[str, Any]:
        options = models.shared_options(scene)
        beams = scene.signwright.models.beams if self.temperature == 0.0 else 1
        return {**options, "temperature": self.temperature, "beams": beams}


class SIGNWRIGHT_OT_caption(TakeOperator, RequestOperator, bpy.types.Operator):
    """Read what the take says, or the animation on the avatar where there is no take. A model writes it: check it"""

    bl_idname = "signwright.caption"
    bl_label = "Caption from Motion"
    bl_options = {"REGISTER"}
    place = EDITING

    _scratch: Path | None = None
    _scene: str = ""
    _take: str = ""

    def begin(self, context: bpy.types.Context) -> Job:
        scene = context.scene
        language = scene.signwright.generate.language
        with explained("The motion on the avatar can't be read", "Nothing was changed.", ValueError):
            if len(scene.signwright.timeline.takes):
                source = of_take(context, self.take)
                self._take = source.take.name
            else:
                source = of_action(context, language)
        self._scene = scene.name
        self._scratch = scratch(source)
        chosen = models.shared_options(scene)
        return pump.session().submit(
            "caption",
            take=str(self._scratch),
            language=source.take.language or language,
            models=str(models_path()),
            options={name: chosen[name] for name in ("bundle", "device", "precision", "beams")},
        )

    def end(self, context: bpy.types.Context) -> set[str]:
        job = self._job
        assert job is not None
        pump.set_working(self.place, None)
        self.give_up()
        if job.answer is None:
            assert job.error is not None
            return fail(self, job.error)
        text = str(job.answer["text"])
        scene = bpy.data.scenes.get(self._scene) or context.scene
        item = scene.signwright.timeline.takes.get(self._take) if self._take else None
        if item is not None:
            item.caption = text
        hint = " ".join(("Written by a model. Check it before you use it.", *job.answer["warnings"]))
        said = Report(f"It reads: “{text}”", hint, "", "caption", "INFO")
        pump.show(said, self.place)
        self.report({"INFO"}, said.message)
        push_undo("Caption from Motion")
        return {"FINISHED"}

    def give_up(self) -> None:
        if self._scratch is not None:
            self._scratch.unlink(missing_ok=True)


class SIGNWRIGHT_OT_randomise_editing_seed(bpy.types.Operator):
    """Pick another seed: what is made anew comes out differently"""

    bl_idname = "signwright.randomise_editing_seed"
    bl_label = "Another Seed"
    bl_options = {"UNDO", "INTERNAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.scene.signwright.editing.seed = uuid.uuid4().int % 100_000
        return {"FINISHED"}


def _after(kept: exact.Kept, first: int, last: int, length: float) -> exact.Kept:
    """Where kept poses are in the new take, whose range `first..last` has become longer or shorter."""
    grown = round((last + 1 - first) * length) - (last + 1 - first)
    before = exact.within(kept, 0, first - 1 if grown else last)
    return before | {frame + grown: joints for frame, joints in kept.items() if frame > last}


CLASSES = (SIGNWRIGHT_OT_regenerate, SIGNWRIGHT_OT_caption, SIGNWRIGHT_OT_randomise_editing_seed)
