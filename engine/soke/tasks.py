"""What a request is to sign: its text, the signs found for it, and how they go into the model's prompts."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Final

from ..bundle import BundleError
from ..generators.base import EngineError, GenerateRequest, Report
from ..gloss import GlossPlan
from ..gloss_line import format_line
from ..planning import make_plan
from ..take import TakeError
from .exact import stretched
from .model import Model
from .opening import Opened
from .options import Options
from .own_signs import OwnSigns
from .prompt import PromptSettings
from .retrieval import Chunk, Limits, Retrieved, retrieve_plan
from .word_retrieval import WordIndex, retrieve_words

_MARGIN: Final = 0.95
"""Share of the model's steps that a chunk may be estimated at."""


@dataclass
class Task:
    """A request with all that it needs. text, gloss_line: what is signed. plan: by which, where there is one."""

    request: GenerateRequest
    opened: Opened
    retrieved: Retrieved
    text: str
    gloss_line: str
    warnings: tuple[str, ...]
    plan: GlossPlan | None = None

    @property
    def options(self) -> Options:
        """What the user chose for the method."""
        return self.opened.options

    @property
    def model(self) -> Model:
        """What makes the motion."""
        return self.opened.model

    @property
    def mode(self) -> str:
        """`free` or `exact`: what the user wants, else what the model is meant for, if all signs have an example."""
        if self.options.mode != "auto":
            return self.options.mode
        known = all(k.on for k in self.retrieved.keywords) and not any(o.fate == "model" for o in self.retrieved.others)
        return str(self.model.settings.get("mode", "free")) if known else "free"


def task_of(request: GenerateRequest, opened: Opened, report: Report) -> Task:
    """Find the signs of a request's text. Raises `EngineError`."""
    report("Reading the text", 0.1)
    text, plan, told, retrieved = _retrieve(request, opened)
    notes = (*told, *retrieved.warnings, *([opened.model.note] if opened.model.note else []))
    line = format_line(plan) if plan else ""
    return Task(request, opened, retrieved.without(opened.options.off), text, line, notes, plan)


def _retrieve(request: GenerateRequest, opened: Opened) -> tuple[str, GlossPlan | None, tuple[str, ...], Retrieved]:
    """The text, its gloss plan where there is one, warnings, and the signs."""
    options, model, language, lexicon = opened.options, opened.model, opened.language, opened.lexicon
    own = OwnSigns(model, lexicon)
    most = model.prompt.keywords if options.keywords is None else options.keywords
    steps = int(_MARGIN * most_steps(model))
    try:
        if model.dictionary.by_notation:
            plan = make_plan(request, language, lexicon)
            limits = Limits(most, max(model.prompt.keywords, most), steps)
            found = retrieve_plan(plan, lexicon, model.dictionary, own, request.dictionary, limits)
            return plan.text, plan, plan.warnings, found
        text = request.text if request.text.strip() else request.gloss
        index = WordIndex(model.dictionary, language, lexicon, request.dictionary)
        found = retrieve_words(text, index, own, Limits(most, most, steps))
        if not found.chunks:
            raise EngineError("nothing_to_sign", "There is no word in the text.", "Write some words.", "edit_text")
        return text, None, (), found
    except BundleError as e:
        raise EngineError("bundle_damaged", str(e), "Import the model anew.", "choose_bundle") from e
    except (TakeError, ValueError) as e:
        raise EngineError(
            "cannot_be_signed",
            f"One of your own signs can't be used: {e}",
            "Correct the sign that is named in your dictionary, or take it out.",
            "open_dictionary",
        ) from e


def most_steps(model: Model) -> int:
    return int(model.settings.get("steps", 100))


def examples_of(chunk: Chunk, length: float = 1.0) -> list[tuple[str, Any]]:
    """The chunk's signs as a prompt takes them."""
    return [
        (k.entry.gloss or k.entry.key, k.entry.codes if length == 1.0 else stretched(k.entry.codes, length))
        for k in chunk.examples
    ]


def prompt_settings(model: Model, options: Options, length: float = 1.0) -> PromptSettings:
    """How prompts are made where the user wants another number of signs or steps than the bundle."""
    keywords = max(model.prompt.keywords, options.keywords or 0)
    steps = max(round((options.keyword_steps or model.prompt.steps) * length), 1)
    return replace(model.prompt, keywords=keywords, steps=steps)
