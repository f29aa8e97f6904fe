"""Reading a gloss line: from its characters to phrases, with mistakes told by their place."""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any, Final

from . import languages
from .generators.base import EngineError
from .gloss import FACE_MARKS, KIND_MARKS, MARKS, NEGATION_MARK, PAUSES, GlossItem, GlossPhrase, PhraseKind, sign_item
from .lexicon.phonology import NonManual
from .skeleton import EXPRESSION_NAMES
from .text.numerals import number_item
from .text.spelling import letters_of, mouthing, spelled_gloss

if TYPE_CHECKING:
    from .lexicon.loader import Lexicon

_ASKS: Final[dict[str, PhraseKind]] = {"?": "yes_no_question", "??": "wh_question", "!": "command"}
"""Short forms that people may end a phrase with."""
_TOKEN = re.compile(r"\[|\][^\s\[\]/?!…]*|\(\s*[\d.]+\s*s?\s*\)|\?+|!|,|/|\.\.\.|…|\.|[^\s\[\](),/?!.…]+")
_PAUSE = re.compile(r"\(\s*([\d.]+)\s*s?\s*\)")
_PLACED = re.compile(r"(?:(?P<source>1|2|3[a-d]|x)-)?(?P<gloss>.+?)(?:-(?P<goal>1|2|3[a-d]|x))?", re.I)
_HEADS = frozenset(("nod", "shake", "tilt", "tilt_back", "forward", "down", "turn"))
_VALUES: Final = {
    "head": ("is no movement of the head", f"Write head= with one of: {', '.join(sorted(_HEADS))}."),
    "mouth": ("can't be mouthed", "Write one word in small letters from a to z, like mouth=pah."),
    "gaze": (
        "is no direction of the eyes",
        "Write gaze= with up, down, forward, back, out, in, or several joined by hyphens, like gaze=up-out.",
    ),
}
"""What is said of a wrong value: what it is not, and what can be written."""
_MOST_REPEATS = 6
_LONGEST_PAUSE = 30.0


@dataclass(frozen=True)
class _Token:
    text: str
    at: int
    """Position in the line, from 0."""


def mistake(message: str, hint: str) -> EngineError:
    return EngineError("gloss_line", message, hint, "edit_text")


