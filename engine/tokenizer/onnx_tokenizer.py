"""The tokenizer by ONNX Runtime: features to codes and back, without torch."""
# pyright: reportMissingImports=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle
from .assembling import assembled, read_layout, read_statistics
from .features import FRAMES_PER_TOKEN, PARTS
from .onnx_sessions import Device, open_session

Array = NDArray[np.floating]


class OnnxTokenizer:
    """The three VQ-VAEs of a bundle. layout: which numbers a frame has. mean, std: (features,) of the data."""

    def __init__(self, bundle: Bundle, device: Device = "cpu", threads: int | None = None) -> None:
        """Load the decoders; the encoders come when they are first asked for. Raises `BundleError`."""
        self.layout = read_layout(bundle)
        self.mean, self.std = read_statistics(bundle, self.layout)
        self._bundle, self._threads = bundle, threads
        self._device: Device = device
        self._codes = {part: int(bundle.manifest.model["tokenizer"][part]["codes"]) for part in PARTS}
        self._decoders = {part: self._session("decoder", part) for part in PARTS}
        self._encoders: dict[str, Any] = {}

    @property
    def provider(self) -> str:
        """Where it runs."""
        return self._decoders["body"].get_providers()[0]

    def decode(self, codes: Mapping[str, Sequence[int]]) -> Array:
        """Codes by part to (T, features); parts may differ in length (see `assembled`)."""
        parts = {part: self._decoded(part, codes[part]) for part in PARTS}
        return assembled(parts, self.layout) * self.std + self.mean

    def encode(self, features: Array) -> dict[str, list[int]]:
        """(T, features) to T // 4 codes of each part. Raises `ValueError` for less than one code."""
        if features.ndim != 2 or features.shape[1] != self.layout.size or len(features) < FRAMES_PER_TOKEN:
            raise ValueError(
                f"Features are ({FRAMES_PER_TOKEN} or more frames, {self.layout.size}), not of shape {features.shape}."
            )
        normalised = ((features - self.mean) / (self.std + 1e-10)).astype(np.float32)
        result = {}
        for part in PARTS:
            if part not in self._encoders:
                self._encoders[part] = self._session("encoder", part)
            given = np.ascontiguousarray(normalised[None][..., self.layout.columns[part]])
            result[part] = self._encoders[part].run(None, {"features": given})[0][0].tolist()
        return result

    def _decoded(self, part: str, codes: Sequence[int]) -> Array | None:
        if len(codes) == 1:
            return None
        known = np.minimum(np.asarray(codes, dtype=np.int64), self._codes[part] - 1)
        return self._decoders[part].run(None, {"codes": known[None]})[0][0]

    def _session(self, side: Literal["decoder", "encoder"], part: str) -> Any:
        return open_session(self._bundle, f"{side}_{part}.onnx", self._device, self._threads)
