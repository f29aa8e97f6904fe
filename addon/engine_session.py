"""The conversation with the engine process: requests under way, their progress and how they end.

No bpy here. `pump.py` calls `tick` from a timer; the blocking twin `run` serves background mode.
Nothing of Blender's data is held: a job knows numbers and paths only.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ..engine.protocol import PROTOCOL, Message, ProtocolError
from .engine_process import FINAL_TYPES, EngineGone, EngineProcess
from .reports import Report, UserError

TICK_SECONDS = 0.0015
"""How long one tick reads; leaves room below 2 ms for what it does with what it read."""
HELLO_TIMEOUT = 30.0
CANCEL_GRACE = 2.0
"""Seconds that a cancelled request has to answer before the engine is stopped."""

_CANCELLED = Report("Cancelled.", "Nothing in your scene changed.", code="cancelled", severity="INFO")
_SAFE = "Nothing in your scene changed. Press Generate again: the engine is started anew."


@dataclass
class Job:
    """One request and what has been heard about it."""

    id: int
    kind: str
    started: float = field(default_factory=time.monotonic)
    stage: str = ""
    fraction: float = 0.0
    answer: Message | None = None
    error: Report | None = None
    cancelled_at: float = 0.0
    seconds: float = 0.0

    @property
    def done(self) -> bool:
        return self.answer is not None or self.error is not None

    @property
    def cancelled(self) -> bool:
        """Whether it ended because the user said so."""
        return self.error is not None and self.error.code == "cancelled"

    @property
    def eta(self) -> float | None:
        """Seconds still to go by what has been done so far; `None` before that can be told."""
        elapsed = time.monotonic() - self.started
        if self.done or self.fraction < 0.05 or elapsed < 0.2:
            return None
        return elapsed * (1.0 - self.fraction) / self.fraction

    def finish(self, answer: Message | None = None, error: Report | None = None) -> None:
        self.answer, self.error = answer, error
        self.fraction = 1.0 if answer else self.fraction
        self.seconds = time.monotonic() - self.started


class EngineSession:
    """Starts the engine when it is needed, keeps it, and starts it anew after it died."""

    def __init__(self, make_process: Callable[[], EngineProcess], greet: Callable[[], Message] = dict) -> None:
        """greet: gives further fields of `hello`."""
        self._make_process, self._greet = make_process, greet
        self._process: EngineProcess | None = None
        self._jobs: dict[int, Job] = {}
        self._greeting: Job | None = None
        self.hello: Message | None = None
        """The engine's answer to `hello`: version, devices, methods, languages. Kept after a death."""
        self.hello_seconds = 0.0
        """From the start of the process to its answer."""
        self.failure: Report | None = None
        """Why there is no engine, after it could not be started or died."""

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.alive

    @property
    def ready(self) -> bool:
        """Whether the engine has said hello."""
        return self.running and self._greeting is not None and self._greeting.answer is not None

    @property
    def busy(self) -> bool:
        """Whether anything is being waited for."""
        return bool(self._jobs)

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def start(self, language: str = "") -> None:
        """Start the engine unless it runs; it loads what it needs for a language in advance.

        Raises `UserError` when it can't be started.
        """
        if self.running:
            return
        self._fail_all(_died_report("it was gone"))
        self._process = self._make_process()
        began = time.monotonic()
        try:
            self._process.start()
            greeting = self._process.request("hello", protocol=PROTOCOL, language=language, **self._greet())
        except EngineGone as e:
            self._process = None
            self.failure = Report(
                str(e),
                "Nothing in your scene changed. Check the engine's Python in the preferences.",
                "choose_folder",
                "engine_start",
            )
            raise UserError.of(self.failure) from e
        self._greeting = self._jobs[greeting] = Job(greeting, "hello", began)
        self.failure = None

    def submit(self, kind: str, **fields: Any) -> Job:
        """Send a request, starting the engine when needed. Raises `UserError`."""
        self.start()
        assert self._process is not None
        try:
            job = Job(self._process.request(kind, **fields), kind)
        except EngineGone as e:
            raise UserError.of(_died_report(str(e))) from e
        except ProtocolError as e:
            raise UserError(f"The request is too large: {e}", "Shorten the text.", "edit_text", "too_long") from e
        self._jobs[job.id] = job
        return job

    def tick(self) -> bool:
        """Take in what the engine has said, without waiting; True when there is anything new to show."""
        if self._process is None:
            return False
        messages = self._process.poll(TICK_SECONDS)
        for message in messages:
            if message["type"] == "died":
                self._lose(_died_report(message["reason"], message["exit_code"]))
            else:
                self._take(message)
        return self._end_overdue() or bool(messages)

    def run(self, job: Job, timeout: float = 3600.0, on_tick: Callable[[Job], None] | None = None) -> Job:
        """Block until the job is done (background mode). A job that outlasts `timeout` is cancelled."""
        deadline = time.monotonic() + timeout
        while not job.done:
            self.tick()
            if on_tick is not None:
                on_tick(job)
            if not job.done and time.monotonic() > deadline:
                self.cancel(job)
            time.sleep(0.0 if job.done else 0.002)
        return job

    def wait_ready(self, timeout: float = HELLO_TIMEOUT) -> Message:
        """Start the engine and block until it has said hello. Raises `UserError`."""
        self.start()
        assert self._greeting is not None
        job = self.run(self._greeting, timeout)
        if job.answer is None:
            raise UserError.of(job.error or _died_report(""))
        return job.answer

    def cancel(self, job: Job) -> None:
        """Ask the engine to give up a job; one that doesn't answer in time is ended with the engine."""
        if job.done or job.cancelled_at or self._process is None:
            return
        job.cancelled_at = time.monotonic()
        self._process.cancel(job.id)

    def stop(self) -> None:
        """End the engine; jobs under way end as cancelled."""
        self._lose(_CANCELLED, grace=0.5)
        self.failure = None

    def _take(self, message: Message) -> None:
        job = self._jobs.get(message.get("id", -1))
        if job is None:
            return  # the late answer of a job that was given up
        if message["type"] == "progress":
            job.stage = str(message.get("stage", ""))
            job.fraction = min(max(float(message.get("fraction", 0.0)), job.fraction), 1.0)
        elif message["type"] in FINAL_TYPES:
            del self._jobs[job.id]
            failed = message["type"] == "error"
            job.finish(None if failed else message, _error_report(message) if failed else None)
            if job is self._greeting:
                self.hello_seconds = job.seconds
                self.hello, self.failure = job.answer or self.hello, job.error

    def _end_overdue(self) -> bool:
        """Stop an engine that answers neither hello nor a cancel; whether it had to be."""
        now = time.monotonic()
        if any(j.cancelled_at and now - j.cancelled_at > CANCEL_GRACE for j in self._jobs.values()):
            self._lose(_CANCELLED)
            return True
        greeting = self._greeting
        if greeting is not None and not greeting.done and now - greeting.started > HELLO_TIMEOUT:
            silent = f"The engine did not answer within {HELLO_TIMEOUT:.0f} seconds."
            self._lose(Report(silent, f"It was stopped. {_SAFE}", "open_log", "engine_silent"))
            return True
        return False

    def _lose(self, report: Report, grace: float = 0.0) -> None:
        """The engine is of no more use: tell every waiting job, and end what is left of it after `grace` seconds."""
        self.failure = report
        self._fail_all(report)
        process, self._process, self._greeting = self._process, None, None
        if process is not None:
            process.stop(timeout=grace)

    def _fail_all(self, report: Report) -> None:
        for job in self._jobs.values():
            job.finish(error=_CANCELLED if job.cancelled_at else report)
        self._jobs.clear()


def _error_report(answer: Message) -> Report:
    return _CANCELLED if answer.get("code") == "cancelled" else Report.from_error(answer)


def _died_report(reason: str, exit_code: int | None = None) -> Report:
    how = "" if exit_code is None else f" (exit code {exit_code})"
    what = (reason or "The engine ended unexpectedly.").rstrip(".")
    return Report(f"{what}{how}.", _SAFE, "open_log", "engine_died")
