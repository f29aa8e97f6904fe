"""Runs the scripts in `tests/bench/` and gathers what they print."""

from __future__ import annotations

import re
from pathlib import Path

from . import archive, environments, pythons
from .console import Stages, run
from .environments import isolated
from .paths import ROOT


def run_all(stages: Stages) -> str:
    """Run every `bench_*.py`, those that import bpy in Blender's environment; returns what they print, joined."""
    blender = environments.blender(environments.default_blender())
    engine = environments.engine(pythons.running())
    with stages.stage("environments and zip"):
        blender.ensure()
        engine.ensure()
        variables = isolated(SIGNWRIGHT_ZIP=str(archive.build(blender).path))
    parts = []
    for script in sorted((ROOT / "tests/bench").glob("bench_*.py")):
        environment = blender if _needs_blender(script) else engine
        with stages.stage(f"{script.stem} ({environment.name})"):
            output = run([environment.python, "-m", f"tests.bench.{script.stem}"], script.stem, env=variables)
        figures = "\n".join(line for line in output.splitlines() if not line.startswith("Info: "))
        parts.append(f"## {script.stem}\n\n{figures.strip()}")
    return "\n\n".join(parts)


def _needs_blender(script: Path) -> bool:
    return re.search(r"^\s*import bpy\b", script.read_text("utf-8"), re.MULTILINE) is not None
