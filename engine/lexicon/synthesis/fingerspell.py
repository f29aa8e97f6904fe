"""Fingerspelling: letters of a word as a run of postures.

The hand stays before the shoulder and drifts a little outward, as signers' hands do; a double letter bounces out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from ..phonology import Posture, Sign

LETTER_TIME = 0.14
"""Seconds of the change to a letter; with the hold about 0.22 s, five letters a second (relaxed everyday pace)."""
LETTER_HOLD = 0.08
PACE = LETTER_TIME + LETTER_HOLD
"""Seconds of a letter."""
STROKE_TIME = 0.17
_DRIFT = 0.5
_BOUNCE = 3.0
_WIDEST_DRIFT = 6.0


def postures(letters: Sequence[str], table: Mapping[str, Sign], fallback: Mapping[str, Sign]) -> list[Posture]:
    """Postures of a word's letters or a number's digits, one after the other; characters without a sign are left out.

    Raises `ValueError` when none of them has one.
    """
    result: list[Posture] = []
    drift, before = 0.0, ""
    for character in letters:
        sign = table.get(character) or fallback.get(character)
        if sign is None:
            continue
        if character == before:
            drift += _BOUNCE
            result.append(_bounced(result[-1]))
        else:
            result += _letter(sign, drift)
        drift = min(drift + _DRIFT, _WIDEST_DRIFT)
        before = character
    if not result:
        raise ValueError(f"{''.join(letters)!r} can't be spelled: the alphabet has no sign for any of its characters.")
    return result


def _letter(sign: Sign, drift: float) -> list[Posture]:
    filled: list[Posture] = []
    for k, posture in enumerate(sign.postures):
        if filled:
            missing = {f: getattr(filled[-1], f) for f in ("shape", "at", "touch", "palm", "fingers")}
            missing = {f: v for f, v in missing.items() if getattr(posture, f) is None}
            posture = dataclasses.replace(posture, **missing)
        moves = k > 0
        last = k == len(sign.postures) - 1
        filled.append(
            dataclasses.replace(
                posture,
                offset=_shifted(posture.offset, drift),
                time=posture.time or (STROKE_TIME if moves else LETTER_TIME),
                hold=posture.hold or (LETTER_HOLD if last else 0.0),
            )
        )
    return filled


def _bounced(posture: Posture) -> Posture:
    """The same letter again, a hop further out."""
    moved = _shifted(posture.offset, _BOUNCE)
    return dataclasses.replace(
        posture, offset=moved, path="arc", bulge="up", size=1.2, time=STROKE_TIME, hold=LETTER_HOLD
    )


def _shifted(offset: tuple[float, float, float], out: float) -> tuple[float, float, float]:
    return (offset[0] + out, offset[1], offset[2])
