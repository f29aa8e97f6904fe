"""TOML files with the places of their values, so that a mistake can be reported with its line.

`tomllib` forgets where a value stood. `line_of` finds it again by scanning a record's text for the
key; it is only called when something is wrong, so it may be slow.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_AT_LINE = re.compile(r"at line (\d+)")
_LEAD = re.compile(r"\s*(?:#[^\n]*\n\s*)*")


class LexiconError(ValueError):
    """A mistake in the lexicon's data: what, in which file and line, and how to mend it."""

    def __init__(self, message: str, file: Path | str, line: int = 0, hint: str = "") -> None:
        place = f"{file}, line {line}" if line else f"{file}"
        super().__init__(f"{place}: {message}" + (f" {hint}" if hint else ""))
        self.message, self.file, self.line, self.hint = message, Path(file), line, hint


@dataclass(frozen=True)
class TomlSource:
    """One file: its text and its parsed tables."""

    path: Path
    text: str
    data: dict[str, Any]

    @classmethod
    def read(cls, path: Path) -> TomlSource:
        """Raises `LexiconError` when the file can't be read or isn't TOML."""
        try:
            text = path.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as e:
            raise LexiconError(f"The file can't be read: {e}.", path, hint="It must be a UTF-8 text file.") from e
        try:
            return cls(path, text, tomllib.loads(text))
        except RecursionError as e:
            raise LexiconError("Its values are nested too deeply.", path) from e
        except tomllib.TOMLDecodeError as e:
            match = _AT_LINE.search(str(e))
            line = int(match[1]) if match else len(text.splitlines())
            hint = "A gloss may have only one record." if "declare" in str(e) or "overwrite" in str(e) else ""
            raise LexiconError(f"This is not valid TOML: {e}.", path, line, hint) from e

    def header_lines(self) -> dict[str, int]:
        """Line of each `[header]` by the header's name, dots kept."""
        lines = {}
        for number, line in enumerate(self.text.splitlines(), 1):
            if line.startswith("["):
                lines.setdefault(line[1 : line.find("]")].replace('"', "").replace("'", "").strip(), number)
        return lines

    def line_of(self, table: str, keys: Sequence[str | int] = ()) -> int:
        """Line of the value `keys` in the table with this header; of the deepest part of it that is found."""
        number = self.header_lines().get(table, 1)
        lines = self.text.splitlines(keepends=True)
        body = lines[number:]
        end = next((i for i, line in enumerate(body) if line.startswith("[")), len(body))
        span = (sum(map(len, lines[:number])), sum(map(len, lines[: number + end])))
        found: int | None = None
        for key in keys:
            inner = _enter(self.text, span, key)
            if inner is None:
                break
            found, span = inner[0], inner[1]
        return number if found is None else self.text.count("\n", 0, found) + 1


def _structure(text: str, start: int, end: int) -> Iterator[tuple[int, str]]:
    """Positions and characters that are outside of strings and comments."""
    i = start
    while i < end:
        c = text[i]
        if c in "\"'":
            quote = text[i : i + 3] if text[i : i + 3] in ('"""', "'''") else c
            i += len(quote)
            while i < end and not text.startswith(quote, i):
                i += 2 if c == '"' and text[i] == "\\" else 1
            i += len(quote)
            continue
        if c == "#":
            while i < end and text[i] != "\n":
                i += 1
            continue
        yield i, c
        i += 1


def _enter(text: str, span: tuple[int, int], key: str | int) -> tuple[int, tuple[int, int]] | None:
    """Where item `key` of the table or array in `span` begins, and the span of its value."""
    start, end = span
    cuts, depth = [start], 0
    top_level = isinstance(key, str) and text[start : start + 1] not in ("{", "[")
    for i, c in _structure(text, start, end):
        if c in "[{":
            depth += 1
            if depth == 1 and not top_level:
                cuts = [i + 1]
        elif c in "]}":
            depth -= 1
            if depth == 0 and not top_level:
                cuts.append(i)
                break
        elif (c == "\n" and depth == 0 and top_level) or (c == "," and depth == 1 and not top_level):
            cuts.append(i + 1)
    spans = ((_LEAD.match(text, p, q).end(), q) for p, q in zip(cuts, [*cuts[1:], end], strict=False))  # type: ignore[union-attr]
    items = [(p, q) for p, q in spans if text[p:q].strip(" \t\r\n,]}")]
    if isinstance(key, int):
        return (items[key][0], items[key]) if key < len(items) else None
    pattern = re.compile(rf"""["']?{re.escape(key)}["']?\s*=\s*""")
    for first, last in items:
        match = pattern.match(text, first, last)
        if match:
            return first, (match.end(), last)
    return None
