"""What a user chooses for the neural method: `GenerateRequest.options`, checked."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

from ..generators.base import EngineError
from .model import DEVICES, PRECISIONS, Device, Precision
from .sampling import Sampling

Mode = Literal["auto", "free", "exact"]
VARIED_TEMPERATURE: Final = 0.8
"""Of the variations that would else all be the most likely one, and of what is made anew."""
_SEED_STRIDE: Final = 1_000_003
"""Apart from each other are the seeds of a text's chunks, so that those of variations don't meet them."""


@dataclass(frozen=True)
class Options:
    """bundle: id of a model, empty for the default one. off: indices of keywords that are left out of the prompt.

    keywords, keyword_steps: most examples and most steps of each; `None` for the model's own numbers. mode: `exact`
    keeps the retrieved signs code for code, `auto` does as the model is meant to be used. length: scale of the length
    that the model would choose.
    """

    bundle: str = ""
    device: Device = "auto"
    precision: Precision = "auto"
    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    beams: int = 1
    keywords: int | None = None
    keyword_steps: int | None = None
    off: tuple[int, ...] = ()
    mode: Mode = "auto"
    length: float = 1.0

    @classmethod
    def of(cls, options: Mapping[str, Any], **defaults: Any) -> Options:
        """Read a request's options. defaults: for those that it doesn't give. Raises `EngineError`: `bad_request`."""
        known = {f.name for f in dataclasses.fields(cls)}
        unknown = sorted(set(options) - known)
        if unknown:
            listed = ", ".join(sorted(known))
            raise EngineError("bad_request", f"The method has no option {unknown[0]!r}; it has: {listed}.")
        values = {**defaults, **options}
        wrong = [
            f"{name} ({told})" for name, (told, good) in _RULES.items() if name in values and not good(values[name])
        ]
        if wrong:
            raise EngineError(
                "bad_request", f"The request is of the wrong type or out of range in: {', '.join(wrong)}."
            )
        values["off"] = tuple(values.get("off", ()))
        if values.get("beams", 1) > 1 and values.get("temperature", 0) > 0:
            raise EngineError(
                "bad_request",
                "A beam search takes the most likely motion and can't sample.",
                "Set the temperature to 0, or the beams to 1.",
            )
        return cls(**values)

    def sampling(self, seed: int, chunk: int = 0, variation: int = 0) -> Sampling:
        """How the tokens of a chunk are chosen. seed: of the first variation.

        With a temperature of 0 the first variation is the most likely motion, and the others are sampled.
        """
        temperature = float(self.temperature) or (VARIED_TEMPERATURE if variation else 0.0)
        own = (abs(seed) + variation + chunk * _SEED_STRIDE) % 2**63
        return Sampling(temperature, self.top_k, float(self.top_p), own, 1 if temperature else self.beams)

    def chosen_by(self, variation: int) -> dict[str, float]:
        """How the tokens of a variation are chosen, for its provenance."""
        used = self.sampling(0, variation=variation)
        return {name: getattr(used, name) for name in ("temperature", "top_k", "top_p", "beams")}


def _whole(low: int, high: int) -> Callable[[Any], bool]:
    return lambda value: type(value) is int and low <= value <= high


def _number(low: float, high: float) -> Callable[[Any], bool]:
    return lambda value: type(value) in (int, float) and low <= value <= high


def _or_none(rule: Callable[[Any], bool]) -> Callable[[Any], bool]:
    return lambda value: value is None or rule(value)


def _one_of(*values: str) -> Callable[[Any], bool]:
    return lambda value: value in values


def _indices(value: Any) -> bool:
    return isinstance(value, list | tuple) and all(type(v) is int and v >= 0 for v in value)


_RULES: Final[dict[str, tuple[str, Callable[[Any], bool]]]] = {
    "bundle": ("text", lambda value: isinstance(value, str)),
    "device": ("auto, cpu or cuda", _one_of(*DEVICES)),
    "precision": (", ".join(PRECISIONS), _one_of(*PRECISIONS)),
    "temperature": ("0 to 2", _number(0.0, 2.0)),
    "top_k": ("0 to 500", _whole(0, 500)),
    "top_p": ("0.01 to 1", _number(0.01, 1.0)),
    "beams": ("1 to 8", _whole(1, 8)),
    "keywords": ("0 to 64", _or_none(_whole(0, 64))),
    "keyword_steps": ("1 to 50", _or_none(_whole(1, 50))),
    "off": ("indices", _indices),
    "mode": ("auto, free or exact", _one_of("auto", "free", "exact")),
    "length": ("0.25 to 4", _number(0.25, 4.0)),
}
