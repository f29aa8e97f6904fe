"""What a person sees while a command works: stages with their times, a sign of life, readable failures."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from .paths import LOGS, ROOT

_LIFE_SIGN_SECONDS = 20.0
_TAIL_LINES = 40


class BuildError(Exception):
    """A failure that its message explains to the user, with what to do about it."""


class Stages:
    """Times the stages of a command, and prints them in the end."""

    def __init__(self) -> None:
        self.times: list[tuple[str, float]] = []

    @contextmanager
    def stage(self, title: str) -> Iterator[None]:
        """Announce a stage and note how long its body takes."""
        print(f"==> {title}", flush=True)
        begin = time.monotonic()
        yield
        self.note(title, time.monotonic() - begin)

    def note(self, title: str, seconds: float) -> None:
        """Add a stage that was timed elsewhere."""
        self.times.append((title, seconds))

    def summary(self) -> str:
        """A table of the stages and their seconds."""
        rows = [*self.times, ("total", sum(seconds for _, seconds in self.times))]
        width = max(len(title) for title, _ in rows)
        return "\n".join(f"  {title:<{width}}  {seconds:7.1f} s" for title, seconds in rows)


def shown(path: Path) -> str:
    """A path as people want to read it: from the current folder when it lies below."""
    try:
        return str(path.resolve().relative_to(Path.cwd()))
    except ValueError:
        return str(path)


def run(
    command: Sequence[str | os.PathLike[str]],
    log: str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    echo: str = "",
) -> str:
    """Run a program with its output in `build/logs/<log>.log`, showing that it lives.

    Lines that match the pattern `echo` are shown as they come. Returns all that it wrote;
    raises `BuildError` with the last lines when it fails.
    """
    status, output, path = _run(command, log, env, cwd, echo)
    if status:
        tail = "\n".join("    " + line for line in output.splitlines()[-_TAIL_LINES:])
        raise BuildError(f"{Path(command[0]).name} ended with status {status}:\n{tail}\n  All of it: {shown(path)}")
    return output


def run_status(
    command: Sequence[str | os.PathLike[str]],
    log: str,
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = ROOT,
    echo: str = "",
) -> int:
    """Like `run`, but hands back the exit status."""
    return _run(command, log, env, cwd, echo)[0]


def _run(
    command: Sequence[str | os.PathLike[str]], log: str, env: Mapping[str, str] | None, cwd: Path, echo: str
) -> tuple[int, str, Path]:
    LOGS.mkdir(parents=True, exist_ok=True)
    path = LOGS / f"{log}.log"
    wanted = re.compile(echo) if echo else None
    lines: list[str] = []
    with (
        open(path, "w", encoding="utf-8") as file,
        subprocess.Popen(
            [os.fspath(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=dict(env) if env is not None else None,
            cwd=cwd,
            encoding="utf-8",
            errors="replace",
        ) as process,
    ):
        with _life_sign(lines):
            assert process.stdout is not None
            for line in process.stdout:
                file.write(line)
                file.flush()
                lines.append(line)
                if wanted and wanted.search(line):
                    print("    " + line.rstrip(), flush=True)
        status = process.wait()
    return status, "".join(lines), path


@contextmanager
def _life_sign(lines: list[str]) -> Iterator[None]:
    """Say now and then that the work goes on: every second in a terminal, seldom in a file."""
    over = threading.Event()
    terminal = sys.stdout.isatty()
    begin = time.monotonic()

    def show() -> None:
        while not over.wait(1.0 if terminal else _LIFE_SIGN_SECONDS):
            last = lines[-1].strip()[:90] if lines else ""
            text = f"    {time.monotonic() - begin:4.0f} s  {last}"
            print(f"\r\x1b[K{text}" if terminal else text, end="" if terminal else "\n", flush=True)
        if terminal:
            print("\r\x1b[K", end="", flush=True)

    thread = threading.Thread(target=show, daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()
