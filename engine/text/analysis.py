"""A clause taken apart: noun phrases, times, verbs and the rest, and what each does in the clause.

A shallow analysis in the manner of a chunker (Abney 1991). It claims nothing that it isn't sure of: a clause with a
relative clause, several verbs, or words that fit nowhere is *unsure*, and no rule changes its order.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from .elements import Clause, Word
from .grammar import Grammar
from .units import Unit

_NOUN_PHRASE = frozenset(
    ("article", "possessive", "determiner", "quantifier", "number", "adjective", "noun", "name", "unknown")
)
_HEADS = frozenset(("noun", "name", "unknown"))
_OPENS = frozenset(("article", "possessive", "determiner", "quantifier", "number"))
"""Tags that open another noun phrase after a noun."""
_ROLE_OF_TAG = {
    "time": "time",
    "wh": "wh",
    "copula": "copula",
    "auxiliary": "auxiliary",
    "modal": "modal",
    "negation": "negation",
    "verb": "verb",
    "adverb": "adverb",
    "conjunction": "conjunction",
    "opener": "opener",
    "particle": "particle",
    "relative": "relative",
    "pronoun": "np",
    "emoji": "particle",
}
_BEFORE_CLAUSE = frozenset(("opener", "conjunction", "time", "adverb", "particle", "pp", "wh", "existential"))
"""Roles that can stand before the subject or the auxiliary of a question."""
_FINITE = ("verb", "modal", "auxiliary", "copula")


@dataclass(eq=False)
class Part:
    """Units that move together. Before roles are known a noun phrase is `np`, with a preposition `pp`."""

    role: str
    units: list[Unit]
    mark: str = ""
    """What the face does over it alone."""
    indirect: bool = False
    """The one to whom something is given or said."""

    @property
    def head(self) -> Unit | None:
        """The unit that a noun phrase is about: its last noun, name or pronoun."""
        heads = [u for u in self.units if u.tag in _HEADS or u.tag == "pronoun"]
        return heads[-1] if heads else None

    @property
    def joined(self) -> bool:
        """Whether it names several by `and`."""
        return any("and" in u.classes for u in self.units[1:-1])


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
    parts = _with_complement(_chunks(units, clause, grammar), clause.kind == "wh_question")
    analysis = Analysis(clause, parts)
    _mark_existence(parts, grammar)
    _mark_topic(analysis, grammar)
    assign = _v2_roles if grammar.clause_order == "v2" else _svo_roles
    analysis.sure = assign(analysis, grammar) and not any(p.role in ("np", "other", "relative") for p in parts)
    _empty_subject(analysis, grammar)
    analysis.facts = _facts(analysis, grammar)
    return analysis


# ---------------------------------------------------------------- chunks


def _chunks(units: Sequence[Unit], clause: Clause, grammar: Grammar) -> list[Part]:
    parts: list[Part] = []
    at = 0
    while at < len(units):
        tag = units[at].tag
        if tag in _NOUN_PHRASE:
            end = _noun_phrase_end(units, at)
            parts.append(Part("np", list(units[at:end])))
        elif tag == "preposition":
            end = _noun_phrase_end(units, at + 1)
            parts.append(Part("pp" if end > at + 1 else "adverb", list(units[at:end])))
        elif tag == "wh":
            end = _noun_phrase_end(units, at + 1, opening=False) if clause.kind == "wh_question" else at + 1
            parts.append(Part("wh", list(units[at:end])))
        else:
            end = at + 1
            parts.append(Part(_ROLE_OF_TAG.get(tag, "other"), [units[at]]))
        at = end
    return _joined_verbs(_joined_phrases(_times(parts, grammar), grammar))


def _noun_phrase_end(units: Sequence[Unit], start: int, opening: bool = True) -> int:
    """Where the noun phrase at `start` ends. opening: whether an article and the like may open it."""
    at, has_head = start, False
    if at < len(units) and units[at].tag == "pronoun":
        return at + 1
    while at < len(units) and units[at].tag in _NOUN_PHRASE:
        tag = units[at].tag
        owned = at > start and "owner" in units[at - 1].traits
        ends_it = tag == "number" and has_head and (at + 1 == len(units) or units[at + 1].tag not in _NOUN_PHRASE)
        if tag in _OPENS and not ends_it and ((has_head and not owned) or (not opening and at == start)):
            break  # but room 5, May 5
        if tag == "adjective" and has_head and not owned:
            break
        has_head = has_head or tag in _HEADS
        at += 1
    return at


def _times(parts: list[Part], grammar: Grammar) -> list[Part]:
    """Noun phrases that are a time: `next week`, `on Monday`, `at three o'clock`, `two days ago`."""
    result: list[Part] = []
    for part in parts:
        before = result[-1] if result else None
        if part.role in ("np", "pp") and _is_time(part, grammar):
            part.role = "time"
            if part.units[0].form in grammar.time_prepositions:
                part.units[0].classes = part.units[0].classes | {"time_preposition"}
        ago = part.units[0].form in grammar.time_endings
        if before is not None and ((ago and before.role == "np") or (part.role == "time" and before.role == "time")):
            result[-1] = Part("time", [*before.units, *part.units])  # two days ago, tomorrow at three
        else:
            result.append(part)
    return result


def _is_time(part: Part, grammar: Grammar) -> bool:
    forms = [u.form for u in part.units]
    if forms[-1] in grammar.time_endings:
        return True
    if forms[0] not in grammar.time_openers or len(forms) == 1:
        return False
    if part.role == "pp" and _is_clock(part, grammar):
        said = any(grammar.time_word in i.sign.words for u in part.units for i in u.items if i.sign is not None)
        if forms[0] in grammar.clock_openers and not said:
            part.units[1].traits.add("clock")
        return True
    last = forms[-2] if part.units[-1].tag == "number" and len(forms) > 2 else forms[-1]
    return last in grammar.time_units or last.removesuffix("s") in grammar.time_units


def _is_clock(part: Part, grammar: Grammar) -> bool:
    numbers = [u for u in part.units[1:] if u.tag == "number"]
    rest = [u for u in part.units[1:] if u.tag != "number"]
    return bool(numbers) and all(u.form in grammar.clock_words for u in rest)


def _joined_phrases(parts: list[Part], grammar: Grammar) -> list[Part]:
    """Noun phrases joined by `and` or `of` are one."""
    result: list[Part] = []
    for part in parts:
        joint = result[-1].units[0] if len(result) > 1 and result[-1].role == "conjunction" else None
        if joint and "and" in joint.classes and part.role == "np" and result[-2].role in ("np", "pp"):
            result[-2:] = [Part(result[-2].role, [*result[-2].units, joint, *part.units])]
            continue
        of = part.role == "pp" and part.units[0].form == grammar.of_word and grammar.of_word
        if of and result and result[-1].role in ("np", "pp", "wh"):
            result[-1] = Part(result[-1].role, [*result[-1].units, *part.units])
            continue
        result.append(part)
    return result


def _joined_verbs(parts: list[Part]) -> list[Part]:
    """`want to learn`, `go swimming`: verbs side by side are one part."""
    result: list[Part] = []
    for part in parts:
        if part.role == "other" and part.units[0].tag == "infinitive":
            part.role = "infinitive"
        if part.role == "verb" and result and result[-1].role == "infinitive":
            before = result.pop()
            part = Part("verb", [*before.units, *part.units])
        if part.role == "verb" and result and result[-1].role == "verb":
            result[-1] = Part("verb", [*result[-1].units, *part.units])
        else:
            result.append(part)
    return result


def _with_complement(parts: list[Part], asks: bool) -> list[Part]:
    """A second clause that a verb takes is one part: `help me` *carry the boxes*, `tell me` *where he lives*.

    asks: whether the clause is a wh-question, whose question word is its own.
    """
    verbs = [i for i, p in enumerate(parts) if p.role == "verb"]
    question = next((i for i, p in enumerate(parts) if p.role == "wh" and not asks and verbs and i > verbs[0]), 0)
    if question and all(p.role == "np" for p in parts[verbs[0] + 1 : question]):
        return [*parts[:question], Part("complement", [u for p in parts[question:] for u in p.units])]
    if len(verbs) != 2 or [p.role for p in parts[verbs[0] + 1 : verbs[1]]] != ["np"]:
        return parts
    rest = parts[verbs[1] :]
    if any(p.role in ("relative", "conjunction", "copula", "modal", "wh", "other") for p in rest):
        return parts
    own = [p for p in rest if p.role != "time"]
    complement = Part("complement", [u for p in own for u in p.units])
    return [*parts[: verbs[1]], complement, *(p for p in rest if p.role == "time")]


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
            rest = [u for p in analysis.parts for u in p.units if u.tag in _NOUN_PHRASE | {"pronoun"}]
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


# ---------------------------------------------------------------- facts


def _empty_subject(analysis: Analysis, grammar: Grammar) -> None:
    """`it` that means nobody: it rains, it is important (without anybody that it could mean)."""
    subject = analysis.first("subject")
    if subject is None or len(subject.units) != 1 or "thing" not in grammar.pronouns.get(subject.units[0].form, ()):
        return
    verb, predicate = analysis.first("verb"), analysis.first("predicate", "time", "adverb")
    forms = {w.form for p in analysis.parts for u in p.units for w in u.elements if isinstance(w, Word)}
    stems = {f.removesuffix(e) for f in forms for e in ("s", "ing", "ed", "y")} | forms
    if not grammar.weather.isdisjoint(stems) or (verb is None and predicate is not None):
        subject.units[0].classes = subject.units[0].classes | {"empty"}
        if not grammar.weather.isdisjoint(stems):
            subject.units[0].traits.add("weather")


def _facts(analysis: Analysis, grammar: Grammar) -> set[str]:
    clause = analysis.clause
    facts = {*analysis.facts, clause.kind, *(p.role for p in analysis.parts)}
    if clause.exclaimed:
        facts.add("exclamation")
    for name, holds in (
        ("negated", clause.negated),
        ("condition", clause.conditional),
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
