"""The inflected forms of words: simplemma's dictionaries (MIT), which lead from forms to base forms, read backwards."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import lru_cache


def forms_of(word: str, spoken: str) -> Sequence[str]:
    """All forms of a base form, itself among them, in alphabetical order; none of what isn't in the dictionary."""
    return _forms(spoken).get(word, ())


def base_forms(spoken: str) -> list[str]:
    """All base forms of a language's dictionary, in alphabetical order. Raises `ValueError` when it has none."""
    return sorted(_forms(spoken))


@lru_cache(maxsize=4)
def _forms(spoken: str) -> Mapping[str, tuple[str, ...]]:
    from simplemma.strategies.dictionaries.dictionary_factory import DefaultDictionaryFactory

    forms: dict[str, list[str]] = defaultdict(list)
    for form, base in DefaultDictionaryFactory().get_dictionary(spoken).items():
        forms[base].append(form)
    return {base: tuple(sorted(some)) for base, some in forms.items()}
