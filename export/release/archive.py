"""The release zip: what a user installs in Blender. Same input, same bytes."""

from __future__ import annotations

import ast
import hashlib
import os
import re
import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from . import native
from .console import BuildError, run, shown
from .environments import Environment, file_hash, isolated, module_folder
from .paths import BUILD, DIST, ROOT

_FOLDERS = ("addon", "engine", "blender_scenes")
NOT_SHIPPED = ("training", "metrics", "prompt2sign")
"""Packages of the engine that only those need who make models or measure."""
_LEFT_OUT = (
    *(f"engine/{name}/" for name in NOT_SHIPPED),
    "engine/requirements.in",
    "engine/requirements_native.in",
    "addon/blender_manifest.toml",
)
_JUNK = re.compile(r"(^|/)(__pycache__|\.[^/]*)(/|$)|\.(py[cod]|blend1|part|orig|log)$|~$")
_COMPILED = re.compile(r"runtime/cp\d+/")
_KEPT_METADATA = re.compile(r"/(METADATA$|licen[cs]es/|LICEN[CS]E|COPYING|NOTICE|AUTHORS)")
_DATE = (2026, 1, 1, 0, 0, 0)
_INIT = '''"""Signwright: turns text into editable sign-language animation."""

from .addon import register, unregister

__all__ = ["register", "unregister"]
'''
MAX_ZIP_BYTES = 90_000_000
"""Compiled packages take 24 to 33 MB of it, a platform's three Pythons together; the embedded model may take 40 MB."""
SMALL_WORD_LIST = 400_000
"""Bytes of a list of word forms that ships even for a language that can only be spelled."""


@dataclass(frozen=True)
class Release:
    """A built zip and what is known about it."""

    path: Path
    version: str
    platform: str

    @property
    def size(self) -> int:
        """Bytes of the zip."""
        return self.path.stat().st_size


def version() -> str:
    """The version that `engine/__init__.py` states; nothing is imported."""
    tree = ast.parse((ROOT / "engine/__init__.py").read_text("utf-8"))
    for node in tree.body:
        if isinstance(node, ast.Assign) and getattr(node.targets[0], "id", "") == "__version__":
            return str(ast.literal_eval(node.value))
    raise BuildError("engine/__init__.py doesn't state __version__.")


def build(environment: Environment, target: native.Platform | None = None) -> Release:
    """Make `dist/signwright-<version>-<platform>.zip`; `environment` is one whose pip unpacks the bundled packages.

    target: the platform, by default that of this machine. A zip that was made of the same files stays as it is.
    """
    target = target or native.this_platform()
    files: dict[str, Path | bytes] = dict(_project_files())
    files.update(_runtime_files(_runtime(environment), environment))
    files.update(native.files(target, environment))
    files["__init__.py"] = _INIT.encode()
    files["blender_manifest.toml"] = manifest(target).encode()
    release = Release(DIST / f"signwright-{version()}-{target.suffix}.zip", version(), target.name)
    write_once(files, release.path)
    if release.size > MAX_ZIP_BYTES:
        raise BuildError(f"{shown(release.path)} has {release.size / 1e6:.0f} MB, over {MAX_ZIP_BYTES / 1e6:.0f} MB.")
    return release


def validate(release: Release, environment: Environment) -> None:
    """Blender's own validator over the zip, and its own builder over the zip's content; once for the same zip.

    Compiled packages are left out of what is built, which takes a minute of packing less.
    """
    digest = file_hash(release.path)
    stamp = BUILD / "validated" / f"{release.path.stem}-{environment.name}.txt"
    if stamp.is_file() and stamp.read_text() == digest:
        return
    tool = next(module_folder(environment).glob("*/scripts/addons_core/bl_pkg/cli/blender_ext.py"))
    run([environment.python, tool, "validate", release.path], "validate", env=isolated())
    unpacked = BUILD / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    with zipfile.ZipFile(release.path) as archive:
        names = [name for name in archive.namelist() if not _COMPILED.match(name)]
        archive.extractall(unpacked, names)
    rebuilt = BUILD / "rebuilt.zip"
    command = [environment.python, tool, "build", "--source-dir", unpacked, "--output-filepath", rebuilt]
    run(command, "blender-build", env=isolated())
    with zipfile.ZipFile(rebuilt) as theirs:
        lost = set(names) ^ {n for n in theirs.namelist() if not n.endswith("/")}
    if lost:
        raise BuildError(f"Blender's own builder packs other files than we do: {', '.join(sorted(lost)[:10])}")
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(digest)


