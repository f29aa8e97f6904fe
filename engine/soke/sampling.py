"""How a token is chosen among its logits, and what a user may demand of the outcome. NumPy only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from .runtime import MAX_STEPS, Rows, RuntimeUnfit

Numbers = NDArray[np.float64]
FREE: Final = -1
"""In `Constraint.forced`: the model chooses."""


@dataclass(frozen=True)
class Sampling:
    """temperature: 0 takes the most likely token, 1 samples as the model says. top_k: only that many of the most likely
    tokens, 0 for all. top_p: only the fewest that together have this probability (Holtzman et al. 2020, "nucleus").
    seed: the same gives the same tokens. beams: more than 1 searches the most likely whole, which takes temperature 0.

    Raises `ValueError` for what no sampling can be.
    """

    temperature: float = 0.0
    top_k: int = 0
    top_p: float = 1.0
    seed: int = 0
    beams: int = 1

    def __post_init__(self) -> None:
        if not 0.0 <= self.temperature < np.inf:
            raise ValueError(f"The temperature is {self.temperature}; it must be 0 or more.")
        if self.top_k < 0 or self.seed < 0:
            raise ValueError(f"top_k is {self.top_k} and the seed is {self.seed}; neither may be below 0.")
        if not 0.0 < self.top_p <= 1.0:
            raise ValueError(f"top_p is {self.top_p}; it must be above 0 and at most 1.")
        if self.beams < 1:
            raise ValueError(f"There are {self.beams} beams; there must be at least 1.")
        if self.beams > 1 and self.temperature > 0:
            raise ValueError("A beam search doesn't sample: take a temperature of 0, or 1 beam.")

    def uniforms(self, steps: int, heads: int) -> Numbers:
        """(steps, heads) numbers below 1 that decide the samples; a step's don't depend on how many steps there are."""
        return np.random.Generator(np.random.PCG64(self.seed)).random((steps, heads))


@dataclass(frozen=True)
class Constraint:
    """What one sample must be. forced: (steps, 3) rows of body, left and right hand that are kept, `FREE` elsewhere.

    min_steps, max_steps: of the outcome, its end left out; it has exactly that many when they are equal.
    codes_only: only tokens that stand for motion, so that every step has a code of each part. Without it the hands may
    generate specials, as in the published code, and become shorter than the body. longest_hold: steps in a row that may
    have the same code of every part, 0 for any number; then the likeliest step that is another comes. The variant
    *part*, whose parts don't know of each other, has no such limit.

    Raises `ValueError` for what no outcome can be.
    """

    forced: Rows | None = None
    min_steps: int = 0
    max_steps: int = MAX_STEPS
    codes_only: bool = False
    longest_hold: int = 0

    def __post_init__(self) -> None:
        if not 0 <= self.min_steps <= self.max_steps or self.max_steps < 1:
            raise ValueError(f"No outcome has at least {self.min_steps} and at most {self.max_steps} steps.")
        if self.longest_hold < 0:
            raise ValueError(f"The longest hold is {self.longest_hold} steps; it must be 0 or more.")
        if self.forced is not None and self.forced.ndim != 2:
            raise ValueError(f"Forced rows are (steps, heads), not of shape {self.forced.shape}.")
        if self.forced is not None and len(self.forced) > self.max_steps:
            raise ValueError(f"{len(self.forced)} steps are forced, but only {self.max_steps} are made.")


def log_softmax(logits: Numbers) -> Numbers:
    """(R,) logits to log-probabilities. Raises `RuntimeUnfit` when the runtime didn't give numbers."""
    shifted = logits - logits.max()
    result = shifted - np.log(np.exp(shifted).sum())
    if np.isnan(result[0]):
        raise RuntimeUnfit("The model's output is not a number in this precision. Choose float32.")
    return result


def margin(logits: Numbers) -> float:
    """Gap between the best and the second logit; infinite where there is no choice."""
    if len(logits) < 2:
        return float("inf")
    second, best = np.partition(logits, -2)[-2:]
    return float(best - second)


def choose(logits: Numbers, sampling: Sampling, uniform: float) -> int:
    """Index of the token that is taken; what may not be is at minus infinity. Ties go to the lowest index.

    Sampled by the inverse of the cumulative distribution in the order of the rows, so that logits which differ by a
    rounding, as those of two runtimes do, give the same token but for a chance as small as the rounding.
    """
    if sampling.temperature == 0:
        return int(logits.argmax())
    with np.errstate(over="ignore"):
        chances = np.exp((logits - logits.max()) / sampling.temperature)
    if sampling.top_k or sampling.top_p < 1:
        chances = _truncated(chances, sampling)
    cumulative = chances.cumsum()
    index = int(np.searchsorted(cumulative, uniform * cumulative[-1], side="right"))
    return min(index, int(np.flatnonzero(chances)[-1]))


def _truncated(chances: Numbers, sampling: Sampling) -> Numbers:
    """Chances with those at 0 that neither top-k nor top-p keeps."""
    order = np.argsort(-chances, kind="stable")
    count = min(sampling.top_k or len(order), len(order))
    cumulative = chances[order[:count]].cumsum()
    kept = order[: int(np.searchsorted(cumulative, sampling.top_p * cumulative[-1])) + 1]
    result = np.zeros_like(chances)
    result[kept] = chances[kept]
    return result
