"""The requests that are worked on in the worker thread: a table of their handlers.

A handler gets the message and a `report` to tell progress by, and returns the fields of its `result`. It raises
`EngineError` for what the user can mend, and lets `Cancelled` pass.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Final

from .generators import registry
from .generators.base import GenerateRequest, Report
from .outputs import check_output, save_take
from .protocol import Message

Handler = Callable[[Message, Report], Message]

HANDLERS: Final[dict[str, tuple[str, str]]] = {
    "generate": (".requests", "generate"),
    "plan": (".planning", "plan_request"),
    "signs": (".dictionary.requests", "signs"),
    "sign_add": (".dictionary.requests", "sign_add"),
    "sign_edit": (".dictionary.requests", "sign_edit"),
    "signs_remove": (".dictionary.requests", "signs_remove"),
    "signs_import": (".dictionary.requests", "signs_import"),
    "signs_export": (".dictionary.requests", "signs_export"),
}
"""Type of a request: the module and the function that answer it; a module is imported when it is first asked."""


def handler(kind: str) -> Handler:
    """The handler of a request's type. Raises `KeyError` for one not in the table."""
    module, function = HANDLERS[kind]
    return getattr(import_module(module, __package__), function)


def generate(message: Message, report: Report) -> Message:
    """Make a take and write it."""
    request = GenerateRequest.from_message(message)
    path = check_output(message.get("output"))
    take = registry.get(request.method).generate(request, report)
    report("Writing", 0.97)
    save_take(take, path)
    return {
        "path": str(path),
        "warnings": list(take.warnings),
        "name": take.name,
        "frames": len(take.sequence),
        "fps": take.sequence.fps,
        "glosses": [segment.gloss for segment in take.segments],
        "gloss_line": take.settings.get("gloss_line", ""),
    }
