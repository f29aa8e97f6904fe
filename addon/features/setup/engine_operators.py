"""Testing and restarting the engine, its log, and the buttons that mend what a report tells of."""

from __future__ import annotations

import platform
import sys
import time
import uuid
from pathlib import Path
from typing import Any

import bpy
from bpy.props import StringProperty

from ... import pump
from ...paths import PACKAGE, log_path
from ...reports import FIX_BUTTONS, UserError
from ..reporting import operator_fails_with_report

_TEST_TIMEOUT = 30.0
_LOG_LINES = 40
_FIX_OPERATORS = (
    "restart_engine",
    "open_log",
    "open_dictionary",
    "add_avatar",
    "load_body",
    "build_studio",
    "frame_camera",
)


class SIGNWRIGHT_OT_test_engine(bpy.types.Operator):
    """Start the engine if need be, let it make the sign HELLO, and tell how long that took"""

    bl_idname = "signwright.test_engine"
    bl_label = "Test Engine"

    @operator_fails_with_report
    def execute(self, _context: bpy.types.Context) -> set[str]:
        session = pump.session()
        hello = session.wait_ready(_TEST_TIMEOUT)
        output = Path(bpy.app.tempdir) / f"signwright-test-{uuid.uuid4().hex}.npz"
        began = time.perf_counter()
        try:
            job = session.submit("generate", text="Hello", output=str(output))
            session.run(job, _TEST_TIMEOUT)
        finally:
            output.unlink(missing_ok=True)
            pump.wake()
        if job.error is not None:
            raise UserError.of(job.error)
        milliseconds = 1000.0 * (time.perf_counter() - began)
        started = 1000.0 * session.hello_seconds
        pump.note_test(
            f"Works: version {hello['version']}, ready {started:.0f} ms after its start, HELLO in {milliseconds:.0f} ms"
        )
        self.report({"INFO"}, pump.test_result())
        return {"FINISHED"}


class SIGNWRIGHT_OT_restart_engine(bpy.types.Operator):
    """End the engine and start it anew. Takes and animation stay as they are"""

    bl_idname = "signwright.restart_engine"
    bl_label = "Restart Engine"

    @operator_fails_with_report
    def execute(self, _context: bpy.types.Context) -> set[str]:
        pump.session().stop()
        pump.forget_compiled()
        pump.session().wait_ready()
        pump.show(None)
        pump.wake()
        self.report({"INFO"}, "The engine is running again")
        return {"FINISHED"}


class SIGNWRIGHT_OT_open_log(bpy.types.Operator):
    """Open the engine's log file in the program that your system has for text"""

    bl_idname = "signwright.open_log"
    bl_label = "Open Log"

    @operator_fails_with_report
    def execute(self, _context: bpy.types.Context) -> set[str]:
        path = log_path()
        if not path.is_file():
            raise UserError("There is no log yet.", "It is written as soon as the engine starts.", code="no_log")
        self.report({"INFO"}, str(path))
        if not bpy.app.background:
            bpy.ops.wm.path_open(filepath=str(path))
        return {"FINISHED"}


class SIGNWRIGHT_OT_copy_report(bpy.types.Operator):
    """Copy versions, the last error and the end of the log, to paste into a bug report"""

    bl_idname = "signwright.copy_report"
    bl_label = "Copy Report"

    def execute(self, context: bpy.types.Context) -> set[str]:
        context.window_manager.clipboard = system_report()
        self.report({"INFO"}, "The report is on the clipboard")
        return {"FINISHED"}


class SIGNWRIGHT_OT_fix(bpy.types.Operator):
    """Do what mends this"""

    bl_idname = "signwright.fix"
    bl_label = "Fix"
    bl_options = {"INTERNAL"}

    fix: StringProperty()  # pyright: ignore[reportInvalidTypeForm]

    @classmethod
    def description(cls, _context: bpy.types.Context, properties: Any) -> str:
        return FIX_BUTTONS[properties.fix][0]

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        if self.fix == "edit_text":
            return context.window_manager.invoke_props_dialog(self, width=500, title="Edit Text")
        if self.fix in ("choose_language", "choose_method", "choose_bundle"):
            return context.window_manager.invoke_props_dialog(self, width=300, title=FIX_BUTTONS[self.fix][0])
        return self.execute(context)

    def draw(self, context: bpy.types.Context) -> None:
        chosen = context.scene.signwright.generate
        if self.fix == "choose_language":
            self.layout.prop(chosen, "language_menu", text="")
        elif self.fix == "choose_method":
            self.layout.prop(chosen, "method_menu", text="")
        elif self.fix == "choose_bundle":
            self.layout.prop(context.scene.signwright.models, "bundle_menu", text="")
        else:
            self.layout.activate_init = True
            self.layout.prop(*_wrong_text(context.scene), text="")

    def execute(self, _context: bpy.types.Context) -> set[str]:
        pump.show(None)
        if self.fix in _FIX_OPERATORS:
            getattr(bpy.ops.signwright, self.fix)("INVOKE_DEFAULT")
        elif self.fix in ("choose_folder", "open_models"):
            bpy.ops.preferences.addon_show("INVOKE_DEFAULT", module=PACKAGE)
        return {"FINISHED"}


def _wrong_text(scene: Any) -> tuple[Any, str]:
    """Owner and name of the property that the report's mistake is in: the gloss line, or the text."""
    report, gloss, chosen = pump.current_report(), scene.signwright.gloss, scene.signwright.generate
    if report is not None and report.code == "gloss_line":
        return gloss, "line" if gloss.block is None else "block"
    return chosen, "text_block" if chosen.source == "BLOCK" else "text"


class SIGNWRIGHT_OT_dismiss_report(bpy.types.Operator):
    """Take this message away"""

    bl_idname = "signwright.dismiss_report"
    bl_label = "Dismiss"
    bl_options = {"INTERNAL"}

    def execute(self, _context: bpy.types.Context) -> set[str]:
        pump.show(None)
        return {"FINISHED"}


def system_report() -> str:
    """Versions, engine, last error and the end of the log, for a bug report."""
    session = pump.session()
    report = pump.current_report()
    lines = [
        f"Blender {bpy.app.version_string}, {platform.platform()}",
        f"Python {sys.version.split()[0]}, engine's Python {pump.engine_python()}",
        f"Engine {(session.hello or {}).get('version', 'unknown')}, {'running' if session.running else 'not running'}",
        f"Last message: {report.text if report else 'none'}",
    ]
    path = log_path()
    if path.is_file():
        log = path.read_text("utf-8", "replace").splitlines()[-_LOG_LINES:]
        lines += [f"Last lines of {path.name}:", *log]
    return "\n".join(lines)


CLASSES = (
    SIGNWRIGHT_OT_test_engine,
    SIGNWRIGHT_OT_restart_engine,
    SIGNWRIGHT_OT_open_log,
    SIGNWRIGHT_OT_copy_report,
    SIGNWRIGHT_OT_fix,
    SIGNWRIGHT_OT_dismiss_report,
)
