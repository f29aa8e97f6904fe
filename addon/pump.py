"""Keeps the engine's session going inside Blender: one timer, 2 ms a tick at most, and redraws.

The one place of state that lives as long as Blender: the session, the latest report, the take that is being made.
The session outlives .blend files; requests do not: loading a file cancels them.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections import deque
from dataclasses import dataclass
from pathlib import Path

import bpy

from .engine_process import EngineProcess, engine_command, engine_environment
from .engine_session import EngineSession, Job
from .paths import ROOT, absolute, log_path, preferences, user_folder, user_path
from .reports import Report, UserError

BUSY_INTERVAL = 0.02
IDLE_INTERVAL = 0.5
_REDRAW_INTERVAL = 0.1

tick_times: deque[float] = deque(maxlen=4096)
"""Seconds of the latest ticks, for the benchmark and the report that users can copy."""


@dataclass
class _State:
    session: EngineSession | None = None
    report: Report | None = None
    generating: Job | None = None
    redrawn: float = 0.0
    warmed: bool = False
    test_result: str = ""


_state = _State()


def engine_python() -> Path:
    """The Python that runs the engine: the one of the preferences, else Blender's own."""
    chosen = preferences().python_path
    return absolute(chosen) if chosen else Path(sys.executable)


def _make_process() -> EngineProcess:
    try:
        if _state.session is not None and _state.session.failure is not None:
            forget_compiled()
        cache = user_folder("cache")
        user_folder("logs")
    except OSError as e:
        raise UserError(
            f"The add-on can't write to its own folder {user_path('')}: {e.strerror or e}.",
            "The engine was not started; nothing changed. Free some space, or give yourself the right to write there, "
            "then try again.",
            code="user_folder",
        ) from e
    log = log_path()
    return EngineProcess(engine_command(str(engine_python()), log), engine_environment(ROOT, cache), log)


def forget_compiled() -> None:
    """Throw the engine's compiled files away: a full disk may have cut them short, and then no engine starts."""
    shutil.rmtree(user_folder("cache"), ignore_errors=True)


def session() -> EngineSession:
    """The one session of this Blender."""
    if _state.session is None:
        _state.session = EngineSession(_make_process)
    return _state.session


def current_report() -> Report | None:
    return _state.report


def show(report: Report | None) -> None:
    """Put a report into the panel, in place of the one before; `None` clears it."""
    _state.report = report
    redraw()


def generating() -> Job | None:
    """The generate request under way, if any."""
    job = _state.generating
    return job if job is not None and not job.done else None


def set_generating(job: Job | None) -> None:
    _state.generating = job
    wake()


def wake() -> None:
    """See to it that the timer ticks now."""
    if not bpy.app.background:
        if bpy.app.timers.is_registered(_tick):
            bpy.app.timers.unregister(_tick)
        bpy.app.timers.register(_tick, persistent=True)


def note_test(result: str) -> None:
    """Keep what *Test engine* found, for the preferences."""
    _state.test_result = result


def test_result() -> str:
    return _state.test_result


def warm_up_once() -> None:
    """Start the engine the first time that the tab is drawn, ahead of its use: from a timer, not while drawing."""
    if not _state.warmed and not bpy.app.background:
        _state.warmed = True
        bpy.app.timers.register(_warm_up, first_interval=0.1, persistent=True)


def _warm_up() -> None:
    try:
        session().start()
    except UserError as e:
        show(e.report)
    wake()


def redraw() -> None:
    """Draw the sidebars anew; in background mode there is nobody to see them."""
    if bpy.app.background:
        return
    for window in bpy.context.window_manager.windows:
        for area in window.screen.areas:
            if area.type == "VIEW_3D":
                for region in area.regions:
                    if region.type == "UI":
                        region.tag_redraw()


def _tick() -> float | None:
    current = _state.session
    if current is None:
        return None
    began = time.perf_counter()
    was_running = current.running
    news = current.tick()
    if was_running and not current.running and current.failure is not None:
        _state.report = current.failure
        news = True
    now = time.perf_counter()
    if news and (now - _state.redrawn > _REDRAW_INTERVAL or not current.busy):
        _state.redrawn = now
        redraw()
    tick_times.append(time.perf_counter() - began)
    if not current.running:
        return None
    return BUSY_INTERVAL if current.busy else IDLE_INTERVAL


@bpy.app.handlers.persistent
def _before_load(_path: str) -> None:
    job = generating()
    if job is not None:
        session().cancel(job)
    _state.generating = None
    _state.report = None


def register() -> None:
    bpy.app.handlers.load_pre.append(_before_load)


def unregister() -> None:
    """Stop the engine and leave no timer, handler or state behind."""
    for timer in (_tick, _warm_up):
        if bpy.app.timers.is_registered(timer):
            bpy.app.timers.unregister(timer)
    if _before_load in bpy.app.handlers.load_pre:
        bpy.app.handlers.load_pre.remove(_before_load)
    if _state.session is not None:
        _state.session.stop()
    _state.__init__()
    tick_times.clear()
