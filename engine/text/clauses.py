"""Sentences and clauses: where the text pauses, and the words with their contractions undone."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from .elements import COMMA_SECONDS, LINE_ENDS, SENTENCE_SECONDS, STOPS, Clause, Element, Word
from .grammar import Grammar
from .kinds import split_clauses, with_kinds
from .tokens import Span, Token


def clauses_of(tokens: Sequence[Token], grammar: Grammar, is_verb: Callable[[str], bool]) -> list[Clause]:
    """The clauses of a text in their order, each with its kind. `is_verb` tells base forms of verbs."""
    sentences: list[list[Clause]] = []
    sentence = [Clause()]
    for i, token in enumerate(tokens):
        if token.kind != "mark":
            opens = not any(isinstance(e, Word) for clause in sentence for e in clause.elements)
            sentence[-1].elements += _elements(token, grammar, opens)
            _read_as_meant(sentence[-1].elements, grammar)
            continue
        mark = token.text
        following = tokens[i + 1].text if i + 1 < len(tokens) else ""
        if not sentence[-1].elements or _is_abbreviation(mark, sentence[-1], grammar, following):
            continue
        if mark == "\n" and following[:1].islower():
            continue  # a wrapped line
        ends = mark in STOPS or mark in LINE_ENDS
        sentence[-1].pause = STOPS.get(mark, SENTENCE_SECONDS) if ends else COMMA_SECONDS
        sentence[-1].pause_span = token.span
        if ends:
            sentences.append(with_kinds(split_clauses(sentence, grammar, is_verb), mark, grammar, is_verb))
            sentence = []
        sentence.append(Clause())
    sentences.append(with_kinds(split_clauses(sentence, grammar, is_verb), "", grammar, is_verb))
    for number, clauses in enumerate(sentences):
        for clause in clauses:
            clause.sentence = number
    return [clause for clauses in sentences for clause in clauses if clause.elements]


def _is_abbreviation(mark: str, clause: Clause, grammar: Grammar, following: str) -> bool:
    """Whether a full stop ends no sentence: after `Dr`, or after the digits of `3. Mai`."""
    last = clause.elements[-1]
    if isinstance(last, Token):
        return mark == "." and last.kind == "number" and following.lower() in grammar.after_ordinals
    return mark == "." and last.form in grammar.titles and following[:1].isupper()


def _elements(token: Token, grammar: Grammar, opens: bool) -> list[Element]:
    if token.kind != "word":
        return [token]
    parts = _uncontracted(token.text, grammar)
    one_to_one = token.span[1] - token.span[0] == len(token.text)
    words: list[Element] = []
    for form, (start, end) in parts:
        span = (token.span[0] + start, token.span[0] + end) if one_to_one else token.span
        written = token.text[start:end]
        if written.lower().startswith(form):  # without the ending of a possessive
            written = written[: len(form)]
        owns = len(parts) == 1 and form != token.text.lower()
        words.append(Word(written, form, span, opens and not words, owns=owns))
    return words


def _read_as_meant(elements: list[Element], grammar: Grammar) -> None:
    """Replace a phrase that the last words complete by what it means."""
    for phrase, meant in grammar.read_as.items():
        words = elements[-len(phrase) :]
        if tuple(w.form if isinstance(w, Word) else "" for w in words) == phrase:
            first = words[0]
            assert isinstance(first, Word)
            span = (first.span[0], words[-1].span[1])
            elements[-len(phrase) :] = [Word(form, form, span, first.opens_sentence) for form in meant]
            return


def _uncontracted(text: str, grammar: Grammar) -> list[tuple[str, Span]]:
    """Words of a written word, each with its part of it: `don't` is `do` (0, 2) and `not` (2, 5)."""
    low = text.lower()
    if len(low) != len(text):  # a few letters change their length in lower case
        return [(low, (0, len(text)))]
    cut = low.rfind("n't") if low.endswith("n't") else low.find("'")
    if low in grammar.contractions:
        words = grammar.contractions[low]
        spans = [(0, cut), (cut, len(low))] if cut > 0 else [(0, len(low))] * len(words)
        return list(zip(words, spans, strict=True))
    elided = grammar.elided.get(low[:cut]) if cut > 0 else None
    if elided:
        return [(elided, (0, cut)), (low[cut + 1 :], (cut + 1, len(low)))]
    for ending, word in grammar.endings:
        if low.endswith(ending) and len(low) > len(ending):
            cut = len(low) - len(ending)
            return [(low[:cut], (0, cut)), (word, (cut, len(low)))]
    ending = grammar.possessive_ending
    if ending and low.endswith(ending) and len(low) > len(ending):
        cut = len(low) - len(ending)
        stem = low[:cut]
        if stem in grammar.question_words or stem in grammar.subjects:
            return [(stem, (0, cut)), ("is", (cut, len(low)))]
        return [(stem, (0, len(low)))]
    return [(low, (0, len(low)))]
