"""Runs the scripts in `tests/bench/` and gathers what they print."""

from __future__ import annotations

import re
from pathlib import Path

from . import archive, environments, pythons, torch_cpu
from .console import Stages, run
from .environments import Environment, isolated
from .paths import ROOT

_NEEDS_TORCH = re.compile(
    r"^\s*(from|import) (torch|onnx\b|safetensors|export\.soke|engine\.(training|prompt2sign))", re.MULTILINE
)


def run_all(stages: Stages) -> str:
    """Run every `bench_*.py`, each in the environment that has what it imports; returns what they print, joined."""
    blender = environments.blender(environments.default_blender())
    engine = environments.engine(pythons.running())
    with stages.stage("environments and zip"):
        blender.ensure()
        engine.ensure()
        variables = isolated(SIGNWRIGHT_ZIP=str(archive.build(blender).path))
    parts = []
    for script in sorted((ROOT / "tests/bench").glob("bench_*.py")):
        environment, reason = _environment(script, blender, engine)
        if environment is None:
            parts.append(f"## {script.stem}\n\nleft out: {reason}")
            continue
        with stages.stage(f"{script.stem} ({environment.name})"):
            output = run([environment.python, "-m", f"tests.bench.{script.stem}"], script.stem, env=variables)
        figures = "\n".join(line for line in output.splitlines() if not line.startswith("Info: "))
        parts.append(f"## {script.stem}\n\n{figures.strip()}")
    return "\n\n".join(parts)


def _environment(script: Path, blender: Environment, engine: Environment) -> tuple[Environment | None, str]:
    """The environment of a script, or none and why it can't be had."""
    text = script.read_text("utf-8")
    if re.search(r"^\s*import bpy\b", text, re.MULTILINE):
        return blender, ""
    return torch_cpu.environment() if _NEEDS_TORCH.search(text) else (engine, "")
