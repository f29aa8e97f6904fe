"""A bundle's dictionary: signs as codes of the tokenizer, from which a prompt's examples are taken.

Two kinds. Ours has a sign's language, gloss and words beside its codes, by keys like `asl/HELLO`; the published ones
have words and codes alone.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle, BundleError
from ..tokenizer.features import PARTS

FILE: Final = "dictionary.json"
_MAX_BYTES: Final = 256 << 20


@dataclass(frozen=True)
class CodeEntry:
    """One sign. codes: by part, equally many of each. language: code of the signed language; empty when not known.

    residual: what the codes lose (see `residuals`), where that is known.
    """

    key: str
    codes: Mapping[str, tuple[int, ...]] = field(repr=False)
    language: str = ""
    gloss: str = ""
    words: tuple[str, ...] = ()
    residual: NDArray[np.floating] | None = field(default=None, repr=False, compare=False)

    @property
    def steps(self) -> int:
        """How many codes it has of each part."""
        return len(self.codes[PARTS[0]])


@dataclass(frozen=True)
class CodeDictionary:
    """entries: by key."""

    entries: Mapping[str, CodeEntry]

    @classmethod
    def read(cls, bundle: Bundle) -> CodeDictionary:
        """The dictionary of a bundle; an empty one when it has none. Raises `BundleError` for a damaged one."""
        if not bundle.has(FILE):
            return cls({})
        path = bundle.file(FILE)
        if path.stat().st_size > _MAX_BYTES:
            raise BundleError(f"{FILE} in {bundle.folder.name} is larger than {_MAX_BYTES >> 20} MB.")
        sizes = {part: config["codes"] for part, config in bundle.manifest.model["tokenizer"].items()}
        try:
            data = json.loads(path.read_text(encoding="utf-8"))
            return cls({str(key): _entry(str(key), values, sizes) for key, values in data.items()})
        except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as e:
            raise BundleError(f"{FILE} in {bundle.folder.name} can't be read: {e}") from e

    def __len__(self) -> int:
        return len(self.entries)

    def with_residuals(self, residuals: Mapping[str, NDArray[np.floating]]) -> CodeDictionary:
        """With what the codes of its entries lose, by their keys."""
        return CodeDictionary({key: replace(e, residual=residuals.get(key)) for key, e in self.entries.items()})

    @property
    def by_notation(self) -> bool:
        """Whether its keys are signs (`asl/HELLO`), not words of a spoken language."""
        return any(entry.language and "/" in entry.key for entry in self.entries.values())

    @property
    def languages(self) -> tuple[str, ...]:
        """Codes of the signed languages that entries name, sorted."""
        return tuple(sorted({entry.language for entry in self.entries.values()} - {""}))

    def first(self, keys: Iterable[str]) -> CodeEntry | None:
        """The entry of the first key that there is."""
        return next((self.entries[key] for key in keys if key in self.entries), None)


def _entry(key: str, values: Mapping[str, Any], sizes: Mapping[str, int]) -> CodeEntry:
    codes = {part: _codes(key, part, values[part], sizes[part]) for part in PARTS}
    steps = min(len(c) for c in codes.values())
    if not steps:
        raise ValueError(f"{key!r} has no codes.")
    return CodeEntry(
        key,
        {part: c[:steps] for part, c in codes.items()},
        str(values.get("language") or ""),
        str(values.get("gloss") or ""),
        tuple(str(word) for word in values.get("words", ())),
    )


def _codes(key: str, part: str, values: Any, size: int) -> tuple[int, ...]:
    if not isinstance(values, list) or not all(type(v) is int and 0 <= v < size for v in values):
        raise ValueError(f"{part} of {key!r} is no list of codes from 0 to {size - 1}.")
    return tuple(values)
