"""Building the studio, framing the camera, rendering."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, StringProperty

from ....blender_scenes import framing, studio
from ....blender_scenes.contact_sheet import Shot, make_contact_sheet
from ....blender_scenes.presets import PRESETS, use_preset
from ....blender_scenes.render import RenderError, pictures_to, render_pictures, render_video, video_to
from ... import pump, takes
from ...animation.apply import scene_fps
from ...animation.markers import frame_of
from ...paths import absolute
from ...reports import Report, UserError, explained
from ..reporting import operator_fails_with_report
from ..setup.avatar import current_avatar, require_avatar
from ..timeline.take_operator import TakeOperator
from .properties import PRESET_ITEMS, SIZE_ITEMS, SIZES


class _AvatarOperator(bpy.types.Operator):
    """Shared by the operators that need an avatar."""

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if current_avatar(context) is None:
            cls.poll_message_set("There is no avatar. Add one in the Avatar panel")
            return False
        return True


class SIGNWRIGHT_OT_build_studio(_AvatarOperator):
    """Put a plain backdrop and three soft lights around the avatar. Your own lights and objects stay"""

    bl_idname = "signwright.build_studio"
    bl_label = "Build Studio"
    bl_options = {"REGISTER", "UNDO"}

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        with explained("The studio can't be built", "Your scene stays as it is.", ValueError):
            studio.build_studio(context.scene, require_avatar(context))
        return {"FINISHED"}


class SIGNWRIGHT_OT_frame_camera(_AvatarOperator):
    """Place the camera so that hands and head stay in the picture over the whole scene range"""

    bl_idname = "signwright.frame_camera"
    bl_label = "Frame Camera"
    bl_options = {"REGISTER", "UNDO"}

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        with explained("The camera can't be framed", "It stays where it is.", ValueError):
            framed = framing.frame_camera(scene, require_avatar(context), scene.frame_start, scene.frame_end)
        if framed.warnings:
            show_framing_warnings(framed.warnings)
            self.report({"WARNING"}, " ".join(framed.warnings))
        else:
            self.report({"INFO"}, f"The camera stands {framed.distance:.1f} m away and shows the whole signing space")
        return {"FINISHED"}


class SIGNWRIGHT_OT_check_framing(_AvatarOperator):
    """See whether the scene's camera shows hands and head over the whole scene range"""

    bl_idname = "signwright.check_framing"
    bl_label = "Check Framing"

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        with explained("The picture can't be checked", "Nothing was changed.", ValueError):
            found = framing.camera_warnings(scene, require_avatar(context), scene.frame_start, scene.frame_end)
        if found:
            show_framing_warnings(found)
            self.report({"WARNING"}, " ".join(found))
        else:
            pump.show(None)
            self.report({"INFO"}, "Hands and head stay in the picture")
        return {"FINISHED"}


class SIGNWRIGHT_OT_render(bpy.types.Operator):
    """Render the scene's range with this preset: to an H.264 video, or to transparent pictures"""

    bl_idname = "signwright.render"
    bl_label = "Render"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(name="Output", subtype="FILE_PATH")  # pyright: ignore[reportInvalidTypeForm]
    preset: EnumProperty(name="Preset", items=PRESET_ITEMS)  # pyright: ignore[reportInvalidTypeForm]
    size: EnumProperty(name="Size", items=SIZE_ITEMS)  # pyright: ignore[reportInvalidTypeForm]
    transparent: BoolProperty(name="Transparent")  # pyright: ignore[reportInvalidTypeForm]

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Render and block until it is done: for scripts and background mode."""
        scene, output = context.scene, self._prepare(context)
        try:
            if self.transparent:
                render_pictures(scene, output, alpha=True)
            else:
                render_video(scene, output)
        except RenderError as e:
            raise UserError(str(e), "Your scene is as it was.", "choose_folder", "render_failed") from e
        self.report({"INFO"}, f"Rendered to {output}")
        return {"FINISHED"}

    @operator_fails_with_report
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Let Blender's own render job do it, with its window, its progress and its Esc."""
        if bpy.app.background:
            return self.execute(context)
        output = self._prepare(context)
        if self.transparent:
            pictures_to(context.scene, output, alpha=True)
        else:
            video_to(context.scene, output)
        bpy.ops.render.render("INVOKE_DEFAULT", animation=True)
        return {"FINISHED"}

    def _prepare(self, context: bpy.types.Context) -> Path:
        """Set the scene up as chosen and return where the render goes."""
        scene = context.scene
        chosen = scene.signwright.render
        for name in ("filepath", "preset", "size", "transparent"):
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(chosen, name))
        if scene.camera is None:
            raise UserError(
                "The scene has no camera.", "Frame Camera makes one that fits the signing.", "frame_camera", "no_camera"
            )
        path = absolute(self.filepath) if self.filepath else default_output(scene)
        output = require_writable(path.with_suffix("" if self.transparent else ".mp4"))
        for note in use_preset(
            scene, PRESETS[self.preset], resolution=SIZES.get(self.size), transparent=self.transparent
        ):
            self.report({"WARNING"}, note)
        chosen.last_output = str(output)
        return output


