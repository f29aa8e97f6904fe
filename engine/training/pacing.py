"""The loop that all trainings share: when they log, look at held-out clips, write checkpoints, and end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from tqdm import tqdm

from .config import RunConfig

Figures = dict[str, float]


class Running:
    """Means of figures since the last line of the log."""

    def __init__(self) -> None:
        self._values: dict[str, list[float]] = {}

    def add(self, figures: Figures) -> None:
        """Take in those of one step."""
        for key, value in figures.items():
            self._values.setdefault(key, []).append(value)

    def mean(self) -> Figures:
        """The means."""
        return {key: sum(values) / len(values) for key, values in self._values.items()}


@dataclass(frozen=True)
class Pacing:
    """What a training does at its own pace. steps: in all. done: so far. spent: takes in the seconds of this run.

    rate: the learning rate now. log: figures, and the bar to write above.
    """

    steps: int
    done: Callable[[], int]
    spent: Callable[[float], None]
    rate: Callable[[], float]
    log: Callable[[Figures, Any], None]
    validate: Callable[[], Figures]
    write: Callable[[], None]


def paced(figures_of_steps: Iterable[Figures], pacing: Pacing, run: RunConfig, shown: bool | None) -> None:
    """Go through the steps to their end, or to where the settings stop it; a checkpoint is there then.

    shown: whether there is a bar; `None` where somebody looks.
    """
    began, running = time.monotonic(), Running()
    bar = tqdm(total=pacing.steps, initial=pacing.done(), unit="step", disable=None if shown is None else not shown)
    for figures in figures_of_steps:
        seconds = time.monotonic() - began
        pacing.spent(seconds)
        running.add(figures)
        bar.update()
        step, last = pacing.done(), pacing.done() == pacing.steps
        if step % run.log_every == 0 or last:
            pacing.log(running.mean() | {"rate": pacing.rate()}, bar)
            running = Running()
        if step % run.validate_every == 0 or last:
            pacing.log(pacing.validate(), bar)
        over = step == run.until or (bool(run.minutes) and seconds > 60 * run.minutes)
        if step % run.checkpoint_every == 0 or last or over:
            pacing.write()
        if over:
            break
    bar.close()
