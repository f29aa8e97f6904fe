"""From a prompt to LangGloss tokens, whatever runs the model: the most likely ones by beam search. NumPy only.

A candidate that goes round in a circle is given up: a model that is lost in a long word else spells to the limit.
Finished candidates are ranked by their mean log-probability a token (Wu et al. 2016 with an exponent of 1); the search
ends when there are as many of them as beams. One beam is greedy decoding.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from .vocabulary import END, START

_TURNS: Final = 4
"""Times in a row that the same tokens are said in a circle ..."""
_ROUND: Final = 6
"""... of at most so many."""


class GlossSession(Protocol):
    """One prompt that was read, with B candidates under way; one at the beginning."""

    def step(self, rows: NDArray[np.int64]) -> NDArray[np.float32]:
        """Logits (B, glosses) of the tokens after the (B,) ones given."""
        ...

    def select(self, index: NDArray[np.int64]) -> None:
        """Go on with these candidates, in this order; (M,) indices, which may repeat."""
        ...


@dataclass(frozen=True)
class Glosses:
    """rows: tokens of LangGloss without the end. score: mean log-probability a token, the end's included.

    complete: whether the model ended it, not the limit.
    """

    rows: tuple[int, ...]
    score: float
    complete: bool = True


def decode(
    session: GlossSession,
    allowed: Sequence[int],
    longest: int,
    beams: int = 1,
    least: int = 0,
    progress: Callable[[float], None] = lambda _: None,
) -> Glosses:
    """The most likely tokens of a prompt, `least` to `longest`. allowed: rows that may be generated beside the end.

    Raises `ValueError` for fewer than one beam or token.
    """
    if beams < 1 or longest < max(least, 1):
        raise ValueError(f"There must be at least one beam and {max(least, 1)} tokens, not {beams} and {longest}.")
    choices = np.array(sorted({*allowed, END}), np.int64)
    paths: list[tuple[int, ...]] = [()]
    scores = np.zeros(1)
    done: list[Glosses] = []
    fed = np.array([START], np.int64)
    for number in range(longest + 1):
        logits = session.step(fed)[:, choices]
        if number < least:
            logits[:, choices == END] = -np.inf
        chances = _log_softmax(logits) + scores[:, None]
        going, rank = [], 0
        for flat in map(int, np.argsort(-chances, axis=None, kind="stable")):
            parent, column = divmod(flat, len(choices))
            row, score = int(choices[column]), float(chances[parent, column])
            if rank == 2 * beams or score == -np.inf:
                break
            if row != END and circles((*paths[parent], row)):
                continue
            if row != END:
                going.append((parent, row, score))
            elif rank < beams:  # an end counts among the best only, else unlikely ones would fill the places
                done.append(Glosses(paths[parent], score / (number + 1)))
            rank += 1
        progress((number + 1) / (longest + 1))
        if len(done) >= beams or number == longest or not going:
            break
        going = going[:beams]
        paths = [(*paths[parent], row) for parent, row, _ in going]
        scores = np.array([score for _, _, score in going])
        session.select(np.array([parent for parent, _, _ in going], np.int64))
        fed = np.array([row for _, row, _ in going], np.int64)
    if not done:
        best = int(scores.argmax())
        return Glosses(paths[best], float(scores[best]) / max(len(paths[best]), 1), complete=False)
    return max(done, key=lambda one: one.score)


def circles(rows: Sequence[int]) -> bool:
    """Whether the last tokens were said `_TURNS` times in a row, up to `_ROUND` of them."""
    for size in range(1, min(_ROUND, len(rows) // _TURNS) + 1):
        last = tuple(rows[-size:])
        if all(tuple(rows[-n * size : -(n - 1) * size]) == last for n in range(2, _TURNS + 1)):
            return True
    return False


def _log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    values = logits.astype(np.float64)
    values -= values.max(axis=-1, keepdims=True)
    return values - np.log(np.exp(values).sum(axis=-1, keepdims=True))
