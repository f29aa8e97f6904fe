"""What the engine says of itself in its `hello`."""

from __future__ import annotations

from typing import Any

from . import __version__, bundles, languages
from .generators import registry
from .generators.base import Generator, ModelGenerator, PromptGenerator
from .protocol import PROTOCOL


def description(models: str = "") -> dict[str, Any]:
    """What the engine is and can do now: version, protocol, methods, languages, models, devices and the runtime.

    models: the user's folder of models.
    """
    return {
        "version": __version__,
        "protocol": PROTOCOL,
        "methods": [_method(registry.get(name), models) for name in registry.names()],
        "languages": [_language(language) for language in languages.LANGUAGES],
        **bundles.description(models),
    }


def _method(generator: Generator, models: str) -> dict[str, Any]:
    by_model = isinstance(generator, ModelGenerator)
    problem = generator.problem(models) if by_model else ""
    known = list(generator.languages_of(models) if by_model else generator.languages())
    examples = {code: generator.examples(code) for code in known} if isinstance(generator, PromptGenerator) else {}
    return {
        "name": generator.name,
        "label": generator.label,
        "description": generator.description,
        "languages": known,
        "options": list(generator.options) if by_model else [],
        "examples": examples,
        "bundles": by_model,
        "usable": not problem,
        "problem": problem,
    }


def _language(language: languages.Language) -> dict[str, Any]:
    return {
        "code": language.code,
        "name": language.name,
        "spoken": language.spoken,
        "spoken_name": language.spoken_name,
        "has_signs": language.has_signs,
        "signs": language.signs,
        "letters": language.letters,
        "numbers": language.numbers,
        "grammar": language.grammar,
    }
