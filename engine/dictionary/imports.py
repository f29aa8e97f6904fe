"""Bringing many signs in at once: tells each file's kind, reads it, and stores what it holds.

One bad file never stops the others; what was left out is told with its reason. Signs are stored some at a time, so that
a cancelled import keeps what it had done, and so that many signs don't write the index as many times.
"""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..generators.base import EngineError, Report
from ..lexicon.phonology import Handshape
from . import editing, library
from .incoming import Incoming, Skipped
from .readers import Reader, readers
from .recording import sign_motion
from .store import Draft, UserDictionary, good_gloss
from .toml_writer import with_shapes

_BATCH, _BATCH_S = 25, 3.0


@dataclass
class ImportReport:
    """What became of an import; glosses, or `{what, why}`."""

    added: list[str] = field(default_factory=list)
    replaced: list[str] = field(default_factory=list)
    skipped: list[dict[str, str]] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    def skip(self, what: str, why: str) -> None:
        """Note something that was left out."""
        self.skipped.append({"what": what, "why": why})


@dataclass(frozen=True)
class ImportChoices:
    """What the user chose for an import."""

    dictionary: Path
    language: str
    duplicates: str = "skip"
    metadata: Mapping[str, Any] = field(default_factory=dict)
    """Author, licence and the like, for signs that don't bring their own."""
    words: Mapping[str, list[str]] = field(default_factory=dict)
    """Words by file name, for files that don't say what their sign means."""
    mirror: bool = False
    """The recordings show a left-handed signer."""
    trim: bool = True


def import_signs(paths: list[Path], choices: ImportChoices, report: Report) -> ImportReport:
    """Import files and folders of all kinds. Raises `EngineError` when the dictionary can't be written, `Cancelled`."""
    result = ImportReport()
    found: list[tuple[Path, Reader]] = []
    for path in paths:
        for file, reader in readers(path):
            if isinstance(reader, str):
                result.skip(file.name, reader)
            else:
                found.append((file, reader))
    batch = _Batch(choices, result)
    try:
        for i, (path, reader) in enumerate(found):
            report(f"Reading {path.name}", i / len(found))
            for item in _read(reader, path):
                report(f"Reading {path.name}", i / len(found))
                batch.take(item)
    finally:
        batch.store()
    return result


class _Batch:
    """Signs that were read and not stored yet."""

    def __init__(self, choices: ImportChoices, result: ImportReport) -> None:
        self._choices, self._result = choices, result
        self._waiting: list[Incoming] = []
        self._since = time.monotonic()

    def take(self, item: Incoming | Skipped) -> None:
        """Prepare one sign, and store the batch when it is large or old enough."""
        if isinstance(item, Skipped):
            self._result.skip(item.what, item.why)
            return
        self._result.warnings += [note for note in item.notes if note not in self._result.warnings]
        try:
            self._waiting.append(self._prepared(item))
        except EngineError as e:
            self._result.skip(item.what, _reason(e))
        if len(self._waiting) >= _BATCH or time.monotonic() - self._since > _BATCH_S:
            self.store()

    def store(self) -> None:
        """Write what is waiting."""
        waiting, self._waiting = self._waiting, []
        self._since = time.monotonic()
        for code in dict.fromkeys(item.language for item in waiting):
            self._store_language(code, [item for item in waiting if item.language == code])

    def _prepared(self, item: Incoming) -> Incoming:
        """The sign with a good gloss, the user's metadata, and its motion cut to the sign."""
        choices, motion = self._choices, item.motion
        record = {**choices.metadata, **{k: v for k, v in item.record.items() if v not in ("", [], None)}}
        gloss = good_gloss(item.gloss)
        record["words"] = choices.words.get(item.what) or record.get("words") or editing.words_of(gloss)
        if motion is not None and not item.ready:
            motion = sign_motion(motion, start=item.start, end=item.end, mirror=choices.mirror, trim=choices.trim)
        return Incoming(
            item.what, gloss, record, item.language or choices.language, motion, ready=True, handshapes=item.handshapes
        )

    def _store_language(self, code: str, items: list[Incoming]) -> None:
        dictionary = UserDictionary(self._choices.dictionary, code)
        written = any(item.motion is None for item in items)
        known = library.load(code, self._choices.dictionary).handshapes if written else {}
        added: list[str] = []
        replaced: list[str] = []
        skipped: list[tuple[str, str]] = []
        with dictionary.change() as draft:
            for item in items:
                gloss = editing.put(draft, item.gloss, self._choices.duplicates)
                if gloss is None:
                    skipped.append((item.what, f"There is a sign {item.gloss} in your dictionary already."))
                    continue
                (replaced if gloss in draft else added).append(gloss)
                try:
                    _put(draft, dictionary, gloss, item, known)
                except EngineError as e:
                    (replaced if gloss in replaced else added).remove(gloss)
                    skipped.append((item.what, _reason(e)))
        self._result.added += added
        self._result.replaced += replaced
        for what, why in skipped:
            self._result.skip(what, why)


def _put(draft: Draft, dictionary: UserDictionary, gloss: str, item: Incoming, known: Mapping[str, Handshape]) -> None:
    if item.motion is not None:
        take = editing.recorded_take(gloss, dictionary, item.motion, item.record)
        draft.put_recorded(gloss, item.record, take)
        return
    names, new = _named(item.handshapes, known)
    draft.put_written(gloss, editing.complete(with_shapes(item.record, names), gloss), {**known, **new})
    for shape in new.values():
        draft.put_handshape(shape)


def _named(
    brought: Mapping[str, Handshape], known: Mapping[str, Handshape]
) -> tuple[dict[str, str], dict[str, Handshape]]:
    """New names of handshapes whose name another one has already, and those that have to be stored."""
    names: dict[str, str] = {}
    new: dict[str, Handshape] = {}
    for name, shape in brought.items():
        free = (name, *(f"{name}_{n}" for n in range(2, 1000)))
        same = next(f for f in free if f not in known or dataclasses.replace(known[f], name=name) == shape)
        if same not in known:
            new[same] = dataclasses.replace(shape, name=same)
        names[name] = same
    return names, new


def _reason(error: EngineError) -> str:
    return f"{error.message} {error.hint}".strip()


def _read(reader: Reader, path: Path) -> Iterator[Incoming | Skipped]:
    try:
        yield from reader(path)
    except EngineError as e:
        yield Skipped(path.name, _reason(e))
    except OSError as e:
        yield Skipped(path.name, f"It can't be read: {e.strerror or e}.")
