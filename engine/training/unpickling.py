"""Reading pickles of arrays and plain values that somebody else made, without running anything in them.

No class of the file is ever looked up: NumPy's arrays and types are stood in for by holders that only keep what the
file says, and real arrays are made from these afterwards, once sizes are checked. NumPy 1 and 2 call their modules
differently; both are known. Python's own unpickler is used instead of the one in C, which reserves as much memory as an
index in the file asks for.
"""

from __future__ import annotations

import io
import math
import pickle
import struct
from collections.abc import Callable
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

_ERRORS = (
    pickle.UnpicklingError, EOFError, ValueError, TypeError, KeyError, IndexError, AttributeError, OverflowError,
    MemoryError, RecursionError, NotImplementedError, struct.error,
)  # fmt: skip
"""What Python's unpickler raises for damaged files."""
_NUMBERS: Final = "biuf"
_MODULES: Final = (
    "numpy",
    "numpy.core.multiarray",
    "numpy._core.multiarray",
    "numpy.core.numeric",
    "numpy._core.numeric",
)
_DEEPEST: Final = 64


class PickleRefused(ValueError):
    """A pickle that can't be read or asks for something else than arrays and plain values."""


class _Refusing:
    """A callable of the file's that takes no state: nothing here can be changed from inside of a file."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        object.__setattr__(self, "_call", call)

    def __call__(self, *args: Any) -> Any:
        return self._call(*args)

    def __setattr__(self, name: str, value: Any) -> None:
        raise pickle.UnpicklingError("it changes what it may only call")

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("it changes what it may only call")


class _Type:
    """Stands for a NumPy type."""

    def __init__(self, code: Any, *_: Any) -> None:
        self.code, self.order = str(code), "="

    def __setstate__(self, state: Any) -> None:
        _, order, subtype, names, fields, *_ = state
        if subtype is not None or names is not None or fields is not None:
            raise pickle.UnpicklingError("it holds an array of records")
        self.order = str(order)

    def made(self) -> np.dtype[Any]:
        """The type, if it is one of real numbers or text."""
        dtype = np.dtype(self.code)
        if dtype.kind not in _NUMBERS + "US":
            raise pickle.UnpicklingError(f"it holds an array of {dtype}, where real numbers or text should be")
        if self.order == "<":
            return dtype.newbyteorder("<")
        return dtype.newbyteorder(">") if self.order == ">" else dtype


class _Array:
    """Stands for an array, or for a scalar when its shape is `()`."""

    def __init__(self, shape: Any = (), dtype: Any = None, data: Any = b"", order: str = "C") -> None:
        self.shape, self.dtype, self.data, self.order = shape, dtype, data, order

    def __setstate__(self, state: Any) -> None:
        *_, self.shape, self.dtype, fortran, self.data = state
        self.order = "F" if fortran else "C"

    def made(self) -> NDArray[Any]:
        """The array; its bytes must be as many as its shape says."""
        if not isinstance(self.dtype, _Type) or not isinstance(self.data, bytes | bytearray):
            raise pickle.UnpicklingError("it holds an array of objects")
        dtype = self.dtype.made()
        shape = tuple(int(n) for n in self.shape)
        if min(shape, default=0) < 0 or math.prod(shape) * dtype.itemsize != len(self.data):
            raise pickle.UnpicklingError(f"an array of the shape {shape} has {len(self.data)} bytes")
        return np.frombuffer(self.data, dtype).reshape(shape, order="F" if self.order == "F" else "C")


def _encoded(text: Any, encoding: Any = "latin1") -> bytes:
    if not isinstance(text, str) or encoding != "latin1":
        raise pickle.UnpicklingError("it holds bytes in an odd way")
    return text.encode("latin1")


def _collected(kind: Callable[..., Any]) -> Callable[..., Any]:
    """A container of what a list in the file holds; never of a size that a number in it says."""

    def make(values: Any = ()) -> Any:
        if not isinstance(values, list | tuple):
            raise pickle.UnpicklingError("it makes a container of something odd")
        return kind(values)

    return make


_ADMITTED: Final[dict[str, Callable[..., Any]]] = {
    "ndarray": lambda *args: _Array(),
    "_reconstruct": lambda *args: _Array(),
    "dtype": _Type,
    "scalar": lambda dtype, data=b"": _Array((), dtype, data),
    "_frombuffer": lambda data, dtype, shape, order="C": _Array(shape, dtype, data, order),
}


_BUILTINS: Final = {
    name: _collected(kind)
    for name, kind in {"bytes": bytes, "bytearray": bytearray, "set": set, "frozenset": frozenset}.items()
}


class _ArraysOnly(pickle._Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if module in _MODULES and name in _ADMITTED:
            return _Refusing(_ADMITTED[name])
        if module in ("builtins", "__builtin__") and name in _BUILTINS:
            return _Refusing(_BUILTINS[name])
        if module == "_codecs" and name == "encode":
            return _Refusing(_encoded)
        raise pickle.UnpicklingError(f"it asks for {module}.{name}, and may hold arrays and plain values only")


def read_pickle(data: bytes) -> Any:
    """What a pickle holds: dicts, lists, tuples, sets, numbers, texts, bytes and arrays. Raises `PickleRefused`."""
    try:
        return _plain(_ArraysOnly(io.BytesIO(data), encoding="latin1").load(), 0)
    except _ERRORS as e:
        raise PickleRefused(f"it is damaged or not admitted: {e}") from e


def _plain(value: Any, depth: int) -> Any:
    """The value with real arrays in place of the holders."""
    if depth > _DEEPEST:
        raise pickle.UnpicklingError(f"it is nested more than {_DEEPEST} deep")
    if isinstance(value, _Array):
        array = value.made()
        return array[()] if array.shape == () else array
    if isinstance(value, dict):
        return {key: _plain(inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return type(value)(_plain(inner, depth + 1) for inner in value)
    if value is None or isinstance(value, bool | int | float | str | bytes | bytearray):
        return value
    raise pickle.UnpicklingError(f"it holds a {type(value).__name__}")
