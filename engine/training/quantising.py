"""Learning a code book by moving averages, with codes that nothing uses put to use. Needs torch.

After van den Oord et al. 2017, appendix A.1, and for the reset Williams et al. 2020.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import torch
from torch import Tensor, nn

from ..tokenizer.vqvae import Quantizer
from .tokenizer_config import QuantizerConfig

_NOISE = 0.01
"""Spread, in that of the samples, that tells apart codes which begin as the same sample."""


class EmaCodebook(nn.Module):
    """The moving averages behind a code book; they are kept in checkpoints and not in bundles."""

    counts: Tensor
    sums: Tensor
    ready: Tensor

    def __init__(self, quantizer: Quantizer, config: QuantizerConfig) -> None:
        super().__init__()
        self._quantizer = [quantizer]  # a list, so that its weights aren't counted as this module's
        self._config = config
        self.register_buffer("counts", torch.zeros(len(quantizer.codebook)))
        self.register_buffer("sums", torch.zeros_like(quantizer.codebook))
        self.register_buffer("ready", torch.tensor(False))

    @property
    def codebook(self) -> Tensor:
        """(K, D)."""
        return self._quantizer[0].codebook

    @torch.no_grad()
    def start(self, samples: Tensor, random: torch.Generator) -> None:
        """Begin with some of the samples (N, D) as codes, several times if they are few, and improve them by as many
        rounds of Lloyd's algorithm as the settings say."""
        picked = self._picked(samples, len(self.codebook), random)
        if len(samples) < len(picked):
            noise = torch.randn(picked.shape, generator=random).to(picked)
            picked = picked + _NOISE * samples.std() * noise
        self.codebook.copy_(picked)
        for _ in range(self._config.start_rounds):
            counts, sums = chosen(samples, self._quantizer[0].nearest(samples), len(picked))
            means = sums / counts.clamp(min=1)[:, None]
            fresh = self._picked(samples, len(picked), random)
            self.codebook.copy_(torch.where(counts[:, None] > 0, means, fresh))
        self.sums.copy_(self.codebook)
        self.counts.fill_(1.0)
        self.ready.fill_(True)

    @torch.no_grad()
    def update(self, samples: Tensor, counts: Tensor, sums: Tensor, random: torch.Generator) -> int:
        """Move the codes towards what chose them; the number of codes that were put to use anew.

        samples: (N, D) from which unused codes are taken. counts (K,), sums (K, D): how many samples of all processes
        chose a code, and their sums. All processes must give the same samples and random numbers.
        """
        decay = self._config.decay
        self.counts.mul_(decay).add_(counts, alpha=1 - decay)
        self.sums.mul_(decay).add_(sums, alpha=1 - decay)
        unused = self.counts < self._config.least
        fresh = self._picked(samples, len(self.codebook), random)
        self.sums.copy_(torch.where(unused[:, None], fresh, self.sums))
        self.counts.masked_fill_(unused, 1.0)
        self.codebook.copy_(self.sums / self.counts[:, None])
        return int(unused.sum())

    @staticmethod
    def _picked(samples: Tensor, count: int, random: torch.Generator) -> Tensor:
        """Rows of samples: each once where there are enough, else over and over."""
        order = torch.randperm(len(samples), generator=random)
        repeats = -(-count // len(samples))
        return samples[order.repeat(repeats)[:count].to(samples.device)].to(torch.float32)


def chosen(samples: Tensor, codes: Tensor, size: int) -> tuple[Tensor, Tensor]:
    """How many of the samples (N, D) chose each of `size` codes, (size,), and their sums, (size, D)."""
    counts = torch.zeros(size, device=samples.device).index_add_(
        0, codes, torch.ones(len(codes), device=samples.device)
    )
    sums = torch.zeros(size, samples.shape[1], device=samples.device).index_add_(0, codes, samples.to(torch.float32))
    return counts, sums


def perplexity(counts: Tensor) -> float:
    """How many codes are in use, by the entropy of how often each of them is."""
    shares = counts / counts.sum().clamp(min=1)
    return float(torch.exp(-(shares * torch.log(shares.clamp(min=1e-10))).sum()))
