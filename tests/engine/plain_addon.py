"""Importing the add-on's modules that need no bpy, in an environment without it."""

from __future__ import annotations

import importlib
import sys
import types
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
_NAME = "signwright_without_bpy"


def addon_module(name: str) -> Any:
    """`addon/<name>.py`, its packages' own `__init__` left out."""
    for package, folder in ((_NAME, ROOT), (f"{_NAME}.addon", ROOT / "addon")):
        if package not in sys.modules:
            module = types.ModuleType(package)
            module.__path__ = [str(folder)]
            sys.modules[package] = module
    return importlib.import_module(f"{_NAME}.addon.{name}")
