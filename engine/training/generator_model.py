"""The generator as training sees it: where its weights begin, and the loss of a batch. Needs torch."""

# pyright: reportMissingImports=false
from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional

from ..soke.runtime import Heads, fusion_weights, head_rows
from ..soke.transformer import POSITION_OFFSET, Stack, Transformer, TransformerConfig, sinusoidal
from ..soke.vocabulary import PAD, Vocabulary
from ..tokenizer.features import PARTS
from .config import LossConfig, ModelConfig
from .generator_data import IGNORED, Batch

CodeBooks = Mapping[str, NDArray[np.float32]]
"""By part (codes, code width): the vectors of the tokenizer's code book."""


def build_model(config: ModelConfig, vocabulary: Vocabulary, codebooks: CodeBooks | None = None) -> Transformer:
    """A generator with fresh weights, drawn from torch's random numbers.

    Linear maps as Glorot & Bengio 2010, those that add to the residual stream smaller by the root of their number
    (Radford et al. 2019); embeddings of unit length on average.
    """
    sizes = (config.width, config.encoder_layers, config.decoder_layers, config.heads, config.feed_forward)
    model = Transformer(TransformerConfig(vocabulary.rows, *sizes, config.positions, dropout=config.dropout))
    adding = 2 * config.encoder_layers + 3 * config.decoder_layers
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear):
            nn.init.xavier_uniform_(module.weight, gain=adding**-0.5 if name.endswith(("out", "narrow")) else 1.0)
            nn.init.zeros_(module.bias)
    nn.init.normal_(model.embedding.weight, std=config.width**-0.5)
    for stack in (model.encoder, model.decoder):
        _place(stack, sinusoids=config.sinusoids)
    if config.codebooks and codebooks is not None:
        _start_codes(model, vocabulary, codebooks)
    return model


@torch.no_grad()
def _place(stack: Stack, *, sinusoids: bool) -> None:
    """Fresh positions: noise, or the sinusoids of Vaswani et al. 2017; either is learned from there."""
    table = stack.positions.weight
    nn.init.normal_(table, std=0.02)
    if sinusoids:
        table[POSITION_OFFSET:] = sinusoidal(*table[POSITION_OFFSET:].shape)


@torch.no_grad()
def _start_codes(model: Transformer, vocabulary: Vocabulary, codebooks: CodeBooks) -> None:
    """Half of a code's embedding is noise of its own, half its vector, turned into the model's width at random."""
    width = model.config.width
    for part in PARTS:
        vectors = torch.from_numpy(np.asarray(codebooks[part], dtype=np.float32))
        vectors = vectors - vectors.mean(dim=0)
        turned = vectors @ torch.randn(vectors.shape[1], width)
        turned = turned / turned.norm(dim=1).mean().clamp(min=1e-6)
        first = vocabulary.first_code[part]
        own = model.embedding.weight[first : first + len(vectors)]
        own.copy_((own + turned) * math.sqrt(0.5))


class Score(NamedTuple):
    """Of a batch. loss: the heads' cross-entropies added. counts: (H,) targets of each head. right: (H,) of them for
    which the best row was the target."""

    loss: Tensor
    counts: Tensor
    right: Tensor


