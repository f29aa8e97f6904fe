"""The dictionary's requests of the protocol: what `server` hands over, and what it answers with.

Each function takes the request's message and a reporter, and returns the fields of its result. Raises `EngineError`.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from ..generators.base import EngineError, Report
from ..lexicon.toml_source import LexiconError
from ..outputs import check_output, readable_error
from . import editing, fields, library
from .fields import Message
from .store import UserDictionary

_PAGE, _LARGEST_PAGE = 50, 2000


def signs(message: Message, report: Report) -> dict[str, Any]:
    """Search: one page of the signs that a query finds."""
    report("Searching", 0.0)
    language, folder = fields.language(message), fields.text(message, "dictionary")
    lexicon = _lexicon(language, folder)
    found = library.find(lexicon, fields.text(message, "query"))
    if fields.flag(message, "own"):
        found = [entry for entry in found if library.is_own(entry, folder)]
    offset = max(int(fields.number(message, "offset", 0) or 0), 0)
    limit = min(max(int(fields.number(message, "limit", _PAGE) or 0), 0), _LARGEST_PAGE)
    return {
        "total": len(found),
        "signs": library.describe(found[offset : offset + limit], lexicon, folder),
        "problems": [str(p) for p in lexicon.problems],
    }


def sign_add(message: Message, report: Report) -> dict[str, Any]:
    """Add a sign out of an `.npz` or `.pose` recording."""
    from .readers import motion_of

    dictionary = fields.dictionary(message)
    report("Reading the motion", 0.1)
    motion = motion_of(Path(fields.text(message, "motion")))
    record = {"origin": fields.text(message, "origin") or "keyframes", **fields.metadata(message)}
    if motion.fit_residual is not None:
        record["fit_residual"] = motion.fit_residual
    report("Adding the sign", 0.5)
    gloss = editing.add_recorded(
        dictionary,
        fields.text(message, "gloss"),
        motion.take,
        record,
        start=fields.number(message, "start", 0.0) or 0.0,
        end=fields.number(message, "end"),
        mirror=fields.flag(message, "mirror"),
        trim=fields.flag(message, "trim", True),
        replace=fields.flag(message, "replace"),
    )
    return {"sign": _described(dictionary, gloss), "warnings": list(motion.notes)}


def sign_edit(message: Message, report: Report) -> dict[str, Any]:
    """Change what is said of an own sign, its gloss too."""
    dictionary, changes = fields.dictionary(message), message.get("changes")
    if not isinstance(changes, dict):
        raise EngineError("bad_request", "changes must be an object of fields and values.")
    report("Changing the sign", 0.0)
    read = {
        name: fields.texts(changes, name) if name in fields.LISTS else fields.text(changes, name) for name in changes
    }
    gloss = editing.edit(dictionary, fields.text(message, "gloss"), read, copy=fields.flag(message, "copy"))
    return {"sign": _described(dictionary, gloss)}


def signs_remove(message: Message, report: Report) -> dict[str, Any]:
    """Remove own signs."""
    report("Removing", 0.0)
    return {"removed": editing.remove(fields.dictionary(message), fields.texts(message, "glosses"))}


def signs_import(message: Message, report: Report) -> dict[str, Any]:
    """Import files and folders."""
    from .imports import ImportChoices, import_signs

    dictionary = fields.dictionary(message)
    words = message.get("words", {})
    if not isinstance(words, dict):
        raise EngineError("bad_request", "words must be an object of file names and lists of words.")
    metadata = {k: v for k, v in fields.metadata({**message, "words": []}).items() if v}
    choices = ImportChoices(
        dictionary.root,
        dictionary.language,
        fields.duplicates(message),
        metadata,
        {Path(name).name: fields.texts(words, name) for name in words},
        fields.flag(message, "mirror"),
        fields.flag(message, "trim", True),
    )
    done = import_signs([Path(p) for p in fields.paths(message, "paths")], choices, report)
    return dataclasses.asdict(done)


def signs_export(message: Message, report: Report) -> dict[str, Any]:
    """Write own signs into a zip."""
    from .archive import export

    dictionary, output = fields.dictionary(message), check_output(message.get("output"))
    try:
        count = export(dictionary, fields.texts(message, "glosses"), output, report)
    except OSError as e:
        raise readable_error(e, output) from e
    return {"path": str(output), "count": count}


def _lexicon(language: str, folder: str) -> Any:
    try:
        return library.load(language, folder)
    except LexiconError as e:
        raise EngineError(
            "lexicon_damaged",
            f"The dictionary of {language} can't be read: {e}",
            "Install Signwright again, or correct the file that is named.",
            "open_log",
        ) from e


def _described(dictionary: UserDictionary, gloss: str) -> dict[str, Any]:
    lexicon = _lexicon(dictionary.language, str(dictionary.root))
    return library.describe([lexicon.signs[gloss]], lexicon, dictionary.root)[0]
