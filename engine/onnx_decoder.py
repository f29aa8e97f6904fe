"""One step after the other of a decoder that is an ONNX file with its cache as inputs and outputs.

The file has `past_NAME` among its inputs for each part of the cache, `NAME` among its outputs, and `position` (). The
caches stay where they were made: on a graphics card they never leave it while a batch goes on.
"""
# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from .tokenizer.onnx_sessions import Device

Arrays = Mapping[str, NDArray[Any]]


def read_input(encoder: Any, device: Device, given: Arrays) -> dict[str, Any]:
    """Run the encoder's file; its outputs by name, on the device."""
    binding = encoder.io_binding()
    for name, values in given.items():
        binding.bind_ortvalue_input(name, _value(values, device))
    names = [x.name for x in encoder.get_outputs()]
    for name in names:
        binding.bind_output(name, device)
    encoder.run_with_iobinding(binding)
    return dict(zip(names, binding.get_outputs(), strict=True))


class OnnxDecoder:
    """A batch under way."""

    def __init__(
        self, decoder: Any, device: Device, memory: Mapping[str, Any], fixed: Arrays, outputs: Sequence[str]
    ) -> None:
        """memory: of `read_input`. fixed: further inputs that are the same at each step. outputs: those to read."""
        self._decoder, self._outputs = decoder, list(outputs)
        self._device: Device = device
        self._fixed = {**memory, **{name: _value(values, device) for name, values in fixed.items()}}
        self._batch = int(next(iter(self._fixed.values())).shape()[0])
        self._position = 0
        self._past = {x.name: self._empty(x) for x in decoder.get_inputs() if x.name.startswith("past_")}
        self._quick = onnxruntime.RunOptions()
        self._quick.only_execute_path_to_fetches = True

    def step(self, given: Arrays) -> list[NDArray[Any]]:
        """Feed one position: the inputs that change. The outputs, in their order."""
        fed = {name: np.ascontiguousarray(values) for name, values in given.items()}
        fed["position"] = np.array(self._position, np.int64)
        binding = self._decoder.io_binding()
        for name, value in {**self._fixed, **self._past}.items():
            binding.bind_ortvalue_input(name, value)
        for name, values in fed.items():
            binding.bind_cpu_input(name, values)
        for name in self._outputs:
            binding.bind_output(name)
        for name in self._past:
            binding.bind_output(name.removeprefix("past_"), self._device)
        self._decoder.run_with_iobinding(binding, self._quick)
        made = binding.get_outputs()
        self._past = dict(zip(self._past, made[len(self._outputs) :], strict=True))
        self._position += 1
        return [x.numpy() for x in made[: len(self._outputs)]]

    def select(self, index: NDArray[np.int64]) -> None:
        """Go on with these samples of the batch, in this order; (M,) indices, which may repeat."""
        self._fixed = {name: self._chosen(value, index) for name, value in self._fixed.items()}
        self._past = {name: self._chosen(value, index) for name, value in self._past.items()}
        self._batch = len(index)

    def _chosen(self, value: Any, index: NDArray[np.int64]) -> Any:
        return _value(value.numpy()[index], self._device)

    def _empty(self, given: Any) -> Any:
        _, heads, _, width = given.shape
        kind = np.float16 if given.type == "tensor(float16)" else np.float32
        return _value(np.zeros((self._batch, heads, 0, width), kind), self._device)


def _value(values: NDArray[Any], device: Device) -> Any:
    return onnxruntime.OrtValue.ortvalue_from_numpy(values, device)
