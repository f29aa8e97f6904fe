"""Emoji that a face can say. What questions and denial do with the face is the synthesiser's matter."""

from __future__ import annotations

import dataclasses

from ..gloss import GlossPhrase

_EMOJI = (
    ("😀😃😄😁😊🙂☺😍🥰😂🤗👍❤", {"smile": 0.7}),
    ("😢😭😞😔🙁☹😟", {"frown": 0.6, "brows_inner_up": 0.6}),
    ("😠😡🤬", {"brows_down": 0.8, "lips_pressed": 0.4}),
    ("😮😲😯😱", {"brows_up": 0.8, "eyes_wide": 0.6, "mouth_O": 0.4}),
)
_EMOTICONS = (
    (":) :-) ;) ;-) :D :-D <3", {"smile": 0.7}),
    (":( :-(", {"frown": 0.6, "brows_inner_up": 0.6}),
)
_FACES = {
    **{emoji: face for group, face in _EMOJI for emoji in group},
    **{emoticon: face for group, face in _EMOTICONS for emoticon in group.split()},
}


def emoji_face(emoji: str) -> dict[str, float]:
    """Face units that say an emoji; empty when none can."""
    return _FACES.get(emoji) or _FACES.get(emoji[:1], {})


def with_face(phrase: GlossPhrase, face: dict[str, float]) -> GlossPhrase:
    """The phrase with face units added."""
    if not face:
        return phrase
    nonmanual = dataclasses.replace(phrase.nonmanual, face={**phrase.nonmanual.face, **face})
    return dataclasses.replace(phrase, nonmanual=nonmanual)
