"""Face, head, gaze, mouthing and blinks over time.

Everything is a plateau with smooth flanks over the span of a sign or a phrase; where several ask for the same
face unit the strongest wins.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...gloss import GlossItem, GlossPlan
from ...skeleton import EXPRESSION_NAMES
from ..phonology import NonManual, Sign
from .directions import direction
from .frames import smoothstep
from .loci import GAZE
from .visemes import visemes

Array = NDArray[np.floating]

_UNIT = {name: i for i, name in enumerate(EXPRESSION_NAMES)}

QUESTION = {
    "yes_no_question": NonManual(face={"brows_up": 0.9, "eyes_wide": 0.3}, head="forward"),
    "wh_question": NonManual(face={"brows_down": 0.65, "squint": 0.1}, head="tilt"),
    "command": NonManual(face={"brows_down": 0.25}),
    "statement": NonManual(),
}
"""Markers of a clause's kind (Baker-Shenk 1983, Liddell 1980)."""

_MOST_SMILE = 0.5
_SMILE_YIELDS = 1.3
"""Share of a smile that a mouth shape takes away, by its strength: the two together would bare the teeth."""
_JAW = {"mouth_A": 2.5, "mouth_E": 1.0, "mouth_O": 1.5, "mouth_L": 1.0}
"""Degrees that the jaw opens on top of a full mouth shape, which opens the lips by itself."""
_BLINK = 0.22
_EYES_LEAD = 0.08
"""Seconds that the eyes go before the hand."""
_HEAD_SHARE = 0.35
"""Share of a look that the head does."""


@dataclass
class Face:
    """T frames of the face: units (T, E), and rotation vectors (T, 3) of head (with neck), jaw and both eyes."""

    units: Array
    head: Array
    jaw: Array
    gaze: Array


@dataclass(frozen=True)
class Span:
    """When an item or phrase is signed."""

    begin: float
    end: float


def plateau(times: Array, begin: float, end: float, rise: float = 0.18, fall: float = 0.25) -> Array:
    """0, rising to 1 about `begin` and falling back about `end`, with two continuous derivatives."""
    return smoothstep(times, begin - rise, begin + 0.3 * rise) * (1.0 - smoothstep(times, end - 0.3 * fall, end + fall))


@dataclass(frozen=True)
class Signed:
    """What is signed, and when."""

    plan: GlossPlan
    items: list[Span | None]
    """In the plan's order, `None` for pauses."""
    phrases: list[Span | None]
    duration: float
    spoken: str = "en"
    """ISO 639-1 code of the language that is mouthed."""
    mouthing: float = 1.0
    """Strength of mouthed words; mouth gestures of a sign keep theirs."""


def perform(signed: Signed, times: Array, rng: np.random.Generator) -> Face:
    """The face of a whole plan at times (T,)."""
    face = _still(len(times))
    for item, span in _signed_items(signed):
        _add(face, _own(item), times, span)
        _look(face, item, times, span)
    spoken = _speak(face, signed, times)
    for phrase, span in zip(signed.plan.phrases, signed.phrases, strict=True):
        if span is None:
            continue
        _add(face, QUESTION[phrase.kind], times, span)
        _add(face, phrase.nonmanual, times, span)
        if phrase.negated:
            _add(face, NonManual(face={"brows_down": 0.35, "frown": 0.2}, head="shake"), times, span)
    _blinks(face, [s for s in signed.phrases if s is not None], times, signed.duration, rng)
    _soften_smile(face, spoken)
    np.clip(face.units, 0.0, 1.0, out=face.units)
    return face


def mouthed(signed: Signed, units: Array, times: Array) -> tuple[Array, Array]:
    """What the mouth says put over a face that is there already: its units (T, E), and how far the jaw is open at
    least, (T,) radians. units: (T, E) of that face at times (T,)."""
    face = _still(len(times))
    face.units[:] = units
    _soften_smile(face, _speak(face, signed, times))
    return np.clip(face.units, 0.0, 1.0), face.jaw[:, 0]


def _still(count: int) -> Face:
    return Face(np.zeros((count, len(EXPRESSION_NAMES))), *(np.zeros((count, 3)) for _ in range(3)))


def _signed_items(signed: Signed) -> list[tuple[GlossItem, Span]]:
    items = [item for phrase in signed.plan.phrases for item in phrase.items]
    return [(item, span) for item, span in zip(items, signed.items, strict=True) if span is not None]


def _own(item: GlossItem) -> NonManual:
    return item.sign.nonmanual if item.sign is not None else NonManual()


