"""The tokenizer in training: its three VQ-VAEs with their code books' averages, and its losses. Needs torch."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..tokenizer.features import FRAMES_PER_TOKEN, PARTS, Layout
from ..tokenizer.vqvae import VqVae, length_mask
from .positions import JointPositions, part_joints, reach_weights, rest_joints
from .quantising import EmaCodebook, chosen
from .statistics import Statistics
from .tokenizer_config import TokenizerConfig

_POSITION_UNIT = 0.1
"""Metres by which the position loss is divided, so that its size is like that of the others."""


class Uses(NamedTuple):
    """What a step tells a code book. samples: (N, D) encoded. counts (K,), sums (K, D): see `EmaCodebook.update`."""

    samples: Tensor
    counts: Tensor
    sums: Tensor


class PartTraining(nn.Module):
    """One part: its VQ-VAE, code book averages and losses."""

    weights: Tensor
    mean: Tensor
    spread: Tensor

    def __init__(self, layout: Layout, part: str, config: TokenizerConfig, statistics: Statistics) -> None:
        super().__init__()
        columns = list(layout.columns[part])
        sizes = getattr(config.parts, part)
        self.part, self._loss, self._frozen = part, config.loss, config.quantizer.frozen
        self._columns = columns
        self.vae = VqVae(sizes.sizes(len(columns)))
        self.vae.encoder.requires_grad_(not self._frozen)
        self.book = EmaCodebook(self.vae.quantizer, config.quantizer)
        spread = statistics.std[columns]
        weights = reach_weights(layout, part, spread, config.loss.reach)
        self.register_buffer("weights", torch.tensor(weights, dtype=torch.float32), persistent=False)
        self.register_buffer("mean", torch.tensor(statistics.mean[columns], dtype=torch.float32), persistent=False)
        self.register_buffer("spread", torch.tensor(spread, dtype=torch.float32), persistent=False)
        self.positions = JointPositions(part_joints(layout, part), rest_joints())

    def encoded(self, features: Tensor, lengths: Tensor) -> Tensor:
        """(B, T, F of the whole layout) to the encoder's vectors (N, D) of all codes before the padding."""
        x = features[..., self._columns].transpose(1, 2)
        vectors = self.vae.encoder(x, length_mask(lengths, x.shape[2])).transpose(1, 2)
        return vectors[length_mask(lengths // FRAMES_PER_TOKEN, vectors.shape[1])[:, 0].bool()]

    def forward(
        self, features: Tensor, lengths: Tensor, quantised: bool = True
    ) -> tuple[Tensor, dict[str, Tensor], Uses | None]:
        """(B, T, F of the whole layout) and (B,) frames to the loss, its pieces, and what the code book shall learn.

        quantised: off, the encoder's vectors are decoded as they are.
        """
        x = features[..., self._columns]
        frames = length_mask(lengths, x.shape[1])
        codes_mask = length_mask(lengths // FRAMES_PER_TOKEN, x.shape[1] // FRAMES_PER_TOKEN)
        pieces, uses = {}, None
        if self._frozen:
            vectors = self.vae.quantizer.lookup(self.vae.encode(x, lengths))
        else:
            vectors = self.vae.encoder(x.transpose(1, 2), frames).transpose(1, 2)
            if quantised:
                vectors, pieces["commitment"], uses = self._quantised(vectors, codes_mask[:, 0].bool())
        decoded = self.vae.decoder(vectors.transpose(1, 2), codes_mask).transpose(1, 2)
        pieces |= self._compared(decoded.float(), x, frames[:, 0].bool())
        weights = {"features": 1.0, **{name: getattr(self._loss, name) for name in pieces if name != "features"}}
        return torch.stack([weights[name] * piece for name, piece in pieces.items()]).sum(), pieces, uses

    def _quantised(self, vectors: Tensor, there: Tensor) -> tuple[Tensor, Tensor, Uses]:
        """Vectors (B, N, D) as their codes, the commitment, and what the code book shall learn."""
        samples = vectors[there].float()
        codes = self.vae.quantizer.nearest(samples.detach())
        nearest = self.vae.quantizer.lookup(codes)
        passed = torch.zeros_like(vectors, dtype=samples.dtype)
        passed[there] = samples + (nearest - samples).detach()  # the gradient passes straight through
        uses = Uses(samples.detach(), *chosen(samples.detach(), codes, len(self.book.codebook)))
        return passed, functional.mse_loss(samples, nearest), uses

    def _compared(self, decoded: Tensor, truth: Tensor, there: Tensor) -> dict[str, Tensor]:
        """Losses of (B, T, columns) in the frames that are there (B, T)."""
        error = functional.smooth_l1_loss(decoded, truth, reduction="none") * self.weights
        pieces = {"features": error[there].mean()}
        if self._loss.velocity:
            both = there[:, 1:] & there[:, :-1]
            change = functional.smooth_l1_loss(decoded.diff(dim=1), truth.diff(dim=1), reduction="none") * self.weights
            pieces["velocity"] = change[both].mean()
        if self._loss.position:
            some = slice(None, None, self._loss.position_every)
            pieces["position"] = self.distances(decoded[there][some], truth[there][some]).mean() / _POSITION_UNIT
        return pieces

    def distances(self, decoded: Tensor, truth: Tensor) -> Tensor:
        """(N, columns) normalised features, twice, to (N, P) metres between the joints that they stand for."""
        apart = self._places(decoded) - self._places(truth)
        return (apart.square().sum(-1) + 1e-10).sqrt()

    def _places(self, features: Tensor) -> Tensor:
        joints = slice(3 * self.positions.joints)
        return self.positions(features[:, joints] * self.spread[joints] + self.mean[joints])


class TokenizerTrainingModel(nn.Module):
    """All parts; they share nothing, and are trained in one go."""

    def __init__(self, layout: Layout, config: TokenizerConfig, statistics: Statistics) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({part: PartTraining(layout, part, config, statistics) for part in PARTS})

    def part(self, name: str) -> PartTraining:
        """One of them."""
        part = self.parts[name]
        assert isinstance(part, PartTraining)
        return part

    def forward(
        self, features: Tensor, lengths: Tensor, quantised: bool = True
    ) -> tuple[Tensor, dict[str, Tensor], dict[str, Uses]]:
        """The sum of the parts' losses, their pieces as `part/name`, and what each code book shall learn."""
        total, figures, uses = features.new_zeros(()), {}, {}
        for name in PARTS:
            loss, pieces, used = self.part(name)(features, lengths, quantised)
            total = total + loss
            if used is not None:
                uses[name] = used
            figures |= {f"{name}/{key}": value.detach() for key, value in pieces.items()}
        return total, figures, uses

    @property
    def tokenizer(self) -> Mapping[str, VqVae]:
        """The VQ-VAEs by part."""
        return {name: self.part(name).vae for name in PARTS}
