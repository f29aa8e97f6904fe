"""When each token of a text is signed: a monotone reading of where the decoder looked.

Each frame belongs to one token, tokens follow each other, none is left out, and the sum of the logarithms of the
attention is the greatest (dynamic programming as of Viterbi 1967; monotone attention as in Kim et al. 2020, Glow-TTS).
"""

from __future__ import annotations

import itertools

import numpy as np
from numpy.typing import NDArray

_SMALLEST = 1e-6


def spans(attention: NDArray[np.floating]) -> list[tuple[int, int]]:
    """First frame and the one after the last of each token, from (T, S) shares of attention.

    They lie end to end and cover all frames. With fewer frames than tokens they are split evenly, and some are empty.
    """
    frames, tokens = attention.shape
    if frames < tokens:
        edges = np.linspace(0, frames, tokens + 1).round().astype(int).tolist()
        return list(itertools.pairwise(edges))
    gains = np.log(np.maximum(attention, _SMALLEST))
    best = np.full(tokens, -np.inf)
    best[0] = gains[0, 0]
    moved = np.zeros((frames, tokens), bool)
    for t in range(1, frames):
        coming = np.concatenate([[-np.inf], best[:-1]])
        moved[t] = coming > best
        best = np.where(moved[t], coming, best) + gains[t]
    starts, token = [0] * tokens, tokens - 1
    for t in range(frames - 1, 0, -1):
        if moved[t, token]:
            starts[token] = t
            token -= 1
    return list(itertools.pairwise([*starts, frames]))
