"""Direction words of the lexicon as vectors in metres, for the hand that acts (`sign` +1 left, -1 right)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..places import direction_vector

Array = NDArray[np.floating]

_parsed = lru_cache(maxsize=1024)(direction_vector)


def direction(words: str, sign: float) -> Array:
    """Unit vector (3,) of words like `up-forward`. Raises `ValueError` for words that are no direction."""
    out, up, forward = _parsed(words)
    return np.array([out * sign, up, forward])


def bulge_directions(words: str, sign: float) -> tuple[Array, Array | None]:
    """The side that a path goes to and, when a second direction follows after a space, where a circle curves to."""
    first, _, second = words.partition(" ")
    return direction(first, sign), direction(second, sign) if second else None


def offset(centimetres: tuple[float, float, float], sign: float) -> Array:
    """(out, up, forward) in centimetres to a vector in metres."""
    return np.array([centimetres[0] * sign, centimetres[1], centimetres[2]]) * 0.01
