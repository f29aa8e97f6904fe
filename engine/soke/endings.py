"""What a user is told of sentences that the model cut, or hurried through."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ..tokenizer.features import PARTS
from .decoding import Decoded
from .retrieval import LEAD, Chunk

_HASTE: Final = 0.75
"""Share of the steps of its signs in a row that no held-out clip of the synthetic corpus is shorter than (0.85), with
room below."""
_SHOWN: Final = 60
"""Characters of a sentence that a warning shows."""


def endings(
    chunks: Sequence[Chunk], decoded: Sequence[Decoded], most: int, step_seconds: float, *, sampled: bool, signs: bool
) -> list[str]:
    """Warnings of chunks that were decoded freely.

    most: steps that the model makes. sampled: another seed gives another outcome. signs: the dictionary's entries are
    signs as sentences have them, so that their lengths tell how long a sentence must be.
    """
    told = [_told(chunk, made, most, step_seconds, sampled, signs) for chunk, made in zip(chunks, decoded, strict=True)]
    return [warning for warning in told if warning]


def _told(chunk: Chunk, made: Decoded, most: int, step_seconds: float, sampled: bool, signs: bool) -> str:
    text, steps = repr(chunk.text[:_SHOWN]), len(made.rows[PARTS[0]])
    better = f"{'Another seed' if sampled else 'A temperature above 0'} or the mode of exact signs may do better."
    if not made.ended and steps >= most:
        limit = f"The model signs {most * step_seconds:.0f} seconds at most at a time"
        return f"{limit}: the end of {text} may be missing. Split the sentence."
    if not made.ended:
        return f"The model found no end for {text}, so that it was cut. {better}"
    needed = 2 * LEAD + sum(k.entry.steps for k in chunk.examples)
    if signs and chunk.examples and steps < _HASTE * needed:
        took, wanted = steps * step_seconds, needed * step_seconds
        return (
            f"The model took {took:.1f} s for {text}, whose signs take about {wanted:.1f} s: some are missing. {better}"
        )
    return ""
