"""A model on disk: a folder with a manifest that says what it is, whose it is, and the hash of each of its files."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, Final

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
MAX_MANIFEST_BYTES: Final = 4 << 20
_CHUNK = 1 << 20


class BundleError(ValueError):
    """A bundle that can't be used; the message says which file is wrong and how."""


@dataclass(frozen=True)
class File:
    """What the manifest says of one file."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """kind: which generator it is for (`soke`). model: sizes and settings that this generator needs to build it.

    licence, provenance: of the weights, in words for the user. languages: codes of the signed languages.
    """

    kind: str
    name: str
    languages: tuple[str, ...]
    licence: str
    provenance: str
    model: Mapping[str, Any]
    files: Mapping[str, File] = field(default_factory=dict)


@dataclass(frozen=True)
class Bundle:
    """An opened bundle; its files were looked for, and checked when `open` was told so."""

    folder: Path
    manifest: Manifest

    @classmethod
    def open(cls, folder: Path, kind: str, *, check_hashes: bool = True) -> Bundle:
        """Read the manifest and check that every file is there as it says. Raises `BundleError`."""
        manifest = _read_manifest(folder)
        if manifest.kind != kind:
            raise BundleError(f"{folder.name} is a bundle for {manifest.kind!r}, not for {kind!r}.")
        bundle = cls(folder, manifest)
        for name, file in manifest.files.items():
            bundle._check(name, file, check_hashes)
        return bundle

    def file(self, name: str) -> Path:
        """A file of the bundle. Raises `BundleError` when it has none of that name."""
        if name not in self.manifest.files:
            known = ", ".join(sorted(self.manifest.files))
            raise BundleError(f"{self.folder.name} lacks {name}; it has: {known}.")
        return self.folder / name

    def has(self, name: str) -> bool:
        """Whether the bundle has that file."""
        return name in self.manifest.files

    def _check(self, name: str, file: File, check_hash: bool) -> None:
        path = self.folder / name
        try:
            size = path.stat().st_size
        except OSError as e:
            raise BundleError(f"{self.folder.name} lacks {name}, which its manifest names.") from e
        if size != file.bytes:
            raise BundleError(f"{name} in {self.folder.name} has {size} bytes, its manifest says {file.bytes}.")
        if check_hash and _sha256(path) != file.sha256:
            raise BundleError(f"{name} in {self.folder.name} was changed or damaged: its hash is not the manifest's.")


def write_manifest(folder: Path, manifest: Manifest, names: list[str]) -> Bundle:
    """Write the manifest of files that lie in the folder, their sizes and hashes filled in."""
    files = {name: File((folder / name).stat().st_size, _sha256(folder / name)) for name in sorted(names)}
    complete = Manifest(**{**vars(manifest), "files": files})
    data = {"format": FORMAT, **asdict(complete)}
    (folder / MANIFEST).write_text(json.dumps(data, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return Bundle(folder, complete)


def _read_manifest(folder: Path) -> Manifest:
    path = folder / MANIFEST
    try:
        if path.stat().st_size > MAX_MANIFEST_BYTES:
            raise BundleError(f"{path.name} in {folder.name} is larger than {MAX_MANIFEST_BYTES >> 20} MB.")
        data = json.loads(path.read_text(encoding="utf-8"))
    except OSError as e:
        raise BundleError(f"{folder.name} is no bundle: it has no {MANIFEST}.") from e
    except ValueError as e:
        raise BundleError(f"{MANIFEST} in {folder.name} can't be read: {e}.") from e
    try:
        if data.pop("format") != FORMAT:
            raise BundleError(f"{folder.name} was written by another version of Signwright.")
        files = {_inside(name): File(int(f["bytes"]), str(f["sha256"])) for name, f in data.pop("files").items()}
        return Manifest(**{**data, "languages": tuple(data["languages"])}, files=files)
    except (KeyError, TypeError, AttributeError) as e:
        raise BundleError(f"{MANIFEST} in {folder.name} lacks a field or has one too many: {e}.") from e


def _inside(name: str) -> str:
    """The name, if it is a plain one that stays inside of the folder."""
    path = PurePosixPath(name)
    if path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or not name:
        raise BundleError(f"The manifest names a file outside of its folder: {name!r}.")
    return name


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()
