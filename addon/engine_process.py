"""The client of the engine: starts the child process, asks, polls, cancels and stops it. No bpy, no threads.

    engine = EngineProcess(engine_command(sys.executable, log), engine_environment(root, cache), log)
    engine.start()
    job = engine.request("generate", text="Hello.", output="take.npz")
    for message in engine.poll(): ...

Nothing but `wait` and `stop` ever blocks, and a dead engine is a message (`died`), never an exception from `poll`.
"""

from __future__ import annotations

import contextlib
import os
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from ..engine.protocol import Decoder, Message, ProtocolError, encode
from . import pipes

FINAL_TYPES = frozenset({"hello", "result", "error", "bye"})
"""Answers that end a request; the others (`progress`) come before one of these."""

_LOG_LINES = 12
_LOG_TAIL_BYTES = 8192
_EXIT_GRACE_S = 1.0
"""How long a process that has closed its output may take to end."""
_MAX_THREADS = 2
_DROPPED_VARIABLES = (
    "PYTHONHOME",
    "PYTHONPATH",
    "PYTHONSTARTUP",
    "PYTHONEXECUTABLE",
    "PYTHONINSPECT",
    "__PYVENV_LAUNCHER__",
)


class EngineGone(OSError):
    """The engine isn't running or couldn't be started; the message says why."""


def engine_died(reason: str, exit_code: int | None, log: Sequence[str], requests: Sequence[int]) -> Message:
    """The message that `poll` makes up when the engine ended by itself; `start` makes a new one.

    reason: a sentence for the user. log: the last lines of its log. requests: ids that will never be answered.
    """
    return {"type": "died", "reason": reason, "exit_code": exit_code, "log": list(log), "requests": list(requests)}


def engine_command(python: str, log_path: str | os.PathLike[str]) -> list[str]:
    """Command line of an engine that serves on its pipes and logs to `log_path`."""
    return [*engine_module_command(python, "engine"), "serve", "--log", os.fspath(log_path)]


def engine_module_command(python: str, module: str) -> list[str]:
    """Command line that runs a module of the engine's, in its environment."""
    return [python, "-s", "-m", module]


def engine_environment(
    root: str | os.PathLike[str],
    cache: str | os.PathLike[str],
    base: Mapping[str, str] | None = None,
    pack: str | os.PathLike[str] = "",
) -> dict[str, str]:
    """Environment for the engine in the folder `root` (that holds `engine/` and `runtime/`).

    Blender's own Python variables are dropped, compiled files go to `cache` (never into the extension),
    and the current folder stays out of the module path. pack: folder of the user's PyTorch pack, if it is to be used;
    the engine itself puts it, or the compiled packages of the zip for its Python, on the module path.
    """
    env = {k: v for k, v in (os.environ if base is None else base).items() if k not in _DROPPED_VARIABLES}
    root = Path(root)
    threads = str(max(1, min(_MAX_THREADS, (os.cpu_count() or 1) - 1)))  # one core stays Blender's
    env.update(
        PYTHONPATH=os.pathsep.join((str(root), str(root / "runtime"))),
        PYTHONUTF8="1",
        PYTHONSAFEPATH="1",
        PYTHONNOUSERSITE="1",
        PYTHONPYCACHEPREFIX=os.fspath(cache),
        ORT_DISABLE_TELEMETRY="1",
        SIGNWRIGHT_PACK=os.fspath(pack),
        OMP_NUM_THREADS=threads,
        OPENBLAS_NUM_THREADS=threads,
        MKL_NUM_THREADS=threads,
    )
    return env


