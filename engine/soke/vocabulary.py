"""The vocabulary of the generator: words of the spoken languages, tags, and the codes of three parts as tokens.

A *token id* is what the text tokenizer says, a *row* is the place in the model's embedding: the published models keep
only the rows of words that their corpora use.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol

from ..tokenizer.features import PARTS

START, PAD, END, UNKNOWN = 0, 1, 2, 3
"""Token ids and rows of the special tokens."""
MAX_TOKENS: Final = 256
"""Length of the published model's input, specials included."""

SOURCE_TAGS: Final = {"ASL": "en_XX", "CSL": "zh_CN", "DGS": "de_DE"}
"""Tag of the text by signed language, in the published models."""
SIGN_TAGS: Final = {"ASL": "en_ASL", "CSL": "zh_CSL", "DGS": "de_DGS"}
"""Tag that the decoder starts from, in the published models."""
_PART_TAGS: Final = {"body": "", "left_hand": "_lhand", "right_hand": "_rhand"}
"""What the tag of each part ends in where the parts are decoded one after the other (variant *part*)."""
CODE_TOKENS: Final = {"body": "motion_id", "left_hand": "hand_id", "right_hand": "rhand_id"}
EXTRA_CODES: Final = 3
"""Code tokens that each part has over its code book."""
_CODE = re.compile(r"<(motion_id|hand_id|rhand_id)_(\d+)>")

MBART_TAGS: Final = (
    "ar_AR", "cs_CZ", "de_DE", "en_XX", "es_XX", "et_EE", "fi_FI", "fr_XX", "gu_IN", "hi_IN", "it_IT", "ja_XX", "kk_KZ",
    "ko_KR", "lt_LT", "lv_LV", "my_MM", "ne_NP", "nl_XX", "ro_RO", "ru_RU", "si_LK", "tr_TR", "vi_VN", "zh_CN",
)  # fmt: skip
"""Language tags of mBART-cc25 in the order of their ids, which follow those of the words."""


class Pieces(Protocol):
    """A sentencepiece model."""

    def encode(self, text: str) -> list[int]:
        """Ids of the text's pieces."""
        ...

    def decode(self, pieces: list[int]) -> str:
        """The text that pieces spell."""
        ...

    def get_piece_size(self) -> int:
        """How many pieces the model has."""
        ...


def sign_tags(languages: Mapping[str, str], *, by_part: bool = False) -> tuple[str, ...]:
    """Tags of signed languages (code -> ISO code of the texts); of each part, for the variant *part*."""
    parts = PARTS if by_part else PARTS[:1]
    return tuple(f"{spoken}_{code}{_PART_TAGS[part]}" for code, spoken in languages.items() for part in parts)


def source_tags(languages: Mapping[str, str]) -> dict[str, str]:
    """Tag of the texts by signed language (code -> ISO code of the texts). Raises `ValueError`: mBART has no such."""
    tags = {tag.split("_")[0]: tag for tag in MBART_TAGS}
    unknown = sorted({spoken for spoken in languages.values() if spoken not in tags})
    if unknown:
        raise ValueError(f"There is no tag for texts in {', '.join(unknown)}; there are: {', '.join(tags)}.")
    return {code: tags[spoken] for code, spoken in languages.items()}


