"""Pose files of other tools onto the rig: each of their motions becomes a take."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, StringProperty

from ... import pump
from ...engine_session import Job
from ...reports import Report
from ..chosen_files import ChosenFiles, drop_on_view
from ..reporting import operator_fails_with_report
from ..take_requests import TAKES, TakeRequestOperator

SKELS = ".skels"
SUFFIXES = (SKELS, ".json", ".npz", ".pose")
_USUAL_FPS = 25.0
_SHOWN_REASONS = 2


class SIGNWRIGHT_OT_import_takes(ChosenFiles, TakeRequestOperator, bpy.types.Operator):
    """Make takes of .skels files, OpenPose folders (choose a frame or the folder), DWPose or SMPL-X .npz and .pose"""

    bl_idname = "signwright.import_takes"
    bl_label = "Import Takes"
    bl_options = {"REGISTER"}
    place = TAKES
    undo_name = "Import Takes"

    filter_glob: StringProperty(default=";".join(f"*{s}" for s in SUFFIXES), options={"HIDDEN"})  # pyright: ignore[reportInvalidTypeForm]
    fps: FloatProperty(
        name="Frame Rate",
        description="Frames a second of files that don't say theirs: .skels, OpenPose and DWPose",
        default=_USUAL_FPS,
        min=1.0,
        max=240.0,
    )  # pyright: ignore[reportInvalidTypeForm]
    lines: StringProperty(
        name="Lines",
        description="Which clips of a .skels file, by their lines, like 1, 4-7; all when empty",
        options={"SKIP_SAVE"},
    )  # pyright: ignore[reportInvalidTypeForm]
    counter: EnumProperty(
        name="Counter",
        description="Whether the frames of a .skels file have a counter after their 150 numbers",
        items=(
            ("detect", "Detect", "It is there when each 151st number rises to 1"),
            ("with", "With", "151 numbers a frame, as in training files and what models predict"),
            ("without", "Without", "150 numbers a frame"),
        ),
    )  # pyright: ignore[reportInvalidTypeForm]
    language: StringProperty(
        name="Language", description="Code of the signed language; that of the Text panel when empty"
    )  # pyright: ignore[reportInvalidTypeForm]
    apply: BoolProperty(name="Apply", description="Put the first take onto the avatar when it is ready", default=True)  # pyright: ignore[reportInvalidTypeForm]

    @operator_fails_with_report
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return self.ask_for_files(context, "Import Takes")

    def execute(self, context: bpy.types.Context) -> set[str]:
        """Scripts wait for the takes; after the file browser or a drop Blender goes on meanwhile."""
        if self.options.is_invoke:
            return TakeRequestOperator.invoke(self, context, None)
        return TakeRequestOperator.execute(self, context)

    def draw(self, context: bpy.types.Context) -> None:
        layout = self.layout
        layout.use_property_split = True
        layout.use_property_decorate = False
        self.draw_dropped(context)
        layout.prop(self, "fps")
        if self.in_browser(context) or any(path.suffix.lower() == SKELS for path in self.paths()):
            layout.prop(self, "lines", placeholder="All")
            layout.prop(self, "counter")
        layout.prop(self, "apply")
        layout.label(text=f"Signed language: {self._language(context)}", icon="WORLD")
        if self.in_browser(context):
            layout.label(text="Choose no file for all of the folder", icon="INFO")

    def begin(self, context: bpy.types.Context) -> Job:
        paths = self.existing_paths("Choose .skels, .npz or .pose files, or a folder with OpenPose's frames.")
        output = self.expect(context, [])
        return pump.session().submit(
            "takes_import",
            paths=[str(path) for path in paths],
            output=output,
            language=self._language(context),
            fps=self.fps,
            lines=self.lines,
            counter=self.counter,
        )

    def received(self, _scene: bpy.types.Scene, items: list[Any], answer: Mapping[str, Any]) -> None:
        for item in items:
            item.betas = ""  # their joints know no body of ours
        skipped = [f"{entry['what']}: {entry['why']}" for entry in answer["skipped"]]
        takes = f"{len(items)} take{'s' if len(items) != 1 else ''} imported"
        if not skipped:
            pump.show(
                Report(f"{takes}.", items[0].warnings.replace("\n", " "), code="imported", severity="INFO"), TAKES
            )
            return
        shown = " ".join(skipped[:_SHOWN_REASONS])
        more = f" … and {len(skipped) - _SHOWN_REASONS} more." if len(skipped) > _SHOWN_REASONS else ""
        pump.show(
            Report(f"{takes}, {len(skipped)} left out.", f"{shown}{more}", code="imported", severity="WARNING"), TAKES
        )

    def _wants_applying(self, _context: bpy.types.Context) -> tuple[bool, bool]:
        return self.apply, self.properties.is_property_set("apply")

    def _language(self, context: bpy.types.Context) -> str:
        return self.language or context.scene.signwright.generate.language


class SIGNWRIGHT_FH_pose_files(bpy.types.FileHandler):
    """Pose files that are dropped onto the 3D view or its sidebar"""

    bl_idname = "SIGNWRIGHT_FH_pose_files"
    bl_label = "Import as Signwright Takes"
    bl_import_operator = "signwright.import_takes"
    bl_file_extensions = ";".join(SUFFIXES)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return drop_on_view(context)


CLASSES = (SIGNWRIGHT_OT_import_takes, SIGNWRIGHT_FH_pose_files)
