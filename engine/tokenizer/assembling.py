"""The three decoded parts as one sequence of features, and the statistics that undo their normalising."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle
from ..npz import Npz
from .features import PARTS, SOKE, Layout

Array = NDArray[np.floating]
_MAX_STATISTICS_BYTES = 1 << 20


def read_statistics(bundle: Bundle) -> tuple[Array, Array]:
    """Mean and spread (size of the layout,) of a bundle's features. Raises `NpzError`."""
    with Npz(bundle.file("statistics.npz"), _MAX_STATISTICS_BYTES) as statistics:
        return statistics.read("mean"), statistics.read("std")


def read_layout(bundle: Bundle) -> Layout:
    """Which numbers a frame of a bundle's features has; the published ones when it doesn't say. Raises `ValueError`."""
    stored = bundle.manifest.model.get("features")
    return SOKE if stored is None else Layout.from_json(stored)


def assembled(parts: Mapping[str, Array | None], layout: Layout = SOKE) -> Array:
    """Normalised features of each part, (T of the part, columns), to (T, size of the layout).

    Shorter parts keep their last frame. `None` stands for a part of a single code, which the published code takes for
    the mean pose: zeros.
    """
    columns = layout.columns
    filled = {part: np.zeros((1, len(columns[part])), np.float32) if x is None else x for part, x in parts.items()}
    frames = max(len(x) for x in filled.values())
    features = np.zeros((frames, layout.size), dtype=np.float32)
    for part in PARTS:
        x = filled[part]
        features[:, columns[part]] = np.concatenate([x, np.repeat(x[-1:], frames - len(x), axis=0)])
    return features
