"""Installing, removing and cancelling packs."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import BoolProperty, StringProperty

from ... import pump
from ...paths import absolute, packs_path, preferences
from ...reports import UserError
from ..reporting import operator_fails_with_report
from . import packs, state


class SIGNWRIGHT_OT_install_pack(bpy.types.Operator):
    """Install PyTorch into a folder of yours, for large models and NVIDIA cards. Blender's Python stays as it is"""

    bl_idname = "signwright.install_pack"
    bl_label = "Install Pack"

    pack: StringProperty(description="Name of the pack, like torch-cpu")  # pyright: ignore[reportInvalidTypeForm]
    offline: BoolProperty(
        name="From Wheels", description="Take the packages from the folder of wheels instead of the internet"
    )  # pyright: ignore[reportInvalidTypeForm]

    @operator_fails_with_report
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        self._check()
        return context.window_manager.invoke_props_dialog(self, width=420, title="Install Pack", confirm_text="Install")

    def draw(self, _context: bpy.types.Context) -> None:
        pack = _offered(self.pack)
        column = self.layout.column(align=True)
        column.label(text=pack.label)
        if self.offline:
            column.label(text=f"From {_wheels()}", icon="FILE_FOLDER")
        else:
            column.label(text=f"Downloads about {packs.shown_size(pack.download)}", icon="IMPORT")
        column.label(text=f"Takes about {packs.shown_size(pack.installed)} in {packs_path()}", icon="DISK_DRIVE")

    @operator_fails_with_report
    def execute(self, _context: bpy.types.Context) -> set[str]:
        self._check()
        wheels = str(_wheels()) if self.offline else ""
        python = str(pump.engine_python())
        state.begin(packs.install_job(_offered(self.pack), packs_path(), state.log_file(), python, wheels))
        return _in_background(self)

    def _check(self) -> None:
        _offered(self.pack)
        if self.offline and not _wheels().is_dir():
            raise UserError(
                f"There is no folder of wheels{f' {_wheels()}' if preferences().wheels_folder else ''}.",
                "Choose it in the preferences, under Runtime.",
                code="no_folder",
            )
        if not self.offline and not bpy.app.online_access:
            raise UserError(
                "Blender's online access is off, so that nothing can be downloaded.",
                "Allow it in the preferences under System > Network, or install from a folder of wheels.",
                code="offline",
            )


class SIGNWRIGHT_OT_remove_pack(bpy.types.Operator):
    """Delete this pack. ONNX Runtime, which comes with the add-on, serves from then on"""

    bl_idname = "signwright.remove_pack"
    bl_label = "Remove Pack"

    pack: StringProperty(description="Name of the pack, like torch-cpu")  # pyright: ignore[reportInvalidTypeForm]

    def invoke(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        return context.window_manager.invoke_confirm(self, event)

    @operator_fails_with_report
    def execute(self, _context: bpy.types.Context) -> set[str]:
        found = next((p for p in packs.installed(packs_path()) if p.folder.name == self.pack), None)
        if found is None:
            raise UserError(f"The pack {self.pack} isn't installed.", code="unknown_pack")
        state.begin(packs.remove_job(found.folder, state.log_file()))
        return _in_background(self)


class SIGNWRIGHT_OT_cancel_pack(bpy.types.Operator):
    """Give the installation up. What was there before stays"""

    bl_idname = "signwright.cancel_pack"
    bl_label = "Cancel"

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        return state.current() is not None

    def execute(self, _context: bpy.types.Context) -> set[str]:
        installation = state.current()
        if installation is not None:
            installation.cancel()
        return {"FINISHED"}


class SIGNWRIGHT_OT_dismiss_pack_report(bpy.types.Operator):
    """Take this message away"""

    bl_idname = "signwright.dismiss_pack_report"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        state.forget_report()
        return {"FINISHED"}


def _in_background(operator: bpy.types.Operator) -> set[str]:
    """Without anybody who could watch, an operator ends when its work does."""
    if not bpy.app.background:
        return {"FINISHED"}
    report = state.wait()
    if report.severity == "ERROR":
        raise UserError.of(report)
    operator.report({report.severity}, report.text)
    return {"FINISHED"}


def _offered(name: str) -> packs.Pack:
    known = {pack.name: pack for pack in packs.offered()}
    if name not in known:
        raise UserError(
            f"There is no pack {name!r} for this system.",
            f"There are: {', '.join(known) or 'none'}.",
            code="unknown_pack",
        )
    return known[name]


def _wheels() -> Path:
    return absolute(preferences().wheels_folder)


CLASSES = (
    SIGNWRIGHT_OT_install_pack,
    SIGNWRIGHT_OT_remove_pack,
    SIGNWRIGHT_OT_cancel_pack,
    SIGNWRIGHT_OT_dismiss_pack_report,
)
