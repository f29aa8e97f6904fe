"""Motion from files of 50 joints: OpenPose folders and DWPose files, seen in a picture, and clips of `.skels`."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ..body import EMBEDDED_AVATAR, BodyModel
from ..generators.base import EngineError
from ..take import Take
from .cleaning50 import ClipError, initialised, interpolated, normalised
from .dwpose import read_dwpose
from .fit50 import fit50
from .openpose import read_openpose
from .skeleton50 import Keypoints
from .skels import SkelsClip, read_skels
from .smplx_npz import Motion

Array = NDArray[np.floating]
Progress = Callable[[float], None]
"""Gets the fraction that is done; what it raises ends the work."""

FPS = 25.0
"""Taken where files don't say their frame rate, which none of these does."""
_FROM_PICTURE = 0.3
"""Weight of depths that a picture doesn't show."""
_FLAT = "A picture doesn't show depth; it was guessed from the lengths of the bones."
_ASSUMED = f"The file doesn't say its frame rate; {FPS:.0f} frames a second were taken."


def _silent(_done: float) -> None:
    """For those who don't want to know."""


def read_openpose_motion(folder: Path, fps: float | None = None, progress: Progress = _silent) -> Motion:
    """Read and fit the frames of a folder. fps: `FPS` and a note when not given. Raises `EngineError`."""
    return _from_picture(read_openpose(folder), folder.name, fps, progress)


def read_dwpose_motion(path: Path, fps: float | None = None, progress: Progress = _silent) -> Motion:
    """Read and fit a DWPose file. fps: `FPS` and a note when not given. Raises `EngineError`."""
    return _from_picture(read_dwpose(path), path.stem, fps, progress)


def read_skels_motions(path: Path, fps: float | None = None) -> Iterator[tuple[SkelsClip, Motion]]:
    """Read and fit the clips of a `.skels` file one by one. Raises `EngineError`."""
    for clip in read_skels(path):
        yield clip, skels_motion(clip, path.stem, fps)


def skels_motion(clip: SkelsClip, stem: str, fps: float | None = None, progress: Progress = _silent) -> Motion:
    """Fit one clip; it is called by its name, or by its file's stem and its line. Raises `EngineError`.

    The unit of its joints doesn't matter: their size is taken from the body's bones.
    """
    return _fitted(clip.points, clip.name or f"{stem} {clip.line}", fps, progress=progress, text=clip.text)


def _from_picture(clip: Keypoints, name: str, fps: float | None, progress: Progress) -> Motion:
    try:
        flat = interpolated(normalised(clip))
    except ClipError as e:
        raise EngineError("bad_motion", f"{name} can't be used: {e}.") from e
    notes = (*(f"{name}: {note}" for note in clip.notes), f"{name}: {_FLAT}")
    return _fitted(initialised(flat), name, fps, notes, flat.confidence, _FROM_PICTURE, progress)


def _fitted(
    points: Array,
    name: str,
    fps: float | None,
    notes: tuple[str, ...] = (),
    confidence: Array | None = None,
    depth: float = 1.0,
    progress: Progress = _silent,
    text: str = "",
) -> Motion:
    if len(points) < 2:
        raise EngineError("bad_motion", f"{name} has one frame only: that is no motion.")
    if fps is None:
        fps, notes = FPS, (*notes, _ASSUMED)
    try:
        fit = fit50(points, fps, _body(), confidence, depth, progress)
    except ValueError as e:
        raise EngineError("bad_motion", f"{name} can't be used: {e}") from e
    residual = None if fit.hand_residual is None else round(fit.hand_residual, 2)
    return Motion(Take(name, text, "", "imported", fit.sequence), notes, residual)


@cache
def _body() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)
