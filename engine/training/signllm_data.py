"""Training files of Prompt2Sign, ours or anybody's, as arrays that are read at random.

A folder has a folder a signed language with `train.skels`, `dev.skels`, `test.skels` and the files beside them. What is
read of a `.skels` file, a text of maybe gigabytes, is kept beside it as numbers (`train.frames.f32`, memory-mapped)
with an index of its lines (`train.index.json`), as long as the file stays as it was.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..formats.skeleton50 import HANDS
from ..formats.skels import VALUES, SkelsFormat, detect, read_skels
from .signllm_skels import ABOUT, SPLITS, SkelsError
from .statistics import Statistics

Array = NDArray[np.floating]

_INDEX_FORMAT: Final = 1
_BESIDE: Final = (".skels", ".text", ".gloss", ".files")


@dataclass(frozen=True)
class SkelsClip:
    """A line of the files. start, frames: its rows. gloss: as the file has it, empty without one."""

    name: str
    text: str
    gloss: str
    language: str
    start: int
    frames: int


class SkelsSplit:
    """The clips of one language and split; `frames` is (N, 150), each frame as long as `every` of the file's."""

    def __init__(self, folder: Path, language: str, split: str, scale: float) -> None:
        """split: a file's name. Raises `SkelsError` when there is none, `EngineError` for one that can't be read."""
        path = folder / language / f"{split}.skels"
        if not path.is_file():
            raise SkelsError(f"There is no {path}.")
        index = _index(path, scale)
        self.language, self.split = language, split
        self.clips = tuple(
            SkelsClip(name, text, gloss, language, start, frames) for name, text, gloss, start, frames in index["clips"]
        )
        rows = sum(clip.frames for clip in self.clips)
        self.frames: NDArray[np.float32] = np.memmap(_frames_path(path), np.float32, "r", shape=(rows, VALUES))

    def __len__(self) -> int:
        return len(self.clips)

    def points(self, clip: SkelsClip, every: int = 1) -> NDArray[np.float32]:
        """(T, 150) numbers of each `every`-th frame, from the first one on."""
        return np.asarray(self.frames[clip.start : clip.start + clip.frames : every])


@dataclass(frozen=True)
class SkelsFolder:
    """A folder of training files. fps: of the files, 0 where nothing says it."""

    path: Path
    fps: float
    scale: float
    unit: str
    languages: tuple[str, ...]

    @classmethod
    def read(cls, path: Path, fps: float = 0.0, scale: float = 0.0) -> SkelsFolder:
        """fps, scale: of the files, where they aren't 0; otherwise what `skels.json` says.

        Raises `SkelsError` when there are no files, and when nothing says their frame rate.
        """
        languages = tuple(sorted(p.parent.name for p in path.glob("*/train.skels")))
        if not languages:
            raise SkelsError(
                f"{path} has no training files: a folder a language with train.skels and train.text in it."
            )
        about = json.loads((path / ABOUT).read_text(encoding="utf-8")) if (path / ABOUT).is_file() else {}
        rate = fps or float(about.get("fps", 0.0))
        if rate <= 0.0:
            raise SkelsError(f"Nothing says the frame rate of {path}. Give it, with --set data.fps=25.0 and the like.")
        used = scale or float(about.get("scale", SkelsFormat().scale))
        return cls(path, rate, used, str(about.get("unit", "units of the files")), languages)

    def split(self, language: str, split: str) -> SkelsSplit:
        """The clips of a language. split: `train`, `val` or `test`."""
        return SkelsSplit(self.path, language, SPLITS.get(split, split), self.scale)

    def has(self, language: str, split: str) -> bool:
        """Whether there is such a split."""
        return (self.path / language / f"{SPLITS.get(split, split)}.skels").is_file()

    def chosen(self, wanted: Sequence[str]) -> tuple[str, ...]:
        """The languages that are asked for, all when that is none. Raises `SkelsError` for one that isn't there."""
        missing = [code for code in wanted if code not in self.languages]
        if missing:
            raise SkelsError(f"{self.path} has no {', '.join(missing)}; it has {', '.join(self.languages)}.")
        return tuple(wanted) or self.languages


# ---------------------------------------------------------------- what is kept of a file


