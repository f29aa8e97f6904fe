"""Settings of SignLLM's trainings; see `config` for what all trainings share."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from ..signllm.config import GlossTransformerConfig, Mode, PoseTransformerConfig
from .config import BatchConfig, ConfigError, OptimiserConfig, RunConfig

LossKind = Literal["mse", "rl", "rl_plc"]


@dataclass(frozen=True)
class SkelsConfig:
    """What of a folder of training files is used, and how.

    languages: codes, all when empty. fps, scale: of the files, 0 as their `skels.json` says. every: one frame in so
    many is used. longest: frames of that rate; longer clips are left out. least_spread: see `PoseSpace`, in the files'
    unit. hands_from_wrists: see `PoseSpace`; off, as published.
    """

    languages: tuple[str, ...] = ()
    fps: float = 0.0
    scale: float = 0.0
    every: int = 1
    longest: int = 512
    least_spread: float = 0.01
    hands_from_wrists: bool = False

    def __post_init__(self) -> None:
        if self.every < 1 or self.longest < 2:
            raise ConfigError("[data] every must be at least 1 and longest at least 2.")


@dataclass(frozen=True)
class SizesConfig:
    """Sizes of a model. pieces: about how many its text vocabulary has. future: frames predicted at each.

    counter_waves, counter_steps: see `PoseTransformerConfig`.
    """

    width: int = 128
    heads: int = 4
    encoder_layers: int = 2
    decoder_layers: int = 2
    feed_forward: int = 512
    dropout: float = 0.0
    pieces: int = 1000
    future: int = 1
    counter_waves: int = 0
    counter_steps: bool = False

    def pose(self, tokens: int, longest_frames: int) -> PoseTransformerConfig:
        """The model from so many tokens to frames."""
        counter = {"counter_waves": self.counter_waves, "counter_steps": self.counter_steps}
        return PoseTransformerConfig(
            tokens, **self._shared, **counter, future=self.future, longest_frames=longest_frames
        )  # fmt: skip

    def gloss(self, tokens: int, glosses: int) -> GlossTransformerConfig:
        """The model from so many tokens to so many glosses."""
        return GlossTransformerConfig(tokens, glosses, **self._shared)

    @property
    def _shared(self) -> dict[str, Any]:
        names = ("width", "heads", "encoder_layers", "decoder_layers", "feed_forward", "dropout")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True)
class PoseAugmentConfig:
    """What the decoder is fed instead of the frames themselves.

    noise: spread of Gaussian noise on the joints, in their own spreads. counter_noise: on the counter, so that its
    errors don't add up but are put right by the text and the frame's place. overrun: share of a clip's frames that
    follow its end, its last pose with a counter beyond 1: an end that the model isn't sure of is else predicted below 1
    on average, and never reached. hidden: share of the frames whose joints are the mean ones, so that only the counter
    says anything; 1 is "just counter" of Progressive Transformers. free: largest share of the frames that are the
    model's own prediction of a first pass (scheduled sampling in parallel, Mihaylova & Martins 2019), growing from step
    `free_from` on evenly over `free_steps`.
    """

    noise: float = 0.0
    counter_noise: float = 0.0
    overrun: float = 0.0
    hidden: float = 0.0
    free: float = 0.0
    free_from: int = 0
    free_steps: int = 1

    def __post_init__(self) -> None:
        shares = all(0.0 <= share <= 1.0 for share in (self.hidden, self.free, self.overrun))
        if not shares or min(self.noise, self.counter_noise) < 0.0 or self.free_steps < 1:
            raise ConfigError("[pose.augment] hidden, free, overrun are from 0 to 1, noises from 0, free_steps from 1.")

    def free_share(self, step: int) -> float:
        """The share of own predictions in a step."""
        return self.free * min(max((step - self.free_from) / self.free_steps, 0.0), 1.0)


@dataclass(frozen=True)
class PoseLossConfig:
    """kind: `mse`; `rl`, samples drawn by their reward; `rl_plc`, that with the Priority Learning Channel too.

    eta: how much the reward weighs in drawing, see `signllm_rewards`. rounds: drawings of an epoch. window: batches
    over which the median of rewards runs. counter: weight of the counter's squared error, against that of the mean of
    the joints'.
    """

    kind: LossKind = "mse"
    eta: float = 1.0
    rounds: int = 1
    window: int = 100
    counter: float = 10.0

    def __post_init__(self) -> None:
        if min(self.window, self.rounds) < 1:
            raise ConfigError("[pose.loss] window and rounds must be at least 1.")


@dataclass(frozen=True)
class PoseConfig:
    """The model from tokens to poses, and its training. least_steps: of a language's group, where epochs give fewer.

    codes: whether tokens begin as codes of their isolated signs, see `signllm_codes`.
    """

    model: SizesConfig = field(default_factory=SizesConfig)
    augment: PoseAugmentConfig = field(default_factory=PoseAugmentConfig)
    loss: PoseLossConfig = field(default_factory=PoseLossConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    run: RunConfig = field(default_factory=RunConfig)
    least_steps: int = 0
    codes: bool = False

    def __post_init__(self) -> None:
        _check_run("pose.run", self.run)
        _check_sizes("pose.model", self.model)


@dataclass(frozen=True)
class GlossConfig:
    """The model from prompts to LangGloss, and its training. prompts: share of the texts that are put into a prompt."""

    model: SizesConfig = field(default_factory=SizesConfig)
    prompts: float = 0.3
    label_smoothing: float = 0.0
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    run: RunConfig = field(default_factory=lambda: RunConfig(epochs=1))

    def __post_init__(self) -> None:
        _check_run("gloss.run", self.run)
        _check_sizes("gloss.model", self.model)


@dataclass(frozen=True)
class SignLlmConfig:
    """All of a training of a mode. gloss: of Prompt2LangGloss only."""

    mode: Mode
    data: SkelsConfig = field(default_factory=SkelsConfig)
    pose: PoseConfig = field(default_factory=lambda: PoseConfig(run=RunConfig(epochs=1)))
    gloss: GlossConfig = field(default_factory=GlossConfig)


@dataclass(frozen=True)
class ReaderConfig:
    """The model that reads poses back into texts. ctc: weight of recognising glosses beside it (Graves et al. 2006)."""

    data: SkelsConfig = field(default_factory=SkelsConfig)
    model: SizesConfig = field(default_factory=SizesConfig)
    ctc: float = 1.0
    noise: float = 0.0
    label_smoothing: float = 0.0
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    run: RunConfig = field(default_factory=lambda: RunConfig(epochs=1))

    def __post_init__(self) -> None:
        _check_run("run", self.run)
        _check_sizes("model", self.model)


def _check_run(where: str, run: RunConfig) -> None:
    if bool(run.steps) == bool(run.epochs):
        raise ConfigError(f"[{where}] needs either steps or epochs.")


def _check_sizes(where: str, sizes: SizesConfig) -> None:
    try:
        sizes.pose(1, 1)
        sizes.gloss(1, 1)
    except ValueError as e:
        raise ConfigError(f"[{where}] can't be: {e}.") from e
