"""What the generator reads: the text, and behind it the codes of signs that a dictionary has for its keywords."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final, Literal

import numpy as np

from ..tokenizer.features import PARTS
from .vocabulary import CODE_TOKENS, escaped

KEYWORDS: Final = 3
"""Most retrieved signs of a prompt, ..."""
STEPS: Final = 10
"""... and most steps of each."""
Style = Literal["key_word", "brackets"]
_KEY_WORD: Final = {"ASL": "Key word", "CSL": "关键词", "DGS": "Schlüsselwort"}

Codes = Mapping[str, Sequence[int]]
"""Codes of a sign by part, equally many of each."""


def prompt(
    text: str,
    retrieved: Sequence[tuple[str, Codes]],
    language: str,
    *,
    style: Style = "key_word",
    keywords: int = KEYWORDS,
    steps: int = STEPS,
) -> str:
    """The model's input for a text and its retrieved signs as (word, codes)."""
    result = escaped(text)
    for number, (word, codes) in enumerate(retrieved[:keywords], 1):
        name = f" {_KEY_WORD[language]} {number}, " if style == "key_word" else f" [{escaped(word)}]: "
        result += name + _tokens(codes, steps)
    return result


def _tokens(codes: Codes, steps: int) -> str:
    """`<motion_id_a><hand_id_b><rhand_id_c>` for each of at most `steps` evenly chosen steps."""
    count = min(len(codes[part]) for part in PARTS)
    chosen = range(count) if count <= steps else np.linspace(0, count - 1, steps).astype(int)
    return "".join(f"<{CODE_TOKENS[part]}_{codes[part][i]}>" for i in chosen for part in PARTS)
