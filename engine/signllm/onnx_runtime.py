"""SignLLM's models by ONNX Runtime: what the zip runs everywhere, without torch."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle
from ..onnx_decoder import OnnxDecoder, read_input
from ..tokenizer.onnx_sessions import Device, open_session
from .model_files import DECODER, ENCODER, Part
from .vocabulary import PAD


class OnnxTransformer:
    """One of a bundle's models."""

    def __init__(self, bundle: Bundle, part: Part, device: Device = "cpu", threads: int | None = None) -> None:
        """Load both files. Raises `BundleError`."""
        self._device: Device = device
        self._encoder = open_session(bundle, ENCODER[part], device, threads)
        self._decoder = open_session(bundle, DECODER[part], device, threads)
        self.name = f"onnx-{device}"
        """What runs it, for people."""

    def frames(self, texts: Sequence[Sequence[int]]) -> OnnxFrames:
        """Read the tokens of texts and be ready to generate their frames together, by the model `pose`."""
        return OnnxFrames(self._read(texts, "next"))

    def glosses(self, text: Sequence[int]) -> OnnxGlosses:
        """Read the tokens of a prompt and be ready to decode its LangGloss, by the model `gloss`."""
        return OnnxGlosses(self._read([text], "logits"))

    def _read(self, texts: Sequence[Sequence[int]], output: str) -> OnnxDecoder:
        lengths = np.array([len(tokens) for tokens in texts])
        padded = np.full((len(texts), int(lengths.max())), PAD, np.int64)
        for row, tokens in zip(padded, texts, strict=True):
            row[: len(tokens)] = tokens
        mask = np.arange(padded.shape[1]) < lengths[:, None]
        memory = read_input(self._encoder, self._device, {"tokens": padded, "mask": mask})
        return OnnxDecoder(self._decoder, self._device, memory, {"mask": mask}, [output])


@dataclass
class OnnxFrames:
    """A `free_running.FrameSession`."""

    decoder: OnnxDecoder

    def step(self, frames: NDArray[np.float32]) -> NDArray[np.float32]:
        """See `FrameSession.step`."""
        return self.decoder.step({"frame": frames})[0]


@dataclass
class OnnxGlosses:
    """A `gloss_decoding.GlossSession`."""

    decoder: OnnxDecoder

    def step(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """See `GlossSession.step`."""
        return self.decoder.step({"gloss": rows})[0]

    def select(self, index: NDArray[np.int64]) -> None:
        """See `GlossSession.select`."""
        self.decoder.select(index)
