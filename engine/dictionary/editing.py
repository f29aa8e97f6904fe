"""Adding, changing and removing single signs of the user's dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..generators.base import EngineError
from ..lexicon.loader import Lexicon
from ..lexicon.phonology import Sign
from ..take import PoseSequence, Segment, Take
from . import library
from .recording import sign_motion
from .store import Draft, UserDictionary, good_gloss
from .toml_writer import sign_record

EDITABLE = ("words", "pos", "sense", "context", "description", "author", "licence", "reviewed_by")
_NO_DESCRIPTION = "No description yet."
_NO_AUTHOR, _NO_LICENCE = "unknown", "unknown"


def words_of(gloss: str) -> list[str]:
    """The word that a gloss says, for signs that come without words."""
    return [gloss.replace("-", " ").lower()]


def recorded_take(gloss: str, dictionary: UserDictionary, sequence: PoseSequence, record: Mapping[str, Any]) -> Take:
    """The take that is stored as a recorded sign's motion."""
    segment = Segment(
        gloss,
        0.0,
        sequence.duration,
        "imported",
        source=f"{dictionary.language.lower()}/{gloss}",
        author=record.get("author", ""),
        licence=record.get("licence", ""),
    )
    return Take(gloss, "", dictionary.language, "imported", sequence, (segment,))


def add_recorded(
    dictionary: UserDictionary,
    gloss: str,
    take: Take,
    record: Mapping[str, Any],
    *,
    start: float = 0.0,
    end: float | None = None,
    mirror: bool = False,
    trim: bool = True,
    replace: bool = False,
) -> str:
    """Add a sign out of a recording; its gloss. Raises `EngineError`, also when it is taken and not to be replaced."""
    gloss = good_gloss(gloss)
    sequence = sign_motion(take.sequence, start=start, end=end, mirror=mirror, trim=trim)
    record = {**record, "words": record.get("words") or words_of(gloss)}
    with dictionary.change() as draft:
        if gloss in draft and not replace:
            raise _taken(gloss)
        draft.put_recorded(gloss, record, recorded_take(gloss, dictionary, sequence, record))
    return gloss


def edit(dictionary: UserDictionary, gloss: str, changes: Mapping[str, Any], *, copy: bool = False) -> str:
    """Change what is said of an own sign; its gloss, which is new when it was renamed.

    copy: an embedded sign is copied first, and the copy, which wins over it, is changed. Raises `EngineError`.
    """
    wrong = [name for name in changes if name not in (*EDITABLE, "gloss")]
    if wrong:
        raise EngineError("bad_request", f"{wrong[0]} can't be changed.", f"These can: gloss, {', '.join(EDITABLE)}.")
    new = good_gloss(changes["gloss"]) if "gloss" in changes else gloss
    lexicon = library.load(dictionary.language, dictionary.root)
    with dictionary.change() as draft:
        if new != gloss and new in draft:
            raise _taken(new)
        values = {name: value for name, value in changes.items() if name != "gloss"}
        if gloss in draft.recorded:
            record = draft.recorded[gloss] | values
            draft.remove(gloss)
            draft.put_recorded(new, record)
        elif gloss in draft.written or copy:
            own = gloss in draft.written
            record = (draft.record_of_written(gloss) if own else _embedded_record(lexicon, gloss)) | values
            if new != gloss:
                draft.remove(gloss)
            draft.put_written(new, complete(record, new), lexicon.handshapes)
        else:
            raise not_own(gloss, lexicon)
    return new


def remove(dictionary: UserDictionary, glosses: list[str]) -> list[str]:
    """Remove own signs; those that were there. Raises `EngineError` when one is no own sign, and removes none then."""
    lexicon = library.load(dictionary.language, dictionary.root)
    with dictionary.change() as draft:
        for gloss in glosses:
            if not draft.remove(gloss):
                raise not_own(gloss, lexicon)
    return glosses


def complete(record: Mapping[str, Any], gloss: str) -> dict[str, Any]:
    """A written sign's record with what a schema demands and nobody said."""
    given = dict(record)
    given["words"] = given.get("words") or words_of(gloss)
    if len(given.get("description", "")) < 10:
        given["description"] = f"{given.get('description', '')} {_NO_DESCRIPTION}".strip()
    for name, usual in (("author", _NO_AUTHOR), ("licence", _NO_LICENCE)):
        if name in given and not given[name]:
            given[name] = usual
    given.setdefault("reviewed_by", "")
    return given


def put(draft: Draft, gloss: str, how: str) -> str | None:
    """The gloss to store an incoming sign under by `how` (skip, replace, rename); `None` to leave it out."""
    if gloss not in draft or how == "replace":
        return gloss
    return draft.free_gloss(gloss) if how == "rename" else None


def _embedded_record(lexicon: Lexicon, gloss: str) -> dict[str, Any]:
    sign = lexicon.signs.get(gloss)
    if not isinstance(sign, Sign):
        raise not_own(gloss, lexicon)
    return sign_record(sign)


def not_own(gloss: str, lexicon: Lexicon) -> EngineError:
    """The error for a gloss that is not among the user's own signs."""
    if gloss in lexicon.signs:
        return EngineError(
            "not_own_sign",
            f"{gloss} is one of Signwright's own signs, so it can't be changed or removed.",
            "Make a copy of it: the copy wins over it and can be changed.",
            "open_dictionary",
        )
    return EngineError("no_such_sign", f"There is no sign {gloss!r}.", "Search for it by a word.", "open_dictionary")


def _taken(gloss: str) -> EngineError:
    return EngineError(
        "sign_exists",
        f"Your dictionary has a sign {gloss} already.",
        "Give this one another name, or choose to replace that one.",
        "open_dictionary",
    )
