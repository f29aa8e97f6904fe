"""What readers of files hand to the importer: one sign each, or why there is none."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ..lexicon.phonology import Handshape
from ..take import PoseSequence


@dataclass(frozen=True)
class Incoming:
    """One sign that a file holds.

    motion: of a recorded sign, whole; `None` for a written one. start, end: seconds in it. ready: cut and upright
    already. handshapes: those that a written sign needs and its file brings.
    """

    what: str
    """Where it was found, for people."""
    gloss: str
    record: Mapping[str, Any]
    language: str = ""
    """Code; the language that the user chose when empty."""
    motion: PoseSequence | None = None
    start: float = 0.0
    end: float | None = None
    ready: bool = False
    handshapes: Mapping[str, Handshape] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Skipped:
    """Something that holds no sign that can be used."""

    what: str
    why: str
