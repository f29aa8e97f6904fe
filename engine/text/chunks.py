"""Chunks of a clause: units that belong together, before it is known what they do in it (Abney 1991)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .elements import Clause
from .grammar import Grammar
from .units import Unit

NOUN_PHRASE = frozenset(
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


_PREDICATES = frozenset(("verb", "copula", "modal", "auxiliary", "negation"))
"""What a clause that has lost its subject begins with."""


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


def chunks(units: Sequence[Unit], clause: Clause, grammar: Grammar) -> list[Part]:
    """The parts of a clause, roles of noun phrases still open."""
    parts: list[Part] = []
    at = 0
    while at < len(units):
        tag = units[at].tag
        if tag in NOUN_PHRASE:
            end = _noun_phrase_end(units, at)
            denied = parts[-1:] if tag != "adjective" and _opens_denied(parts) else []
            parts[len(parts) - len(denied) :] = [Part("np", [*(u for p in denied for u in p.units), *units[at:end]])]
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
    joined = _joined_verbs(_joined_phrases(_times(parts, grammar), grammar))
    return _with_complement(joined, clause.kind == "wh_question", grammar)


def _opens_denied(parts: Sequence[Part]) -> bool:
    """Whether the clause begins with a `not` that denies the noun phrase after it alone: `not all birds`."""
    before = [p.role for p in parts]
    return before[-1:] == ["negation"] and all(role in ("opener", "conjunction") for role in before[:-1])


def _noun_phrase_end(units: Sequence[Unit], start: int, opening: bool = True) -> int:
    """Where the noun phrase at `start` ends. opening: whether an article and the like may open it."""
    at, has_head = start, False
    if at < len(units) and units[at].tag == "pronoun":
        return at + 1
    while at < len(units) and units[at].tag in NOUN_PHRASE:
        tag = units[at].tag
        owned = at > start and "owner" in units[at - 1].traits
        ends_it = tag == "number" and has_head and (at + 1 == len(units) or units[at + 1].tag not in NOUN_PHRASE)
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
    if part.units[0].form in grammar.clock_openers and not all(_fits_clock(u) for u in numbers):
        return False  # at 555-0199
    return bool(numbers) and all(u.form in grammar.clock_words for u in rest)


def _fits_clock(unit: Unit) -> bool:
    """Whether a number can be an hour or minutes: `8`, `7:30`, but not `911` nor a telephone number."""
    digits = ["".join(i.letters) for i in unit.items if i.kind == "number"]
    return all(len(d) <= 2 for d in digits) and len(unit.items) <= 3


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


def _with_complement(parts: list[Part], asks: bool, grammar: Grammar) -> list[Part]:
    """A second clause without a subject is one part: `help me` *carry the boxes*, `tell me` *where he lives*,
    `I sat down` *and read a book*.

    asks: whether the clause is a wh-question, whose question word is its own.
    """
    verbs = [i for i, p in enumerate(parts) if p.role == "verb"]
    question = next((i for i, p in enumerate(parts) if p.role == "wh" and not asks and verbs and i > verbs[0]), 0)
    if question and all(p.role == "np" for p in parts[verbs[0] + 1 : question]):
        return [*parts[:question], Part("complement", [u for p in parts[question:] for u in p.units])]
    start = _second_clause(parts, verbs, grammar)
    if not start:
        return parts
    rest = parts[start:]
    if any(p.role in ("relative", "conjunction", "wh", "other") for p in rest[1:]):
        return parts
    times = [p for p in rest if p.role == "time"]
    if times and any(p.role == "time" for p in parts[:start]):
        return parts  # each half has a time of its own
    complement = Part("complement", [u for p in rest if p not in times for u in p.units])
    return [*parts[:start], complement, *times]


def _second_clause(parts: Sequence[Part], verbs: Sequence[int], grammar: Grammar) -> int:
    """Where a second verb with all that belongs to it begins, 0 if there is none."""
    if len(verbs) == 2 and [p.role for p in parts[verbs[0] + 1 : verbs[1]]] == ["np"]:
        return verbs[1]
    for at in range(verbs[0] + 1 if verbs else len(parts), len(parts) - 1):
        joins = grammar.clause_order == "svo" and "and" in parts[at].units[0].classes
        following = next((p for p in parts[at + 1 :] if p.role != "adverb"), None)
        if joins and following is not None and following.role in _PREDICATES:
            return at
    return 0
