"""Stage 5 of Prompt2Sign's lifting, for many clips at once: a skeleton of constant bones, refined by gradient descent.

Unknowns are the logarithms of the bones' lengths, the neck's place and the bones' directions. What is made small: the
confidence-weighted distance to the joints in the picture, 0.001 of the bones' summed length, and 0.1 of the squared
change from frame to frame. The published pipeline walks the bones one by one for one clip at a time; here joints are
one matrix product of bones (`skeleton50.paths`), and all clips of a batch are descended together, each as if alone.
Needs torch.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ..formats.cleaning50 import LENGTH_QUANTILE, Flat, bone_lengths, initialised
from ..formats.skeleton50 import BONES, JOINT_COUNT, NECK, Variant, paths, signs

Array = NDArray[np.floating]
Progress = Callable[[float], None]


@dataclass(frozen=True)
class LiftSettings:
    """Weights and steps of the descent. rate: of Adam, which needs fewer steps than plain descent."""

    iterations: int = 150
    rate: float = 0.02
    length_weight: float = 0.001
    smooth_weight: float = 0.1
    length_quantile: float = LENGTH_QUANTILE
    variant: Variant = "prompt2sign"


@dataclass(frozen=True)
class Lifted:
    """points (T, 50, 3). loss: what was made small, at the end. error: mean distance in the picture to the joints that
    were seen, in the unit of the points."""

    points: Array
    loss: float
    error: float


@dataclass
class Batch:
    """Clips padded to one length. seen (B, T, 50, 2) joints in the picture; weight (B, T, 50), 0 in the padding."""

    seen: Tensor
    weight: Tensor
    inside: Tensor
    lengths: list[int]

    @classmethod
    def of(cls, clips: Sequence[Flat], device: torch.device) -> Batch:
        """The batch of some clips."""
        longest = max(len(c.points) for c in clips)
        seen = torch.zeros(len(clips), longest, JOINT_COUNT, 2)
        weight = torch.zeros(len(clips), longest, JOINT_COUNT)
        inside = torch.zeros(len(clips), longest)
        for i, clip in enumerate(clips):
            t = len(clip.points)
            seen[i, :t] = torch.from_numpy(np.asarray(clip.points, np.float32))
            weight[i, :t] = torch.from_numpy(np.asarray(clip.confidence, np.float32))
            inside[i, :t] = 1.0
        return cls(seen.to(device), weight.to(device), inside.to(device), [len(c.points) for c in clips])


class Skeletons(torch.nn.Module):
    """The unknowns of a batch, and the joints that they make."""

    above: Tensor

    def __init__(self, start: Tensor, lengths: Tensor, variant: Variant) -> None:
        """start: (B, T, 50, 3) points to begin at; lengths: (B, bones)."""
        super().__init__()
        bones = BONES[variant]
        self.register_buffer("above", torch.from_numpy(paths(variant).T.astype(np.float32)).to(start.device))
        ends = [b.end for b in bones]
        starts = [b.start for b in bones]
        turn = torch.from_numpy(signs(variant).astype(np.float32)).to(start.device)
        self.root = torch.nn.Parameter(start[:, :, NECK].clone())
        self.log_lengths = torch.nn.Parameter(lengths.clamp_min(1e-4).log())
        self.directions = torch.nn.Parameter((start[:, :, ends] - start[:, :, starts]) * turn[:, None] + 1e-6)

    def forward(self) -> Tensor:
        """(B, T, 50, 3) joints."""
        unit = torch.nn.functional.normalize(self.directions, dim=-1)
        vectors = unit * self.log_lengths.exp()[:, None, :, None]
        joints = torch.einsum("btks,kj->btjs", vectors, self.above)
        return joints + self.root[:, :, None]


def losses(skeletons: Skeletons, batch: Batch, settings: LiftSettings) -> tuple[Tensor, Tensor]:
    """(B,) of what is made small, and the (B, T, 50, 3) joints."""
    points = skeletons()
    miss = (points[..., :2] - batch.seen).square().sum(-1)
    frames = batch.inside.sum(1)
    reprojection = (miss * batch.weight).sum((1, 2)) / frames
    change = (points[:, 1:] - points[:, :-1]).square().sum((2, 3)) * batch.inside[:, 1:]
    smooth = change.sum(1) / frames
    length = skeletons.log_lengths.exp().sum(1)
    return reprojection + settings.length_weight * length + settings.smooth_weight * smooth, points


def lift(
    clips: Sequence[Flat],
    settings: LiftSettings | None = None,
    *,
    starts: Sequence[Array] | None = None,
    device: str | torch.device = "cpu",
    progress: Progress = lambda done: None,
) -> list[Lifted]:
    """Refine clips; a clip gets the same in any batch. starts: (T, 50, 3) of each to begin at, `None`: by stage 4."""
    chosen, place = settings or LiftSettings(), torch.device(device)
    begin_at = starts or [initialised(c, chosen.variant, chosen.length_quantile) for c in clips]
    batch = Batch.of(clips, place)
    begin = torch.zeros(*batch.seen.shape[:3], 3)
    for i, start in enumerate(begin_at):
        begin[i, : len(start)] = torch.from_numpy(np.asarray(start, np.float32))
    known = np.stack([bone_lengths(c.points, c.confidence, chosen.variant, chosen.length_quantile) for c in clips])
    skeletons = Skeletons(begin.to(place), torch.from_numpy(known.astype(np.float32)).to(place), chosen.variant)
    optimiser = torch.optim.Adam(skeletons.parameters(), lr=chosen.rate)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimiser, chosen.iterations, eta_min=chosen.rate / 50.0)
    for step in range(chosen.iterations):
        optimiser.zero_grad(set_to_none=True)
        loss, _ = losses(skeletons, batch, chosen)
        loss.sum().backward()
        optimiser.step()
        schedule.step()
        progress((step + 1) / chosen.iterations)
    with torch.no_grad():
        loss, points = losses(skeletons, batch, chosen)
        miss = (points[..., :2] - batch.seen).norm(dim=-1) * batch.weight
        error = miss.sum((1, 2)) / batch.weight.sum((1, 2)).clamp_min(1e-9)
    return [
        Lifted(points[i, :t].double().cpu().numpy(), float(loss[i]), float(error[i]))
        for i, t in enumerate(batch.lengths)
    ]
