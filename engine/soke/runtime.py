"""What decoding asks of whatever runs the generator: ONNX Runtime, torch on a CPU, torch on a GPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..tokenizer.features import PARTS
from .vocabulary import Vocabulary

LAMBDA: Final = 0.4
"""Weight of each hand in a fused embedding, that of the published code (the paper has 1/3)."""
MAX_STEPS: Final = 100
"""Most steps of a take, of four frames each."""

Heads = Literal["parts", "text"]
"""What is read off the decoder: codes of the three parts, or words (sign to text)."""
Rows = NDArray[np.int64]
Logits = NDArray[np.float32]


class RuntimeUnfit(RuntimeError):
    """A runtime that can't do what is asked on this machine; the message says what and why."""


class Session(Protocol):
    """A batch of B samples under way, with all that was worked out for them so far."""

    def step(self, rows: Rows) -> list[Logits]:
        """Feed one position and read the next: (B, P) rows to (B, R) logits of each head.

        P is 3 where body, left and right hand are fused, else 1. R counts the rows of `head_rows`, in their order.
        """
        ...

    def select(self, index: Rows) -> None:
        """Go on with these samples of the batch, in this order; (M,) indices, which may repeat and may number more."""
        ...


class Runtime(Protocol):
    """A loaded generator. name: `onnx-cpu`, `torch-cpu`, `torch-cuda` and the like."""

    @property
    def name(self) -> str:
        """What runs, for people."""
        ...

    @property
    def vocabulary(self) -> Vocabulary:
        """The vocabulary whose rows go in and out."""
        ...

    def start(self, inputs: Sequence[Rows], steps: int, heads: Heads = "parts") -> Session:
        """Read texts and be ready for at most `steps` positions.

        inputs: by sample (N, 3) rows of body, left and right hand, fused by `fusion_weights`; a text token stands in
        all three and is taken as it is. Raises `RuntimeUnfit` when there is no such head.
        """
        ...


def fusion_weights(weight: float = LAMBDA) -> tuple[float, float, float]:
    """Weights of body, left and right hand in a fused embedding."""
    return 1.0 - 2.0 * weight, weight, weight


def head_rows(vocabulary: Vocabulary, heads: Heads = "parts") -> list[Rows]:
    """Rows of the vocabulary that each head chooses from, ascending: one array a part, or one of all words."""
    chosen = [vocabulary.text_rows()] if heads == "text" else map(vocabulary.allowed_rows, PARTS)
    return [np.array(rows, np.int64) for rows in chosen]


def text_input(rows: Sequence[int]) -> Rows:
    """(N,) rows of plain tokens as an input of a runtime, (N, 3)."""
    return np.repeat(np.asarray(rows, np.int64)[:, None], len(PARTS), axis=1)