class Reader:
    """Reads one line."""

    def __init__(self, line: str, lexicon: Lexicon) -> None:
        self._line, self._lexicon = line, lexicon
        self.warnings: list[str] = []
        """What was read otherwise than it was written; complete after `phrases`."""
        self._tokens = list(self._split())
        self._folded = _folded_glosses(lexicon)
        self._spoken = languages.get(lexicon.language).spoken

    def _split(self) -> Iterator[_Token]:
        at = 0
        while at < len(self._line):
            if self._line[at].isspace():
                at += 1
                continue
            match = _TOKEN.match(self._line, at)
            if match is None:
                raise self._mistake(_Token(self._line[at], at), "can't be read", "Take it out.")
            yield _Token(match[0], at)
            at = match.end()

    def phrases(self) -> list[GlossPhrase]:
        """The phrases of the line."""
        phrases: list[GlossPhrase] = []
        items: list[GlossItem] = []
        opened: _Token | None = None
        for token in self._tokens:
            word = "..." if token.text == "…" else token.text
            pause = _seconds(word)
            if word == "[":
                if opened is not None:
                    raise self._mistake(token, "opens a phrase inside another", "Close the first with ] and its mark.")
                opened = token
                self._close(phrases, items)
            elif word.startswith("]"):
                if opened is None:
                    raise self._mistake(token, "closes a phrase that was not opened", "Put [ before its first gloss.")
                if all(item.kind == "pause" for item in items):
                    raise self._mistake(opened, "opens a phrase without a sign", "Put glosses into it, or take it out.")
                opened = None
                phrases.append(self._marked(tuple(items), token))
                items.clear()
            elif word == "/" or word in _ASKS or pause is not None:
                self._end(phrases, items, token, word, pause, opened is not None)
            elif _PAUSE.fullmatch(word):
                hint = f"It can last up to {_LONGEST_PAUSE:.0f} seconds, like (0.5s)."
                raise self._mistake(token, "is no pause that can be made", hint)
            else:
                items.append(self._item(token))
        if opened is not None:
            raise self._mistake(opened, "opens a phrase that is not closed", "Put ] and its mark after its last gloss.")
        self._close(phrases, items)
        return phrases

    @staticmethod
    def _close(phrases: list[GlossPhrase], items: list[GlossItem]) -> None:
        if items:
            phrases.append(GlossPhrase(tuple(items)))
            items.clear()

    def _end(
        self,
        phrases: list[GlossPhrase],
        items: list[GlossItem],
        token: _Token,
        word: str,
        pause: float | None,
        inside: bool,
    ) -> None:
        """The end of a phrase: a pause, `/`, or a question mark."""
        if inside and pause is not None:
            items.append(GlossItem("pause", "PAUSE", seconds=pause))
            return
        if inside:
            raise self._mistake(token, "stands inside of a phrase", "Put it after the closing ] and its mark.")
        self._close(phrases, items)
        if word == "/":
            return
        if not phrases:
            raise self._mistake(token, "has nothing before it", "Write a gloss first.")
        if word in _ASKS:
            phrases[-1] = dataclasses.replace(phrases[-1], kind=_ASKS[word])
        before = [*phrases[-1].items]
        seconds = PAUSES["."] if pause is None else pause
        if before and before[-1].kind == "pause":
            seconds = max(seconds, before.pop().seconds)  # of two ends the longer one
        pause_item = GlossItem("pause", "PAUSE", seconds=seconds)
        phrases[-1] = dataclasses.replace(phrases[-1], items=(*before, pause_item))

    # ------------------------------------------------------------ items

    def _item(self, token: _Token) -> GlossItem:
        word = token.text
        if word.rstrip("+") in self._lexicon.signs and (item := self._sign(word)) is not None:
            return item
        if word[:3].lower() == "fs-":
            return self._spelled(token)
        if word[0] == "#" or word.isdecimal():
            return self._number(token)
        item = self._sign(word)
        if item is None:
            raise self._unknown(token)
        return item

    def _sign(self, word: str) -> GlossItem | None:
        """The sign that a word writes: a gloss as it stands first, then one with places."""
        body = word.rstrip("+")
        plus = len(word) - len(body)
        repeat = plus + 1 if plus else 0
        if plus >= _MOST_REPEATS:
            return None
        gloss = self._gloss(body)
        if gloss is not None:
            return self._made(gloss, repeat=repeat)
        match = _PLACED.fullmatch(body)
        for source, inner, goal in _readings(match) if match else ():
            gloss = self._gloss(inner)
            if gloss is not None and getattr(self._lexicon.signs[gloss], "agreement", ""):
                return self._made(gloss, source=source, goal=goal, repeat=repeat)
        return None

    def _made(self, gloss: str, **more: Any) -> GlossItem:
        sign = self._lexicon.signs[gloss]
        mouth = mouthing(sign.words[0], self._spoken) if sign.words else ""
        return sign_item(sign, mouth=mouth, known=self._lexicon.signs, **more)

    def _gloss(self, word: str) -> str | None:
        """The gloss as the dictionary has it; lower case is right where only one gloss is written so."""
        if word in self._lexicon.signs:
            return word
        found = self._folded.get(word.casefold(), ())
        return found[0] if len(found) == 1 else None

    def _spelled(self, token: _Token) -> GlossItem:
        letters: list[str] = []
        missing = ""
        pieces = token.text[3:].split("-")
        for piece in pieces:
            found, lacking = letters_of(piece, self._lexicon.letters)
            letters += found
            missing += lacking
        known = f"The letters are: {' '.join(self._lexicon.letters)}."
        if missing:
            raise self._mistake(token, f"has letters without a handshape: {missing}", known)
        if not letters:
            raise self._mistake(token, "has no letters", f"Write them after fs- without a blank. {known}")
        gloss = spelled_gloss(letters, self._lexicon.letters)
        if _as_spelled("".join(pieces)) != _as_spelled("".join(letters)):
            self.warnings.append(
                f"{token.text} is spelled {gloss}: not all of its letters have a handshape of their own."
            )
        return GlossItem("fingerspell", gloss, letters=tuple(letters), mouth=mouthing("".join(letters), self._spoken))

    def _number(self, token: _Token) -> GlossItem:
        body = token.text.removeprefix("#")
        numbers = self._lexicon.numbers
        keys: Sequence[str] = body.split("-") if "-" in body else (body,) if body in numbers else tuple(body)
        if not body or not all(key in numbers or key in self._lexicon.letters for key in keys):
            hint = f"Write it in digits, like #25. Numbers with a sign of their own: {', '.join(numbers) or 'none'}."
            raise self._mistake(token, "is no number that can be signed", hint)
        return number_item(keys, numbers)

    # ------------------------------------------------------------ marks

    def _marked(self, items: tuple[GlossItem, ...], token: _Token) -> GlossPhrase:
        kind: PhraseKind = "statement"
        negated = False
        nonmanual = NonManual()
        for mark in filter(None, token.text[1:].split(",")):
            low = mark.lower()
            if low in KIND_MARKS:
                kind = KIND_MARKS[low]
            elif low == NEGATION_MARK:
                negated = True
            elif low in FACE_MARKS:
                what = FACE_MARKS[low]
                head = nonmanual.head or what.head
                nonmanual = NonManual({**what.face, **nonmanual.face}, head, nonmanual.mouth, nonmanual.gaze)
            else:
                nonmanual = self._unit(nonmanual, mark, token)
        return GlossPhrase(items, kind, negated, nonmanual)

    def _unit(self, nonmanual: NonManual, mark: str, token: _Token) -> NonManual:
        """A mark like `smile=0.7` or `head=nod`."""
        name, equals, value = mark.partition("=")
        if not equals:
            hint = get_close_matches(name.lower(), MARKS, 1, 0.4)
            known = ", ".join(MARKS)
            hint_text = f"Did you mean {hint[0]}?" if hint else f"Marks are: {known}; or a face unit like smile=0.5."
            raise self._mistake(_Token(mark, token.at), "is no mark of a phrase", hint_text)
        if name == "head" and value in _HEADS:
            return dataclasses.replace(nonmanual, head=value)
        if name == "mouth" and value.isascii() and value.isalpha() and value.islower():
            return dataclasses.replace(nonmanual, mouth=value)
        if name == "gaze" and _is_direction(value.replace("_", " ")):
            return dataclasses.replace(nonmanual, gaze=value.replace("_", " "))
        wrong = _Token(mark, token.at)
        if name in _VALUES:
            what, known = _VALUES[name]
            raise self._mistake(wrong, what, known)
        try:
            strength = float(value)
        except ValueError:
            strength = -1.0
        if name not in EXPRESSION_NAMES or not 0.0 <= strength <= 1.0:
            known = f"Units: {', '.join(EXPRESSION_NAMES)}; or head=, mouth=, gaze=."
            raise self._mistake(wrong, "is no face unit with a strength from 0 to 1", known)
        return dataclasses.replace(nonmanual, face={**nonmanual.face, name: strength})

    # ------------------------------------------------------------ mistakes

    def _mistake(self, token: _Token, what: str, hint: str) -> EngineError:
        return mistake(f"In the gloss line, at character {token.at + 1}, {token.text!r} {what}.", hint)

    def _unknown(self, token: _Token) -> EngineError:
        word = token.text.upper().rstrip("+")
        match = _PLACED.fullmatch(word)
        body = match["gloss"] if match else word
        near = get_close_matches(body, self._lexicon.signs, 1, 0.5) or get_close_matches(
            word, self._lexicon.signs, 1, 0.5
        )
        if self._sign(token.text.rstrip("+")) is not None:
            most = token.text.rstrip("+") + "+" * (_MOST_REPEATS - 1)
            return self._mistake(token, "is repeated too often", f"Six times is the most: {most}.")
        if body in self._lexicon.signs:
            return self._mistake(token, "gives places to a sign that has none", f"Write {body}.")
        hints = [f"Did you mean {near[0]}?"] if near else []
        letters, missing = letters_of(word, self._lexicon.letters)
        if letters and not missing:
            hints.append(f"To spell it, write {spelled_gloss(letters, self._lexicon.letters)}.")
        hint = " ".join(hints) or "Take it out, or write a sign of the dictionary."
        return self._mistake(token, "is no sign of the dictionary", hint)