class SIGNWRIGHT_OT_contact_sheet(TakeOperator, bpy.types.Operator):
    """Save one picture with a still of every sign of the take, by the scene's camera and the preset above"""

    bl_idname = "signwright.contact_sheet"
    bl_label = "Contact Sheet"
    bl_options = {"REGISTER", "UNDO"}

    filepath: StringProperty(subtype="FILE_PATH")  # pyright: ignore[reportInvalidTypeForm]
    filter_glob: StringProperty(default="*.png", options={"HIDDEN"})  # pyright: ignore[reportInvalidTypeForm]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not any(item.action for item in context.scene.signwright.timeline.takes):
            cls.poll_message_set("No take has been applied yet")
            return False
        return True

    @operator_fails_with_report
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self.filepath = str(default_output(context.scene).with_suffix(".png"))
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        item = takes.find(scene, self.take)
        if not item.action:
            raise UserError(f"Take “{item.name}” has not been applied yet.", "Apply it first.", code="not_applied")
        path = require_writable(absolute(bpy.path.ensure_ext(self.filepath, ".png")))
        use_preset(scene, PRESETS[scene.signwright.render.preset], transparent=False)
        try:
            make_contact_sheet(scene, _shots(scene, item), path, _one_line(item.text))
        except RenderError as e:
            raise UserError(str(e), "Your scene is as it was.", code="render_failed") from e
        self.report({"INFO"}, f"Contact sheet saved as {path}")
        return {"FINISHED"}


class SIGNWRIGHT_OT_open_output(bpy.types.Operator):
    """Open the folder of the last render"""

    bl_idname = "signwright.open_output"
    bl_label = "Open Folder"

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not context.scene.signwright.render.last_output:
            cls.poll_message_set("Nothing has been rendered yet")
            return False
        return True

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        output = absolute(context.scene.signwright.render.last_output)
        folder = output if output.is_dir() else output.parent
        if not folder.is_dir():
            raise UserError(f"The folder {folder} is gone.", "Render again, or choose another one.", code="no_folder")
        if not bpy.app.background:
            bpy.ops.wm.path_open(filepath=str(folder))
        return {"FINISHED"}


def show_framing_warnings(warnings: list[str] | tuple[str, ...]) -> None:
    """Put warnings about the picture into the panel."""
    text = "Signs can't be read where hands are cut off. Frame Camera places the camera anew."
    pump.show(Report(" ".join(warnings), text, "frame_camera", "framing", "WARNING"))


def default_output(scene: bpy.types.Scene) -> Path:
    """A file named after the active take, still without its ending."""
    timeline = scene.signwright.timeline
    name = takes.find(scene).name if len(timeline.takes) else scene.name
    return takes.export_folder() / (bpy.path.clean_name(name) or "signing")


def require_writable(path: Path) -> Path:
    """The path, its folder made and tried. Raises `UserError` when nothing can be written there."""
    probe = path.parent / f".{path.name}.probe"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        probe.write_bytes(b"probe")
        probe.unlink()
    except OSError as e:
        raise UserError(
            f"Nothing can be written to {path.parent}: {e.strerror or e}.",
            "Nothing was rendered. Choose another output path.",
            "choose_folder",
            "not_writable",
        ) from e
    return path


def _shots(scene: bpy.types.Scene, item: Any) -> list[Shot]:
    """The middle of every sign, where its shape is clearest."""
    fps = scene_fps(scene)
    return [
        Shot(s.name, frame_of((s.start + s.end) / 2, item.start_frame, fps), f"{s.start:.1f} s")
        for s in item.segments
        if s.origin != "pause"
    ]


def _one_line(text: str) -> str:
    return " ".join(text.split())


CLASSES = (
    SIGNWRIGHT_OT_build_studio,
    SIGNWRIGHT_OT_frame_camera,
    SIGNWRIGHT_OT_check_framing,
    SIGNWRIGHT_OT_render,
    SIGNWRIGHT_OT_contact_sheet,
    SIGNWRIGHT_OT_open_output,
)
