"""What both hands do, one step after the other, without times: the beats of one sign."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass

from ..phonology import Posture, Sign
from ..places import direction_vector
from ..recorded import RecordedSign
from .loci import CITATION, Line

REST = Posture(at="rest")
"""The forearm is bent and the hand lies before the belly."""

_KEPT = ("shape", "at", "touch", "palm", "fingers")
_PART_PACE = 0.75
"""Times in a compound's parts, as a share of those of the parts alone (Liddell & Johnson 1986)."""
CIRCLE_RADIUS = 5.0
"""Centimetres of a circle without a size."""
_OPPOSITE = {"up": "down", "forward": "back", "out": "in", "goal": "source"}
_OPPOSITE |= {there: here for here, there in _OPPOSITE.items()}
_HOP = 5.0
"""Centimetres between repetitions of a sign that stands still, ..."""
_LIFT = 4.0
"""... and that it is lifted off a contact in between."""


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
    pace: float = 1.0
    """Scales its times."""
    line: Line = CITATION
    """From where to where a directional sign goes."""
    clip: RecordedSign | None = None
    """A recorded sign that is played here."""


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


def sign_beats(item: int, sign: Sign, repeat: int = 0, line: Line = CITATION) -> list[Beat]:
    """The steps of one sign, repetitions written out. repeat: 0 for as often as the sign says."""
    if sign.parts:
        return _compound_beats(item, sign, max(repeat, 1))
    beats = list(_steps(item, sign, repeat or sign.repeat, line))
    beats[-1] = dataclasses.replace(beats[-1], last=True)
    return beats


def _compound_beats(item: int, sign: Sign, repeat: int) -> list[Beat]:
    """The parts in one flow: each once, shorter, with no rest between them; plurals repeat the last part."""
    beats: list[Beat] = []
    for part in sign.parts:
        times = repeat if part is sign.parts[-1] else 1
        beats += [dataclasses.replace(b, pace=_PART_PACE) for b in _steps(item, part, times, CITATION)]
    beats[-1] = dataclasses.replace(beats[-1], last=True)
    return beats


def _steps(item: int, sign: Sign, repeat: int, line: Line) -> Iterator[Beat]:
    postures, repeat = _still_repeated(resolved(sign.postures), repeat)
    postures, repeat = _circles_joined(postures, repeat)
    postures, repeat = _locals_lengthened(postures, repeat)
    base = resolved(sign.base)
    mirrored = sign.hands == "symmetric"
    for step, (k, inside, returning) in enumerate(_order(len(postures), repeat)):
        posture = postures[k] if inside else _without_path(postures[k])
        right, left = posture, None
        if sign.hands == "symmetric":
            left = posture
        elif sign.hands == "alternating":
            left = _counterpart(postures, k, inside)
        elif sign.hands == "base":
            same = len(base) == len(sign.postures) == len(postures)
            left = base[k] if same else (base[0] if step == 0 else None)
        yield Beat(item, right, left, inside, returning, mirrored=mirrored, line=line)


def _order(count: int, repeat: int) -> Iterator[tuple[int, bool, bool]]:
    """Posture index, whether the movement to it belongs to the sign, whether it leads back."""
    for turn in range(repeat):
        for k in range(count):
            yield k, turn > 0 or k > 0, turn > 0 and k == 0


def _without_path(posture: Posture) -> Posture:
    """The way to a sign's first posture is straight."""
    return posture if posture.path == "straight" else dataclasses.replace(posture, path="straight")


def _still_repeated(postures: list[Posture], repeat: int) -> tuple[list[Posture], int]:
    """A still sign is repeated hop by hop: sidewards in space, off and on again where it touches something."""
    only = postures[0]
    if len(postures) > 1 or repeat == 1 or only.local or only.path == "circle":
        return postures, repeat
    result = [only]
    for turn in range(1, repeat):
        x, y, z = only.offset
        if only.touch in (None, "centre"):
            result.append(dataclasses.replace(only, offset=(x + _HOP * turn, y, z), path="arc", bulge="up", size=2.0))
            continue
        up = (only.at or "").startswith("other.")
        away = dataclasses.replace(only, offset=(x, y + _LIFT, z) if up else (x, y, z + _LIFT), hold=0.0)
        result += [away, dataclasses.replace(only, path="straight")]
    return result, 1


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
    return [dataclasses.replace(only, hold=max(only.hold, 0.26 * repeat))], 1


def _counterpart(postures: list[Posture], k: int, inside: bool) -> Posture:
    """Where the other hand of an alternating sign is: half a movement away."""
    if len(postures) == 1:
        return postures[0]
    own = postures[k]
    if postures[-1].path == "circle":
        return _opposite_on_circle(own, postures[-1])
    other = postures[(k + len(postures) // 2) % len(postures)]
    kept = {"path": own.path, "bulge": own.bulge, "size": own.size, "hold": own.hold, "time": own.time}
    return dataclasses.replace(other, **kept) if inside else _without_path(other)


def _opposite_on_circle(posture: Posture, circle: Posture) -> Posture:
    """A posture of a circling hand, half a turn further on the circle that begins and ends there."""
    first, _, second = circle.bulge.partition(" ")
    second = second or ("up" if abs(direction_vector(first)[0]) > 0.7 else "out")
    diameter = 2.0 * (circle.size or CIRCLE_RADIUS)
    x, y, z = (a + diameter * b for a, b in zip(posture.offset, direction_vector(second), strict=True))
    back = "-".join(_OPPOSITE[word] for word in second.split("-"))
    return dataclasses.replace(posture, offset=(x, y, z), bulge=f"{first} {back}", turns=-posture.turns)
