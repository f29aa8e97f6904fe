"""The gloss line: a gloss plan as one line of text that people read, edit and give back. `docs/gloss.md` explains it.

`HELLO` is a sign, `IX-3a` and `1-GIVE-2` signs with places, `BOOK++` a repeated one, `fs-ANNA` a spelled word, `#25` a
number; `[POSS-2 NAME WHAT]wh` a phrase with a mark; `,` `.` `...` pauses, `/` the border of two phrases without one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .gloss import FACE_MARKS, KIND_MARKS, NEGATION_MARK, GlossItem, GlossPhrase, GlossPlan, pause_notation
from .gloss_alignment import aligned
from .gloss_reader import Reader, mistake
from .lexicon.phonology import NonManual

if TYPE_CHECKING:
    from .lexicon.loader import Lexicon

MAX_CHARACTERS: Final = 12_000
_KIND_NAMES = {kind: mark for mark, kind in KIND_MARKS.items()}


def parse_line(line: str, lexicon: Lexicon, text: str = "", *, reference: GlossPlan | None = None) -> GlossPlan:
    """The plan that a gloss line says.

    reference: the plan of the text that the line was made from; what stayed the same keeps its place in the text, its
    mouthing and its choices. text: what the take shows as its text. Raises `EngineError` `gloss_line` that names the
    position of a mistake and the nearest right word.
    """
    if len(line) > MAX_CHARACTERS:
        raise mistake(f"The gloss line has {len(line):,} characters; it can have {MAX_CHARACTERS:,}.", "Shorten it.")
    reader = Reader(line, lexicon)
    phrases = reader.phrases()
    if not any(item.kind != "pause" for phrase in phrases for item in phrase.items):
        raise mistake("There is no sign in the gloss line.", "Write glosses like HELLO, or clear it to use the text.")
    plan = GlossPlan(text, lexicon.language, tuple(phrases))
    if reference is not None:
        plan = aligned(plan, reference)
    return replace(plan, warnings=(*plan.warnings, *reader.warnings))


def format_line(plan: GlossPlan) -> str:
    """The plan as a gloss line."""
    words: list[str] = []
    for number, phrase in enumerate(plan.phrases):
        items = list(phrase.items)
        end = items.pop() if items and items[-1].kind == "pause" else None
        inner = " ".join(_word(item) for item in items)
        marks = _marks(phrase)
        inside = any(item.kind == "pause" for item in items)
        words.append(f"[{inner}]{marks}" if marks or inside or not items else inner)
        if end is not None:
            words.append(pause_notation(end.seconds))
        elif number + 1 < len(plan.phrases):
            words.append("/")
    return " ".join(words)


def _word(item: GlossItem) -> str:
    if item.kind == "pause":
        return pause_notation(item.seconds)
    return item.gloss


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
