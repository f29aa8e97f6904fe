"""Blender tests: run in an environment with `bpy`; elsewhere the folder is skipped.

The package `signwright` stands for the installed extension: its root is the repository, as the zip's root is.
"""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
import types
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HAS_BPY = importlib.util.find_spec("bpy") is not None
collect_ignore_glob = [] if HAS_BPY else ["test_*.py"]

_status = 0


def _alias_package() -> None:
    package = types.ModuleType("signwright")
    package.__path__ = [str(ROOT)]
    package.__package__ = "signwright"
    package.__spec__ = importlib.machinery.ModuleSpec("signwright", None, is_package=True)
    package.__spec__.submodule_search_locations = [str(ROOT)]
    sys.modules["signwright"] = package


if HAS_BPY and "signwright" not in sys.modules:
    _alias_package()
sys.path.insert(0, str(Path(__file__).parent))


@pytest.fixture(autouse=True)
def empty_scene() -> Iterator[None]:
    """Every test starts in an empty file at 24 frames a second."""
    import bpy

    bpy.ops.wm.read_factory_settings(use_empty=True)
    bpy.context.scene.render.fps = 24
    yield


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    global _status
    _status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    """Blender 4.5 can hang when the interpreter ends, so leave without its clean-up."""
    if HAS_BPY:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(_status)
