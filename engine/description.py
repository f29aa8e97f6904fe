"""What the engine says of itself in its `hello`."""

from __future__ import annotations

import os
from typing import Any

from . import __version__, languages
from .generators import registry
from .protocol import PROTOCOL


def description() -> dict[str, Any]:
    """What the engine is and can do now: version, protocol, devices, methods, languages."""
    generators = [registry.get(name) for name in registry.names()]
    return {
        "version": __version__,
        "protocol": PROTOCOL,
        "devices": devices(),
        "methods": [
            {"name": g.name, "label": g.label, "description": g.description, "languages": list(g.languages())}
            for g in generators
        ],
        "languages": [_language(language) for language in languages.LANGUAGES],
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


def devices() -> list[dict[str, Any]]:
    """The devices that the present methods compute on: the processor."""
    usable = getattr(os, "sched_getaffinity", None)
    cores = len(usable(0)) if usable else os.cpu_count() or 1
    return [{"id": "cpu", "name": f"CPU ({cores} core{'s' if cores != 1 else ''})", "cores": cores}]
