"""Codes to features by ONNX Runtime: the tokenizer's decoder without torch."""
# pyright: reportMissingImports=false

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ..bundle import Bundle
from .assembling import assembled, read_statistics
from .features import PARTS

Array = NDArray[np.floating]
PROVIDERS = ("CUDAExecutionProvider", "CPUExecutionProvider")
"""Where to run, the best first; those that this build of ONNX Runtime lacks are passed over."""


class OnnxDecoder:
    """The three decoders of a bundle."""

    def __init__(self, bundle: Bundle, threads: int | None = None) -> None:
        self._sessions = {part: _session(bundle, part, threads) for part in PARTS}
        self._codes = {part: sizes["codes"] for part, sizes in bundle.manifest.model["tokenizer"].items()}
        self._mean, self._std = read_statistics(bundle)

    @property
    def provider(self) -> str:
        """Where it runs."""
        return self._sessions["body"].get_providers()[0]

    def decode(self, codes: Mapping[str, Sequence[int]]) -> Array:
        """Codes by part to (T, 133) features; parts may differ in length (see `assembled`)."""
        return assembled({part: self._decode(part, codes[part]) for part in PARTS}) * self._std + self._mean

    def _decode(self, part: str, codes: Sequence[int]) -> Array | None:
        if len(codes) == 1:
            return None
        known = np.minimum(np.asarray(codes, dtype=np.int64), self._codes[part] - 1)
        return self._sessions[part].run(None, {"codes": known[None]})[0][0]


def _session(bundle: Bundle, part: str, threads: int | None) -> Any:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or min(os.cpu_count() or 1, 4)
    options.inter_op_num_threads = 1
    # a pool that spins takes a core from Blender
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    there = onnxruntime.get_available_providers()
    path = bundle.file(f"decoder_{part}.onnx")
    return onnxruntime.InferenceSession(str(path), options, providers=[p for p in PROVIDERS if p in there])