def _speak(face: Face, signed: Signed, times: Array) -> Array:
    """Add the mouth gestures of signs and the mouthed words; (T,) the strength of both, without their single shapes."""
    spoken = np.zeros(len(times))
    for item, span in _signed_items(signed):
        own = _own(item)
        if own.mouth:
            spoken = np.maximum(spoken, _mouth(face, visemes(own.mouth), 1.0, times, span))
        elif item.mouth and signed.mouthing > 0.0:
            shapes = visemes(item.mouth, signed.spoken)
            spoken = np.maximum(spoken, _mouth(face, shapes, signed.mouthing, times, span))
    return spoken


def _look(face: Face, item: GlossItem, times: Array, span: Span) -> None:
    """Gaze goes to whom a pointing or a directional sign goes to, unless that is the addressee (Thompson 2006)."""
    if not isinstance(item.sign, Sign) or not item.sign.agreement or item.goal not in GAZE:
        return
    turn = np.radians([5.0, GAZE[item.goal], 0.0])
    window = plateau(times, span.begin - _EYES_LEAD, span.end, 0.10, 0.14)[:, None]
    face.gaze += turn * window
    face.head += _HEAD_SHARE * turn * plateau(times, span.begin, span.end, 0.2, 0.25)[:, None]


def _soften_smile(face: Face, spoken: Array) -> None:
    """Let smiles yield to what the mouth says. spoken: (T,) strength of mouthing, without its single shapes."""
    smile = face.units[:, _UNIT["smile"]]
    smile[:] = np.minimum(smile, _MOST_SMILE) * np.maximum(1.0 - _SMILE_YIELDS * spoken, 0.0)


def _add(face: Face, what: NonManual, times: Array, span: Span) -> None:
    window = plateau(times, span.begin, span.end)
    for name, strength in what.face.items():
        column = face.units[:, _UNIT[name]]
        np.maximum(column, strength * window, out=column)
    if what.head:
        face.head += _head(what.head, times, span) * window[:, None]
    if what.gaze:
        out, up, _ = direction(what.gaze, -1.0)
        turn = np.radians([-22.0 * up, 28.0 * out, 0.0])
        face.gaze += turn * plateau(times, span.begin, span.end, 0.10, 0.12)[:, None]


def _head(word: str, times: Array, span: Span) -> Array:
    """Rotation vectors (T, 3) in radians: x nods down, y turns to the signer's left, z tilts to the right shoulder."""
    t = times - span.begin
    length = max(span.end - span.begin, 0.3)
    still = np.zeros_like(t)
    if word == "nod":
        wave = 0.5 * (1.0 - np.cos(2.0 * np.pi * max(1, round(length * 1.7)) * t / length))
        return np.radians(np.stack([9.0 * wave, still, still], axis=1))
    if word == "shake":
        wave = np.sin(2.0 * np.pi * max(1, round(length * 1.6)) * t / length)
        return np.radians(np.stack([still, 13.0 * wave, still], axis=1))
    fixed = {
        "tilt": (3.0, 0.0, 7.0),
        "tilt_back": (-9.0, 0.0, 0.0),
        "forward": (6.0, 0.0, 0.0),
        "down": (13.0, 0.0, 0.0),
        "turn": (0.0, -18.0, 0.0),
    }
    return np.broadcast_to(np.radians(fixed[word]), (len(t), 3))


def _mouth(face: Face, shapes: list[tuple[str, float]], share: float, times: Array, span: Span) -> Array:
    """Add mouth shapes at `share` of their strength; returns (T,) the strength of the mouthing as a whole."""
    if not shapes:
        return np.zeros_like(times)
    each = min((span.end - span.begin) / len(shapes), 0.24)
    for i, (unit, strength) in enumerate(shapes):
        begin = span.begin + i * each
        wave = share * strength * plateau(times, begin, begin + each, 0.07, 0.09)
        column = face.units[:, _UNIT[unit]]
        np.maximum(column, wave, out=column)
        face.jaw[:, 0] = np.maximum(face.jaw[:, 0], np.radians(_JAW.get(unit, 0.0)) * wave)
    loudest = share * max(strength for _, strength in shapes)
    return loudest * plateau(times, span.begin, span.begin + len(shapes) * each)


def _blinks(face: Face, phrases: list[Span], times: Array, duration: float, rng: np.random.Generator) -> None:
    """Blinks at the ends of phrases and every 3 to 5 seconds between."""
    moments = [0.35, *(s.end + 0.05 for s in phrases)]
    spread = [moments[0]]
    for moment in [*moments[1:], duration + 1.0]:
        while moment - spread[-1] > 5.5:
            spread.append(spread[-1] + rng.uniform(3.0, 5.0))
        spread.append(moment)
    column = face.units[:, _UNIT["eyes_closed"]]
    for moment in spread:
        np.maximum(column, plateau(times, moment, moment + 0.05, 0.08, _BLINK - 0.08), out=column)
