"""The installation under way in this Blender, and how the last one ended."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import bpy

from ... import pump
from ...engine_process import engine_environment
from ...paths import ROOT, log_path, packs_path, user_folder
from ...reports import Report, UserError
from .installation import Installation

_INTERVAL_S = 0.2

_under_way: list[Installation] = []
_last: list[Report] = []


def current() -> Installation | None:
    """The installation under way."""
    return _under_way[0] if _under_way else None


def last_report() -> Report | None:
    """How the last installation ended."""
    return _last[0] if _last else None


def forget_report() -> None:
    _last.clear()


def log_file() -> Path:
    """The installer's own log, beside the engine's."""
    return log_path().with_name("install.log")


def begin(job: dict[str, Any]) -> Installation:
    """Start a job; a timer follows it. Raises `UserError`."""
    if current() is not None:
        raise UserError("A pack is being installed or removed already.", "Wait for it, or cancel it.", code="busy")
    try:
        environment = engine_environment(ROOT, user_folder("cache"))
        packs_path().mkdir(parents=True, exist_ok=True)
        log_file().unlink(missing_ok=True)
        started = Installation(job, str(pump.engine_python()), environment)
    except OSError as e:
        raise UserError(
            f"The installer couldn't be started: {e}.",
            "Check the engine's Python in the preferences.",
            code="installer",
        ) from e
    _last.clear()
    _under_way.append(started)
    if not bpy.app.background:
        bpy.app.timers.register(_tick, first_interval=_INTERVAL_S, persistent=True)
    return started


def wait() -> Report:
    """Follow the installation to its end, blocking: the twin of the timer for background mode."""
    while _step():
        time.sleep(_INTERVAL_S / 4)
    return _last[0]


def unregister() -> None:
    """Leave no timer and no process behind."""
    if bpy.app.timers.is_registered(_tick):
        bpy.app.timers.unregister(_tick)
    for installation in _under_way:
        installation.stop()
    _under_way.clear()
    _last.clear()


def _tick() -> float | None:
    going_on = _step()
    _redraw()
    return _INTERVAL_S if going_on else None


def _step() -> bool:
    """Hear the installer; whether it goes on."""
    installation = _under_way[0]
    installation.poll()
    if installation.ready and not pump.session().busy:
        pump.session().stop()  # its libraries can't be replaced while it uses them
        installation.swap()
    if not installation.over:
        return True
    _under_way.clear()
    _last[:] = [installation.report or _success(installation)]
    return False


def _success(installation: Installation) -> Report:
    done = installation.pack or {}
    if installation.action == "remove":
        return Report("The pack was removed.", "ONNX Runtime serves from now on.", severity="INFO")
    found = done.get("found", {})
    built = f", built for CUDA {found['cuda']}" if found.get("cuda") else ""
    return Report(
        f"{done.get('label', installation.name)} is installed{built}.",
        "The engine uses it from its next start, which comes with the next request.",
        severity="INFO",
    )


def _redraw() -> None:
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "PREFERENCES":
                area.tag_redraw()
