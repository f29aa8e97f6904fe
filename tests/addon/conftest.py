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


@pytest.fixture(scope="session")
def profile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A user's folder for all tests, so that the engine is compiled once."""
    return tmp_path_factory.mktemp("profile")


@pytest.fixture
def addon(empty_scene: None, profile: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[types.ModuleType]:
    """The registered add-on with a profile of its own, and `fake_engine.py` for an engine."""
    import bpy
    import signwright.addon as package
    from signwright.addon import pump

    monkeypatch.setenv("BLENDER_USER_RESOURCES", str(profile))
    fake = [sys.executable, "-s", str(Path(__file__).with_name("fake_engine.py"))]
    monkeypatch.setattr(pump, "engine_command", lambda _python, _log: fake)
    entry = bpy.context.preferences.addons.new()
    entry.module = "signwright"
    package.register()
    yield package
    package.unregister()
    bpy.context.preferences.addons.remove(entry)


@pytest.fixture
def real_engine(addon: types.ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    """The add-on with its real engine."""
    from signwright.addon import engine_process, pump

    monkeypatch.setattr(pump, "engine_command", engine_process.engine_command)


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
