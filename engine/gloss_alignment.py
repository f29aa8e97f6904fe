"""What an edited gloss line kept of the plan that it was made from."""

from __future__ import annotations

import dataclasses
from difflib import SequenceMatcher

from .gloss import GlossItem, GlossPlan, pause_notation


def aligned(plan: GlossPlan, reference: GlossPlan) -> GlossPlan:
    """The plan with places in the text, mouthing and choices of the items that it shares with another."""
    items = [item for phrase in plan.phrases for item in phrase.items]
    known = [item for phrase in reference.phrases for item in phrase.items]
    matches: dict[int, GlossItem] = {}
    left = set(range(len(known)))
    names, others = [_name(i) for i in items], [_name(i) for i in known]
    for block in SequenceMatcher(None, names, others, autojunk=False).get_matching_blocks():
        for k in range(block.size):
            matches[block.a + k] = known[block.b + k]
            left.discard(block.b + k)
    for number, item in enumerate(items):
        if number in matches:
            continue
        akin = [k for k in left if _akin(item, known[k])]
        if akin:
            nearest = min(akin, key=lambda k: abs(k - number))
            matches[number] = known[nearest]
            left.discard(nearest)
    numbered = iter(range(len(items)))
    phrases = [
        dataclasses.replace(phrase, items=tuple(_with_text(item, matches.get(next(numbered))) for item in phrase.items))
        for phrase in plan.phrases
    ]
    return dataclasses.replace(plan, phrases=tuple(phrases), warnings=reference.warnings)


def _name(item: GlossItem) -> str:
    return pause_notation(item.seconds) if item.kind == "pause" else item.gloss


def _akin(item: GlossItem, other: GlossItem) -> bool:
    """Whether an item is another with other places, another repetition, or another choice."""
    if item.kind != other.kind:
        return False
    if item.kind == "pause":
        return True
    a, b = item.sign, other.sign
    return a is not None and b is not None and (a.gloss == b.gloss or a.gloss in other.choices)


def _with_text(item: GlossItem, known: GlossItem | None) -> GlossItem:
    if known is None:
        return item
    choices = known.choices
    if item.sign is not None and choices and item.sign.gloss in choices:
        choices = (item.sign.gloss, *(c for c in choices if c != item.sign.gloss))
    return dataclasses.replace(item, text_span=known.text_span, mouth=known.mouth, choices=choices)
