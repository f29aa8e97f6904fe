"""Changing one line of a TOML file and nothing else: comments, order and spacing stay as somebody wrote them."""

from __future__ import annotations

import os
import re
import tempfile
import tomllib
from collections.abc import Mapping
from pathlib import Path

from ..lexicon.toml_source import LexiconError, TomlSource

_LINE = re.compile(r"""^(?P<start>\s*reviewed_by\s*=\s*)("(?:[^"\\]|\\.)*"|'[^']*')(?P<rest>.*)$""", re.DOTALL)


def set_reviewers(path: Path, reviewers: Mapping[str, str]) -> None:
    """Write `reviewed_by` of the tables with these headers.

    Raises `LexiconError` when the file or a table isn't as expected; nothing is written then. Raises `OSError` when the
    file can't be written.
    """
    text = path.read_bytes().decode("utf-8")
    for header, name in reviewers.items():
        text = _with_reviewer(TomlSource(path, text, _parsed(text, path)), header, name)
    expected = TomlSource.read(path).data
    for header, name in reviewers.items():
        expected[header]["reviewed_by"] = name
    if _parsed(text, path) != expected:
        raise LexiconError("The reviewers' names can't be put in without changing something else.", path)
    _replace(path, text)


def _parsed(text: str, path: Path) -> dict:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as e:
        raise LexiconError(f"This is not valid TOML: {e}.", path) from e


def _with_reviewer(source: TomlSource, header: str, name: str) -> str:
    if header not in source.data:
        raise LexiconError(f"There is no [{header}].", source.path)
    lines = source.text.splitlines(keepends=True)
    first = source.header_lines()[header]
    if "reviewed_by" in source.data[header]:
        at = source.line_of(header, ("reviewed_by",)) - 1
        match = _LINE.match(lines[at])
        if match is None:
            raise LexiconError(
                f"{header}: reviewed_by can't be changed here.", source.path, at + 1, 'Write it as reviewed_by = "".'
            )
        lines[at] = f"{match['start']}{quoted(name)}{match['rest']}"
        return "".join(lines)
    end = next((i for i in range(first, len(lines)) if lines[i].startswith("[")), len(lines))
    while end > first and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
        end -= 1
    ending = "\r\n" if lines[first - 1].endswith("\r\n") else "\n"
    if not lines[end - 1].endswith("\n"):
        lines[end - 1] += ending
    lines.insert(end, f"reviewed_by = {quoted(name)}{ending}")
    return "".join(lines)


def quoted(text: str) -> str:
    """A TOML basic string."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(c if c.isprintable() else f"\\u{ord(c):04X}" for c in escaped) + '"'


def _replace(path: Path, text: str) -> None:
    handle, partial = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(text.encode("utf-8"))
        Path(partial).chmod(path.stat().st_mode & 0o777)
        Path(partial).replace(path)
    except BaseException:
        Path(partial).unlink(missing_ok=True)
        raise
