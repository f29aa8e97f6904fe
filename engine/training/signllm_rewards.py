"""SignLLM's reinforcement loss and its Priority Learning Channel (Fang et al. 2024, arXiv 2405.10718), as we read them.

The user is the input, the agent the model, the environment the reference poses. The reward of sample i with N numbers
is `r_i = -(1/N) sum((y - y_hat)^2)`, and the objective is the greatest mean reward of what is drawn, whose gradient is
that of the mean squared error: what changes learning is which samples are drawn.

The paper draws sample i with probability `r_i^eta / sum_j r_j^eta`, which is no probability as rewards aren't positive.
Our reading: `P(i)` proportional to `exp(eta r_i)`, over the rewards that each sample got when it was last seen. A
positive eta prefers samples that are signed well already, a negative one those that aren't. The channel skips each
batch whose mean reward is in the lower half, which is below the running median of the last batches.
"""

from __future__ import annotations

from collections import deque
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .signllm_config import PoseLossConfig

Array = NDArray[np.floating]


class Drawing:
    """Which of `count` samples an epoch has, and which batches are skipped."""

    def __init__(self, count: int, config: PoseLossConfig) -> None:
        self._config = config
        self._rewards = np.full(count, np.nan)
        self._recent: deque[float] = deque(maxlen=config.window)

    def order(self, rng: np.random.Generator) -> NDArray[np.int64]:
        """The next samples: with `mse` those of an epoch, each once; else those of a round, by their rewards."""
        count = len(self._rewards)
        if self._config.kind == "mse":
            return rng.permutation(count)
        return rng.choice(count, max(count // self._config.rounds, 1), p=self.chances())

    def chances(self) -> Array:
        """(count,) probability of each sample; one that wasn't seen yet has the mean reward of the others."""
        seen = ~np.isnan(self._rewards)
        rewards = np.where(seen, self._rewards, self._rewards[seen].mean() if seen.any() else 0.0)
        logits = self._config.eta * rewards
        weights = np.exp(logits - logits.max())
        return weights / weights.sum()

    def reward(self, samples: NDArray[np.int64], rewards: Array) -> None:
        """Take in the rewards that samples got."""
        self._rewards[samples] = rewards

    def skips(self, reward: float) -> bool:
        """Whether a batch of that mean reward is skipped; it is taken in. The first half of a window is never."""
        recent = list(self._recent)
        self._recent.append(reward)
        if self._config.kind != "rl_plc" or len(recent) < self._config.window // 2:
            return False
        return reward < float(np.median(recent))

    def state(self) -> dict[str, Any]:
        """For a checkpoint."""
        return {"rewards": self._rewards.tolist(), "recent": list(self._recent)}

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from what `state` gave. Raises `ValueError` when it is of other samples."""
        if len(state["rewards"]) != len(self._rewards):
            raise ValueError(
                f"The checkpoint is of {len(state['rewards'])} samples and the data have {len(self._rewards)}."
            )
        self._rewards[:] = state["rewards"]
        self._recent.extend(state["recent"])
