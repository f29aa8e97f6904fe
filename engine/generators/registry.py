"""The methods by name. A new method is one entry here; its module is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from .base import EngineError, GenerateRequest, Generator, ModelGenerator

_CLASSES: Final[dict[str, tuple[str, str]]] = {
    "neural": (".neural", "NeuralGenerator"),
    "dictionary": (".dictionary", "DictionaryGenerator"),
    "mlsf": (".signllm", "MlsfGenerator"),
    "prompt2langgloss": (".signllm", "Prompt2LangGlossGenerator"),
}
"""Name of a method: its module in this package, its class. The first one that can be used is the default."""

_instances: dict[str, Generator] = {}


def names() -> tuple[str, ...]:
    """Names of all methods, in the order in which they are offered."""
    return tuple(_CLASSES)


def get(name: str) -> Generator:
    """The generator of that name, made once a process. Raises `EngineError` for a name not in the table."""
    if name not in _CLASSES:
        raise EngineError(
            "unknown_method",
            f"There is no method called {str(name)[:40]!r}.",
            f"Choose one of: {', '.join(_CLASSES)}.",
            "choose_method",
        )
    if name not in _instances:
        module, cls = _CLASSES[name]
        _instances[name] = getattr(import_module(module, __package__), cls)()
    return _instances[name]


def chosen(request: GenerateRequest) -> Generator:
    """The generator that a request names, or the default one. Raises `EngineError` for a name not in the table."""
    return get(request.method or default(request.models, request.language))


def default(models: str = "", language: str = "") -> str:
    """The name of the first method that can be used, of those that know the language if any does.

    models: the user's folder of models.
    """
    usable = [name for name in names() if _usable(get(name), models)]
    knowing = (name for name in usable if language.upper() in _languages(get(name), models))
    return next(knowing, next(iter(usable), names()[0]))


def _usable(generator: Generator, models: str) -> bool:
    return not isinstance(generator, ModelGenerator) or not generator.problem(models)


def _languages(generator: Generator, models: str) -> tuple[str, ...]:
    return generator.languages_of(models) if isinstance(generator, ModelGenerator) else generator.languages()
