"""Unicode normalising and tokens, each with its place in the text as the user typed it."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

Span = tuple[int, int]
TokenKind = Literal["word", "number", "mark", "emoji", "symbol"]

_JOINER = "\u200d"
APOSTROPHES = "'’ʼ‘`´"
_EMOTICON = re.compile(r"(?<!\w)(?:[:;]-?[()D]|<3)(?!\w)")
_MARKS = {
    **dict.fromkeys(",،、;؛()[]{}–—", ","),
    **dict.fromkeys(":.!?", ""),
    "؟": "?",
    "。": "P",
    "\n": "N",
    "\u2028": "N",
    "\u2029": "N",
}
"""Class of the marks that pause; those of the second line are their own class."""


@dataclass(frozen=True)
class Token:
    """A word, a number, a mark or an emoji. `text` is normalised, `span` counts in the original text."""

    kind: TokenKind
    text: str
    span: Span


@lru_cache(maxsize=8)
def _pattern(groups: str) -> re.Pattern[str]:
    """Matches tokens on the string of character classes that `_class_of` makes."""
    grouped = r"D{1,3}(?:,D{3})+(?:\.D+)?(?!D)"
    if groups != ",":
        grouped = rf"D{{1,2}}\.D{{1,2}}\.D{{4}}(?!D)|D{{1,3}}(?:[{re.escape(groups)}]D{{3}})+(?:,D+)?(?!D)|D+,D+"
    return re.compile(
        r"(?P<initials>L(?:\.L)+(?!L)\.?)"
        r"|(?P<word>L+(?:'L+)*)"
        rf"|(?P<number>D{{2,}}(?:QD{{2,}})+|{grouped}|D{{1,2}}:D{{2}}(?!D)|D+(?:\.D+)?)"
        r"|(?P<emoji>EJ*(?:ZEJ*)*)"
        r"|(?P<symbol>S)"
        r"|(?P<stop>\.{2,}|\.(?=[ NQ,:']|$)|[!?P][!?.P]*|N+)"
        r"|(?P<comma>[,:])"
    )


def tokenise(text: str, groups: str = ",") -> list[Token]:
    """The tokens of a text in their order. Characters that mean nothing for signing are left out.

    groups: marks between the thousands of a number. Where these aren't commas, a comma comes before the decimals. The
    text of a number token has the English marks.
    """
    characters, spans = normalise(text)
    classes = _classes(characters)
    tokens = []
    for match in _pattern(groups).finditer(classes):
        start, end = match.span()
        kind = match.lastgroup or ""
        written = characters[start:end]
        if kind == "word":
            written = "".join("'" if c in APOSTROPHES else c for c in written)
        elif kind == "initials":
            kind, written = "word", written.replace(".", "")
        elif kind == "number" and groups != ",":
            written = _with_english_marks(written, groups)
        elif kind in ("stop", "comma"):
            kind, written = "mark", _mark(classes[start:end])
        tokens.append(Token(kind, written, (spans[start][0], spans[end - 1][1])))  # type: ignore[arg-type]
    return tokens


def _with_english_marks(written: str, groups: str) -> str:
    """`1.500,25` as `1,500.25`, a date like `3.5.2024` as `3/5/2024`."""
    if written.count(".") == 2 and len(written.rpartition(".")[2]) == 4:
        return written.replace(".", "/")
    whole, comma, decimals = written.partition(",")
    thousands = re.split(f"[{re.escape(groups)}]", whole)
    if len(thousands) > 1 and all(len(three) == 3 for three in thousands[1:]):
        whole = ",".join(thousands)
    return whole + comma.replace(",", ".") + decimals


def normalise(text: str) -> tuple[str, list[Span]]:
    """NFKC with digits of all scripts as ASCII; for each character the span of the text it came from.

    A letter and the marks that combine with it are normalised together and share one span.
    """
    characters: list[str] = []
    spans: list[Span] = []
    start = 0
    while start < len(text):
        end = start + 1
        while end < len(text) and unicodedata.combining(text[end]):
            end += 1
        for c in unicodedata.normalize("NFKC", text[start:end]):
            if unicodedata.category(c) == "Cf" and c != _JOINER:
                continue  # soft hyphens, marks of direction and the like
            decimal = unicodedata.decimal(c, None)
            characters.append(c if decimal is None else str(decimal))
            spans.append((start, end))
        start = end
    return "".join(characters), spans


def _classes(characters: str) -> str:
    """The class of each character; `:)` and the like count as emoji."""
    classes = [_class_of(c) for c in characters]
    for match in _EMOTICON.finditer(characters):
        start, end = match.span()
        classes[start:end] = "E" + "J" * (end - start - 1)
    return "".join(classes)


def _class_of(c: str) -> str:
    """L letter, D digit, E emoji, J what belongs to the one before, Z joiner, S symbol, N line end, P full stop of
    scripts without spaces, Q quote and other marks, space; `.` `,` `:` `!` `?` and the apostrophe are themselves."""
    if c in _MARKS:
        return _MARKS[c] or c
    if c in APOSTROPHES:
        return "'"
    if c == _JOINER:
        return "Z"
    if c == "\u20e3" or "\ufe00" <= c <= "\ufe0f" or "\U0001f3fb" <= c <= "\U0001f3ff":
        return "J"
    category = unicodedata.category(c)
    if category == "Nd":
        return "D"
    if category[0] in "LM" or c == "〇":
        return "L"
    if (category in ("Sc", "Sm") and c != "\u2044") or c in "%&@#°":
        return "S"
    if category == "So":
        return "E"
    return "Q" if category[0] in "PS" else " "


def _mark(classes: str) -> str:
    """One of `?` `!` `…` `.` `,` and the line end, for the classes of a mark."""
    for mark in "?!":
        if mark in classes:
            return mark
    if "N" in classes:
        return "\n\n" if len(classes) > 1 else "\n"
    if classes in (",", ":"):
        return ","
    return "…" if len(classes) > 1 else "."


def script_of(character: str) -> str:
    """Name of the script of a letter, like `Cyrillic`, by its Unicode name."""
    name = unicodedata.name(character, "").split(" ")[0]
    return {"CJK": "Chinese", "HANGUL": "Korean", "HIRAGANA": "Japanese", "KATAKANA": "Japanese"}.get(
        name, name.capitalize() or "unknown"
    )
