"""The segments of generated motion: each sign with the dictionary entry that conditioned it, and what has none."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from ..lexicon.loader import Lexicon
from ..lexicon.recorded import Entry
from ..take import Segment
from ..tokenizer.features import FRAMES_PER_TOKEN
from .joining import Placed
from .retrieval import Chunk, Keyword, Other
from .segments import Span

_GAP: Final = 4
"""Steps without a known sign from which on they are a segment of their own, where the text has words left."""
_NAME_LENGTH: Final = 40


@dataclass(frozen=True)
class Signer:
    """What segments are named by. others: words of the text without an example."""

    lexicon: Lexicon
    text: str
    others: tuple[Other, ...]

    def segments(self, chunk: Chunk, spans: Sequence[Span], placed: Placed, fps: float) -> list[Segment]:
        """Segments of one chunk. spans: steps of its examples. placed: where its frames lie in the whole."""
        signs = entries_by_key(self.lexicon)
        examples = chunk.examples
        result: list[Segment] = []
        for (_, _), run in itertools.groupby(spans, lambda s: _group(examples[s.sign], s.sign)):
            own = list(run)
            keywords = [examples[s.sign] for s in own]
            start, end = placed.seconds(own[0].first, own[-1].end, fps)
            if end > start:
                result.append(_signed(keywords, start, end, signs))
        return [*result, *self._unnamed(chunk, spans, placed, fps)]

    def _unnamed(self, chunk: Chunk, spans: Sequence[Span], placed: Placed, fps: float) -> list[Segment]:
        """Motion that no example stands for: the whole chunk, or long gaps where words are left."""
        if not spans:
            first, end = placed.first // FRAMES_PER_TOKEN, -(-placed.end // FRAMES_PER_TOKEN)
            span = chunk.span if chunk.span[1] > chunk.span[0] else (0, 0)
            return [self._made(first, end, chunk.text, span, placed, fps)]
        examples = chunk.examples
        result = []
        for before, after in itertools.pairwise(spans):
            span = (examples[before.sign].text_span[1], examples[after.sign].text_span[0])
            words = [o for o in self.others if o.fate == "model" and span[0] <= o.text_span[0] < span[1]]
            if words and after.first - before.end >= _GAP:
                covered = (words[0].text_span[0], words[-1].text_span[1])
                name = " ".join(dict.fromkeys(o.word for o in words))
                result.append(self._made(before.end, after.first, name, covered, placed, fps))
        return result

    def _made(self, first: int, end: int, name: str, span: tuple[int, int], placed: Placed, fps: float) -> Segment:
        start, stop = placed.seconds(first, end, fps)
        line = " ".join(name.split())
        short = line if len(line) <= _NAME_LENGTH else line[: _NAME_LENGTH - 1] + "…"
        return Segment(short, start, stop, "generated", span)


def entries_by_key(lexicon: Lexicon) -> Mapping[str, Entry]:
    """All entries of a language, letters and numbers too, by their key."""
    everything = (*lexicon.numbers.values(), *lexicon.letters.values(), *lexicon.signs.values())
    return {entry.key: entry for entry in everything}


def _group(keyword: Keyword, number: int) -> tuple[int, int]:
    """The same for the letters of a word, else another one for each sign."""
    return (keyword.group, -1) if keyword.group >= 0 else (-1, number)


def _signed(keywords: Sequence[Keyword], start: float, end: float, signs: Mapping[str, Entry]) -> Segment:
    first = keywords[0]
    entries = [signs[k.sign] for k in keywords if k.sign in signs]
    return Segment(
        gloss=first.whole,
        start=start,
        end=end,
        origin="generated",
        text_span=first.text_span,
        source=", ".join(dict.fromkeys(k.entry.key for k in keywords)),
        author=", ".join(dict.fromkeys(e.author for e in entries if e.author)),
        licence=", ".join(dict.fromkeys(e.licence for e in entries if e.licence)),
        reviewed_by=", ".join(dict.fromkeys(e.reviewed_by for e in entries if e.reviewed_by)),
    )
