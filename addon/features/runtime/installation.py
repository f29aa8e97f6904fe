"""An installer under way, seen from Blender: a child process that is asked without waiting for it. No bpy."""

from __future__ import annotations

import contextlib
import json
import subprocess
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ... import pipes
from ...engine_process import engine_module_command
from ...reports import Report

_CANCELLED = Report("Cancelled.", "The engine goes on with what it has.", code="cancelled", severity="INFO")
_GRACE_S = 20.0
"""How long a cancelled installer may take to tidy up before it is ended."""


class Installation:
    """One installer process.

        installation = Installation(job, python, environment)
        while not installation.over: installation.poll()

    When `ready` is true, the engine must be stopped and `swap` be called.
    """

    def __init__(self, job: dict[str, Any], python: str, environment: Mapping[str, str]) -> None:
        self.action, self.name = str(job["action"]), Path(job["target"]).name
        self.stage, self.fraction, self.ready = "Starting", 0.0, False
        self.started = time.monotonic()
        self.pack: dict[str, Any] | None = None
        """What was installed, in the end."""
        self.report: Report | None = None
        """Why it failed."""
        self._end: tuple[dict[str, Any] | None, Report | None] | None = None
        self._buffer = b""
        self._cancelled_at = 0.0
        folder = Path(job["log"]).parent
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", suffix=".json", dir=folder, delete=False, encoding="utf-8") as file:
            json.dump(job, file)
        self._job_path = Path(file.name)
        self._process = subprocess.Popen(
            [*engine_module_command(python, "engine.packs"), str(self._job_path)],
            env=dict(environment),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
        )
        assert self._process.stdin and self._process.stdout
        pipes.prepare_reader(self._process.stdout.fileno())
        pipes.prepare_writer(self._process.stdin.fileno())

    @property
    def over(self) -> bool:
        """Whether it has ended, well or not."""
        return self.pack is not None or self.report is not None

    @property
    def cancelling(self) -> bool:
        return self._cancelled_at > 0.0

    def poll(self) -> bool:
        """Take in what the installer has said, without waiting; whether there was anything."""
        if self.over:
            return False
        assert self._process.stdout
        try:
            data = pipes.read_available(self._process.stdout.fileno())
        except pipes.PipeClosed:
            return self._finish()
        self._buffer += data
        *lines, self._buffer = self._buffer.split(b"\n")
        for line in lines:
            self._hear(json.loads(line))
        if self._cancelled_at and time.monotonic() - self._cancelled_at > _GRACE_S:
            self._process.kill()
        return bool(lines)

    def swap(self) -> None:
        """Let the pack take its place, or go: nothing uses it now."""
        self.ready = False
        self._write(b"swap\n")

    def cancel(self) -> None:
        """Give it up; the installer tidies up and says so."""
        if not self.over and not self._cancelled_at:
            self._cancelled_at = time.monotonic()
            self._close_input()

    def stop(self) -> None:
        """End it now, because Blender or the add-on ends; the installer tidies up by itself."""
        if not self.over:
            self._close_input()
            self.report = _CANCELLED

    def _hear(self, message: dict[str, Any]) -> None:
        if message["type"] == "progress":
            self.stage, self.fraction = str(message["stage"]), float(message["fraction"])
        elif message["type"] == "ready":
            self.ready = True
        elif message["type"] == "done":
            self._end = (message["pack"], None)
        elif message["type"] == "error":
            severity = "INFO" if message["code"] == "cancelled" else "ERROR"
            self._end = (None, Report(message["message"], message["hint"], "", message["code"], severity))

    def _finish(self) -> bool:
        """Take leave once the process has ended, which it does right after it closed its output."""
        if self._process.poll() is None:
            return False
        assert self._process.stdout
        self._process.stdout.close()
        self._close_input()
        self._job_path.unlink(missing_ok=True)
        died = Report("The installer ended without a word.", "Try again; its log tells more.", "", "installer_died")
        self.pack, self.report = self._end or (None, _CANCELLED if self.cancelling else died)
        return True

    def _write(self, data: bytes) -> None:
        assert self._process.stdin
        with contextlib.suppress(pipes.PipeClosed, ValueError):  # it is gone: the end of its output tells
            pipes.write_available(self._process.stdin.fileno(), data)

    def _close_input(self) -> None:
        assert self._process.stdin
        with contextlib.suppress(OSError):
            self._process.stdin.close()
