"""The gloss line: a gloss plan as one line of text that people read, edit and give back. `docs/gloss.md` explains it.

[WHERE]wh  is a phrase with a mark; HELLO a sign; IX-3a, 1-GIVE-2 signs with places; BOOK++ a repeated one;
fs-ANNA spelled; #25 a number; , . ... pauses; / the border of two phrases without a pause.
"""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import TYPE_CHECKING, Final

from .generators.base import EngineError
from .gloss import (
    FACE_MARKS,
    KIND_MARKS,
    MARKS,
    NEGATION_MARK,
    GlossItem,
    GlossPhrase,
    GlossPlan,
    PhraseKind,
    notation,
    sign_item,
)
from .lexicon.phonology import NonManual
from .skeleton import EXPRESSION_NAMES
from .text.numerals import number_item
from .text.spelling import letters_of, mouthing, spelled_gloss

if TYPE_CHECKING:
    from .lexicon.loader import Lexicon

MAX_CHARACTERS: Final = 12_000
PAUSES: Final = {",": 0.25, ".": 0.6, "...": 0.9}
"""Seconds of the pauses that have a mark of their own; others are written `(0.4s)`."""
_ASKS: Final[dict[str, PhraseKind]] = {"?": "yes_no_question", "??": "wh_question", "!": "command"}
"""Marks that people may end a phrase with; the line itself is written with `[...]q .` and the like."""
_TOKEN = re.compile(r"\[|\](?:[^\s\[\]]*)|\(\s*[\d.]+\s*s?\s*\)|\?+|!|,|/|\.\.\.|…|\.|[^\s\[\](),/?!]+")
_PAUSE = re.compile(r"\(\s*([\d.]+)\s*s?\s*\)")
_PLACED = re.compile(r"(?:(?P<source>1|2|3[a-d]|x)-)?(?P<gloss>.+?)(?:-(?P<goal>1|2|3[a-d]|x))?(?P<plus>\+*)", re.I)
_KIND_NAMES = {kind: mark for mark, kind in KIND_MARKS.items()}
_MOST_REPEATS = 6
_LONGEST_PAUSE = 30.0


# ---------------------------------------------------------------- writing


def format_line(plan: GlossPlan) -> str:
    """The plan as a gloss line."""
    words: list[str] = []
    for number, phrase in enumerate(plan.phrases):
        items = list(phrase.items)
        end = items.pop() if items and items[-1].kind == "pause" else None
        inner = " ".join(_word(item) for item in items)
        marks = _marks(phrase)
        words.append(f"[{inner}]{marks}" if marks or not items else inner)
        if end is not None:
            words.append(_pause_word(end.seconds))
        elif number + 1 < len(plan.phrases):
            words.append("/")
    return " ".join(words)


def _word(item: GlossItem) -> str:
    if item.kind == "pause":
        return _pause_word(item.seconds)
    return item.gloss


def _pause_word(seconds: float) -> str:
    return next((mark for mark, value in PAUSES.items() if value == seconds), f"({seconds!r}s)")


def _marks(phrase: GlossPhrase) -> str:
    """The labels of a phrase: its kind, its negation, and its face by names or, for the rest, by units."""
    marks = [_KIND_NAMES[phrase.kind]] if phrase.kind in _KIND_NAMES else []
    if phrase.negated:
        marks.append(NEGATION_MARK)
    face, head = dict(phrase.nonmanual.face), phrase.nonmanual.head
    for name, what in FACE_MARKS.items():
        if head == what.head and all(face.get(unit) == value for unit, value in what.face.items()):
            marks.append(name)
            head = ""
            for unit in what.face:
                del face[unit]
            break
    marks += [f"{unit}={value!r}" for unit, value in face.items()]
    marks += [f"{key}={value}" for key, value in _rest(phrase.nonmanual, head) if value]
    return ",".join(marks)


def _rest(nonmanual: NonManual, head: str) -> Iterator[tuple[str, str]]:
    yield "head", head
    yield "mouth", nonmanual.mouth
    yield "gaze", nonmanual.gaze.replace(" ", "_")


# ---------------------------------------------------------------- reading


@dataclass(frozen=True)
class _Token:
    text: str
    at: int
    """Position in the line, from 0."""


