"""The environment of the torch tier. It needs PyTorch, whose usual Linux build drags in gigabytes of CUDA."""

from __future__ import annotations

import dataclasses
import json
import os
import re
import subprocess
import sys
from pathlib import Path

from .console import BuildError, run
from .environments import Environment, engine, isolated
from .paths import BUILD, REQUIREMENTS

_TORCH = "torch==2.13.0"
_INDEX = "SIGNWRIGHT_TORCH_INDEX"


def environment() -> tuple[Environment | None, str]:
    """The environment, made when needed, or None and why it can't be had."""
    requirements = REQUIREMENTS / "torch.txt"
    made = dataclasses.replace(engine("3.11"), name="torch", requirements=requirements)
    base = made.base()
    if base is None:
        return None, "no Python 3.11 on this machine"
    if (made.folder / "torch-installed").is_file():
        made.ensure()
        if (made.folder / "torch-installed").is_file():
            return made, ""
    source = _index_arguments()
    if not source and not _light_by_default(base):
        return None, (
            f"pip would fetch PyTorch's CUDA build here; to run it, put the index of its CPU build in ${_INDEX}"
        )
    made.ensure()
    pip = [made.python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    run([*pip, "--no-deps", "--only-binary", ":all:", *source, _TORCH], "pip-torch", echo=r"^Downloading \S+ \(\d{2,}")
    (made.folder / "torch-installed").write_text(_TORCH)
    return made, ""


def _index_arguments() -> list[str]:
    address = os.environ.get(_INDEX, "")
    return ["--extra-index-url", address] if address else []


def _light_by_default(base: Path) -> bool:
    """Whether plain `pip install torch` brings a CPU build: always on macOS and Windows, by configuration on Linux."""
    if not sys.platform.startswith("linux"):
        return True
    report = BUILD / "torch-report.json"
    BUILD.mkdir(exist_ok=True)
    command = [str(base), "-m", "pip", "install", "--dry-run", "--ignore-installed", "--no-deps", "--no-input"]
    command += ["--only-binary", ":all:", "--quiet", "--report", str(report), _TORCH]
    done = subprocess.run(command, capture_output=True, text=True, env=isolated(), check=False)
    if done.returncode:
        raise BuildError(f"pip could not look up {_TORCH}:\n{done.stderr}")
    version = json.loads(report.read_text())["install"][0]["metadata"]["version"]
    return re.search(r"\+cpu$", version) is not None
