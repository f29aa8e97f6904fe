"""The neural method: a text and signs that a dictionary has for it, to motion by a trained generator."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from .. import __version__, bundles
from .base import GenerateRequest, Report
from .dictionary import plain_settings, storable, take_name

if TYPE_CHECKING:
    from ..soke.finishing import Performance
    from ..soke.tasks import Task
    from ..take import Take

_DECODED_FROM, _DECODED_TO = 0.2, 0.85
"""Fractions of the whole between which the generator runs."""


class NeuralGenerator:
    """Motion by a bundle's generator, with examples of the signs from its dictionary."""

    name: ClassVar[str] = bundles.NEURAL
    label: ClassVar[str] = "Neural (retrieval)"
    description: ClassVar[str] = "A trained model signs the text, with the signs of a dictionary as examples"
    options: ClassVar[tuple[str, ...]] = (
        "bundle", "device", "precision", "temperature", "top_k", "top_p", "beams", "keywords", "keyword_steps", "off",
        "mode", "length",
    )  # fmt: skip

    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the embedded models know."""
        return self.languages_of("")

    def languages_of(self, models: str) -> tuple[str, ...]:
        """Those that any model knows, the embedded ones and those in the user's folder."""
        return bundles.languages_of(models, self.name)

    def problem(self, models: str) -> str:
        """Why it can't be used, and what to do about it; empty when it can."""
        return bundles.lacking(models)

    def warm(self, language: str, report: Report) -> None:
        """Load the default model and make a take of one word, which loads all that a take needs."""
        if not bundles.usable("", self.name):
            return
        self.generate(GenerateRequest(text="0", language=language, method=self.name), report)

    def generate(self, request: GenerateRequest, report: Report) -> Take:
        """Make one take. Raises `EngineError` or, told so by `report`, `Cancelled`."""
        return self.generate_all(dataclasses.replace(request, variations=1), report)[0]

    def generate_all(self, request: GenerateRequest, report: Report) -> list[Take]:
        """Make all variations of a take together. Raises as `generate` does."""
        from ..soke import opening, performance, tasks

        report("Loading the model", 0.0)
        task = tasks.task_of(request, opening.opened_for(request), report)
        report("Generating", _DECODED_FROM)
        width = _DECODED_TO - _DECODED_FROM
        made = performance.perform(task, lambda done: report("Generating", _DECODED_FROM + width * done))
        report("Finishing", _DECODED_TO)
        return [_take(request, task, one, number) for number, one in enumerate(made)]


def _take(request: GenerateRequest, task: Task, made: Performance, variation: int) -> Take:
    from ..take import Take

    name = storable(request.name).strip() or take_name(task.text.strip() or task.gloss_line)
    return Take(
        name=name if not variation else f"{name} {variation + 1}",
        text=storable(task.text),
        language=task.opened.language.code,
        method=NeuralGenerator.name,
        sequence=made.sequence.mirrored() if request.handedness == "left" else made.sequence,
        segments=made.segments,
        seed=request.seed + variation,
        warnings=task.warnings,
        settings={
            **plain_settings(request),
            **task.opened.provenance,
            "options": {**request.options, **task.options.chosen_by(variation), "mode": task.mode},
            "score": made.score,
            "gloss_line": task.gloss_line,
        },
        engine_version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )
