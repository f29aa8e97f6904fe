"""The process that Blender talks to: `engine.protocol` over standard input and output.

The main thread reads requests, so that a cancel is heard while work goes on; one worker thread works them
off in the order they came. Standard output belongs to the protocol alone: whatever else prints goes to
standard error. The process ends with its input, with its parent, or after `bye`.
"""

from __future__ import annotations

import contextlib
import faulthandler
import logging
import logging.handlers
import os
import queue
import select
import sys
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from . import __version__, languages
from .generators import registry
from .generators.base import Cancelled, EngineError, GenerateRequest
from .outputs import check_output, save_take
from .protocol import PROTOCOL, Decoder, Message, ProtocolError, encode

log = logging.getLogger("engine")

_LOG_BYTES, _LOG_FILES = 1 << 20, 3
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


_WARM_UP = _Job(0, {})


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
        elif kind == "generate":
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
            self._send({"type": "hello", "id": number, **description()})
        except Exception as e:
            self._send_error(number, self._internal(e))
            return
        self._queue.put(_WARM_UP)

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
            if job is _WARM_UP:
                self._warm_up()
                continue
            try:
                self._send(self._generate(job))
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

    def _warm_up(self) -> None:
        """Load what the default method needs while the user is still typing; trouble shows when it is asked for."""
        generator = registry.get(registry.names()[0])
        began = time.perf_counter()
        try:
            for code in generator.languages()[:1]:
                generator.warm(code, self._keep_on)
        except Cancelled:
            return
        except Exception:
            log.warning("Loading in advance failed", exc_info=True)
        log.info("Loaded in %.2f s", time.perf_counter() - began)

    def _keep_on(self, stage: str, fraction: float) -> None:
        if self._ending.is_set():
            raise Cancelled

    def _generate(self, job: _Job) -> Message:
        report = _Reporter(self, job)
        report("Starting", 0.0)
        began = time.perf_counter()
        request = GenerateRequest.from_message(job.message)
        path = check_output(job.message.get("output"))
        take = registry.get(request.method).generate(request, report)
        report("Writing", 0.97)
        save_take(take, path)
        seconds = time.perf_counter() - began
        log.info("Request %d: %d frames in %.2f s", job.id, len(take.sequence), seconds)
        return {
            "type": "result",
            "id": job.id,
            "path": str(path),
            "seconds": round(seconds, 3),
            "warnings": list(take.warnings),
            "name": take.name,
            "frames": len(take.sequence),
            "fps": take.sequence.fps,
            "glosses": [segment.gloss for segment in take.segments],
        }

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


def description() -> dict[str, Any]:
    """What the engine is and can do now: version, protocol, devices, methods, languages."""
    generators = [registry.get(name) for name in registry.names()]
    return {
        "version": __version__,
        "protocol": PROTOCOL,
        "devices": devices(),
        "methods": [
            {"name": g.name, "label": g.label, "description": g.description, "languages": list(g.languages())}
            for g in generators
        ],
        "languages": [
            {"code": x.code, "name": x.name, "spoken": x.spoken, "has_signs": x.has_signs} for x in languages.LANGUAGES
        ],
    }


def devices() -> list[dict[str, Any]]:
    """The devices that the present methods compute on: the processor."""
    usable = getattr(os, "sched_getaffinity", None)
    cores = len(usable(0)) if usable else os.cpu_count() or 1
    return [{"id": "cpu", "name": f"CPU ({cores} core{'s' if cores != 1 else ''})", "cores": cores}]


def serve(log_path: str = "") -> int:
    """Serve on standard input and output until the input ends; the exit code."""
    if sys.stdin is None or sys.stdin.isatty():
        sys.stderr.write("`serve` is for programs: it speaks a binary protocol on its pipes. See `generate --help`.\n")
        return 2
    _set_up_log(log_path)
    reader, writer = _claim_pipes()
    faulthandler.enable()
    log.info("Engine %s, Python %s, process %d", __version__, sys.version.split()[0], os.getpid())
    server = Server(reader, writer, log_path)
    code = server.run()
    log.info("The engine ends.")
    logging.shutdown()
    if not server.idle:
        os._exit(code)  # the worker is in a long call: nobody waits for its result any more
    return code


def _claim_pipes() -> tuple[int, int]:
    """Take standard input and output away for the protocol, so that no print can get in between."""
    reader, writer = os.dup(0), os.dup(1)
    if sys.platform == "win32":
        import msvcrt

        for fd in (reader, writer):
            msvcrt.setmode(fd, os.O_BINARY)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return reader, writer


def _set_up_log(path: str) -> None:
    handler: logging.Handler = logging.StreamHandler()
    problem = ""
    if path:
        try:
            handler = logging.handlers.RotatingFileHandler(
                path, maxBytes=_LOG_BYTES, backupCount=_LOG_FILES, encoding="utf-8"
            )
        except OSError as e:
            problem = f"The log can't be written to {path}: {e.strerror}"
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(threadName)s: %(message)s"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.raiseExceptions = False  # a full disk must not fill the error output with tracebacks of the log itself
    if problem:
        log.warning("%s", problem)
