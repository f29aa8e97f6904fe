"""Makes the extension's package importable from the checkout, and leaves Blender without its clean-up."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import sys
import types
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HAS_BPY = importlib.util.find_spec("bpy") is not None
collect_ignore_glob = [] if HAS_BPY else ["test_*.py"]
if HAS_BPY:
    import bpy  # noqa: F401 - mathutils can be imported after it only
_status = 0

if "signwright" not in sys.modules:
    package = types.ModuleType("signwright")
    package.__path__ = [str(ROOT)]
    package.__spec__ = importlib.machinery.ModuleSpec("signwright", None, is_package=True)
    package.__spec__.submodule_search_locations = [str(ROOT)]
    sys.modules["signwright"] = package


def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    global _status
    _status = int(exitstatus)


@pytest.hookimpl(trylast=True)
def pytest_unconfigure(config: pytest.Config) -> None:
    sys.stdout.flush()
    sys.stderr.flush()
    if HAS_BPY:
        os._exit(_status)
