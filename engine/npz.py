"""Reading `.npz` files that somebody else made: nothing is loaded whose size and kind were not checked before.

`numpy.load` allocates what a member's header claims, and lets many kinds of error through.
"""

from __future__ import annotations

import contextlib
import math
import os
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from types import TracebackType
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

ZIP_ERRORS = (OSError, ValueError, KeyError, EOFError, RuntimeError, zipfile.BadZipFile, zlib.error)
"""What `zipfile` raises for damaged, encrypted and odd files; `NotImplementedError` is a `RuntimeError`."""
ZIP_METHODS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What zips are read with; other methods have errors and limits of their own."""
NUMBERS = "biuf"
"""Kinds of types that hold real numbers."""
_TEXTS = "US"
_OTHERS = {"O": "Python objects (a pickle)", "c": "complex numbers", "U": "text", "S": "text"}


class NpzError(ValueError):
    """An `.npz` that can't be read; the message says why."""


class Npz:
    """The arrays of a file, read one by one."""

    def __init__(self, file: str | os.PathLike[str] | IO[bytes], limit: int) -> None:
        """limit: bytes that the whole may unpack to. Raises `NpzError`."""
        with _readable():
            self._zip = zipfile.ZipFile(file)
        self._infos = {n.removesuffix(".npy"): self._zip.getinfo(n) for n in self._zip.namelist() if n.endswith(".npy")}
        size = sum(i.file_size for i in self._zip.infolist())
        if size > limit:
            self._zip.close()
            raise NpzError(f"It unpacks to {size / 1e9:.1f} GB; the limit is {limit / 1e9:.1f} GB.")

    def __enter__(self) -> Npz:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._zip.close()

    @property
    def names(self) -> frozenset[str]:
        """Names of the arrays."""
        return frozenset(self._infos)

    def shape(self, name: str) -> tuple[int, ...]:
        """An array's shape, from its header alone. Raises `NpzError`."""
        with _readable(), self._member(name) as member:
            return self._header(name, member)[0]

    def read(self, name: str) -> NDArray[Any]:
        """An array of numbers or texts. Raises `NpzError`."""
        with _readable(), self._member(name) as member:
            shape, fortran, dtype = self._header(name, member)
            if dtype.kind not in NUMBERS + _TEXTS:
                raise NpzError(f"{name} holds {dtype}, neither real numbers nor text.")
            size = math.prod(shape) * dtype.itemsize
            if size != self._infos[name].file_size - member.tell():
                raise NpzError(f"{name} claims {size} bytes and has {self._infos[name].file_size - member.tell()}.")
            return np.ndarray(shape, dtype, bytearray(member.read()), order="F" if fortran else "C")

    def arrays(self, numbers: Iterable[str]) -> dict[str, NDArray[Any]]:
        """All arrays by name, without those of objects, which only unpickling could read.

        numbers: names of arrays that must hold real numbers where they are there. Raises `NpzError`.
        """
        kinds = {name: self._kind(name) for name in self._infos}
        for name in numbers:
            if kinds.get(name, "f") not in NUMBERS:
                what = _OTHERS.get(kinds[name], "data of another kind")
                raise NpzError(f"{name} holds {what}, where real numbers should be.")
        return {name: self.read(name) for name, kind in kinds.items() if kind != "O"}

    def _kind(self, name: str) -> str:
        with _readable(), self._member(name) as member:
            return self._header(name, member)[2].kind

    def _member(self, name: str) -> IO[bytes]:
        if name not in self._infos:
            raise NpzError(f"It has no array {name!r}.")
        if self._infos[name].compress_type not in ZIP_METHODS:
            raise NpzError(f"{name} is compressed in a way that isn't read here.")
        return self._zip.open(self._infos[name])

    def _header(self, name: str, member: IO[bytes]) -> tuple[tuple[int, ...], bool, np.dtype[Any]]:
        version = np.lib.format.read_magic(member)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}.get(version)
        if read is None:
            raise NpzError(f"{name} is of version {version}, which isn't read here.")
        return read(member)


def number(array: NDArray[Any]) -> float:
    """The one number that an array holds. Raises `NpzError`."""
    if array.size != 1 or array.dtype.kind not in NUMBERS:
        raise NpzError(f"There should be one number, not {array.dtype} of the shape {array.shape}.")
    return float(array.reshape(()))


@contextlib.contextmanager
def _readable() -> Iterator[None]:
    try:
        yield
    except NpzError:
        raise
    except (*ZIP_ERRORS, TypeError, OverflowError, MemoryError, SyntaxError) as e:
        raise NpzError(f"It is damaged or no .npz: {e}") from e
