"""The way from a text to a gloss plan: clauses, units, rules, places, phrases, warnings."""

from __future__ import annotations

import dataclasses
import unicodedata
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Literal

from ..generators.base import EngineError
from ..gloss import FACE_MARKS, KIND_MARKS, NEGATION_MARK, GlossItem, GlossPhrase, GlossPlan, PhraseKind, sign_item
from ..languages import Language
from ..lexicon.phonology import NonManual
from ..lexicon.toml_source import LexiconError
from .analysis import Analysis, analyse
from .apply import apply_rules
from .chinese import CODE as CHINESE
from .chinese import split_words, vocabulary
from .chunks import Part
from .clauses import clauses_of
from .faces import emoji_face, with_face
from .foreign import foreign_text
from .grammar import Grammar, grammar
from .matching import SignIndex
from .morphology import read_written
from .names import mark_names
from .notes import Notes
from .referents import Referents
from .rules import Rules, rules
from .tokens import Token, tokenise
from .units import Unit, UnitMaker

if TYPE_CHECKING:
    from ..lexicon.loader import Lexicon

MAX_CHARACTERS = 2000
"""Longest text of one take; about ten minutes of signing."""
WordOrder = Literal["signed", "text"]

_INVISIBLE = frozenset(("Zs", "Zl", "Zp", "Cc", "Cf"))

_last_index: tuple[Lexicon, Grammar, SignIndex] | None = None


def plan_text(
    text: str, language: Language, lexicon: Lexicon, *, word_order: WordOrder = "signed", dictionary: str = ""
) -> GlossPlan:
    """What to sign for a text.

    word_order: by the rules of the signed language, or as the text has it. dictionary: folder with the user's own
    tables and rules. Raises `EngineError`: `empty_text`, `text_too_long`, `nothing_to_sign`, all mended by `edit_text`,
    and `rules_damaged` for a mistake in the user's tables.
    """
    text = checked_text(text)
    words, its_rules = _tables(language, dictionary)
    planner = _Planner(language, lexicon, words, its_rules)
    phrases = planner.phrases(text, word_order == "signed")
    warnings = planner.notes.warnings(language, lexicon)
    if lexicon.signs:
        warnings = (*foreign_text(text, phrases, language), *warnings)
    if not phrases:
        raise EngineError(
            "nothing_to_sign",
            "There is nothing in the text that can be signed." + "".join(f" {w}" for w in warnings),
            f"Write words in {language.spoken_name}, names or numbers.",
            "edit_text",
        )
    return GlossPlan(text, language.code, tuple(phrases), warnings)


def _tables(language: Language, dictionary: str) -> tuple[Grammar, Rules]:
    try:
        return grammar(language.spoken, dictionary), rules(language.code, dictionary)
    except LexiconError as e:
        raise EngineError(
            "rules_damaged",
            f"The tables of {language.name} can't be read: {e}",
            "Correct the file that is named, or take it away to use the embedded tables alone.",
            "open_dictionary",
        ) from e


def checked_text(text: str) -> str:
    """The text with what no file can hold replaced, so that positions stay the same.

    Raises `EngineError`: `empty_text`, `text_too_long`.
    """
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
    if _last_index is None or _last_index[0] is not lexicon or _last_index[1] is not words:
        _last_index = (lexicon, words, SignIndex(lexicon, words, spoken))
    return _last_index[2]