class EngineProcess:
    """One engine child process over stdio pipes. Can be started again after it died or was stopped."""

    def __init__(self, command: Sequence[str], env: Mapping[str, str], log_path: str | os.PathLike[str]) -> None:
        self.command, self.env, self.log_path = list(command), dict(env), Path(log_path)
        self._process: subprocess.Popen[bytes] | None = None
        self._decoder = Decoder()
        self._outgoing = bytearray()
        self._messages: list[Message] = []
        self._exit_code: int | None = None
        self._open: set[int] = set()
        self._last_id = 0
        self._closed_at: float | None = None

    @property
    def alive(self) -> bool:
        """Whether a process is there that hasn't been found dead."""
        return self._process is not None

    @property
    def exit_code(self) -> int | None:
        """Exit code of the last process that ended; negative: killed by that signal."""
        return self._exit_code

    @property
    def pid(self) -> int | None:
        """Process id, for the curious and for tests."""
        return self._process.pid if self._process else None

    @property
    def open_requests(self) -> frozenset[int]:
        """Requests without a final answer yet."""
        return frozenset(self._open)

    @property
    def stderr_path(self) -> Path:
        """File that holds what the engine printed outside its log, like a crash at its start."""
        return self.log_path.with_name(self.log_path.stem + ".stderr.log")

    def start(self) -> None:
        """Start the process unless it runs. Raises `EngineGone`."""
        if self._process is not None:
            return
        self._decoder, self._closed_at = Decoder(), None
        self._outgoing.clear()
        self._open.clear()
        self._messages.clear()
        try:
            self.log_path.parent.mkdir(parents=True, exist_ok=True)
            with open(self.stderr_path, "wb") as stderr:
                process = self._spawn(stderr.fileno())
        except (OSError, ValueError) as e:
            raise EngineGone(f"The engine couldn't be started: {e}") from e
        assert process.stdin and process.stdout
        pipes.prepare_reader(process.stdout.fileno())
        pipes.prepare_writer(process.stdin.fileno())
        self._process = process

    def _spawn(self, stderr: int) -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            self.command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=stderr,
            env=self.env,
            bufsize=0,
            start_new_session=os.name == "posix",
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )

    def request(self, kind: str, /, **fields: Any) -> int:
        """Send a message and return the id it got; answers come from `poll`. Raises `EngineGone` when none runs."""
        if self._process is None:
            raise EngineGone("The engine isn't running.")
        self._last_id += 1
        self._outgoing += encode({**fields, "type": kind, "id": self._last_id})
        if kind != "cancel":
            self._open.add(self._last_id)
        self._flush()
        return self._last_id

    def cancel(self, target: int) -> None:
        """Ask the engine to give up a request; that answers `error` with code `cancelled`."""
        if self._process is not None and target in self._open:
            self.request("cancel", target=target)

    def poll(self, budget_s: float = 0.002) -> list[Message]:
        """Messages since the last call, reading for at most `budget_s` seconds. Never blocks, never raises."""
        deadline = time.perf_counter() + budget_s
        self._pump(deadline)
        messages, self._messages = self._messages, []
        return messages

    def wait(self, target: int, timeout: float, on_message: Callable[[Message], None] | None = None) -> Message:
        """Block until the request has its final answer: the twin of `poll` for background mode.

        Everything else that comes meanwhile goes to `on_message`. Raises `EngineGone` when the engine dies,
        `TimeoutError` after `timeout` seconds.
        """
        deadline = time.monotonic() + timeout
        while True:
            for message in self.poll(0.02):
                if message.get("id") == target and message["type"] in FINAL_TYPES:
                    return message
                if on_message:
                    on_message(message)
                if message["type"] == "died":
                    raise EngineGone(message["reason"])
            if self._process is None:
                raise EngineGone("The engine isn't running.")
            if time.monotonic() > deadline:
                raise TimeoutError(f"The engine didn't answer within {timeout:g} seconds.")
            time.sleep(0.002)

    def stop(self, timeout: float = 2.0) -> None:
        """Say goodbye and wait for the end; kill what is left after `timeout` seconds."""
        process = self._process
        if process is None:
            return
        with contextlib.suppress(EngineGone):
            for target in tuple(self._open):
                self.cancel(target)
            self.request("bye")
        deadline = time.monotonic() + timeout
        while self._process is not None and process.poll() is None and time.monotonic() < deadline:
            self._pump(time.perf_counter() + 0.01)
            time.sleep(0.005)
        self._close()
        self._messages.clear()
        self._open.clear()

    # ------------------------------------------------------------ inside

    def _pump(self, deadline: float) -> None:
        process = self._process
        if process is None:
            return
        assert process.stdout
        self._flush()
        try:
            while self._closed_at is None:
                data = pipes.read_available(process.stdout.fileno())
                for message in self._decoder.feed(data) if data else ():
                    self._receive(message)
                if not data or time.perf_counter() > deadline:
                    break
        except pipes.PipeClosed:
            self._closed_at = time.monotonic()
        except ProtocolError as e:
            self._die(f"The engine sent something that can't be read, and was stopped. ({e})")
            return
        if not self._closed_at and process.poll() is not None:
            # a grandchild may keep the pipe open: the process's own end counts
            self._closed_at = time.monotonic() if not self._more(process) else None
        if self._closed_at and (process.poll() is not None or time.monotonic() > self._closed_at + _EXIT_GRACE_S):
            self._die("The engine ended unexpectedly.")

    def _more(self, process: subprocess.Popen[bytes]) -> bool:
        """Read once more after the end was seen; whether something was left."""
        assert process.stdout
        try:
            data = pipes.read_available(process.stdout.fileno())
            for message in self._decoder.feed(data) if data else ():
                self._receive(message)
        except (pipes.PipeClosed, ProtocolError):
            return False
        return bool(data)

    def _receive(self, message: Message) -> None:
        if message["type"] in FINAL_TYPES:
            self._open.discard(message.get("id", 0))
        self._messages.append(message)

    def _flush(self) -> None:
        process = self._process
        if process is None or self._closed_at is not None:
            return
        assert process.stdin
        try:
            while self._outgoing:
                written = pipes.write_available(process.stdin.fileno(), self._outgoing)
                if not written:
                    return
                del self._outgoing[:written]
        except pipes.PipeClosed:
            # its last words may still lie in the other pipe: `_pump` reads them and then reports the death
            self._outgoing.clear()

    def _die(self, reason: str) -> None:
        self._close()
        self._messages.append(engine_died(reason, self._exit_code, self.log_tail(), sorted(self._open)))
        self._open.clear()

    def _close(self) -> None:
        """End the process, whatever it does, and note its exit code."""
        process, self._process = self._process, None
        if process is None:
            return
        for pipe in (process.stdin, process.stdout):
            if pipe:
                with contextlib.suppress(OSError):
                    pipe.close()
        if process.poll() is None:
            process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_EXIT_GRACE_S)
        self._exit_code = process.returncode

    def log_tail(self) -> tuple[str, ...]:
        """The last lines of the log and of the error output."""
        return tuple(line for path in (self.log_path, self.stderr_path) for line in _last_lines(path))


def _last_lines(path: Path) -> list[str]:
    try:
        with open(path, "rb") as file:
            file.seek(0, os.SEEK_END)
            file.seek(max(0, file.tell() - _LOG_TAIL_BYTES))
            text = file.read().decode("utf-8", "replace")
    except OSError:
        return []
    return text.splitlines()[-_LOG_LINES:]
