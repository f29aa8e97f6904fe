"""Chinese text: words where none are marked, and pinyin for those that have no sign.

Words are found by maximum matching against the words of the dictionary and of the tables, forwards and backwards; of
the two the one with fewer words is taken, then the one with fewer single characters, then the backward one (the usual
rule). Characters that belong to no word and stand side by side are one word, which is spelled. Readings are pypinyin's
(MIT), whose phrases tell 银行 yínháng from 行 xíng; it is loaded when something is spelled.
"""

from __future__ import annotations

import dataclasses
import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from .grammar import Grammar
from .tokens import Token

if TYPE_CHECKING:
    from ..lexicon.loader import Lexicon

CODE = "zh"
_LONGEST = 8
_NAME_LENGTHS = range(2, 5)
"""Characters of a Chinese name."""
_NUMERALS = re.compile("[零〇一二两兩三四五六七八九十百千万萬亿億]{2,}")


def is_han(character: str) -> bool:
    """Whether a character is Chinese."""
    return unicodedata.name(character, "").startswith("CJK UNIFIED") or character == "〇"


def vocabulary(lexicon: Lexicon, grammar: Grammar) -> frozenset[str]:
    """All Chinese words that have a sign or stand in a table."""
    words = {word for sign in lexicon.signs.values() for word in sign.words}
    for field in dataclasses.fields(Grammar):
        words.update(_words_in(getattr(grammar, field.name)))
    return frozenset(word for word in words if word and all(map(is_han, word)))


def _words_in(value: object) -> Iterable[str]:
    if isinstance(value, str):
        return (value,)
    if isinstance(value, Mapping):
        return (w for key in value for w in _words_in(key))
    if isinstance(value, Collection):
        return (w for item in value for w in _words_in(item))
    return ()


def split_words(tokens: Iterable[Token], words: Collection[str], grammar: Grammar) -> list[Token]:
    """Tokens with each run of Chinese characters parted into words; a word's span is its place in the text."""
    result: list[Token] = []
    for token in tokens:
        if token.kind != "word" or not any(map(is_han, token.text)):
            result.append(token)
            continue
        one_to_one = token.span[1] - token.span[0] == len(token.text)
        at = token.span[0]
        for piece in _pieces(token.text, words, grammar):
            span = (at, at + len(piece)) if one_to_one else token.span
            result.append(Token("word", piece, span))
            at += len(piece)
    return result


def _pieces(text: str, words: Collection[str], grammar: Grammar) -> list[str]:
    """A run of letters as words: Chinese ones and what stands between them."""
    pieces: list[str] = []
    start = 0
    for end in range(1, len(text) + 1):
        if end == len(text) or is_han(text[end]) != is_han(text[start]):
            run = text[start:end]
            pieces += _with_names(segment(run, words), words, grammar) if is_han(run[0]) else [run]
            start = end
    return pieces


def segment(run: str, words: Collection[str]) -> list[str]:
    """A run of Chinese characters as words; characters that no word has are words of one character."""
    number = _NUMERALS.search(run)
    if number:  # read from its start: 二十一 is 二十 一
        middle = _matched(number[0], words, False)
        return [*segment(run[: number.start()], words), *middle, *segment(run[number.end() :], words)]
    forward, backward = _matched(run, words, False), _matched(run, words, True)
    return min(backward, forward, key=lambda found: (len(found), sum(len(word) == 1 for word in found)))


def _matched(run: str, words: Collection[str], from_end: bool) -> list[str]:
    found: list[str] = []
    while run:
        sizes = range(min(_LONGEST, len(run)), 0, -1)
        size = next(n for n in sizes if n == 1 or (run[-n:] if from_end else run[:n]) in words)
        found.append(run[-size:] if from_end else run[:size])
        run = run[:-size] if from_end else run[size:]
    return found[::-1] if from_end else found


def _with_names(found: Sequence[str], words: Collection[str], grammar: Grammar) -> list[str]:
    """Characters without a word joined to words: names and what else is spelled.

    After `叫` and the like all up to the end is a name if it is as long as one (王小明, whatever 小 means elsewhere);
    elsewhere a word of one character between two unknown ones belongs to them, and 小 or 老 to an unknown one after it.
    """
    cues = {cue[-1] for cue in grammar.name_cues}
    for at, word in enumerate(found[:-1]):
        rest = "".join(found[at + 1 :])
        if word in cues and len(rest) in _NAME_LENGTHS and _may_be_name(found[at + 1 :], words, grammar):
            return [*found[: at + 1], rest]
    joined: list[str] = []
    unknown = [word not in words for word in found]
    for at, word in enumerate(found):
        between = 0 < at < len(found) - 1 and unknown[at - 1] and unknown[at + 1] and len(word) == 1
        inside = between and word not in grammar.particles | grammar.copula | grammar.articles
        inside = inside or (word in grammar.titles and at + 1 < len(found) and unknown[at + 1])
        unknown[at] = unknown[at] or inside
        if joined and unknown[at] and unknown[at - 1]:
            joined[-1] += word
        else:
            joined.append(word)
    return joined


def _may_be_name(rest: Sequence[str], words: Collection[str], grammar: Grammar) -> bool:
    closed = grammar.question_words | grammar.particles | grammar.negations | set(grammar.pronouns)
    return len(rest) > 1 and closed.isdisjoint(rest) and all(len(word) == 1 or word not in words for word in rest)


@lru_cache(maxsize=1024)
def syllables(word: str) -> tuple[str, ...]:
    """A word's pinyin without tones, a syllable each, `ü` as itself; what isn't Chinese stays as it is."""
    from pypinyin import Style, lazy_pinyin

    return tuple(lazy_pinyin(word, style=Style.NORMAL, v_to_u=True))


def load() -> None:
    """Read the readings of all characters now."""
    syllables("字")
