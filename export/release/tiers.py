"""The test tiers: which checks there are, what each needs, and how they are counted."""

from __future__ import annotations

import os
import re
import shutil
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from . import archive, environments, pythons
from .console import BuildError, Stages, run_status, shown
from .environments import BLENDER_PYTHONS, Environment, isolated
from .paths import BUILD, LOGS, REQUIREMENTS, ROOT

_SHOWN = r"^(FAILED|ERROR)|^E  |\d+ (passed|failed|error)|Error: "
_SKIPPED_WITHOUT = re.compile(r"^(?:\w+ = )?pytest\.importorskip\(\"(\w+)", re.MULTILINE)
_LINT_SHOWN = r" error: |^error|^Would reformat|^ +--> |^[A-Z]+\d+ "


@dataclass
class Counts:
    """Outcome of some checks."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0
    broken: list[str] = field(default_factory=list)
    """Tiers that failed, or could not run to their end."""
    left_out: list[str] = field(default_factory=list)
    """Tiers that could not start here, with the reason."""

    def add(self, other: Counts) -> None:
        """Add the other outcome to this one."""
        self.passed += other.passed
        self.failed += other.failed
        self.skipped += other.skipped
        self.broken += other.broken
        self.left_out += other.left_out


@dataclass(frozen=True)
class Tier:
    """One tier: its name, the Python it needs, whether the default run has it, and how to run it."""

    name: str
    about: str
    python_version: str
    default: bool
    run: Callable[[], Counts]


def all_tiers() -> dict[str, Tier]:
    """Every tier by name, in the order in which they run."""
    here = pythons.running()
    blender = environments.default_blender()
    tiers = [Tier("lint", "ruff, pyright", here, True, _lint)]
    for v in pythons.SUPPORTED:
        tiers.append(Tier(f"engine-{v}", f"the engine on Python {v}", v, True, lambda v=v: _engine(v)))
    for v, python in BLENDER_PYTHONS.items():
        tiers.append(
            Tier(f"addon-{v}", f"the add-on's code in Blender {v}", python, v == blender, lambda v=v: _addon(v))
        )
    for v, python in BLENDER_PYTHONS.items():
        about = f"the built zip, installed in Blender {v}"
        tiers.append(Tier(f"extension-{v}", about, python, v == blender, lambda v=v: _extension(v)))
    tiers.append(Tier("golden", "pictures of hands and face", BLENDER_PYTHONS[blender], True, lambda: _golden(blender)))
    about = "models, training, and the avatar against the smplx package (needs PyTorch for the CPU)"
    tiers.append(Tier("torch", about, "3.11", True, _torch))
    about = "a real Blender under a virtual screen (needs $SIGNWRIGHT_BLENDER, Xvfb, xdotool)"
    tiers.append(Tier("gui", about, here, False, _gui))
    return {tier.name: tier for tier in tiers}


def choose(names: list[str], everything: bool) -> list[Tier]:
    """Tiers for names given by a user: exact, or a family like `addon`; the default ones when there are none."""
    tiers = all_tiers()
    if not names:
        return [t for t in tiers.values() if t.default or (everything and t.name != "gui")]
    chosen: list[Tier] = []
    for name in names:
        family = [t for t in tiers.values() if t.name == name or t.name.startswith(name + "-")]
        if not family:
            raise BuildError(f"There is no tier `{name}`. Tiers: {', '.join(tiers)}.")
        if len(family) > 1 and not everything:
            family = [t for t in family if t.default]
        chosen += [t for t in family if t not in chosen]
    return chosen


def run(chosen: list[Tier], stages: Stages) -> Counts:
    """Run the tiers one after another. A tier whose Python is not on this machine is left out, and said so."""
    total = Counts()
    for tier in chosen:
        with stages.stage(f"{tier.name}: {tier.about}"):
            if pythons.find(tier.python_version) is None:
                reason = f"{tier.name}: no Python {tier.python_version} on this machine"
                print(f"    left out, {reason}", flush=True)
                total.left_out.append(reason)
                continue
            total.add(_attempt(tier))
    return total


def closing_line(counts: Counts, seconds: float) -> str:
    """The last line of a test run, worded as pytest does."""
    parts = [f"{counts.passed} passed", f"{counts.failed} failed"]
    if counts.skipped:
        parts.append(f"{counts.skipped} skipped")
    return f"==== {', '.join(parts)} in {seconds:.1f}s ===="


def _attempt(tier: Tier) -> Counts:
    try:
        counts = tier.run()
    except BuildError as e:
        print(f"    {tier.name} could not run: {e}", flush=True)
        return Counts(failed=1, broken=[tier.name])
    if counts.failed:
        counts.broken.append(tier.name)
    return counts


def _lint() -> Counts:
    python = environments.engine(pythons.running()).ensure()
    places = [p for p in ("addon", "engine", "export", "blender_scenes", "tests") if (ROOT / p).is_dir()]
    checks = {
        "ruff-check": [python, "-m", "ruff", "check", *places, "build_addon.py"],
        "ruff-format": [python, "-m", "ruff", "format", "--check", *places, "build_addon.py"],
        "pyright": [python, "-m", "pyright", "--pythonpath", python],
    }
    counts = Counts()
    for name, command in checks.items():
        status = run_status(command, f"lint-{name}", env=isolated(), echo=_LINT_SHOWN)
        outcome = f"failed, see {shown(LOGS / f'lint-{name}.log')}" if status else "ok"
        print(f"    {name}: {outcome}", flush=True)
        counts.add(Counts(passed=1) if status == 0 else Counts(failed=1))
    return counts


def _engine(version: str) -> Counts:
    environment = environments.engine(version)
    return _pytest(environment, f"engine-{version}", ["tests/engine", "tests/export"], isolated())


def _addon(version: str) -> Counts:
    return _pytest(environments.blender(version), f"addon-{version}", ["tests/addon"], isolated())


def _extension(version: str) -> Counts:
    environment = environments.blender(version)
    environment.ensure()
    release = archive.build(environment)
    archive.validate(release, environment)
    variables = isolated(SIGNWRIGHT_ZIP=str(release.path))
    return _pytest(environment, f"extension-{version}", ["tests/extension"], variables)


def _golden(version: str) -> Counts:
    return _pytest(environments.blender(version), "golden", ["tests/golden"], isolated())


def _torch() -> Counts:
    from . import torch_cpu

    environment, reason = torch_cpu.environment()
    if environment is None:
        print(f"    left out, {reason}", flush=True)
        return Counts(left_out=[f"torch: {reason}"])
    return _pytest(environment, "torch", torch_tests(), isolated())


def torch_tests() -> list[str]:
    """Test files that skip themselves where a package is lacking which the environment of the torch tier has.

    They say so at their top: `pytest.importorskip("torch")`.
    """
    listed = re.findall(r"^([a-z][\w-]*)", (REQUIREMENTS / "torch.in").read_text("utf-8"), re.MULTILINE)
    packages = {"torch", *(name.replace("-", "_") for name in listed)}
    return [
        path.relative_to(ROOT).as_posix()
        for folder in ("engine", "export")
        for path in sorted((ROOT / "tests" / folder).glob("test_*.py"))
        if packages & set(_SKIPPED_WITHOUT.findall(path.read_text("utf-8")))
    ]


def _gui() -> Counts:
    blender = os.environ.get("SIGNWRIGHT_BLENDER", "")
    lacking = [name for name in ("Xvfb", "xdotool", "import") if shutil.which(name) is None]
    if not blender or lacking:
        raise BuildError(
            "the tier needs Xvfb, xdotool and ImageMagick on PATH, and the command of a Blender in "
            f"$SIGNWRIGHT_BLENDER. Missing: {', '.join([*lacking, *([] if blender else ['SIGNWRIGHT_BLENDER'])])}."
        )
    maker = environments.blender(environments.default_blender())
    maker.ensure()
    variables = {**isolated(), "SIGNWRIGHT_ZIP": str(archive.build(maker).path), "SIGNWRIGHT_BLENDER": blender}
    return _pytest(environments.engine(pythons.running()), "gui", ["tests/gui"], variables)


def _pytest(environment: Environment, name: str, targets: list[str], variables: dict[str, str]) -> Counts:
    """Run pytest in an environment; counts come from its report, and no report counts as a failure."""
    python = environment.ensure()
    report = BUILD / "reports" / f"{name}.xml"
    report.parent.mkdir(parents=True, exist_ok=True)
    report.unlink(missing_ok=True)
    existing = [t for t in targets if not t.startswith("tests/") or (ROOT / t).exists()]
    scratch = BUILD / "pytest" / name
    command = [python, "-m", "pytest", *existing, "-ra", "--durations=5", f"--junitxml={report}"]
    command += ["-p", "no:cacheprovider", f"--basetemp={scratch}"]
    scratch.parent.mkdir(parents=True, exist_ok=True)
    status = run_status(command, name, env=variables, echo=_SHOWN)
    counts = counted(report)
    if status and not counts.failed:
        print(f"    pytest ended with status {status}; see {shown(LOGS / f'{name}.log')}", flush=True)
        counts.failed += 1
    return counts


def counted(report: Path) -> Counts:
    """Counts of a JUnit report; none when there is no report."""
    if not report.is_file():
        return Counts()
    counts = Counts()
    for suite in ElementTree.parse(report).getroot().iter("testsuite"):
        total, skipped = int(suite.get("tests", 0)), int(suite.get("skipped", 0))
        bad = int(suite.get("failures", 0)) + int(suite.get("errors", 0))
        counts.add(Counts(max(total - skipped - bad, 0), bad, skipped))
    return counts
