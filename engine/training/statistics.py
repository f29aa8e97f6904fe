"""Mean and spread of features, with which they are normalised for the models."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]

_LEAST: Final = 1e-10
"""Added to the spread where data are normalised, as the published code does, so that a still number stays finite."""


@dataclass(frozen=True)
class Statistics:
    """mean, std: (F,) of the features."""

    mean: Array
    std: Array

    @classmethod
    def of(cls, clips: Iterable[Array], size: int) -> Statistics:
        """Of all frames of the clips, each (T, size). Numbers that never change get the spread 1.

        Sums are taken about the first frame, in double precision, so that nothing is lost to cancellation.
        """
        count, about = 0, np.zeros(size)
        total, squares = np.zeros(size), np.zeros(size)
        for clip in clips:
            if not count:
                about = np.array(clip[0], dtype=np.float64)
            centred = np.asarray(clip, dtype=np.float64) - about
            total += centred.sum(axis=0)
            squares += np.square(centred).sum(axis=0)
            count += len(clip)
        if not count:
            raise ValueError("There are no clips to work out mean and spread from.")
        mean = total / count
        std = np.sqrt(np.maximum(squares / count - np.square(mean), 0.0))
        return cls(about + mean, np.where(std > 1e-7, std, 1.0))

    def normalised(self, features: Array) -> NDArray[np.float32]:
        """(..., F) features for the models."""
        return ((features - self.mean) / (self.std + _LEAST)).astype(np.float32)

    def undone(self, normalised: Array) -> Array:
        """(..., F) features of what the models gave."""
        return normalised * self.std + self.mean

    def floored(self, least: float) -> Statistics:
        """With no spread under `least`, so that what hardly moves isn't blown up to the size of what does."""
        return Statistics(self.mean, np.maximum(self.std, least))

    def save(self, path: Path) -> None:
        """Write `mean` and `std` as an `.npz`, as bundles have them."""
        np.savez(path, mean=self.mean, std=self.std)
