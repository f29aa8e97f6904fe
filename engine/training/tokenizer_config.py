"""Settings of the tokenizer's training, as its TOML files have them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from ..tokenizer.vqvae import VqVaeConfig
from .config import ConfigError, OptimiserConfig, RunConfig


@dataclass(frozen=True)
class PartConfig:
    """Sizes of one part's VQ-VAE."""

    codes: int
    width: int = 512
    code_width: int = 512

    def sizes(self, features: int) -> VqVaeConfig:
        """With the number of features that the layout gives the part."""
        return VqVaeConfig(features, self.codes, self.width, self.code_width)


@dataclass(frozen=True)
class PartsConfig:
    """The three parts; published sizes."""

    body: PartConfig = PartConfig(96)
    left_hand: PartConfig = PartConfig(192)
    right_hand: PartConfig = PartConfig(192)


@dataclass(frozen=True)
class QuantizerConfig:
    """decay: of the moving averages (mu). least: a code whose moving count of uses in a step is less is put in the
    place of a sample of the step; the published 1 fits steps with many more samples than codes.

    start_step: until this step nothing is quantised. start_batches: batches whose samples the code book begins with.
    start_rounds: of Lloyd's algorithm over them. Published are 0, 1 and 0.

    frozen: encoders and code books stay as they are in the tokenizer that the training begins with, and only its
    decoders learn on, so that all codes made with it remain valid.
    """

    decay: float = 0.99
    least: float = 1.0
    start_step: int = 0
    start_batches: int = 1
    start_rounds: int = 0
    frozen: bool = False


@dataclass(frozen=True)
class TokenizerLossConfig:
    """Weights of the losses beside smooth L1 of the features.

    velocity: smooth L1 of their change from frame to frame. position: mean distance of joints in tenths of a metre,
    worked out on the embedded avatar in every `position_every`th frame. reach: a power; features weigh by how much they
    move, which is their spread times the length of what hangs on the joint, to this power. 0 lets all weigh the same,
    as published.
    """

    commitment: float = 0.02
    velocity: float = 0.0
    position: float = 0.0
    position_every: int = 1
    reach: float = 0.0


@dataclass(frozen=True)
class WindowConfig:
    """frames: of a window. batch: windows of a step on each device. shortest, longest: frames of clips that are used (0
    for no limit). windows: one a clip and epoch as published, or as many as fit into its length."""

    frames: int = 64
    batch: int = 256
    shortest: int = 40
    longest: int = 400
    windows: Literal["one", "length"] = "one"


@dataclass(frozen=True)
class TokenizerConfig:
    """All of a tokenizer's training. least_spread: no feature is normalised by less."""

    parts: PartsConfig = field(default_factory=PartsConfig)
    quantizer: QuantizerConfig = field(default_factory=QuantizerConfig)
    loss: TokenizerLossConfig = field(default_factory=TokenizerLossConfig)
    windows: WindowConfig = field(default_factory=WindowConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    run: RunConfig = field(default_factory=RunConfig)
    least_spread: float = 0.0

    def __post_init__(self) -> None:
        if bool(self.run.steps) == bool(self.run.epochs):
            raise ConfigError("[run] needs either steps or epochs.")
        if self.windows.frames % 4:
            raise ConfigError("[windows] frames must be a multiple of 4, the frames of a code.")
