"""Mean and spread that come with a published model: 179 numbers each, in a file of PyTorch or NumPy."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..tokenizer.features import stored_slice
from .cache import CacheError
from .statistics import Statistics
from .stored import STORED


def read_statistics(mean: Path, std: Path) -> Statistics:
    """Of the features of `SOKE`. Raises `CacheError` for files that hold something else."""
    statistics = Statistics(stored_slice(_numbers(mean)), stored_slice(_numbers(std)))
    if not (statistics.std >= 0).all():
        raise CacheError(f"{std.name} has spreads below 0. Is it the mean?")
    return statistics


def _numbers(path: Path) -> NDArray[np.float64]:
    try:
        values = np.load(path, allow_pickle=False) if path.suffix == ".npy" else _tensor(path)
    except (OSError, ValueError, EOFError) as e:
        raise CacheError(f"{path.name} can't be read: {e}") from e
    if values.size != STORED or values.dtype.kind not in "iuf" or not np.isfinite(values).all():
        raise CacheError(f"{path.name} doesn't hold {STORED} finite numbers.")
    return values.reshape(-1).astype(np.float64)


def _tensor(path: Path) -> NDArray[np.float64]:
    import torch  # pyright: ignore[reportMissingImports]

    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as e:  # torch raises whatever it meets in a foreign file
        raise CacheError(f"{path.name} holds no tensor: {e}") from e
    if not isinstance(values, torch.Tensor):
        raise CacheError(f"{path.name} holds no tensor.")
    return values.double().numpy()
