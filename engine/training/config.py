"""Settings of a training as a TOML file: each table is a dataclass, and what it doesn't know is an error."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import MISSING, Field, dataclass, field, fields, is_dataclass
from pathlib import Path
from types import UnionType
from typing import Any, Final, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

from ..soke.prompt import STEPS, Style
from ..tokenizer.features import PARTS

CONFIGS: Final = Path(__file__).parent / "configs"
T = TypeVar("T")
Variant = Literal["multihead", "part", "flatten"]


class ConfigError(ValueError):
    """A settings file that can't be used; the message says where it is wrong."""


@dataclass(frozen=True)
class OptimiserConfig:
    """AdamW, a linear warm-up, then a cosine to `final_rate`; `decay_steps` keeps the rate until so many are left.

    clip: largest norm of the gradient, 0 for no limit.
    """

    rate: float = 2e-4
    betas: tuple[float, float] = (0.9, 0.999)
    weight_decay: float = 0.01
    warmup_steps: int = 0
    decay_steps: int | None = None
    final_rate: float = 0.0
    clip: float = 0.0


@dataclass(frozen=True)
class BatchConfig:
    """samples: most samples of a batch. tokens: most positions of its inputs and outputs, padding included; 0 for no
    limit. All variants count as multihead, so that their batches are the same. accumulate: batches of one step of the
    optimiser."""

    samples: int = 32
    tokens: int = 0
    accumulate: int = 1


@dataclass(frozen=True)
class RunConfig:
    """How long, where and how it runs; epochs or steps of the optimiser, whichever is given.

    precision: as Lightning Fabric calls it (`32-true`, `bf16-mixed`, `16-mixed`). devices: how many of the accelerator.
    threads: of the processor, 0 as torch chooses. workers: processes that make batches.
    minutes, until: by the clock, and the step, after which it stops and can be resumed; 0 for no limit.
    """

    seed: int = 0
    steps: int = 0
    epochs: int = 0
    accelerator: str = "auto"
    devices: int = 1
    precision: str = "32-true"
    threads: int = 0
    workers: int = 0
    log_every: int = 20
    validate_every: int = 500
    validate_samples: int = 64
    checkpoint_every: int = 500
    minutes: float = 0.0
    until: int = 0

    def __post_init__(self) -> None:
        if min(self.log_every, self.validate_every, self.checkpoint_every) < 1:
            raise ConfigError("log_every, validate_every and checkpoint_every of a run are at least 1.")


@dataclass(frozen=True)
class ModelConfig:
    """Sizes of the generator. pieces: of the text's vocabulary. positions: longest input or output."""

    width: int = 1024
    encoder_layers: int = 12
    decoder_layers: int = 12
    heads: int = 16
    feed_forward: int = 4096
    positions: int = 1024
    dropout: float = 0.1
    variant: Variant = "multihead"
    fusion: float = 0.4
    steps: int = 100
    pieces: int = 4000
    sinusoids: bool = False
    """Whether positions start as sinusoids, from which looking back by a step is learned sooner than from noise."""
    codebooks: bool = False
    """Whether the embeddings of codes start as their code books' vectors, so that like codes begin alike."""


@dataclass(frozen=True)
class PromptConfig:
    """How retrieved signs are put into the input: see `engine.soke.prompt`."""

    style: Style = "key_word"
    keywords: int = 3
    steps: int = STEPS
    longest: int = 256


@dataclass(frozen=True)
class AugmentConfig:
    """Changes of the samples, drawn anew in each epoch. Shares are probabilities.

    drop_step: of dropping the first or the last step of a clip (published: 1/3). no_keywords: of hiding all retrieved
    signs. some_keywords: of hiding some, of which the share `first_keywords` keeps the first three, as in a prompt of
    the published kind. sign_to_text: of the reverse task. spliced: further sentences in an epoch, made from signs of
    others, for each clip (see `splicing`).

    corrupt: largest share of the codes fed to the decoder that are replaced by random ones (as in T2M-GPT, Zhang et
    al., CVPR 2023), against errors that would lead to others when generating. held: largest share of the steps fed
    that are replaced by the one before, in half of the samples: greedy generating holds a step longer than signing
    does, and has to find out of it.
    """

    drop_step: float = 1 / 3
    no_keywords: float = 0.0
    some_keywords: float = 0.0
    first_keywords: float = 0.3
    sign_to_text: float = 0.0
    spliced: float = 0.0
    corrupt: float = 0.0
    held: float = 0.0


