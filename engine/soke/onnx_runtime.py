"""The generator by ONNX Runtime: what the zip runs everywhere, without torch.

The files and their inputs are those of `export/soke/onnx_generator.py`. The caches stay where they were made: on a
graphics card they never leave it while a batch goes on.
"""
# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from ..bundle import Bundle
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
        binding = self._encoder.io_binding()
        for name, values in (("rows", rows), ("mask", mask)):
            binding.bind_ortvalue_input(name, self._value(values))
        memory = [x.name for x in self._encoder.get_outputs()]
        for name in memory:
            binding.bind_output(name, self._device)
        self._encoder.run_with_iobinding(binding)
        cross = dict(zip(memory, binding.get_outputs(), strict=True))
        return OnnxSession(self._decoder, self._device, {**cross, "mask": self._value(mask)}, logits)

    def _value(self, values: NDArray[Any]) -> Any:
        return onnxruntime.OrtValue.ortvalue_from_numpy(values, self._device)


class OnnxSession:
    """A batch under way."""

    def __init__(self, decoder: Any, device: Device, fixed: dict[str, Any], logits: list[str]) -> None:
        """fixed: inputs that are the same at each step, on the device. logits: outputs to read."""
        self._decoder, self._device, self._fixed, self._logits = decoder, device, fixed, logits
        self._batch = int(fixed["mask"].shape()[0])
        self._position = 0
        self._past = {x.name: self._empty(x) for x in decoder.get_inputs() if x.name.startswith("past_")}
        self._quick = onnxruntime.RunOptions()
        self._quick.only_execute_path_to_fetches = True

    def step(self, rows: Rows) -> list[Logits]:
        """See `Session.step`."""
        fused = rows if rows.shape[1] == len(PARTS) else np.repeat(rows, len(PARTS), axis=1)
        place = np.array(self._position, np.int64)
        binding = self._decoder.io_binding()
        for name, value in {**self._fixed, **self._past}.items():
            binding.bind_ortvalue_input(name, value)
        binding.bind_cpu_input("rows", np.ascontiguousarray(fused, np.int64))
        binding.bind_cpu_input("position", place)
        for name in self._logits:
            binding.bind_output(name)
        for name in self._past:
            binding.bind_output(name.removeprefix("past_"), self._device)
        self._decoder.run_with_iobinding(binding, self._quick)
        made = binding.get_outputs()
        self._past = dict(zip(self._past, made[len(self._logits) :], strict=True))
        self._position += 1
        return [x.numpy() for x in made[: len(self._logits)]]

    def select(self, index: Rows) -> None:
        """See `Session.select`."""
        self._fixed = {name: self._chosen(value, index) for name, value in self._fixed.items()}
        self._past = {name: self._chosen(value, index) for name, value in self._past.items()}
        self._batch = len(index)

    def _chosen(self, value: Any, index: Rows) -> Any:
        return onnxruntime.OrtValue.ortvalue_from_numpy(value.numpy()[index], self._device)

    def _empty(self, given: Any) -> Any:
        _, heads, _, width = given.shape
        kind = np.float16 if given.type == "tensor(float16)" else np.float32
        return onnxruntime.OrtValue.ortvalue_from_numpy(np.zeros((self._batch, heads, 0, width), kind), self._device)


def _padded(inputs: Sequence[Rows]) -> tuple[Rows, NDArray[np.bool_]]:
    """(B, N, 3) rows, the shorter ones padded at their end, and (B, N) where there is text."""
    lengths = np.array([len(x) for x in inputs])
    rows = np.full((len(inputs), int(lengths.max()), len(PARTS)), PAD, np.int64)
    for padded, given in zip(rows, inputs, strict=True):
        padded[: len(given)] = given
    return rows, np.arange(rows.shape[1]) < lengths[:, None]