def _project_files() -> Iterator[tuple[str, Path]]:
    for name in ("LICENSE", "THIRD_PARTY.md"):
        yield name, ROOT / name
    for folder in _FOLDERS:
        for path in sorted((ROOT / folder).rglob("*")):
            name = path.relative_to(ROOT).as_posix()
            if path.is_file() and not _JUNK.search(name) and not name.startswith(_LEFT_OUT):
                yield name, path


def manifest(target: native.Platform) -> str:
    """The manifest with version and platform filled in."""
    text = (ROOT / "addon/blender_manifest.toml").read_text("utf-8")
    for key, value in (("version", f'"{version()}"'), ("platforms", f'["{target.name}"]')):
        text, count = re.subn(rf"^{key} = .*$", f"{key} = {value}", text, flags=re.MULTILINE)
        if count != 1:
            raise BuildError(f"addon/blender_manifest.toml needs one line `{key} = ...`.")
    return text


def _runtime(environment: Environment) -> Path:
    """Folder with the engine's pure-Python packages, unpacked once for each state of their requirements."""
    requirements = ROOT / "engine/requirements.txt"
    folder = BUILD / "runtime" / file_hash(requirements)[:16]
    if folder.is_dir():
        return folder
    partial = folder.with_suffix(".part")
    shutil.rmtree(partial, ignore_errors=True)
    command = [environment.ensure(), "-m", "pip", "install", "--disable-pip-version-check", "--no-input"]
    command += ["--no-compile", "--no-deps", "--only-binary", ":all:", "--require-hashes"]
    command += ["--target", partial, "-r", requirements]
    run(command, "pip-runtime")
    if binary := [p for p in partial.rglob("*") if p.suffix in (".so", ".pyd", ".dylib", ".dll")]:
        raise BuildError(f"engine/requirements.txt must hold pure-Python packages only, but brings {binary[0].name}.")
    partial.rename(folder)
    return folder


def _runtime_files(folder: Path, environment: Environment) -> Iterator[tuple[str, Path]]:
    signed, spelled = _lemma_languages(environment)
    for path in sorted(folder.rglob("*")):
        name = path.relative_to(folder).as_posix()
        if not path.is_file() or _JUNK.search(name) or name.startswith("bin/"):
            continue
        if ".dist-info/" in name and not _KEPT_METADATA.search(name):
            continue
        small = path.stem in spelled and path.stat().st_size <= SMALL_WORD_LIST
        if path.suffix == ".plzma" and path.stem not in signed and not small:
            continue
        yield f"runtime/{name}", path


def _lemma_languages(environment: Environment) -> tuple[set[str], set[str]]:
    """Spoken languages that the lexicon has signs for, and those that it has only letters for, which a user may add
    signs to: the word forms of all other languages, and large ones of the latter, stay out of the zip."""
    code = "from engine.languages import with_signs; print(*{f'{x.spoken}={x.signs}' for x in with_signs()})"
    found = [entry.split("=") for entry in run([environment.python, "-c", code], "languages", env=isolated()).split()]
    signed = {spoken for spoken, signs in found if int(signs)}
    return signed, {spoken for spoken, _ in found} - signed


def write_once(files: dict[str, Path | bytes], target: Path) -> None:
    """Write the zip, unless one of the same content lies there: packing takes longer than reading."""
    digest = hashlib.sha256()
    for name in sorted(files):
        content = files[name]
        data = content if isinstance(content, bytes) else content.read_bytes()
        digest.update(f"{name}\0{len(data)}\0".encode() + data)
    stamp = BUILD / "packed" / f"{target.stem}.txt"
    found = f"{digest.hexdigest()} {file_hash(target)}" if target.is_file() else ""
    if stamp.is_file() and stamp.read_text() == found:
        return
    target.parent.mkdir(exist_ok=True)
    partial = target.with_suffix(f".{os.getpid()}.part")
    try:
        write(files, partial)
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.write_text(f"{digest.hexdigest()} {file_hash(target)}")


def write(files: dict[str, Path | bytes], target: Path) -> None:
    """Zip the files, by name, with one date and one mode: the same files give the same bytes."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            content = files[name]
            info = zipfile.ZipInfo(name, _DATE)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o100644 << 16
            info.create_system = 3
            archive.writestr(info, content if isinstance(content, bytes) else content.read_bytes())
