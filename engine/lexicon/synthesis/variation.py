"""What differs from one time to the next that a sign is made: place in space and size, never a contact."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .beats import Beat
from .landmarks import Landmarks
from .paths import Paths
from .targets import Targets

Array = NDArray[np.floating]

_PLACE = np.array([0.010, 0.010, 0.012])
"""Metres (out, up, forward) of standard deviation at full variation."""
_SIZE = 0.12
"""Share of a path's size, likewise."""
_MOST = 2.0
"""Standard deviations."""


@dataclass(frozen=True)
class Variation:
    """Of B beats; all beats of an item share theirs."""

    place: Array
    """(B, 3) metres (out, up, forward)."""
    size: Array
    """(B,) factors of the paths' sizes."""

    @classmethod
    def of(cls, beats: list[Beat], amount: float, rng: np.random.Generator) -> Variation:
        """amount: 0 for none, 1 for a lively signer."""
        items = np.array([beat.item for beat in beats])
        drawn = amount * np.clip(rng.standard_normal((int(items.max(initial=0)) + 2, 4)), -_MOST, _MOST)
        # rest has the item -1, which is the last row
        drawn[-1] = 0.0
        return cls(drawn[items, :3] * _PLACE, 1.0 + _SIZE * drawn[items, 3])

    def moved(self, targets: Targets, beats: list[Beat], marks: Landmarks) -> Targets:
        """Targets in free space at other places; two hands of a sign move together."""
        free = ~targets.contact & ~targets.on_other
        free &= np.array([p.at is not None and marks.is_space(p.at) for p in targets.postures])
        # the one hand's out is the other one's in, unless both mirror each other
        mirrored = np.array([beats[b].mirrored for b in targets.beats])
        out = np.where(mirrored & (targets.side == "left"), 1.0, -1.0)
        shift = self.place[targets.beats] * np.stack([out, np.ones_like(out), np.ones_like(out)], axis=1)
        return dataclasses.replace(targets, shift=targets.shift + np.where(free[:, None], shift, 0.0))

    def sized(self, paths: Paths, targets: Targets) -> Paths:
        """Paths of other sizes."""
        return dataclasses.replace(paths, size=paths.size * self.size[targets.beats])
