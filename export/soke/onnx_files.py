"""The tokenizer's decoders and encoders as ONNX files, a file a part, of any length."""
# pyright: reportMissingImports=false

from __future__ import annotations

import warnings
from pathlib import Path

import torch
from torch import Tensor, nn

from engine.tokenizer.features import FRAMES_PER_TOKEN
from engine.tokenizer.vqvae import VqVae

_OPSET = 17


class _Decoding(nn.Module):
    def __init__(self, vae: VqVae) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, codes: Tensor) -> Tensor:
        return self.vae.decode(codes)


class _Encoding(nn.Module):
    def __init__(self, vae: VqVae) -> None:
        super().__init__()
        self.vae = vae

    def forward(self, features: Tensor) -> Tensor:
        return self.vae.encode(features)


def write_decoder(vae: VqVae, path: Path) -> None:
    """Write (batch, steps) int64 `codes` to (batch, 4 steps, features) float32 `features`."""
    example = torch.zeros(1, 5, dtype=torch.int64)
    _write(_Decoding(vae), example, path, ("codes", "steps"), ("features", "frames"))


def write_encoder(vae: VqVae, path: Path) -> None:
    """Write (batch, frames, features) float32 `features` to (batch, frames / 4) int64 `codes`."""
    example = torch.zeros(1, 5 * FRAMES_PER_TOKEN, vae.config.features)
    _write(_Encoding(vae), example, path, ("features", "frames"), ("codes", "steps"))


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
