"""What a word is: by the tables of closed classes, by its sign's part of speech, by its neighbours, by its ending."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from .elements import Element, Word
from .grammar import Grammar
from .lemmas import lemma

if TYPE_CHECKING:
    from ..lexicon.recorded import Entry

_NOUN_FOLLOWS = frozenset(("article", "possessive", "determiner", "number", "quantifier", "adjective", "preposition"))
"""Tags after which `work` is a noun."""
_VERB_FOLLOWS = frozenset(("modal", "auxiliary", "infinitive"))
_BY_POS = {
    "interjection": "opener",
    "determiner": "quantifier",
    "pronoun": "noun",
    "number": "number",
    "name": "name",
    "letter": "noun",
}
NOUNS = frozenset(("noun", "name", "pronoun"))


def _awaits_verb(before: Sequence[str]) -> bool:
    """Whether no verb came yet that could be that of the clause."""
    return "verb" not in before and "copula" not in before


class Tagger:
    """Tags the words of one clause after the other."""

    def __init__(self, grammar: Grammar, spoken: str, is_verb: Callable[[str], bool]) -> None:
        self._grammar, self._spoken, self._is_verb = grammar, spoken, is_verb
        self._known = grammar.time_units

    def tag(
        self, elements: Sequence[Element], at: int, end: int, sign: Entry | None, before: Sequence[str], asks: bool
    ) -> str:
        """The tag of the words from `at` to `end` that `sign` renders. before: tags of the units so far.

        asks: whether the clause is a wh-question, so that `who` is no relative pronoun.
        """
        word = elements[at]
        assert isinstance(word, Word)
        if word.is_name:
            return "name"
        if end - at > 1:
            return self._of_phrase(elements, at, end, sign)
        closed = self._closed(elements, at, sign, before, asks)
        if closed and not (closed == "opener" and at and before[-1:] == ["pronoun"]):
            return closed
        tag = self._open(word, sign, before[-1] if before else "")
        previous = elements[at - 1] if at else None
        if tag in ("noun", "unknown", "opener") and isinstance(previous, Word) and _awaits_verb(before):
            asked = "auxiliary" in before or "modal" in before
            if self._is_subject(previous.form) or (asked and before[-1] in ("pronoun", "name", "negation", "adverb")):
                return "verb"
        return tag

    def is_participle(self, word: Word) -> bool:
        """Whether a word is a past participle by its form: `gegessen`, `angerufen`."""
        g, form = self._grammar, word.form
        if form in g.participles:
            return True
        mark = g.participle_prefix
        starts = bool(mark) and any(form.startswith(before + mark) for before in ("", *g.separable))
        return starts and any(form.endswith(e) for e in g.participle_endings) and word.text[:1].islower()

    def _is_subject(self, form: str) -> bool:
        traits = self._grammar.pronouns.get(form, ())
        return ("subject" in traits or "thing" in traits) and "possessive" not in traits

    def classes(self, form: str) -> frozenset[str]:
        """The closed classes that a form belongs to, for rules that leave words out."""
        g = self._grammar
        tables = {
            "article": g.articles,
            "copula": g.copula,
            "infinitive": g.infinitive,
            "modal": g.modals,
            "small": g.small,
            "and": g.and_words,
        }
        return frozenset(name for name, words in tables.items() if form in words)

    def noun_follows(self, elements: Sequence[Element], at: int) -> bool:
        """Whether what comes after this word can belong to a noun phrase that it opens."""
        following = elements[at + 1] if at + 1 < len(elements) else None
        if not isinstance(following, Word):
            return following is not None and following.kind == "number"
        g, form = self._grammar, following.form
        closed = (
            g.auxiliaries | g.copula | g.articles | g.prepositions | g.conjunctions | g.question_words | g.negations
            | g.infinitive | (g.time_words - g.time_units) | g.adverbs
        )  # fmt: skip
        return form not in closed and not (form in g.pronouns and "possessive" not in g.pronouns[form])

    def _of_phrase(self, elements: Sequence[Element], at: int, end: int, sign: Entry | None) -> str:
        g = self._grammar
        forms = [e.form for e in elements[at:end] if isinstance(e, Word)]
        if forms[0] in g.question_words:
            return "wh"
        if sign is not None and not g.modals.isdisjoint(sign.words):
            return "modal"
        if any(f in g.time_words or f in g.time_units for f in forms):
            return "time"
        pos = sign.pos if sign is not None else ""
        return _BY_POS.get(pos, pos) or "unknown"

    def _closed(
        self, elements: Sequence[Element], at: int, sign: Entry | None, before: Sequence[str], asks: bool
    ) -> str:
        """The tag by the tables, empty when none has the word."""
        g, word = self._grammar, elements[at]
        assert isinstance(word, Word)
        form, last = word.form, before[-1] if before else ""
        nounish = last in NOUNS
        if form in g.question_words or form in g.relatives:
            if form in g.subordinators and not asks:
                return "conjunction"
            if form in g.relatives and form not in g.articles and nounish and not asks:
                return "relative"
            if form in g.question_words:
                return "wh"
        if form in g.demonstratives and not self.noun_follows(elements, at):
            return "pronoun"
        tables = (
            ("article", g.articles),
            ("copula", g.copula),
            ("modal", g.modals),
            ("time", g.time_words),
            ("particle", g.particles),
        )
        for tag, words in tables:
            if form in words:
                return tag
        if form in g.infinitive:
            return "infinitive" if self._verb_follows(elements, at, last) else "preposition"
        if form in g.negations:
            return self._negation(elements, at)
        if form in g.pronouns:
            owner = "possessive" in g.pronouns[form] or form in g.possessive_before_noun
            owns = owner and self.noun_follows(elements, at) and not self._owner_follows(elements, at)
            return "possessive" if owns else "pronoun"
        if form in g.determiners and form not in g.quantifiers:
            if self.noun_follows(elements, at):
                return "determiner"
            joins = form in g.conjunctions or (form in g.relatives and last == "verb")
            return "conjunction" if joins and at + 1 < len(elements) else "pronoun"
        if form in g.quantifiers:
            return "quantifier"
        if form in g.conjunctions and not (form in g.prepositions and not self._clause_follows(elements, at)):
            return "conjunction"
        if form in g.prepositions:
            verb = (
                sign is not None and sign.pos == "verb" and (nounish or last in (*_VERB_FOLLOWS, "negation", "adverb"))
            )
            return "verb" if verb else "preposition"
        if form in g.openers and not before and (sign is None or sign.pos in ("interjection", "adverb", "")):
            return "opener"
        return "adverb" if form in g.adverbs else ""

    def _owner_follows(self, elements: Sequence[Element], at: int) -> bool:
        """Whether another owner comes next: `he showed her his house`."""
        following = elements[at + 1] if at + 1 < len(elements) else None
        form = following.form if isinstance(following, Word) else ""
        return "possessive" in self._grammar.pronouns.get(form, ())

    def _negation(self, elements: Sequence[Element], at: int) -> str:
        g, word = self._grammar, elements[at]
        assert isinstance(word, Word)
        if word.form in g.negative_nouns:
            return "noun"
        if word.form in g.negative_determiners:
            return "quantifier" if self.noun_follows(elements, at) else "opener" if at == 0 else "negation"
        return "negation"

    def _verb_follows(self, elements: Sequence[Element], at: int, last: str) -> bool:
        following = elements[at + 1] if at + 1 < len(elements) else None
        if not isinstance(following, Word) or not self.noun_follows(elements, at):
            return False
        form, g = following.form, self._grammar
        if form in g.pronouns or form in g.determiners or form in g.quantifiers or following.capitalised:
            return False
        return self._is_verb(form) or (last == "verb" and form not in g.time_units and self._is_unknown(form))

    def _is_unknown(self, form: str) -> bool:
        """Whether no ending tells that a word is no verb."""
        suffixes = {pos: ends for pos, ends in self._grammar.suffixes.items() if pos != "verb"}
        return not any(form.endswith(e) for ends in suffixes.values() for e in ends)

    def _clause_follows(self, elements: Sequence[Element], at: int) -> bool:
        following = elements[at + 1] if at + 1 < len(elements) else None
        return isinstance(following, Word) and following.form in self._grammar.clear_subjects

    def _open(self, word: Word, sign: Entry | None, last: str) -> str:
        pos = self._pos(word, sign)
        if last in _NOUN_FOLLOWS and pos in ("verb", "unknown"):
            return "noun"
        if last in _VERB_FOLLOWS and pos in ("noun", "unknown"):
            return "verb"
        if last == "pronoun" and pos == "unknown":
            return "verb"
        if last == "negation" and pos == "unknown":
            return "verb"
        return pos

    def _pos(self, word: Word, sign: Entry | None) -> str:
        if sign is not None and sign.pos:
            return _BY_POS.get(sign.pos, sign.pos)
        if word.form in self._grammar.participles:
            return "verb"
        if (
            word.text[:1].isupper()
            and sign is None
            and not self._grammar.capital_nouns
            and word.form not in self._known
        ):
            return "name"
        if self._grammar.capital_nouns:
            return self._by_capital(word)
        for pos, endings in self._grammar.suffixes.items():
            if any(word.form.endswith(e) and len(word.form) > len(e) + 2 for e in endings):
                return pos
        return "unknown"

    def _by_capital(self, word: Word) -> str:
        """What a word without a sign is where all nouns, and no others, have a capital."""
        if word.text[:1].isupper():
            return "noun"
        base = lemma(word.form, self._spoken)
        return "verb" if any(base.endswith(e) for e in self._grammar.infinitive_endings) else "adjective"

    def is_plural(self, word: Word, sign: Entry | None) -> bool:
        """Whether a noun's form says that there are several, beyond what its sign says."""
        g = self._grammar
        if sign is not None and word.form in sign.words:
            return False
        if word.form in g.irregular_plurals:
            return True
        ending = g.plural_ending
        return bool(ending) and word.form.endswith(ending) and lemma(word.form, self._spoken) != word.form

    def degree(self, word: Word, plain: bool) -> str:
        """`comparative` or `superlative` for an adjective in such a form, if its sign doesn't say so by itself."""
        g = self._grammar
        if plain or word.form in g.keep_form:
            return ""
        if g.comparative_ending and word.form.endswith(g.comparative_ending):
            return "comparative"
        return "superlative" if g.superlative_ending and word.form.endswith(g.superlative_ending) else ""
