"""System libraries that Blender's Python module needs on Linux: finds the missing ones, names what installs them."""

from __future__ import annotations

import ctypes
import re
import shutil
import subprocess
import sys
from pathlib import Path

_RENDERING = ("libEGL.so.1", "libGL.so.1")
"""Loaded by name while rendering, so that no file lists them as needed."""

_PACKAGES = {
    # library: (apt, dnf, pacman)
    "libX11.so.6": ("libx11-6", "libX11", "libx11"),
    "libXi.so.6": ("libxi6", "libXi", "libxi"),
    "libXxf86vm.so.1": ("libxxf86vm1", "libXxf86vm", "libxxf86vm"),
    "libXfixes.so.3": ("libxfixes3", "libXfixes", "libxfixes"),
    "libXrender.so.1": ("libxrender1", "libXrender", "libxrender"),
    "libXext.so.6": ("libxext6", "libXext", "libxext"),
    "libSM.so.6": ("libsm6", "libSM", "libsm"),
    "libICE.so.6": ("libice6", "libICE", "libice"),
    "libxkbcommon.so.0": ("libxkbcommon0", "libxkbcommon", "libxkbcommon"),
    "libEGL.so.1": ("libegl1", "libglvnd-egl mesa-libEGL", "libglvnd mesa"),
    "libGL.so.1": ("libgl1", "libglvnd-glx mesa-dri-drivers", "libglvnd mesa"),
    "libgomp.so.1": ("libgomp1", "libgomp", "gcc-libs"),
    "libstdc++.so.6": ("libstdc++6", "libstdc++", "gcc-libs"),
    "libwayland-client.so.0": ("libwayland-client0", "libwayland-client", "wayland"),
    "libdecor-0.so.0": ("libdecor-0-0", "libdecor", "libdecor"),
    "libdbus-1.so.3": ("libdbus-1-3", "dbus-libs", "dbus"),
}
_MANAGERS = (("apt-get", "sudo apt-get install"), ("dnf", "sudo dnf install"), ("pacman", "sudo pacman -S"))


def missing(folder: Path) -> list[str]:
    """Names of the shared libraries that the bpy below `folder` lacks on this machine."""
    if not sys.platform.startswith("linux"):
        return []
    modules = sorted(folder.glob("lib/*/site-packages/bpy/__init__*.so"))
    names = {name for module in modules for name in _not_found(module)}
    names.update(name for name in _RENDERING if not _loads(name))
    return sorted(names)


def named_in(error: str) -> list[str]:
    """Libraries that a loader's message says it can't open."""
    return re.findall(r"(\S+\.so[.\d]*): cannot open shared object file", error)


def explain(names: list[str]) -> str:
    """A message for people: what is missing, and the command that installs it."""
    text = f"Blender's module needs system libraries that this machine lacks: {', '.join(names)}."
    known = [(manager, install_command(manager, names)) for manager, _ in _MANAGERS]
    here = [command for manager, command in known if command and shutil.which(manager)]
    commands = "\n".join("  " + c for c in here or [c for _, c in known if c])
    return f"{text} This installs them:\n{commands}\nThen run the same command again."


def install_command(manager: str, names: list[str]) -> str:
    """The command of `apt-get`, `dnf` or `pacman` that installs those libraries; empty when it isn't known."""
    column = [m for m, _ in _MANAGERS].index(manager)
    known = sorted({word for name in names if name in _PACKAGES for word in _PACKAGES[name][column].split()})
    return f"{_MANAGERS[column][1]} {' '.join(known)}" if known else ""


def _not_found(module: Path) -> list[str]:
    ldd = shutil.which("ldd")
    if ldd is None:
        return []
    done = subprocess.run([ldd, str(module)], capture_output=True, text=True, check=False)
    return re.findall(r"^\s*(\S+) => not found", done.stdout, re.MULTILINE)


def _loads(name: str) -> bool:
    try:
        ctypes.CDLL(name)
    except OSError:
        return False
    return True
