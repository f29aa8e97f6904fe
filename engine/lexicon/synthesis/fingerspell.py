"""Fingerspelling: letters of a word as a run of beats.

The hand stays before the shoulder and drifts a little outward, as signers' hands do; a double letter bounces out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from ..phonology import Posture, Sign
from .beats import Beat, sign_beats

LETTER_TIME = 0.14
"""Seconds of the change to a letter; with the hold about 0.22 s, five letters a second (relaxed everyday pace)."""
LETTER_HOLD = 0.08
PACE = LETTER_TIME + LETTER_HOLD
"""Seconds of a letter."""
STROKE_TIME = 0.17
_TWO_HANDED = 1.35
"""Both hands meet more slowly than one hand changes."""
_DRIFT = 0.5
_BOUNCE = 3.0
_WIDEST_DRIFT = 6.0


def letter_beats(
    item: int, letters: Sequence[str], table: Mapping[str, Sign], fallback: Mapping[str, Sign]
) -> list[Beat]:
    """Beats of a word's letters or a number's digits, one after the other; characters without a sign are left out.

    letters: keys of `table` or `fallback`. Raises `ValueError` when none of them has a sign.
    """
    result: list[Beat] = []
    drift, before = 0.0, ""
    for letter in letters:
        sign = table.get(letter) or fallback.get(letter)
        if sign is None:
            continue
        if letter == before:
            drift += _BOUNCE
            result.append(_bounced(result[-1]))
        else:
            result += _letter(item, sign, drift, follows=bool(result))
        drift = min(drift + _DRIFT, _WIDEST_DRIFT)
        before = letter
    if not result:
        raise ValueError(f"{''.join(letters)!r} can't be spelled: the alphabet has no sign for any of its characters.")
    result[-1] = dataclasses.replace(result[-1], last=True)
    return result


def _letter(item: int, sign: Sign, drift: float, follows: bool) -> list[Beat]:
    beats = sign_beats(item, sign)
    done = []
    for k, beat in enumerate(beats):
        last = k == len(beats) - 1
        hands = {
            side: _timed(getattr(beat, side), k > 0, last, drift, beat.left is not None) for side in ("right", "left")
        }
        done.append(dataclasses.replace(beat, **hands, inside=follows or k > 0, spelled=True, last=False))
    return done


def _timed(posture: Posture | None, moves: bool, last: bool, drift: float, two_handed: bool) -> Posture | None:
    if posture is None:
        return None
    time = (STROKE_TIME if moves else LETTER_TIME) * (_TWO_HANDED if two_handed else 1.0)
    # hands that meet can't drift apart
    offset = posture.offset if two_handed else _shifted(posture.offset, drift)
    hold = posture.hold or (LETTER_HOLD if last else 0.0)
    return dataclasses.replace(posture, offset=offset, time=posture.time or time, hold=hold)


def _bounced(beat: Beat) -> Beat:
    """The same letter again, a hop further out; of two hands the acting one comes down again."""
    right = beat.right
    if right is None:
        raise ValueError("A letter needs the right hand.")
    out = 0.0 if (right.at or "").startswith("other.") else _BOUNCE

    def hop(posture: Posture) -> Posture:
        moved = _shifted(posture.offset, out)
        return dataclasses.replace(
            posture, offset=moved, path="arc", bulge="up", size=1.2, time=STROKE_TIME, hold=LETTER_HOLD
        )

    left = hop(beat.left) if beat.mirrored and beat.left is not None else None
    return dataclasses.replace(beat, right=hop(right), left=left, inside=True)


def _shifted(offset: tuple[float, float, float], out: float) -> tuple[float, float, float]:
    return (offset[0] + out, offset[1], offset[2])
