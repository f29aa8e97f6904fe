"""The tokenizer's decoders and encoders as ONNX files, a file a part, of any length."""
# pyright: reportMissingImports=false

from __future__ import annotations

import copy
import warnings
from pathlib import Path
from typing import Final, Literal

import torch
from torch import Tensor, nn

from engine.tokenizer.features import FRAMES_PER_TOKEN
from engine.tokenizer.vqvae import VqVae

_OPSET: Final = 17
TokenizerPrecision = Literal["float32", "float16"]
"""float16 is for GPUs. Fewer bits make the motion unusable: int8 is off by 0.2."""


class _Decoding(nn.Module):
    def __init__(self, vae: VqVae) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, codes: Tensor) -> Tensor:
        return self.vae.decode(codes).float()


class _Encoding(nn.Module):
    """The code book stays in float32, where near codes can still be told apart."""

    def __init__(self, vae: VqVae, precision: TokenizerPrecision) -> None:
        super().__init__()
        self.quantizer = copy.deepcopy(vae.quantizer).float()
        self.encoder = vae.encoder
        self.kind = torch.float16 if precision == "float16" else torch.float32

    def forward(self, features: Tensor) -> Tensor:
        encoded = self.encoder(features.transpose(1, 2).to(self.kind)).float()
        return self.quantizer.nearest(encoded.transpose(1, 2))


def write_decoder(vae: VqVae, path: Path, precision: TokenizerPrecision = "float32") -> None:
    """Write (batch, steps) int64 `codes` to (batch, 4 steps, features) float32 `features`."""
    example = torch.zeros(1, 5, dtype=torch.int64)
    _write(_Decoding(_in(vae, precision)), example, path, ("codes", "steps"), ("features", "frames"))


def write_encoder(vae: VqVae, path: Path, precision: TokenizerPrecision = "float32") -> None:
    """Write (batch, frames, features) float32 `features` to (batch, frames // 4) int64 `codes`."""
    example = torch.zeros(1, 5 * FRAMES_PER_TOKEN, vae.config.features)
    half = _Encoding(_in(vae, precision), precision)
    half.quantizer.codebook.copy_(vae.quantizer.codebook)
    _write(half, example, path, ("features", "frames"), ("codes", "steps"))


def _in(vae: VqVae, precision: TokenizerPrecision) -> VqVae:
    return copy.deepcopy(vae).half() if precision == "float16" else vae


def _write(module: nn.Module, example: Tensor, path: Path, given: tuple[str, str], made: tuple[str, str]) -> None:
    """given, made: name of the input and of the output, and of the length of each."""
    axes = {name: {0: "batch", 1: length} for name, length in (given, made)}
    with warnings.catch_warnings():
        # the newer exporter needs a further package and unrolls nothing that these plain convolutions have
        warnings.simplefilter("ignore", DeprecationWarning)
        torch.onnx.export(
            module.eval(), (example,), str(path), input_names=[given[0]], output_names=[made[0]], dynamic_axes=axes,
            dynamo=False, opset_version=_OPSET,
        )  # fmt: skip
