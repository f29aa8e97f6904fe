"""From a gloss plan to beats: what each hand does, one step after the other, without times yet."""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from ...gloss import GlossItem, GlossPlan
from ..loader import Lexicon
from ..phonology import Posture, Sign
from ..recorded import RecordedSign
from . import fingerspell

REST = Posture(at="rest")
"""The forearm is bent and the hand lies before the belly."""

_KEPT = ("shape", "at", "touch", "palm", "fingers")
_LONG_PAUSE = 0.9
"""Seconds of pause from which on the hands go to rest."""
_IDLE = 0.65
"""Seconds without a task from which on the other hand goes to rest."""


@dataclass(frozen=True)
class Beat:
    """One synchronous step of both hands; `None` leaves a hand where it is."""

    item: int
    """Index of the item among all of the plan's items; -1 for rest at the ends."""
    right: Posture | None
    left: Posture | None
    inside: bool = False
    """Whether the movement to here belongs to the sign, not to the way to it."""
    returning: bool = False
    """Whether it leads back to the start for a repetition: smaller and faster."""
    last: bool = False
    """Whether the item ends here."""
    spelled: bool = False
    mirrored: bool = False
    """Whether the left hand does the right hand's mirror image."""
    pause: float = 0.0
    """Seconds of rest after it."""


def resolved(postures: tuple[Posture, ...]) -> list[Posture]:
    """Postures with inherited fields filled in."""
    result: list[Posture] = []
    for posture in postures:
        if result:
            before = result[-1]
            missing = {k: getattr(before, k) for k in _KEPT if getattr(posture, k) is None}
            posture = dataclasses.replace(posture, **missing)
        result.append(posture)
    return result


def sign_beats(item: int, sign: Sign) -> list[Beat]:
    """The steps of one sign, repetitions written out."""
    postures, repeat = _circles_joined(resolved(sign.postures), sign.repeat)
    postures, repeat = _locals_lengthened(postures, repeat)
    base = resolved(sign.base)
    order = _order(len(postures), repeat)
    beats = []
    for step, (k, inside, returning) in enumerate(order):
        posture = postures[k] if inside else _without_path(postures[k])
        right, left = posture, None
        if sign.hands == "symmetric":
            left = posture
        elif sign.hands == "alternating":
            left = _counterpart(postures, k, inside)
        elif sign.hands == "base":
            same = len(base) == len(postures)
            left = base[k] if same else (base[0] if step == 0 else None)
        mirrored = sign.hands == "symmetric"
        beats.append(Beat(item, right, left, inside, returning, mirrored=mirrored))
    beats[-1] = dataclasses.replace(beats[-1], last=True)
    return beats


def _order(count: int, repeat: int) -> Iterator[tuple[int, bool, bool]]:
    """Posture index, whether the movement to it belongs to the sign, whether it leads back."""
    for turn in range(repeat):
        for k in range(count):
            yield k, turn > 0 or k > 0, turn > 0 and k == 0


def _without_path(posture: Posture) -> Posture:
    """The way to a sign's first posture is straight."""
    return posture if posture.path == "straight" else dataclasses.replace(posture, path="straight")


def _circles_joined(postures: list[Posture], repeat: int) -> tuple[list[Posture], int]:
    """A circle from a posture to itself: repetitions become turns, and a lone circle gets a start to set off from."""
    last = postures[-1]
    if last.path != "circle" or len(postures) > 2:
        return postures, repeat
    if len(postures) == 1:
        start = dataclasses.replace(last, path="straight", local="", hold=0.0)
        return [start, dataclasses.replace(last, turns=last.turns * repeat)], 1
    first = postures[0]
    same = first.at == last.at and sum((a - b) ** 2 for a, b in zip(first.offset, last.offset, strict=True)) < 9.0
    if not same:
        return postures, repeat
    return [first, dataclasses.replace(last, turns=last.turns * repeat)], 1


def _locals_lengthened(postures: list[Posture], repeat: int) -> tuple[list[Posture], int]:
    """A single posture with a local movement is repeated by moving longer."""
    only = postures[0]
    if len(postures) > 1 or repeat == 1:
        return postures, repeat
    if not only.local:
        return postures, 1
    return [dataclasses.replace(only, hold=max(only.hold, 0.26 * repeat))], 1


def _counterpart(postures: list[Posture], k: int, inside: bool) -> Posture:
    """Where the other hand of an alternating sign is: half a movement away."""
    if len(postures) == 1:
        return postures[0]
    own = postures[k]
    if own.path == "circle":
        return own
    other = postures[(k + len(postures) // 2) % len(postures)]
    kept = {"path": own.path, "bulge": own.bulge, "size": own.size, "hold": own.hold, "time": own.time}
    return dataclasses.replace(other, **kept) if inside else _without_path(other)


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


def item_beats(index: int, item: GlossItem, lexicon: Lexicon) -> list[Beat]:
    """The beats of one item that isn't a pause."""
    if isinstance(item.sign, RecordedSign):
        raise NotImplementedError
    if item.sign is not None:
        return sign_beats(index, item.sign)
    table = lexicon.numbers if item.kind == "number" else lexicon.letters
    postures = fingerspell.postures(item.letters, table, lexicon.letters)
    beats = [Beat(index, p, None, inside=k > 0, spelled=True) for k, p in enumerate(postures)]
    beats[-1] = dataclasses.replace(beats[-1], last=True)
    return beats


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
        done = next((k for k in range(i + 1, j) if beats[k].item != beats[i].item), None)
        if done is not None and beats[i].left is not REST and _seconds(beats[done:j]) >= _IDLE:
            result[done] = dataclasses.replace(result[done], left=REST)
    return result


def _seconds(beats: list[Beat]) -> float:
    """Roughly how long beats take, before they have times."""
    signs = len({b.item for b in beats if not b.spelled})
    return 0.6 * signs + sum(b.pause + (fingerspell.PACE if b.spelled else 0.0) for b in beats)
