"""Takes as files of other tools: SMPL-X `.npz`, `.skels`, OpenPose's frames, DWPose's `.npz`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, StringProperty

from ... import pump, takes
from ...animation.apply import scene_fps
from ...engine_session import Job
from ...paths import absolute
from ...reports import Report, UserError, explained
from ..editing.source import Source, of_take, scratch
from ..reporting import fail, operator_fails_with_report
from ..requests import RequestOperator
from ..setup.avatar import current_avatar, model_file, require_avatar, shape_values
from ..take_requests import TAKES
from ..timeline.take_operator import TakeOperator
from .camera import scene_camera

FORMAT_ITEMS = (
    ("skels", "Prompt2Sign (.skels)", "50 joints in space with .text, .files and .gloss beside it"),
    (
        "openpose_25",
        "OpenPose, 25 Points",
        "A folder with a JSON file a frame: BODY_25, hands and face as a camera sees them",
    ),
    ("openpose_18", "OpenPose, 18 Points", "The same with the 18 body points of COCO"),
    ("dwpose", "DWPose (.npz)", "18 body points, hands and face as a camera sees them, in one file"),
)
_SUFFIXES = {"skels": ".skels", "dwpose": ".npz"}
_SCALES = {"PROMPT2SIGN": 9.0, "PROGRESSIVE": 3.0}


class ExportedTakeOperator(TakeOperator):
    """Mixin of operators that write a take."""

    edited: BoolProperty(
        name="As on the Avatar",
        description="With what you changed by hand where the avatar shows the take; off writes it as it was made",
        default=True,
    )  # pyright: ignore[reportInvalidTypeForm]

    def source(self, context: bpy.types.Context) -> Source:
        """The take that is written. Raises `UserError`."""
        with explained("The motion on the avatar can't be read", "Nothing was written.", ValueError):
            return of_take(context, self.take, edited=self.edited)

    def proposed(self, context: bpy.types.Context, suffix: str) -> str:
        """A path that isn't taken yet, by the take's name. Raises `UserError`."""
        name = bpy.path.clean_name(takes.find(context.scene, self.take).name)
        folder = takes.export_folder()
        free = takes.unique_name({path.stem for path in folder.glob(f"{name}*")}, name)
        return str(folder / f"{free}{suffix}")


class SIGNWRIGHT_OT_export_take(ExportedTakeOperator, bpy.types.Operator):
    """Save the take as an .npz file of SMPL-X motion that other tools read"""

    bl_idname = "signwright.export_take"
    bl_label = "Export Take"
    place = TAKES

    filepath: StringProperty(subtype="FILE_PATH")  # pyright: ignore[reportInvalidTypeForm]
    filter_glob: StringProperty(default="*.npz", options={"HIDDEN"})  # pyright: ignore[reportInvalidTypeForm]
    check_existing: BoolProperty(default=True, options={"HIDDEN"})  # pyright: ignore[reportInvalidTypeForm]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(len(context.scene.signwright.timeline.takes))

    @operator_fails_with_report
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.filepath = self.proposed(context, ".npz")
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        take = self.source(context).take
        path = absolute(bpy.path.ensure_ext(self.filepath, ".npz"))
        takes.export(take, path)
        self.report({"INFO"}, f"Take “{take.name}” saved as {path}")
        return {"FINISHED"}


class SIGNWRIGHT_OT_export_pose_file(ExportedTakeOperator, RequestOperator, bpy.types.Operator):
    """Save the take as joints or keypoints for sign-language models and detectors' tools"""

    bl_idname = "signwright.export_pose_file"
    bl_label = "Export Pose File"
    bl_options = {"REGISTER"}
    place = TAKES

    filepath: StringProperty(subtype="FILE_PATH", options={"SKIP_SAVE"})  # pyright: ignore[reportInvalidTypeForm]
    filter_glob: StringProperty(default="*.skels;*.npz;*.json", options={"HIDDEN"})  # pyright: ignore[reportInvalidTypeForm]
    check_existing: BoolProperty(default=True, options={"HIDDEN"})  # pyright: ignore[reportInvalidTypeForm]
    format: EnumProperty(name="Format", items=FORMAT_ITEMS, options={"SKIP_SAVE"})  # pyright: ignore[reportInvalidTypeForm]
    fps: FloatProperty(
        name="Frame Rate",
        description="Frames a second, which the files don't say; the scene's unless it is given",
        default=25.0,
        min=1.0,
        max=240.0,
        options={"SKIP_SAVE"},
    )  # pyright: ignore[reportInvalidTypeForm]
    scale: EnumProperty(
        name="Scale",
        description="What the coordinates in .skels are divided by",
        items=(
            ("PROMPT2SIGN", "9, as Prompt2Sign", "As SignLLM's data has it"),
            ("PROGRESSIVE", "3, as Progressive Transformers", "As the data of that system has it"),
        ),
    )  # pyright: ignore[reportInvalidTypeForm]
    counter: BoolProperty(
        name="Counter", description="Write how far the clip is after the 150 numbers of each frame", default=True
    )  # pyright: ignore[reportInvalidTypeForm]
    view: EnumProperty(
        name="View",
        description="Camera that the points in the picture are seen by",
        items=(
            ("FRONT", "From the Front", "A camera 2.2 m in front of the signer, 1280 x 720 pixels"),
            ("SCENE", "Scene Camera", "The camera and size of the render, where they are at the present frame"),
        ),
    )  # pyright: ignore[reportInvalidTypeForm]

    _scratch: Path | None = None
    _take = ""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(len(context.scene.signwright.timeline.takes)) and super().poll(context)

    @operator_fails_with_report
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.fps = scene_fps(context.scene)
        self.filepath = self.proposed(context, self._suffix)
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Scripts wait for the file; after the file browser Blender goes on meanwhile."""
        if self.options.is_invoke:
            return RequestOperator.invoke(self, context, None)
        return RequestOperator.execute(self, context)

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        layout.prop(self, "format")
        layout.prop(self, "fps")
        names = ("scale", "counter") if self.format == "skels" else ("view",)
        for name in (*names, "edited"):
            layout.prop(self, name)
        if self.format.startswith("openpose"):
            layout.label(text="The name is that of a new folder", icon="INFO")

    def begin(self, context: bpy.types.Context) -> Job:
        source = self.source(context)
        path = self._path()
        rig = current_avatar(context)
        fps = self.fps if self.properties.is_property_set("fps") else scene_fps(context.scene)
        request = {
            "output": str(path),
            "format": self.format,
            "fps": fps,
            "scale": _SCALES[self.scale],
            "counter": self.counter,
            "body_model": model_file(context),
            "betas": shape_values(rig) if rig is not None else [],
        }
        if self.view == "SCENE" and self.format != "skels":
            request["camera"] = scene_camera(context, require_avatar(context))
        self._take = source.take.name
        self._scratch = scratch(source)
        return pump.session().submit("take_export", take=str(self._scratch), **request)

    def end(self, context: bpy.types.Context) -> set[str]:
        job = self._job
        assert job is not None
        pump.set_working(self.place, None)
        self.give_up()
        if job.answer is None:
            assert job.error is not None
            return fail(self, job.error)
        said = _said(self._take, job.answer)
        pump.show(said, self.place)
        self.report({"INFO"}, said.message)
        return {"FINISHED"}

    def give_up(self) -> None:
        if self._scratch is not None:
            self._scratch.unlink(missing_ok=True)

    def _path(self) -> Path:
        """The chosen file with the format's suffix, also where the format was changed after the file was named."""
        path = absolute(self.filepath)
        name = path.stem if path.suffix in _SUFFIXES.values() else path.name
        if not name:
            raise UserError("No file was named.", "Give the name of the file to write.", code="no_file")
        return path.with_name(name + self._suffix)

    @property
    def _suffix(self) -> str:
        return _SUFFIXES.get(self.format, "")


class SIGNWRIGHT_MT_export_take(bpy.types.Menu):
    """Save the take for other tools"""

    bl_idname = "SIGNWRIGHT_MT_export_take"
    bl_label = "Export Take"

    def draw(self, _context: bpy.types.Context) -> None:
        layout = self.layout
        layout.operator_context = "INVOKE_DEFAULT"
        layout.operator("signwright.export_take", text="SMPL-X (.npz)")
        for identifier, name, _tip in FORMAT_ITEMS:
            layout.operator("signwright.export_pose_file", text=name).format = identifier


def _said(take: str, answer: Any) -> Report:
    rate = f"{answer['frames']} frames at {answer['fps']:g} a second"
    notes = " ".join(answer["warnings"])
    return Report(f"Take “{take}” saved as {answer['path']}: {rate}.", notes, code="exported", severity="INFO")


CLASSES = (SIGNWRIGHT_OT_export_take, SIGNWRIGHT_OT_export_pose_file, SIGNWRIGHT_MT_export_take)
