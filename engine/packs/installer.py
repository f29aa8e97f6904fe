"""Builds a pack in `<target>.part`, tries it and renames it into its place; or removes one.

Whatever fails before the renaming leaves the pack that was there as it is. Downloads that are whole survive a broken
connection there, and are used by the next attempt. Only the standard library is used.
"""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .failures import UNTOUCHED, Cancelled, Failure
from .pip_runs import OPTIONS, environment, explain, pip_command
from .wheels import pinned, shown, size_below, unpacked_size

MARGIN_BYTES = 200 << 20
"""Free space that is left over, for compiled files and everybody else."""
_TICK_S = 0.25
_MEASURE_S = 1.0
_DOWNLOADING = 0.6
"""Share of a download in the whole, where there is one."""
_SWAP_ATTEMPTS = 20
_TAIL_BYTES = 1 << 16


class Installer:
    """One job under way."""

    def __init__(self, job: dict[str, Any], say: Callable[..., None]) -> None:
        self.job, self.say = job, say
        self.target, self.log = Path(job["target"]), Path(job["log"])
        self.part = self.target.with_name(f"{self.target.name}.part")
        self.wheels, self.content, self.scratch = (self.part / name for name in ("wheels", "content", "tmp"))
        self.cancelled, self.may_swap = threading.Event(), threading.Event()

    def listen(self) -> None:
        """Hear from the add-on in a thread: reading blocks, on Windows whatever one does."""

        def read() -> None:
            for line in sys.stdin:
                if line.strip() == "swap":
                    self.may_swap.set()
            self.cancelled.set()

        threading.Thread(target=read, daemon=True).start()

    def install(self) -> dict[str, Any]:
        """Build the pack, try it, and put it in its place; what `pack.json` says of it."""
        try:
            pack = self._build()
            self.say("ready")
            self._wait(self.may_swap.is_set)
            self._swap()
        except Failure as e:
            keep = self.wheels if e.code == "network" else None
            self._clean(keep)
            raise
        except BaseException:
            self._clean()
            raise
        self._clean()
        return pack

    def remove(self) -> dict[str, Any]:
        """Delete the pack and what is left of attempts. Its name goes at once: nothing uses it half deleted."""
        self.say("ready")
        self._wait(self.may_swap.is_set)
        gone = self.target.with_name(f"{self.target.name}.old")
        shutil.rmtree(gone, ignore_errors=True)
        if self.target.exists():
            self._rename(self.target, gone)
        self.say("progress", stage="Deleting", fraction=0.5)
        shutil.rmtree(gone, ignore_errors=True)
        self._clean()
        return {"name": self.target.name}

    # ------------------------------------------------------------ steps

    def _build(self) -> dict[str, Any]:
        self.say("progress", stage="Checking", fraction=0.0)
        self._clean(self.wheels)
        if self.job.get("before"):
            self._must(
                self.job["before"], "driver", "Use the pack for the processor, or mend the driver and try again."
            )
        pip = pip_command(self.job.get("folder", ""))
        source = Path(self.job["folder"]) if self.job.get("folder") else None
        installed = self.job["installed"] if source is None else unpacked_size(source, self._pinned())
        download = 0 if source else max(0, self.job["download"] - size_below(self.wheels))
        self._check_space(download + installed)
        self._make_folders()
        if source is None:
            self._download(pip)
        self._unpack(pip, source or self.wheels, installed, 0.0 if source else _DOWNLOADING)
        return self._try()

    def _download(self, pip: Sequence[str]) -> None:
        options = ["--dest", str(self.wheels), "--no-cache-dir", "--retries", "3"]
        for group in self.job["groups"]:
            arguments = [*options, "--index-url", group["index"]] if group["index"] else options
            for file in group["files"]:
                arguments = [*arguments, "-r", file]
            arguments += ["--require-hashes"] if group["files"] else []
            self._pip(
                [*pip, "download", *OPTIONS, *arguments, *group["lines"]],
                lambda: ("Downloading", _DOWNLOADING * self._share(self.job["download"], self.wheels, self.scratch)),
            )

    def _unpack(self, pip: Sequence[str], source: Path, installed: int, begin: float) -> None:
        wanted = self.part / "requirements.txt"
        wanted.write_text("".join(f"{line}\n" for line in self._pinned()), "utf-8")
        command = [*pip, "install", *OPTIONS, "--no-index", "--no-compile", "--find-links", str(source)]
        self._pip(
            [*command, "--target", str(self.content), "-r", str(wanted)],
            lambda: ("Unpacking", begin + (0.95 - begin) * self._share(installed, self.scratch, self.content)),
        )

    def _try(self) -> dict[str, Any]:
        self.say("progress", stage="Trying", fraction=0.95)
        metadata = (p.name.removesuffix(".dist-info").partition("-") for p in self.content.glob("*.dist-info"))
        pack = {
            **self.job["pack"],
            "python": "cp{}{}".format(*sys.version_info[:2]),
            "versions": {name: version for name, _, version in metadata},
            "bytes": size_below(self.content),
        }
        (self.content / "pack.json").write_text(json.dumps(pack, indent=1), "utf-8")
        hint = f"The wheels don't fit this system or Python. {UNTOUCHED}"
        found = self._must([*self.job["check"], str(self.content)], "pack_broken", hint)
        return {**pack, "found": found}

    def _swap(self) -> None:
        old = self.target.with_name(f"{self.target.name}.old")
        shutil.rmtree(old, ignore_errors=True)
        if self.target.exists():
            self._rename(self.target, old)
        try:
            self._rename(self.content, self.target)
        except Failure:
            if old.exists():
                self._rename(old, self.target)
            raise
        shutil.rmtree(old, ignore_errors=True)

    # ------------------------------------------------------------ help

    def _pinned(self) -> list[str]:
        texts = [Path(file).read_text("utf-8") for group in self.job["groups"] for file in group["files"]]
        return pinned([*texts, *("\n".join(group["lines"]) for group in self.job["groups"])])

    def _check_space(self, needed: int) -> None:
        place = next(p for p in (self.target, *self.target.parents) if p.exists())
        free = shutil.disk_usage(place).free
        if free < needed + MARGIN_BYTES:
            raise Failure(
                "no_space",
                f"The pack needs {shown(needed + MARGIN_BYTES)} of free space in {self.target.parent}, and "
                f"{shown(free)} are free.",
                f"Free some space and try again. {UNTOUCHED}",
            )

    def _make_folders(self) -> None:
        try:
            for folder in (self.wheels, self.scratch):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as e:
            raise Failure(
                "no_write",
                f"Nothing can be written to {self.target.parent}: {e.strerror or e}.",
                f"Give yourself the right to write there. {UNTOUCHED}",
            ) from e

    def _must(self, command: Sequence[str], code: str, hint: str) -> Any:
        """Run a command of the engine's that prints JSON, or a reason and fails."""
        with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as p:
            answers: list[bytes] = []
            reader = threading.Thread(target=lambda: answers.extend(p.communicate()), daemon=True)
            reader.start()
            try:
                self._wait(lambda: not reader.is_alive())
            except Cancelled:
                p.kill()
                raise
        output, errors = (data.decode("utf-8", "replace").strip() for data in answers)
        with self.log.open("a", encoding="utf-8") as log:
            log.write(f"{output}\n{errors}\n")
        if p.returncode:
            raise Failure(code, (errors.splitlines() or [f"{command[0]} ended with {p.returncode}"])[-1], hint)
        return json.loads(output.splitlines()[-1]) if output else None

    def _pip(self, command: Sequence[str], state: Callable[[], tuple[str, float]]) -> None:
        begin = self.log.stat().st_size if self.log.exists() else 0
        with (
            self.log.open("ab") as log,
            subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=environment(self.scratch, "--no-index" in command),
            ) as process,
        ):
            measured = 0.0
            try:
                while process.poll() is None:
                    if time.monotonic() - measured > _MEASURE_S:
                        stage, fraction = state()
                        self.say("progress", stage=stage, fraction=round(fraction, 4))
                        measured = time.monotonic()
                    self._wait(lambda: process.poll() is not None, _TICK_S)
            except BaseException:
                process.kill()
                raise
        if process.returncode:
            with self.log.open("rb") as file:
                file.seek(max(begin, self.log.stat().st_size - _TAIL_BYTES))
                raise explain(file.read().decode("utf-8", "replace"), self.job.get("folder", ""))

    def _wait(self, done: Callable[[], bool], seconds: float | None = None) -> None:
        """Until something holds or the time is over. Raises `Cancelled`."""
        end = None if seconds is None else time.monotonic() + seconds
        while not done():
            if self.cancelled.wait(0.05):
                raise Cancelled
            if end is not None and time.monotonic() > end:
                return

    @staticmethod
    def _share(total: int, *folders: Path) -> float:
        return min(1.0, sum(map(size_below, folders)) / max(total, 1))

    def _rename(self, path: Path, to: Path) -> None:
        """Rename a folder, patiently: a virus scanner may have a look at it."""
        for attempt in range(_SWAP_ATTEMPTS):
            try:
                path.rename(to)
                return
            except OSError as e:
                if attempt == _SWAP_ATTEMPTS - 1:
                    raise Failure(
                        "in_use",
                        f"{path.name} can't be renamed: {e.strerror or e}.",
                        "Something uses it. Restart Blender and try again.",
                    ) from e
                self._wait(lambda: False, 0.25)

    def _clean(self, keep: Path | None = None) -> None:
        """Delete what an attempt left behind, but for a folder that is to be kept."""
        for path in list(self.part.iterdir()) if self.part.is_dir() else []:
            if path != keep:
                shutil.rmtree(path, ignore_errors=True) if path.is_dir() else path.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.part.rmdir()
