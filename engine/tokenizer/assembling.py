"""The three decoded parts as one sequence of features, and the statistics that undo their normalising."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle
from ..npz import Npz
from .features import COLUMNS, FEATURES, PARTS

Array = NDArray[np.floating]
_MAX_STATISTICS_BYTES = 1 << 20


def read_statistics(bundle: Bundle) -> tuple[Array, Array]:
    """Mean and spread (133,) of a bundle's features. Raises `NpzError`."""
    with Npz(bundle.file("statistics.npz"), _MAX_STATISTICS_BYTES) as statistics:
        return statistics.read("mean"), statistics.read("std")


def assembled(parts: Mapping[str, Array | None]) -> Array:
    """Normalised features of each part, (T of the part, columns), to (T, 133).

    Shorter parts keep their last frame. `None` stands for a part of a single code, which the published code takes for
    the mean pose: zeros.
    """
    filled = {part: np.zeros((1, len(COLUMNS[part])), np.float32) if x is None else x for part, x in parts.items()}
    frames = max(len(x) for x in filled.values())
    features = np.zeros((frames, FEATURES), dtype=np.float32)
    for part in PARTS:
        x = filled[part]
        features[:, COLUMNS[part]] = np.concatenate([x, np.repeat(x[-1:], frames - len(x), axis=0)])
    return features
