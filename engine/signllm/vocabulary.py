"""What goes into SignLLM's models as tokens: texts in pieces, and LangGloss, glosses that carry their language.

Words that the model doesn't know are given to it letter by letter, so that it can spell any name, as signers do.
Chinese texts are parted into the words that it knows, so that a word is the same pieces alone and in a sentence.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final, Protocol

from .. import languages
from ..text.chinese import segment
from ..text.spelling import letters_of, written_letters

PAD, START, END, SPELL = 0, 1, 2, 3
"""Tokens of both vocabularies: filling, begin and end, and (of texts) what stands before a word in letters."""
SPECIALS: Final = 4
LONGEST_TEXT: Final = 256
"""Most tokens of a text, the language's tag and the end included."""
_WORD = re.compile(r"[^\W_]+")
_HAN = re.compile(r"[\u3400-\u9fff\uf900-\ufaff]+")
"""Chinese, which has no blanks between words."""
_POINTING: Final = 8
"""Glosses of a text that no letter of it says."""

SPELLED: Final = "fs-"
NUMBER: Final = "#"
_LANG_GLOSS = re.compile(r"<([A-Z]+(?:-[A-Z]+)*)_([^\s<>]+)>")
_MARKS = re.compile(r"(?:(?:1|2|3[a-d]|x)-)?(?P<gloss>.+?)(?:-(?:1|2|3[a-d]|x))?\+*")
"""A gloss with the places and the repetition of `engine.gloss.notation` around it."""


class Pieces(Protocol):
    """A sentencepiece model."""

    def encode(self, text: str) -> list[int]:
        """Ids of the text's pieces."""
        ...

    def piece_to_id(self, piece: str) -> int:
        """The id of one piece, that of the unknown when there is none."""
        ...

    def unk_id(self) -> int:
        """The id of the unknown."""
        ...

    def get_piece_size(self) -> int:
        """How many pieces the model has."""
        ...


def normalised(text: str) -> str:
    """A text as the models read it: NFKC, without case, blanks as one."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def spaced(text: str, words: Collection[str]) -> str:
    """A text with blanks between its Chinese words; a character that belongs to none of `words` is one by itself."""
    return " ".join(_HAN.sub(lambda run: f" {' '.join(segment(run[0], words))} ", text).split())


def words_of(text: str) -> list[str]:
    """The words of a text that is normalised and `spaced`."""
    return _WORD.findall(text)


def known_words(texts: Iterable[str], fewest: int) -> frozenset[str]:
    """The words of a training's texts, normalised and `spaced`, that are in them at least `fewest` times."""
    counts = Counter(word for text in texts for word in words_of(text))
    return frozenset(word for word, count in counts.items() if count >= fewest)


def most_glosses(text: str) -> int:
    """As many glosses as a text can mean: one a letter, and a few that point at what names stand for."""
    return sum(len(written_letters(word)) for word in words_of(normalised(text))) + _POINTING


