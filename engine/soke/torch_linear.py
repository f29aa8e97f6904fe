"""Linear maps made for one row at a time, where reading the weights takes nearly all of the time. Needs torch.

Processors only: `fp16` and `int8` keep the weights in a half or a quarter of the memory and compute by FBGEMM, int8
with the activations of a call on one scale, so that a sample may come out otherwise in a batch than alone.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import platform
import warnings
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.functional import linear

from .runtime import RuntimeUnfit

_FEW_ROWS = range(2, 65)
"""Rows for which weights in oneDNN's own order are quicker: the usual product is slow between one row and many."""


class FewRowsLinear(nn.Module):
    """A float32 map that keeps a second, reordered copy of its weights from the first batch on."""

    def __init__(self, source: nn.Linear) -> None:
        super().__init__()
        self.weight, self.bias = source.weight, source.bias
        self._reordered: Tensor | None = None

    def forward(self, x: Tensor) -> Tensor:
        if x.numel() // x.shape[-1] not in _FEW_ROWS:
            return linear(x, self.weight, self.bias)
        if self._reordered is None:
            self._reordered = torch.ops.mkldnn._reorder_linear_weight(self.weight, 8)
        return torch.ops.mkldnn._linear_pointwise(x, self._reordered, self.bias, "none", [], "")


class QuantizedLinear(nn.Module):
    """A map of FBGEMM."""

    def __init__(self, product: Callable[..., Tensor], packed: Any, *options: Any) -> None:
        super().__init__()
        self._product, self._packed, self._options = product, packed, options

    def forward(self, x: Tensor) -> Tensor:
        return self._product(x, self._packed, *self._options)


def replace_linears(module: nn.Module, make: Callable[[nn.Linear], nn.Module], *, but: Sequence[str] = ()) -> None:
    """Put what `make` makes of it in the place of each linear map but those of some names.

    One after the other, so that memory stays low.
    """
    for name, child in module.named_children():
        if not isinstance(child, nn.Linear):
            replace_linears(child, make, but=but)
        elif name not in but:
            setattr(module, name, make(child))


def few_rows(source: nn.Linear) -> nn.Module:
    """A float32 map that is quick for batches too, on processors whose torch has oneDNN's products."""
    x86 = platform.machine().lower() in ("x86_64", "amd64")
    return FewRowsLinear(source) if x86 and torch.backends.mkldnn.is_available() else source


def half_weights(source: nn.Linear) -> nn.Module:
    """Weights in fp16, sums in float32. Raises `RuntimeUnfit`."""
    try:
        packed = torch.ops.quantized.linear_prepack_fp16(source.weight.detach(), source.bias.detach())
    except (RuntimeError, NotImplementedError, AttributeError) as e:
        raise RuntimeUnfit(f"This PyTorch has no fp16 weights for this processor ({e}). Choose float32.") from e
    return QuantizedLinear(torch.ops.quantized.linear_dynamic_fp16, packed)


def int8(source: nn.Linear) -> nn.Module:
    """Weights in int8 with a scale for each output, activations in 7 bits, as sums of 8 overflow on AVX2.

    Raises `RuntimeUnfit`.
    """
    weight = source.weight.detach()
    scales = (weight.abs().amax(dim=1) / 127).clamp(min=torch.finfo(torch.float32).tiny).double()
    zeros = torch.zeros(len(scales), dtype=torch.long)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            warnings.simplefilter("ignore", UserWarning)
            quantized = torch.quantize_per_channel(weight, scales, zeros, 0, torch.qint8)
        packed = torch.ops.quantized.linear_prepack(quantized, source.bias.detach())
    except (RuntimeError, NotImplementedError, AttributeError) as e:
        raise RuntimeUnfit(f"This PyTorch has no int8 for this processor ({e}). Choose float32.") from e
    return QuantizedLinear(torch.ops.quantized.linear_dynamic, packed, True)
