"""Reading PyTorch checkpoints that hold more than tensors, without running anything in them.

`torch.load(weights_only=True)` refuses Lightning checkpoints with configuration objects inside. Here tensors are built,
and every other class becomes an inert stub: it is never looked up, so that nothing in the file can call anything.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import collections
import pickle
from pathlib import Path
from typing import Any

import torch

_TENSOR_PARTS = {
    ("torch._utils", "_rebuild_tensor_v2"),
    ("torch._utils", "_rebuild_parameter"),
    ("torch", "Size"),
    ("torch", "device"),
    ("collections", "OrderedDict"),
}
_STORAGES = {
    f"{kind}Storage" for kind in ("Float", "Double", "Half", "BFloat16", "Long", "Int", "Short", "Char", "Byte", "Bool")
}


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


class _TensorsOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _TENSOR_PARTS:
            return collections.OrderedDict if module == "collections" else super().find_class(module, name)
        if module == "torch" and (name in _STORAGES or isinstance(getattr(torch, name, None), torch.dtype)):
            return super().find_class(module, name)
        return Stub


class _PickleModule:
    """What `torch.load` needs of the module `pickle`."""

    Unpickler = _TensorsOnly

    @staticmethod
    def load(file: Any, **kwargs: Any) -> Any:
        """Checkpoints from before PyTorch 1.6 are read by this."""
        return _TensorsOnly(file, **kwargs).load()


def load_tensors(path: Path) -> dict[str, Any]:
    """The dict at the top of a checkpoint, on the processor. Raises `CheckpointError` for anything else."""
    try:
        data = torch.load(path, map_location="cpu", pickle_module=_PickleModule, weights_only=False)
    except OSError as e:
        raise CheckpointError(f"{path.name} can't be read: {e.strerror or e}.") from e
    except (pickle.UnpicklingError, RuntimeError, EOFError, KeyError, ValueError, TypeError, AttributeError) as e:
        raise CheckpointError(f"{path.name} is no PyTorch checkpoint: {e}") from e
    if not isinstance(data, dict):
        raise CheckpointError(f"{path.name} holds no dictionary at its top.")
    return data