def _frames_path(path: Path) -> Path:
    return path.with_suffix(".frames.f32")


def _index(path: Path, scale: float) -> dict[str, Any]:
    """The index of a file, made where there is none of it as it is now."""
    about = {"format": _INDEX_FORMAT, "scale": scale, "files": _state(path)}
    place = path.with_suffix(".index.json")
    try:
        index = json.loads(place.read_text(encoding="utf-8"))
        if {key: index.get(key) for key in about} == about and _frames_path(path).stat().st_size == index["bytes"]:
            return index
    except (OSError, ValueError, AttributeError, KeyError):
        pass  # none yet, or one that was cut off
    index = about | _converted(path, scale)
    _replace(place, json.dumps(index, ensure_ascii=False).encode("utf-8"))
    return index


def _state(path: Path) -> list[list[int]]:
    """Size and time of the file and of those beside it."""
    stats = [p.stat() for suffix in _BESIDE if (p := path.with_suffix(suffix)).is_file()]
    return [[s.st_size, s.st_mtime_ns] for s in stats]


def _converted(path: Path, scale: float) -> dict[str, Any]:
    clips, start = [], 0
    format = SkelsFormat(scale, detect(path).counter)
    partial = _frames_path(path).with_name(f"{path.stem}.frames.part")
    with partial.open("wb") as file:
        for number, clip in enumerate(read_skels(path, format), 1):
            file.write(np.ascontiguousarray(clip.points.reshape(len(clip), -1), np.float32).tobytes())
            clips.append([clip.name or f"{path.stem} {number}", clip.text, clip.gloss, start, len(clip)])
            start += len(clip)
    os.replace(partial, _frames_path(path))
    return {"clips": clips, "bytes": start * VALUES * 4}


def _replace(path: Path, data: bytes) -> None:
    partial = path.with_name(f"{path.name}.part")
    partial.write_bytes(data)
    os.replace(partial, path)


# ---------------------------------------------------------------- what the loss sees


@dataclass(frozen=True)
class PoseSpace:
    """Numbers of a frame as the loss weighs them: a linear map of the normalised joints and back.

    plain: mean and spread of the 150 numbers, as bundles have them. seen: those of the numbers that the loss sees.
    With `hands_from_wrists` these are a hand's joints from its wrist, so that a handshape counts as much as the place
    of the hand; it is our addition. Otherwise both are the same, as in Progressive Transformers.
    """

    plain: Statistics
    seen: Statistics
    hands_from_wrists: bool

    @classmethod
    def of(cls, clips: Callable[[], Iterable[Array]], least: float, hands_from_wrists: bool) -> PoseSpace:
        """clips: reads (T, 150) clips, one by one. least: spread of what hardly moves, so that it isn't blown up."""
        plain = seen = Statistics.of(clips(), VALUES).floored(least)
        if hands_from_wrists:
            seen = Statistics.of(map(from_wrists, clips()), VALUES).floored(least)
        return cls(plain, seen, hands_from_wrists)

    def into(self, points: Array) -> NDArray[np.float32]:
        """(T, 150) joints to what the loss sees."""
        return self.seen.normalised(from_wrists(points) if self.hands_from_wrists else points)

    def back(self, values: Array) -> Array:
        """(T, 150) of what the loss sees to joints."""
        points = self.seen.undone(values)
        return from_wrists(points, back=True) if self.hands_from_wrists else points

    @cached_property
    def matrix(self) -> NDArray[np.float64]:
        """(150, 150): plainly normalised joints, as a column, to what the loss sees."""
        turn = from_wrists(np.eye(VALUES)).T if self.hands_from_wrists else np.eye(VALUES)
        return turn * self.plain.std[None] / self.seen.std[:, None]


def from_wrists(points: Array, back: bool = False) -> Array:
    """(..., 150) joints with those of each hand from its wrist, or such joints as they were."""
    joints = np.array(points, np.float64).reshape(*np.shape(points)[:-1], -1, 3)
    for hand in HANDS.values():
        wrist = joints[..., hand.start, None, :]
        joints[..., hand.start + 1 : hand.stop, :] += wrist if back else -wrist
    return joints.reshape(np.shape(points))