@dataclass(frozen=True)
class LossConfig:
    """mask_padding: off, loss and attention see the padding, as in the published training.

    like_codes: how far a target reaches to codes that are like it, in mean distances between a code and its nearest
    neighbour; 0 for none.
    """

    label_smoothing: float = 0.0
    like_codes: float = 0.0
    mask_padding: bool = True


@dataclass(frozen=True)
class GeneratorConfig:
    """All of a generator's training. shortest_first: steps in which the longest clips are let in little by little."""

    model: ModelConfig = field(default_factory=ModelConfig)
    prompt: PromptConfig = field(default_factory=PromptConfig)
    augment: AugmentConfig = field(default_factory=AugmentConfig)
    loss: LossConfig = field(default_factory=LossConfig)
    optimiser: OptimiserConfig = field(default_factory=OptimiserConfig)
    batch: BatchConfig = field(default_factory=BatchConfig)
    run: RunConfig = field(default_factory=RunConfig)
    shortest_first: int = 0

    def __post_init__(self) -> None:
        if bool(self.run.steps) == bool(self.run.epochs):
            raise ConfigError("[run] needs either steps or epochs.")
        if self.model.width % self.model.heads:
            raise ConfigError(f"[model] width {self.model.width} can't be split into {self.model.heads} heads.")
        of_a_step = len(PARTS) if self.model.variant == "flatten" else 1
        if max(self.prompt.longest, self.model.steps * of_a_step + 1) > self.model.positions:
            raise ConfigError("[model] positions must hold the longest input and all steps of the output.")


def read_config(path: Path, kind: type[T], changes: Sequence[str] = ()) -> T:
    """The settings in a TOML file. changes: `table.key=value` in TOML's notation, over what the file says.

    Raises `ConfigError`.
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as e:
        names = ", ".join(sorted(p.stem for p in CONFIGS.glob("*.toml")))
        raise ConfigError(f"There is no settings file {path}. Those that come along: {names}.") from e
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as e:
        raise ConfigError(f"{path.name} is no TOML: {e}") from e
    for change in changes:
        _merge(data, _parsed(change))
    return from_table(kind, data, path.name)


def from_table(kind: type[T], data: Mapping[str, Any], where: str) -> T:
    """A table of settings as a dataclass. Raises `ConfigError` that names the key."""
    known = {f.name: f for f in fields(kind)}  # type: ignore[arg-type]
    unknown = sorted(set(data) - set(known))
    if unknown:
        raise ConfigError(f"{where} has {', '.join(unknown)}, which is no setting; there are: {', '.join(known)}.")
    hints = get_type_hints(kind)
    values = {name: _value(hints[name], value, f"{where}: {name}") for name, value in data.items()}
    missing = [name for name, f in known.items() if name not in values and _required(f)]
    if missing:
        raise ConfigError(f"{where} lacks {', '.join(missing)}.")
    return kind(**values)


def _required(setting: Field[Any]) -> bool:
    return setting.default is MISSING and setting.default_factory is MISSING


def _value(hint: Any, value: Any, where: str) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if isinstance(hint, type) and is_dataclass(hint):
        if not isinstance(value, Mapping):
            raise ConfigError(f"{where} must be a table.")
        return from_table(hint, value, where)
    if origin in (Union, UnionType):
        return None if value is None else _value(next(x for x in inner if x is not type(None)), value, where)
    if origin is Literal:
        if value not in inner:
            raise ConfigError(f"{where} is {value!r}; it can be {', '.join(map(repr, inner))}.")
        return value
    if origin is tuple and isinstance(value, list | tuple):
        repeated = len(inner) == 2 and inner[1] is Ellipsis
        if not repeated and len(value) != len(inner):
            raise ConfigError(f"{where} must have {len(inner)} values.")
        kinds = inner[:1] * len(value) if repeated else inner
        return tuple(_value(k, v, where) for k, v in zip(kinds, value, strict=True))
    if hint is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(hint, type) or type(value) is not hint:
        raise ConfigError(f"{where} is {value!r}, not a {getattr(hint, '__name__', hint)}.")
    return value


def _parsed(change: str) -> dict[str, Any]:
    try:
        return tomllib.loads(change)
    except tomllib.TOMLDecodeError as e:
        raise ConfigError(f"{change!r} is no change of a setting like run.steps=100: {e}") from e


def _merge(data: dict[str, Any], changes: Mapping[str, Any]) -> None:
    for key, value in changes.items():
        if isinstance(value, Mapping) and isinstance(data.get(key), dict):
            _merge(data[key], value)
        else:
            data[key] = value
