"""Direction words of the lexicon as vectors in metres, for the hand that acts (`sign` +1 left, -1 right)."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ..phonology import LOCUS_DIRECTIONS
from ..places import direction_vector
from .frames import unit
from .loci import CITATION, Line

Array = NDArray[np.floating]

_parsed = lru_cache(maxsize=1024)(direction_vector)


def direction(words: str, sign: float, line: Line = CITATION) -> Array:
    """Unit vector (3,) of words like `up-forward`; `goal` and `source` go along the line of a directional sign.

    Raises `ValueError` for words that are no direction.
    """
    if line and any(w in LOCUS_DIRECTIONS for w in words.split("-")):
        return _along(words.split("-"), sign, line)
    out, up, forward = _parsed(words)
    return np.array([out * sign, up, forward])


def _along(words: list[str], sign: float, line: Line) -> Array:
    own = {"goal": line.pointing(sign), "source": -line.pointing(sign)}
    total = np.sum([own[w] if w in own else direction(w, sign) for w in words], axis=0)
    return unit(total) if np.linalg.norm(total) > 1e-3 else own.get(words[0], line.pointing(sign))


def bulge_directions(words: str, sign: float, line: Line = CITATION) -> tuple[Array, Array | None]:
    """The side that a path goes to and, when a second direction follows after a space, where a circle curves to."""
    first, _, second = words.partition(" ")
    return direction(first, sign, line), direction(second, sign, line) if second else None


def offset(centimetres: tuple[float, float, float], sign: float, line: Line = CITATION) -> Array:
    """(out, up, forward) in centimetres to a vector in metres; forward is along the line of a directional sign."""
    out, up, forward = np.asarray(centimetres) * 0.01
    return out * line.sideways(sign) + np.array([0.0, up, 0.0]) + forward * line.forward
