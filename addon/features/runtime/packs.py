"""The packs that can be installed here, what they are made of, and those that are installed. No bpy."""

from __future__ import annotations

import json
import platform
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ...engine_process import engine_module_command

TORCH = "2.13.0"
PYTORCH_INDEX = "https://download.pytorch.org/whl/"
"""PyTorch's own index, for the builds that the default one doesn't have; a folder name follows."""
_PINS = Path(__file__).absolute().parents[3] / "engine" / "packs" / "requirements"
_CUDA = "13.0"


@dataclass(frozen=True)
class Pack:
    """A pack for this system. download, installed: bytes.

    pins: names of the files of hashed requirements, from the default index. build: of PyTorch at its own index (`cpu`,
    `cu130`), where the default index has another one. cuda: version that it needs a driver for.
    """

    name: str
    label: str
    download: int
    installed: int
    pins: tuple[str, ...]
    build: str = ""
    cuda: str = ""

    @property
    def groups(self) -> list[dict[str, Any]]:
        """The requirements as the installer takes them: what one index has, together."""
        files = [str(_PINS / f"{name}.txt") for name in self.pins]
        groups: list[dict[str, Any]] = [{"files": files, "lines": [], "index": ""}]
        if self.build:
            line = f"torch=={TORCH}+{self.build}"
            groups.append({"files": [], "lines": [line], "index": f"{PYTORCH_INDEX}{self.build}"})
        return groups


def _pack(name: str, download: int, installed: int, pins: str, build: str = "") -> Pack:
    cuda = name == "torch-cuda"
    label = f"PyTorch {TORCH} for {'NVIDIA cards' if cuda else 'the processor'}"
    return Pack(name, label, download * 10**6, installed * 10**6, tuple(pins.split()), build, _CUDA if cuda else "")


PACKS: dict[str, tuple[Pack, ...]] = {
    "linux": (
        _pack("torch-cpu", 210, 760, "common", "cpu"),
        _pack("torch-cuda", 3000, 5120, "common torch onnxruntime-gpu"),
    ),
    "win32": (
        _pack("torch-cpu", 140, 530, "common torch"),
        # the size of PyTorch itself is an estimate: 2 GB
        _pack("torch-cuda", 2260, 4000, "common onnxruntime-gpu", "cu130"),
    ),
    "darwin": (_pack("torch-cpu", 130, 530, "common torch"),),
}
"""By `sys.platform`. Sizes are those of the wheels for Python 3.13, or 3.11 for PyTorch's CPU build on Linux."""


def offered() -> tuple[Pack, ...]:
    """The packs that there are wheels for on this system."""
    machine = platform.machine().lower()
    known = machine == "arm64" if sys.platform == "darwin" else machine in ("x86_64", "amd64")
    return PACKS.get(sys.platform, ()) if known else ()


@dataclass(frozen=True)
class Installed:
    """A pack in the user's folder."""

    folder: Path
    name: str
    label: str
    size: int
    python: str


def installed(folder: Path) -> list[Installed]:
    """The packs in a folder, the most able first."""
    found = []
    for path in sorted(folder.glob("*/pack.json"), reverse=True):
        if path.parent.suffix in (".part", ".old"):
            continue
        try:
            said = json.loads(path.read_text("utf-8"))
            pack = Installed(path.parent, said["name"], said["label"], int(said["bytes"]), said["python"])
        except (OSError, ValueError, KeyError, TypeError):
            pack = Installed(path.parent, path.parent.name, f"{path.parent.name} (damaged)", 0, "")
        found.append(pack)
    return found


def install_job(pack: Pack, packs_folder: Path, log: Path, python: str, wheels: str = "") -> dict[str, Any]:
    """What the installer is to do. wheels: folder to take them from, instead of an index."""
    check = engine_module_command(python, "engine.native")
    return {
        "action": "install",
        "target": str(packs_folder / pack.name),
        "log": str(log),
        "pack": {"name": pack.name, "label": pack.label},
        "groups": pack.groups,
        "folder": wheels,
        "download": pack.download,
        "installed": pack.installed,
        "check": check,
        "before": [*check, "--cuda", pack.cuda] if pack.cuda else [],
    }


def remove_job(folder: Path, log: Path) -> dict[str, Any]:
    """What the installer is to do to delete a pack."""
    return {"action": "remove", "target": str(folder), "log": str(log)}


def shown_size(count: int) -> str:
    """Bytes as people read them."""
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"
