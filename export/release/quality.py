"""Writes docs/quality.md: all figures about the signing, in one table."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from . import environments, pythons
from .console import BuildError, Stages, run, shown
from .environments import REQUIREMENTS, Environment, isolated
from .paths import ROOT

PAGE = ROOT / "docs" / "quality.md"
_ENGINE = ("counts", "coverage", "handshapes", "signs", "bodies", "speed", "pose")
_BLENDER = ("retarget",)
_DETECTOR = ("detector", "pose_detector")
_DETECTOR_PYTHON = "3.11"
_MARK = "<!-- made by `python build_addon.py bench quality`: edit the text after the table only -->"
_NOTES = "<!-- notes -->"


def write(stages: Stages) -> Path:
    """Measure everything and write the page; the notes after its table stay. Raises `BuildError`."""
    rows, seconds, left_out = [], 0.0, []
    for environment, groups in _plan(left_out):
        with stages.stage(f"environment {environment.name}"):
            environment.ensure()
        for group in groups:
            with stages.stage(f"{group} ({environment.name})"):
                found, took = _measured(environment, group)
            rows += found
            seconds += took
    notes = PAGE.read_text("utf-8").partition(_NOTES)[2] if PAGE.is_file() else ""
    PAGE.write_text(_page(rows, seconds, left_out) + _NOTES + notes, encoding="utf-8")
    return PAGE


def _plan(left_out: list[str]) -> list[tuple[Environment, tuple[str, ...]]]:
    plan = [
        (environments.engine(pythons.running()), _ENGINE),
        (environments.blender(environments.default_blender()), _BLENDER),
    ]
    detector = Environment("detector", _DETECTOR_PYTHON, REQUIREMENTS / "detector.txt", "mediapipe")
    if pythons.find(_DETECTOR_PYTHON) is None:
        left_out.append(f"the hand detector: no Python {_DETECTOR_PYTHON} on this machine")
    else:
        plan.append((detector, _DETECTOR))
    return plan


def _measured(environment: Environment, group: str) -> tuple[list[dict[str, str]], float]:
    command = [environment.python, "-m", "tests.bench.quality_rows", group]
    output = run(command, f"quality-{group}", env=isolated(OPENBLAS_NUM_THREADS="1", GLOG_minloglevel="3"))
    rows: list[dict[str, str]] = []
    for line in output.splitlines():
        if not line.startswith("{"):
            continue  # libraries that talk
        said: dict[str, Any] = json.loads(line)
        if "row" in said:
            rows.append(said["row"])
        else:
            return rows, float(said["seconds"])
    raise BuildError(f"quality_rows {group} ended early; see {shown(ROOT / 'build/logs')}.")


def _page(rows: list[dict[str, str]], seconds: float, left_out: list[str]) -> str:
    lines = ["# Quality of the signing", "", _MARK, ""]
    lines += [
        "`python build_addon.py bench quality` measures all of this and writes the table; it took "
        f"{seconds / 60:.0f} minutes. Each script in `tests/bench/` says its method in its first lines.",
        "",
        "| what | figure | goal | measured by |",
        "|---|---|---|---|",
    ]
    section = ""
    for row in rows:
        if row["section"] != section:
            section = row["section"]
            lines.append(f"| **{section}** | | | |")
        cells = (row["what"], row["figure"], row["wanted"], row["source"])
        lines.append("| " + " | ".join(cell.replace("|", "/") for cell in cells) + " |")
    lines += [*(["", *(f"Left out, {reason}." for reason in left_out)] if left_out else []), "", ""]
    return "\n".join(lines)
