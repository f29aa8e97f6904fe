"""Where the extension's code lies and where it may write."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy

PACKAGE: str = (__package__ or "").rpartition(".")[0]
"""The extension's own package (`bl_ext.<repository>.signwright`); preferences are registered under it."""

ROOT = Path(__file__).absolute().parents[1]
"""The extension's folder, which is never written to: it holds `engine`, `runtime` and this code."""


def preferences() -> Any:
    """The extension's preferences (`preferences.SignwrightPreferences`)."""
    return bpy.context.preferences.addons[PACKAGE].preferences


def user_path(name: str) -> Path:
    """Where a folder of the user's for this extension's files is, or would be."""
    if PACKAGE.startswith("bl_ext."):
        return Path(bpy.utils.extension_path_user(PACKAGE, path=name))
    # run from a checkout, where Blender knows no extension of this name
    return Path(bpy.utils.user_resource("DATAFILES", path=f"signwright/{name}"))


def user_folder(name: str) -> Path:
    """The same folder, created when missing. Raises `OSError`, where Blender's own `create=True` returns nothing."""
    folder = user_path(name)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def dictionary_path() -> Path:
    """Folder of the user's own signs; it need not be there. The default one outlives new versions of the extension."""
    chosen = preferences().dictionary_folder
    return absolute(chosen) if chosen else user_path("dictionary")


def models_path() -> Path:
    """Folder of the user's own trained models; it need not be there."""
    chosen = preferences().models_folder
    return absolute(chosen) if chosen else user_path("models")


def packs_path() -> Path:
    """Folder of the packs with PyTorch that the user installed; it need not be there."""
    return user_path("packs")


def log_path() -> Path:
    """The engine's log file; its folder need not be there."""
    return user_path("logs") / "engine.log"


def absolute(path: str) -> Path:
    """A path from a Blender file field, `//` (beside the .blend) resolved."""
    return Path(bpy.path.abspath(path)).expanduser()
