"""Learning to sign: tokens to frames, by teacher forcing and free running. Needs torch.

Frames of 150 numbers and a counter, future prediction, noise on what is fed and "just counter" are those of Progressive
Transformers (Saunders et al. 2020).
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import copy
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..formats.skeleton50 import JOINT_COUNT, NECK
from ..formats.skels import VALUES, counter
from ..metrics.dtw import dtw_jpe
from ..signllm.free_running import ended
from ..signllm.model import PoseTransformer, free_run, shifted
from .signllm_config import PoseAugmentConfig, PoseConfig
from .signllm_data import PoseSpace
from .signllm_loop import Score

Frames = NDArray[np.float32]
_TOGETHER: Final = 16
"""Clips that are generated together."""
_COUNTER_SPREAD: Final = 2.0
"""Of the counter's weights at the start."""


@dataclass(frozen=True, eq=False)
class PoseSample:
    """tokens: of the text or of LangGloss. count: how many frames T there are. read: reads (T, 150) of them, as the
    loss sees them."""

    tokens: tuple[int, ...]
    count: int
    read: Callable[[], Frames]


class PoseLoss(nn.Module):
    """A model and its loss."""

    def __init__(self, model: PoseTransformer, augment: PoseAugmentConfig, counter: float) -> None:
        """counter: weight of the counter's error."""
        super().__init__()
        self.model = model
        self._augment, self._counter = augment, counter
        show_counter(model)
        if augment.hidden == 1.0:
            hide_joints(model)

    def forward(self, step: int, tokens: Tensor, lengths: Tensor, frames: Tensor, counts: Tensor) -> Score:
        """tokens (B, S) and frames (B, T, 151) with the counter; lengths and counts (B,) of them."""
        memory = self.model.encode(tokens, lengths)
        fed = self._fed(step, memory, lengths, frames) if self.training else shifted(frames)
        errors, counted = frame_errors(self.model.decode(memory, lengths, fed), frames, counts, self._counter)
        numbers = counted.sum(dim=(1, 2))
        by_sample = errors.sum(dim=(1, 2))
        return Score(by_sample.sum() / numbers.sum(), -by_sample / numbers)

    def _fed(self, step: int, memory: Tensor, lengths: Tensor, frames: Tensor) -> Tensor:
        """What the decoder is fed: frames, own predictions, or only the counter, and noise on joints."""
        augment = self._augment
        share = augment.free_share(step)
        if share:
            with torch.no_grad():
                own = self.model.decode(memory, lengths, shifted(frames))[:, :, 0]
            chosen = torch.rand(frames.shape[:2], device=frames.device) < share
            frames = torch.where(chosen[..., None], own.to(frames.dtype), frames)
        joints, counters = frames[..., :VALUES], frames[..., VALUES:]
        if augment.counter_noise:
            counters = counters + augment.counter_noise * torch.randn_like(counters)
        if augment.noise:
            joints = joints + augment.noise * torch.randn_like(joints)
        if augment.hidden:
            joints = joints * (torch.rand(joints.shape[:2], device=joints.device) >= augment.hidden)[..., None]
        return shifted(torch.cat([joints, counters], dim=-1))


def frame_errors(predicted: Tensor, frames: Tensor, counts: Tensor, counter: float) -> tuple[Tensor, Tensor]:
    """Errors (B, T, K) of predictions (B, T, K, 151) of the next K frames each, and which of them count.

    frames: (B, T, 151), of which the first (B,) counts are there. An error is the joints' mean squared one, and the
    counter's, weighted.
    """
    steps, future = predicted.shape[1:3]
    places = torch.arange(steps, device=frames.device)[:, None] + torch.arange(future, device=frames.device)
    counted = places[None] < counts[:, None, None]
    gap = predicted - frames[:, places.clamp(max=steps - 1)]
    errors = gap[..., :VALUES].square().mean(dim=-1) + counter * gap[..., VALUES].square()
    return errors * counted, counted


@torch.no_grad()
def show_counter(model: PoseTransformer) -> None:
    """Let the counter weigh as much as the positions that are added to what is fed; by the usual start, one number of
    151 from 0 to 1 is hardly seen beside them, and long not learned from."""
    column = torch.randn(model.config.width) * _COUNTER_SPREAD
    model.frame_in.weight[:, VALUES] = column
    model.frame_in.bias -= column / 2


@torch.no_grad()
def hide_joints(model: PoseTransformer) -> None:
    """Let what is fed say nothing but the counter. Where joints are always hidden it stays so, as no gradient comes."""
    model.frame_in.weight[:, :VALUES] = 0.0


