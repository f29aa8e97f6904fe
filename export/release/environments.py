"""Python environments under `build/env`, from pinned and hashed requirement files."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from . import libraries, pythons
from .console import BuildError, run, shown
from .paths import BUILD, REQUIREMENTS

_STAMP = "signwright-stamp.txt"
_CHECKED = "checked\n"
BLENDER_PYTHONS = {"4.5": "3.11", "5.0": "3.11", "5.2": "3.13"}
"""Blender versions that are supported, and the Python that each one's module is published for."""


@dataclass(frozen=True)
class Environment:
    """One environment: a folder, the Python it needs, what goes in."""

    name: str
    python_version: str
    requirements: Path
    probe: str
    """Module that must import in it."""

    @property
    def folder(self) -> Path:
        return BUILD / "env" / self.name

    @property
    def python(self) -> Path:
        if sys.platform == "win32":
            return self.folder / "Scripts" / "python.exe"
        return self.folder / "bin" / "python"

    def base(self) -> Path | None:
        """The interpreter that it is made from, or None when this machine has none."""
        return pythons.find(self.python_version)

    def ensure(self) -> Path:
        """Make the environment unless it is there already; returns its Python."""
        stamp = self._stamp()
        found = _read(self.folder / _STAMP)
        if not (found.startswith(stamp) and self._starts()):
            self._make()
            (self.folder / _STAMP).write_text(found := stamp)
        if not found.endswith(_CHECKED):
            self._check()
            (self.folder / _STAMP).write_text(stamp + _CHECKED)
        return self.python

    def _make(self) -> None:
        base = self.base()
        if base is None:
            raise BuildError(
                f"{self.name} needs Python {self.python_version} with its venv module, and none was found. "
                f"Any of these gives it:\n{pythons.how_to_get(self.python_version)}"
            )
        print(f"    making {shown(self.folder)} (once)", flush=True)
        if self.folder.exists():
            shutil.rmtree(self.folder)
        run([base, "-m", "venv", self.folder], f"venv-{self.name}")
        command = [self.python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
        command += ["--progress-bar", "off", "--only-binary", ":all:", "--require-hashes", "--no-deps"]
        command += ["-r", self.requirements]
        run(command, f"pip-{self.name}", echo=r"^(Downloading|\s+Downloading) \S+ \(\d{2,}(\.\d+)? MB")

    def _check(self) -> None:
        missing = libraries.missing(self.folder) if self.probe == "bpy" else []
        if missing:
            raise BuildError(libraries.explain(missing))
        command = [str(self.python), "-c", f"import {self.probe}, os; os._exit(0)"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            missing = libraries.named_in(done.stderr)
            raise BuildError(libraries.explain(missing) if missing else f"{self.name} is broken:\n{done.stderr}")

    def _stamp(self) -> str:
        return f"python {self.python_version}\nrequirements {file_hash(self.requirements)}\n"

    def _starts(self) -> bool:
        try:
            return subprocess.run([str(self.python), "-c", ""], check=False).returncode == 0
        except OSError:
            return False


def engine(python_version: str) -> Environment:
    """The environment of the engine tier and of the tools, for one Python."""
    return Environment(f"engine-{python_version}", python_version, REQUIREMENTS / "engine.txt", "numpy")


def blender(version: str) -> Environment:
    """The environment of one Blender version, like `5.0`, as a Python module."""
    requirements = REQUIREMENTS / f"blender-{version}.txt"
    pinned = re.search(r"^bpy==(\S+)", requirements.read_text(), re.MULTILINE)
    if pinned is None:
        raise BuildError(f"{shown(requirements)} pins no bpy.")
    return Environment(f"blender-{pinned[1]}", BLENDER_PYTHONS[version], requirements, "bpy")


def default_blender() -> str:
    """The newest Blender whose module this Python can load."""
    return max(v for v, python in BLENDER_PYTHONS.items() if python == pythons.running())


def module_folder(environment: Environment) -> Path:
    """Where bpy lies in its environment."""
    found = sorted(environment.folder.glob("[Ll]ib/**/site-packages/bpy"))
    if not found:
        raise BuildError(f"There is no bpy in {shown(environment.folder)}; `build_addon.py clean` and try again.")
    return found[0]


def isolated(**extra: str) -> dict[str, str]:
    """An environment for child processes that the user's own Python and Blender settings don't reach."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "BLENDER_"))}
    return {**kept, "PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1", **extra}


def file_hash(path: Path) -> str:
    """SHA-256 of a file, line ends made equal so that checkouts of every system agree."""
    return hashlib.sha256(path.read_bytes().replace(b"\r\n", b"\n")).hexdigest()


def _read(path: Path) -> str:
    return path.read_text() if path.is_file() else ""
