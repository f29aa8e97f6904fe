"""Recordings as data sets have them, a pickle a frame, into a `ClipCache`; what can't be used is told and skipped.

Recordings that are faster than the wanted rate are resampled down to it by time. An import that was cut off goes on
where it stopped. Frames are read by several processes, a recording at a time, so memory stays small.
"""

from __future__ import annotations

import json
import os
import re
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from contextlib import nullcontext
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ..take import PoseSequence
from ..tokenizer.features import SOKE
from .cache import LAYOUT, CacheError, CacheWriter, ClipCache
from .stored import STORED, FrameError, poses_of, read_frame

Array = NDArray[np.floating]

SKIPPED: Final = "skipped.jsonl"
SETTINGS: Final = "import.json"
_AHEAD: Final = 4
"""Recordings that wait for each process."""


@dataclass(frozen=True)
class Limits:
    """Clips of `shortest` to `longest` frames count, at `fps` where the recording is faster; isolated signs from
    `shortest_sign` frames."""

    shortest: int = 40
    longest: int = 400
    fps: float = 24.0
    shortest_sign: int = 8


@dataclass(frozen=True)
class SourceConfig:
    """A data set on disk. root: its folder. texts: its table of texts, below the root, with `{split}` where each split
    has its own; the usual names when empty. fps: of recordings whose table doesn't say it. slices: a table of isolated
    signs that are cut out of its recordings, instead of whole ones.
    """

    format: Literal["how2sign", "csl", "phoenix"]
    root: str = ""
    splits: tuple[str, ...] = ("train", "val", "test")
    texts: str = ""
    fps: float = 0.0
    slices: str = ""


@dataclass(frozen=True)
class Recording:
    """A recording on disk. frame_name: pattern of its frames' file names, whose last group is the frame's number.

    start, end: the frames of it that count, from its first one on, end left out; all of them when end is 0.
    """

    name: str
    folder: Path
    frame_name: str
    fps: float
    language: str
    source: str
    split: str
    text: str = ""
    gloss: str = ""
    label: str = ""
    start: int = 0
    end: int = 0
    retrieved: tuple[str, ...] = ()
    """Labels of isolated signs that its text asks for."""

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from all others."""
        return self.source, self.split, self.name


@dataclass(frozen=True)
class Skipped:
    """A recording that was left out. reason: in few words, for counting. file: what is wrong, if it is one file."""

    name: str
    source: str
    split: str
    reason: str
    detail: str
    file: str = ""


class ClipError(ValueError):
    """A recording that can't be used."""

    def __init__(self, reason: str, detail: str, file: str = "") -> None:
        super().__init__(detail)
        self.reason, self.detail, self.file = reason, detail, file


@dataclass(frozen=True)
class Summary:
    """What became of the recordings: clips by source and split, and those left out."""

    cache: ClipCache
    skipped: tuple[Skipped, ...]
    clips: Counter[tuple[str, str]] = field(default_factory=Counter)

    def lines(self) -> list[str]:
        """For people: what is there, and what is missing and why."""
        frames = sum(clip.frames for clip in self.cache.clips)
        lines = [f"{source} {split}: {count} clips" for (source, split), count in sorted(self.clips.items())]
        lines.append(f"{len(self.cache)} clips of {frames} frames in {self.cache.folder}")
        for (source, reason), count in Counter((s.source, s.reason) for s in self.skipped).most_common():
            first = next(s for s in self.skipped if (s.source, s.reason) == (source, reason))
            where = f" ({first.file})" if first.file else ""
            lines.append(f"skipped {count} of {source}: {reason}; the first: {first.name}{where}: {first.detail}")
        if self.skipped:
            lines.append(f"All that was skipped is listed in {self.cache.folder / SKIPPED}")
        return lines


def read_clip(recording: Recording, limits: Limits) -> tuple[Array, float]:
    """(T, 133) features of a recording and their rate. Raises `ClipError`."""
    if not 1.0 <= recording.fps <= 240.0:
        raise ClipError("frame rate", f"its frame rate is {recording.fps:g}")
    files = _frame_files(recording)
    _check_length(recording, len(files), limits)
    stored = np.empty((len(files), STORED), dtype=np.float32)
    for row, file in zip(stored, files, strict=True):
        try:
            row[:] = read_frame(file)
        except FrameError as e:
            raise ClipError("damaged frame", str(e), file.name) from e
    poses, expression = poses_of(stored)
    still = np.zeros((len(poses), 3), dtype=np.float32)
    sequence = PoseSequence(poses, still, expression, recording.fps, SOKE.expression)
    if recording.fps > limits.fps:
        sequence = sequence.resampled(limits.fps)
    return SOKE.features(sequence.poses, sequence.expression), sequence.fps


def _frame_files(recording: Recording) -> list[Path]:
    """The frames in their order, none missing."""
    pattern = re.compile(recording.frame_name)
    numbered: dict[int, Path] = {}
    try:
        with os.scandir(recording.folder) as entries:
            for entry in entries:
                match = pattern.fullmatch(entry.name)
                if match is None:
                    continue
                number = int(match[match.re.groups])
                if number in numbered:
                    raise ClipError("frame twice", f"it has frame {number} twice", entry.name)
                numbered[number] = recording.folder / entry.name
    except (OSError, ValueError) as e:
        if isinstance(e, ClipError):
            raise
        raise ClipError("no folder", f"{recording.folder} can't be read: {getattr(e, 'strerror', e)}") from e
    if not numbered:
        raise ClipError("no frames", f"{recording.folder} has no frames")
    first, last = min(numbered), max(numbered)
    if last - first + 1 != len(numbered):
        gap, count = next(n for n in range(first, last) if n not in numbered), last - first + 1 - len(numbered)
        raise ClipError("frame missing", f"it lacks frame {gap}" + (f" and {count - 1} more" if count > 1 else ""))
    files = [numbered[number] for number in range(first, last + 1)]
    if recording.end:
        if not 0 <= recording.start < recording.end <= len(files):
            raise ClipError("slice", f"{recording.start} to {recording.end} doesn't lie in its {len(files)} frames")
        files = files[recording.start : recording.end]
    return files