class GeneratorLoss(nn.Module):
    """A model and the loss of its heads, each over the rows that it may say: what decoding chooses from."""

    _weights: Tensor

    def __init__(
        self,
        model: Transformer,
        vocabulary: Vocabulary,
        fusion: float,
        config: LossConfig,
        codebooks: CodeBooks | None = None,
    ) -> None:
        """codebooks: needed where like codes shall count."""
        super().__init__()
        self.model = model
        self._config = config
        self._heads: dict[Heads, list[int]] = {}
        self.register_buffer("_weights", torch.tensor(fusion_weights(fusion)), persistent=False)
        for name in ("parts", "text"):
            rows = head_rows(vocabulary, name)
            places = torch.full((len(rows), vocabulary.rows), IGNORED)
            for place, own in zip(places, rows, strict=True):
                place[torch.from_numpy(own)] = torch.arange(len(own))
            self._heads[name] = [len(own) for own in rows]
            self.register_buffer(f"_{name}_rows", torch.from_numpy(np.concatenate(rows)), persistent=False)
            self.register_buffer(f"_{name}_places", places, persistent=False)
        self._soft = bool(config.like_codes) and codebooks is not None
        if codebooks is not None and self._soft:
            for i, (part, rows) in enumerate(zip(PARTS, head_rows(vocabulary, "parts"), strict=True)):
                first = int(np.searchsorted(rows, vocabulary.first_code[part]))
                soft = like_codes(codebooks[part], config.like_codes, first, len(rows))
                self.register_buffer(f"_soft_{i}", soft, persistent=False)

    def forward(self, head: Heads, inputs: Tensor, mask: Tensor, fed: Tensor, targets: Tensor) -> Score:
        """The arrays of a `Batch`."""
        seen = mask if self._config.mask_padding else None
        encoded = self.model.encode_embedded(self.model.embed_input(inputs, self._weights), seen)
        turns = len(fed) // len(inputs)
        if turns > 1:
            encoded = encoded.repeat(turns, 1, 1)
            seen = None if seen is None else seen.repeat(turns, 1)
        state = self.model.decode(self.model.embed_output(fed, self._weights), encoded, seen)
        if not self._config.mask_padding:
            behind = (targets == IGNORED).all(dim=2, keepdim=True)
            targets = torch.where(behind, PAD, targets)
        return self._score(head, state, targets)

    def _score(self, head: Heads, state: Tensor, targets: Tensor) -> Score:
        counted = (targets != IGNORED).any(dim=2)
        state, targets = state[counted], targets[counted]
        rows, places = self.get_buffer(f"_{head}_rows"), self.get_buffer(f"_{head}_places")
        logits = functional.linear(state, self.model.embedding.weight[rows], self.model.output_bias[rows])
        losses, counts, right = [], [], []
        for i, own in enumerate(logits.split(self._heads[head], dim=1)):
            said = targets[:, i]
            place = torch.where(said == IGNORED, IGNORED, places[i][said.clamp(min=0)])
            losses.append(self._entropy(head, i, own.float(), place))
            counts.append((place != IGNORED).sum())
            right.append((own.argmax(dim=1) == place).logical_and(place != IGNORED).sum())
        return Score(torch.stack(losses).sum(), torch.stack(counts), torch.stack(right))

    def _entropy(self, head: Heads, number: int, logits: Tensor, place: Tensor) -> Tensor:
        """Mean cross-entropy of (N, R) logits and (N,) places among them."""
        smooth = self._config.label_smoothing
        if not self._soft or head != "parts":
            return functional.cross_entropy(logits, place, ignore_index=IGNORED, label_smoothing=smooth)
        there = place != IGNORED
        wanted = self.get_buffer(f"_soft_{number}")[place[there]]
        return functional.cross_entropy(logits[there], wanted, label_smoothing=smooth)


def like_codes(codebook: NDArray[np.float32], reach: float, first: int, count: int) -> Tensor:
    """(count, count) what is wanted where a row is the target: all of it, or for codes, which begin at row `first`, a
    normal distribution over the distance of their vectors. reach: its spread, in mean distances to the nearest code."""
    vectors = torch.from_numpy(np.asarray(codebook, dtype=np.float32))
    apart = torch.cdist(vectors, vectors)
    nearest = apart.masked_fill(torch.eye(len(apart), dtype=torch.bool), torch.inf).min(dim=1).values.mean()
    wanted = torch.eye(count)
    codes = slice(first, first + len(vectors))
    wanted[codes, codes] = torch.softmax(-0.5 * (apart / (reach * nearest).clamp(min=1e-9)).square(), dim=1)
    return wanted


def tensors(batch: Batch, device: torch.device | str = "cpu") -> tuple[Heads, Tensor, Tensor, Tensor, Tensor]:
    """A batch as what `GeneratorLoss` takes."""
    arrays = (batch.inputs, batch.inputs_mask, batch.fed, batch.targets)
    inputs, mask, fed, targets = (torch.from_numpy(x).to(device, non_blocking=True) for x in arrays)
    return batch.head, inputs, mask, fed, targets
