"""Words that their language writes as one or tears apart: number words, compound nouns, verbs with a particle.

All of it is driven by the word tables, so a language that has none of this has nothing to fear.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from .elements import Clause, Element, Word
from .grammar import Grammar
from .lemmas import is_known, lemma

SHORTEST_PART = 3
"""Letters of the shortest word that a compound is taken apart into."""

Knows = Callable[[str], bool]


def read_written(clauses: Sequence[Clause], grammar: Grammar, spoken: str, is_signed: Knows) -> None:
    """Put the words of the clauses into the form in which they are looked up.

    is_signed: tells base forms that have a sign.
    """
    for clause in clauses:
        read: list[Element] = []
        for element in clause.elements:
            read += _as_meant(element, read, grammar) if isinstance(element, Word) else [element]
        clause.elements = _obliged(read, grammar)
        if grammar.separable:
            clause.elements = _joined(clause.elements, grammar, spoken, is_signed)


def _as_meant(word: Word, before: Sequence[Element], grammar: Grammar) -> list[Element]:
    """A number word in pieces; a word that means another one here; a noun's capital that tells nothing."""
    pieces = number_pieces(word.form, grammar)
    last = before[-1] if before else None
    if pieces and pieces[0] in grammar.scales and not (isinstance(last, Word) and last.form in grammar.units):
        pieces.insert(0, next(one for one, value in grammar.units.items() if value == 1))
    if len(pieces) > 1:
        return [Word(piece, piece, word.span) for piece in pieces]
    polite = grammar.in_capitals.get(word.form)
    if polite and word.capitalised:
        return [dataclasses.replace(word, text=polite, form=polite)]
    if grammar.capital_nouns and (name := _listed_name(word, grammar)):
        return [name]
    other = grammar.after_subject.get(word.form)
    if other and any(isinstance(e, Word) and e.form in grammar.subjects for e in before):
        return [dataclasses.replace(word, text=other, form=other)]
    return [dataclasses.replace(word, opens_sentence=True) if grammar.capital_nouns else word]


def _listed_name(word: Word, grammar: Grammar) -> Word | None:
    """A first name that the tables list, with its ending when it owns something: `Annas Buch`."""
    names = grammar.male_names | grammar.female_names
    stem = word.form.removesuffix("s")
    if not word.text[:1].isupper() or not {word.form, stem} & names:
        return None
    owns = word.form not in names
    form, text = (stem, word.text[: len(stem)]) if owns else (word.form, word.text)
    return dataclasses.replace(word, text=text, form=form, is_name=True, owns=owns)


def number_pieces(form: str, grammar: Grammar) -> list[str]:
    """`dreihundertzwanzig` as drei, hundert, zwanzig; nothing when the word is no number with a hundred or more."""
    if not grammar.number_pieces:
        return []
    known = sorted({*grammar.units, *grammar.scales, *grammar.and_words, *grammar.number_pieces}, key=len, reverse=True)
    pieces: list[str] = []
    rest = form
    while rest:
        piece = next((word for word in known if rest.startswith(word)), "")
        if not piece:
            return []
        pieces.append(grammar.number_pieces.get(piece, piece))
        rest = rest[len(piece) :]
    return pieces if any(p in grammar.scales for p in pieces) else []


def _obliged(elements: list[Element], grammar: Grammar) -> list[Element]:
    """`ich habe heute zu arbeiten` with `muss`, if no noun of which the infinitive speaks stands between."""
    forms = [e.form if isinstance(e, Word) else "" for e in elements]
    if len(forms) < 3 or forms[-2] not in grammar.infinitive:
        return elements
    between = {*grammar.pronouns, *grammar.time_words, *grammar.adverbs, *grammar.negations}
    for at, form in enumerate(forms[:-2]):
        other = grammar.before_infinitive.get(form)
        element = elements[at]
        if other and isinstance(element, Word) and between.issuperset(forms[at + 1 : -2]):
            return [*elements[:at], dataclasses.replace(element, text=other, form=other), *elements[at + 1 :]]
    return elements


def _joined(elements: list[Element], grammar: Grammar, spoken: str, is_signed: Knows) -> list[Element]:
    """A verb and its particle at the end of the clause as one word: `rufe ... an` as anrufen."""
    last = elements[-1] if elements else None
    if not isinstance(last, Word) or last.form not in grammar.separable:
        return elements
    for at, element in enumerate(elements[:-1]):
        if not isinstance(element, Word) or element.form in grammar.modals or not _is_finite(element, at, grammar):
            continue
        whole = last.form + lemma(element.form, spoken)
        if is_signed(whole) or is_known(whole, spoken):
            verb = dataclasses.replace(element, text=whole, form=whole)
            return [*elements[:at], verb, *elements[at + 1 : -1]]
    return elements


def _is_finite(word: Word, at: int, grammar: Grammar) -> bool:
    """Whether a word can be a verb by the way it is written."""
    small = word.text[:1].islower() or at == 0
    return small and word.form not in grammar.pronouns and word.form not in grammar.articles | grammar.prepositions


def compound_parts(form: str, grammar: Grammar, is_signed: Knows) -> tuple[str, ...]:
    """The words with a sign that a noun is put together from, nothing when it isn't: `apfelbaum` is apfel, baum.

    The linking letters between the parts are those of the table `linking`; the longest last part wins.
    """
    if not grammar.linking:
        return ()
    for cut in range(SHORTEST_PART, len(form) - SHORTEST_PART + 1):
        first, last = form[:cut], form[cut:]
        if not is_signed(last):
            continue
        if beginning := _first_part(first, grammar, is_signed):
            return (*beginning, last)
    return ()


def _first_part(form: str, grammar: Grammar, is_signed: Knows) -> tuple[str, ...]:
    """What stands before the last part: a word, with linking letters or without its verb's ending, or a compound."""
    for link in ("", *sorted(grammar.linking)):
        stem = form.removesuffix(link) if link else form
        if len(stem) >= SHORTEST_PART and (stem != form or not link):
            if is_signed(stem):
                return (stem,)
            if parts := compound_parts(stem, grammar, is_signed):
                return parts
    return next(((form + ending,) for ending in ("en", "n") if is_signed(form + ending)), ())
