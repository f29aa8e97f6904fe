"""A clause taken apart: noun phrases, times, verbs and the rest, and what each does in the clause.

A shallow analysis in the manner of a chunker (Abney 1991). It claims nothing that it isn't sure of: a clause with a
relative clause, several verbs, or words that fit nowhere is *unsure*, and no rule changes its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from .chunks import NOUN_PHRASE, Part, chunks
from .elements import Clause, Word
from .grammar import Grammar
from .units import Unit

_BEFORE_CLAUSE = frozenset(("opener", "conjunction", "time", "adverb", "particle", "pp", "wh", "existential"))
"""Roles that can stand before the subject or the auxiliary of a question."""
_FINITE = ("verb", "modal", "auxiliary", "copula")


@dataclass(eq=False)
class Analysis:
    """The parts of a clause."""

    clause: Clause
    parts: list[Part]
    sure: bool = False
    facts: set[str] = field(default_factory=set)
    """Kind, facts and roles that rules can ask for."""
    marks: list[str] = field(default_factory=list)
    """What face and head do over it."""

    def first(self, *roles: str) -> Part | None:
        """The first part with one of these roles."""
        return next((p for p in self.parts if p.role in roles), None)


def analyse(clause: Clause, units: Sequence[Unit], grammar: Grammar) -> Analysis:
    """The parts of a clause and their roles."""
    parts = chunks(units, clause, grammar)
    analysis = Analysis(clause, parts)
    _mark_existence(parts, grammar)
    _mark_topic(analysis, grammar)
    assign = _v2_roles if grammar.clause_order == "v2" else _svo_roles
    analysis.sure = assign(analysis, grammar) and not any(p.role in ("np", "other", "relative") for p in parts)
    if analysis.sure and grammar.agent_word:
        _make_active(analysis, grammar)
    _empty_subject(analysis, grammar)
    analysis.facts = _facts(analysis, grammar)
    return analysis


# ---------------------------------------------------------------- roles


def _mark_existence(parts: Sequence[Part], grammar: Grammar) -> None:
    """`there` in `there is` is no place, and nobody's verb has no subject."""
    for part, following in pairwise(parts):
        if part.units[0].form == grammar.existential and following.role == "verb":
            part.role = "existential"
            part.units[0].classes = part.units[0].classes | {"empty"}


def _mark_topic(analysis: Analysis, grammar: Grammar) -> None:
    """A clause that only puts a topic forward: `as for the movie`."""
    forms = tuple(analysis.clause.forms)
    for opener in grammar.topic_openers:
        if forms[: len(opener)] == opener and len(forms) > len(opener) and analysis.clause.kind == "statement":
            rest = [u for p in analysis.parts for u in p.units if u.tag in NOUN_PHRASE | {"pronoun"}]
            others = [u for p in analysis.parts for u in p.units if u not in rest]
            if all(any(w in opener for w in u.form.split()) for u in others) and rest:
                for unit in others:
                    unit.left_out = True
                analysis.parts[:] = [Part("topic", [*others, *rest])]
            return


def _settle(analysis: Analysis, grammar: Grammar) -> None:
    """Roles that don't depend on where the subject is."""
    for part in analysis.parts:
        if part.role == "pp":
            place = part.units[0].form in grammar.place_prepositions
            part.role = "place" if place else "adverb"


def _svo_roles(analysis: Analysis, grammar: Grammar) -> bool:
    """Roles in a language whose subject stands before the verb, or after an auxiliary that opens a question."""
    parts = analysis.parts
    if analysis.first("topic"):
        return True
    if not _conjunctions_first(parts) or len([p for p in parts if p.role == "verb"]) > 1:
        return False
    anchor = next((p for p in parts if p.role == "verb"), None) or next((p for p in parts if p.role == "copula"), None)
    asks = analysis.clause.kind in ("yes_no_question", "wh_question")
    lead = next((p for p in parts if p.role not in _BEFORE_CLAUSE), None)
    inverted = asks and lead is not None and lead.role in ("auxiliary", "copula", "modal")
    nouns = [p for p in parts if p.role == "np"]
    if inverted:
        before, after = nouns[:1], nouns[1:]
        if anchor and anchor.role == "verb" and before and parts.index(before[0]) > parts.index(anchor):
            return False
    elif anchor is None:
        return False
    else:
        place = parts.index(anchor)
        before, after = [p for p in nouns if parts.index(p) < place], [p for p in nouns if parts.index(p) > place]
    wh = analysis.first("wh")
    if len(before) > 1 or len(after) > 2:
        return False
    if before:
        before[0].role = "subject"
        if before[0].head and _is_object_pronoun(before[0], grammar):
            return False
    elif wh and anchor and parts.index(wh) < parts.index(anchor) and not inverted:
        analysis.facts.add("wh_subject")
        wh.role = "subject"
    elif analysis.clause.kind != "command" and not analysis.first("existential"):
        return False
    verbal = anchor is not None and anchor.role == "verb"
    _assign_objects(after, parts, verbal, grammar)
    _settle(analysis, grammar)
    return True


