"""Where the items of a plan stand in its gloss line, and changing the line there. No bpy here."""

from __future__ import annotations

import re
from collections.abc import Sequence

Span = tuple[int, int]
_PAUSE = r"(?:,|\.\.\.|…|\.|\([\d.\s]+s?\s*\))"
_EMPTY_PHRASE = re.compile(rf"\[(?:\s|{_PAUSE})*\][^\s\[\]/?!]*")
_BEFORE_ALL_SIGNS = re.compile(rf"(?:\s|/|{_PAUSE})+")


def spans(line: str, glosses: Sequence[str]) -> list[Span | None]:
    """Characters of the line that each gloss stands on, in order; `None` for one that the line doesn't show."""
    found: list[Span | None] = []
    at = 0
    for gloss in glosses:
        match = re.compile(rf"(?<![^\s(\[{{<]){re.escape(gloss)}(?![\w+-])").search(line, at) if gloss else None
        found.append(match.span() if match else None)
        at = match.end() if match else at
    return found


def replaced(line: str, span: Span, gloss: str) -> str:
    """The line with another gloss at that place."""
    start, end = span
    return line[:start] + gloss + line[end:]


def without(line: str, span: Span) -> str:
    """The line without what stands at that place, nor brackets and leading pauses that have no sign left."""
    start, end = span
    rest = _EMPTY_PHRASE.sub("", line[:start] + line[end:])
    leading = _BEFORE_ALL_SIGNS.match(rest)
    left = one_line(rest[leading.end() :] if leading else rest)
    return left.replace("[ ", "[").replace(" ]", "]")


def swapped(line: str, first: Span, second: Span) -> str:
    """The line with what stands on two places exchanged; `first` is the earlier one."""
    (a, b), (c, d) = first, second
    return line[:a] + line[c:d] + line[b:c] + line[a:b] + line[d:]


def one_line(text: str) -> str:
    """A text of several lines as one gloss line."""
    return " ".join(text.split())
