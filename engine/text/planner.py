"""The way from a text to a gloss plan: tokens, clauses, signs, spelling, non-manuals, warnings."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from typing import TYPE_CHECKING

from ..generators.base import EngineError
from ..gloss import GlossItem, GlossPhrase, GlossPlan
from ..languages import Language
from .clauses import Clause, Element, Word, clauses_of
from .faces import clause_nonmanual, emoji_face, with_face
from .grammar import Grammar, grammar
from .matching import SignIndex
from .names import mark_names
from .notes import Notes
from .numerals import NumberSigner, number_from_words
from .spelling import letters_of, mouthing
from .tokens import Span, Token, tokenise

if TYPE_CHECKING:
    from ..lexicon.loader import Lexicon

MAX_CHARACTERS = 2000
"""Longest text of one take; about ten minutes of signing."""

_INVISIBLE = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf"))

_last_index: tuple[Lexicon, str, SignIndex] | None = None


def plan_text(text: str, language: Language, lexicon: Lexicon) -> GlossPlan:
    """What to sign for a text.

    Raises `EngineError`: `empty_text`, `text_too_long`, `nothing_to_sign`, all mended by `edit_text`.
    """
    text = _checked(text)
    words = grammar(language.spoken)
    planner = _Planner(language, lexicon, words, _index(lexicon, words, language.spoken))
    phrases = planner.phrases(text)
    warnings = planner.notes.warnings(language)
    if not phrases:
        raise EngineError(
            "nothing_to_sign",
            "There is nothing in the text that can be signed." + "".join(f" {w}" for w in warnings),
            f"Write words in {language.spoken_name}, names or numbers.",
            "edit_text",
        )
    return GlossPlan(text, language.code, tuple(phrases), warnings)


def _checked(text: str) -> str:
    """The text with what no file can hold replaced, so that positions stay the same."""
    if len(text) > MAX_CHARACTERS:
        raise EngineError(
            "text_too_long",
            f"The text has {len(text):,} characters; one take can have {MAX_CHARACTERS:,}.",
            "Split it into parts and generate a take for each.",
            "edit_text",
        )
    if all(unicodedata.category(c) in _INVISIBLE for c in text):
        raise EngineError("empty_text", "The text is empty.", "Type what should be signed.", "edit_text")
    return "".join("\ufffd" if unicodedata.category(c) == "Cs" else c for c in text)


def _index(lexicon: Lexicon, words: Grammar, spoken: str) -> SignIndex:
    """The index of a lexicon, kept for the next text."""
    global _last_index
    if _last_index is None or _last_index[0] is not lexicon or _last_index[1] != spoken:
        _last_index = (lexicon, spoken, SignIndex(lexicon, words, spoken))
    return _last_index[2]


class _Planner:
    """Plans one text."""

    def __init__(self, language: Language, lexicon: Lexicon, words: Grammar, index: SignIndex) -> None:
        self._language, self._lexicon, self._grammar, self._index = language, lexicon, words, index
        self._numbers = NumberSigner(lexicon, index, words)
        self.notes = Notes()

    def phrases(self, text: str) -> list[GlossPhrase]:
        """The phrases that have something to sign, with the pauses between them."""
        clauses = clauses_of(tokenise(text), self._grammar, self._index.is_verb)
        mark_names(clauses, self._grammar, lambda word: self._index.find([word], 0) is not None)
        phrases: list[GlossPhrase] = []
        pause: GlossItem | None = None
        for clause in clauses:
            items = tuple(self._items(clause))
            face = {k: v for e in _emoji(clause) for k, v in emoji_face(e.text).items()}
            if not items:
                if phrases and face:
                    phrases[-1] = with_face(phrases[-1], face)
                continue
            if phrases and pause:
                before = phrases[-1]
                phrases[-1] = GlossPhrase((*before.items, pause), before.kind, before.negated, before.nonmanual)
            phrases.append(
                with_face(GlossPhrase(items, clause.kind, clause.negated, clause_nonmanual(clause.conditional)), face)
            )
            pause = GlossItem("pause", "PAUSE", clause.pause_span, seconds=clause.pause) if clause.pause else None
        return phrases

    def _items(self, clause: Clause) -> Iterator[GlossItem]:
        elements = clause.elements
        at = 0
        while at < len(elements):
            element = elements[at]
            if isinstance(element, Token):
                items, at = self._token_items(elements, at)
                yield from items
                continue
            number = number_from_words(elements, at, self._grammar)
            match = self._index.find(elements, at)
            if match and (match.end - at > 1 or not self._left_out(elements, at)):
                span = (element.span[0], _end(elements[match.end - 1]))
                yield GlossItem("sign", match.sign.gloss, span, match.sign, mouth=self._mouth(elements[at : match.end]))
                at = match.end
            elif number:
                yield from self._numbers.items(str(number[0]), (element.span[0], _end(elements[number[1] - 1])))
                at = number[1]
            else:
                if not self._left_out(elements, at) and not self._dispensable(element):
                    yield from self._compound(element) or self._spelled(element.text, element.span)
                at += 1

    def _left_out(self, elements: list[Element], at: int) -> bool:
        """Whether signing leaves the word at this place out."""
        g, word = self._grammar, elements[at]
        if not isinstance(word, Word) or word.is_name:
            return False
        if word.form in g.omitted:
            return True
        following = next((e for e in elements[at + 1 :] if isinstance(e, Word) and e.form not in g.negations), None)
        if word.form in g.do_support:
            before = [_form(e) for e in elements[:at]]
            negated = at + 1 < len(elements) and _form(elements[at + 1]) in g.negations
            inverted = g.openers.issuperset(before) and (following is not None and following.form in g.subjects)
            asked = not g.question_words.isdisjoint(before) and g.do_support.isdisjoint(before)
            return following is not None and (negated or inverted or asked)
        if word.form in g.perfect and following is not None:
            return following.form in g.participles or following.form.endswith("ed")
        return False

    def _compound(self, word: Word) -> list[GlossItem]:
        """A word that is signed by several signs in a row, if all of them are there."""
        parts = () if word.is_name else self._grammar.compounds.get(word.form, ())
        signs = [self._index.sign_for(part) for part in parts]
        return [GlossItem("sign", s.gloss, word.span, s, mouth=mouthing(word.form)) for s in signs if s and all(signs)]

    def _dispensable(self, word: Word) -> bool:
        return word.form in self._grammar.small and not word.is_name

    def _token_items(self, elements: list[Element], at: int) -> tuple[list[GlossItem], int]:
        token = elements[at]
        assert isinstance(token, Token)
        following = elements[at + 1] if at + 1 < len(elements) else None
        if token.kind == "number" and following and _form(following) in self._grammar.ordinal_endings:
            return self._numbers.ordinal(token.text, (token.span[0], following.span[1])), at + 2
        if token.kind == "number":
            return list(self._numbers.items(token.text, token.span)), at + 1
        if token.kind == "emoji":
            if not emoji_face(token.text):
                self.notes.symbol(token.text)
            return [], at + 1
        word = self._grammar.symbols.get(token.text)
        if word is None:
            self.notes.symbol(token.text)
            return [], at + 1
        if (
            unicodedata.category(token.text) == "Sc" and isinstance(following, Token) and following.kind == "number"
        ):  # the sum is said first, then the currency
            span = (token.span[0], following.span[1])
            return [*self._numbers.items(following.text, span), *self._symbol(word, span)], at + 2
        return list(self._symbol(word, token.span)), at + 1

    def _symbol(self, word: str, span: Span) -> Iterator[GlossItem]:
        sign = self._index.sign_for(word)
        if sign is not None:
            yield GlossItem("sign", sign.gloss, span, sign, mouth=mouthing(word))
        elif word not in self._grammar.small:
            yield from self._spelled(word, span)

    def _spelled(self, word: str, span: Span) -> Iterator[GlossItem]:
        letters, missing = letters_of(word, self._lexicon.letters)
        if missing:
            self.notes.letters(word, missing)
        if letters:
            yield GlossItem("fingerspell", f"fs-{letters}", span, None, tuple(letters), mouth=mouthing(word))

    def _mouth(self, elements: list[Element]) -> str:
        return "".join(mouthing(e.form) for e in elements if isinstance(e, Word))


def _form(element: Element) -> str:
    return element.form if isinstance(element, Word) else ""


def _end(element: Element) -> int:
    return element.span[1]


def _emoji(clause: Clause) -> list[Token]:
    return [e for e in clause.elements if isinstance(e, Token) and e.kind == "emoji"]
