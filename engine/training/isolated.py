"""Isolated signs: slices of a data set's recordings with a label, from which the tokenizer makes a dictionary.

The table has the columns `name` (of the recording), `start`, `end` (frames of the recording, counted from its first
one, the end left out) and `label`, and may have `split`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator
from pathlib import Path

from .annotations import AnnotationError, read_annotations
from .loading import Recording


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
