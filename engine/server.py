"""The conversation with Blender: `engine.protocol` over two pipes.

The main thread reads requests, so that a cancel is heard while work goes on; one worker thread works them
off in the order they came. Standard output belongs to the protocol alone: whatever else prints goes to
standard error. The process ends with its input, with its parent, or after `bye`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import queue
import select
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from .description import description
from .generators import registry
from .generators.base import Cancelled, EngineError
from .protocol import PROTOCOL, Decoder, Message, ProtocolError, encode
from .requests import HANDLERS, handler

log = logging.getLogger("engine")

_CHUNK = 1 << 16
_PARENT_CHECK_S = 2.0
_PROGRESS_INTERVAL_S = 0.05
_WORKER_GRACE_S = 1.5
EXIT_OK, EXIT_GARBAGE = 0, 3


@dataclass
class _Job:
    """A request that takes its time, and whether its sender still wants it."""

    id: int
    message: Message
    cancelled: threading.Event = field(default_factory=threading.Event)


class Server:
    """Answers requests read from one file descriptor on another."""

    def __init__(self, reader: int, writer: int, log_path: str = "") -> None:
        self._reader, self._writer, self._log_path = reader, writer, log_path
        self._decoder = Decoder()
        self._write_lock = threading.Lock()
        self._jobs: dict[int, _Job] = {}
        self._jobs_lock = threading.Lock()
        self._queue: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._worker = threading.Thread(target=self._work, name="worker", daemon=True)
        self._ending = threading.Event()
        self._parent = os.getppid()

    def run(self) -> int:
        """Serve until the input ends; the exit code."""
        self._worker.start()
        try:
            return self._read()
        finally:
            self._cancel_all()
            self._queue.put(None)
            self._worker.join(_WORKER_GRACE_S)

    @property
    def idle(self) -> bool:
        """Whether the worker has ended, after `run`."""
        return not self._worker.is_alive()

    # ------------------------------------------------------------ reading, in the main thread

    def _read(self) -> int:
        while True:
            if not self._wait_for_input():
                log.info("The parent process has ended.")
                return EXIT_OK
            data = os.read(self._reader, _CHUNK)
            if not data:
                log.info("The input has ended.")
                return EXIT_OK
            try:
                for message in self._decoder.feed(data):
                    if not self._handle(message):
                        return EXIT_OK
            except ProtocolError as e:
                log.error("Garbage on the input: %s", e)
                hint = "The engine ends now; it is started anew with the next request."
                self._send_error(0, EngineError("protocol", f"What arrived is no message: {e}", hint, "restart_engine"))
                return EXIT_GARBAGE

    def _wait_for_input(self) -> bool:
        """Block until there is something to read; False when the parent is gone.

        A pipe ends with its last writer, and another child of the parent may hold a copy of that end.
        """
        if os.name != "posix":
            return True
        while not select.select([self._reader], [], [], _PARENT_CHECK_S)[0]:
            if os.getppid() != self._parent:
                return False
        return True

    def _handle(self, message: Message) -> bool:
        """Answer or queue one message; False when it was the last."""
        kind, number = message["type"], message.get("id")
        if not isinstance(number, int):
            self._send_error(0, EngineError("bad_request", "A request must have a number as its id."))
        elif kind == "hello":
            self._hello(number, message)
        elif kind in HANDLERS:
            self._enqueue(_Job(number, message))
        elif kind == "cancel":
            self._cancel(message.get("target"))
        elif kind == "bye":
            self._cancel_all()
            self._send({"type": "bye", "id": number})
            return False
        else:
            self._send_error(number, EngineError("bad_request", f"There is no request of the type {kind[:40]!r}."))
        return True

    def _hello(self, number: int, message: Message) -> None:
        if message.get("protocol") != PROTOCOL:
            text = f"The add-on speaks protocol {message.get('protocol')!r}, this engine speaks {PROTOCOL}."
            self._send_error(
                number, EngineError("protocol_version", text, "Install Signwright again and restart Blender.")
            )
            return
        try:
            models = message.get("models", "")
            self._send({"type": "hello", "id": number, **description(models if isinstance(models, str) else "")})
        except Exception as e:
            self._send_error(number, self._internal(e))
            return
        self._queue.put(_Job(number, message))

    def _enqueue(self, job: _Job) -> None:
        with self._jobs_lock:
            known = job.id in self._jobs
            if not known:
                self._jobs[job.id] = job
        if known:
            self._send_error(job.id, EngineError("bad_request", f"The id {job.id} is in use already."))
        else:
            self._queue.put(job)

    def _cancel(self, target: Any) -> None:
        with self._jobs_lock:
            job = self._jobs.get(target) if isinstance(target, int) else None
        if job is not None:
            job.cancelled.set()

    def _cancel_all(self) -> None:
        self._ending.set()
        with self._jobs_lock:
            for job in self._jobs.values():
                job.cancelled.set()

    # ------------------------------------------------------------ working, in the worker thread

    def _work(self) -> None:
        while (job := self._queue.get()) is not None:
            if job.message["type"] == "hello":
                self._warm_up(job.message.get("language"))
                continue
            try:
                self._send(self._answer(job))
            except Cancelled:
                self._send_error(job.id, EngineError("cancelled", "Cancelled."))
            except EngineError as e:
                log.info("Request %d: %s: %s", job.id, e.code, e.message)
                self._send_error(job.id, e)
            except Exception as e:
                self._send_error(job.id, self._internal(e))
            finally:
                with self._jobs_lock:
                    self._jobs.pop(job.id, None)

    def _answer(self, job: _Job) -> Message:
        report = _Reporter(self, job)
        report("Starting", 0.0)
        began = time.perf_counter()
        answer = handler(job.message["type"])(job.message, report)
        seconds = time.perf_counter() - began
        log.info("Request %d: %s in %.2f s", job.id, job.message["type"], seconds)
        return {"type": "result", "id": job.id, "seconds": round(seconds, 3), **answer}

    def _warm_up(self, language: Any) -> None:
        """Load what the default method needs for a language, its first if it hasn't this one, while the user is typing.

        Trouble shows when it is asked for.
        """
        wanted = language if isinstance(language, str) else ""
        generator = registry.get(registry.default(language=wanted))
        began = time.perf_counter()
        try:
            codes = generator.languages()
            for code in [language] if language in codes else codes[:1]:
                generator.warm(code, self._keep_on)
        except Cancelled:
            return
        except Exception:
            log.warning("Loading in advance failed", exc_info=True)
        log.info("Loaded in %.2f s", time.perf_counter() - began)

    def _keep_on(self, stage: str, fraction: float) -> None:
        if self._ending.is_set():
            raise Cancelled

    def _internal(self, error: Exception) -> EngineError:
        log.error("Unexpected error", exc_info=error)
        if isinstance(error, MemoryError):
            return EngineError("out_of_memory", "There is not enough memory.", "Use a shorter text.", "edit_text")
        where = f" The log tells more: {self._log_path}" if self._log_path else ""
        text = f"The engine met an error that it didn't expect: {type(error).__name__}: {error}"
        return EngineError("internal", text, f"Your work is untouched and the engine goes on.{where}", "open_log")

    # ------------------------------------------------------------ writing, from both threads

    def _send_error(self, number: int, error: EngineError) -> None:
        fields = {"code": error.code, "message": error.message, "hint": error.hint, "fix": error.fix}
        self._send({"type": "error", "id": number, **fields})

    def _send(self, message: Message) -> None:
        data = memoryview(encode(message))
        # a reader that is gone will be noticed as the end of the input
        with self._write_lock, contextlib.suppress(BrokenPipeError):
            while data:
                data = data[os.write(self._writer, data) :]


class _Reporter:
    """Passes a job's progress on, not more often than anybody can see, and stops a cancelled job."""

    def __init__(self, server: Server, job: _Job) -> None:
        self._server, self._job = server, job
        self._stage, self._sent_at = "", 0.0

    def __call__(self, stage: str, fraction: float) -> None:
        if self._job.cancelled.is_set():
            raise Cancelled
        now = time.monotonic()
        if stage == self._stage and now - self._sent_at < _PROGRESS_INTERVAL_S:
            return
        self._stage, self._sent_at = stage, now
        fraction = round(min(max(fraction, 0.0), 1.0), 3)
        self._server._send({"type": "progress", "id": self._job.id, "stage": stage, "fraction": fraction})
