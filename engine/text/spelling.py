"""Letters for the hand and for the mouth."""

from __future__ import annotations

import unicodedata
from collections.abc import Container

_SPECIAL = {
    "Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "ẞ": "SS", "Ŋ": "N", "Ħ": "H",
}  # fmt: skip
"""Latin letters that Unicode doesn't take apart."""


def letters_of(word: str, alphabet: Container[str]) -> tuple[str, str]:
    """The letters of a word that the alphabet has, and those that it lacks; diacritics are folded.

    Apostrophes and hyphens are neither.
    """
    letters: list[str] = []
    missing: list[str] = []
    for character in word.upper():
        if character in alphabet:
            letters.append(character)
            continue
        for base in unicodedata.normalize("NFKD", _SPECIAL.get(character, character)):
            if base in alphabet:
                letters.append(base)
            elif unicodedata.category(base)[0] == "L":
                missing.append(base)
    return "".join(letters), "".join(missing)


def mouthing(word: str) -> str:
    """A word in the letters a to z that mouth shapes are made of."""
    return letters_of(word, frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))[0].lower()
