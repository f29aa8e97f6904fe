"""Letters for the hand and for the mouth."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from functools import lru_cache

from . import chinese

_SPECIAL = {
    "Æ": "AE", "Œ": "OE", "Ø": "O", "Ł": "L", "Đ": "D", "Ð": "D", "Þ": "TH", "ẞ": "SS", "ß": "SS", "Ŋ": "N", "Ħ": "H",
}  # fmt: skip
"""Latin letters that Unicode doesn't take apart."""
_JAMO = {
    **dict(zip(range(0x1100, 0x1113), "ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎ", strict=True)),
    **dict(zip(range(0x1161, 0x1176), "ㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ", strict=True)),
    **dict(zip(range(0x11A8, 0x11C3), "ㄱㄲㄳㄴㄵㄶㄷㄹㄺㄻㄼㄽㄾㄿㅀㅁㅂㅄㅅㅆㅇㅈㅊㅋㅌㅍㅎ", strict=True)),
}
"""Letters of a Korean syllable, taken apart by Unicode, as they are written alone."""
_CLUSTERS: dict[str, str] = {
    entry[0]: entry[2:]
    for entry in """
ㄳ=ㄱㅅ ㄵ=ㄴㅈ ㄶ=ㄴㅎ ㄺ=ㄹㄱ ㄻ=ㄹㅁ ㄼ=ㄹㅂ ㄽ=ㄹㅅ ㄾ=ㄹㅌ ㄿ=ㄹㅍ ㅀ=ㄹㅎ ㅄ=ㅂㅅ
ㄲ=ㄱㄱ ㄸ=ㄷㄷ ㅃ=ㅂㅂ ㅆ=ㅅㅅ ㅉ=ㅈㅈ
ㅘ=ㅗㅏ ㅙ=ㅗㅐ ㅚ=ㅗㅣ ㅝ=ㅜㅓ ㅞ=ㅜㅔ ㅟ=ㅜㅣ ㅢ=ㅡㅣ ㅐ=ㅏㅣ ㅔ=ㅓㅣ ㅒ=ㅑㅣ ㅖ=ㅕㅣ
""".split()  # noqa: SIM905
}
"""Letters that are made of two, for alphabets of the hand that lack them."""
_TURKIC = frozenset(("tr", "az"))


def letters_of(word: str, alphabet: Collection[str], spoken: str = "") -> tuple[tuple[str, ...], str]:
    """The keys of the alphabet that spell a word, and the letters that it lacks.

    Keys of several letters (SCH, ZH, LL) are taken where they fit, the longest first. Letters that are missing are
    folded: diacritics off, Korean syllables and double letters taken apart. Apostrophes and hyphens are neither.
    Chinese is spelled in pinyin, syllable by syllable.
    """
    if spoken == chinese.CODE and any(map(chinese.is_han, word)):
        spelled = [letters_of(syllable, alphabet) for syllable in chinese.syllables(word)]
        return tuple(key for keys, _ in spelled for key in keys), "".join(missing for _, missing in spelled)
    text = unicodedata.normalize("NFC", upper(word, spoken))
    lengths = _lengths(frozenset(alphabet))
    letters: list[str] = []
    missing: list[str] = []
    at = 0
    while at < len(text):
        key = next((text[at : at + n] for n in lengths if text[at : at + n] in alphabet), "")
        if key:
            letters.append(key)
        else:
            folded, lacking = _folded(text[at], alphabet)
            letters += folded
            missing += lacking
        at += len(key) or 1
    return tuple(letters), "".join(missing)


def written_letters(word: str) -> str:
    """The letters that say a word: the pinyin of Chinese, Korean syllables taken apart, else the word itself."""
    if any(map(chinese.is_han, word)):
        word = "".join(chinese.syllables(word))
    return "".join(_taken_apart(character) for character in word)


def _taken_apart(character: str) -> str:
    letters = [_JAMO.get(ord(base), "") for base in unicodedata.normalize("NFD", character)]
    return "".join(letters) if all(letters) else character


@lru_cache(maxsize=16)
def _lengths(alphabet: frozenset[str]) -> tuple[int, ...]:
    return tuple(sorted({len(key) for key in alphabet}, reverse=True))


def upper(word: str, spoken: str = "") -> str:
    """A word in capitals as its language writes them: Turkish has a dotted capital İ, German keeps ß."""
    if spoken in _TURKIC:
        word = word.replace("i", "İ").replace("ı", "I")
    return "".join("ẞ" if c == "ß" and spoken == "de" else c.upper() for c in word)


def _folded(character: str, alphabet: Collection[str]) -> tuple[list[str], list[str]]:
    """A letter without its own key as those that it is made of, and those of them that are missing."""
    letters: list[str] = []
    missing: list[str] = []
    for base in unicodedata.normalize("NFKD", _SPECIAL.get(character, character)):
        base = _JAMO.get(ord(base), base)
        if base in alphabet:
            letters.append(base)
        elif base in _CLUSTERS:
            parts, lacking = _folded_all(_CLUSTERS[base], alphabet)
            letters += parts
            missing += lacking
        elif unicodedata.category(base)[0] == "L":
            missing.append(base)
    return letters, missing


def _folded_all(characters: Sequence[str], alphabet: Collection[str]) -> tuple[list[str], list[str]]:
    pairs = [([c], []) if c in alphabet else _folded(c, alphabet) for c in characters]
    return [c for found, _ in pairs for c in found], [c for _, lacking in pairs for c in lacking]


def spelled_gloss(letters: Sequence[str], alphabet: Collection[str] = ()) -> str:
    """`fs-ANNA`; letters of several characters are parted by hyphens where they could be read otherwise."""
    joined = "".join(letters)
    plain = letters_of(joined, alphabet or frozenset(letters))[0] == tuple(letters)
    return "fs-" + (joined if plain else "-".join(letters))


def mouthing(word: str, spoken: str = "") -> str:
    """The letters of a word that mouth shapes are made of, as the language writes them; Chinese in pinyin, a to z."""
    if spoken == chinese.CODE:
        return "".join(letters_of(word, _LATIN, spoken)[0]).lower()
    return "".join(c for c in unicodedata.normalize("NFC", word).lower() if c.isalpha())


_LATIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
