"""A corpus on disk: the frames of all clips in one memory-mapped file, and what is known of each clip.

A folder holds `frames.npy` (N, F) float32 in the features of `layout.json`, `clips.jsonl` with a line a clip, and
`statistics.npz` with mean and spread of the features. It is written once, clip by clip, and read at random.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field, fields
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import numpy as np
from numpy.lib.format import write_array_header_1_0
from numpy.typing import NDArray

from ..npz import Npz
from ..tokenizer.features import Layout
from .statistics import Statistics

Array = NDArray[np.floating]

FRAMES: Final = "frames.npy"
CLIPS: Final = "clips.jsonl"
LAYOUT: Final = "layout.json"
STATISTICS: Final = "statistics.npz"
_HEADER_BYTES: Final = 128
_MAX_STATISTICS_BYTES: Final = 1 << 24


class CacheError(ValueError):
    """A cache that can't be used; the message says which file is wrong and how."""


@dataclass(frozen=True)
class Clip:
    """One recording. start, frames: its rows of the frames.

    split: `train`, `val` or `test`. source: where it is from, like `sentence`, `isolated` or the data set's name.
    segments: (gloss, origin, key, first frame, end frame) of each sign, where they are known.
    """

    name: str
    start: int
    frames: int
    fps: float
    language: str
    source: str
    split: str
    text: str = ""
    glosses: tuple[str, ...] = ()
    segments: tuple[tuple[str, str, str, int, int], ...] = ()
    key: str = ""
    """Of an isolated sign: its name in the dictionary that the tokenizer makes."""
    extra: dict[str, Any] = field(default_factory=dict)


class CacheWriter:
    """Appends clips to a new cache; nothing of a half-written one reads as a whole one, as `layout.json` comes last."""

    def __init__(self, folder: Path, layout: Layout, *, resume: bool = False) -> None:
        """resume: keep the clips of a writing that was cut off. Raises `CacheError` when there is a cache already."""
        if (folder / LAYOUT).exists():
            raise CacheError(f"{folder} holds a corpus already. Choose another folder, or remove it.")
        folder.mkdir(parents=True, exist_ok=True)
        self._folder, self._layout = folder, layout
        self.clips: list[Clip] = _whole_clips(folder, layout) if resume else []
        """Those of the writing that is resumed."""
        self._rows = sum(clip.frames for clip in self.clips)
        self._frames = open(folder / FRAMES, "r+b" if self.clips else "wb")  # noqa: SIM115
        self._frames.seek(0)
        self._frames.write(b"\0" * _HEADER_BYTES)
        self._frames.truncate(_HEADER_BYTES + self._rows * _row_bytes(layout))
        self._frames.seek(0, os.SEEK_END)
        self._clips = open(folder / CLIPS, "w", encoding="utf-8")  # noqa: SIM115
        for clip in self.clips:
            self._write_line(clip)
        self._clips.flush()

    def __enter__(self) -> CacheWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.finish()
        else:
            self._frames.close()
            self._clips.close()

    def add(self, features: Array, **about: Any) -> Clip:
        """Append (T, F) features. about: the fields of `Clip` but start and frames. Raises `CacheError`."""
        if features.ndim != 2 or features.shape[1] != self._layout.size or not len(features):
            raise CacheError(f"A clip has the shape {features.shape}, expected (frames, {self._layout.size}).")
        if not np.isfinite(features).all():
            raise CacheError(f"The clip {about.get('name')} holds values that are not finite numbers.")
        clip = Clip(start=self._rows, frames=len(features), **about)
        self._frames.write(np.ascontiguousarray(features, np.float32).tobytes())
        self._write_line(clip)
        self._rows += len(features)
        return clip

    def _write_line(self, clip: Clip) -> None:
        self._clips.write(json.dumps(asdict(clip), ensure_ascii=False) + "\n")

    def finish(self) -> ClipCache:
        """Close the files and work out the statistics of the training split."""
        self._frames.seek(0)
        write_array_header_1_0(
            self._frames, {"descr": "<f4", "fortran_order": False, "shape": (self._rows, self._layout.size)}
        )
        if self._frames.tell() != _HEADER_BYTES:
            raise CacheError(f"The header of {FRAMES} doesn't have the {_HEADER_BYTES} bytes that were left for it.")
        self._frames.close()
        self._clips.close()
        partial = self._folder / (LAYOUT + ".part")
        partial.write_text(json.dumps(self._layout.to_json(), indent=1) + "\n", encoding="utf-8")
        os.replace(partial, self._folder / LAYOUT)
        cache = ClipCache(self._folder)
        cache.statistics.save(self._folder / STATISTICS)
        return cache