def _check_length(recording: Recording, frames: int, limits: Limits) -> None:
    if recording.fps > limits.fps:
        frames = max(round((frames - 1) / recording.fps * limits.fps) + 1, 2)
    shortest = limits.shortest_sign if recording.label else limits.shortest
    if frames < shortest:
        raise ClipError("too short", f"it has {frames} frames, and {shortest} are the fewest")
    if frames > limits.longest:
        raise ClipError("too long", f"it has {frames} frames, and {limits.longest} are the most")


def import_recordings(
    recordings: Sequence[Recording], folder: Path, limits: Limits, settings: dict[str, Any], workers: int = 1
) -> Summary:
    """Read recordings into a new cache in the layout `SOKE`, or go on with an import that was cut off.

    settings: what the import was asked for; going on with others is refused. Raises `CacheError`, also when no
    recording at all can be used.
    """
    _check_settings(folder, settings)
    skipped = _read_skipped(folder / SKIPPED)
    with CacheWriter(folder, SOKE, resume=True) as writer, open(folder / SKIPPED, "a", encoding="utf-8") as log:
        (folder / SETTINGS).write_text(json.dumps(settings, indent=1, ensure_ascii=False), encoding="utf-8")
        done = {(c.extra["data_set"], c.split, c.name) for c in writer.clips}
        done |= {(s.source, s.split, s.name) for s in skipped}
        waiting = [r for r in recordings if r.key not in done]
        count = len(writer.clips)
        for recording, outcome in _read_all(waiting, limits, workers, len(recordings) - len(waiting)):
            if isinstance(outcome, Skipped):
                skipped.append(outcome)
                log.write(json.dumps(asdict(outcome), ensure_ascii=False) + "\n")
                continue
            features, fps = outcome
            writer.add(features, fps=fps, **_about(recording))
            count += 1
        if not count:
            first = f" The first, {skipped[0].name}: {skipped[0].detail}." if skipped else ""
            raise CacheError(f"None of {len(recordings)} recordings can be used.{first}")
    cache = ClipCache(folder)
    return Summary(cache, tuple(skipped), Counter((clip.source, clip.split) for clip in cache.clips))


def _about(recording: Recording) -> dict[str, Any]:
    glosses = (recording.label,) if recording.label else tuple(recording.gloss.split())
    return {
        "name": recording.name,
        "language": recording.language,
        "source": "isolated" if recording.label else recording.source,
        "split": recording.split,
        "text": recording.text,
        "glosses": glosses,
        "key": recording.label,
        "extra": {"data_set": recording.source, "retrieved": [[label] for label in recording.retrieved]},
    }


def _check_settings(folder: Path, settings: dict[str, Any]) -> None:
    path = folder / SETTINGS
    if (folder / LAYOUT).exists() or not path.exists():
        return
    if json.loads(path.read_text(encoding="utf-8")) != json.loads(json.dumps(settings)):
        raise CacheError(f"An import into {folder} was begun with other settings. Remove the folder, or use those.")


def _read_skipped(path: Path) -> list[Skipped]:
    if not path.exists() or (path.parent / LAYOUT).exists():
        return []
    whole = path.read_text(encoding="utf-8").rpartition("\n")[0]  # a line that was cut off doesn't count
    path.write_text(whole + "\n" if whole else "", encoding="utf-8")
    return [Skipped(**json.loads(line)) for line in whole.splitlines()]


Outcome = tuple[Array, float] | Skipped


def _read_one(recording: Recording, limits: Limits) -> Outcome:
    try:
        return read_clip(recording, limits)
    except ClipError as e:
        return Skipped(recording.name, recording.source, recording.split, e.reason, e.detail, e.file)


def _read_all(
    recordings: Sequence[Recording], limits: Limits, workers: int, done: int
) -> Iterator[tuple[Recording, Outcome]]:
    """Each recording and what became of it, in their order. done: how many were read before, for the bar."""
    from tqdm import tqdm

    pool = ProcessPoolExecutor(workers) if workers > 1 else nullcontext()
    bar = tqdm(total=done + len(recordings), initial=done, unit="clip", desc="Reading clips", disable=None)
    with pool, bar:
        outcomes = (
            ((r, _read_one(r, limits)) for r in recordings)
            if isinstance(pool, nullcontext)
            else _ahead(pool, recordings, limits, _AHEAD * workers)
        )
        for pair in outcomes:
            bar.update()
            yield pair


def _ahead(
    pool: ProcessPoolExecutor, recordings: Sequence[Recording], limits: Limits, room: int
) -> Iterator[tuple[Recording, Outcome]]:
    """As many at once as there is room for: what is read waits in memory until it is written."""
    waiting: deque[tuple[Recording, Future[Outcome]]] = deque()
    for recording in recordings:
        waiting.append((recording, pool.submit(_read_one, recording, limits)))
        if len(waiting) >= room:
            first, future = waiting.popleft()
            yield first, future.result()
    for first, future in waiting:
        yield first, future.result()
