"""Retrieval for dictionaries that know words only, like the published ones: which words of a text have a sign.

Words are compared as written and by their base form, longest phrases first; words without a meaning of their own are
passed over. Where a key says its sense (`bank (river)`, `bank#river`, `bank_2`), the words around choose.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..dictionary.library import is_own
from ..gloss import GlossItem, sign_item
from ..languages import Language
from ..lexicon.loader import Lexicon
from ..text.chinese import CODE as CHINESE
from ..text.chinese import split_words
from ..text.grammar import Grammar, grammar
from ..text.lemmas import is_known, lemma
from ..text.tokens import Token, tokenise
from .code_dictionary import CodeDictionary, CodeEntry
from .retrieval import (
    Chunk,
    Fate,
    Keyword,
    Limits,
    Other,
    OwnCodes,
    Retrieved,
    missing_warning,
    numbered,
    passed_over,
    within,
)

_KEY = re.compile(r"(?P<word>.*?)\s*(?:\((?P<sense>[^)]+)\)|#(?P<tag>.+)|_(?P<number>\d+))?", re.DOTALL)
_SEPARATORS = re.compile(r"[\s_\-]+")
_SENTENCE_ENDS: Final = frozenset(".?!…\n") | {"\n\n"}


@dataclass(frozen=True)
class _Candidate:
    """A dictionary entry by the words that it stands for. sense: base forms that speak for it; item: of an own sign."""

    words: tuple[str, ...]
    entry: CodeEntry | None
    sense: frozenset[str] = frozenset()
    item: GlossItem | None = None


class WordIndex:
    """A dictionary's entries by their first word."""

    def __init__(self, dictionary: CodeDictionary, language: Language, lexicon: Lexicon, folder: str) -> None:
        """folder: the user's dictionary, whose signs win over the bundle's."""
        self.spoken = language.spoken
        self.tables: Grammar = grammar(language.spoken, folder)
        self.letters = {key.casefold(): e for key, e in dictionary.entries.items() if len(key) == 1}
        self._by_first: dict[str, list[_Candidate]] = {}
        for sign in lexicon.signs.values():
            if is_own(sign, folder):
                for phrase in sign.words:
                    self._add(_Candidate(_words(phrase), None, item=sign_item(sign)))
        for key, entry in dictionary.entries.items():
            match = _KEY.fullmatch(key)
            assert match is not None  # every text matches
            sense = match["sense"] or match["tag"] or ""
            self._add(_Candidate(_words(match["word"]), entry, frozenset(self.base(w) for w in _words(sense))))

    @property
    def vocabulary(self) -> frozenset[str]:
        """What texts without spaces are cut into."""
        listed = {"".join(c.words) for cs in self._by_first.values() for c in cs}
        return frozenset(listed | self.tables.known | self.stop_words)

    @property
    def stop_words(self) -> frozenset[str]:
        """Words that carry no meaning of their own."""
        t = self.tables
        carried = t.small | t.do_support | t.perfect | t.prepositions | t.conjunctions | t.particles | t.classifiers
        return frozenset({*t.omitted, *carried, *t.auxiliaries, *t.determiners, *t.pronouns})

    def base(self, word: str) -> str:
        """The base form of a word."""
        return lemma(word.lower(), self.spoken)

    def find(self, words: Sequence[str], at: int, around: frozenset[str]) -> _Candidate | None:
        """The best entry for the words from `at` on: the longest, then the user's own, then that whose sense fits."""
        forms = [{w.lower(), self.base(w)} for w in words[at:]]
        candidates = [c for form in sorted(forms[0]) for c in self._by_first.get(form, ())]
        fitting = [
            c
            for c in candidates
            if len(c.words) <= len(forms) and all(w in f for w, f in zip(c.words, forms, strict=False))
        ]
        best = max(fitting, key=lambda c: (len(c.words), c.item is not None, len(c.sense & around)), default=None)
        if best is not None and len(best.words) == 1 and best.item is None and words[at].lower() in self.stop_words:
            return None
        return best

    def _add(self, candidate: _Candidate) -> None:
        if candidate.words:
            self._by_first.setdefault(candidate.words[0], []).append(candidate)


def retrieve_words(text: str, index: WordIndex, own: OwnCodes, limits: Limits) -> Retrieved:
    """The keywords of a text, the first ones of each sentence up to the limit."""
    chunks: list[Chunk] = []
    others: list[Other] = []
    missing: list[str] = []
    sentences = list(_sentences(text, index))
    for number, tokens in enumerate(sentences):
        found, unknown = _keywords(tokens, index, own)
        kept, over = within(found, limits.keywords)
        missing += [other.word for other in unknown if other.fate == "model"]
        others += passed_over(unknown, over)
        begin = tokens[0].span[0] if number else 0
        end = sentences[number + 1][0].span[0] if number + 1 < len(sentences) else len(text)
        keywords = numbered(kept, sum(len(c.keywords) for c in chunks))
        chunks.append(Chunk(text[begin:end].strip(), (begin, end), keywords, 0.6 if end < len(text) else 0.0))
    return Retrieved(tuple(chunks), tuple(others), tuple(missing_warning(missing)))


def _sentences(text: str, index: WordIndex) -> Iterator[list[Token]]:
    tokens = tokenise(text, index.tables.group_marks)
    if index.spoken == CHINESE:
        tokens = split_words(tokens, index.vocabulary, index.tables)
    sentence: list[Token] = []
    for token in tokens:
        sentence.append(token)
        if token.kind == "mark" and token.text in _SENTENCE_ENDS and any(t.kind != "mark" for t in sentence):
            yield sentence
            sentence = []
    if any(t.kind != "mark" for t in sentence):
        yield sentence


def _keywords(tokens: Sequence[Token], index: WordIndex, own: OwnCodes) -> tuple[list[Keyword], list[Other]]:
    words = [t for t in tokens if t.kind in ("word", "number")]
    texts = [t.text for t in words]
    around = frozenset(index.base(t) for t in texts)
    found: list[Keyword] = []
    others: list[Other] = []
    at = 0
    while at < len(words):
        candidate = index.find(texts, at, around)
        if candidate is None:
            spelled, fate = _unfound(texts[at], words[at], at, index)
            found += spelled
            others.append(Other(texts[at], "", words[at].span, fate))
            at += 1
            continue
        last = at + len(candidate.words) - 1
        entry = own(candidate.item) if candidate.item is not None else candidate.entry
        assert entry is not None
        span = (words[at].span[0], words[last].span[1])
        shown = candidate.item.gloss if candidate.item is not None else entry.key
        word, mine = " ".join(texts[at : last + 1]), candidate.item is not None
        found.append(Keyword(0, word, shown, entry, span, at, shown, entry.key, own=mine))
        at = last + 1
    return found, others


def _unfound(word: str, token: Token, at: int, index: WordIndex) -> tuple[list[Keyword], Fate]:
    """The letters of a name that the dictionary can spell, and what becomes of a word without an entry."""
    if word.lower() in index.stop_words:
        return [], "left_out"
    name = (word[:1].isupper() and at > 0) or not is_known(word.lower(), index.spoken)
    letters: Mapping[str, CodeEntry] = index.letters
    if name and all(c in letters for c in word.casefold()):
        spelled = [
            Keyword(0, word, c.upper(), letters[c], token.span, at, f"fs-{word.upper()}", letters[c].key, at)
            for c in word.casefold()
        ]
        return spelled, "spelled"
    return [], "model"


def _words(phrase: str) -> tuple[str, ...]:
    return tuple(w for w in _SEPARATORS.split(phrase.strip().lower()) if w)