@dataclass(frozen=True)
class TextVocabulary:
    """Tokens of texts. words: those that are given in pieces, all others letter by letter. codes: signed languages.

    Tokens: the specials, a tag of each language, the pieces.
    """

    pieces: Pieces
    words: frozenset[str]
    codes: tuple[str, ...]

    @classmethod
    def from_settings(cls, pieces: Pieces, settings: Any) -> TextVocabulary:
        """As `settings` were stored. Raises `ValueError`."""
        if not isinstance(settings, Mapping):
            raise ValueError("the vocabulary holds no fields")
        return cls(pieces, frozenset(_texts(settings, "words")), tuple(_texts(settings, "languages")))

    @property
    def settings(self) -> dict[str, list[str]]:
        """What is to be stored beside the pieces."""
        return {"languages": list(self.codes), "words": sorted(self.words)}

    def __len__(self) -> int:
        """How many tokens there are: the model's `pieces`."""
        return self._first_piece + self.pieces.get_piece_size()

    def encode(self, text: str, code: str, longest: int = LONGEST_TEXT) -> list[int]:
        """The language's tag, the tokens of a text, the end; cut to `longest`.

        Raises `ValueError` for a language that it hasn't.
        """
        tokens = [token for chunk in self._chunks(self._read(text)) for token in chunk]
        return self._whole(tokens, code, longest)

    def encode_spelled(self, word: str, code: str, longest: int = LONGEST_TEXT) -> list[int]:
        """The tokens of a word in letters, whether it is known or not. Raises what `encode` does."""
        return self._whole(self._spelled(normalised(word)), code, longest)

    def unknown(self, text: str) -> list[str]:
        """The words of a text that are given letter by letter."""
        return [word for word in words_of(self._read(text)) if word not in self.words]

    def _read(self, text: str) -> str:
        return spaced(normalised(text), self.words)

    @property
    def _first_piece(self) -> int:
        return SPECIALS + len(self.codes)

    def _chunks(self, text: str) -> Iterator[list[int]]:
        """Tokens of the text between unknown words, and of these."""
        at = 0
        for match in _WORD.finditer(text):
            if match[0] not in self.words:
                yield self._plain(text[at : match.start()])
                yield self._spelled(match[0])
                at = match.end()
        yield self._plain(text[at:])

    def _whole(self, tokens: list[int], code: str, longest: int) -> list[int]:
        if code not in self.codes:
            raise ValueError(f"The model doesn't know {code}; it knows {', '.join(self.codes)}.")
        return [SPECIALS + self.codes.index(code), *tokens[: longest - 2], END]

    def _spelled(self, word: str) -> list[int]:
        letters = written_letters(word)
        return [SPELL, *(self._first_piece + piece for letter in letters for piece in self._letter(letter))]

    def _plain(self, text: str) -> list[int]:
        return [self._first_piece + piece for piece in self.pieces.encode(text.strip())]

    def _letter(self, letter: str) -> list[int]:
        """The piece of one letter, or those of its bytes."""
        piece = self.pieces.piece_to_id(letter)
        if piece != self.pieces.unk_id():
            return [piece]
        return [self.pieces.piece_to_id(f"<0x{byte:02X}>") for byte in letter.encode()]


def lang_gloss(code: str, gloss: str) -> str:
    """A gloss with its language: `<ASL_HELLO>`."""
    return f"<{code}_{gloss}>"


def parted(token: str) -> tuple[str, str]:
    """Language and gloss of a LangGloss token. Raises `ValueError` for what is none."""
    match = _LANG_GLOSS.fullmatch(token)
    if match is None:
        raise ValueError(f"{token[:80]!r} is no gloss with a language like <ASL_HELLO>.")
    return match[1], match[2]


def unmarked(gloss: str) -> str:
    """A gloss without its places and its repetition: `GIVE` of `1-GIVE-2++`."""
    match = _MARKS.fullmatch(gloss)
    return match["gloss"] if match else gloss


def is_lang_gloss(text: str) -> bool:
    """Whether a text is LangGloss tokens, with blanks between them."""
    tokens = text.split()
    return bool(tokens) and all(_LANG_GLOSS.fullmatch(token) for token in tokens)


def lang_glosses(code: str, glosses: Iterable[str], alphabet: Collection[str]) -> list[str]:
    """Glosses of a plan as LangGloss; a spelled word `fs-ANNA` is a token a letter, which are keys of the alphabet."""
    spoken = languages.get(code).spoken
    made: list[str] = []
    for gloss in glosses:
        if gloss.startswith(SPELLED):
            letters, _ = letters_of(gloss.removeprefix(SPELLED), alphabet, spoken)
            made += [lang_gloss(code, SPELLED + letter) for letter in letters]
        else:
            made.append(lang_gloss(code, "".join(gloss.split())))
    return made


