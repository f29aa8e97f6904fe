"""Sizes of SignLLM's models. Standard library only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal, TypeVar

from ..formats.skels import VALUES

Mode = Literal["mlsf", "prompt2langgloss"]
"""A group of models a language, or one model for all of them by way of gloss tokens."""
Size = Literal["tiny", "40M", "120M", "1B"]

_LARGEST: Final = {
    "pieces": 1_000_000, "glosses": 1_000_000, "values": 65_536, "width": 16_384, "heads": 256, "encoder_layers": 128,
    "decoder_layers": 128, "feed_forward": 65_536, "future": 64, "longest_text": 65_536, "longest_frames": 65_536,
    "longest_gloss": 65_536, "counter_waves": 16,
}  # fmt: skip
"""Largest number of each size, which a settings file can't make a machine go beyond."""
T = TypeVar("T", "PoseTransformerConfig", "GlossTransformerConfig")


@dataclass(frozen=True)
class PoseTransformerConfig:
    """Sizes of the model from tokens to frames. What is not given is as in Progressive Transformers.

    pieces: tokens of its input, of text or of LangGloss. values: numbers of a frame; the counter is one more.
    future: how many frames it predicts at each. longest_text, longest_frames: most tokens and frames that have a place.
    counter_waves: sine and cosine of so many octaves of the counter that are fed beside it, 0 for none, as published.
    counter_steps: whether the counter is predicted as what is to be added to the one fed, or, as published, whole.
    Raises `ValueError` for sizes that no model can have.
    """

    pieces: int
    values: int = VALUES
    width: int = 512
    heads: int = 4
    encoder_layers: int = 2
    decoder_layers: int = 2
    feed_forward: int = 2048
    dropout: float = 0.0
    future: int = 1
    longest_text: int = 256
    longest_frames: int = 1024
    counter_waves: int = 0
    counter_steps: bool = False

    def __post_init__(self) -> None:
        _check(self)

    @property
    def frame(self) -> int:
        """Numbers of a frame that goes in or comes out: the values and the counter."""
        return self.values + 1


@dataclass(frozen=True)
class GlossTransformerConfig:
    """Sizes of the model from a prompt's tokens to LangGloss. glosses: tokens of its output.

    Raises `ValueError` for sizes that no model can have.
    """

    pieces: int
    glosses: int
    width: int = 512
    heads: int = 4
    encoder_layers: int = 2
    decoder_layers: int = 2
    feed_forward: int = 2048
    dropout: float = 0.0
    longest_text: int = 256
    longest_gloss: int = 256

    def __post_init__(self) -> None:
        _check(self)


SIZES: Final[Mapping[Size, Mapping[str, int]]] = {
    "tiny": {"width": 128, "heads": 4, "encoder_layers": 2, "decoder_layers": 2, "feed_forward": 512},
    "40M": {"width": 768, "heads": 12, "encoder_layers": 2, "decoder_layers": 2, "feed_forward": 3584},
    "120M": {"width": 1024, "heads": 16, "encoder_layers": 4, "decoder_layers": 4, "feed_forward": 4096},
    "1B": {"width": 2048, "heads": 32, "encoder_layers": 8, "decoder_layers": 8, "feed_forward": 8192},
}
"""Named sizes. Of the published ones only the number of parameters is known, and that the smallest has 2 + 2 layers."""


def sized(size: Size, pieces: int, **changes: Any) -> PoseTransformerConfig:
    """The configuration of a named size. changes: other fields than the size has."""
    return PoseTransformerConfig(pieces, **{**SIZES[size], **changes})


def gloss_sized(size: Size, pieces: int, glosses: int, **changes: Any) -> GlossTransformerConfig:
    """As `sized`, for the model from prompts to LangGloss."""
    return GlossTransformerConfig(pieces, glosses, **{**SIZES[size], **changes})


def from_settings(kind: type[T], settings: Any) -> T:
    """A configuration as a file has it. Raises `ValueError` that names what is wrong."""
    known = [f.name for f in fields(kind)]
    if not isinstance(settings, Mapping) or set(settings) != set(known):
        raise ValueError(f"the sizes of the model must be {', '.join(known)}")
    return kind(**settings)


def _check(config: PoseTransformerConfig | GlossTransformerConfig) -> None:
    for name, most in _LARGEST.items():
        value, least = getattr(config, name, 1), 0 if name == "counter_waves" else 1
        if type(value) is not int or not least <= value <= most:
            raise ValueError(f"{name} is {value!r}, no whole number from {least} to {most}")
    if type(getattr(config, "counter_steps", False)) is not bool:
        raise ValueError("counter_steps is neither true nor false")
    if config.width % config.heads:
        raise ValueError(f"a width of {config.width} can't be split into {config.heads} heads")
    if not isinstance(config.dropout, int | float) or not 0.0 <= config.dropout < 1.0:
        raise ValueError(f"dropout is {config.dropout!r}, not a share from 0 to 1")