def _as_spelled(text: str) -> str:
    """Letters to compare, without capitals, composition and apostrophes."""
    return "".join(c for c in unicodedata.normalize("NFC", text).casefold() if c not in "'’+")


def _seconds(word: str) -> float | None:
    """Seconds of a pause, none for other words."""
    if word in PAUSES:
        return PAUSES[word]
    match = _PAUSE.fullmatch(word)
    if match is None:
        return None
    try:
        seconds = float(match[1])
    except ValueError:
        return None
    return seconds if 0.0 < seconds <= _LONGEST_PAUSE else None


def _readings(match: re.Match[str]) -> Iterator[tuple[str, str, str]]:
    """Source, gloss and goal of a word with hyphens: with both places, then with one."""
    source, body, goal = match["source"] or "", match["gloss"], match["goal"] or ""
    low_source, low_goal = source.lower(), goal.lower()

    def place(x: str) -> str:
        return "" if x == "x" else x

    yield place(low_source), body, place(low_goal)
    if goal:
        yield place(low_source), f"{body}-{goal}", ""
    if source:
        yield "", f"{source}-{body}", place(low_goal)


def _folded_glosses(lexicon: Lexicon) -> dict[str, list[str]]:
    folded: dict[str, list[str]] = {}
    for gloss in lexicon.signs:
        folded.setdefault(gloss.casefold(), []).append(gloss)
    return folded


def _is_direction(words: str) -> bool:
    from .lexicon.places import direction_vector

    try:
        direction_vector(words)
    except ValueError:
        return False
    return True
