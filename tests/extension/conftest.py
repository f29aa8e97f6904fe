"""The built zip, installed in an isolated profile of the Blender whose module this environment has.

`build_addon.py test extension` builds the zip and sets `SIGNWRIGHT_ZIP`. Each test runs its script in a Blender
process of its own, because that is how users meet an installed extension.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
INSTALL = ROOT / "export/release/blender_install.py"
MODULE = "bl_ext.user_default.signwright"
TIMEOUT_S = 240

PRELUDE = f"""
import json, os, sys, traceback
import bpy

MODULE = {MODULE!r}

def enable():
    assert bpy.ops.preferences.addon_enable(module=MODULE) == {{"FINISHED"}}
    return bpy.ops.signwright

def disable():
    bpy.ops.preferences.addon_disable(module=MODULE)

def extension(name):
    import importlib
    return importlib.import_module(MODULE + "." + name)
"""

ENDING = """
status = 0
try:
    answer = main()
    print("ANSWER " + json.dumps(answer))
    if MODULE in bpy.context.preferences.addons:
        disable()
except BaseException:
    traceback.print_exc()
    status = 1
sys.stdout.flush()
sys.stderr.flush()
os._exit(status)
"""

RunBlender = Callable[..., Any]


def pytest_configure(config: pytest.Config) -> None:
    if not os.environ.get("SIGNWRIGHT_ZIP"):
        pytest.exit("Set SIGNWRIGHT_ZIP to the built zip, or run `build_addon.py test extension`.", returncode=2)


def variables(profile: Path, **extra: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "BLENDER_"))}
    return {**kept, "PYTHONNOUSERSITE": "1", "PYTHONUTF8": "1", "BLENDER_USER_RESOURCES": str(profile), **extra}


def install(zip_path: Path, profile: Path) -> subprocess.CompletedProcess[str]:
    profile.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(INSTALL), str(zip_path)]
    return subprocess.run(
        command, env=variables(profile), capture_output=True, text=True, timeout=TIMEOUT_S, check=False
    )


@pytest.fixture(scope="session")
def zip_path() -> Path:
    """The release zip."""
    return Path(os.environ["SIGNWRIGHT_ZIP"])


@pytest.fixture(scope="session")
def installed(zip_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A profile with the extension, in a folder whose name has a space and letters outside ASCII."""
    profile = tmp_path_factory.mktemp("profile") / "mi perfil ñandú 手話"
    done = install(zip_path, profile)
    assert done.returncode == 0, done.stdout + done.stderr
    return profile


@pytest.fixture
def profile(installed: Path, tmp_path: Path) -> Path:
    """A copy of the installed profile that one test may spoil."""
    copy = tmp_path / installed.name
    shutil.copytree(installed, copy)
    return copy


@pytest.fixture
def blender(tmp_path: Path) -> RunBlender:
    """Run `def main(): ...` in a fresh Blender with a profile; returns what it returned."""

    def run(profile: Path, script: str, **extra: str) -> Any:
        path = tmp_path / "script.py"
        path.write_text(PRELUDE + textwrap.dedent(script) + ENDING, "utf-8")
        environment = variables(profile, **extra)
        done = subprocess.run(
            [sys.executable, str(path)],
            env=environment,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=TIMEOUT_S,
            check=False,
        )
        answers = [line for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
        assert done.returncode == 0 and answers, f"status {done.returncode}\n{done.stdout}\n{done.stderr}"
        return json.loads(answers[-1].removeprefix("ANSWER "))

    return run
