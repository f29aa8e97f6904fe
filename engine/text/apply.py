"""The rules of a signed language applied to a clause that was taken apart."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ..gloss import sign_item
from ..lexicon.recorded import Entry
from .analysis import Analysis
from .chunks import Part
from .rules import NOUN_PHRASE, ROLES, Rule, Rules
from .units import Unit

_KNOWN_ONLY = frozenset(("article", "possessive", "determiner"))
_AMOUNTS = frozenset(("number", "quantifier"))
_AT_START = ("opener", "conjunction")
_PLURAL = 3
"""How often the movement of a noun is made for several."""


def apply_rules(
    analyses: Sequence[Analysis], rules: Rules, signs: Mapping[str, Entry], reorder: bool
) -> list[Analysis]:
    """Apply all rules to the clauses of a text; the clauses in the order in which they are signed."""
    for analysis in analyses:
        for rule in rules.rules:
            if not rule.off and rule.of != "sentence" and _holds(rule, analysis):
                _apply(rule, analysis, signs, reorder)
    return _ordered(list(analyses), rules) if reorder else list(analyses)


def _holds(rule: Rule, analysis: Analysis) -> bool:
    return analysis.facts.issuperset(rule.when) and analysis.facts.isdisjoint(rule.unless)


def _apply(rule: Rule, analysis: Analysis, signs: Mapping[str, Entry], reorder: bool) -> None:
    if rule.leave_out:
        _leave_out(rule, analysis)
    elif rule.reorders:
        if reorder and analysis.sure:
            (_order if rule.order else _move)(rule, analysis)
        if rule.mark:
            for part in analysis.parts:
                part.mark = rule.mark if part.role in rule.move else part.mark
    elif rule.add and rule.add in signs:
        _add(rule, analysis, signs[rule.add])
    elif rule.replace and rule.replace in analysis.facts and rule.by in signs:
        _replace(analysis, signs[rule.by])
    elif rule.repeat:
        _repeat(analysis)
    elif rule.mark:
        analysis.marks.append(rule.mark)


def _leave_out(rule: Rule, analysis: Analysis) -> None:
    for part in analysis.parts:
        for unit in part.units:
            if unit.tag != "name" and (not unit.classes.isdisjoint(rule.leave_out) or unit.tag in rule.leave_out):
                unit.left_out = unit.left_out or not rule.if_unsigned or unit.spelled or not unit.items


# ---------------------------------------------------------------- order


def _move(rule: Rule, analysis: Analysis) -> None:
    moved = [p for p in analysis.parts if p.role in rule.move]
    rest = [p for p in analysis.parts if p not in moved]
    if not moved or not rest:
        return
    at = _position(rule.to, rest)
    if at is not None:
        analysis.parts[:] = [*rest[:at], *moved, *rest[at:]]


def _position(to: str, parts: Sequence[Part]) -> int | None:
    """Where among the parts `start`, `end`, `before X` or `after X` is; none without an X."""
    if to == "start":
        return next((i for i, p in enumerate(parts) if p.role not in _AT_START), len(parts))
    if to == "end":
        return next((i + 1 for i in reversed(range(len(parts))) if parts[i].role != "particle"), 0)
    side, what = to.split(" ", 1)
    roles = ("verb", "predicate") if what == "verb" else (what,)
    for role in roles:
        places = [i for i, p in enumerate(parts) if p.role == role]
        if places:
            return places[0] if side == "before" else places[-1] + 1
    return None


def _order(rule: Rule, analysis: Analysis) -> None:
    if rule.of == "noun phrase":
        for part in analysis.parts:
            if not part.joined:
                part.units[:] = _sorted(part.units, [_noun_phrase_tag(u) for u in part.units], rule.order)
    else:
        analysis.parts[:] = _sorted(analysis.parts, [p.role for p in analysis.parts], rule.order)


def _noun_phrase_tag(unit: Unit) -> str:
    if unit.tag == "unknown":
        return "noun"
    return unit.tag if unit.tag in NOUN_PHRASE and "owner" not in unit.traits else ""


def _sorted(things: list, names: Sequence[str], order: Sequence[str]) -> list:
    """Sort things by their names' place in an order; what isn't named there stays behind what it stood behind."""
    groups: list[tuple[int, list]] = [(-1, [])]
    for thing, name in zip(things, names, strict=True):
        if name in order:
            groups.append((order.index(name), [thing]))
        else:
            groups[-1][1].append(thing)
    return [thing for _, group in sorted(groups, key=lambda g: g[0]) for thing in group]


def _ordered(analyses: list[Analysis], rules: Rules) -> list[Analysis]:
    """Move clauses in their sentences. Pauses stay where they are: they belong to the place, not to the clause."""
    roles = {role for rule in rules.active("move") if rule.of == "sentence" for role in rule.move}
    result: list[Analysis] = []
    for analysis in analyses:
        before = result[-1] if result else None
        same = before is not None and before.clause.sentence == analysis.clause.sentence
        if before is not None and same and roles & analysis.facts and not roles & before.facts and _tells(before):
            result.insert(len(result) - 1, analysis)
            a, b = analysis.clause, before.clause
            a.pause, b.pause, a.pause_span, b.pause_span = b.pause, a.pause, b.pause_span, a.pause_span
        else:
            result.append(analysis)
    return result


def _tells(analysis: Analysis) -> bool:
    """Whether a clause is more than a greeting."""
    return bool(analysis.facts & {"verb", "predicate", "modal"})


# ---------------------------------------------------------------- signs


def _added(sign: Entry, beside: Sequence[Unit]) -> Unit:
    """A unit for a sign that no word stands for; its place in the text is that of what it belongs to."""
    unit = Unit("particle", [], list(beside[-1].elements if beside else ()))
    unit.items = [sign_item(sign, unit.span)]
    return unit


def _add(rule: Rule, analysis: Analysis, sign: Entry) -> None:
    side, _, what = rule.to.partition(" ")
    if what and what not in ROLES:
        for part in analysis.parts:
            for at in reversed(range(len(part.units))):
                unit = part.units[at]
                if what in unit.traits or unit.tag == what:
                    part.units.insert(at + (side == "after"), _added(sign, [unit]))
        return
    if analysis.sure or not what:
        at = _position(rule.to, analysis.parts)
        if at is not None and analysis.parts:
            beside = analysis.parts[max(at - 1, 0)].units
            analysis.parts.insert(at, Part("particle", [_added(sign, beside)]))


def _replace(analysis: Analysis, sign: Entry) -> None:
    units = [u for p in analysis.parts for u in p.units]
    elements = sorted((e for u in units for e in u.elements), key=lambda e: e.span)
    unit = Unit("particle", [], elements)
    unit.items = [sign_item(sign, unit.span)]
    analysis.parts[:] = [Part("particle", [unit])]


def _repeat(analysis: Analysis) -> None:
    """Repeat nouns that stand for several known things; numbers and amounts say it themselves."""
    for part in analysis.parts:
        tags = {u.tag for u in part.units}
        if part.joined or tags & _AMOUNTS or not tags & _KNOWN_ONLY:
            continue
        for unit in part.units:
            item = unit.items[0] if len(unit.items) == 1 else None
            noun = item is not None and item.sign is not None and item.sign.pos in ("noun", "")
            if "plural" in unit.traits and item is not None and noun:
                unit.repeat = max(_PLURAL, getattr(item.sign, "repeat", 1) + 1)
