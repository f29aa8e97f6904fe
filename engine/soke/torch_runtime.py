"""The generator on torch. Needs torch."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.functional import linear

from .runtime import LAMBDA, Heads, Logits, Rows, fusion_weights, head_rows
from .transformer import DecoderState, Transformer
from .vocabulary import PAD, Vocabulary


class TorchRuntime:
    """Runs a model where its weights are."""

    def __init__(self, model: Transformer, vocabulary: Vocabulary, fusion: float = LAMBDA) -> None:
        self.model, self.vocabulary = model.eval(), vocabulary
        weight = model.embedding.weight
        self.name = f"torch-{weight.device.type}"
        self.fusion = torch.tensor(fusion_weights(fusion), device=weight.device, dtype=weight.dtype)
        self._outputs: dict[Heads, Output] = {}

    @torch.inference_mode()
    def start(self, inputs: Sequence[Rows], steps: int, heads: Heads = "parts") -> TorchSession:
        """Read texts and be ready for at most `steps` positions; see `Runtime.start`."""
        rows, mask = _padded(inputs)
        device = self.fusion.device
        mask = None if mask is None else mask.to(device)
        encoded = self.model.encode_embedded(self.model.embed_input(rows.to(device), self.fusion), mask)
        if heads not in self._outputs:
            self._outputs[heads] = Output(self.model, head_rows(self.vocabulary, heads))
        return TorchSession(self, DecoderState(self.model, encoded, mask, steps), self._outputs[heads])


class Output:
    """The rows of the shared output matrix that the heads read, cut out once."""

    def __init__(self, model: Transformer, rows: Sequence[Rows]) -> None:
        weight = model.embedding.weight
        joined = torch.from_numpy(np.concatenate(rows)).to(weight.device)
        self._weight, self._bias = weight[joined], model.output_bias[joined]
        self._splits = [len(r) for r in rows]

    def logits(self, state: Tensor) -> list[Logits]:
        """(B, D) to (B, R) of each head."""
        every = linear(state, self._weight, self._bias).float().cpu()
        return [part.numpy() for part in every.split(self._splits, dim=1)]


class TorchSession:
    """A batch under way."""

    def __init__(self, runtime: TorchRuntime, state: DecoderState, output: Output) -> None:
        self._runtime, self._state, self._output = runtime, state, output

    @torch.inference_mode()
    def step(self, rows: Rows) -> list[Logits]:
        """Feed one position: (B, P) rows to the logits of each head."""
        fusion = self._runtime.fusion
        weights = fusion if rows.shape[1] > 1 else torch.ones_like(fusion[:1])
        embedded = self._runtime.model.embed_output(torch.from_numpy(rows).to(fusion.device)[:, None], weights)
        return self._output.logits(self._state.step(embedded))

    @torch.inference_mode()
    def select(self, index: Rows) -> None:
        """Go on with these samples of the batch, in this order."""
        self._state.keep(torch.from_numpy(index).to(self._runtime.fusion.device))


def _padded(inputs: Sequence[Rows]) -> tuple[Tensor, Tensor | None]:
    """(B, N, P) rows padded at the end, and (B, N) where they are; no mask when all are equally long."""
    lengths = torch.tensor([len(rows) for rows in inputs])
    longest = int(lengths.max())
    padded = torch.full((len(inputs), longest, inputs[0].shape[1]), PAD)
    for own, rows in zip(padded, inputs, strict=True):
        own[: len(rows)] = torch.from_numpy(rows)
    if bool((lengths == longest).all()):
        return padded, None
    return padded, torch.arange(longest)[None] < lengths[:, None]