def _conjunctions_first(parts: Sequence[Part]) -> bool:
    """Whether conjunctions only stand at the beginning."""
    seen = False
    for part in parts:
        if part.role == "conjunction" and seen:
            return False
        seen = seen or part.role not in ("opener", "conjunction")
    return True


def _assign_objects(after: Sequence[Part], parts: Sequence[Part], verbal: bool, grammar: Grammar) -> None:
    for part in after:
        only_adjectives = all(u.tag in ("adjective", "adverb") for u in part.units)
        part.role = "object" if verbal and not only_adjectives else "predicate"
    objects = [p for p in after if p.role == "object"]
    if len(objects) == 2:
        objects[0].indirect = True
    for part in parts:
        if part.role == "pp" and verbal and part.units[0].form in grammar.indirect_prepositions:
            part.indirect = True


def _is_object_pronoun(part: Part, grammar: Grammar) -> bool:
    traits = grammar.pronouns.get(part.units[0].form, ()) if len(part.units) == 1 else ()
    return "object" in traits and "subject" not in traits


def _may_be_subject(part: Part, grammar: Grammar) -> bool:
    forms = {w.form for u in part.units for w in u.elements if isinstance(w, Word)}
    return not _is_object_pronoun(part, grammar) and grammar.object_words.isdisjoint(forms)


def _v2_roles(analysis: Analysis, grammar: Grammar) -> bool:
    """Roles in a language with the finite verb second and the other verbs last, which are one with it in meaning."""
    parts = analysis.parts
    if analysis.first("topic"):
        return True
    if not _conjunctions_first(parts) or sum(p.role in _FINITE for p in parts) > 3:
        return False
    verbs = [p for p in parts if p.role == "verb"]
    finite = next((p for p in parts if p.role in _FINITE), None)
    nouns = [p for p in parts if p.role == "np"]
    if finite is None or len(verbs) > 1 or len(nouns) > 3:
        return False
    wh = analysis.first("wh")
    early = [p for p in nouns if parts.index(p) < parts.index(finite)]
    candidates = [p for p in (*early, *(p for p in nouns if p not in early)) if _may_be_subject(p, grammar)]
    if wh and not candidates:
        analysis.facts.add("wh_subject")
        wh.role = "subject"
    elif candidates:
        candidates[0].role = "subject"
    elif analysis.clause.kind != "command":
        return False
    rest = [p for p in nouns if p.role == "np"]
    if len(rest) > 2:
        return False
    _assign_objects(rest, parts, bool(verbs), grammar)
    _settle(analysis, grammar)
    return True


def _make_active(analysis: Analysis, grammar: Grammar) -> None:
    """Change the places of subject and agent: `the glass was broken by the boy` is `the boy broke the glass`.

    An agent is a pronoun, a name or a noun with a word before it: `by hand` and `by bus` say how.
    """
    subject, verb, parts = analysis.first("subject"), analysis.first("verb"), analysis.parts
    agent = next((p for p in parts if p.units[0].form == grammar.agent_word and p.head is not None), None)
    if subject is None or verb is None or agent is None or not analysis.first("copula") or analysis.first("object"):
        return
    form = verb.units[-1].form
    past = form in grammar.participles or form.endswith("ed")
    means = len(agent.units) == 2 and agent.units[1].tag not in ("pronoun", "name", "unknown")
    if not past or means:
        return
    agent.units[0].left_out = True
    a, b = parts.index(subject), parts.index(agent)
    parts[a], parts[b] = agent, subject
    agent.role, subject.role = "subject", "object"


# ---------------------------------------------------------------- facts


def _empty_subject(analysis: Analysis, grammar: Grammar) -> None:
    """`it` that means nobody: it rains, it is important (without anybody that it could mean)."""
    verb, predicate = analysis.first("verb"), analysis.first("predicate", "time", "adverb")
    forms = {w.form for p in analysis.parts for u in p.units for w in u.elements if isinstance(w, Word)}
    stems = {f.removesuffix(e) for f in forms for e in ("s", "ing", "ed", "y")} | forms
    weather = not grammar.weather.isdisjoint(stems)
    subject = analysis.first("subject", "np" if weather and not analysis.sure else "subject")
    if subject is None or len(subject.units) != 1 or "thing" not in grammar.pronouns.get(subject.units[0].form, ()):
        return
    if weather or (verb is None and predicate is not None):
        subject.units[0].classes = subject.units[0].classes | {"empty"}
        if weather:
            subject.units[0].traits.add("weather")


def _facts(analysis: Analysis, grammar: Grammar) -> set[str]:
    clause = analysis.clause
    facts = {*analysis.facts, clause.kind, *(p.role for p in analysis.parts)}
    if clause.exclaimed:
        facts.add("exclamation")
    for name, holds in (
        ("negated", clause.negated),
        ("condition", clause.conditional),
        ("time_clause", clause.temporal),
        ("tag_question", clause.tag_question),
        ("perfect", not grammar.perfect.isdisjoint(clause.forms) and "auxiliary" in facts),
    ):
        if holds:
            facts.add(name)
    for part in analysis.parts:
        for unit in part.units:
            facts |= unit.traits & {"plural", "comparative", "superlative", "clock"}
            facts |= {"name"} if unit.tag == "name" else set()
    return facts
