"""The gloss plan: what `text.py` makes of a text and the synthesiser turns into motion."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from .lexicon.phonology import Locus, NonManual
from .lexicon.recorded import Entry

PhraseKind = Literal["statement", "yes_no_question", "wh_question", "command"]


KIND_MARKS: Final[dict[str, PhraseKind]] = {"q": "yes_no_question", "wh": "wh_question", "cmd": "command"}
NEGATION_MARK: Final = "neg"
FACE_MARKS: Final = {
    "t": NonManual(face={"brows_up": 0.6}, head="tilt_back"),
    "cond": NonManual(face={"brows_up": 0.7}, head="tilt"),
    "rh": NonManual(face={"brows_up": 0.65}, head="forward"),
    "rc": NonManual(face={"brows_up": 0.5}, head="tilt_back"),
    "excl": NonManual(face={"eyes_wide": 0.4, "brows_up": 0.3}),
}
"""Topic (Liddell 1980), condition (Liddell 1986), rhetorical question, relative clause, exclamation."""
MARKS: Final = (*KIND_MARKS, NEGATION_MARK, *FACE_MARKS)
"""Names of what spans a phrase, as linguists write them over a gloss line."""


PAUSES: Final = {",": 0.25, ".": 0.6, "...": 0.9}
"""Seconds of the pauses that have a mark of their own in the gloss line."""

POINTER, POSSESSIVE, REFLEXIVE = "IX", "POSS", "SELF"
POINTING: Final = frozenset((POINTER, POSSESSIVE, REFLEXIVE))
"""Glosses of the signs that point to a place: the index finger, the flat hand of an owner, the fist of a self."""


@dataclass(frozen=True)
class GlossItem:
    """One thing to sign.

    `sign`: a dictionary entry in `sign`. `fingerspell`: the letters in `letters`. `number`: the digits in
    `letters`, signed one by one or as the entry in `sign`. `pause`: rest of `seconds`.
    """

    kind: Literal["sign", "fingerspell", "number", "pause"]
    gloss: str
    text_span: tuple[int, int] = (0, 0)
    sign: Entry | None = None
    letters: tuple[str, ...] = ()
    """Keys of the lexicon's letters or numbers; a letter may have several characters, like `SCH`."""
    seconds: float = 0.0
    mouth: str = ""
    """Spoken word to mouth with it; the sign's own mouth wins."""
    source: Locus = ""
    goal: Locus = ""
    """Places that a directional sign or a pointing goes from and to."""
    repeat: int = 0
    """How often the movement is made, for plurals and aspect; 0: as the sign says."""
    choices: tuple[str, ...] = ()
    """Glosses of the signs that the word could be, the taken one first; empty when there is no choice."""


@dataclass(frozen=True)
class GlossPhrase:
    """A clause that shares its non-manuals: brows of a question, head shake of a negation."""

    items: tuple[GlossItem, ...]
    kind: PhraseKind = "statement"
    negated: bool = False
    nonmanual: NonManual = field(default_factory=NonManual)
    """Non-manual that spans the phrase, over those of its signs."""


@dataclass(frozen=True)
class GlossPlan:
    """A whole text."""

    text: str
    language: str
    phrases: tuple[GlossPhrase, ...]
    warnings: tuple[str, ...] = ()

    @property
    def glosses(self) -> tuple[str, ...]:
        """The gloss line, pauses left out."""
        return tuple(i.gloss for p in self.phrases for i in p.items if i.kind != "pause")


def pause_notation(seconds: float) -> str:
    """A pause as the gloss line has it: `,` or `(0.4s)`."""
    return next((mark for mark, value in PAUSES.items() if value == seconds), f"({seconds!r}s)")


def notation(gloss: str, source: str = "", goal: str = "", repeat: int = 0, known: Container[str] = ()) -> str:
    """A sign as the gloss line has it: `HELLO`, `IX-3a`, `1-GIVE-2`, `BOOK++` for a movement made three times.

    known: glosses of the dictionary; what would read like one of them gets an `x` for the place that isn't given.
    """
    placed = "-".join(filter(None, (source, gloss, goal)))
    if (source or goal) and placed in known:
        placed = f"{source or 'x'}-{gloss}-{goal or 'x'}"
    return placed + "+" * (repeat - 1)


def sign_item(
    sign: Entry, span: tuple[int, int] = (0, 0), mouth: str = "", *, known: Container[str] = (), **more: Any
) -> GlossItem:
    """The item of a dictionary entry, its gloss written with places and repetition. known: as for `notation`."""
    gloss = notation(sign.gloss, more.get("source", ""), more.get("goal", ""), more.get("repeat", 0), known)
    return GlossItem("sign", gloss, span, sign, mouth=mouth, **more)
