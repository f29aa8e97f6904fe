"""The demo: text in, a rendered signing video out, through the extension's own operators in a Blender of its own."""

from __future__ import annotations

import json
import re
import time
import unicodedata
from pathlib import Path

from . import archive, environments, profile
from .console import BuildError, Stages, run, shown
from .paths import BUILD, ROOT

_DRIVER = ROOT / "export/release/blender_demo.py"
_NAME_LENGTH = 60
_NAME_BYTES = 120
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)$", re.IGNORECASE)
_STAGE = re.compile(r"^STAGE (.+): ([\d.]+) s$", re.MULTILINE)
_PROBLEM = re.compile(r"^\s*PROBLEM (.+)$", re.MULTILINE)

Made = list[tuple[Path, str]]
"""Files and what each one is."""


def run_demo(text: str, language: str, folder: Path, blender: str | None, stages: Stages) -> Made:
    """Set up, build, install, sign `text`, render. Returns what was made; raises `BuildError` when anything failed."""
    if not text.strip():
        raise BuildError('there is no text to sign. For example: build_addon.py demo "Hello, my name is Anna."')
    folder = _writable(folder)
    environment = environments.blender(blender or environments.default_blender())
    with stages.stage(f"environment {environment.name}"):
        environment.ensure()
    with stages.stage("build the extension"):
        release = archive.build(environment)
        archive.validate(release, environment)
    with stages.stage("install it in an isolated profile"):
        variables = profile.install(release.path, environment, BUILD / "profile" / environment.name)
    job, result = BUILD / "demo-job.json", BUILD / "demo-result.json"
    stem = safe_name(text)
    job.write_text(json.dumps({"text": text, "language": language, "folder": str(folder), "stem": stem}), "utf-8")
    print("==> sign and render, in Blender", flush=True)
    begin = time.monotonic()
    output = _drive([environment.python, _DRIVER, job, result], variables)
    parts = [(title, float(seconds)) for title, seconds in _STAGE.findall(output)]
    stages.note("start and end Blender", time.monotonic() - begin - sum(seconds for _, seconds in parts))
    for title, seconds in parts:
        stages.note(title, seconds)
    made = json.loads(result.read_text("utf-8"))
    return [(release.path, "the extension, to install in Blender"), *((Path(p), note) for p, note in made)]


def safe_name(text: str) -> str:
    """A file name for a text: its letters and digits of any script, words joined by `_`, bounded in length."""
    words = "".join(
        c if unicodedata.category(c)[0] in "LNM" else " " for c in unicodedata.normalize("NFC", text)
    ).split()
    name = ""
    for word in words:
        longer = f"{name}_{word}" if name else word[:_NAME_LENGTH]
        if len(longer) > _NAME_LENGTH or len(longer.encode()) > _NAME_BYTES:
            break
        name = longer
    if not name and words:
        name = words[0].encode()[:_NAME_BYTES].decode("utf-8", "ignore")
    return f"_{name}" if _RESERVED.match(name) else name or "signing"


def _drive(command: list[Path], variables: dict[str, str]) -> str:
    try:
        return run(command, "demo", env=variables, echo=r"^STAGE |^WARNING |^PROBLEM ")
    except BuildError as e:
        if problem := _PROBLEM.search(str(e)):
            raise BuildError(f"{problem[1]}\n  Log: {shown(BUILD / 'logs/demo.log')}") from e
        raise


def _writable(folder: Path) -> Path:
    folder = folder.expanduser().resolve()
    probe = folder / ".signwright-probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as e:
        raise BuildError(f"nothing can be written to {folder}: {e.strerror}. Choose another folder with --out.") from e
    return folder
