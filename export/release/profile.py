"""An isolated Blender profile under `build/`, so that nothing of the user's own Blender is read or written."""

from __future__ import annotations

import shutil
from pathlib import Path

from .console import run
from .environments import Environment, isolated
from .paths import ROOT

_INSTALL = ROOT / "export/release/blender_install.py"


def install(zip_path: Path, environment: Environment, folder: Path) -> dict[str, str]:
    """Install the zip into a fresh profile at `folder`; returns the variables that make a Blender use it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    variables = isolated(BLENDER_USER_RESOURCES=str(folder))
    run([environment.python, _INSTALL, zip_path], f"install-{environment.name}", env=variables)
    return variables
