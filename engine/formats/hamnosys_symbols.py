"""The symbols of HamNoSys 4, and texts in it as symbols."""

from __future__ import annotations

import functools
import tomllib
from dataclasses import dataclass
from pathlib import Path

_TABLE = Path(__file__).with_name("hamnosys_symbols.toml")
_PLAIN = {"!": "hamexclaim", ",": "hamcomma", ".": "hamfullstop", "?": "hamquery", "|": "hammetaalt"}
"""Marks that are ordinary characters: they say something about the notation, not about the sign."""
UNKNOWN = "unknown"


@dataclass(frozen=True)
class Symbol:
    """One symbol: its name (`hamfist`), and what the parser takes it for (`handshape`)."""

    name: str
    kind: str

    @property
    def tail(self) -> str:
        """What follows the family's name: `ul` of `hamextfingerul`, `hampalmul`, `hammoveul`."""
        for family in ("hamextfinger", "hampalm", "hammove", "hamcircle", "hamclock", "hamarc"):
            if self.name.startswith(family):
                return self.name[len(family) :]
        return self.name.removeprefix("ham")


@dataclass(frozen=True)
class _Tables:
    kinds: dict[str, str]
    names: dict[str, str]
    meanings: dict[str, str]


@functools.cache
def _tables() -> _Tables:
    groups = tomllib.loads(_TABLE.read_text(encoding="utf-8"))
    rows = [(kind, name, *row) for kind, group in groups.items() for name, row in group.items()]
    return _Tables(
        {name: kind for kind, name, _, _ in rows},
        {chr(int(code, 16)): name for _, name, code, _ in rows},
        {name: meaning for _, name, _, meaning in rows},
    )


def symbol(name: str) -> Symbol:
    """The symbol of that name; of the kind `unknown` when the notation has none."""
    if name in _PLAIN.values():
        return Symbol(name, "ignored")
    return Symbol(name, _tables().kinds.get(name, UNKNOWN))


def meaning(name: str) -> str:
    """What a symbol means, in words; empty for an unknown one."""
    return _tables().meanings.get(name, "")


def symbols_of(text: str) -> list[Symbol]:
    """The symbols of a text in the private-use characters of the HamNoSys font; white space is left out."""
    names = _tables().names
    return [
        symbol(names.get(c) or _PLAIN.get(c) or f"U+{ord(c):04X}")
        for c in text
        if not c.isspace() and c not in "{}\ufeff"
    ]


def is_hamnosys(text: str) -> bool:
    """Whether a text has any symbol of the notation."""
    return any(c in _tables().names for c in text)


def all_symbols() -> dict[str, str]:
    """Names of all symbols and their characters."""
    return {name: character for character, name in _tables().names.items()}
