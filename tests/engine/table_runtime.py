"""A generator without a model: logits drawn from what a sample was fed so far, so that decoding shows in them."""

from __future__ import annotations

import zlib
from collections.abc import Sequence

import numpy as np

from engine.soke.runtime import Heads, Logits, Rows, RuntimeUnfit, head_rows
from engine.soke.vocabulary import END, Vocabulary


class Letters:
    """A text tokenizer for the tests: a piece a letter."""

    def encode(self, text: str) -> list[int]:
        return [3 + ord(c) % 90 for c in text]

    def decode(self, pieces: list[int]) -> str:
        return "".join(chr(piece) for piece in pieces)

    def get_piece_size(self) -> int:
        return 100


WORDS = {i: i for i in range(130)}


def small_vocabulary(body: int = 7, hands: int = 5, tags: tuple[str, ...] | None = None) -> Vocabulary:
    """Three languages, and code books of these sizes."""
    sizes = {"body": body, "left_hand": hands, "right_hand": hands}
    return Vocabulary(Letters(), WORDS, sizes) if tags is None else Vocabulary(Letters(), WORDS, sizes, tags)


class TableRuntime:
    """Every history of a sample has its own logits. end: added to the logit of the end, to make takes short or long.

    text: whether it has an output of words. Counts the positions of all samples in `fed`.
    """

    name = "table"

    def __init__(self, vocabulary: Vocabulary, seed: int = 0, end: float = 0.0, text: bool = True) -> None:
        self.vocabulary, self.seed, self.end, self.text, self.fed = vocabulary, seed, end, text, 0

    def start(self, inputs: Sequence[Rows], steps: int, heads: Heads = "parts") -> TableSession:
        if heads == "text" and not self.text:
            raise RuntimeUnfit("It has no output of words.")
        return TableSession(self, [rows.tobytes() for rows in inputs], head_rows(self.vocabulary, heads), steps)


class TableSession:
    """What each sample was fed, one after the other."""

    def __init__(self, runtime: TableRuntime, histories: list[bytes], heads: list[Rows], steps: int) -> None:
        self._runtime, self._histories, self._heads, self._left = runtime, histories, heads, steps

    def step(self, rows: Rows) -> list[Logits]:
        assert len(rows) == len(self._histories), "rows of samples that the session doesn't have"
        assert self._left > 0, "more positions than it was told of"
        self._left -= 1
        self._runtime.fed += len(rows)
        self._histories = [h + row.tobytes() for h, row in zip(self._histories, rows, strict=True)]
        every = [self._logits(history) for history in self._histories]
        return [np.stack([logits[head] for logits in every]) for head in range(len(self._heads))]

    def select(self, index: Rows) -> None:
        self._histories = [self._histories[i] for i in index]

    def _logits(self, history: bytes) -> list[Logits]:
        rng = np.random.default_rng([self._runtime.seed, zlib.crc32(history)])
        logits = [rng.normal(0.0, 2.0, len(rows)).astype(np.float32) for rows in self._heads]
        for rows, own in zip(self._heads, logits, strict=True):
            own[np.searchsorted(rows, END)] += self._runtime.end
        return logits
