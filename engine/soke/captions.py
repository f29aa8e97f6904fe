"""Sign to text: what a motion says in words, by a model that was trained for both directions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ..generators.base import EngineError, Report
from ..tokenizer.features import PARTS
from .decoding import TEXT, decode_text
from .model import Model
from .prompt import sign_to_text_input
from .sampling import Sampling

TASK: Final = "sign_to_text"
_LONGEST_TEXT: Final = 80
"""Most tokens of a caption."""


@dataclass(frozen=True)
class Caption:
    """score: mean log-probability of a token."""

    text: str
    score: float


def caption(model: Model, codes: dict[str, list[int]], language: str, beams: int, report: Report) -> Caption:
    """The text of a signing. Long ones are read in pieces of what the model makes at a time, one after the other.

    Raises `EngineError`: `no_captions`.
    """
    if TASK not in model.settings.get("tasks", ()):
        raise EngineError(
            "no_captions",
            f"The model {model.bundle.manifest.name} makes motion of texts, but no texts of motion.",
            "Choose a model that writes captions.",
            "choose_bundle",
        )
    most = min(int(model.settings.get("steps", 100)), model.prompt.longest - 2)
    count = len(codes[PARTS[0]])
    pieces = [{part: codes[part][i : i + most] for part in PARTS} for i in range(0, count, most)]
    inputs = [sign_to_text_input(model.vocabulary, piece, language, model.prompt.longest) for piece in pieces]
    made = decode_text(
        model.runtime,
        inputs,
        language,
        Sampling(beams=beams),
        longest=_LONGEST_TEXT,
        progress=lambda done: report("Reading the signs", 0.2 + 0.75 * done),
    )
    texts = [model.vocabulary.text_of(one.rows[TEXT]).strip() for one in made]
    tokens = sum(len(one.log_probabilities) for one in made)
    return Caption(" ".join(t for t in texts if t), sum(one.log_probability for one in made) / max(tokens, 1))
