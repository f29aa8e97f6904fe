"""Reading files out of a zip or a folder that somebody else made: nothing outside of it, nothing too large."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path
from typing import Protocol

from ..generators.base import EngineError
from ..npz import ZIP_ERRORS, ZIP_METHODS

MAX_MEMBERS = 50_000
MAX_TOTAL_BYTES = 4 << 30
MAX_MEMBER_BYTES = 128 << 20


class Container(Protocol):
    """Files by their names below one place, with forward slashes."""

    name: str

    def names(self) -> list[str]:
        """All files."""
        ...

    def read(self, name: str) -> bytes:
        """The content of one file. Raises `EngineError`."""
        ...


class ZipContainer:
    """Files of a zip, read in memory: they are never unpacked, so no name in it can lead anywhere."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        try:
            self._zip = zipfile.ZipFile(path)
        except ZIP_ERRORS as e:
            raise _bad(path.name, f"is no zip that can be read: {e}") from e
        infos = self._zip.infolist()
        if len(infos) > MAX_MEMBERS or sum(i.file_size for i in infos) > MAX_TOTAL_BYTES:
            raise _bad(path.name, f"is too large: at most {MAX_MEMBERS} files and {MAX_TOTAL_BYTES >> 30} GB unpacked.")

    def names(self) -> list[str]:
        """All files."""
        return [i.filename for i in self._zip.infolist() if not i.is_dir()]

    def read(self, name: str) -> bytes:
        """The content of one file. Raises `EngineError`, too when it unpacks to more than it says."""
        try:
            info = self._zip.getinfo(name)
            if info.file_size > MAX_MEMBER_BYTES:
                raise _bad(self.name, f"has {name}, which unpacks to more than {MAX_MEMBER_BYTES >> 20} MB.")
            if info.compress_type not in ZIP_METHODS:
                raise _bad(self.name, f"has {name}, which is compressed in a way that isn't read here.")
            with self._zip.open(info) as member:
                data = member.read(MAX_MEMBER_BYTES + 1)
        except ZIP_ERRORS as e:
            raise _bad(self.name, f"has {name}, which can't be read: {e}") from e
        if len(data) > MAX_MEMBER_BYTES:
            raise _bad(self.name, f"has {name}, which unpacks to more than it says.")
        return data


class FolderContainer:
    """Files of a folder; links that lead out of it are refused."""

    def __init__(self, path: Path) -> None:
        self.name = path.name
        self._root = path.resolve()

    def names(self) -> list[str]:
        """All files, in alphabetical order."""
        found = []
        for count, path in enumerate(self._root.rglob("*"), 1):
            if count > MAX_MEMBERS:
                raise _bad(self.name, f"has more than {MAX_MEMBERS} files and folders.")
            if path.is_file():
                found.append(path.relative_to(self._root).as_posix())
        return sorted(found)

    def path(self, name: str) -> Path:
        """Where a file lies. Raises `EngineError` when that is outside of the folder, or nothing is there."""
        try:
            path = (self._root / name.replace("\\", "/")).resolve()
            inside = self._root in path.parents
            if inside and path.is_file():
                return path
        except (OSError, ValueError) as e:
            raise _bad(self.name, f"names the file {name!r}, which can't be read: {e}") from e
        raise _bad(self.name, f"names the file {name!r}, which {'is missing' if inside else 'lies outside of it'}.")

    def read(self, name: str) -> bytes:
        """The content of one file. Raises `EngineError`."""
        path = self.path(name)
        try:
            if path.stat().st_size > MAX_MEMBER_BYTES:
                raise _bad(self.name, f"has {name}, which is larger than {MAX_MEMBER_BYTES >> 20} MB.")
            return path.read_bytes()
        except OSError as e:
            raise _bad(self.name, f"has {name}, which can't be read: {e}") from e


def csv_text(container: Container, name: str) -> io.StringIO:
    """A table's text, of which a byte-order mark is taken away. Raises `EngineError` when it isn't UTF-8."""
    try:
        return io.StringIO(container.read(name).decode("utf-8-sig"))
    except UnicodeDecodeError as e:
        raise _bad(container.name, f"has {name}, which is not UTF-8 text: {e}") from e


def _bad(name: str, what: str) -> EngineError:
    return EngineError("bad_file", f"{name} {what}")
