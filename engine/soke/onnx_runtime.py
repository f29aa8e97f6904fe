"""The generator by ONNX Runtime: what the zip runs everywhere, without torch.

The files and their inputs are those of `export/soke/onnx_generator.py`.
"""
# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle
from ..onnx_decoder import OnnxDecoder, read_input
from ..tokenizer.features import PARTS
from ..tokenizer.onnx_sessions import Device, open_session
from .runtime import Heads, Logits, Rows, RuntimeUnfit
from .vocabulary import PAD, Vocabulary

ENCODER: Final = "generator_encoder.onnx"
DECODER: Final = "generator_decoder.onnx"
_TEXT: Final = "logits_text"


class OnnxRuntime:
    """A `Runtime` over a bundle's ONNX files."""

    def __init__(
        self, bundle: Bundle, vocabulary: Vocabulary, device: Device = "cpu", threads: int | None = None
    ) -> None:
        """Load both files. Raises `BundleError`."""
        self.vocabulary = vocabulary
        self.name = f"onnx-{device}"
        self._device: Device = device
        self._encoder = open_session(bundle, ENCODER, device, threads)
        self._decoder = open_session(bundle, DECODER, device, threads)
        self._made = [x.name for x in self._decoder.get_outputs()]

    def start(self, inputs: Sequence[Rows], steps: int, heads: Heads = "parts") -> OnnxSession:
        """See `Runtime.start`. Raises `RuntimeUnfit` for words from a model that was exported without."""
        logits = [_TEXT] if heads == "text" else [f"logits_{part}" for part in PARTS]
        if heads == "text" and _TEXT not in self._made:
            raise RuntimeUnfit("This model's ONNX files give codes only, no words.")
        rows, mask = _padded(inputs)
        memory = read_input(self._encoder, self._device, {"rows": rows, "mask": mask})
        return OnnxSession(OnnxDecoder(self._decoder, self._device, memory, {"mask": mask}, logits))


class OnnxSession:
    """A batch under way."""

    def __init__(self, decoder: OnnxDecoder) -> None:
        self._decoder = decoder

    def step(self, rows: Rows) -> list[Logits]:
        """See `Session.step`."""
        fused = rows if rows.shape[1] == len(PARTS) else np.repeat(rows, len(PARTS), axis=1)
        return self._decoder.step({"rows": fused.astype(np.int64)})

    def select(self, index: Rows) -> None:
        """See `Session.select`."""
        self._decoder.select(index)


def _padded(inputs: Sequence[Rows]) -> tuple[Rows, NDArray[np.bool_]]:
    """(B, N, 3) rows, the shorter ones padded at their end, and (B, N) where there is text."""
    lengths = np.array([len(x) for x in inputs])
    rows = np.full((len(inputs), int(lengths.max()), len(PARTS)), PAD, np.int64)
    for padded, given in zip(rows, inputs, strict=True):
        padded[: len(given)] = given
    return rows, np.arange(rows.shape[1]) < lengths[:, None]