@dataclass(frozen=True)
class GlossVocabulary:
    """Tokens of LangGloss: the specials (`SPELL` isn't used), then `tokens`."""

    tokens: tuple[str, ...]

    @classmethod
    def of_lines(cls, lines: Iterable[str], alphabets: Mapping[str, Iterable[str]]) -> GlossVocabulary:
        """The vocabulary of lines of LangGloss. alphabets: letters of each language, which it has in any case."""
        there = {token for line in lines for token in line.split()}
        letters = {lang_gloss(code, SPELLED + x) for code, alphabet in alphabets.items() for x in alphabet}
        wrong = next((token for token in sorted(there) if _LANG_GLOSS.fullmatch(token) is None), None)
        if wrong is not None:
            parted(wrong)
        return cls(tuple(sorted(there | letters)))

    @classmethod
    def from_settings(cls, settings: Any) -> GlossVocabulary:
        """As `settings` were stored. Raises `ValueError`."""
        tokens = _texts({"glosses": settings}, "glosses")
        for token in tokens:
            parted(token)
        return cls(tuple(tokens))

    @property
    def settings(self) -> list[str]:
        """What is to be stored."""
        return list(self.tokens)

    def __len__(self) -> int:
        """How many tokens there are: the `pieces` of the model to poses, the `glosses` of the one from prompts."""
        return SPECIALS + len(self.tokens)

    @property
    def codes(self) -> tuple[str, ...]:
        """The languages that it has glosses of."""
        return tuple(sorted({parted(token)[0] for token in self.tokens}))

    def encode(self, line: str | Iterable[str], longest: int = LONGEST_TEXT) -> list[int]:
        """Rows of LangGloss tokens and the end, cut to `longest`; see `known` for what it lacks."""
        tokens = line.split() if isinstance(line, str) else line
        rows = [self._rows[known] for token in tokens for known in self.known(token)]
        return [*rows[: longest - 1], END]

    def decode(self, rows: Iterable[int]) -> list[str]:
        """The tokens of rows; specials are left out."""
        return [self.tokens[row - SPECIALS] for row in rows if SPECIALS <= row < len(self)]

    def known(self, token: str) -> list[str]:
        """The token itself when it is there; else without its places and repetition; else in digits or letters.

        Letters that the language lacks are left out. Raises `ValueError` for what is no LangGloss.
        """
        if token in self._rows:
            return [token]
        code, gloss = parted(token)
        plain = unmarked(gloss)
        if lang_gloss(code, plain) in self._rows:
            return [lang_gloss(code, plain)]
        if plain.startswith(NUMBER):
            digits = (lang_gloss(code, NUMBER + digit) for digit in plain if digit.isdigit())
            return [digit for digit in digits if digit in self._rows]
        word = plain.removeprefix(SPELLED)
        return [x for x in lang_glosses(code, [SPELLED + word], self.alphabet(code)) if x in self._rows]

    def of_language(self, code: str) -> list[int]:
        """Rows of a language's tokens, ascending."""
        return [SPECIALS + i for i, token in enumerate(self.tokens) if parted(token)[0] == code]

    def alphabet(self, code: str) -> frozenset[str]:
        """Letters of a language that it has."""
        return self._alphabets.get(code, frozenset())

    @cached_property
    def _rows(self) -> dict[str, int]:
        return {token: SPECIALS + i for i, token in enumerate(self.tokens)}

    @cached_property
    def _alphabets(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for token in self.tokens:
            code, gloss = parted(token)
            if gloss.startswith(SPELLED):
                found.setdefault(code, set()).add(gloss.removeprefix(SPELLED))
        return {code: frozenset(letters) for code, letters in found.items()}


def _texts(settings: Mapping[str, Any], name: str) -> list[str]:
    values = settings.get(name)
    if not isinstance(values, list) or not all(isinstance(x, str) for x in values):
        raise ValueError(f"{name} is no list of texts")
    return values
