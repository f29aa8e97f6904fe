"""Sentences put together from signs of others: endless practice in following retrieved signs.

A sign as it was signed somewhere, with the way to the next one, is put behind another; begin and end come from whole
sentences. The words of the dictionary in signing order are the text.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .generator_data import Clip, Sign

SHORTEST, LONGEST = 2, 9
"""Signs of a spliced sentence."""

Codes = NDArray[np.int64]


@dataclass(frozen=True)
class Stock:
    """What a language's sentences are put together from. signs: by key, each way that it was signed."""

    begins: list[Codes]
    signs: dict[str, list[Codes]]
    ends: list[Codes]


class Splices:
    """Makes new sentences from the signs of clips whose signs' places are known."""

    def __init__(self, clips: Sequence[Clip], dictionary: Mapping[str, Sign], most_steps: int) -> None:
        """most_steps: of a sentence; signs that don't fit any more are left out."""
        self._dictionary, self._most = dictionary, most_steps
        self._stocks: dict[str, Stock] = defaultdict(lambda: Stock([], defaultdict(list), []))
        for clip in clips:
            if clip.places:
                self._take(clip)
        self._languages = sorted(self._stocks)
        sizes = np.array([len(self._stocks[code].signs) for code in self._languages], dtype=float)
        self._shares = sizes / max(sizes.sum(), 1.0)

    def _take(self, clip: Clip) -> None:
        stock = self._stocks[clip.language]
        firsts = [first for _, first, _ in clip.places]
        stock.begins.append(clip.codes[: firsts[0]])
        stock.ends.append(clip.codes[clip.places[-1][2] :])
        for (key, first, end), following in zip(clip.places, [*firsts[1:], clip.places[-1][2]], strict=True):
            if key in self._dictionary and max(end, following) > first:
                stock.signs[key].append(clip.codes[first : max(end, following)])

    def made(self, count: int, rng: np.random.Generator) -> Iterator[Clip]:
        """New sentences; a language comes up as often as it has signs."""
        for number in range(count if self._languages else 0):
            language = self._languages[rng.choice(len(self._languages), p=self._shares)]
            yield self._one(f"spliced-{number}", language, rng)

    def _one(self, name: str, language: str, rng: np.random.Generator) -> Clip:
        stock = self._stocks[language]
        known = list(stock.signs)
        begin, end = (pool[rng.integers(len(pool))] for pool in (stock.begins, stock.ends))
        parts, keys = [begin], []
        left = self._most - len(begin) - len(end)
        for key in (known[i] for i in rng.integers(len(known), size=rng.integers(SHORTEST, LONGEST + 1))):
            ways = stock.signs[key]
            codes = ways[rng.integers(len(ways))]
            if len(codes) <= left:
                parts.append(codes)
                keys.append(key)
                left -= len(codes)
        text = " ".join(self._dictionary[key].words[0] for key in keys if self._dictionary[key].words)
        return Clip(name, text, language, np.concatenate([*parts, end]), tuple(keys))
