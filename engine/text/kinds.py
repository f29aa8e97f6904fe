"""What a clause does: tell, ask, order, deny, set a condition; and where clauses meet without a comma."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ..gloss import PhraseKind
from .elements import COMMA_SECONDS, STOPS, Clause, Word
from .grammar import Grammar

_SHORTEST_STEM = 3
"""Letters of a verb before an ending that denies; in `gömüyor` (buries) it is part of the stem."""
IsVerb = Callable[[str], bool]


def split_clauses(sentence: list[Clause], grammar: Grammar, is_verb: IsVerb) -> list[Clause]:
    """The clauses of a sentence, parted before `if`, `because` and the like, and before `and I`, where a verb came."""
    result: list[Clause] = []
    for clause in sentence:
        start = 0
        for at in range(1, len(clause.elements) - 1):
            if at > start and _begins_clause(clause, start, at, grammar, is_verb):
                word = clause.elements[at]
                seconds = COMMA_SECONDS if _form(clause, at) in grammar.subordinators | grammar.temporal else 0.0
                result.append(Clause(clause.elements[start:at], seconds, word.span))
                start = at
        result.append(Clause(clause.elements[start:], clause.pause, clause.pause_span))
    return result


def _begins_clause(clause: Clause, start: int, at: int, grammar: Grammar, is_verb: IsVerb) -> bool:
    form, following = _form(clause, at), _form(clause, at + 1)
    if form in grammar.subordinators:
        opens = following in grammar.subjects or _capitalised(clause, at + 1)
    else:
        opens = form in grammar.conjunctions and following in grammar.clear_subjects and at + 2 < len(clause.elements)
    if not opens:
        return False
    before = [_form(clause, i) for i in range(start, at)]
    return any(f in grammar.auxiliaries or is_verb(f) for f in before)


def _form(clause: Clause, at: int) -> str:
    element = clause.elements[at]
    return element.form if isinstance(element, Word) else ""


def _capitalised(clause: Clause, at: int) -> bool:
    element = clause.elements[at]
    return isinstance(element, Word) and element.capitalised


def with_kinds(sentence: list[Clause], end: str, grammar: Grammar, is_verb: IsVerb) -> list[Clause]:
    """The clauses of a sentence that ends with that mark, each with what it does."""
    sentence = [clause for clause in sentence if clause.elements]
    if not sentence:
        return sentence
    for clause in sentence:
        clause.conditional = len(sentence) > 1 and not grammar.conditionals.isdisjoint(clause.forms[:2])
        if clause.conditional and clause is not sentence[0]:
            before = sentence[sentence.index(clause) - 1]
            clause.conditional = grammar.asking.isdisjoint(before.forms)
        clause.temporal = len(sentence) > 1 and _says_when(clause, grammar)
        clause.negated = any(_denies(form, grammar) for form in clause.forms)
        clause.exclaimed = end == "!"
        if end != "?" and _is_command(clause.forms, grammar, is_verb):
            clause.kind = "command"
    if end == "?" and len(sentence) > 1 and _is_tag(sentence[-1].forms, grammar):
        sentence[-1].kind, sentence[-1].tag_question, sentence[-1].negated = "yes_no_question", True, False
        return sentence
    asked = end == "?" or (end not in STOPS and any(_asks_unmarked(c.forms, grammar) for c in sentence))
    if asked:
        start = _question_start(sentence, grammar)
        kind = _question_kind(sentence[start].forms, grammar)
        for clause in sentence[start:]:
            clause.kind = "statement" if clause.conditional or clause.temporal else kind
    return sentence


def _denies(form: str, grammar: Grammar) -> bool:
    """Whether a word denies by itself, or as a verb with a negative ending after a stem."""
    stem = form[_SHORTEST_STEM:]
    return form in grammar.negations or any(infix in stem for infix in grammar.negative_infixes)


def _says_when(clause: Clause, grammar: Grammar) -> bool:
    """`when I was small`, `before you go`; not `when does it start`, nor `after lunch`."""
    forms = clause.forms
    return len(forms) > 2 and forms[0] in grammar.temporal and forms[1] in grammar.subjects | grammar.determiners


def _is_tag(forms: Sequence[str], grammar: Grammar) -> bool:
    """`right`, `isn't it`, `do you not`."""
    if len(forms) == 1:
        return forms[0] in grammar.tag_questions
    rest = [f for f in forms if f not in grammar.negations]
    return len(rest) == 2 and rest[0] in grammar.auxiliaries and rest[1] in grammar.clear_subjects | {"it", "there"}


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
    start = next((i for i, f in enumerate(forms) if f not in grammar.openers or f in grammar.subjects), len(forms))
    body = list(forms[start:])
    if len(body) > 2 and body[0] in grammar.do_support and body[1] in grammar.negations:
        body = body[2:]
    others = grammar.auxiliaries - grammar.do_support - grammar.perfect
    if not body or body[0] in others or not (is_verb(body[0]) or body[0] in grammar.imperatives):
        return False
    if any(
        body[0].endswith(e) and not body[0].endswith("s" + e) and len(body[0]) > len(e) + 2
        for e in grammar.verb_endings
    ):
        return False  # works, worked, working
    return len(body) == 1 or body[1] not in grammar.auxiliaries | grammar.clear_subjects