def parse_line(line: str, lexicon: Lexicon, text: str = "", *, reference: GlossPlan | None = None) -> GlossPlan:
    """The plan that a gloss line says.

    reference: the plan of the text that the line was made from; what stayed the same keeps its place in the text, its
    mouthing and its choices. text: what the take shows as its text. Raises `EngineError` `gloss_line` that names the
    position of a mistake and the nearest right word.
    """
    if len(line) > MAX_CHARACTERS:
        raise _error(f"The gloss line has {len(line):,} characters; it can have {MAX_CHARACTERS:,}.", "Shorten it.")
    phrases = _Reader(line, lexicon).phrases()
    if not any(item.kind != "pause" for phrase in phrases for item in phrase.items):
        raise _error("There is no sign in the gloss line.", "Write glosses like HELLO, or clear it to use the text.")
    plan = GlossPlan(text, lexicon.language, tuple(phrases))
    return _aligned(plan, reference) if reference is not None else plan


def _error(message: str, hint: str) -> EngineError:
    return EngineError("gloss_line", message, hint, "edit_text")


class _Reader:
    """Reads one line."""

    def __init__(self, line: str, lexicon: Lexicon) -> None:
        self._line, self._lexicon = line, lexicon
        self._tokens = list(self._split())
        self._folded = _folded_glosses(lexicon)

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
                opened = None
                phrases.append(self._marked(tuple(items), token))
                items.clear()
            elif word == "/" or word in _ASKS or pause is not None:
                self._end(phrases, items, token, word, pause, opened is not None)
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
        last = phrases[-1].items[-1] if phrases[-1].items else None
        seconds = PAUSES["."] if pause is None else pause
        if last is not None and last.kind == "pause" and pause is not None and word in PAUSES and word != ",":
            return  # `?.` and the like are one end
        phrases[-1] = dataclasses.replace(
            phrases[-1], items=(*phrases[-1].items, GlossItem("pause", "PAUSE", seconds=seconds))
        )

    # ------------------------------------------------------------ items

    def _item(self, token: _Token) -> GlossItem:
        word = token.text
        if word[:3].lower() == "fs-" and len(word) > 3:
            return self._spelled(token)
        if word[0] == "#" or word.isdecimal():
            return self._number(token)
        item = self._sign(word)
        if item is None:
            raise self._unknown(token)
        return item

    def _sign(self, word: str) -> GlossItem | None:
        """The sign that a word writes: a gloss as it stands first, then one with places or repetition."""
        gloss = self._gloss(word)
        if gloss is not None:
            return self._made(gloss)
        match = _PLACED.fullmatch(word)
        if match is None or len(match["plus"]) >= _MOST_REPEATS:
            return None
        repeat = len(match["plus"]) + 1 if match["plus"] else 0
        for source, body, goal in _readings(match):
            gloss = self._gloss(body)
            if gloss is None:
                continue
            directional = getattr(self._lexicon.signs[gloss], "agreement", "")
            if directional or not (source or goal):
                return self._made(gloss, source=source, goal=goal, repeat=repeat)
        return None

    def _made(self, gloss: str, **more: object) -> GlossItem:
        sign = self._lexicon.signs[gloss]
        return sign_item(sign, mouth=mouthing(sign.words[0]) if sign.words else "", **more)

    def _gloss(self, word: str) -> str | None:
        """The gloss as the dictionary has it; lower case is right where only one gloss is written so."""
        if word in self._lexicon.signs:
            return word
        found = self._folded.get(word.casefold(), ())
        return found[0] if len(found) == 1 else None

    def _spelled(self, token: _Token) -> GlossItem:
        letters: list[str] = []
        missing = ""
        for piece in token.text[3:].split("-"):
            found, lacking = letters_of(piece, self._lexicon.letters)
            letters += found
            missing += lacking
        if missing or not letters:
            what = f"has letters without a handshape: {missing}" if missing else "has no letters"
            raise self._mistake(token, what, f"The letters are: {' '.join(self._lexicon.letters)}.")
        gloss = spelled_gloss(letters, self._lexicon.letters)
        return GlossItem("fingerspell", gloss, letters=tuple(letters), mouth=mouthing("".join(letters)))

    def _number(self, token: _Token) -> GlossItem:
        body = token.text.removeprefix("#")
        numbers = self._lexicon.numbers
        keys: Sequence[str] = body.split("-") if "-" in body else (body,) if body in numbers else tuple(body)
        if not body or not all(key in numbers or key in self._lexicon.letters for key in keys):
            known = ", ".join(list(numbers)[:24]) or "none"
            raise self._mistake(token, "is no number that can be signed", f"Number signs are: {known}.")
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
                nonmanual = NonManual({**nonmanual.face, **what.face}, what.head, nonmanual.mouth, nonmanual.gaze)
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
        if name == "head" and value in ("nod", "shake", "tilt", "tilt_back", "forward", "down", "turn"):
            return dataclasses.replace(nonmanual, head=value)  # type: ignore[arg-type]
        if name == "mouth" and value.isascii() and value.isalpha() and value.islower():
            return dataclasses.replace(nonmanual, mouth=value)
        if name == "gaze" and _is_direction(value.replace("_", " ")):
            return dataclasses.replace(nonmanual, gaze=value.replace("_", " "))
        try:
            strength = float(value)
        except ValueError:
            strength = -1.0
        if name not in EXPRESSION_NAMES or not 0.0 <= strength <= 1.0:
            known = ", ".join(EXPRESSION_NAMES)
            raise self._mistake(
                _Token(mark, token.at), "is no face unit with a strength from 0 to 1", f"Units: {known}."
            )
        return dataclasses.replace(nonmanual, face={**nonmanual.face, name: strength})

    # ------------------------------------------------------------ mistakes

    def _mistake(self, token: _Token, what: str, hint: str) -> EngineError:
        return _error(f"In the gloss line, at character {token.at + 1}, {token.text!r} {what}.", hint)

    def _unknown(self, token: _Token) -> EngineError:
        word = token.text.upper()
        match = _PLACED.fullmatch(word)
        body = match["gloss"] if match else word
        near = get_close_matches(body, self._lexicon.signs, 1, 0.5) or get_close_matches(
            word, self._lexicon.signs, 1, 0.5
        )
        hint = f"Did you mean {near[0]}? " if near else ""
        if body in self._lexicon.signs:
            return self._mistake(token, "gives places to a sign that has none", f"Write {body}.")
        return self._mistake(token, "is no sign of the dictionary", f"{hint}To spell it, write fs-{word}.")


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
    """Source, gloss and goal of a word with hyphens: with both places, with one, with none but repetition."""
    source, body, goal = match["source"] or "", match["gloss"], match["goal"] or ""
    low_source, low_goal = source.lower(), goal.lower()

    def place(x: str) -> str:
        return "" if x == "x" else x

    yield place(low_source), body, place(low_goal)
    if goal:
        yield place(low_source), f"{body}-{goal}", ""
    if source:
        yield "", f"{source}-{body}", place(low_goal)
    if source and goal:
        yield "", f"{source}-{body}-{goal}", ""


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


