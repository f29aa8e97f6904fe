"""Face units from face landmarks (MediaPipe Face Mesh's numbering), relative to the clip's resting face.

Distances are in shares of the face's height; each unit is 0 at the resting value of its distance (a quantile of the
clip) and 1 at a change that a strong expression makes. Simple on purpose: mouth open, lips wide and round, brows, lids.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..skeleton import EXPRESSION_NAMES
from .pose_file import Component

Array = NDArray[np.floating]

_TOP, _CHIN = "10", "152"


@dataclass(frozen=True)
class _Measure:
    """A distance between landmarks, its resting quantile, and the change that is the full expression."""

    pairs: tuple[tuple[str, str], ...]
    rest: float
    full: float
    units: tuple[str, ...]


_MEASURES = (
    _Measure((("13", "14"),), 0.1, 0.14, ("mouth_A",)),
    _Measure((("61", "291"),), 0.5, 0.07, ("smile",)),
    _Measure((("61", "291"),), 0.5, -0.09, ("pucker",)),
    _Measure((("105", "159"), ("334", "386")), 0.4, 0.045, ("brows_up",)),
    _Measure((("105", "159"), ("334", "386")), 0.4, -0.03, ("brows_down",)),
    _Measure((("159", "145"), ("386", "374")), 0.6, -0.045, ("eyes_closed",)),
)


def fit_face(face: Component) -> Array:
    """(T, 22) face units; zeros where the face was not seen or its points aren't numbered as expected."""
    result = np.zeros((len(face.points), len(EXPRESSION_NAMES)))
    place = {name: i for i, name in enumerate(face.names)}
    seen = face.confidence.mean(axis=1) > 0.3
    if seen.sum() < 2 or _TOP not in place or _CHIN not in place:
        return result

    def distance(a: str, b: str) -> Array:
        return np.linalg.norm((face.points[:, place[a]] - face.points[:, place[b]])[:, :2], axis=-1)

    height = np.maximum(distance(_TOP, _CHIN), 1e-6)
    for measure in _MEASURES:
        if any(name not in place for pair in measure.pairs for name in pair):
            continue
        share = np.mean([distance(a, b) for a, b in measure.pairs], axis=0) / height
        change = (share - np.quantile(share[seen], measure.rest)) / measure.full
        value = np.clip(change - 0.15, 0.0, 1.0) * seen  # noise about the resting face is no expression
        for unit in measure.units:
            result[:, EXPRESSION_NAMES.index(unit)] = value
    return result
