"""Signs from animated skeletons of other tools: FBX, GLB and BVH files, carried over to SMPL-X one by one."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from ....engine.take import Take, TakeError
from ... import pump
from ...engine_session import Job
from ...reports import Report, UserError
from ...retarget.files import SUFFIXES
from ...retarget.motion import import_motion
from ..chosen_files import drop_on_view
from ..reporting import fail, operator_fails_with_report
from ..requests import ModalOperator, ask, make_dictionary, working_file
from . import search
from .transfer import ImportChoices, take_import

_TIMER_SECONDS = 0.02
_CANCELLED = Report("Cancelled.", "No sign was added.", code="cancelled", severity="INFO")


class SIGNWRIGHT_OT_import_animation_sign(ModalOperator, ImportChoices, bpy.types.Operator):
    """Add signs to your dictionary from animated skeletons: FBX, GLB or BVH, a sign a file, named after the file"""

    bl_idname = "signwright.import_animation_sign"
    bl_label = "Import Animations"

    filter_glob: StringProperty(default=";".join(f"*{s}" for s in SUFFIXES), options={"HIDDEN"})  # pyright: ignore[reportInvalidTypeForm]

    _conversion: Conversion | None = None

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        self._conversion = Conversion(animation_files(self.chosen_paths()), working_file(""))
        if bpy.app.background:
            while self._conversion.step():
                pass
            return self._send(context)
        pump.session().start()
        pump.show(None)
        pump.set_working(self.place, self._conversion.job)
        return self.run_modal(context, _TIMER_SECONDS)

    @operator_fails_with_report
    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        try:
            return self._go_on(context, event)
        except Exception:  # else the timer and the shown progress would stay for good
            self.cancel(context)
            raise

    def _go_on(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        assert self._conversion is not None
        job = self._conversion.job
        if job.done:  # Blender calls an operator once more that raised
            return {"CANCELLED"}
        if event.type == "ESC" and event.value == "PRESS":
            pump.session().cancel(job)
        if event.type != "TIMER":
            return {"PASS_THROUGH"}
        if job.cancelled_at:
            self.cancel(context)
            return fail(self, _CANCELLED)
        if self._conversion.step():
            pump.redraw()
            return {"PASS_THROUGH"}
        self.remove_timer(context)
        job.finish(answer={})
        return self._send(context)

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator, or the user gave up."""
        self.remove_timer(context)
        if self._conversion is not None:
            self._conversion.job.finish(error=_CANCELLED)
            self._conversion.clean()

    def _send(self, context: bpy.types.Context) -> set[str]:
        conversion = self._conversion
        assert conversion is not None
        if not conversion.converted:
            conversion.clean()
            return _report_nothing(self, conversion)
        return ask(
            self,
            "signs_import",
            conversion.take_answer,
            language=search.language(context),
            dictionary=make_dictionary(),
            paths=[str(path) for path in conversion.converted],
            **self.choices(),
        )


class Conversion:
    """Files on their way to takes in a folder; `step` does one of them."""

    def __init__(self, files: list[Path], folder: Path) -> None:
        self.job = Job(0, "convert", stage="Reading animations")
        self.converted: list[Path] = []
        self._files, self._folder, self._at = files, folder, 0
        self._skipped: list[dict[str, str]] = []
        self._notes: list[str] = []
        folder.mkdir()

    def step(self) -> bool:
        """Convert the next file; False when there was none."""
        if self._at >= len(self._files):
            return False
        path = self._files[self._at]
        try:
            imported = import_motion(path)
            target = self._folder / str(self._at) / f"{path.stem}.npz"  # files in two folders may share a name
            target.parent.mkdir()
            Take(path.stem, "", "", "imported", imported.sequence).save(target)
            self.converted.append(target)
            self._notes += [f"{path.name}: {note}" for note in imported.notes]
        except UserError as e:
            self._skipped.append({"what": path.name, "why": e.report.text})
        except (TakeError, OSError) as e:
            self._skipped.append({"what": path.name, "why": str(e)})
        self._at += 1
        self.job.stage = f"Reading {path.name}"
        self.job.fraction = self._at / len(self._files)
        return True

    def take_answer(self, answer: Mapping[str, Any]) -> Report:
        """Show what became of the files, those included that could not be converted."""
        self.clean()
        return take_import(self.completed(answer))

    def completed(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """The engine's answer with what happened before it was asked."""
        skipped = [*self._skipped, *answer["skipped"]]
        return {**answer, "skipped": skipped, "warnings": [*self._notes, *answer["warnings"]]}

    def clean(self) -> None:
        """Remove the takes between."""
        shutil.rmtree(self._folder, ignore_errors=True)


def animation_files(paths: list[Path]) -> list[Path]:
    """The files, and those in folders and below, that may hold an animated skeleton. Raises `UserError` for none."""
    found = [
        file
        for path in paths
        for file in (sorted(path.rglob("*")) if path.is_dir() else [path])
        if path.is_file() or (file.is_file() and file.suffix.lower() in SUFFIXES)
    ]
    if not found:
        raise UserError(
            f"There is no {', '.join(SUFFIXES)} file in {paths[0]}.", "Choose another folder, or files.", code="no_file"
        )
    return found


def _report_nothing(operator: bpy.types.Operator, conversion: Conversion) -> set[str]:
    """None of the files could be converted: the first reason is told, all stand in the report."""
    answer = conversion.completed({"added": [], "replaced": [], "skipped": [], "warnings": []})
    take_import(answer)
    first = answer["skipped"][0]
    return fail(operator, Report(f"No sign was added. {first['why']}", code="import_failed"))


class SIGNWRIGHT_FH_animations(bpy.types.FileHandler):
    """Animated skeletons that are dropped onto the 3D view or its sidebar"""

    bl_idname = "SIGNWRIGHT_FH_animations"
    bl_label = "Add to the Signwright Dictionary"
    bl_import_operator = "signwright.import_animation_sign"
    bl_file_extensions = ";".join(SUFFIXES)

    @classmethod
    def poll_drop(cls, context: bpy.types.Context) -> bool:
        return drop_on_view(context)


CLASSES = (SIGNWRIGHT_OT_import_animation_sign, SIGNWRIGHT_FH_animations)
