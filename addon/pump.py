"""Keeps the engine's session going inside Blender: one timer, 2 ms a tick at most, and redraws.

The one place of state that lives as long as Blender: the session, the latest report, the requests under way.
The session outlives .blend files; requests do not: loading a file cancels them.
"""

from __future__ import annotations

import shutil
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import bpy

from .engine_process import EngineProcess, engine_command, engine_environment
from .engine_session import EngineSession, Job
from .features.runtime import packs
from .paths import ROOT, absolute, log_path, models_path, packs_path, preferences, user_folder, user_path
from .reports import Report, UserError

BUSY_INTERVAL = 0.02
IDLE_INTERVAL = 0.5
_REDRAW_INTERVAL = 0.1
TEXT, GLOSS, DICTIONARY = "text", "gloss", "dictionary"
"""Panels that show reports and progress."""

tick_times: deque[float] = deque(maxlen=4096)
"""Seconds of the latest ticks, for the benchmark and the report that users can copy."""


@dataclass
class _State:
    session: EngineSession | None = None
    report: Report | None = None
    report_place: str = ""
    working: dict[str, Job] = field(default_factory=dict)
    watched: list[tuple[Job, Callable[[Job], None]]] = field(default_factory=list)
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
    environment = engine_environment(ROOT, cache, pack=_pack())
    return EngineProcess(engine_command(str(engine_python()), log), environment, log)


def _pack() -> str:
    """Folder of the pack that the engine is to use; empty for the zip's own runtime."""
    found = packs.installed(packs_path()) if preferences().runtime == "AUTO" else []
    return str(found[0].folder) if found else ""


def forget_compiled() -> None:
    """Throw the engine's compiled files away: a full disk may have cut them short, and then no engine starts."""
    shutil.rmtree(user_folder("cache"), ignore_errors=True)


def session() -> EngineSession:
    """The one session of this Blender."""
    if _state.session is None:
        _state.session = EngineSession(_make_process, lambda: {"models": str(models_path())})
    return _state.session


def current_report(place: str = "") -> Report | None:
    """The latest report, if it belongs to that panel; of any panel without a name."""
    return _state.report if place in ("", _state.report_place) else None


def show(report: Report | None, place: str = TEXT) -> None:
    """Put a report into a panel, in place of the one before; `None` clears it."""
    _state.report, _state.report_place = report, place
    redraw()


def latest(slot: str) -> Job | None:
    """The latest request of a slot, under way or done."""
    return _state.working.get(slot)


def working(slot: str) -> Job | None:
    """The request of a slot while it is under way."""
    job = latest(slot)
    return job if job is not None and not job.done else None


def set_working(slot: str, job: Job | None) -> None:
    """Let this be the request of a slot, in place of the one before; a panel is the slot of what it shows."""
    if job is None:
        _state.working.pop(slot, None)
    else:
        _state.working[slot] = job
    wake()


def generating() -> Job | None:
    """The generate request under way, if any."""
    return working(TEXT)


def set_generating(job: Job | None) -> None:
    set_working(TEXT, job)


def watch(job: Job, then: Callable[[Job], None]) -> None:
    """Call `then` from the timer when the job is done. Loading a .blend cancels the job and forgets this."""
    _state.watched.append((job, then))
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
        session().start(bpy.context.scene.signwright.generate.language)
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
    news = _hand_over() or news
    now = time.perf_counter()
    if news and (now - _state.redrawn > _REDRAW_INTERVAL or not current.busy):
        _state.redrawn = now
        redraw()
    tick_times.append(time.perf_counter() - began)
    if not current.running:
        return None
    return BUSY_INTERVAL if current.busy else IDLE_INTERVAL


def _hand_over() -> bool:
    """Give the answers that have come to those who wait for them; whether there were any."""
    done = [(job, then) for job, then in _state.watched if job.done]
    _state.watched = [(job, then) for job, then in _state.watched if not job.done]
    for job, then in done:
        then(job)
    return bool(done)


@bpy.app.handlers.persistent
def _before_load(_path: str) -> None:
    for job in (*_state.working.values(), *(job for job, _ in _state.watched)):
        session().cancel(job)
    _state.working.clear()
    _state.watched.clear()
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
