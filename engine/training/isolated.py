"""Isolated signs: slices of a data set's recordings with a label, from which the tokenizer makes a dictionary.

The table has the columns `name` (of the recording), `start`, `end` (frames of the recording, counted from its first
one, the end left out) and `label`, and may have `split`.
"""

from __future__ import annotations

import dataclasses
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from .. import languages
from ..gloss import GlossItem
from ..lexicon.loader import load_language
from ..soke.code_dictionary import CodeDictionary, CodeEntry
from ..soke.retrieval import Limits
from ..soke.word_retrieval import WordIndex, retrieve_words
from ..tokenizer.features import PARTS
from .annotations import AnnotationError, read_annotations
from .loading import Recording

_MOST = 32
"""Signs that a text can ask for."""


def cut_out(recordings: Iterable[Recording], table: Path) -> Iterator[Recording]:
    """The table's slices of the recordings it names. Raises `AnnotationError` for a name that none of them has."""
    by_name = {recording.name: recording for recording in recordings}
    for row in read_annotations(table):
        if not row.label or row.end <= row.start or row.start < 0:
            raise AnnotationError(f"{table.name}: {row.name} needs a label, and a start before its end.")
        whole = by_name.get(row.name)
        if whole is None:
            raise AnnotationError(f"{table.name} names {row.name}, which is no recording of the data set.")
        name = f"{row.label}:{row.name}:{row.start}-{row.end}"
        yield dataclasses.replace(
            whole, name=name, text="", gloss="", label=row.label, start=row.start, end=row.end,
            split=row.split or whole.split,
        )  # fmt: skip


def with_retrieved(recordings: Sequence[Recording]) -> list[Recording]:
    """Each recording with the isolated signs that its text asks for, found as a text of a user's would find them."""
    labels: dict[str, set[str]] = defaultdict(set)
    for recording in recordings:
        if recording.label:
            labels[recording.language].add(recording.label)
    indices = {code: _index(code, sorted(own)) for code, own in labels.items()}
    return [
        dataclasses.replace(r, retrieved=_asked(r.text, indices[r.language])) if r.text and r.language in indices else r
        for r in recordings
    ]


def _index(code: str, labels: Iterable[str]) -> WordIndex:
    entries = {label: CodeEntry(label, dict.fromkeys(PARTS, (0,))) for label in labels}
    return WordIndex(CodeDictionary(entries), languages.get(code), load_language(code), "")


def _asked(text: str, index: WordIndex) -> tuple[str, ...]:
    found = retrieve_words(text, index, _no_own_signs, Limits(_MOST, _MOST, len(text) + 1))
    return tuple(keyword.entry.key for keyword in found.keywords)


def _no_own_signs(item: GlossItem) -> CodeEntry:
    raise AssertionError(f"{item.gloss} is a sign of a user's, and there is no user.")
