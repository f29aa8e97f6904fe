"""Pose files to takes: each motion fitted to the avatar, with where it came from."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from .. import __version__
from ..formats.smplx_npz import Motion
from ..generators.base import EngineError, Report
from ..take import Segment, Take
from .sources import MOST, ImportChoices, Source, clip_count, files_of, sources

METHOD: Final = "imported"
_NAME_LENGTH: Final = 60


@dataclass(frozen=True)
class Skipped:
    """What was left out, and why."""

    what: str
    why: str


def import_takes(paths: Sequence[Path], choices: ImportChoices, report: Report) -> tuple[list[Take], list[Skipped]]:
    """The takes of all files, and what was left out; one bad file stops no other.

    Raises `EngineError` when there is no take at all or too many are wanted, and lets `Cancelled` pass.
    """
    report("Looking", 0.0)
    takes: list[Take] = []
    skipped: list[Skipped] = []
    files = files_of(list(paths))
    counts = [_counted(path, choices, skipped) for path in files]
    if sum(counts) > MOST:
        raise EngineError(
            "too_many",
            f"That would be {sum(counts)} takes; {MOST} are made at most at a time.",
            "Choose fewer files, or lines of them like 1-20.",
        )
    whole, done = max(sum(counts), 1), 0
    for path, count in zip(files, counts, strict=True):
        for found in _found(path, choices) if count else ():
            if isinstance(found, Skipped):
                skipped.append(found)
                continue

            def progress(fraction: float, name: str = found.what, before: int = done) -> None:
                report(f"Reading {name}", (before + fraction) / whole)

            progress(0.0)
            try:
                takes.append(_take(found, found.read(progress), choices))
            except (EngineError, OSError) as e:
                skipped.append(Skipped(found.what, _reason(e)))
            done += 1
    if not takes:
        raise EngineError("nothing_imported", _all_left_out(skipped), "Nothing was changed.")
    return takes, skipped


def _counted(path: Path, choices: ImportChoices, skipped: list[Skipped]) -> int:
    try:
        return clip_count(path, choices)
    except (EngineError, OSError) as e:
        skipped.append(Skipped(path.name, _reason(e)))
        return 0


def _found(path: Path, choices: ImportChoices) -> Iterator[Source | Skipped]:
    """The sources of a file, and at their end why there are no more of them, where it is damaged."""
    try:
        yield from sources(path, choices)
    except (EngineError, OSError) as e:
        yield Skipped(path.name, _reason(e))


def _take(source: Source, motion: Motion, choices: ImportChoices) -> Take:
    """A take of ours as it was; else one whose only segment tells of the file."""
    take = motion.take
    if take.segments or take.method != METHOD:
        return dataclasses.replace(take, language=take.language or choices.language)
    duration = take.sequence.duration
    name = " ".join(take.name.split())[:_NAME_LENGTH] or source.what
    segment = Segment(
        " ".join(source.gloss.split()) or name,
        0.0,
        duration,
        "imported",
        (0, len(take.text)),
        source=source.what,
        fit_residual=motion.fit_residual,
    )
    return dataclasses.replace(
        take,
        name=name,
        language=choices.language,
        segments=(segment,),
        warnings=motion.notes,
        settings={"imported_from": source.what, "format": source.kind, "fps": take.sequence.fps},
        engine_version=__version__,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _all_left_out(skipped: Sequence[Skipped]) -> str:
    first = skipped[0] if skipped else Skipped("The files", "They hold no motion.")
    more = f" {len(skipped) - 1} more could not be read either." if len(skipped) > 1 else ""
    return f"No take was imported. {first.what}: {first.why}{more}"


def _reason(error: EngineError | OSError) -> str:
    if isinstance(error, EngineError):
        return f"{error.message} {error.hint}".strip()
    return f"It can't be read: {error.strerror or error}."
