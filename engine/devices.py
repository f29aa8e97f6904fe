"""What models can compute on here: the processor, and NVIDIA cards as their driver tells, without loading torch."""

from __future__ import annotations

import ctypes
import importlib.util
import os
import re
import sys
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any, Final

from . import native

_DRIVER: Final = "nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1"
_NAME_BYTES: Final = 256
_CUDA_VERSION = re.compile(r"^cuda\b[^=]*=\s*['\"](\d+)\.(\d+)['\"]", re.MULTILINE)


@dataclass(frozen=True)
class Card:
    """A graphics card. memory: bytes."""

    name: str
    memory: int


@dataclass(frozen=True)
class Torch:
    """An installed PyTorch. cuda: version that it was built for, (0, 0) for the processor alone."""

    version: str
    cuda: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Cards:
    """The cards that PyTorch can use here; problem: why there are none, where there should be some."""

    cards: tuple[Card, ...] = ()
    problem: str = ""


def cores() -> int:
    """Cores that this process may use."""
    usable = getattr(os, "sched_getaffinity", None)
    return len(usable(0)) if usable else os.cpu_count() or 1


@cache
def onnx_runtime() -> str:
    """Version of the installed ONNX Runtime, empty when there is none."""
    if importlib.util.find_spec("onnxruntime") is None:
        return ""
    found = (_version(name) for name in ("onnxruntime", "onnxruntime-gpu"))
    return next((version for version in found if version), "unknown")


@cache
def torch() -> Torch | None:
    """The installed PyTorch, found without importing it, which takes seconds."""
    spec = importlib.util.find_spec("torch")
    if spec is None or spec.origin is None:
        return None
    try:
        written = (Path(spec.origin).parent / "version.py").read_text(encoding="utf-8")
    except OSError:
        written = ""
    match = _CUDA_VERSION.search(written)
    return Torch(_version("torch"), (int(match[1]), int(match[2])) if match else (0, 0))


@cache
def cards() -> Cards:
    """The NVIDIA cards that the installed PyTorch can use. None, and no problem, where it is built without CUDA."""
    found = torch()
    return Cards() if found is None or found.cuda == (0, 0) else cards_for(found.cuda)


def cards_for(cuda: tuple[int, int]) -> Cards:
    """The NVIDIA cards that programs built for this version of CUDA can use here."""
    try:
        driver = ctypes.CDLL(_DRIVER)
        _ask(driver, "cuInit", ctypes.c_uint(0))
        version = _number(driver, "cuDriverGetVersion")
    except (OSError, AttributeError, _DriverError) as e:
        return Cards(problem=f"No NVIDIA driver answers ({e}).")
    # from CUDA 11 on, a driver runs all minor versions of its major one
    if version // 1000 < cuda[0]:
        has, needs = f"{version // 1000}.{version % 1000 // 10}", ".".join(map(str, cuda))
        return Cards(problem=f"The NVIDIA driver is too old: it has CUDA {has}, and PyTorch needs {needs}.")
    try:
        return Cards(tuple(_card(driver, i) for i in range(_number(driver, "cuDeviceGetCount"))))
    except (AttributeError, _DriverError) as e:
        return Cards(problem=f"The NVIDIA driver doesn't tell its cards ({e}).")


def described() -> list[dict[str, Any]]:
    """The devices as the protocol has them; one called `cuda` where there is a card."""
    count = cores()
    result: list[dict[str, Any]] = [
        {"id": "cpu", "name": f"CPU ({count} core{'s' if count != 1 else ''})", "cores": count}
    ]
    if cards().cards:
        first = cards().cards[0]
        result.append({"id": "cuda", "name": first.name, "cores": 0, "memory_gb": round(first.memory / 2**30, 1)})
    return result


def runtime() -> dict[str, str]:
    """What runs models here, in words, and why not something quicker."""
    found, onnx = torch(), onnx_runtime()
    if found is not None:
        where = f"CUDA {'.'.join(map(str, found.cuda))}" if cards().cards else "CPU"
        return {"name": "torch", "label": f"PyTorch {found.version} ({where})", "note": cards().problem}
    if onnx:
        return {"name": "base", "label": f"ONNX Runtime {onnx} (CPU)", "note": native.note()}
    lacking = native.note() or "ONNX Runtime isn't installed: install Signwright again."
    return {"name": "none", "label": "none", "note": lacking}


def forget() -> None:
    """Look anew at what is installed."""
    for known in (onnx_runtime, torch, cards):
        known.cache_clear()


class _DriverError(Exception):
    """The driver answered with an error's number."""


def _ask(driver: Any, name: str, *arguments: Any) -> None:
    code = getattr(driver, name)(*arguments)
    if code:
        raise _DriverError(f"{name}: error {code}")


def _number(driver: Any, name: str) -> int:
    value = ctypes.c_int(0)
    _ask(driver, name, ctypes.byref(value))
    return value.value


def _card(driver: Any, index: int) -> Card:
    device, name, memory = ctypes.c_int(0), ctypes.create_string_buffer(_NAME_BYTES), ctypes.c_size_t(0)
    _ask(driver, "cuDeviceGet", ctypes.byref(device), ctypes.c_int(index))
    _ask(driver, "cuDeviceGetName", name, ctypes.c_int(_NAME_BYTES), device)
    _ask(driver, "cuDeviceTotalMem_v2", ctypes.byref(memory), device)
    return Card(name.value.decode("utf-8", "replace"), memory.value)


def _version(package: str) -> str:
    try:
        return metadata.version(package)
    except metadata.PackageNotFoundError:
        return ""
