"""What the generator reads: the text, and behind it the codes of signs that a dictionary has for its keywords.

Three styles. `key_word` and `brackets` are those of the published models: the codes of a step are three tokens, one
behind the other. `fused` is ours: the three codes of a step share a position, as in the decoder's input, which makes
the input a third as long and lets a position of the decoder find its like in it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ..tokenizer.features import PARTS
from .vocabulary import CODE_TOKENS, MAX_TOKENS, Vocabulary, escaped

KEYWORDS: Final = 3
"""Most retrieved signs of a prompt, ..."""
STEPS: Final = 10
"""... and most steps of each, as published."""
Style = Literal["key_word", "brackets", "fused"]
_KEY_WORD: Final = {"ASL": "Key word", "CSL": "关键词", "DGS": "Schlüsselwort"}

Codes = Mapping[str, Sequence[int]]
"""Codes of a sign by part, equally many of each."""
Rows = NDArray[np.int64]
"""(N, 3) rows of the vocabulary for body, left and right hand; a token of text is its row three times."""


@dataclass(frozen=True)
class PromptSettings:
    """How a model's input is made. keywords: most retrieved signs. steps: most steps of each. longest: of the input."""

    style: Style = "key_word"
    keywords: int = KEYWORDS
    steps: int = STEPS
    longest: int = MAX_TOKENS

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> PromptSettings:
        """Those of a bundle's generator; what it doesn't say is as published."""
        return cls(
            settings["prompt"],
            settings.get("keywords", KEYWORDS),
            settings.get("keyword_steps", STEPS),
            settings.get("longest_input", MAX_TOKENS),
        )

    def to_json(self) -> dict[str, Any]:
        """What `of` reads."""
        return {
            "prompt": self.style,
            "keywords": self.keywords,
            "keyword_steps": self.steps,
            "longest_input": self.longest,
        }


def encoder_input(
    vocabulary: Vocabulary,
    text: str,
    retrieved: Sequence[tuple[str, Codes]],
    language: str,
    settings: PromptSettings,
) -> Rows:
    """The input for a text and its retrieved signs as (word or gloss, codes), the first ones kept when it is too long.

    Raises `ValueError` for a language that the model doesn't know.
    """
    if settings.style == "fused":
        words, signs = vocabulary.word_rows(text), retrieved[: settings.keywords]
        blocks = [sign_block(vocabulary, gloss, codes, settings.steps) for gloss, codes in signs]
        return joined_input(vocabulary, thrice(words), blocks, language, settings.longest)
    style, keywords, steps = settings.style, settings.keywords, settings.steps
    written = prompt(text, retrieved, language, style=style, keywords=keywords, steps=steps)
    return thrice(vocabulary.input_rows(written, language, settings.longest))


def sign_to_text_input(vocabulary: Vocabulary, codes: Codes, language: str, longest: int = MAX_TOKENS) -> Rows:
    """The input of the reverse task: the steps of a signing, one position each, cut to `longest`."""
    tail = [vocabulary.end_row, vocabulary.sign_tag_row(language)]
    return np.concatenate([fused_rows(vocabulary, codes)[: longest - len(tail)], thrice(tail)])


def joined_input(vocabulary: Vocabulary, text: Rows, signs: Sequence[Rows], language: str, longest: int) -> Rows:
    """Signs, text, end and source tag. When it is too long, the last signs go first, and the text's end after them.

    The signs come first so that a step's position in the input is about its place in time: what a sign's gloss takes
    is about as long as the way to it. Attention finds along the diagonal what it would have to search for.
    """
    tail = thrice([vocabulary.end_row, vocabulary.source_tag_row(language)])
    text = text[: longest - len(tail)]
    left, kept = longest - len(tail) - len(text), []
    for block in signs:
        left -= len(block)
        if left < 0:
            break
        kept.append(block)
    return np.concatenate([*kept, text, tail])


def sign_block(vocabulary: Vocabulary, gloss: str, codes: Codes, steps: int) -> Rows:
    """A retrieved sign in the style `fused`: the pieces of its gloss, then a position for each kept step."""
    rows = fused_rows(vocabulary, codes)
    return np.concatenate([thrice(vocabulary.word_rows(f" {gloss}")), rows[kept_steps(len(rows), steps)]])


def fused_rows(vocabulary: Vocabulary, codes: Codes) -> Rows:
    """(T, 3) rows of codes by part; T is the length of the shortest part."""
    steps = min(len(codes[part]) for part in PARTS)
    columns = [vocabulary.code_rows(part, codes[part][:steps]) for part in PARTS]
    return np.array(columns, dtype=np.int64).reshape(len(PARTS), steps).T


def thrice(rows: Sequence[int] | Rows) -> Rows:
    """(N,) rows of text to (N, 3): fused they give the token's own embedding."""
    return np.repeat(np.asarray(rows, dtype=np.int64)[:, None], len(PARTS), axis=1)


def kept_steps(count: int, most: int) -> NDArray[np.int64]:
    """Which of `count` steps are kept when there may be `most`: evenly chosen, the first and the last among them."""
    return np.arange(count) if count <= most else np.linspace(0, count - 1, most).astype(np.int64)


def prompt(
    text: str,
    retrieved: Sequence[tuple[str, Codes]],
    language: str,
    *,
    style: Style = "key_word",
    keywords: int = KEYWORDS,
    steps: int = STEPS,
) -> str:
    """The published models' input for a text and its retrieved signs as (word, codes)."""
    result = escaped(text)
    for number, (word, codes) in enumerate(retrieved[:keywords], 1):
        name = f" {_KEY_WORD[language]} {number}, " if style == "key_word" else f" [{escaped(word)}]: "
        result += name + _tokens(codes, steps)
    return result


def _tokens(codes: Codes, steps: int) -> str:
    """`<motion_id_a><hand_id_b><rhand_id_c>` for each of at most `steps` evenly chosen steps."""
    count = min(len(codes[part]) for part in PARTS)
    return "".join(f"<{CODE_TOKENS[part]}_{codes[part][i]}>" for i in kept_steps(count, steps) for part in PARTS)