class PoseTask:
    """A model's samples, and those that it is watched on; see `signllm_loop.Task`."""

    def __init__(
        self, config: PoseConfig, model: PoseTransformer, train: Sequence[PoseSample], held_out: Sequence[PoseSample],
        space: PoseSpace,
    ) -> None:  # fmt: skip
        self._train, self._held_out, self._space = train, held_out, space
        self.module = PoseLoss(model, config.augment, config.loss.counter)
        self._overrun = config.augment.overrun
        self.sizes = np.array([(len(s.tokens), s.count) for s in train], np.int64)

    def batch(self, samples: Sequence[int], rng: np.random.Generator) -> tuple[Tensor, ...]:
        """See `signllm_loop.Task`; nothing is drawn here."""
        return pose_batch([self._train[i] for i in samples], self._overrun)

    def validate(self, count: int) -> dict[str, float]:
        """The loss by teacher forcing; of what is generated freely the distance of joints along the warping path in
        the files' unit, the length in the clip's, and the share that ends by itself."""
        some = self._held_out[:count]
        if not some:
            return {}
        model, losses, errors, lengths, ends = self.module.model, [], [], [], []
        for first in range(0, len(some), _TOGETHER):
            part = some[first : first + _TOGETHER]
            batch = [tensor.to(model.frame_in.weight.device) for tensor in pose_batch(part)]
            losses += (-self.module(0, *batch).rewards).tolist()
            for sample, made in zip(part, generated(model, [s.tokens for s in part]), strict=True):
                ours, theirs = (
                    self._space.back(x).reshape(-1, JOINT_COUNT, 3) for x in (made[:, :VALUES], sample.read())
                )
                total, steps = dtw_jpe(ours, theirs, NECK)
                errors.append(total / steps)
                lengths.append(len(ours) / len(theirs))
                ends.append(ended(made))
        figures = {"loss": losses, "dtw": errors, "length": lengths, "ended": ends}
        return {name: float(np.mean(values)) for name, values in figures.items()}


def generated(model: PoseTransformer, tokens: Sequence[Sequence[int]], longest: int = 0) -> list[Frames]:
    """Frames (T_i, 151) for each row of tokens, freely. longest: most frames, 0 for as many as the model has."""
    rows, lengths = (x.to(model.frame_in.weight.device) for x in padded(tokens))
    made = free_run(model, rows, lengths, longest or model.config.longest_frames)
    return [frames.float().cpu().numpy() for frames in made]


def pose_batch(samples: Sequence[PoseSample], overrun: float = 0.0) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """What `PoseLoss` takes. overrun: see `PoseAugmentConfig`."""
    counts = [sample.count + math.ceil(overrun * sample.count) for sample in samples]
    frames = np.zeros((len(samples), max(counts), VALUES + 1), np.float32)
    for row, sample, count in zip(frames, samples, counts, strict=True):
        row[: sample.count, :VALUES] = sample.read()
        row[sample.count : count, :VALUES] = row[sample.count - 1, :VALUES]
        row[: sample.count, VALUES] = counter(sample.count)
        row[sample.count : count, VALUES] = np.arange(sample.count + 1, count + 1) / sample.count
    return *padded([sample.tokens for sample in samples]), torch.from_numpy(frames), torch.tensor(counts)


def padded(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """Rows of tokens as (B, S), zeros behind, and their lengths (B,)."""
    lengths = [len(row) for row in rows]
    tokens = np.zeros((len(rows), max(lengths)), np.int64)
    for place, row in zip(tokens, rows, strict=True):
        place[: len(row)] = row
    return torch.from_numpy(tokens), torch.tensor(lengths)


@torch.no_grad()
def for_plain_frames(model: PoseTransformer, space: PoseSpace) -> PoseTransformer:
    """A copy that takes and gives joints normalised plainly, as bundles have them: the map of the space, which is
    linear, goes into the first and the last layer."""
    made = copy.deepcopy(model).cpu().eval()
    inward, outward = torch.from_numpy(space.matrix), torch.from_numpy(np.linalg.inv(space.matrix))
    made.frame_in.weight[:, :VALUES] = (made.frame_in.weight[:, :VALUES].double() @ inward).float()
    for first in range(0, made.config.future * made.config.frame, made.config.frame):
        rows = slice(first, first + VALUES)
        made.frame_out.weight[rows] = (outward @ made.frame_out.weight[rows].double()).float()
        made.frame_out.bias[rows] = (outward @ made.frame_out.bias[rows].double()).float()
    return made