class ClipCache:
    """A cache that was written whole; frames are read from the disk when they are asked for."""

    def __init__(self, folder: Path) -> None:
        """Raises `CacheError` when it isn't one."""
        self.folder = folder
        try:
            self.layout = Layout.from_json(json.loads((folder / LAYOUT).read_text(encoding="utf-8")))
            self.clips = tuple(_read_clips(folder / CLIPS))
            self.frames: NDArray[np.float32] = np.load(folder / FRAMES, mmap_mode="r", allow_pickle=False)
        except OSError as e:
            raise CacheError(f"{folder} is no corpus, or its writing was cut off: {e.strerror or e}.") from e
        except (ValueError, TypeError, KeyError) as e:
            raise CacheError(f"The corpus in {folder} is damaged: {e}") from e
        rows = max((clip.start + clip.frames for clip in self.clips), default=0)
        if self.frames.dtype != np.float32 or self.frames.shape[1:] != (self.layout.size,) or len(self.frames) < rows:
            raise CacheError(
                f"{FRAMES} in {folder} has the shape {self.frames.shape}, expected ({rows}, {self.layout.size})."
            )

    def __len__(self) -> int:
        return len(self.clips)

    def features(self, clip: Clip) -> NDArray[np.float32]:
        """(T, F) features of a clip, not normalised."""
        return self.frames[clip.start : clip.start + clip.frames]

    def of(self, split: str = "", sources: Sequence[str] = ()) -> list[Clip]:
        """The clips of a split and of certain sources; all of them where nothing is said."""
        return [c for c in self.clips if (not split or c.split == split) and (not sources or c.source in sources)]

    @property
    def statistics(self) -> Statistics:
        """Mean and spread of the features of the training split, of all clips where there is none: those stored, else
        worked out."""
        path = self.folder / STATISTICS
        if path.is_file():
            with Npz(path, _MAX_STATISTICS_BYTES) as file:
                return Statistics(file.read("mean"), file.read("std"))
        return Statistics.of((self.features(clip) for clip in self.of("train") or self.clips), self.layout.size)


def _row_bytes(layout: Layout) -> int:
    return layout.size * np.dtype(np.float32).itemsize


def _whole_clips(folder: Path, layout: Layout) -> list[Clip]:
    """The clips of a writing that was cut off of which the line and all frames are there."""
    clips: list[Clip] = []
    try:
        rows = ((folder / FRAMES).stat().st_size - _HEADER_BYTES) // _row_bytes(layout)
        for clip in _read_clips(folder / CLIPS):
            if clip.start + clip.frames > rows:
                break
            clips.append(clip)
    except FileNotFoundError:
        return []
    except (ValueError, TypeError):  # the line at which it was cut off
        return clips
    return clips


def _read_clips(path: Path) -> Iterator[Clip]:
    known = {f.name for f in fields(Clip)}
    with open(path, encoding="utf-8") as file:
        for number, line in enumerate(file, 1):
            record = json.loads(line)
            if not isinstance(record, dict) or not set(record) <= known:
                raise ValueError(f"line {number} of {path.name} is no clip.")
            record["glosses"] = tuple(record.get("glosses", ()))
            record["segments"] = tuple(tuple(s) for s in record.get("segments", ()))
            yield Clip(**record)
