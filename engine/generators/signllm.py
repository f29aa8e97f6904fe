"""SignLLM's two methods: a group of models a language (MLSF), and one model for all by way of glosses."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime
from typing import TYPE_CHECKING, ClassVar

from .. import __version__, bundles
from .base import GenerateRequest, Report
from .dictionary import plain_settings, storable, take_name

if TYPE_CHECKING:
    from ..signllm.config import Mode
    from ..signllm.performance import Performance
    from ..take import Take


class SignLlmGenerator:
    """What both have in common. They are deterministic: the seed and the number of variations change nothing."""

    name: ClassVar[Mode]
    label: ClassVar[str]
    description: ClassVar[str]
    options: ClassVar[tuple[str, ...]]

    def languages(self) -> tuple[str, ...]:
        """Codes of the languages that the embedded models know."""
        return self.languages_of("")

    def languages_of(self, models: str) -> tuple[str, ...]:
        """Those that any model of the method knows, the embedded ones and those in the user's folder."""
        return bundles.languages_of(models, self.name)

    def problem(self, models: str) -> str:
        """Why it can't be used, and what to do about it; empty when it can."""
        return bundles.lacking(models, self.name)

    def examples(self, language: str) -> list[str]:
        """Prompts for people, as one may write them for that signed language beside plain sentences."""
        from ..signllm import prompts

        return prompts.examples(language)

    def warm(self, language: str, report: Report) -> None:
        """Load the embedded model of a language, if there is one."""
        if language not in self.languages():
            return
        from ..signllm.bundled import opened
        from ..signllm.performance import Options, found_for

        report("Loading the model", 0.0)
        opened(found_for(Options(), "", language, self.name))

    def generate(self, request: GenerateRequest, report: Report) -> Take:
        """Make one take. Raises `EngineError` or, told so by `report`, `Cancelled`."""
        from ..signllm.performance import Options, perform

        made = perform(request, self.name, Options.of(request.options, self.options), report)
        report("Finishing", 0.96)
        return self._take(request, made)

    def generate_all(self, request: GenerateRequest, report: Report) -> list[Take]:
        """Make all variations of a take, which are the same. Raises as `generate` does."""
        first = self.generate(request, report)
        if request.variations == 1:
            return [first]
        told = f"{self.label} makes the same motion each time, so that all variations are alike."
        first = dataclasses.replace(first, warnings=(*first.warnings, told))
        others = (
            dataclasses.replace(first, name=f"{first.name} {i + 1}", seed=request.seed + i)
            for i in range(1, request.variations)
        )
        return [first, *others]

    def _take(self, request: GenerateRequest, made: Performance) -> Take:
        from ..signllm.script import words_of
        from ..take import Take

        line = " / ".join(" ".join(word for word, _, _ in words_of(tokens)) for tokens in made.lines)
        prompt = request.text.strip()
        return Take(
            name=storable(request.name).strip() or take_name(prompt or line),
            text=storable(request.text),
            language=made.language,
            method=self.name,
            sequence=made.sequence.mirrored() if request.handedness == "left" else made.sequence,
            segments=made.segments,
            seed=request.seed,
            warnings=tuple(made.warnings),
            settings={
                **plain_settings(request),
                **made.provenance,
                "gloss_line": line,
                "lang_gloss": " ".join(token for tokens in made.lines for token in tokens),
            },
            engine_version=__version__,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        )


class MlsfGenerator(SignLlmGenerator):
    """Text or a free prompt to motion by the group of models of the language (multi-language switching framework)."""

    name: ClassVar[Mode] = "mlsf"
    label: ClassVar[str] = "MLSF (SignLLM)"
    description: ClassVar[str] = (
        "Models of one language each turn a sentence or a question straight into motion; those that come along are "
        "tiny, and their signing is rough"
    )
    options: ClassVar[tuple[str, ...]] = ("bundle",)


class Prompt2LangGlossGenerator(SignLlmGenerator):
    """Text or a free prompt to glosses with their language, and these to motion, by one model for all languages."""

    name: ClassVar[Mode] = "prompt2langgloss"
    label: ClassVar[str] = "Prompt2LangGloss (SignLLM)"
    description: ClassVar[str] = (
        "One model for all languages writes glosses for a sentence or a question and signs them; the one that comes "
        "along is tiny, and its signing is rough"
    )
    options: ClassVar[tuple[str, ...]] = ("bundle", "beams")
