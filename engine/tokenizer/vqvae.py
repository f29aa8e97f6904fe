"""The VQ-VAE of one part of the signer: 1-D convolutions over time, four frames a code. Needs torch.

Architecture after van den Oord et al. 2017 with SOKE's sizes (Zuo et al., ICCV 2025). Names of modules are those of the
published checkpoints, so that these load as they are.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

DILATIONS = (9, 3, 1)
"""Dilations of the residual blocks, in this order in encoder and decoder."""
STAGES = 2
"""Halvings of the frame rate."""


@dataclass(frozen=True)
class VqVaeConfig:
    """Sizes of one part's VQ-VAE."""

    features: int
    codes: int
    width: int = 512
    code_width: int = 512


class ResBlock(nn.Module):
    """ReLU, dilated convolution, ReLU, 1x1 convolution, added to the input."""

    def __init__(self, width: int, dilation: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv1d(width, width, 3, padding=dilation, dilation=dilation)
        self.conv2 = nn.Conv1d(width, width, 1)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.conv2(functional.relu(self.conv1(functional.relu(x))))


class ResNet1D(nn.Module):
    """Residual blocks of falling dilation."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.model = nn.Sequential(*(ResBlock(width, d) for d in DILATIONS))

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """mask: (B, 1, T), 0 where there is padding, which then gives what the end of a sequence gives."""
        if mask is None:
            return self.model(x)
        for block in self.model:
            x = block(x) * mask
        return x


class Encoder(nn.Module):
    """(B, features, T) to (B, code width, T // 4)."""

    def __init__(self, config: VqVaeConfig) -> None:
        super().__init__()
        width = config.width
        stages = (nn.Sequential(nn.Conv1d(width, width, 4, 2, 1), ResNet1D(width)) for _ in range(STAGES))
        self.model = nn.Sequential(
            nn.Conv1d(config.features, width, 3, padding=1),
            nn.ReLU(),
            *stages,
            nn.Conv1d(width, config.code_width, 3, padding=1),
        )

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """mask: (B, 1, T), 1 in the frames of a sequence and 0 in the padding after it."""
        if mask is None:
            return self.model(x)
        first, relu, *stages, last = self.model
        x = relu(first(x * mask)) * mask
        inside: Tensor = mask
        for halve, blocks in stages:  # type: ignore[misc]
            inside = inside[..., 1::2]
            x = blocks(halve(x) * inside, inside)
        return last(x)


class Decoder(nn.Module):
    """(B, code width, N) to (B, features, 4 N)."""

    def __init__(self, config: VqVaeConfig) -> None:
        super().__init__()
        width = config.width
        stages = (
            nn.Sequential(
                ResNet1D(width), nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv1d(width, width, 3, padding=1)
            )
            for _ in range(STAGES)
        )
        self.model = nn.Sequential(
            nn.Conv1d(config.code_width, width, 3, padding=1),
            nn.ReLU(),
            *stages,
            nn.Conv1d(width, width, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(width, config.features, 3, padding=1),
        )

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        """mask: (B, 1, N), 1 in the codes of a sequence and 0 in the padding after it."""
        if mask is None:
            return self.model(x)
        first, relu, *stages, near_last, last_relu, last = self.model
        x = relu(first(x * mask)) * mask
        inside: Tensor = mask
        for blocks, double, smooth in stages:  # type: ignore[misc]
            x = blocks(x, inside)
            inside = inside.repeat_interleave(2, dim=-1)
            x = smooth(double(x)) * inside
        return last(last_relu(near_last(x)) * inside)


class Quantizer(nn.Module):
    """The code book, and its nearest entries."""

    codebook: Tensor

    def __init__(self, config: VqVaeConfig) -> None:
        super().__init__()
        self.register_buffer("codebook", torch.zeros(config.codes, config.code_width))

    def nearest(self, x: Tensor) -> Tensor:
        """(..., code width) to the (...) indices of the nearest codes by squared L2; ties go to the lowest."""
        flat = x.reshape(-1, x.shape[-1])
        distance = flat.square().sum(1, keepdim=True) - 2 * flat @ self.codebook.T + self.codebook.square().sum(1)
        return distance.argmin(dim=1).reshape(x.shape[:-1])

    def lookup(self, codes: Tensor) -> Tensor:
        """(...) indices to (..., code width)."""
        return functional.embedding(codes, self.codebook)


class VqVae(nn.Module):
    """Frames to codes and back, normalised features on both sides."""

    def __init__(self, config: VqVaeConfig) -> None:
        super().__init__()
        self.config = config
        self.encoder = Encoder(config)
        self.decoder = Decoder(config)
        self.quantizer = Quantizer(config)

    def encode(self, features: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, T, features) to (B, T // 4) codes. lengths: (B,) frames before the padding, which then changes no code;
        those of the padding mean nothing."""
        mask = None if lengths is None else length_mask(lengths, features.shape[1])
        return self.quantizer.nearest(self.encoder(features.transpose(1, 2), mask).transpose(1, 2))

    def decode(self, codes: Tensor, lengths: Tensor | None = None) -> Tensor:
        """(B, N) codes to (B, 4 N, features). lengths: (B,) codes before the padding, which then changes no frame."""
        mask = None if lengths is None else length_mask(lengths, codes.shape[1])
        return self.decoder(self.quantizer.lookup(codes).transpose(1, 2), mask).transpose(1, 2)


def read_parts(sizes: Mapping[str, Mapping[str, int]], tensors: Mapping[str, Tensor]) -> dict[str, VqVae]:
    """The VQ-VAE of each part in evaluation mode. sizes: of each. tensors: by name, behind the part's and a dot.

    Raises `RuntimeError` for tensors that aren't those of the sizes.
    """
    parts = {}
    for part, size in sizes.items():
        parts[part] = VqVae(VqVaeConfig(**size)).eval()
        own = {name.removeprefix(f"{part}."): x for name, x in tensors.items() if name.startswith(f"{part}.")}
        parts[part].load_state_dict(own)
    return parts


def named_tensors(parts: Mapping[str, VqVae]) -> dict[str, Tensor]:
    """The tensors of several VQ-VAEs, as `read_parts` takes them."""
    return {f"{part}.{k}": x.cpu().contiguous() for part, vae in parts.items() for k, x in vae.state_dict().items()}


def length_mask(lengths: Tensor, longest: int) -> Tensor:
    """(B, 1, longest), 1 in the first `lengths` places and 0 after them."""
    places = torch.arange(longest, device=lengths.device)
    return (places[None] < lengths[:, None]).unsqueeze(1).to(torch.get_default_dtype())
