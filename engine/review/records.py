"""What there is to review: every sign, letter and number of a language, with a fingerprint of what it says."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..generators.base import EngineError
from ..lexicon.loader import Lexicon
from ..lexicon.phonology import Sign
from ..lexicon.recorded import Entry

_NOT_REVIEWED = frozenset(("file", "line", "reviewed_by", "author", "licence", "motion", "origin", "fit_residual"))
"""Fields that say nothing about how a sign is made or what it means."""
SPELLING, NUMBERS, OWN = "Fingerspelling", "Numbers", "Own recordings"


@dataclass(frozen=True)
class Record:
    """One thing to review."""

    key: str
    """`asl/HELLO`, `asl/fs-A`, `asl/#7`: unique over all languages."""
    group: str
    entry: Entry

    @property
    def fingerprint(self) -> str:
        """Changes when the sign does: its movement, words, meaning or description."""
        return fingerprint(self.entry)


def records(lexicon: Lexicon, glosses: Iterable[str] = ()) -> list[Record]:
    """All that a language has, signs first by group and gloss; only those named, if any are.

    Raises `EngineError` for a name that isn't there.
    """
    prefix = lexicon.language.lower()
    found = [Record(f"{prefix}/{gloss}", _group(sign), sign) for gloss, sign in lexicon.signs.items()]
    found.sort(key=lambda r: (r.group == OWN, r.group, r.entry.gloss))
    found += [Record(f"{prefix}/{sign.gloss}", SPELLING, sign) for sign in lexicon.letters.values()]
    found += [Record(f"{prefix}/#{digits}", NUMBERS, sign) for digits, sign in lexicon.numbers.items()]
    wanted = list(glosses)
    if not wanted:
        return found
    by_name = {r.key.partition("/")[2]: r for r in found}
    missing = [name for name in wanted if name not in by_name]
    if missing:
        raise EngineError(
            "no_such_sign",
            f"There is no sign {missing[0]!r} in {lexicon.language}.",
            "`python -m engine signs` lists them; letters are called fs-A, numbers #7.",
        )
    return [by_name[name] for name in wanted]


def fingerprint(entry: Entry) -> str:
    """16 hexadecimal digits of what a sign says; fields that are empty don't count, so that new ones change nothing."""
    said = _said(dataclasses.asdict(entry))
    if not isinstance(entry, Sign):
        try:
            said["motion"] = hashlib.sha256(entry.motion.read_bytes()).hexdigest()
        except OSError as e:
            raise EngineError("file_unreadable", f"{entry.motion} can't be read: {e.strerror or e}.") from e
    text = json.dumps(said, sort_keys=True, ensure_ascii=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:16]


def _said(value: Any) -> Any:
    if isinstance(value, dict):
        kept = {k: _said(v) for k, v in value.items() if k not in _NOT_REVIEWED}
        return {k: v for k, v in kept.items() if v or v is False}
    if isinstance(value, (list, tuple)):
        return [_said(v) for v in value]
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else value


def _group(sign: Entry) -> str:
    if not isinstance(sign, Sign):
        return OWN
    return Path(sign.file).stem.strip("_").replace("_", " ").capitalize() or "Signs"
