"""What the face and the head say over a whole phrase: questions, denial, emoji."""

from __future__ import annotations

import dataclasses

from ..gloss import GlossPhrase, PhraseKind
from ..lexicon.phonology import NonManual

_EMOJI = (
    ("😀😃😄😁😊🙂☺😍🥰😂🤗👍❤", {"smile": 0.7}),
    ("😢😭😞😔🙁☹😟", {"frown": 0.6, "brows_inner_up": 0.6}),
    ("😠😡🤬", {"brows_down": 0.8, "lips_pressed": 0.4}),
    ("😮😲😯😱", {"brows_up": 0.8, "eyes_wide": 0.6, "mouth_O": 0.4}),
)
_FACES = {emoji: face for group, face in _EMOJI for emoji in group}

_QUESTIONS: dict[PhraseKind, NonManual] = {
    "yes_no_question": NonManual(face={"brows_up": 0.8, "eyes_wide": 0.25}, head="forward"),
    "wh_question": NonManual(face={"brows_down": 0.7, "squint": 0.2}, head="tilt"),
}
"""The grammatical faces of ASL's two kinds of question (Baker-Shenk 1983; Liddell 1980)."""


def emoji_face(emoji: str) -> dict[str, float]:
    """Face units that say an emoji; empty when none can."""
    return _FACES.get(emoji[:1], {})


def phrase_nonmanual(kind: PhraseKind, negated: bool) -> NonManual:
    """The non-manual that spans a phrase. Denying takes the head, the question keeps the brows."""
    asked = _QUESTIONS.get(kind, NonManual())
    if not negated:
        return asked
    return NonManual(face=asked.face or {"brows_down": 0.25}, head="shake")


def with_face(phrase: GlossPhrase, face: dict[str, float]) -> GlossPhrase:
    """The phrase with face units added; those of its grammar win."""
    if not face:
        return phrase
    nonmanual = dataclasses.replace(phrase.nonmanual, face={**face, **phrase.nonmanual.face})
    return dataclasses.replace(phrase, nonmanual=nonmanual)
