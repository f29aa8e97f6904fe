"""A model on disk: a folder with a manifest that says what it is, whose it is, and the hash of each of its files.

Folders of models come from anywhere, so nothing in a manifest is believed before its kind and size were checked.
"""

from __future__ import annotations

import hashlib
import json
import re
import stat
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path, PurePosixPath
from typing import Any, Final

MANIFEST: Final = "manifest.json"
FORMAT: Final = 1
MAX_MANIFEST_BYTES: Final = 4 << 20
MAX_BYTES: Final = 32 << 30
"""Of all files of a bundle."""
MAX_FILES: Final = 256
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_RESERVED: Final = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices."""


class BundleError(ValueError):
    """A bundle that can't be used; the message says which file is wrong and how."""


@dataclass(frozen=True)
class File:
    """What the manifest says of one file."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Manifest:
    """kind: which system it is of (`soke`, `signllm`). model: sizes and settings that this generator needs to build it.

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
    def open(cls, folder: Path, *kinds: str, check_hashes: bool = True) -> Bundle:
        """Read the manifest and check that every file is there as it says. kinds: those that it may be of.

        Raises `BundleError`.
        """
        manifest = _read_manifest(folder)
        if manifest.kind not in kinds:
            wanted = " or ".join(map(repr, kinds))
            raise BundleError(f"{folder.name} is a bundle for {manifest.kind!r}, not for {wanted}.")
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
            status = path.stat()
        except OSError as e:
            raise BundleError(f"{self.folder.name} lacks {name}, which its manifest names.") from e
        if not stat.S_ISREG(status.st_mode):
            raise BundleError(f"{name} in {self.folder.name} is no plain file.")
        if status.st_size != file.bytes:
            raise BundleError(
                f"{name} in {self.folder.name} has {status.st_size} bytes, its manifest says {file.bytes}: "
                "it wasn't copied whole, or it was changed."
            )
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
        size = path.stat().st_size
        text = path.read_bytes() if size <= MAX_MANIFEST_BYTES else b""
    except OSError as e:
        raise BundleError(f"{folder.name} is no bundle: it has no {MANIFEST}.") from e
    if size > MAX_MANIFEST_BYTES:
        raise BundleError(f"{MANIFEST} in {folder.name} is larger than {MAX_MANIFEST_BYTES >> 20} MB.")
    try:
        return _manifest(json.loads(text.decode("utf-8")), folder.name)
    except _Wrong as e:
        raise BundleError(f"{MANIFEST} in {folder.name} is wrong: {e}.") from e
    except BundleError:
        raise
    except (ValueError, RecursionError) as e:
        raise BundleError(f"{MANIFEST} in {folder.name} can't be read: {e}.") from e


class _Wrong(Exception):
    """What is wrong with a manifest."""


def _manifest(data: Any, folder: str) -> Manifest:
    if not isinstance(data, dict):
        raise _Wrong("it holds no fields")
    names = {"format", *(f.name for f in fields(Manifest))}
    if missing := names - data.keys():
        raise _Wrong(f"it lacks {', '.join(sorted(missing))}")
    if data["format"] != FORMAT:
        raise BundleError(f"{folder} was written by another version of Signwright.")
    if unknown := data.keys() - names:
        raise _Wrong(f"it has the unknown fields {', '.join(sorted(unknown))}")
    for name in ("kind", "name", "licence", "provenance"):
        if not isinstance(data[name], str):
            raise _Wrong(f"{name} is no text")
    languages = data["languages"]
    if not isinstance(languages, list) or not all(isinstance(x, str) for x in languages):
        raise _Wrong("languages is no list of codes")
    if not isinstance(data["model"], dict):
        raise _Wrong("model holds no fields")
    del data["format"]
    return Manifest(**{**data, "languages": tuple(languages), "files": _files(data["files"])})


def _files(data: Any) -> dict[str, File]:
    if not isinstance(data, dict) or len(data) > MAX_FILES:
        raise _Wrong(f"files doesn't hold up to {MAX_FILES} names")
    files = {_inside(name): _file(name, values) for name, values in data.items()}
    if sum(file.bytes for file in files.values()) > MAX_BYTES:
        raise _Wrong(f"its files are larger than {MAX_BYTES >> 30} GB")
    return files


def _file(name: str, values: Any) -> File:
    if not isinstance(values, dict) or set(values) != {"bytes", "sha256"}:
        raise _Wrong(f"the file {name} needs bytes and sha256, and nothing else")
    size, digest = values["bytes"], values["sha256"]
    if type(size) is not int or size < 0:
        raise _Wrong(f"bytes of {name} is no whole number")
    if not isinstance(digest, str) or not _SHA256.fullmatch(digest):
        raise _Wrong(f"sha256 of {name} isn't 64 digits of 0 to f")
    return File(size, digest)


def _inside(name: str) -> str:
    """The name, if it is a plain one that stays inside of the folder on every system."""
    path = PurePosixPath(name)
    plain = name and not path.is_absolute() and str(path) == name and not re.search(r'[\x00-\x1f\\:*?"<>|]', name)
    if not plain or any(x == ".." or _RESERVED.fullmatch(x) for x in path.parts):
        raise BundleError(f"The manifest names a file outside of its folder: {name!r}.")
    return name


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
