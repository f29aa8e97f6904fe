"""A sequence of the decoder while it grows: what may come next, and what came. NumPy only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .runtime import Logits, Rows
from .sampling import FREE, Constraint, Numbers, Sampling, choose, log_softmax, margin
from .vocabulary import END

Cycle = tuple[tuple[int, ...], ...]
"""Which heads are read at each position of the decoder, over and over; one turn is one step of the outcome."""
FUSED: Final[Cycle] = ((0, 1, 2),)
ONE_AFTER_THE_OTHER: Final[Cycle] = ((0,), (1,), (2,))


@dataclass
class Path:
    """What was chosen so far. rows, log_probabilities, margins: (steps, heads), `FREE` or nan where nothing was.

    position: places of the decoder that were read. ended: by the end token. score: sum of the log-probabilities.
    """

    rows: Rows
    log_probabilities: Numbers
    margins: Numbers
    position: int = 0
    ended: bool = False
    score: float = 0.0

    @classmethod
    def empty(cls, steps: int, heads: int) -> Path:
        """Nothing yet, with room for so many steps."""
        return cls(np.full((steps, heads), FREE), np.full((steps, heads), np.nan), np.full((steps, heads), np.nan))

    def copy(self) -> Path:
        """The same, to go on with alone."""
        arrays = self.rows.copy(), self.log_probabilities.copy(), self.margins.copy()
        return replace(self, rows=arrays[0], log_probabilities=arrays[1], margins=arrays[2])


class Track:
    """One sequence of one sample: its rules and its path.

    first: (P,) rows that the decoder starts from. heads: by name the rows that each may choose, ascending.
    The first head of the cycle ends the sequence. banned: by head, what it never chooses, (R,) of its rows.
    Raises `ValueError` when a forced row is none that its head can have.
    """

    def __init__(
        self,
        first: Sequence[int],
        cycle: Cycle,
        heads: Mapping[str, Rows],
        constraint: Constraint,
        sampling: Sampling,
        banned: Mapping[str, NDArray[np.bool_]],
    ) -> None:
        self.first, self.cycle, self.sampling = list(first), cycle, sampling
        self.positions = constraint.max_steps * len(cycle)
        self.path = Path.empty(constraint.max_steps, len(heads))
        self._rows = list(heads.values())
        self._banned = [banned.get(name) for name in heads]
        self._end_head = cycle[0][0]
        self._end = int(np.searchsorted(self._rows[self._end_head], END))
        self._forced = self._forced_indices(constraint.forced, list(heads))
        read = sorted({head for place in cycle for head in place})
        kept = np.flatnonzero((self._forced[:, read] != FREE).any(axis=1))
        self._longest_hold = constraint.longest_hold if len(read) == len(heads) else 0
        self._shortest = max(constraint.min_steps, int(kept[-1]) + 1 if len(kept) else 0)
        self._uniforms = sampling.uniforms(constraint.max_steps, len(heads))

    def _forced_indices(self, forced: Rows | None, names: list[str]) -> Rows:
        """Forced rows as indices into the rows of their head."""
        if forced is None:
            return np.empty((0, len(names)), np.int64)
        if forced.shape[1] != len(names):
            raise ValueError(f"Rows of {forced.shape[1]} heads are forced; the model has {len(names)}.")
        indices = np.full(forced.shape, FREE)
        for head, rows in enumerate(self._rows):
            steps = np.flatnonzero(forced[:, head] != FREE)
            wanted = forced[steps, head]
            found = np.searchsorted(rows, wanted).clip(max=len(rows) - 1)
            wrong = (rows[found] != wanted) | ((wanted == END) & (head == self._end_head))
            if wrong.any():
                at = int(np.flatnonzero(wrong)[0])
                raise ValueError(f"Step {steps[at]} of {names[head]} can't be row {wanted[at]}.")
            indices[steps, head] = found
        return indices

    def heads_at(self, position: int) -> tuple[int, int, tuple[int, ...]]:
        """Step, place within its turn of the cycle and heads that are read at a position."""
        step, place = divmod(position, len(self.cycle))
        return step, place, self.cycle[place]

    def legal(self, step: int, head: int, logits: Logits) -> Numbers:
        """(R,) logits of a head with all at minus infinity that it may not choose at this step."""
        result = logits.astype(np.float64)
        index = self._forced[step, head] if step < len(self._forced) else FREE
        if index != FREE:
            only = result[index]
            result[:] = -np.inf
            result[index] = only
            return result
        banned = self._banned[head]
        if banned is not None:
            result[banned] = -np.inf
        if head == self._end_head and step < self._shortest:
            result[self._end] = -np.inf
        return result

    def chosen(self, position: int, logits: Sequence[Logits]) -> list[int]:
        """Indices that the heads at a position choose. logits: (R,) of every head."""
        step, _, heads = self.heads_at(position)
        legal = [self.legal(step, head, logits[head]) for head in heads]
        uniforms = [self._uniforms[step, head] for head in heads]
        indices = [choose(x, self.sampling, u) for x, u in zip(legal, uniforms, strict=True)]
        if not self.holds(self.path, indices):
            return indices
        others = [_without(x, index) for x, index in zip(legal, indices, strict=True)]
        # Of all steps but the held one the likeliest differs where that costs the least.
        costs = [x[index] - other.max() for x, other, index in zip(legal, others, indices, strict=True)]
        place = int(np.argmin(costs))
        if np.isfinite(costs[place]):
            indices[place] = choose(others[place], self.sampling, uniforms[place])
        return indices

    def holds(self, path: Path, indices: Sequence[int]) -> bool:
        """Whether a path that goes on with these indices would hold a step longer than is allowed."""
        step, place, heads = self.heads_at(path.position)
        if not self._longest_hold or step < self._longest_hold or place + 1 < len(self.cycle):
            return False
        now = path.rows[step].copy()
        now[list(heads)] = [self._rows[head][index] for head, index in zip(heads, indices, strict=True)]
        return bool((path.rows[step - self._longest_hold : step] == now).all())

    def extend(self, path: Path, logits: Sequence[Logits], indices: Sequence[int]) -> list[int]:
        """Put the chosen indices at the path's end; the (P,) rows to feed next.

        Log-probabilities are the model's own, whatever was banned; margins are among what might be chosen.
        """
        step, place, heads = self.heads_at(path.position)
        fed = []
        for head, index in zip(heads, indices, strict=True):
            chances = log_softmax(logits[head].astype(np.float64))
            fed.append(int(self._rows[head][index]))
            path.rows[step, head] = fed[-1]
            path.log_probabilities[step, head] = chances[index]
            path.margins[step, head] = margin(self.legal(step, head, logits[head]))
            path.score += float(chances[index])
        path.position += 1
        path.ended = place == 0 and self.is_end(indices[0])
        return fed

    def is_end(self, index: int) -> bool:
        """Whether this is the end token among the rows of the head that ends the sequence."""
        return index == self._end

    def finished(self, path: Path) -> bool:
        """Whether nothing comes after this path."""
        return path.ended or path.position == self.positions


def _without(logits: Numbers, index: int) -> Numbers:
    result = logits.copy()
    result[index] = -np.inf
    return result
