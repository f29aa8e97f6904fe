"""Finds Python interpreters of a wanted version on this machine. Runs on Python 3.7 too, to help its user on."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

SUPPORTED = ("3.11", "3.13")
"""Versions that Blender's Python module is published for."""

_PROBE = "import ensurepip, venv, sys; print('%d.%d' % sys.version_info[:2]); print(sys.executable)"


def running() -> str:
    """Version of this interpreter, like `3.11`."""
    return "{}.{}".format(*sys.version_info[:2])


def find(version: str) -> Path | None:
    """An interpreter of that version that can make environments, or None."""
    for candidate in _candidates(version):
        found = _probe(candidate, version)
        if found:
            return found
    return None


def how_to_get(version: str) -> str:
    """Commands that give this machine a suitable Python, one a line."""
    if sys.platform == "win32":
        return f"  winget install Python.Python.{version}"
    if sys.platform == "darwin":
        return f"  brew install python@{version}"
    lines = []
    if shutil.which("apt-get"):
        lines.append(f"  sudo apt-get install python{version} python{version}-venv")
    if shutil.which("dnf"):
        lines.append(f"  sudo dnf install python{version}")
    lines.append(f"  uv python install {version}        (without root; https://docs.astral.sh/uv)")
    return "\n".join(lines)


def _candidates(version: str) -> Iterator[list[str]]:
    if running() == version:
        yield [sys.executable]
    for folder in os.get_exec_path():
        for name in (f"python{version}", f"python{version}.exe"):
            if (Path(folder) / name).is_file():
                yield [str(Path(folder) / name)]
    if sys.platform == "win32" and shutil.which("py"):
        yield ["py", f"-{version}"]
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT", str(home / ".pyenv"))) / "versions"
    places = (
        (pyenv, f"{version}.*/bin/python{version}"),
        (home / ".local/share/uv/python", f"*-{version}.*/bin/python{version}"),
        (Path("/opt/homebrew/opt"), f"python@{version}/bin/python{version}"),
        (Path("/Library/Frameworks/Python.framework/Versions"), f"{version}/bin/python{version}"),
    )
    for folder, pattern in places:
        for path in sorted(folder.glob(pattern), reverse=True):
            yield [str(path)]


def _probe(command: list[str], version: str) -> Path | None:
    try:
        done = subprocess.run([*command, "-c", _PROBE], capture_output=True, text=True, timeout=30, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    found, executable = done.stdout.split("\n")[:2]
    return Path(executable.strip()) if found.strip() == version else None
