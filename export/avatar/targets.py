"""The averaged adult and its ten body-shape directions, from MakeHuman's macro targets.

All in decimetres on the hm08 topology, A-pose.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .parts import FloatArray
from .source import VERTEX_COUNT, Source

_ANCESTRIES = ("african", "asian", "caucasian")
_GENDERS = ("female", "male")

PROPORTION_TARGETS = {
    "arms/measure-upperarm-length-incr": 0.31,
    "arms/measure-lowerarm-length-incr": 0.085,
}
"""Limbs toward SMPL-X's neutral body (upper arm 27 cm, forearm 25 cm), so that its poses meet face and hands."""

FRIENDLY_TARGETS = {
    "eyebrows/eyebrows-trans-up": 0.25,
    "eyebrows/eyebrows-angle-down": 0.3,
    "mouth/mouth-angles-up": 0.35,
    "eyes/l-eye-scale-incr": 0.15,
    "eyes/r-eye-scale-incr": 0.15,
}
"""The averaged face looks stern under a lamp: brows raised and eased, eyes a little larger, corners of the mouth up."""

FRIENDLY_UNITS = {
    "mouthSmileLeft": 0.3,
    "mouthSmileRight": 0.3,
    "browInnerUp": 0.15,
}

SHAPE_NAMES = (
    "height", "weight", "masculinity", "muscle", "age", "proportions", "african", "asian", "hand_scale", "head_scale",
)  # fmt: skip


def averaged_adult(source: Source, base: FloatArray) -> FloatArray:
    """Base mesh (N, 3) plus the mean of the six young adults, limbs and face adjusted."""
    adults = [f"macrodetails/{a}-{g}-young" for a in _ANCESTRIES for g in _GENDERS]
    result = base + _mean(source, adults)
    for name, amount in (PROPORTION_TARGETS | FRIENDLY_TARGETS).items():
        result = result + amount * source.target(name)
    for name, amount in FRIENDLY_UNITS.items():
        result = result + amount * source.face_unit(name)
    return result


def shape_directions(source: Source) -> FloatArray:
    """Deltas (N, 3, 10) in `SHAPE_NAMES` order for a coefficient of 1; -3..3 stays a plausible body."""

    def universal(muscle: str, weight: str) -> FloatArray:
        return _mean(source, [f"macrodetails/universal-{g}-young-{muscle}muscle-{weight}weight" for g in _GENDERS])

    def height(end: str) -> FloatArray:
        folder = "macrodetails/height"
        return _mean(source, [f"{folder}/{g}-young-averagemuscle-averageweight-{end}height" for g in _GENDERS])

    def proportions(kind: str) -> FloatArray:
        folder = "macrodetails/proportions"
        return _mean(source, [f"{folder}/{g}-young-averagemuscle-averageweight-{kind}proportions" for g in _GENDERS])

    def people(ancestries: Iterable[str], genders: Iterable[str], age: str) -> FloatArray:
        return _mean(source, [f"macrodetails/{a}-{g}-{age}" for a in ancestries for g in genders])

    everyone = people(_ANCESTRIES, _GENDERS, "young")
    hands = sum((source.target(f"hands/{s}-hand-scale-incr") for s in "lr"), _zeros())
    head = sum((source.target(f"head/head-scale-{axis}-incr") for axis in ("depth", "horiz", "vert")), _zeros())
    directions = {
        "height": 0.06 * (height("max") - height("min")),
        "weight": 0.15 * (universal("average", "max") - universal("average", "min")),
        "masculinity": 0.3 * (people(_ANCESTRIES, ["male"], "young") - people(_ANCESTRIES, ["female"], "young")),
        "muscle": 0.15 * (universal("max", "average") - universal("min", "average")),
        "age": 0.33 * (people(_ANCESTRIES, _GENDERS, "old") - everyone),
        "proportions": 0.3 * (proportions("ideal") - proportions("uncommon")),
        "african": 0.4 * (people(["african"], _GENDERS, "young") - everyone),
        "asian": 0.4 * (people(["asian"], _GENDERS, "young") - everyone),
        "hand_scale": 0.12 * hands,
        "head_scale": 0.2 * head,
    }
    return _stack(directions[name] for name in SHAPE_NAMES)


def _mean(source: Source, names: list[str]) -> FloatArray:
    return sum((source.target(n) for n in names), _zeros()) / len(names)


def _zeros() -> FloatArray:
    return np.zeros((VERTEX_COUNT, 3))


def _stack(directions: Iterable[FloatArray]) -> FloatArray:
    return np.stack(list(directions), axis=-1)
