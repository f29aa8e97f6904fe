"""Sentences and clauses: where the text pauses, what is asked, what is denied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ..gloss import PhraseKind
from .grammar import Grammar
from .tokens import Span, Token

COMMA_SECONDS, SENTENCE_SECONDS, ELLIPSIS_SECONDS = 0.25, 0.6, 0.9
_STOPS = {"?": SENTENCE_SECONDS, "!": SENTENCE_SECONDS, ".": SENTENCE_SECONDS, "…": ELLIPSIS_SECONDS}
_LINE_ENDS = ("\n", "\n\n")


@dataclass(frozen=True)
class Word:
    """A word after its contractions are undone."""

    text: str
    """As written."""
    form: str
    """In lower case, contractions written out."""
    span: Span
    opens_sentence: bool = False
    is_name: bool = False

    @property
    def capitalised(self) -> bool:
        """Written with a capital where a common word has none."""
        return self.text[:1].isupper() and not self.opens_sentence and self.form != "i"


Element = Word | Token
"""What a clause is made of; tokens are numbers, symbols and emoji."""


@dataclass
class Clause:
    """What lies between two marks."""

    elements: list[Element] = field(default_factory=list)
    pause: float = 0.0
    """Seconds of rest after it."""
    pause_span: Span = (0, 0)
    kind: PhraseKind = "statement"
    negated: bool = False
    conditional: bool = False

    @property
    def forms(self) -> list[str]:
        """Its words."""
        return [e.form for e in self.elements if isinstance(e, Word)]


def clauses_of(tokens: Sequence[Token], grammar: Grammar, is_verb: Callable[[str], bool]) -> list[Clause]:
    """The clauses of a text in their order, each with its kind. `is_verb` tells base forms of verbs."""
    clauses: list[Clause] = []
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
        ends = mark in _STOPS or mark in _LINE_ENDS
        sentence[-1].pause = _STOPS.get(mark, SENTENCE_SECONDS) if ends else COMMA_SECONDS
        sentence[-1].pause_span = token.span
        if ends:
            clauses += _with_kinds(sentence, mark, grammar, is_verb)
            sentence = []
        sentence.append(Clause())
    clauses += _with_kinds(sentence, "", grammar, is_verb)
    return [clause for clause in clauses if clause.elements]


def _is_abbreviation(mark: str, clause: Clause, grammar: Grammar, following: str) -> bool:
    last = clause.elements[-1]
    return mark == "." and isinstance(last, Word) and last.form in grammar.titles and following[:1].isupper()


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
        words.append(Word(written, form, span, opens and not words))
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


# ---------------------------------------------------------------- kinds


def _with_kinds(sentence: list[Clause], end: str, grammar: Grammar, is_verb: Callable[[str], bool]) -> list[Clause]:
    for clause in sentence:
        clause.conditional = clause is not sentence[-1] and not grammar.conditionals.isdisjoint(clause.forms[:2])
        clause.negated = not grammar.negations.isdisjoint(clause.forms)
        if end != "?" and _is_command(clause.forms, grammar, is_verb):
            clause.kind = "command"
    asked = end == "?" or (end not in _STOPS and any(_asks_unmarked(c.forms, grammar) for c in sentence))
    if asked:
        start = _question_start(sentence, grammar)
        kind = _question_kind(sentence[start].forms, grammar)
        for clause in sentence[start:]:
            clause.kind = kind
    return sentence


def _without_openers(forms: Sequence[str], grammar: Grammar) -> list[str]:
    start = next((i for i, form in enumerate(forms) if form not in grammar.openers), len(forms))
    return list(forms[start:])


def _question_start(sentence: Sequence[Clause], grammar: Grammar) -> int:
    """The clause where the question begins: all after it belong to it, like the members of a list."""
    bodies = [_without_openers(clause.forms, grammar) for clause in sentence]
    for i, body in enumerate(bodies):
        if body and (body[0] in grammar.auxiliaries or _opens_with_question_word(body, grammar)):
            return i
    return next((i for i, body in enumerate(bodies) if body), 0)


def _opens_with_question_word(body: Sequence[str], grammar: Grammar) -> bool:
    """`When is it` asks, `when I was small` doesn't."""
    return body[0] in grammar.question_words and not (len(body) > 1 and body[1] in grammar.subjects)


def _question_kind(forms: Sequence[str], grammar: Grammar) -> PhraseKind:
    body = _without_openers(forms, grammar)
    if body and body[0] in grammar.auxiliaries:
        return "yes_no_question"
    return "yes_no_question" if grammar.question_words.isdisjoint(forms) else "wh_question"


def _asks_unmarked(forms: Sequence[str], grammar: Grammar) -> bool:
    """Whether a clause without a question mark is a question all the same: `what is ...`, `are you ...`."""
    body = _without_openers(forms, grammar)
    if len(body) < 2:
        return False
    if body[0] in grammar.question_words:
        return body[1] in grammar.auxiliaries
    followers = grammar.clear_subjects if body[0] in grammar.do_support | grammar.perfect else grammar.subjects
    return body[0] in grammar.auxiliaries and body[1] in followers


def _is_command(forms: Sequence[str], grammar: Grammar, is_verb: Callable[[str], bool]) -> bool:
    body = list(forms)
    if len(body) > 2 and body[0] in grammar.do_support and body[1] in grammar.negations:
        body = body[2:]
    others = grammar.auxiliaries - grammar.do_support - grammar.perfect
    if not body or body[0] in others or not is_verb(body[0]):
        return False
    return len(body) == 1 or body[1] not in grammar.auxiliaries | grammar.clear_subjects
