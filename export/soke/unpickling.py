"""Reading PyTorch checkpoints that hold more than tensors, without running anything in them.

`torch.load(weights_only=True)` refuses Lightning checkpoints with configuration objects inside. Here tensors are built,
and every other class becomes an inert stub: it is never looked up, so that nothing in the file can call anything. Only
the zip format is read, as older ones unpack files, and no TorchScript. Python's own unpickler is used instead of the
one in C, which reserves as much memory as an index in the file asks for.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import collections
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import torch

_DTYPES: Final = {name: x for name, x in vars(torch).items() if isinstance(x, torch.dtype)}
_STORAGES: Final = {
    f"{kind}Storage": getattr(torch, f"{kind}Storage")
    for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
}
_MOST_ENTRIES: Final = 200_000
_MOST_PICKLE_BYTES: Final = 256 << 20
_ERRORS: Final = (
    pickle.UnpicklingError, RuntimeError, EOFError, LookupError, ValueError, TypeError, AttributeError, OverflowError,
    MemoryError, AssertionError, ImportError,
)  # fmt: skip
"""What torch and the unpickler raise for damaged files; a `RecursionError` is a `RuntimeError`."""


class CheckpointError(ValueError):
    """A file that is no checkpoint, or lacks a part; the message says which."""


class Stub:
    """Stands for an object of a class that is not let in; takes anything and does nothing."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        pass

    def __call__(self, *args: Any, **kwargs: Any) -> Stub:
        return self

    def __setstate__(self, state: Any) -> None:
        pass

    def __setitem__(self, key: Any, value: Any) -> None:
        pass

    def append(self, item: Any) -> None:
        """Lists and the like are filled by this."""

    def extend(self, items: Any) -> None:
        """Lists and the like are filled by this."""

    def add(self, item: Any) -> None:
        """Sets are filled by this."""


class _Call:
    """A callable that the file may call and not change."""

    __slots__ = ("_call",)

    def __init__(self, call: Callable[..., Any]) -> None:
        object.__setattr__(self, "_call", call)

    def __call__(self, *args: Any) -> Any:
        return self._call(*args)

    def __setattr__(self, name: str, value: Any) -> None:
        raise pickle.UnpicklingError("it changes what it may only call")

    def __setstate__(self, state: Any) -> None:
        raise pickle.UnpicklingError("it changes what it may only call")


def _tensor(storage: Any, offset: int, size: tuple[int, ...], stride: tuple[int, ...], *_: Any) -> torch.Tensor:
    """A tensor over its storage, which would grow if the shape asked for more."""
    if not isinstance(storage, torch.storage.TypedStorage):
        raise pickle.UnpicklingError("it makes a tensor of something else than numbers")
    numbers = (offset, *size, *stride)
    if len(size) != len(stride) or not all(type(n) is int and n >= 0 for n in numbers):
        raise pickle.UnpicklingError("it makes a tensor of an odd shape")
    numbers_there = storage._untyped_storage.nbytes() // storage.dtype.itemsize
    last = offset + sum((n - 1) * step for n, step in zip(size, stride, strict=True))
    if 0 not in size and last >= numbers_there:
        raise pickle.UnpicklingError(f"a tensor of the shape {size} has only {numbers_there} numbers")
    return torch.empty(0, dtype=storage.dtype).set_(storage._untyped_storage, offset, size, stride)


def _parameter(data: Any, *_: Any) -> torch.Tensor:
    if not isinstance(data, torch.Tensor):
        raise pickle.UnpicklingError("it makes a parameter of something else than a tensor")
    return data


def _ordered(*values: Any) -> collections.OrderedDict[Any, Any]:
    if len(values) > 1 or not all(isinstance(v, list | tuple) for v in values):
        raise pickle.UnpicklingError("it makes a dictionary of something odd")
    return collections.OrderedDict(*values)


_ADMITTED: Final[dict[tuple[str, str], Callable[..., Any]]] = {
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch", "Size"): lambda *args: tuple(*args),
    ("torch", "device"): lambda *args: None,
    ("collections", "OrderedDict"): _ordered,
}


class _TensorsOnly(pickle._Unpickler):
    # it would reserve what the file says
    dispatch = {op: load for op, load in pickle._Unpickler.dispatch.items() if op != pickle.BYTEARRAY8[0]}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _ADMITTED:
            return _Call(_ADMITTED[module, name])
        if module == "torch" and name in _STORAGES:
            return _STORAGES[name]
        if module == "torch" and name in _DTYPES:
            return _DTYPES[name]
        return Stub


class _PickleModule:
    """What `torch.load` needs of the module `pickle`."""

    Unpickler = _TensorsOnly


def load_tensors(path: Path) -> dict[str, Any]:
    """The dict at the top of a checkpoint, on the processor; tensors stay in the file until they are used.

    Raises `CheckpointError` for anything else, and `OSError`.
    """
    data = _load(path)
    if not isinstance(data, dict):
        raise CheckpointError(f"{path.name} holds no dictionary at its top.")
    return data


def load_tensor(path: Path) -> torch.Tensor:
    """The one tensor of a file. Raises `CheckpointError` for anything else, and `OSError`."""
    data = _load(path)
    if not isinstance(data, torch.Tensor):
        raise CheckpointError(f"{path.name} holds no tensor at its top.")
    return data


def _load(path: Path) -> Any:
    _check_archive(path)
    try:
        return torch.load(path, map_location="cpu", pickle_module=_PickleModule, weights_only=False, mmap=True)
    except _ERRORS as e:
        raise CheckpointError(f"{path.name} is no PyTorch checkpoint that can be read: {_first_line(e)}") from e


def _check_archive(path: Path) -> None:
    """What `torch.load` doesn't look at before it reads."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, ValueError, EOFError, NotImplementedError, RuntimeError) as e:
        raise CheckpointError(
            f"{path.name} is no PyTorch checkpoint of version 1.6 or later, which is a zip file: {e}"
        ) from e
    names = [entry.filename for entry in entries]
    if len(entries) > _MOST_ENTRIES or len(set(names)) < len(names):
        raise CheckpointError(f"{path.name} has too many entries, or one twice.")
    if any(name.rpartition("/")[2] == "constants.pkl" for name in names):
        raise CheckpointError(f"{path.name} is a TorchScript program, and a checkpoint is wanted.")
    if any(entry.compress_type != zipfile.ZIP_STORED for entry in entries):
        raise CheckpointError(f"{path.name} is a compressed zip, and checkpoints aren't: unpack it first.")
    if any(entry.file_size > _MOST_PICKLE_BYTES for entry in entries if entry.filename.endswith(".pkl")):
        raise CheckpointError(f"{path.name} has a table of contents of more than {_MOST_PICKLE_BYTES >> 20} MB.")


def _first_line(error: BaseException) -> str:
    return str(error).strip().partition("\n")[0][:300] or type(error).__name__