class _Planner:
    """Plans one text."""

    def __init__(self, language: Language, lexicon: Lexicon, words: Grammar, its_rules: Rules) -> None:
        self._lexicon, self._grammar, self._rules = lexicon, words, its_rules
        self._spoken = language.spoken
        self._index = _index(lexicon, words, language.spoken)
        self._maker = UnitMaker(lexicon, self._index, words, language.spoken, its_rules.tens)
        self._referents = Referents(lexicon, words, its_rules, language.spoken)
        self.notes = Notes()

    def phrases(self, text: str, reorder: bool) -> list[GlossPhrase]:
        """The phrases that have something to sign, with the pauses between them."""
        analyses = self._analyses(text)
        self._referents.place(analyses, reorder)
        signed = apply_rules(analyses, self._rules, self._lexicon.signs, reorder)
        phrases: list[GlossPhrase] = []
        pause: GlossItem | None = None
        for analysis in signed:
            own = list(self._phrases_of(analysis))
            face = {k: v for t in analysis.clause.emoji for k, v in emoji_face(t.text).items()}
            if not own:
                if phrases and face:
                    phrases[-1] = with_face(phrases[-1], face)
                continue
            if phrases and pause:
                phrases[-1] = dataclasses.replace(phrases[-1], items=(*phrases[-1].items, pause))
            phrases += [with_face(p, face) for p in own]
            seconds = analysis.clause.pause
            pause = GlossItem("pause", "PAUSE", analysis.clause.pause_span, seconds=seconds) if seconds else None
        return phrases

    def _tokens(self, text: str) -> list[Token]:
        tokens = tokenise(text, self._grammar.group_marks)
        if self._spoken != CHINESE:
            return tokens
        return split_words(tokens, vocabulary(self._lexicon, self._grammar), self._grammar)

    def _analyses(self, text: str) -> list[Analysis]:
        clauses = clauses_of(self._tokens(text), self._grammar, self._index.knows_verb)
        if self._lexicon.signs:
            read_written(clauses, self._grammar, self._spoken, lambda word: self._index.sign_for(word) is not None)
        mark_names(clauses, self._grammar, lambda word: self._index.find([word], 0) is not None)
        lemmas = [frozenset(), *(self._maker.lemmas(clause) for clause in clauses), frozenset()]
        return [
            analyse(clause, self._maker.units(clause, lemmas[i] | lemmas[i + 2]), self._grammar)
            for i, clause in enumerate(clauses)
        ]

    def _phrases_of(self, analysis: Analysis) -> Iterator[GlossPhrase]:
        """The phrases of a clause: one, or more where the face marks a part alone."""
        marks = analysis.marks
        kinds: list[PhraseKind] = [KIND_MARKS[m] for m in marks if m in KIND_MARKS]
        kind: PhraseKind = kinds[0] if kinds else "statement"
        negated = NEGATION_MARK in marks
        nonmanual = _nonmanual([m for m in marks if m in FACE_MARKS])
        for mark, parts in _grouped(analysis.parts):
            items = tuple(self._items(parts))
            if items and mark:
                yield GlossPhrase(items, nonmanual=FACE_MARKS[mark])
            elif items:
                yield GlossPhrase(items, kind, negated, nonmanual)

    def _items(self, parts: Sequence[Part]) -> Iterator[GlossItem]:
        opened = -1
        for unit in (u for p in parts for u in p.units):
            if unit.left_out:
                opened = unit.span[0] if "time_preposition" in unit.classes else -1
                continue
            if unit.symbol:
                self.notes.symbol(unit.symbol)
            if unit.missing:
                self.notes.letters(*unit.missing)
            for item in (_inflected(item, unit, self._lexicon) for item in unit.items):
                start = opened if opened >= 0 else item.text_span[0]  # MONDAY stands for `on Monday`
                yield dataclasses.replace(item, text_span=(start, item.text_span[1]))
            opened = -1
            if unit.placed and unit.items:
                yield self._referents.placing(unit)


def _grouped(parts: Sequence[Part]) -> Iterator[tuple[str, list[Part]]]:
    """Runs of parts with the same mark."""
    run: list[Part] = []
    for part in parts:
        if run and part.mark != run[-1].mark:
            yield run[-1].mark, run
            run = []
        run.append(part)
    if run:
        yield run[-1].mark, run


def _nonmanual(marks: Sequence[str]) -> NonManual:
    """What several marks do together: the head follows the first that moves it."""
    face = {unit: value for mark in reversed(marks) for unit, value in FACE_MARKS[mark].face.items()}
    first = next((FACE_MARKS[m] for m in marks if FACE_MARKS[m].head), NonManual())
    return dataclasses.replace(first, face=face)


def _inflected(item: GlossItem, unit: Unit, lexicon: Lexicon) -> GlossItem:
    """A unit's item with the places and the repetition that the clause gives it."""
    if item.sign is None or not (unit.source or unit.goal or unit.repeat):
        return item
    return sign_item(
        item.sign,
        unit.span,
        item.mouth,
        known=lexicon.signs,
        choices=item.choices,
        source=unit.source,
        goal=unit.goal,
        repeat=unit.repeat,
    )
