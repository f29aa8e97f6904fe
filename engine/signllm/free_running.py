"""Generating frames one after the other, whatever runs the model. NumPy only."""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from .counter import Counter

Frames = NDArray[np.float32]


class FrameSession(Protocol):
    """A batch of B samples whose text was read, with the frames so far."""

    def step(self, frames: Frames) -> Frames:
        """The next frames (B, values + 1) after the ones given, of the same shape."""
        ...


def run(
    session: FrameSession, batch: int, size: int, longest: int, progress: Callable[[float], None] = lambda _: None
) -> list[Frames]:
    """Frames (T_i, size) of each sample, from the zero frame on until its counter ends it, at most `longest`.

    The counter of what is given back is the one that was fed. progress: called between frames with the least counter;
    what it raises ends the generating. Neither length, first frame nor counter of any reference is taken in.
    """
    counter = Counter(batch)
    frame = np.zeros((batch, size), np.float32)
    lengths = np.full(batch, longest)
    running = np.ones(batch, bool)
    made = []
    for number in range(1, longest + 1):
        frame = np.array(session.step(frame), np.float32)
        ends = counter.advance(frame[:, -1])
        frame[:, -1] = counter.value
        made.append(frame)
        lengths[running & ends] = number
        running &= ~ends
        progress(float(counter.value.min()))
        if not running.any():
            break
    whole = np.stack(made, axis=1)
    return [whole[i, : lengths[i]] for i in range(batch)]


def ended(frames: Frames) -> bool:
    """Whether generated frames (T, values + 1) were ended by their counter, not by the limit."""
    return bool(frames[-1, -1] * (1.0 + 0.5 / len(frames)) >= 1.0)
