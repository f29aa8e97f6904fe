"""What every method has in common: the request, progress and cancelling, the protocol, errors."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal, Protocol, runtime_checkable

if TYPE_CHECKING:  # takes need NumPy, and saying hello shouldn't wait for it
    from ..take import Take

MOST_VARIATIONS: Final = 8
"""Most takes of one request."""
Report = Callable[[str, float], None]
"""Called with a stage's name and the fraction done in [0, 1]; raises `Cancelled` when the user cancelled."""


class Cancelled(Exception):
    """The user cancelled the request."""


class EngineError(Exception):
    """An error for the user: what happened, what it means, how to mend it.

    `code` is stable and machine-readable, `fix` is one of `protocol.FIXES`.
    """

    def __init__(self, code: str, message: str, hint: str = "", fix: str = "") -> None:
        super().__init__(message)
        self.code, self.message, self.hint, self.fix = code, message, hint, fix


@dataclass(frozen=True)
class GenerateRequest:
    """All that a user chooses for one take."""

    text: str
    language: str = "ASL"
    method: str = ""
    """Name of the method; the first that can be used when empty (see `registry.default`)."""
    seed: int = 0
    speed: float = 1.0
    """1 is a relaxed everyday pace; 0.5 half as fast, 2 twice as fast."""
    handedness: Literal["right", "left"] = "right"
    fps: float = 24.0
    name: str = ""
    """Name of the take; by the text when empty."""
    body_model: str = ""
    """SMPL-X-format file that contacts are measured on; the embedded avatar when empty."""
    betas: tuple[float, ...] = ()
    """Shape of the body, by the model's own components; its mean shape when empty."""
    gloss: str = ""
    """Gloss line that the user edited (`gloss_line.py`); it wins over what the text would become."""
    word_order: Literal["signed", "text"] = "signed"
    """By the grammar of the signed language, or word by word as the text has it."""
    mouthing: float = 1.0
    """Strength of mouthed words, 0 to 1; mouth gestures that belong to a sign stay."""
    variation: float = 0.5
    """How much timing and amplitude vary with the seed, 0 to 1."""
    dictionary: str = ""
    """Folder of the user's own signs, which win over the embedded ones; none when empty."""
    models: str = ""
    """Folder of the user's own models beside the embedded ones; none when empty."""
    variations: int = 1
    """How many takes are wanted, each from the seed after the one before."""
    options: dict[str, Any] = field(default_factory=dict)
    """Settings of one method only."""

    @classmethod
    def from_message(cls, message: dict[str, Any]) -> GenerateRequest:
        """Take the known fields out of a protocol message; a wrong type or range is an `EngineError`."""
        known = {f.name: f for f in dataclasses.fields(cls)}
        values = {k: v for k, v in message.items() if k in known}
        try:
            if isinstance(values.get("betas"), list):
                values["betas"] = tuple(float(b) for b in values["betas"])
            request = cls(**values)
            texts = ("text", "language", "method", "name", "body_model", "gloss", "dictionary", "models")
            sound = {
                **{name: isinstance(getattr(request, name), str) for name in texts},
                "seed": isinstance(request.seed, int) and abs(request.seed) < 2**63,
                "speed (0.1 to 10)": 0.1 <= float(request.speed) <= 10.0,
                "fps (1 to 240)": 1.0 <= float(request.fps) <= 240.0,
                "handedness (right or left)": request.handedness in ("right", "left"),
                "word_order (signed or text)": request.word_order in ("signed", "text"),
                "mouthing (0 to 1)": 0.0 <= float(request.mouthing) <= 1.0,
                "variation (0 to 1)": 0.0 <= float(request.variation) <= 1.0,
                "betas (numbers)": all(abs(float(b)) < 100 for b in request.betas) and len(request.betas) <= 400,
                f"variations (1 to {MOST_VARIATIONS})": type(request.variations) is int
                and 1 <= request.variations <= MOST_VARIATIONS,
                "options": isinstance(request.options, dict),
            }
        except (TypeError, ValueError) as e:
            raise EngineError("bad_request", f"The request can't be read: {e}") from e
        wrong = [name for name, good in sound.items() if not good]
        if wrong:
            raise EngineError(
                "bad_request", f"The request is of the wrong type or out of range in: {', '.join(wrong)}."
            )
        return request


class Generator(Protocol):
    """One method from text to a take. A class with this shape in `registry` is all a new method needs."""

    name: ClassVar[str]
    label: ClassVar[str]
    description: ClassVar[str]

    def languages(self) -> tuple[str, ...]:
        """Codes of the signed languages that it can produce now."""
        ...

    def warm(self, language: str, report: Report) -> None:
        """Load in advance what `generate` needs for a language, so that the first take is as quick as the others."""
        ...

    def generate(self, request: GenerateRequest, report: Report) -> Take:
        """Make the take. Raises `EngineError` for what the user can mend, `Cancelled` when told so by `report`."""
        ...


@runtime_checkable
class ModelGenerator(Generator, Protocol):
    """A method that needs a trained model: what it can do depends on the models that are there.

    options: names of its own settings, which `GenerateRequest.options` may have.
    """

    options: ClassVar[tuple[str, ...]]

    def languages_of(self, models: str) -> tuple[str, ...]:
        """As `languages`, with the user's folder of models."""
        ...

    def problem(self, models: str) -> str:
        """Why it can't be used, and what to do about it; empty when it can."""
        ...


@runtime_checkable
class PromptGenerator(Generator, Protocol):
    """A method that reads free prompts beside plain sentences."""

    def examples(self, language: str) -> list[str]:
        """Prompts for people, for a signed language by its code."""
        ...


@runtime_checkable
class BatchGenerator(Generator, Protocol):
    """A method that makes the variations of a take together, quicker than one after the other."""

    def generate_all(self, request: GenerateRequest, report: Report) -> list[Take]:
        """Make `request.variations` takes. Raises as `generate` does."""
        ...


def takes(generator: Generator, request: GenerateRequest, report: Report) -> list[Take]:
    """All variations of a request by any method. Raises as `Generator.generate` does."""
    if isinstance(generator, BatchGenerator):
        return generator.generate_all(request, report)
    count = request.variations
    return [
        generator.generate(
            dataclasses.replace(request, seed=request.seed + i, variations=1),
            lambda stage, fraction, i=i: report(stage, (i + fraction) / count),
        )
        for i in range(count)
    ]
