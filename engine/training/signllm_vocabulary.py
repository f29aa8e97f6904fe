"""The vocabulary of a training of SignLLM, from its texts alone. Needs Fabric, for trainings of many processes."""

# pyright: reportMissingImports=false
from __future__ import annotations

import functools
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Final

from lightning_fabric import Fabric

from .. import languages
from ..lexicon.loader import load_language
from ..signllm.model_files import PIECES
from ..signllm.vocabulary import TextVocabulary, known_words, normalised, spaced, words_of
from ..text import chinese
from ..text.grammar import grammar
from ..text.spelling import written_letters
from .pieces import load_pieces, train_pieces

_FEWEST: Final = 2
"""Times that a word must be in the texts to be known ..."""
_RARE: Final = 20000
"""... and once more for each so many texts."""
_OFTEN: Final = 5
"""Times that a letter must be in what is spelled to be a piece; a rarer one is given in its bytes."""


def text_vocabulary(
    fabric: Fabric, texts: Sequence[str], codes: Sequence[str], count: int, output: Path
) -> TextVocabulary:
    """The vocabulary that a training's texts give, or that a training in this folder began with. count: of pieces."""
    parts = {word for code in codes for word in chinese_words(code)}
    read = [spaced(normalised(text), parts) for text in texts]
    words = known_words(read, max(_FEWEST, len(read) // _RARE))
    spelled = Counter(letter for text in read for word in words_of(text) for letter in written_letters(word))
    letters = "".join(sorted(letter for letter, times in spelled.items() if times >= _OFTEN))
    known = [" ".join(word for word in text.split() if words.issuperset(words_of(word))) for text in read]
    # what blanks always follow is no candidate for a piece, unless it is also found by itself
    pieces = text_pieces(fabric, [*known, *sorted(words)], count, output, letters)
    return TextVocabulary(pieces, words, tuple(codes))


def text_pieces(fabric: Fabric, texts: Iterable[str], count: int, output: Path, letters: str = "") -> Any:
    """The pieces of a training, made where there are none yet. texts: normalised. letters: see `train_pieces`."""
    if fabric.is_global_zero and not (output / PIECES).is_file():
        train_pieces(texts, count, output / PIECES, normalise=False, letters=letters)
    fabric.barrier()
    return load_pieces(output / PIECES)


@functools.cache
def chinese_words(code: str) -> frozenset[str]:
    """The Chinese words that the lexicon and the grammar of a language have; none of one with another script."""
    spoken = languages.get(code).spoken
    return chinese.vocabulary(load_language(code), grammar(spoken)) if spoken == chinese.CODE else frozenset()


@functools.cache
def alphabet(code: str) -> frozenset[str]:
    """Letters of a language's manual alphabet."""
    return frozenset(load_language(code).letters)
