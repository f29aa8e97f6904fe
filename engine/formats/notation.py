"""Files of signs in other notations, read into our own: SiGML and HamNoSys texts, with what was not understood."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..generators.base import EngineError
from ..lexicon.phonology import Handshape
from .hamnosys_sign import Notated, notated
from .sigml import MAX_BYTES, SigmlSign, read_sigml, texts

SUFFIXES = (".sigml", ".xml", ".hns")


@dataclass(frozen=True)
class WrittenSign:
    """One sign that was read."""

    gloss: str
    record: dict[str, Any]
    handshapes: dict[str, Handshape]
    unread: list[str]
    notes: list[str]
    symbols: int


@dataclass
class Coverage:
    """How much of a file was understood."""

    signs: int = 0
    whole: int = 0
    """Signs of which everything was understood."""
    symbols: int = 0
    unread: Counter[str] = field(default_factory=Counter)

    def add(self, sign: WrittenSign) -> None:
        """Count one sign."""
        self.signs += 1
        self.whole += not sign.unread
        self.symbols += sign.symbols
        self.unread.update(sign.unread)

    def __str__(self) -> str:
        text = f"{self.whole} of {self.signs} signs and {self.share:.1%} of {self.symbols} symbols were understood"
        if not self.unread:
            return f"{text}."
        most = ", ".join(f"{name} ({count})" if count > 1 else name for name, count in self.unread.most_common(12))
        return f"{text}; not understood: {most}{', ...' if len(self.unread) > 12 else ''}."

    @property
    def share(self) -> float:
        """Share of the symbols that was understood."""
        return 1.0 - min(sum(self.unread.values()), self.symbols) / self.symbols if self.symbols else 0.0


def read_notation(path: Path, known: Mapping[str, Handshape]) -> list[WrittenSign]:
    """All signs of a file. Raises `EngineError` when there are none."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise EngineError("bad_file", f"{path.name} is larger than {MAX_BYTES >> 20} MB.")
        data = path.read_bytes()
    except OSError as e:
        raise EngineError("bad_file", f"{path.name} can't be read: {e.strerror or e}.") from e
    if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<"):
        signs = read_sigml(data, path.name)
    else:
        signs = [SigmlSign(gloss, list(symbols)) for gloss, symbols in texts(data, path.name)]
    return [_written(sign, known, path) for sign in signs]


def coverage(signs: list[WrittenSign]) -> Coverage:
    """What of all signs together was understood."""
    total = Coverage()
    for sign in signs:
        total.add(sign)
    return total


def _written(sign: SigmlSign, known: Mapping[str, Handshape], path: Path) -> WrittenSign:
    found: Notated = notated(sign.symbols, known)
    record = dict(found.record)
    if sign.nonmanual:
        record["nonmanual"] = sign.nonmanual
    unread = [*found.unread, *sign.unread]
    told = f" Not understood: {', '.join(dict.fromkeys(unread))}." if unread else ""
    record["description"] = f"Read from HamNoSys in {path.name}, {len(sign.symbols)} symbols.{told}"
    return WrittenSign(sign.gloss or path.stem, record, found.handshapes, unread, found.notes, found.symbols)
