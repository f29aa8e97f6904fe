"""The requests that are worked on in the worker thread: a table of their handlers.

A handler gets the message and a `report` to tell progress by, and returns the fields of its `result`. It raises
`EngineError` for what the user can mend, and lets `Cancelled` pass.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Final

from .generators import registry
from .generators.base import GenerateRequest, Report, takes
from .outputs import check_output, save_take
from .protocol import Message

if TYPE_CHECKING:  # takes need NumPy, and saying hello shouldn't wait for it
    from .take import Take

Handler = Callable[[Message, Report], Message]

HANDLERS: Final[dict[str, tuple[str, str]]] = {
    "generate": (".requests", "generate"),
    "plan": (".planning", "plan_request"),
    "bundles": (".bundles", "bundles_request"),
    "keywords": (".soke.requests", "keywords"),
    "regenerate": (".soke.requests", "regenerate"),
    "caption": (".soke.requests", "caption"),
    "takes_import": (".pose_files.requests", "takes_import"),
    "take_export": (".pose_files.requests", "take_export"),
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
    """Make a take, or several variations of it, and write them."""
    request = GenerateRequest.from_message(message)
    path = check_output(message.get("output"))
    made = takes(registry.chosen(request), request, report)
    report("Writing", 0.97)
    return written(made, path)


def written(made: Sequence[Take], path: Path) -> Message:
    """Write takes: the first to `path`, the others beside it as `<name>-2.npz` and so on. The answer's fields."""
    paths = [path, *(path.with_name(f"{path.stem}-{n}{path.suffix}") for n in range(2, len(made) + 1))]
    for take, own in zip(made, paths, strict=True):
        save_take(take, own)
    first = made[0]
    return {
        **_described(first, path),
        "warnings": list(first.warnings),
        "glosses": [segment.gloss for segment in first.segments],
        "gloss_line": first.settings.get("gloss_line", ""),
        "runtime": first.settings.get("runtime", ""),
        "variations": [
            {**_described(take, own), "seed": take.seed, "score": take.settings.get("score")}
            for take, own in zip(made, paths, strict=True)
        ],
    }


def _described(take: Take, path: Path) -> Message:
    return {"path": str(path), "name": take.name, "frames": len(take.sequence), "fps": take.sequence.fps}
