"""How long each gloss takes, from clips whose glosses are known and whose cuts are not. NumPy only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..signllm.vocabulary import SPECIALS

_TIED: Final = 1.0
"""How much a token is drawn to the mean of all, in clips of it."""
_SHORTEST: Final = 1.0


def durations(lines: Sequence[Sequence[int]], frames: Sequence[int], tokens: int) -> NDArray[np.float32]:
    """(tokens,) frames that each token takes, at least one; those of no clip take the mean.

    lines: rows of LangGloss of each clip, specials of no matter. frames: of each clip. By least squares with a ridge: a
    clip takes the sum of its tokens and a time for its two ends, which is the same for all. Raises `ValueError` when
    there is no token in any clip.
    """
    counts = np.zeros((len(lines), tokens + 1))
    for row, line in zip(counts, lines, strict=True):
        np.add.at(row, [token for token in line if token >= SPECIALS], 1.0)
    counts[:, tokens] = 1.0
    total = counts[:, :tokens].sum()
    if not total:
        raise ValueError("There are no glosses in the clips.")
    mean = float(np.sum(frames)) / (total + len(lines))
    left = np.asarray(frames, np.float64) - counts.sum(axis=1) * mean
    tied = np.full(tokens + 1, _TIED)
    tied[tokens] = 1e-6
    found = np.linalg.solve(counts.T @ counts + np.diag(tied), counts.T @ left)[:tokens] + mean
    return np.maximum(found, _SHORTEST).astype(np.float32)
