"""Which words are names, so that `My name is Will` is spelled and not signed."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

from .elements import Clause, Word
from .grammar import Grammar
from .tokens import Token


def mark_names(clauses: Sequence[Clause], grammar: Grammar, is_known: Callable[[Word], bool]) -> None:
    """Flag the words that are names. `is_known` tells whether a word has a sign.

    After `name is` and the like: capitalised words, and in a text without capitals a last word that signing
    would leave out. Elsewhere: capitalised function words inside a sentence, capitalised words beside an unknown
    one (`New York`), and words that are something else in capitals (`US`), unless all is written with capitals.
    """
    words = [w for clause in clauses for w in clause.elements if isinstance(w, Word)]
    shouted = _mostly(words, lambda w: w.text.isupper())
    titled = _mostly([w for w in words if w.form != "i"], lambda w: w.text[:1].isupper())
    function = grammar.omitted | grammar.small | grammar.do_support | grammar.auxiliaries
    for clause in clauses:
        after_cue = False
        beside_unknown = set() if titled else _beside_unknown(clause, is_known)
        for i, element in enumerate(clause.elements):
            if not isinstance(element, Word):
                continue
            large = element.text[:1].isupper() and element.form != "i"
            after_cue = _is_cued(clause, i, grammar) or (after_cue and large)
            last = i == len(clause.elements) - 1
            acronym = element.text.isupper() and element.form in grammar.acronyms and not shouted
            if (
                acronym
                or i in beside_unknown
                or _is_label(clause, i)
                or (after_cue and large and not shouted)
                or (after_cue and last and element.form in function and not (large or grammar.capital_nouns))
                or (element.capitalised and element.form in function and not titled)
            ):
                clause.elements[i] = dataclasses.replace(element, is_name=True)


def _is_cued(clause: Clause, at: int, grammar: Grammar) -> bool:
    forms = [e.form if isinstance(e, Word) else "" for e in clause.elements[:at]]
    if forms and forms[-1] in grammar.titles:
        return True
    return any(len(forms) >= len(cue) and tuple(forms[-len(cue) :]) == cue for cue in grammar.name_cues)


def _beside_unknown(clause: Clause, is_known: Callable[[Word], bool]) -> set[int]:
    """Places in runs of capitalised words at least one of which has no sign."""
    places: set[int] = set()
    run: list[int] = []
    for i, element in enumerate([*clause.elements, None]):
        if isinstance(element, Word) and element.capitalised:
            run.append(i)
            continue
        if len(run) > 1 and not all(is_known(w) for w in (clause.elements[k] for k in run) if isinstance(w, Word)):
            places.update(run)
        run = []
    return places


def _is_label(clause: Clause, at: int) -> bool:
    """A single letter that a number touches, like `A4`."""
    element = clause.elements[at]
    following = clause.elements[at + 1] if at + 1 < len(clause.elements) else None
    touches = isinstance(following, Token) and following.kind == "number" and following.span[0] == element.span[1]
    has_case = element.text.upper() != element.text.lower()
    return touches and len(element.text) == 1 and has_case


def _mostly(words: Sequence[Word], test: Callable[[Word], bool]) -> bool:
    return bool(words) and sum(map(test, words)) > 0.6 * len(words)
