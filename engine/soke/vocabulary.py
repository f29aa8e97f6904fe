"""The vocabulary of the generator: words of three spoken languages, tags, and the codes of three parts as tokens.

A *token id* is what the text tokenizer says, a *row* is the place in the model's embedding: the published models keep
only the rows of words that their corpora use.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final, Protocol

from ..tokenizer.features import PARTS

START, PAD, END, UNKNOWN = 0, 1, 2, 3
"""Token ids and rows of the special tokens."""
MAX_TOKENS: Final = 256
"""Length of the model's input, specials included."""

SOURCE_TAGS: Final = {"ASL": "en_XX", "CSL": "zh_CN", "DGS": "de_DE"}
"""Tag of the text by signed language."""
SIGN_TAGS: Final = {"ASL": "en_ASL", "CSL": "zh_CSL", "DGS": "de_DGS"}
"""Tag that the decoder starts from."""
CODE_TOKENS: Final = {"body": "motion_id", "left_hand": "hand_id", "right_hand": "rhand_id"}
EXTRA_CODES: Final = 3
"""Code tokens that each part has over its code book."""
_CODE = re.compile(r"<(motion_id|hand_id|rhand_id)_(\d+)>")

_MBART_TAGS: Final = (
    "ar_AR", "cs_CZ", "de_DE", "en_XX", "es_XX", "et_EE", "fi_FI", "fr_XX", "gu_IN", "hi_IN", "it_IT", "ja_XX", "kk_KZ",
    "ko_KR", "lt_LT", "lv_LV", "my_MM", "ne_NP", "nl_XX", "ro_RO", "ru_RU", "si_LK", "tr_TR", "vi_VN", "zh_CN",
)  # fmt: skip
"""Language tags of mBART-cc25 in the order of their ids, which follow those of the words."""


class Pieces(Protocol):
    """A sentencepiece model."""

    def encode(self, text: str) -> list[int]:
        """Ids of the text's pieces."""
        ...

    def get_piece_size(self) -> int:
        """How many pieces the model has."""
        ...


@dataclass(frozen=True)
class Vocabulary:
    """words: token id -> row, for the words that the model knows. sizes: of the code books by part."""

    pieces: Pieces
    words: Mapping[int, int]
    sizes: Mapping[str, int]
    sign_tags: tuple[str, ...] = tuple(SIGN_TAGS.values())

    @property
    def rows(self) -> int:
        """Rows of the whole embedding."""
        return self._codes_begin + sum(self._counts.values())

    @cached_property
    def _base(self) -> int:
        return max(self.words.values()) + 1

    @property
    def _codes_begin(self) -> int:
        return self._base + len(self.sign_tags)

    @cached_property
    def _counts(self) -> dict[str, int]:
        return {part: self.sizes[part] + EXTRA_CODES for part in PARTS}

    @cached_property
    def first_code(self) -> dict[str, int]:
        """Row of each part's code 0."""
        firsts, row = {}, self._codes_begin
        for part in PARTS:
            firsts[part] = row
            row += self._counts[part]
        return firsts

    def sign_tag_row(self, language: str) -> int:
        """Row of a signed language's tag."""
        return self._base + self.sign_tags.index(SIGN_TAGS[language])

    def source_tag_row(self, language: str) -> int:
        """Row of the tag of a text from which that language is signed."""
        return self._row(self._tag_id(SOURCE_TAGS[language]))

    def allowed_rows(self, part: str) -> tuple[int, ...]:
        """Rows that a part may generate: its codes, the specials and the tags, in ascending order."""
        mask = self._row(self.pieces.get_piece_size() + len(_MBART_TAGS) + 1)
        tags = [*(self.source_tag_row(x) for x in SOURCE_TAGS), mask, *range(self._base, self._codes_begin)]
        first = self.first_code[part]
        return tuple(sorted({*map(self._row, range(4)), *tags, *range(first, first + self._counts[part])}))

    def code_of(self, part: str, row: int) -> int | None:
        """The code that a row stands for in a part; `None` for all other tokens."""
        code = row - self.first_code[part]
        return code if 0 <= code < self._counts[part] else None

    def input_rows(self, text: str, language: str) -> list[int]:
        """Rows of the model's input: the text's tokens, the end and the source tag, cut to `MAX_TOKENS`.

        Code tokens like `<motion_id_7>` in the text are taken as such: what a user types is to be escaped before.
        """
        rows = [row for chunk in _chunks(text) for row in self._rows_of(chunk)]
        return [*rows[: MAX_TOKENS - 2], self._row(END), self.source_tag_row(language)]

    def _rows_of(self, chunk: str | tuple[str, int]) -> list[int]:
        if isinstance(chunk, str):
            return [self._row(piece + 1 if piece >= END + 1 else UNKNOWN) for piece in self.pieces.encode(chunk)]
        part, code = chunk
        return [self.first_code[part] + code if code < self._counts[part] else self._row(UNKNOWN)]

    def _tag_id(self, tag: str) -> int:
        return self.pieces.get_piece_size() + 1 + _MBART_TAGS.index(tag)

    def _row(self, token: int) -> int:
        return self.words.get(token, self.words[UNKNOWN])


def escaped(text: str) -> str:
    """A user's text in which nothing reads as a code token."""
    return _CODE.sub(lambda m: m[0].replace("<", "< "), text)


def _chunks(text: str) -> list[str | tuple[str, int]]:
    """The text between code tokens, and the code tokens as (part, code)."""
    parts = {token: part for part, token in CODE_TOKENS.items()}
    result: list[str | tuple[str, int]] = []
    at = 0
    for match in _CODE.finditer(text):
        if match.start() > at:
            result.append(text[at : match.start()])
        result.append((parts[match[1]], int(match[2])))
        at = match.end()
    if at < len(text):
        result.append(text[at:])
    return result
