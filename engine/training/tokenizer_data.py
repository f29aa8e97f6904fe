"""Windows of a corpus for the tokenizer's training, and their batches."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..tokenizer.features import FRAMES_PER_TOKEN
from .cache import Clip, ClipCache
from .statistics import Statistics
from .tokenizer_config import WindowConfig


@dataclass(frozen=True)
class WindowBatch:
    """features: (B, T, F) normalised, 0 behind the end of a clip. lengths: (B,) frames of each, whole codes."""

    features: NDArray[np.float32]
    lengths: NDArray[np.int64]


class Windows:
    """The windows of one split. Which ones an epoch has follows from the seed and the epoch alone."""

    def __init__(
        self, cache: ClipCache, clips: Sequence[Clip], statistics: Statistics, config: WindowConfig, seed: int
    ) -> None:
        longest = config.longest or max((clip.frames for clip in clips), default=0)
        shortest = max(config.shortest, FRAMES_PER_TOKEN)
        self.clips = [clip for clip in clips if shortest <= clip.frames <= longest]
        self._cache, self._statistics, self._config, self._seed = cache, statistics, config, seed
        if not self.clips:
            raise ValueError(f"The corpus has no clips of {shortest} to {longest} frames to train on.")

    def epoch(self, number: int) -> NDArray[np.int64]:
        """(W, 2) clip and first frame of each window, mixed."""
        rng = np.random.default_rng((self._seed, number))
        frames = np.array([clip.frames for clip in self.clips])
        fits = np.maximum(np.round(frames / self._config.frames), 1).astype(np.int64)
        count = np.ones_like(fits) if self._config.windows == "one" else fits
        chosen = np.repeat(np.arange(len(frames)), count)
        room = np.maximum(frames[chosen] - self._config.frames, 0)
        first = np.floor(rng.random(len(chosen)) * (room + 1)).astype(np.int64)
        windows = np.stack([chosen, first], axis=1)
        return windows[rng.permutation(len(windows))]

    def batch(self, windows: NDArray[np.int64]) -> WindowBatch:
        """The features of windows as `epoch` gives them."""
        return padded([self._window(int(clip), int(first)) for clip, first in windows], self._config.frames)

    def _window(self, clip: int, first: int) -> NDArray[np.float32]:
        features = self._cache.features(self.clips[clip])[first : first + self._config.frames]
        return self._statistics.normalised(features)


def whole_clips(
    cache: ClipCache, clips: Sequence[Clip], statistics: Statistics, batch: int
) -> Iterator[tuple[list[Clip], WindowBatch]]:
    """Whole clips in batches of like length, the longest first, with what they are."""
    ordered = sorted((c for c in clips if c.frames >= FRAMES_PER_TOKEN), key=lambda c: -c.frames)
    for first in range(0, len(ordered), batch):
        some = ordered[first : first + batch]
        longest = some[0].frames // FRAMES_PER_TOKEN * FRAMES_PER_TOKEN
        yield some, padded([statistics.normalised(cache.features(clip)) for clip in some], longest)


def padded(features: Sequence[NDArray[np.float32]], frames: int) -> WindowBatch:
    """Sequences (T, F), each cut to whole codes, as one batch (B, frames, F)."""
    result = np.zeros((len(features), frames, features[0].shape[1]), dtype=np.float32)
    lengths = np.array([len(x) // FRAMES_PER_TOKEN * FRAMES_PER_TOKEN for x in features], dtype=np.int64)
    for row, x, length in zip(result, features, lengths, strict=True):
        row[:length] = x[:length]
    return WindowBatch(result, lengths)
