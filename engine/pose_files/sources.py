"""The motions that files and folders hold, told by suffix and content, each read when it is its turn."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from ..dictionary.readers import motion_of
from ..formats.dwpose import is_dwpose
from ..formats.motion50 import Progress, read_dwpose_motion, read_openpose_motion, skels_motion
from ..formats.openpose import frame_files, is_openpose
from ..formats.skels import SkelsFormat, count_clips, detect, read_skels
from ..formats.smplx_npz import Motion
from ..generators.base import EngineError
from .lines import Lines

MOST: Final = 100
"""Most takes of one import."""
SUFFIXES: Final = (".skels", ".npz", ".pose")
_FRAME: Final = ".json"
Counter = Literal["detect", "with", "without"]
"""Whether frames of `.skels` end with the counter."""


@dataclass(frozen=True)
class ImportChoices:
    """What a user chooses. fps: of files that don't say theirs; `None` takes 25 and notes it. lines: of `.skels`."""

    language: str = "ASL"
    fps: float | None = None
    lines: Lines = field(default_factory=Lines)
    counter: Counter = "detect"


@dataclass(frozen=True)
class Source:
    """One motion. what: its file, and where in it. kind: its format. gloss: as the file has it, mostly empty."""

    what: str
    kind: str
    read: Callable[[Progress], Motion]
    gloss: str = ""


def files_of(paths: list[Path]) -> list[Path]:
    """Files and OpenPose folders that paths stand for, once each: a frame stands for its folder, another folder for
    what lies in it. What can't be read is in the list too, so that it is told."""
    found: dict[Path, None] = {}
    for path in paths:
        found |= dict.fromkeys(_expanded(path))
    return list(found)


def sources(path: Path, choices: ImportChoices) -> Iterator[Source]:
    """The motions of a file or an OpenPose folder. Raises `EngineError`."""
    suffix = path.suffix.lower()
    if not path.exists():
        raise EngineError("no_such_file", f"There is no file {path.name}.", "Choose another one.", "choose_folder")
    if path.is_dir():
        frame_files(path)  # raises for a folder without any
        yield Source(path.name, "OpenPose", functools.partial(read_openpose_motion, path, choices.fps))
    elif suffix == ".skels":
        yield from _clips(path, choices)
    elif suffix == ".npz" and is_dwpose(path):
        yield Source(path.name, "DWPose", functools.partial(read_dwpose_motion, path, choices.fps))
    elif suffix in SUFFIXES:
        yield Source(path.name, "SMPL-X" if suffix == ".npz" else "MediaPipe", lambda progress: motion_of(path))
    else:
        known = f"{', '.join(SUFFIXES)}, and OpenPose's folders of {_FRAME}"
        raise EngineError("unknown_kind", f"The kind of {path.name} is not known.", f"These can be imported: {known}.")


def clip_count(path: Path, choices: ImportChoices) -> int:
    """How many takes a file becomes, as far as that can be told without reading it. Raises `EngineError`."""
    if path.suffix.lower() != ".skels" or not path.is_file():
        return 1
    there = count_clips(path)
    if not there:
        return 1  # reading it tells
    wanted = choices.lines.within(there)
    if not wanted:
        lines = f"{there} line{'s' if there != 1 else ''}"
        raise EngineError("bad_lines", f"{path.name} has {lines}, none of those chosen.", f"Choose from 1 to {there}.")
    return wanted


def _expanded(path: Path) -> Iterator[Path]:
    if path.suffix.lower() == _FRAME and path.is_file():
        yield path.parent
    elif path.is_dir() and not is_openpose(path):
        inside = sorted(path.iterdir())
        known = [p for p in inside if is_openpose(p) or (p.is_file() and p.suffix.lower() in SUFFIXES)]
        yield from known or [path]
    else:
        yield path


def _clips(path: Path, choices: ImportChoices) -> Iterator[Source]:
    format = detect(path) if choices.counter == "detect" else SkelsFormat(counter=choices.counter == "with")
    clips = read_skels(path, format, choices.lines.__contains__)
    for clip in itertools.islice(clips, clip_count(path, choices)):
        read = functools.partial(skels_motion, clip, path.stem, choices.fps)
        yield Source(f"{path.name}, line {clip.line}", "skels", read, clip.gloss)
