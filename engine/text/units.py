"""Units: the words of a clause with what they are signed by and what they are."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..gloss import GlossItem
from .elements import Clause, Element, Word
from .faces import emoji_face
from .grammar import Grammar
from .lemmas import lemma
from .matching import Match, SignIndex
from .morphology import compound_parts
from .numerals import NumberSigner, number_from_words
from .spelling import letters_of, mouthing, spelled_gloss
from .tagging import Tagger
from .tokens import Span, Token

if TYPE_CHECKING:
    from ..lexicon.loader import Lexicon


_CLOCK = re.compile(r"\d{1,2}\.\d{2}")
_COUNTS = frozenset(("number", "determiner", "quantifier", "wh"))
"""Tags before a classifier."""


def _is_empty_object(unit: Unit, before: Sequence[Unit]) -> bool:
    """Whether a verb's sign says its object already: 饭 in 吃过饭."""
    verb = next((u for u in reversed(before) if u.tag != "particle"), None)
    if verb is None or verb.tag != "verb" or len(unit.items) != 1 or unit.form == verb.form:
        return False
    sign = unit.items[0].sign
    return sign is not None and [item.sign for item in verb.items] == [sign] and "and" not in unit.classes


@dataclass(eq=False)
class Unit:
    """One word, or several that are signed as one; a number; an emoji."""

    tag: str
    """article, possessive, determiner, quantifier, number, adjective, noun, name, pronoun, time, wh, relative, copula,
    auxiliary, modal, negation, infinitive, verb, adverb, preposition, conjunction, opener, particle, emoji, unknown."""
    items: list[GlossItem]
    elements: Sequence[Element]
    classes: Set[str] = frozenset()
    """Closed classes that it belongs to, for rules that leave words out."""
    traits: set[str] = field(default_factory=set)
    """plural, comparative, superlative, owner (*Anna's*), clock."""
    missing: tuple[str, str] | None = None
    """The word and its letters that the alphabet of the hand lacks."""
    symbol: str = ""
    """A symbol or emoji without a sign."""
    locus: str = ""
    """Place in space of whom it means."""
    placed: bool = False
    """A pointing after it gives that place."""
    source: str = ""
    goal: str = ""
    repeat: int = 0
    pointing: str = ""
    """Gloss of the sign that points to its place, instead of its own signs or, for an owner, after them."""
    left_out: bool = False

    @property
    def form(self) -> str:
        """Its words as they are read."""
        return " ".join(e.form for e in self.elements if isinstance(e, Word))

    @property
    def spelled(self) -> bool:
        """Whether it has no sign of its own."""
        return any(item.kind == "fingerspell" for item in self.items)

    @property
    def span(self) -> Span:
        """Its place in the text."""
        return self.elements[0].span[0], self.elements[-1].span[1]


