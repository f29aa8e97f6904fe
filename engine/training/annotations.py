"""Tables of texts as the data sets' annotations have them: CSV with commas, tabs or bars, JSON, JSON lines, pickles.

Each row is a recording with the fields `name`, `text`, and where they are known `gloss`, `fps` and `split`. Columns are
found by the names that the data sets use; pickles (plain or gzipped, as translation baselines share them) are read by
`unpickling.read_pickle`.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any, Final

from .unpickling import PickleRefused, read_pickle

MAX_BYTES: Final = 1 << 29
_COLUMNS: Final = {
    "name": ("SENTENCE_NAME", "name", "fileid", "id"),
    "text": ("SENTENCE", "text", "translation", "sentence", "label_char", "label_word"),
    "gloss": ("gloss", "orth", "label_gloss"),
    "fps": ("fps",),
    "split": ("split",),
    "label": ("label",),
    "start": ("start",),
    "end": ("end",),
}
"""Our name of a field: the names that it has in files, the first one found counts."""
_SPLITS: Final = {"dev": "val", "valid": "val", "validation": "val"}
_UNSPACED: Final = "label_char"


class AnnotationError(ValueError):
    """A table that can't be used; the message says which file, and what is wrong with it."""


@dataclass(frozen=True)
class Row:
    """One recording's line. fps: 0 where the table doesn't say it. split: empty where it doesn't."""

    name: str
    text: str = ""
    gloss: str = ""
    fps: float = 0.0
    split: str = ""
    label: str = ""
    start: int = 0
    end: int = 0


def read_annotations(path: Path) -> list[Row]:
    """The rows of a table. Raises `AnnotationError`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise AnnotationError(f"{path} is larger than {MAX_BYTES >> 20} MB.")
        data = path.read_bytes()
    except OSError as e:
        raise AnnotationError(f"The texts in {path} can't be read: {e.strerror or e}.") from e
    try:
        rows = [_row(record, number) for number, record in enumerate(_records(_unzipped(data), path), 1)]
    except (ValueError, TypeError, KeyError, PickleRefused, zlib.error, EOFError, OSError, csv.Error) as e:
        raise AnnotationError(f"{path.name} is no table of recordings: {e}") from e
    if not rows:
        raise AnnotationError(f"{path.name} has no rows.")
    return rows


def inside(name: str) -> PurePosixPath:
    """A recording's name as a path below the data set's folder. Raises `AnnotationError` when it leads out of it."""
    path = PurePosixPath(name)
    if not name or path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name:
        raise AnnotationError(f"The name {name!r} leads out of the data set's folder.")
    return path


def _unzipped(data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as file:
        result = file.read(MAX_BYTES + 1)
    if len(result) > MAX_BYTES:
        raise ValueError(f"it unpacks to more than {MAX_BYTES >> 20} MB")
    return result


def _records(data: bytes, path: Path) -> Iterator[Mapping[str, Any]]:
    suffixes = {suffix.lower() for suffix in path.suffixes}
    if data[:1] == b"\x80" or suffixes & {".pkl", ".pickle"}:
        return _listed(read_pickle(data))
    text = data.decode("utf-8-sig")
    if ".jsonl" in suffixes:
        return (json.loads(line) for line in text.splitlines() if line.strip())
    if ".json" in suffixes:
        return _listed(json.loads(text))
    return _lines(text)


def _listed(data: Any) -> Iterator[Mapping[str, Any]]:
    """Records of a list of them, of a dict by name, or of a dict that has the list under `info`."""
    if isinstance(data, Mapping) and isinstance(data.get("info"), list):
        data = data["info"]
    if isinstance(data, Mapping):
        data = [
            {"name": name, **(value if isinstance(value, Mapping) else {"text": value})} for name, value in data.items()
        ]
    if not isinstance(data, list) or not all(isinstance(record, Mapping) for record in data):
        raise ValueError("it holds no list of recordings")
    return iter(data)


def _lines(text: str) -> Iterator[Mapping[str, Any]]:
    header = text.partition("\n")[0]
    separator = max("\t|,", key=header.count)
    # quotes are plain characters in tables with tabs or bars
    quoting = csv.QUOTE_MINIMAL if separator == "," else csv.QUOTE_NONE
    return csv.DictReader(io.StringIO(text, newline=""), delimiter=separator, quoting=quoting, strict=separator == ",")


def _row(record: Mapping[str, Any], number: int) -> Row:
    """number: of the record, for messages."""
    found: dict[str, Any] = {}
    for field, names in _COLUMNS.items():
        column = next((n for n in names if record.get(n) not in (None, "")), None)
        if column is not None:
            found[field] = _value(field, column, record[column], number)
    if "name" not in found:
        raise ValueError(
            f"row {number} has none of the columns {', '.join(_COLUMNS['name'])}; it has {', '.join(map(str, record))}"
        )
    return Row(**found)


def _value(field: str, column: str, value: Any, number: int) -> Any:
    if isinstance(value, list | tuple):  # characters, words or glosses of a text
        value = ("" if column == _UNSPACED else " ").join(map(str, value))
    try:
        if field == "fps":
            return float(value)
        if field in ("start", "end"):
            return int(value)
    except (TypeError, ValueError) as e:
        raise ValueError(f"row {number} has {value!r} as {column}, which is no number") from e
    text = str(value).strip()
    return _SPLITS.get(text, text) if field == "split" else text
