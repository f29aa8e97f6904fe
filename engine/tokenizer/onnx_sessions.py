"""Opening ONNX files with the settings that serve inference beside Blender."""
# pyright: reportMissingImports=false

from __future__ import annotations

from typing import Any, Final, Literal

import onnxruntime

from ..bundle import Bundle, BundleError
from ..devices import cores

Device = Literal["cpu", "cuda"]
_PROVIDERS: Final = {"cpu": "CPUExecutionProvider", "cuda": "CUDAExecutionProvider"}
_MOST_THREADS: Final = 8
"""Single sentences are bound by memory, which a few cores fill."""


def open_session(bundle: Bundle, name: str, device: Device = "cpu", threads: int | None = None) -> Any:
    """A session over one file of a bundle. threads: by the cores that there are, unless said otherwise.

    Raises `BundleError` when the file can't be run here, which for `cuda` may be the driver's fault.
    """
    path = bundle.file(name)
    if _PROVIDERS[device] not in onnxruntime.get_available_providers():
        raise BundleError(f"This build of ONNX Runtime can't use {device}.")
    providers = list(dict.fromkeys([_PROVIDERS[device], _PROVIDERS["cpu"]]))
    try:
        session = onnxruntime.InferenceSession(str(path), _options(threads), providers=providers)
    except Exception as e:  # ONNX Runtime raises classes of its own for whatever is wrong with a file
        raise BundleError(f"{name} in {bundle.folder.name} can't be run by ONNX Runtime: {_first_line(e)}") from e
    if session.get_providers()[0] != _PROVIDERS[device]:
        raise BundleError(f"ONNX Runtime can't start {device}: are the driver and its libraries fit?")
    return session


def _options(threads: int | None) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or min(cores(), _MOST_THREADS)
    options.inter_op_num_threads = 1
    # patterns are kept for every length there was, and lengths differ from step to step
    options.enable_mem_pattern = False
    # a pool that spins takes a core from Blender
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    options.log_severity_level = 3
    return options


def _first_line(error: Exception) -> str:
    return str(error).strip().partition("\n")[0][:300]
