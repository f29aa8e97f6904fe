"""The tokenizer of a bundle by torch: what ONNX Runtime is compared with."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file

from engine.bundle import Bundle
from engine.tokenizer.assembling import assembled, read_layout, read_statistics
from engine.tokenizer.features import PARTS
from engine.tokenizer.vqvae import read_parts

Array = NDArray[np.floating]
WEIGHTS = "tokenizer.safetensors"


class TorchTokenizer:
    """The same as `OnnxTokenizer`, from the bundle's safetensors. parts: the VQ-VAEs."""

    def __init__(self, bundle: Bundle) -> None:
        """Raises `BundleError`."""
        self.layout = read_layout(bundle)
        self.mean, self.std = read_statistics(bundle, self.layout)
        sizes = bundle.manifest.model["tokenizer"]
        self.parts = read_parts({part: sizes[part] for part in PARTS}, load_file(bundle.file(WEIGHTS)))

    @torch.inference_mode()
    def decode(self, codes: Mapping[str, Sequence[int]]) -> Array:
        """Codes by part to (T, features)."""
        parts = {part: self._decoded(part, codes[part]) for part in PARTS}
        return assembled(parts, self.layout) * self.std + self.mean

    @torch.inference_mode()
    def encode(self, features: Array) -> dict[str, list[int]]:
        """(T, features) to T // 4 codes of each part."""
        normalised = torch.from_numpy(((features - self.mean) / (self.std + 1e-10)).astype(np.float32))[None]
        columns = self.layout.columns
        return {part: vae.encode(normalised[..., columns[part]])[0].tolist() for part, vae in self.parts.items()}

    def _decoded(self, part: str, codes: Sequence[int]) -> Array | None:
        if len(codes) == 1:
            return None
        vae = self.parts[part]
        return vae.decode(torch.tensor(codes).clamp(max=vae.config.codes - 1)[None])[0].numpy()
