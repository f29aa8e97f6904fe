"""Finding a word's sign: entries of several words first, then the form as written, then the base form."""

from __future__ import annotations

from collections.abc import Iterable, Sequence, Set
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..gloss import POINTING
from ..lexicon.phonology import Sign
from ..lexicon.places import DATA
from .elements import Element, Word
from .grammar import Grammar
from .lemmas import lemma

if TYPE_CHECKING:
    from ..lexicon.loader import Lexicon
    from ..lexicon.recorded import Entry

_AS_WRITTEN, _BASE_FORM, _SAME_SIGN = range(3)


@dataclass(frozen=True)
class Match:
    """A sign for the words from a position up to `end`."""

    sign: Entry
    end: int
    choices: tuple[str, ...] = ()
    """Glosses of the signs that the words could be, the best first; empty when there is only one."""
    plain: bool = True
    """Whether it was found under the form as written."""


@dataclass(frozen=True)
class _Entry:
    words: tuple[str, ...]
    sign: Entry
    rank: int
    """Place among the sign's words: a sign's main word is its best match."""
    embedded: bool = False


_Key = tuple[int, ...]


class SignIndex:
    """The signs of a lexicon by the words that they render."""

    def __init__(self, lexicon: Lexicon, grammar: Grammar, spoken: str) -> None:
        self._grammar, self._spoken = grammar, spoken
        self._by_first: dict[str, list[_Entry]] = {}
        for sign in lexicon.signs.values():
            embedded = isinstance(sign, Sign) and DATA in Path(sign.file).parents
            for rank, phrase in enumerate(sign.words if sign.gloss not in POINTING else ()):
                words = tuple(_split(phrase, grammar))
                if words:
                    self._by_first.setdefault(words[0], []).append(_Entry(words, sign, rank, embedded))

    def sign_for(self, word: str) -> Entry | None:
        """The sign of a single word in its base form, if there is one."""
        entries = [e for e in self._by_first.get(word, ()) if len(e.words) == 1]
        return min(entries, key=lambda e: e.rank).sign if entries else None

    def is_content(self, word: str) -> bool:
        """Whether a word in its base form has a sign as a noun or a verb, so that compounds are made of it."""
        entries = [e for e in self._by_first.get(word, ()) if len(e.words) == 1]
        return any(e.sign.pos in ("noun", "verb") for e in entries)

    def is_verb(self, form: str) -> bool:
        """Whether a word as written is the base form of a verb that has a sign."""
        return any(e.sign.pos == "verb" and e.words == (form,) for e in self._by_first.get(form, ()))

    def find(
        self, elements: Sequence[Element], start: int, context: Set[str] = frozenset(), near: Set[str] = frozenset()
    ) -> Match | None:
        """The best sign for the words from `start` on, or none.

        context, near: base forms of the words of this clause and of those beside it. The longest entry wins; among
        equals the one nearest to the written form, then the one whose part of speech fits, then a sign of the user's
        own, then the one that most words around speak for, then the one whose main word it is.
        """
        word = elements[start]
        if not isinstance(word, Word) or word.is_name or self._lacks_number(elements, start):
            return None
        wanted = self._expected_pos(elements, start)
        found: list[tuple[_Key, Entry, int]] = []
        for degree, form in self._forms(elements, start):
            for entry in self._by_first.get(form, ()):
                end = self._end_of(entry.words, elements, start)
                if end is None or self._only_denies(entry):
                    continue
                verbal = degree > 0 and entry.sign.pos == "adjective" and self._has_verb_ending(word.form)
                fits = 2 if verbal else 0 if not wanted or entry.sign.pos in ("", wanted) else 1
                support = sum(3 * (w in context) + (w in near) for w in entry.sign.context)
                rare = int(bool(entry.sign.context) and not support)
                key = (-len(entry.words), fits, degree, int(entry.embedded), -support, rare, entry.rank)
                found.append((key, entry.sign, end))
        if not found:
            return None
        found.sort(key=lambda candidate: candidate[0])
        (length, _, degree, *_), sign, end = found[0]
        choices = dict.fromkeys(s.gloss for key, s, _ in found if key[0] == length)
        return Match(sign, end, tuple(choices) if len(choices) > 1 else (), degree == _AS_WRITTEN)

    def _lacks_number(self, elements: Sequence[Element], start: int) -> bool:
        """Whether the word there has a meaning only after a number, and none stands before it."""
        word, before = elements[start], elements[start - 1] if start else None
        if not isinstance(word, Word) or word.form not in self._grammar.after_numbers:
            return False
        if isinstance(before, Word):
            return before.form not in self._grammar.units and before.form not in self._grammar.question_words
        return before is None or before.kind != "number"

    def knows_verb(self, form: str) -> bool:
        """Whether a form of a word is one of a verb that has a sign."""
        return self.is_verb(form) or self.is_verb(lemma(form, self._spoken))

    def forms(self, word: Word) -> Iterable[tuple[int, str]]:
        """What a word may stand under in the dictionary, the nearest first, with how near that is."""
        yield _AS_WRITTEN, word.form
        if word.form not in self._grammar.keep_form and not word.capitalised:
            yield _BASE_FORM, lemma(word.form, self._spoken)
            yield from ((_BASE_FORM, stem) for stem in self._compared(word.form))
            if word.form not in self._by_first:
                yield from ((_SAME_SIGN, stem) for stem in self._unbent(word.form))
        if word.capitalised and word.form[:-1] in self._grammar.time_units:
            yield _BASE_FORM, word.form[:-1]  # Fridays
        for other in self._grammar.same_as.get(word.form, ()):
            yield _SAME_SIGN, other

    def _unbent(self, form: str) -> Iterable[str]:
        """The verbs with a sign that a word can be a form of, where the dictionary of base forms has none: sitting."""
        for ending in self._grammar.verb_endings:
            for base in _stems(form, ending):
                if self.is_verb(base):
                    yield base

    def _compared(self, form: str) -> Iterable[str]:
        """The adjectives with a sign that a word can be a comparative or superlative of: bigger, nicer, happiest."""
        for ending in (self._grammar.comparative_ending, self._grammar.superlative_ending):
            for base in _stems(form, ending):
                if any(e.sign.pos == "adjective" and e.words == (base,) for e in self._by_first.get(base, ())):
                    yield base

    def _only_denies(self, entry: _Entry) -> bool:
        """Whether an entry like `does not` says no more than its last word: then its words stand for themselves."""
        *helping, last = entry.words
        return bool(helping) and last in entry.sign.words and self._grammar.auxiliaries.issuperset(helping)

    def _has_verb_ending(self, form: str) -> bool:
        return any(form.endswith(ending) for ending in self._grammar.verb_endings)

    def _is_adjective(self, element: Element | None) -> bool:
        if not isinstance(element, Word):
            return False
        signs = [e.sign for e in self._by_first.get(element.form, ()) if e.words == (element.form,)]
        return element.form in self._grammar.quantifiers or any(s.pos == "adjective" for s in signs)

    def _forms(self, elements: Sequence[Element], start: int) -> Iterable[tuple[int, str]]:
        word = elements[start]
        assert isinstance(word, Word)
        following = elements[start + 1] if start + 1 < len(elements) else None
        if word.form in self._grammar.before_adjective and self._is_adjective(following):
            yield _AS_WRITTEN, self._grammar.before_adjective[word.form]
            return
        possessive = self._grammar.possessive_before_noun.get(word.form)
        if possessive is None:
            yield from self.forms(word)
            return
        before_noun = self._noun_follows(elements, start)
        for form in (possessive, *self._grammar.same_as.get(possessive, ())) if before_noun else ():
            yield _AS_WRITTEN, form
        for form in self._grammar.same_as.get(word.form, ()):
            yield _BASE_FORM, form
        yield _SAME_SIGN, word.form

    def _noun_follows(self, elements: Sequence[Element], start: int) -> bool:
        following = elements[start + 1] if start + 1 < len(elements) else None
        if not isinstance(following, Word):
            return False
        g = self._grammar
        closed = g.omitted | g.small | g.auxiliaries | g.question_words | g.determiners | g.and_words
        return following.form not in closed and following.form not in g.same_as

    def _end_of(self, words: Sequence[str], elements: Sequence[Element], start: int) -> int | None:
        """Where an entry's words end when they stand at `start`, words that signing omits passed over."""
        at = start + 1
        for wanted in words[1:]:
            while at < len(elements):
                element = elements[at]
                if not isinstance(element, Word):
                    return None
                if any(form == wanted for _, form in self.forms(element)):
                    break
                if element.form not in self._grammar.omitted:
                    return None
                at += 1
            if at >= len(elements):
                return None
            at += 1
        return at

    def _expected_pos(self, elements: Sequence[Element], start: int) -> str:
        before = elements[start - 1] if start else None
        if not isinstance(before, Word):
            return "" if before else "verb"
        if before.form in self._grammar.determiners:
            return "" if self._noun_follows(elements, start) else "noun"
        if before.form in self._grammar.copula or before.form in self._grammar.before_adjective:
            return "adjective"
        return "verb" if before.form in self._grammar.before_verbs else ""


def _stems(form: str, ending: str) -> tuple[str, ...]:
    """What a word can be without an ending: bigger is big, nicer nice, happier happy."""
    if not ending or not form.endswith(ending) or len(form) < len(ending) + 3:
        return ()
    stem = form.removesuffix(ending)
    doubled = stem[:-1] if stem[-1] == stem[-2] else stem
    return stem, doubled, stem + "e", stem.removesuffix("i") + "y"


def _split(phrase: str, grammar: Grammar) -> list[str]:
    """The words of a dictionary entry, contractions written out as in a text."""
    from .clauses import clauses_of
    from .tokens import tokenise

    return [form for clause in clauses_of(tokenise(phrase), grammar, lambda _: False) for form in clause.forms]
