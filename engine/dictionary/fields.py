"""Reading the fields of a request about the dictionary; what is of the wrong type is an `EngineError`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from .. import languages
from ..generators.base import EngineError
from .store import UserDictionary

T = TypeVar("T")
Message = dict[str, Any]

DUPLICATES = ("skip", "replace", "rename")
TEXTS = ("pos", "sense", "description", "author", "licence", "reviewed_by")
LISTS = ("words", "context")
_MAX_TEXT = 4000


def text(message: Message, name: str, usual: str = "") -> str:
    """A string, without what no file can hold."""
    value = message.get(name, usual)
    if not isinstance(value, str) or len(value) > _MAX_TEXT:
        raise EngineError("bad_request", f"{name} must be a text of at most {_MAX_TEXT} characters.")
    return value.encode("utf-8", "replace").decode().strip()


def texts(message: Message, name: str) -> list[str]:
    """A list of strings, empty and double ones left out; a text is split at its commas."""
    value = message.get(name, [])
    if isinstance(value, str):
        value = value.split(",")
    if not isinstance(value, Sequence) or not all(isinstance(v, str) for v in value):
        raise EngineError("bad_request", f"{name} must be a list of texts.")
    clean = (" ".join(v.encode("utf-8", "replace").decode().split()) for v in value)
    return list(dict.fromkeys(v for v in clean if v))


def paths(message: Message, name: str) -> list[str]:
    """A list of file names, as they are."""
    value = message.get(name)
    if not isinstance(value, list) or not value or not all(isinstance(v, str) and v and "\0" not in v for v in value):
        raise EngineError("bad_request", f"{name} must be a list of file names.")
    return value


def number(message: Message, name: str, usual: float | None = None) -> float | None:
    """A number, or what is usual when it is left out or null."""
    value = message.get(name, usual)
    if value is None:
        return usual
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not abs(value) < 1e9:
        raise EngineError("bad_request", f"{name} must be a number.")
    return value


def flag(message: Message, name: str, usual: bool = False) -> bool:
    """A yes or no."""
    value = message.get(name, usual)
    if not isinstance(value, bool):
        raise EngineError("bad_request", f"{name} must be true or false.")
    return value


def duplicates(message: Message) -> str:
    """What to do with a sign whose gloss is taken."""
    value = message.get("duplicates", "skip")
    if value not in DUPLICATES:
        raise EngineError("bad_request", f"duplicates must be one of {', '.join(DUPLICATES)}.")
    return value


def language(message: Message) -> str:
    """The code of a known signed language."""
    return languages.get(text(message, "language", "ASL")).code


def dictionary(message: Message) -> UserDictionary:
    """The user's dictionary of the request's language. Raises `EngineError` when no folder is given."""
    return UserDictionary(text(message, "dictionary"), language(message))


def metadata(message: Message) -> dict[str, Any]:
    """The descriptive fields of a sign that the message has."""
    given: dict[str, Any] = {name: text(message, name) for name in TEXTS if name in message}
    return given | {name: texts(message, name) for name in LISTS if name in message}
