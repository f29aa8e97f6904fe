"""Writing signs and handshapes as TOML that reads like the hand-written files, and changing one record of a file.

A record is changed in the file's text, so that comments and layout of the user's other records stay as they are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..lexicon.phonology import Handshape, NonManual, Posture, Sign

_BARE = re.compile(r"[A-Za-z0-9_-]+\Z")
_SIGN_ORDER = (
    "words", "pos", "sense", "context", "hands", "postures", "base", "parts", "repeat", "agreement", "nonmanual",
    "description", "author", "licence", "reviewed_by",
)  # fmt: skip


def sign_text(gloss: str, record: Mapping[str, Any]) -> str:
    """One sign's table, its header included; `record` as the schema `sign` has it."""
    known = [k for k in _SIGN_ORDER if k in record]
    fields = [_field(k, record[k]) for k in (*known, *(k for k in record if k not in _SIGN_ORDER))]
    return "\n".join((f"[{_key(gloss)}]", *fields)) + "\n"


def handshape_text(shape: Handshape) -> str:
    """One handshape's table, its header included."""
    thumb = shape.thumb
    lines = [
        f"[{_key(shape.name)}]",
        _field("description", shape.description),
        _field("thumb", [thumb.oppose, thumb.abduct, thumb.mcp, thumb.ip, thumb.roll]),
    ]
    for name in ("index", "middle", "ring", "pinky"):
        f = getattr(shape, name)
        lines.append(_field(name, [f.mcp, f.pip, f.dip, f.spread]))
    return "\n".join(lines) + "\n"


def sign_record(sign: Sign) -> dict[str, Any]:
    """The record that a written sign is read from; what is as usual is left out."""
    record: dict[str, Any] = {"words": list(sign.words)}
    if sign.parts:
        record["parts"] = [part.gloss for part in sign.parts]
    else:
        record["hands"] = sign.hands
        record["postures"] = [_changed(p, Posture()) for p in sign.postures]
        if sign.base:
            record["base"] = [_changed(p, Posture()) for p in sign.base]
    plain = Sign("", "", ())
    for name in ("repeat", "agreement", "pos", "sense", "context"):
        if getattr(sign, name) != getattr(plain, name):
            record[name] = _plain(getattr(sign, name))
    if nonmanual := _changed(sign.nonmanual, NonManual()):
        record["nonmanual"] = nonmanual
    return record | {name: getattr(sign, name) for name in ("description", "author", "licence", "reviewed_by")}


def shapes_of(record: Mapping[str, Any]) -> set[str]:
    """Handshapes that a sign's record names."""
    return {p["shape"] for part in ("postures", "base") for p in record.get(part, ()) if "shape" in p}


def with_shapes(record: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    """The record with handshapes renamed."""
    changed = dict(record)
    for part in ("postures", "base"):
        if part in record:
            changed[part] = [
                p | {"shape": names.get(p["shape"], p["shape"])} if "shape" in p else p for p in record[part]
            ]
    return changed


def with_record(text: str, gloss: str, record_text: str) -> str:
    """The file's text with the gloss's record replaced, or added at the end."""
    lines = text.splitlines(keepends=True)
    span = _span(lines, gloss)
    if span is None:
        gap = "\n" if text and not text.endswith("\n\n") else ""
        return text + ("\n" if text and not text.endswith("\n") else "") + gap + record_text
    return "".join((*lines[: span[0]], record_text, *lines[span[1] :]))


def without_record(text: str, gloss: str) -> str:
    """The file's text without the gloss's record; comments before the next one stay."""
    lines = text.splitlines(keepends=True)
    span = _span(lines, gloss)
    if span is None:
        return text
    rest = lines[span[1] :]
    while rest and not rest[0].strip() and (span[0] == 0 or not lines[span[0] - 1].strip()):
        rest = rest[1:]
    return "".join((*lines[: span[0]], *rest))


def _span(lines: Sequence[str], gloss: str) -> tuple[int, int] | None:
    """First line of a record and the line after its last; blank lines and comments behind it don't belong to it."""
    headers = [i for i, line in enumerate(lines) if line.startswith("[")]
    for at, start in enumerate(headers):
        line = lines[start]
        if line[1 : line.find("]")].strip().strip("\"'") != gloss:
            continue
        end = headers[at + 1] if at + 1 < len(headers) else len(lines)
        while end > start + 1 and (not lines[end - 1].strip() or lines[end - 1].lstrip().startswith("#")):
            end -= 1
        return start, end
    return None


def _changed(value: Any, usual: Any) -> dict[str, Any]:
    names = vars(usual)
    return {n: _plain(getattr(value, n)) for n in names if getattr(value, n) != getattr(usual, n)}


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value


def _key(name: str) -> str:
    return name if _BARE.match(name) and not name.isdigit() else _string(name)


def _string(text: str) -> str:
    # JSON's escapes are TOML's too, but for the delete character
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")


def _field(key: str, value: Any) -> str:
    if key in ("postures", "base"):
        rows = "".join(f"  {_value(row)},\n" for row in value)
        return f"{key} = [\n{rows}]"
    return f"{key} = {_value(value)}"


def _value(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _string(value)
    if isinstance(value, float):
        return repr(int(value)) if value.is_integer() else repr(round(value, 4))
    if isinstance(value, int):
        return str(value)
    if isinstance(value, Mapping):
        return "{ " + ", ".join(f"{_key(k)} = {_value(v)}" for k, v in value.items()) + " }" if value else "{}"
    return "[" + ", ".join(map(_value, value)) + "]"
