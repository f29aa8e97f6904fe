"""How operators ask the engine: those that wait for the answer in sight of the user, and those that don't."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import bpy

from .. import pump
from ..engine_session import Job
from ..paths import absolute, dictionary_path, preferences
from ..reports import Report, UserError
from .reporting import fail, operator_fails_with_report

_TIMER_SECONDS = 0.05


class ModalOperator:
    """Mixin of operators that are called again and again by a timer until they end."""

    _timer: Any = None

    def run_modal(self, context: bpy.types.Context, seconds: float) -> set[str]:
        """Go on in `modal`, which is called that often, and by every event of the user."""
        manager = context.window_manager
        self._timer = manager.event_timer_add(seconds, window=context.window)
        manager.modal_handler_add(self)
        return {"RUNNING_MODAL"}

    def remove_timer(self, context: bpy.types.Context) -> None:
        if self._timer is not None:
            context.window_manager.event_timer_remove(self._timer)
            self._timer = None


class RequestOperator(ModalOperator):
    """Mixin of operators that show progress, can be given up with Esc, and block in scripts and background mode.

    An operator has `begin`, which sends the request, and `end`, which takes in the answer of the finished `_job`.
    """

    place = pump.TEXT
    """Panel that shows progress and reports."""
    _job: Job | None = None

    def begin(self, context: bpy.types.Context) -> Job:
        """Send the request. Raises `UserError`."""
        raise NotImplementedError

    def end(self, context: bpy.types.Context) -> set[str]:
        """Take in the answer."""
        raise NotImplementedError

    def give_up(self) -> None:
        """Clean up after an operator that Blender ends."""

    @classmethod
    def poll(cls, _context: bpy.types.Context) -> bool:
        if pump.working(cls.place) is not None:
            cls.poll_message_set("The engine is at work. Cancel that first")  # pyright: ignore[reportAttributeAccessIssue]
            return False
        return True

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        """Block until the answer is there: for scripts and background mode."""
        self._send(context)
        assert self._job is not None
        pump.session().run(self._job)
        return self.end(context)

    @operator_fails_with_report
    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        """Start, then let Blender go on while the engine works."""
        if bpy.app.background:
            return self.execute(context)
        self._send(context)
        return self.run_modal(context, _TIMER_SECONDS)

    @operator_fails_with_report
    def modal(self, context: bpy.types.Context, event: bpy.types.Event) -> set[str]:
        assert self._job is not None
        if self._job.done:
            self.remove_timer(context)
            return self.end(context)
        if event.type == "ESC" and event.value == "PRESS":
            pump.session().cancel(self._job)
            return {"RUNNING_MODAL"}
        return {"PASS_THROUGH"}

    def cancel(self, context: bpy.types.Context) -> None:
        """Blender ends the operator: a file is loaded or the window closes."""
        self.remove_timer(context)
        if self._job is not None:
            pump.session().cancel(self._job)
        self.give_up()

    def _send(self, context: bpy.types.Context) -> None:
        pump.show(None)
        self._job = self.begin(context)
        pump.set_working(self.place, self._job)


Done = Callable[[Mapping[str, Any]], Report | None]
"""Takes in an answer; what it returns is shown in a panel."""


def ask(operator: bpy.types.Operator, kind: str, done: Done, scratch: Path | None = None, **fields: Any) -> set[str]:
    """Send a request for an operator: in background mode it blocks, else the answer comes while Blender goes on.

    Reports go to the panel of the operator's `place`. scratch: a file that is needed until the answer. Raises
    `UserError`.
    """
    place: str = getattr(operator, "place", pump.TEXT)
    pump.show(None)
    if not bpy.app.background:
        submit(kind, done, place, scratch=scratch, **fields)
        return {"FINISHED"}
    job = pump.session().run(pump.session().submit(kind, **fields))
    _throw_away(scratch)
    if job.answer is None:
        assert job.error is not None
        return fail(operator, job.error)
    report = done(job.answer)
    if report is not None:
        pump.show(report, place)
        operator.report({report.severity}, report.text)
    return {"FINISHED"}


def submit(kind: str, done: Done, place: str, slot: str = "", scratch: Path | None = None, **fields: Any) -> None:
    """Send a request whose answer is taken in while Blender goes on; it replaces the one of the same slot.

    place: panel for reports. slot: where progress is shown, the panel unless another is named. scratch: a file that is
    needed until the answer. Raises `UserError`.
    """
    slot = slot or place
    before = pump.working(slot)
    if before is not None:
        pump.session().cancel(before)
    job = pump.session().submit(kind, **fields)
    pump.set_working(slot, job)
    pump.watch(job, functools.partial(_take_in, slot, place, done, scratch))


def _throw_away(scratch: Path | None) -> None:
    if scratch is not None:
        scratch.unlink(missing_ok=True)


def _take_in(slot: str, place: str, done: Done, scratch: Path | None, job: Job) -> None:
    """The answer has come while Blender went on; nobody wants it any more when another request took the slot."""
    _throw_away(scratch)
    if pump.latest(slot) is not job:
        return
    try:
        report = done(job.answer) if job.answer is not None else job.error
    except UserError as e:
        report = e.report
    if report is not None:
        pump.show(report, place)


def push_undo(message: str) -> None:
    """Make what an answer changed a step of its own, which Ctrl Z takes back."""
    if bpy.app.background:
        return
    window = bpy.context.window or bpy.context.window_manager.windows[0]
    with bpy.context.temp_override(window=window):
        bpy.ops.ed.undo_push(message=message)


def dictionary() -> str:
    """The user's dictionary folder as the engine gets it; it need not be there to be read."""
    return str(dictionary_path())


def make_dictionary() -> str:
    """The same folder, made when missing, to put signs into. Raises `UserError`."""
    folder = dictionary_path()
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as e:
        raise UserError(
            f"The dictionary folder {folder} can't be made: {e.strerror or e}.",
            "Nothing was changed. Choose another folder in the preferences.",
            "choose_folder",
            "dictionary_folder",
        ) from e
    return str(folder)


def working_file(suffix: str) -> Path:
    """A new name in the working folder: Blender's temporary one unless the user chose another. Raises `UserError`."""
    chosen = preferences().work_folder
    folder = absolute(chosen) if chosen else Path(bpy.app.tempdir)
    if not folder.is_dir():
        raise UserError(
            f"The working folder {folder} is not there.",
            "No take was made. Choose another one in the preferences, or none for Blender's own.",
            "choose_folder",
            "no_folder",
        )
    return folder / f"signwright-{uuid.uuid4().hex}{suffix}"


def read_file(path: Path) -> bytes:
    """What the engine wrote. Raises `UserError`."""
    try:
        return path.read_bytes()
    except OSError as e:
        raise UserError(
            f"The engine's take can't be read from {path}: {e.strerror}.",
            "Nothing in your scene changed. Is the disk full, or may you not read there?",
            "choose_folder",
            "no_take_file",
        ) from e
