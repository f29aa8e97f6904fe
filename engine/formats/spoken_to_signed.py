"""Lexicon folders of the spoken-to-signed project: an `index.csv` and the `.pose` files that it names.

Columns: path, spoken_language, signed_language, start, end, words, glosses, priority. Start and end are milliseconds,
an end of 0 is the file's; languages are ISO 639-3 codes. A lower priority number is the better sign for a word.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass

from ..dictionary.containers import FolderContainer, csv_text
from ..generators.base import EngineError

INDEX = "index.csv"
LANGUAGES = {
    "ase": "ASL",
    "csl": "CSL",
    "gsg": "DGS",
    "sgg": "DSGS",
    "ssr": "LSF-CH",
    "slf": "LIS-CH",
    "aed": "LSA",
    "kvk": "KSL",
    "tsm": "TSL",
}
"""ISO 639-3 codes of the signed languages that we know."""


@dataclass(frozen=True)
class Row:
    """One sign of the index."""

    number: int
    """Line of the file."""
    path: str
    language: str
    start: float
    """Seconds."""
    end: float | None
    words: tuple[str, ...]
    gloss: str


@dataclass(frozen=True)
class BadRow:
    """A line that can't be used."""

    number: int
    why: str


def read_index(folder: FolderContainer) -> Iterator[Row | BadRow]:
    """Rows in order of priority. Raises `EngineError` when there is no table with the columns that are needed."""
    reader = csv.DictReader(csv_text(folder, INDEX))
    needed = {"path", "signed_language"}
    if missing := needed - set(reader.fieldnames or ()):
        raise EngineError("bad_file", f"{INDEX} in {folder.name} has no column {sorted(missing)[0]!r}.")
    rows: list[tuple[float, Row | BadRow]] = []
    try:
        for record in reader:
            row = _row(record, reader.line_num)
            rows.append((_number(record.get("priority")) or 0.0, row))
    except csv.Error as e:
        raise EngineError("bad_file", f"{INDEX} in {folder.name}, line {reader.line_num}: {e}.") from e
    yield from (row for _, row in sorted(rows, key=lambda item: item[0]))


def _row(record: dict[str, str | None], line: int) -> Row | BadRow:
    code = (record.get("signed_language") or "").strip().lower()
    path = (record.get("path") or "").strip()
    words = tuple(dict.fromkeys(" ".join(w.split()) for w in (record.get("words") or "").split("/") if w.strip()))
    gloss = (record.get("glosses") or "").split("/")[0].strip() or (words[0] if words else "")
    start, end = _number(record.get("start")), _number(record.get("end"))
    if code not in LANGUAGES and code.upper() not in LANGUAGES.values():
        return BadRow(line, f"There is no signed language called {code!r} here.")
    if not path or not gloss:
        return BadRow(line, "It has no path, or neither words nor gloss.")
    if start is None or end is None:
        return BadRow(line, "Its start or end is no number of milliseconds.")
    language = LANGUAGES.get(code, code.upper())
    return Row(line, path, language, start / 1000.0, end / 1000.0 if end > 0 else None, words, gloss)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or 0.0)
    except ValueError:
        return None
    return value if 0.0 <= value < 1e9 else None
