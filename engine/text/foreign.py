"""Whether a text is written in another language than the one that it is signed from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..gloss import GlossPhrase
from ..languages import LANGUAGES, Language
from .tokens import tokenise

_FEWEST: Final = 4
"""Words that say enough of their language."""
_SPELLED: Final = 0.4
"""Share of fingerspelled items from which on the language is looked at: it takes seconds once, to read dictionaries."""
_OWN_AT_MOST: Final = 0.6
_OTHER_AT_LEAST: Final = 0.75
_APART: Final = 0.25
"""Shares of the words that simplemma's dictionaries of the two languages have."""


def foreign_text(text: str, phrases: Sequence[GlossPhrase], language: Language) -> tuple[str, ...]:
    """A sentence for the user when most of a text is fingerspelled because it is in another language; else none."""
    items = [item for phrase in phrases for item in phrase.items if item.kind != "pause"]
    spelled = sum(item.kind == "fingerspell" for item in items)
    if spelled < _SPELLED * len(items) or sum(token.kind == "word" for token in tokenise(text)) < _FEWEST:
        return ()
    found = other_language(text, language.spoken)
    if found is None:
        return ()
    return (
        f"The text seems to be {found.spoken_name}, and {language.code} is signed from {language.spoken_name}: most "
        f"words are fingerspelled. Choose {found.name}, or write in {language.spoken_name}.",
    )


def other_language(text: str, spoken: str) -> Language | None:
    """The first signed language of those that a text's words are of by simplemma, when they aren't of `spoken`.

    It knows no Chinese and no Korean, whose script tells them.
    """
    own = _shares(text, (spoken,))[spoken]
    if own > _OWN_AT_MOST:
        return None
    others = _shares(text, tuple({language.spoken for language in LANGUAGES} - {spoken}))
    best = max(others, key=others.__getitem__)
    if others[best] < max(_OTHER_AT_LEAST, own + _APART):
        return None
    return next(language for language in LANGUAGES if language.spoken == best)


def _shares(text: str, spoken: tuple[str, ...]) -> dict[str, float]:
    """For each language the share of the words that are of it."""
    from simplemma import langdetect
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    known = tuple(sorted(code for code in spoken if code in SUPPORTED_LANGUAGES))
    found = dict(langdetect(text, lang=known)) if known else {}
    return {code: found.get(code, 0.0) for code in spoken}
