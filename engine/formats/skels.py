"""Training files of Prompt2Sign and Progressive Transformers: `.skels`, beside it `.text`, `.files` and `.gloss`.

A line of `.skels` is a clip: for each frame the 150 numbers of 50 joints (x, y, z of one after the other), divided by
`scale`, then the counter, which runs from 1/T to 1. Files are read and written a line at a time, so that their size
doesn't matter.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

import numpy as np
from numpy.typing import NDArray

from ..generators.base import EngineError
from .skeleton50 import JOINT_COUNT

Array = NDArray[np.floating]

SCALES: Final = {"prompt2sign": 9.0, "progressive": 3.0}
"""What coordinates are divided by in the files of each system."""
DECIMALS: Final = 5
VALUES: Final = 3 * JOINT_COUNT
_MAX_LINE_BYTES = 512 << 20
_BLOCK_BYTES = 1 << 20
_SIDE_FILES = ("text", "files", "gloss")


@dataclass(frozen=True)
class SkelsFormat:
    """How numbers stand in a `.skels` file."""

    scale: float = SCALES["prompt2sign"]
    counter: bool = True

    @property
    def frame_size(self) -> int:
        """Numbers of a frame."""
        return VALUES + self.counter


@dataclass(frozen=True)
class SkelsClip:
    """points (T, 50, 3) in the unit of before the scale. counter (T,) as the file has it, empty without one.

    line: number in its file, from 1.
    """

    points: Array
    counter: Array
    text: str = ""
    name: str = ""
    gloss: str = ""
    line: int = 0

    def __len__(self) -> int:
        return len(self.points)


def counter(frames: int) -> Array:
    """(T,) the counter that a clip is written with: frame i of T, from 1."""
    return np.round(np.arange(1, frames + 1) / max(frames, 1), DECIMALS)


def detect(path: Path, scale: float = SCALES["prompt2sign"]) -> SkelsFormat:
    """The format of a file, told by its first clip: a counter is there when each 151st number rises to 1.

    Raises `EngineError` when it is neither with nor without. The scale can't be told, so it is given.
    """
    with path.open("rb") as file:
        values = _numbers(file, path, 1)
    if values is None:
        raise EngineError("bad_motion", f"{path.name} is empty.")
    if len(values) % (VALUES + 1) == 0:
        last = values[VALUES :: VALUES + 1]
        if abs(last[-1] - 1.0) < 1e-4 and (np.diff(last) > -1e-9).all() and last[0] >= 0.0:
            return SkelsFormat(scale, True)
    if len(values) % VALUES == 0:
        return SkelsFormat(scale, False)
    raise EngineError(
        "bad_motion",
        f"The first line of {path.name} has {len(values)} numbers, which are no frames of {VALUES} (or {VALUES + 1} "
        "with the counter).",
        "A .skels file has a line a clip, its numbers with a blank between.",
    )


def count_clips(path: Path) -> int:
    """How many lines a file has."""
    with path.open("rb") as file:
        blocks = iter(lambda: file.read(_BLOCK_BYTES), b"")
        count, last = 0, b"\n"
        for block in blocks:
            count, last = count + block.count(b"\n"), block[-1:]
    return count + (last != b"\n")


def read_skels(
    path: Path, format: SkelsFormat | None = None, wanted: Callable[[int], bool] = lambda line: True
) -> Iterator[SkelsClip]:
    """The clips of a file one by one, with what stands in the files beside it. Raises `EngineError` for a bad line.

    wanted: tells for a line's number, from 1, whether it is read; the others are passed over.
    """
    chosen = format or detect(path)
    beside = {kind: path.with_suffix(f".{kind}") for kind in _SIDE_FILES}
    opened = {kind: p.open(encoding="utf-8") for kind, p in beside.items() if p.is_file()}
    try:
        with path.open("rb") as file:
            for line in itertools.count(1):
                values = _numbers(file, path, line) if wanted(line) else _passed_over(file)
                words = {kind: f.readline() for kind, f in opened.items()}
                if values is None:
                    _require_end(path, words, line)
                    return
                missing = [kind for kind, text in words.items() if not text]
                if missing:
                    raise _bad(path.with_suffix(f".{missing[0]}"), line, f"ends, but {path.name} goes on")
                if wanted(line):
                    yield _clip(values, chosen, path, line, {kind: w.rstrip("\r\n") for kind, w in words.items()})
    except UnicodeDecodeError as e:
        raise EngineError("bad_motion", f"A file beside {path.name} isn't UTF-8 text: {e.reason}.") from e
    finally:
        for f in opened.values():
            f.close()


class SkelsWriter:
    """Writes clips to `.skels` and the files beside it, a line at a time; with `resume` it goes on after what is there.

    A line that an interruption left unfinished, and lines that not all files have, are dropped before going on.
    """

    def __init__(
        self, path: Path, format: SkelsFormat | None = None, *, gloss: bool = False, resume: bool = False
    ) -> None:
        self._format = format or SkelsFormat()
        kinds = ("text", "files", *(("gloss",) if gloss else ()))
        paths = [path, *(path.with_suffix(f".{kind}") for kind in kinds)]
        path.parent.mkdir(parents=True, exist_ok=True)
        self.written = _cut_to_whole_lines(paths) if resume else 0
        """Clips that are in the files."""
        self._files = [p.open("ab" if resume else "wb") for p in paths]
        self._gloss = gloss

    def __enter__(self) -> SkelsWriter:
        return self

    def __exit__(self, *_: object) -> None:
        for file in self._files:
            file.close()

    def write(self, points: Array, text: str, name: str, gloss: str = "") -> None:
        """Add a clip of (T, 50, 3) points. Raises `ValueError` for one without frames or with what isn't finite."""
        if points.ndim != 3 or points.shape[1:] != (JOINT_COUNT, 3) or not len(points):
            raise ValueError(f"A clip is (frames, {JOINT_COUNT}, 3), not {points.shape}.")
        if not np.isfinite(points).all():
            raise ValueError(f"The clip {name!r} holds values that are not finite numbers.")
        values = points.reshape(len(points), -1) / self._format.scale
        if self._format.counter:
            values = np.concatenate([values, counter(len(points))[:, None]], axis=1)
        row = " ".join(f"{v:.{DECIMALS}f}" for v in values.ravel())
        words = (text, name, *((gloss,) if self._gloss else ()))
        for file, content in zip(self._files, (row, *(" ".join(w.split()) for w in words)), strict=True):
            file.write(content.encode("utf-8") + b"\n")
        self.written += 1

    def flush(self) -> None:
        """Hand everything to the system, so that an interruption loses nothing."""
        for file in self._files:
            file.flush()


