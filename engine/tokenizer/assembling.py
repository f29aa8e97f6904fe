"""The three decoded parts as one sequence of features, and the statistics that undo their normalising."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle, BundleError
from ..npz import Npz, NpzError
from .features import PARTS, SOKE, Layout

Array = NDArray[np.floating]
STATISTICS: Final = "statistics.npz"
_MAX_STATISTICS_BYTES: Final = 1 << 20


def read_layout(bundle: Bundle) -> Layout:
    """Which numbers a frame of a bundle has, the published ones when it doesn't say. Raises `BundleError`."""
    stored = bundle.manifest.model.get("features")
    try:
        return SOKE if stored is None else Layout.from_json(stored)
    except ValueError as e:
        raise BundleError(f"The manifest of {bundle.folder.name} is wrong: {e}") from e


def read_statistics(bundle: Bundle, layout: Layout) -> tuple[Array, Array]:
    """Mean and spread (size of the layout,) of a bundle's features. Raises `BundleError`."""
    try:
        with Npz(bundle.file(STATISTICS), _MAX_STATISTICS_BYTES) as statistics:
            mean, std = (statistics.read(name) for name in ("mean", "std"))
    except NpzError as e:
        raise BundleError(f"{STATISTICS} in {bundle.folder.name} can't be read: {e}") from e
    for values in (mean, std):
        if values.shape != (layout.size,) or values.dtype.kind != "f" or not np.isfinite(values).all():
            raise BundleError(f"{STATISTICS} in {bundle.folder.name} doesn't hold {layout.size} numbers for each.")
    return mean, std


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