@dataclass(frozen=True)
class Vocabulary:
    """words: token id -> row, for the words that the model knows. sizes: of the code books by part.

    sign_tags: `<language of the text>_<signed language>`, and those of the hands where parts have their own.
    source_tags: signed language -> mBART's tag of the text.
    """

    pieces: Pieces
    words: Mapping[int, int]
    sizes: Mapping[str, int]
    sign_tags: tuple[str, ...] = tuple(SIGN_TAGS.values())
    source_tags: Mapping[str, str] = field(default_factory=lambda: SOURCE_TAGS)

    @classmethod
    def of(cls, pieces: Pieces, words: Mapping[int, int], settings: Mapping[str, Any]) -> Vocabulary:
        """As a bundle's settings of the generator say; without tags in them it has the published ones."""
        tags = tuple(settings.get("sign_tags", SIGN_TAGS.values()))
        return cls(pieces, words, settings["sizes"], tags, settings.get("source_tags", SOURCE_TAGS))

    @property
    def end_row(self) -> int:
        """Row of the token that ends a text, and the body's codes."""
        return self._row(END)

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the signed languages that it has."""
        return tuple(self.source_tags)

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

    def sign_tag_row(self, language: str, part: str = "body") -> int:
        """Row of a signed language's tag; `part` matters where each part has its own. Raises `ValueError`."""
        wanted = language + _PART_TAGS[part]
        for number, tag in enumerate(self.sign_tags):
            if tag.partition("_")[2] == wanted:
                return self._base + number
        raise ValueError(f"The model has no tag for {wanted}; it has: {', '.join(self.sign_tags)}.")

    def source_tag_row(self, language: str) -> int:
        """Row of the tag of a text from which that language is signed. Raises `ValueError`."""
        if language not in self.source_tags:
            raise ValueError(f"The model doesn't know {language}; it knows: {', '.join(self.source_tags)}.")
        return self._row(self._tag_id(self.source_tags[language]))

    def allowed_rows(self, part: str) -> tuple[int, ...]:
        """Rows that a part may generate: its codes, the specials and the tags, in ascending order."""
        mask = self._row(self.pieces.get_piece_size() + len(MBART_TAGS) + 1)
        tags = [*map(self.source_tag_row, self.source_tags), mask, *range(self._base, self._codes_begin)]
        first = self.first_code[part]
        return tuple(sorted({*map(self._row, range(4)), *tags, *range(first, first + self._counts[part])}))

    def text_rows(self) -> tuple[int, ...]:
        """Rows that a text may consist of, the end included, in ascending order."""
        last = self.pieces.get_piece_size()
        return tuple(sorted({row for token, row in self.words.items() if END <= token <= last}))

    def code_of(self, part: str, row: int) -> int | None:
        """The code that a row stands for in a part; `None` for all other tokens."""
        code = row - self.first_code[part]
        return code if 0 <= code < self._counts[part] else None

    def code_rows(self, part: str, codes: Iterable[int]) -> list[int]:
        """Rows of a part's codes; the row of the unknown for a code that the code book lacks."""
        first, count = self.first_code[part], self._counts[part]
        return [first + code if 0 <= code < count else self._row(UNKNOWN) for code in codes]

    def word_rows(self, text: str) -> list[int]:
        """Rows of a text's pieces. Nothing in it is read as a code token."""
        return [self._row(piece + 1 if piece > END else UNKNOWN) for piece in self.pieces.encode(text)]

    def text_of(self, rows: Sequence[int]) -> str:
        """The text that generated rows spell; tags and specials are left out."""
        tokens = [self._tokens.get(row, UNKNOWN) for row in rows]
        return self.pieces.decode([t - 1 for t in tokens if UNKNOWN < t <= self.pieces.get_piece_size()])

    def input_rows(self, text: str, language: str, longest: int = MAX_TOKENS) -> list[int]:
        """Rows of the model's input: the text's tokens, the end and the source tag, cut to `longest`.

        Code tokens like `<motion_id_7>` in the text are taken as such: what a user types is to be escaped before.
        """
        rows = [row for chunk in _chunks(text) for row in self._rows_of(chunk)]
        return [*rows[: longest - 2], self._row(END), self.source_tag_row(language)]

    def _rows_of(self, chunk: str | tuple[str, int]) -> list[int]:
        return self.word_rows(chunk) if isinstance(chunk, str) else self.code_rows(chunk[0], [chunk[1]])

    @cached_property
    def _tokens(self) -> dict[int, int]:
        """Row -> token id."""
        return {row: token for token, row in self.words.items()}

    def _tag_id(self, tag: str) -> int:
        return self.pieces.get_piece_size() + 1 + MBART_TAGS.index(tag)

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