# ---------------------------------------------------------------- what stayed the same


def _aligned(plan: GlossPlan, reference: GlossPlan) -> GlossPlan:
    """The plan with places in the text, mouthing and choices of the items that it shares with another."""
    items = [item for phrase in plan.phrases for item in phrase.items]
    known = [item for phrase in reference.phrases for item in phrase.items]
    matches: dict[int, GlossItem] = {}
    left = set(range(len(known)))
    names, others = [_name(i) for i in items], [_name(i) for i in known]
    for block in SequenceMatcher(None, names, others, autojunk=False).get_matching_blocks():
        for k in range(block.size):
            matches[block.a + k] = known[block.b + k]
            left.discard(block.b + k)
    for number, item in enumerate(items):
        if number in matches:
            continue
        akin = [k for k in left if _akin(item, known[k])]
        if akin:
            nearest = min(akin, key=lambda k: abs(k - number))
            matches[number] = known[nearest]
            left.discard(nearest)
    numbered = iter(range(len(items)))
    phrases = [
        dataclasses.replace(phrase, items=tuple(_with_text(item, matches.get(next(numbered))) for item in phrase.items))
        for phrase in plan.phrases
    ]
    return dataclasses.replace(plan, phrases=tuple(phrases), warnings=reference.warnings)


def _name(item: GlossItem) -> str:
    return _pause_word(item.seconds) if item.kind == "pause" else item.gloss


def _akin(item: GlossItem, other: GlossItem) -> bool:
    """Whether an item is another with other places, another repetition, or another choice."""
    if item.kind != other.kind:
        return False
    if item.kind == "pause":
        return True
    a, b = item.sign, other.sign
    return a is not None and b is not None and (a.gloss == b.gloss or a.gloss in other.choices)


def _with_text(item: GlossItem, known: GlossItem | None) -> GlossItem:
    if known is None:
        return item
    choices = known.choices
    if item.sign is not None and choices and item.sign.gloss in choices:
        choices = (item.sign.gloss, *(c for c in choices if c != item.sign.gloss))
    return dataclasses.replace(item, text_span=known.text_span, mouth=known.mouth, choices=choices)


__all__ = ["MAX_CHARACTERS", "PAUSES", "format_line", "notation", "parse_line"]
