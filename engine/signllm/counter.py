"""When a sequence ends: by the counter that the model predicts, and by nothing else.

Each frame has a counter that runs evenly from 1/T to 1 (Saunders et al. 2020). What is predicted isn't exact, so it is
kept from falling and from leaving 0 to 1, and the sequence ends with the frame whose counter is nearer to 1 than half
of its mean step so far: `c >= 1 - c / (2 t)` in frame t. An exact counter ends in frame T. An error of a third of a
frame changes nothing, and in a long sequence one of just under a half.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


class Counter:
    """The counters of a batch of B samples that are generated together."""

    def __init__(self, batch: int) -> None:
        self.value: NDArray[np.float64] = np.zeros(batch)
        self._frame = 0

    def advance(self, predicted: NDArray[Any]) -> NDArray[np.bool_]:
        """Take the (B,) counters of the next frame; whether each sample ends with it.

        `value` is then what is fed to the model with that frame.
        """
        self._frame += 1
        self.value = np.clip(np.maximum(self.value, np.nan_to_num(predicted)), 0.0, 1.0)
        return self.value * (1.0 + 0.5 / self._frame) >= 1.0
