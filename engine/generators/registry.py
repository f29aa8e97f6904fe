"""The methods by name. A new method is one entry here; its module is imported when it is first asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Final

from .base import EngineError, Generator

_CLASSES: Final[dict[str, tuple[str, str]]] = {
    "dictionary": (".dictionary", "DictionaryGenerator"),
    "neural": (".neural", "NeuralGenerator"),
}
"""Name of a method: its module in this package, its class. The first one is the default."""

_instances: dict[str, Generator] = {}


def names() -> tuple[str, ...]:
    """Names of all methods, the default one first."""
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