class UnitMaker:
    """Makes the units of clauses."""

    def __init__(self, lexicon: Lexicon, index: SignIndex, grammar: Grammar, spoken: str, tens: str) -> None:
        self._lexicon, self._index, self._grammar, self._spoken = lexicon, index, grammar, spoken
        self._numbers = NumberSigner(lexicon, index, grammar, tens)
        self._tagger = Tagger(grammar, spoken, index.knows_verb)

    def units(self, clause: Clause, near: Set[str] = frozenset()) -> list[Unit]:
        """The units of a clause. near: base forms in the clauses beside it, which speak for senses."""
        context = self.lemmas(clause)
        asks = clause.kind == "wh_question"
        units: list[Unit] = []
        at = 0
        while at < len(clause.elements):
            before = [u.tag for u in units]
            unit, at = self._unit(clause.elements, at, before, asks, context, near)
            if unit.tag in ("relative", "conjunction") and unit.form in self._grammar.relatives:
                unit.classes = unit.classes | {"relative"}
            if before and before[-1] in _COUNTS and unit.form in self._grammar.classifiers:
                unit.classes = unit.classes | {"classifier" if at < len(clause.elements) else "small"}
            unit.left_out = _is_empty_object(unit, units)
            units.append(unit)
        return units

    def lemmas(self, clause: Clause) -> frozenset[str]:
        """Base forms of a clause's words."""
        return frozenset(lemma(form, self._spoken) for form in clause.forms)

    def _unit(
        self, elements: list[Element], at: int, before: Sequence[str], asks: bool, context: Set[str], near: Set[str]
    ) -> tuple[Unit, int]:
        element = elements[at]
        if isinstance(element, Token):
            return self._of_token(elements, at)
        match = self._index.find(elements, at, context, near)
        auxiliary = self._is_auxiliary(elements, at)
        if match and (match.end - at > 1 or not auxiliary):
            return self._of_sign(elements, at, match, before, asks), match.end
        number = None if auxiliary else number_from_words(elements, at, self._grammar)
        if number:
            span = (element.span[0], elements[number[1] - 1].span[1])
            items = list(self._numbers.items(str(number[0]), span))
            return Unit("number", items, elements[at : number[1]]), number[1]
        unit = self._of_word(element)
        unit.tag = "auxiliary" if auxiliary else self._tagger.tag(elements, at, at + 1, None, before, asks)
        unit.classes = self._tagger.classes(element.form) | ({"auxiliary"} if auxiliary else set())
        if unit.tag == "noun" and self._tagger.is_plural(element, None):
            unit.traits.add("plural")
        if unit.tag in ("verb", "modal") and unit.spelled and self._lexicon.signs:
            unit.items, unit.missing = self._spelled(self._infinitive(element), element.span)
        return unit, at + 1

    def _infinitive(self, word: Word) -> str:
        """The base form of a verb where it can be told by its ending, else the word as written."""
        base = lemma(word.form, self._spoken)
        return base if any(base.endswith(e) for e in self._grammar.infinitive_endings) else word.text

    def _of_sign(self, elements: list[Element], at: int, match: Match, before: Sequence[str], asks: bool) -> Unit:
        words = [e for e in elements[at : match.end] if isinstance(e, Word)]
        span = (words[0].span[0], words[-1].span[1])
        mouth = "".join(mouthing(w.form, self._spoken) for w in words)
        item = GlossItem("sign", match.sign.gloss, span, match.sign, mouth=mouth, choices=match.choices)
        tag = self._tagger.tag(elements, at, match.end, match.sign, before, asks)
        unit = Unit(tag, [item], elements[at : match.end])
        if len(words) == 1:
            word = words[0]
            unit.classes = self._tagger.classes(word.form) - ({"article"} if tag == "pronoun" else set())
            if tag == "noun" and self._tagger.is_plural(word, match.sign):
                unit.traits.add("plural")
            if tag in ("adjective", "adverb") and (degree := self._tagger.degree(word, match.plain)):
                unit.traits.add(degree)
            if word.owns:
                unit.traits.add("owner")
        return unit

    def _is_auxiliary(self, elements: list[Element], at: int) -> bool:
        """Whether do only asks or denies here, or have only makes a tense."""
        g, word = self._grammar, elements[at]
        if not isinstance(word, Word) or word.is_name:
            return False
        following = next((e for e in elements[at + 1 :] if isinstance(e, Word) and e.form not in g.negations), None)
        if word.form in g.do_support:
            before = [e.form if isinstance(e, Word) else "" for e in elements[:at]]
            after = elements[at + 1] if at + 1 < len(elements) else None
            negated = isinstance(after, Word) and after.form in g.negations
            inverted = g.openers.issuperset(before) and (following is not None and following.form in g.subjects)
            asked = not g.question_words.isdisjoint(before) and g.do_support.isdisjoint(before)
            named = not before and following is not None and (following.capitalised or following.is_name)
            return following is not None and (negated or inverted or asked or named)
        if word.form in g.perfect and g.clause_order == "v2":
            last = elements[-1]
            return last is not word and isinstance(last, Word) and self._tagger.is_participle(last)
        if word.form in g.perfect and following is not None:
            rest = [e for e in elements[at + 1 :] if isinstance(e, Word) and e.form not in g.negations | g.adverbs]
            if (
                rest
                and rest[0].form in g.subjects
                and not any(isinstance(e, Word) and e.form not in g.question_words for e in elements[:at])
            ):
                rest = rest[1:]  # have you finished
            return bool(rest) and (rest[0].form in g.participles or rest[0].form.endswith("ed"))
        return False

    def _of_word(self, word: Word) -> Unit:
        """A word without a sign: put together from others, or spelled."""
        parts = () if word.is_name else self._compound(word)
        signs = [s for part in parts if (s := self._index.sign_for(part))]
        traits = {"owner"} if word.owns else set()
        if parts and len(signs) == len(parts):
            items = [GlossItem("sign", s.gloss, word.span, s, mouth=mouthing(word.form, self._spoken)) for s in signs]
            return Unit("noun", items, [word], traits=traits)
        items, missing = self._spelled(word.text, word.span)
        return Unit("unknown", items, [word], traits=traits, missing=missing)

    def _compound(self, word: Word) -> tuple[str, ...]:
        table = self._grammar.compounds.get(word.form, ())
        return table or compound_parts(word.form, self._grammar, self._index.is_content)

    def _spelled(self, word: str, span: Span) -> tuple[list[GlossItem], tuple[str, str] | None]:
        letters, missing = letters_of(word, self._lexicon.letters, self._spoken)
        item = GlossItem(
            "fingerspell",
            spelled_gloss(letters, self._lexicon.letters),
            span,
            None,
            letters,
            mouth=mouthing(word, self._spoken),
        )
        return ([item] if letters else []), ((word, missing) if missing else None)

    def _of_token(self, elements: list[Element], at: int) -> tuple[Unit, int]:
        token = elements[at]
        assert isinstance(token, Token)
        following = elements[at + 1] if at + 1 < len(elements) else None
        if token.kind == "number":
            if isinstance(following, Word) and following.form in self._grammar.ordinal_endings:
                items = self._numbers.ordinal(token.text, (token.span[0], following.span[1]))
                return Unit("number", items, elements[at : at + 2]), at + 2
            if self._is_telephone(elements, at, token.text):
                return Unit("number", self._numbers.one_by_one(token.text, token.span), [token]), at + 1
            return Unit("number", self._number(elements, at, token), [token]), at + 1
        if token.kind == "emoji":
            return Unit("emoji", [], [token], symbol="" if emoji_face(token.text) else token.text), at + 1
        word = self._grammar.symbols.get(token.text)
        if word is None:
            return Unit("emoji", [], [token], symbol=token.text), at + 1
        if unicodedata.category(token.text) == "Sc" and isinstance(following, Token) and following.kind == "number":
            # the sum is said first, then the currency
            span = (token.span[0], following.span[1])
            items = list(self._sum(following.text, word, span))
            return Unit("noun", items, elements[at : at + 2]), at + 2
        return Unit("noun", list(self._symbol(word, token.span)), [token]), at + 1

    def _number(self, elements: Sequence[Element], at: int, token: Token) -> list[GlossItem]:
        """The items of a number; `15.30` beside a word for the time is one where no decimals are written so."""
        g = self._grammar
        before, after = (elements[i] if 0 <= i < len(elements) else None for i in (at - 1, at + 1))
        said = isinstance(after, Word) and after.form == g.time_word
        opened = isinstance(before, Word) and before.form in g.clock_openers
        written = token.text
        if (said or opened) and g.group_marks != "," and _CLOCK.fullmatch(written):
            written = written.replace(".", ":")
        return list(self._numbers.items(written, token.span, said))

    def _sum(self, written: str, currency: str, span: Span) -> Iterator[GlossItem]:
        """A sum of money: `12.50` with dollar is #12 DOLLAR #50 CENT."""
        whole, _, decimals = written.partition(".")
        cents = self._grammar.cent_word if len(decimals) == 2 else ""
        yield from self._numbers.items(whole if cents else written, span)
        yield from self._symbol(currency, span)
        if cents and int(decimals):
            yield from self._numbers.items(str(int(decimals)), span)
            yield from self._symbol(cents, span)

    def _is_telephone(self, elements: Sequence[Element], at: int, digits: str) -> bool:
        """Whether digits are said one by one: seven or more that are no round sum, or `call 911`."""
        g = self._grammar
        if not digits.isdecimal() or not g.phone_words or self._tagger.noun_follows(elements, at):
            return False
        if len(digits) >= 7:
            return not digits.endswith("000")
        said = any(isinstance(e, Word) and e.form in g.phone_words for e in elements[max(at - 4, 0) : at])
        return said and len(digits) >= 3

    def _symbol(self, word: str, span: Span) -> Iterator[GlossItem]:
        sign = self._index.sign_for(word)
        if sign is not None:
            yield GlossItem("sign", sign.gloss, span, sign, mouth=mouthing(word, self._spoken))
        elif word not in self._grammar.small:
            yield from self._spelled(word, span)[0]
