"""Mouth shapes of spoken words: graphemes to visemes by the tables of `visemes.toml`."""

from __future__ import annotations

import functools
import unicodedata

from ..places import DATA
from ..toml_source import LexiconError, TomlSource

_FILE = "visemes.toml"
_SHAPES = frozenset("AEIOUMFL")
_CLEARLY, _WEAKLY = 0.5, 0.22
"""Strength of a mouth shape: at full strength it would be that of loud, over-articulated speech."""
_WIDE = {"mouth_A": 0.7, "mouth_O": 0.85}
"""Shapes that open the mouth most are made smaller: at video distance they look surprised."""
_DEFAULT = "en"

Rules = dict[str, tuple[tuple[str, float], ...]]


def visemes(word: str, spoken: str = _DEFAULT) -> list[tuple[str, float]]:
    """Mouth shapes (face units) of a word with their strength, equal neighbours joined.

    spoken: ISO 639-1 code of the word's language; one without a table is read letter by letter. Letters without
    a shape are skipped.
    """
    rules, longest = _rules(spoken)
    shapes: list[tuple[str, float]] = []
    for part in unicodedata.normalize("NFC", word.lower()).split():
        for unit, strength in _of_part(f"^{_letters(part)}$", rules, longest):
            if shapes and shapes[-1][0] == unit:
                shapes[-1] = (unit, max(strength, shapes[-1][1]))
            else:
                shapes.append((unit, strength))
    return shapes


def _of_part(text: str, rules: Rules, longest: int) -> list[tuple[str, float]]:
    """text: one word between `^` and `$`. The longest group that fits wins, one bound to an end over one that isn't.

    A letter without a shape of its own, like é in an English text, has that of its base letter.
    """
    found: list[tuple[str, float]] = []
    i = 0
    while i < len(text):
        for size in range(min(longest, len(text) - i), 0, -1):
            group = text[i : i + size]
            if group in rules:
                found += rules[group]
                i += size
                break
        else:
            found += rules.get(unicodedata.normalize("NFD", text[i])[0], [])
            i += 1
    return found


def _letters(word: str) -> str:
    """The word with Korean syllables taken apart into their letters."""
    return "".join(_hangul(c) if "가" <= c <= "힣" else c for c in word)


_LEADING = "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ"
_VOWELS = "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ"
_TRAILING = ("", *"ㄱㄲㄱㄴㄴㄴㄷㄹㄹㅁㄹㄹㄹㅍㄹㅁㅂㅂㅅㅆㅇㅈㅊㅋㅌㅍㅎ")
"""Two letters that end a syllable together are said as one."""


def _hangul(syllable: str) -> str:
    """Letters of a syllable (Unicode 15, chapter 3.12)."""
    index = ord(syllable) - ord("가")
    return _LEADING[index // 588] + _VOWELS[index % 588 // 28] + _TRAILING[index % 28]


@functools.cache
def _rules(spoken: str) -> tuple[Rules, int]:
    """Groups of letters with their shapes, and how long the longest is."""
    tables, path = _tables()
    rules: Rules = {}
    for group, shapes in {**tables["common"], **tables.get(spoken, {})}.items():
        rules[group] = tuple(_shape(s, group, path) for s in shapes.split())
    return rules, max(map(len, rules))


@functools.cache
def _tables() -> tuple[dict[str, dict[str, str]], str]:
    source = TomlSource.read(DATA / _FILE)
    return source.data, str(source.path)


def _shape(text: str, group: str, path: str) -> tuple[str, float]:
    name = text.removesuffix("-")
    if name not in _SHAPES:
        known = ", ".join(sorted(_SHAPES))
        raise LexiconError(f"{group} = {text!r} is no mouth shape.", path, hint=f"There are {known}.")
    unit = f"mouth_{name}"
    return unit, (_WEAKLY if text.endswith("-") else _CLEARLY) * _WIDE.get(unit, 1.0)
