"""Base forms of words, by simplemma's dictionaries (MIT), which are read when a language is first asked for."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from simplemma.strategies import DictionaryLookupStrategy


def load(spoken: str) -> None:
    """Read the dictionary of a spoken language now."""
    lemma("load", spoken)


@lru_cache(maxsize=4096)
def lemma(word: str, spoken: str) -> str:
    """The base form of a lower-case word; the word itself when it is unknown or the language has no dictionary.

    Only the dictionary is asked: guessing from the ending would turn names into words.
    """
    lookup = _lookup(spoken)
    return (lookup.get_lemma(word, spoken) or word).lower() if lookup else word


def is_known(word: str, spoken: str) -> bool:
    """Whether the dictionary has a lower-case word."""
    lookup = _lookup(spoken)
    return bool(lookup and lookup.get_lemma(word, spoken))


@lru_cache(maxsize=4)
def _lookup(spoken: str) -> DictionaryLookupStrategy | None:
    from simplemma.strategies import DictionaryLookupStrategy
    from simplemma.strategies.dictionaries.dictionary_factory import SUPPORTED_LANGUAGES

    return DictionaryLookupStrategy() if spoken in SUPPORTED_LANGUAGES else None
