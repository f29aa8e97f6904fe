"""From a gloss plan to beats: what each hand does, one step after the other, without times yet."""

from __future__ import annotations

import dataclasses
import itertools

from ...gloss import GlossItem, GlossPlan
from ..loader import Lexicon
from ..phonology import Sign
from ..recorded import RecordedSign
from . import fingerspell
from .beats import REST, Beat, sign_beats
from .loci import Line

_LONG_PAUSE = 0.9
"""Seconds of pause from which on the hands go to rest."""
_IDLE = 0.65
"""Seconds without a task from which on the other hand goes to rest."""


def plan_beats(plan: GlossPlan, lexicon: Lexicon) -> list[Beat]:
    """All beats of a text, the rest pose at both ends included."""
    beats = [Beat(-1, REST, REST, last=True)]
    for index, item in enumerate(items(plan)):
        if item.kind == "pause":
            _add_pause(beats, index, item.seconds)
        else:
            beats += item_beats(index, item, lexicon)
    beats.append(Beat(-1, REST, REST, last=True))
    return _left_hand_rests(beats)


def items(plan: GlossPlan) -> list[GlossItem]:
    """The items of all phrases in a row."""
    return [item for phrase in plan.phrases for item in phrase.items]


def line_of(item: GlossItem) -> Line:
    """From where to where an item goes."""
    sign = item.sign
    return Line() if sign is None or isinstance(sign, RecordedSign) else Line.of(item.source, item.goal, sign.agreement)


def item_beats(index: int, item: GlossItem, lexicon: Lexicon) -> list[Beat]:
    """The beats of one item that isn't a pause."""
    sign, line = item.sign, line_of(item)
    if isinstance(sign, Sign) and sign.to_signer and item.goal == "1":
        sign, line = lexicon.signs[sign.to_signer], Line()
    if isinstance(sign, RecordedSign):
        played = Beat(index, None, None, last=True, clip=sign)
        return [dataclasses.replace(played, last=turn == 0) for turn in reversed(range(max(item.repeat, 1)))]
    if sign is not None:
        return sign_beats(index, sign, item.repeat, line)
    table = lexicon.numbers if item.kind == "number" else lexicon.letters
    return fingerspell.letter_beats(index, item.letters, table, lexicon.letters)


def _add_pause(beats: list[Beat], index: int, seconds: float) -> None:
    if seconds >= _LONG_PAUSE and beats[-1].item >= 0:
        beats.append(Beat(index, REST, REST, last=True, pause=max(seconds - 0.6, 0.2)))
    else:
        beats[-1] = dataclasses.replace(beats[-1], pause=beats[-1].pause + seconds)


def _left_hand_rests(beats: list[Beat]) -> list[Beat]:
    """Send the other hand to its rest where it has nothing to do for `_IDLE` or longer."""
    result = list(beats)
    used = [i for i, b in enumerate(beats) if b.left is not None]
    for i, j in itertools.pairwise(used):
        idle = next((k for k in range(i + 1, j) if beats[k].item != beats[i].item), j)
        # a recorded sign moves both hands by itself
        done = next((k for k in range(idle, j) if beats[k].clip is None), None)
        if done is not None and beats[i].left is not REST and _seconds(beats[idle:j]) >= _IDLE:
            result[done] = dataclasses.replace(result[done], left=REST)
    return result


def _seconds(beats: list[Beat]) -> float:
    """Roughly how long beats take, before they have times."""
    signs = len({b.item for b in beats if not b.spelled and b.clip is None})
    recorded = sum(b.clip.sequence.duration for b in beats if b.clip is not None)
    return 0.6 * signs + recorded + sum(b.pause + (fingerspell.PACE if b.spelled else 0.0) for b in beats)
