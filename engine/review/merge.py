"""Reading a file of verdicts from the review page, and putting reviewers' names into the dictionary."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from .. import languages
from ..dictionary.editing import edit
from ..dictionary.store import UserDictionary
from ..generators.base import EngineError
from ..lexicon.loader import DATA, load_language
from ..lexicon.phonology import Sign
from ..lexicon.toml_source import LexiconError, TomlSource
from .records import Record, records
from .source_edit import set_reviewers

FORMAT, VERSION = "signwright-verdicts", 1
MAX_BYTES = 16 << 20
MAX_NAME, MAX_COMMENT = 80, 2000
Ruling = Literal["", "accept", "work", "reject"]
_RULINGS = ("", "accept", "work", "reject")
_TOLD = {"work": "needs work", "reject": "rejected", "": "comment"}


@dataclass(frozen=True)
class Verdict:
    """What one reviewer said of one sign."""

    key: str
    ruling: Ruling
    comment: str
    fingerprint: str


@dataclass(frozen=True)
class Verdicts:
    """A file of verdicts."""

    reviewer: str
    items: tuple[Verdict, ...]


@dataclass
class Merged:
    """What a merge did; each entry is a line to print."""

    accepted: list[str] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    """Signs that need work or were rejected, with what the reviewer said."""
    refused: list[str] = field(default_factory=list)


def read_verdicts(path: Path) -> Verdicts:
    """Raises `EngineError` when the file is none of the review page's."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it has more than {MAX_BYTES >> 20} MB")
        data = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(data, dict) or data.get("format") != FORMAT or data.get("version") != VERSION:
            raise ValueError(f"it isn't a {FORMAT} file of version {VERSION}")
        reviewer = " ".join(str(data["reviewer"]).split())[:MAX_NAME]
        if not reviewer or not reviewer.isprintable():
            raise ValueError("it doesn't say who reviewed")
        return Verdicts(reviewer, tuple(_verdict(item) for item in data["verdicts"]))
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as e:
        reason = f"{e.args[0]!r} is missing" if isinstance(e, KeyError) else getattr(e, "strerror", None) or str(e)
        raise EngineError(
            "bad_verdicts",
            f"{path} can't be used: {reason}.",
            "Give a file that was downloaded from the review page.",
        ) from e


def _verdict(item: Any) -> Verdict:
    key, ruling, comment, fingerprint = (item[k] for k in ("key", "verdict", "comment", "hash"))
    if not all(isinstance(v, str) for v in (key, ruling, comment, fingerprint)) or ruling not in _RULINGS:
        raise ValueError(f"a verdict is written wrongly: {str(item)[:80]}")
    return Verdict(key, ruling, " ".join(comment.split())[:MAX_COMMENT], fingerprint)


def merge(verdicts: Verdicts, folders: Iterable[Path] = ()) -> Merged:
    """Put the reviewer's name at every sign that was accepted and hasn't changed since.

    folders: the user's dictionaries; their signs are changed there, embedded ones in the engine's own data. A sign
    that others reviewed keeps their names. Raises `EngineError` when a file can't be written.
    """
    folders = [Path(f) for f in folders]
    known = _known({v.key.partition("/")[0] for v in verdicts.items}, folders)
    done = Merged()
    accepted: list[Record] = []
    for verdict in verdicts.items:
        record = known.get(verdict.key)
        if record is None:
            done.refused.append(f"{verdict.key}: there is no such sign any more")
        elif record.fingerprint != verdict.fingerprint:
            done.refused.append(f"{verdict.key}: it has changed since it was reviewed")
        elif verdict.ruling == "accept":
            accepted.append(record)
            said = f" ({verdict.comment})" if verdict.comment else ""
            done.accepted.append(f"{verdict.key}{said}")
        elif verdict.ruling or verdict.comment:
            done.remarks.append(f"{verdict.key}: {_TOLD[verdict.ruling]}: {verdict.comment or 'no comment'}")
    _write(accepted, verdicts.reviewer, folders)
    return done


def _known(codes: set[str], folders: list[Path]) -> dict[str, Record]:
    known = {}
    for code in sorted(codes & {language.code.lower() for language in languages.LANGUAGES}):
        try:
            lexicon = load_language(code.upper(), folders)
        except LexiconError:
            continue  # its signs are told as gone, one by one
        known |= {record.key: record for record in records(lexicon)}
    return known


def _write(accepted: list[Record], reviewer: str, folders: list[Path]) -> None:
    written: dict[Path, dict[str, str]] = defaultdict(dict)
    try:
        for record in accepted:
            entry = record.entry
            names = _joined(entry.reviewed_by, reviewer)
            if names == entry.reviewed_by:
                continue
            if isinstance(entry, Sign):
                written[Path(entry.file)][_header(Path(entry.file), entry)] = names
            else:
                home = next(f for f in folders if f.resolve() in entry.motion.resolve().parents)
                edit(UserDictionary(home, entry.language), entry.gloss, {"reviewed_by": names})
        for path, reviewers in written.items():
            set_reviewers(path, reviewers)
    except LexiconError as e:
        raise EngineError("lexicon", str(e)) from e
    except OSError as e:
        where = "Signwright's own signs" if DATA in Path(e.filename or "").parents else str(e.filename or "The file")
        raise EngineError(
            "not_writable",
            f"{where} can't be changed here: {e.strerror or e}.",
            "Merge in a checkout of Signwright, or in your own dictionary with --dictionary FOLDER.",
        ) from e


def _header(path: Path, sign: Sign) -> str:
    """The name of the table that stands at the sign's line."""
    return next(name for name, line in TomlSource.read(path).header_lines().items() if line == sign.line)


def _joined(before: str, reviewer: str) -> str:
    names = [n.strip() for n in before.split(",") if n.strip()]
    return before if reviewer in names else ", ".join([*names, reviewer])