def _numbers(file: IO[bytes], path: Path, line: int) -> Array | None:
    """The numbers of the next line; `None` at the end."""
    text = file.readline(_MAX_LINE_BYTES + 1)
    if not text:
        return None
    if len(text) > _MAX_LINE_BYTES:
        raise _bad(path, line, f"is longer than {_MAX_LINE_BYTES >> 20} MB")
    try:
        values = np.array(text.split(), dtype=np.float64)
    except ValueError as e:
        raise _bad(path, line, f"holds what is no number: {e}") from e
    if not np.isfinite(values).all():
        raise _bad(path, line, "holds values that are not finite numbers")
    return values


def _passed_over(file: IO[bytes]) -> Array | None:
    """Go to the next line; nothing of it, `None` at the end."""
    some = False
    while part := file.readline(_BLOCK_BYTES):
        some = True
        if part.endswith(b"\n"):
            break
    return np.empty(0) if some else None


def _clip(values: Array, format: SkelsFormat, path: Path, line: int, words: dict[str, str]) -> SkelsClip:
    if not len(values) or len(values) % format.frame_size:
        raise _bad(path, line, f"has {len(values)} numbers, which are no whole frames of {format.frame_size}")
    frames = values.reshape(-1, format.frame_size)
    points = (frames[:, :VALUES] * format.scale).reshape(-1, JOINT_COUNT, 3)
    text, name, gloss = (words.get(kind, "") for kind in _SIDE_FILES)
    return SkelsClip(points, frames[:, VALUES:].ravel(), text, name, gloss, line)


def _require_end(path: Path, words: dict[str, str], line: int) -> None:
    longer = [kind for kind, text in words.items() if text.strip()]
    if longer:
        raise _bad(path, line, f"is missing: {path.with_suffix('.' + longer[0]).name} has more lines")


def _bad(path: Path, line: int, what: str) -> EngineError:
    return EngineError(
        "bad_motion", f"Line {line} of {path.name} {what}.", "Make the file again, or take the line out."
    )


def _cut_to_whole_lines(paths: list[Path]) -> int:
    """Cut all files after as many whole lines as each of them has; how many those are."""
    ends = [_line_ends(p) for p in paths]
    whole = min(len(e) for e in ends)
    for path, end in zip(paths, ends, strict=True):
        if path.is_file():
            with path.open("r+b") as file:
                file.truncate(end[whole - 1] if whole else 0)
    return whole


def _line_ends(path: Path) -> list[int]:
    """Where each whole line of a file ends."""
    if not path.is_file():
        return []
    ends, at = [], 0
    with path.open("rb") as file:
        while line := file.readline():
            at += len(line)
            if line.endswith(b"\n"):
                ends.append(at)
    return ends
