"""What a token's embedding begins as: how its sign looks where it is signed alone. Needs torch.

By random embeddings a model has to learn each sign by heart before it can put any into a sentence. Isolated signs are
clips of one token, so that the main components of their motion (Pearson 1901) tell signs apart from the first step on,
and what is left to learn is to unfold them.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray

from ..signllm.model import PoseTransformer
from .signllm_pose import PoseSample

Array = NDArray[np.float64]
_PLACES: Final = 12
"""Evenly spaced places of a clip that are looked at."""
_FLATTENED: Final = 0.5
"""Power of the components' spreads: 1 leaves them as they are, 0 makes all as large."""
_OTHERS: Final = 0.3
"""Spread of the embeddings of tokens without a clip of their own; that of the others is 1."""


@torch.no_grad()
def start_codes(model: PoseTransformer, samples: Sequence[PoseSample], first: int) -> int:
    """Let embeddings begin as codes of the clips of one token, where there are such clips; how many do.

    first: the lowest token that can stand for a sign; those below are specials and tags of languages.
    """
    seen: dict[int, list[Array]] = defaultdict(list)
    for sample in samples:
        signs = [token for token in sample.tokens if token >= first]
        if len(signs) == 1:
            seen[signs[0]].append(_places(sample))
    if len(seen) < 2:
        return 0
    tokens = sorted(seen)
    codes = components(np.stack([np.mean(seen[token], axis=0) for token in tokens]), model.config.width)
    table = model.embedding.weight
    table[first:] *= _OTHERS
    table[tokens] = torch.from_numpy(codes).to(table)
    return len(tokens)


def components(rows: Array, width: int) -> NDArray[np.float32]:
    """(N, numbers) rows to (N, width) scores of their main components, the spread of all of them 1; with fewer
    components than that, zeros after them."""
    u, s, _ = np.linalg.svd(rows - rows.mean(axis=0), full_matrices=False)
    count = min(width, len(s))
    scores = np.zeros((len(rows), width))
    scores[:, :count] = u[:, :count] * s[:count] ** _FLATTENED
    spread = scores.std()
    return (scores / spread if spread > 0.0 else scores).astype(np.float32)


def _places(sample: PoseSample) -> Array:
    """(numbers,) frames at evenly spaced places of a clip."""
    frames = sample.read()
    at = np.rint(np.linspace(0, len(frames) - 1, _PLACES)).astype(int)
    return np.asarray(frames[at], np.float64).ravel()
