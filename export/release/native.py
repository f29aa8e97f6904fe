"""The compiled packages of the zip: ONNX Runtime and SentencePiece, for each Python that Blender has on a platform."""

from __future__ import annotations

import platform
import re
import shutil
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .console import BuildError, run
from .environments import Environment, file_hash
from .paths import BUILD, ROOT

REQUIREMENTS = ROOT / "engine/requirements_native.txt"
PYTHONS = ("3.11", "3.13", "3.14")
"""Pythons of the Blenders that are served: 3.11 of 4.5 and 5.0, 3.13 of 5.2, 3.14 of distributions' own builds."""
_LICENCES = Path(__file__).with_name("licences")
_KEPT = re.compile(
    r"""
    onnxruntime/ (__init__\.py | capi/[^/]+\.py | capi/(lib)?onnxruntime_(pybind11_state|providers_shared)\.[^/]+ )
    | sentencepiece/ (__init__\.py | _version\.py | _sentencepiece[^/]* )
    | sentencepiece\.libs/ .+
    """,
    re.VERBOSE,
)
"""What inference needs. ONNX Runtime's module holds the whole runtime; the library beside it serves C++ programs."""
_MODULES = ("/onnxruntime_pybind11_state", "/_sentencepiece")
_NOTICES = re.compile(r"(?P<package>\w+)/(?P<name>LICENSE|ThirdPartyNotices\.txt)")
_METADATA = re.compile(r"[^/]+\.dist-info/METADATA")


@dataclass(frozen=True)
class Platform:
    """A platform by Blender's name, and the tags that pip knows its wheels by, the widest first."""

    name: str
    tags: tuple[str, ...]

    @property
    def suffix(self) -> str:
        """The name as Blender's own builder puts it into a zip's name."""
        return self.name.replace("-", "_")


PLATFORMS = {
    p.name: p
    for p in (
        Platform("linux-x64", ("manylinux_2_28_x86_64", "manylinux_2_27_x86_64", "manylinux_2_17_x86_64")),
        Platform("macos-arm64", ("macosx_14_0_arm64", "macosx_11_0_arm64")),
        Platform("windows-x64", ("win_amd64",)),
    )
}


def this_platform() -> Platform:
    """The platform of this machine. Raises `BuildError` where no zip is made for it."""
    systems = {"linux": "linux", "darwin": "macos", "win32": "windows"}
    machines = {"x86_64": "x64", "amd64": "x64", "arm64": "arm64", "aarch64": "arm64"}
    machine = platform.machine().lower()
    name = f"{systems.get(sys.platform, sys.platform)}-{machines.get(machine, machine)}"
    if name not in PLATFORMS:
        raise BuildError(f"no zip is made for {name}. Choose one with --platform: {', '.join(PLATFORMS)}.")
    return PLATFORMS[name]


def folder_name(python_version: str) -> str:
    """Folder below `runtime/` of one Python's compiled packages; `engine/native.py` looks for it."""
    return f"cp{python_version.replace('.', '')}"


def files(target: Platform, environment: Environment) -> dict[str, Path]:
    """Name in the zip and file of all compiled packages for a platform.

    Licences and metadata are alike for every Python, and travel once. Raises `BuildError` when they differ, or
    when a wheel is not laid out as it is known.
    """
    found: dict[str, Path] = {}
    for version in PYTHONS:
        folder = _unpacked(target, version, environment)
        kept = dict(_kept(folder, folder_name(version)))
        if [len([n for n in kept if module in n]) for module in _MODULES] != [1, 1]:
            raise BuildError(f"the wheels for Python {version} on {target.name} don't hold the modules that are known.")
        for name, path in kept.items():
            if name in found and found[name].read_bytes() != path.read_bytes():
                raise BuildError(f"{name} differs between the wheels of two Pythons for {target.name}.")
            found[name] = path
    for name in [n for n in found if "/sentencepiece-" in n and n.endswith("/METADATA")]:
        found[name.replace("METADATA", "LICENSE")] = _LICENCES / "Apache-2.0.txt"  # its wheel brings none
    return found


def _kept(folder: Path, python: str) -> Iterator[tuple[str, Path]]:
    metadata = {p.name.partition("-")[0]: p.name for p in folder.glob("*.dist-info")}
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_dir():
            continue
        if _KEPT.fullmatch(name):
            yield f"runtime/{python}/{name}", path
        elif notice := _NOTICES.fullmatch(name):
            yield f"runtime/{metadata[notice['package']]}/{notice['name']}", path
        elif _METADATA.fullmatch(name):
            yield f"runtime/{name}", path


def _unpacked(target: Platform, python_version: str, environment: Environment) -> Path:
    """Folder with the wheels' content, unpacked once for each state of their requirements."""
    folder = BUILD / "native" / file_hash(REQUIREMENTS)[:16] / f"{target.name}-{python_version}"
    if folder.is_dir():
        return folder
    partial = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(partial, ignore_errors=True)
    command = [environment.ensure(), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--no-compile", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command += ["--implementation", "cp", "--python-version", python_version, "--abi", folder_name(python_version)]
    for tag in target.tags:
        command += ["--platform", tag]
    command += ["--target", partial, "-r", REQUIREMENTS]
    run(command, f"pip-native-{target.name}-{python_version}", echo=r"^Downloading \S+ \(\d{2,}")
    partial.rename(folder)
    return folder
