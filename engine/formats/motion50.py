"""Motion from files of 50 joints: OpenPose folders and DWPose files, seen in a picture, and clips of `.skels`."""

from __future__ import annotations

from collections.abc import Iterator
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

FPS = 25.0
"""Taken where files don't say their frame rate, which none of these does."""
_FROM_PICTURE = 0.3
"""Weight of depths that a picture doesn't show."""
_ASSUMED = f"The file doesn't say its frame rate; {FPS:.0f} frames a second were taken."


def read_openpose_motion(folder: Path, fps: float = FPS) -> Motion:
    """Read and fit the frames of a folder. Raises `EngineError`."""
    return _from_picture(read_openpose(folder), folder.name, fps)


def read_dwpose_motion(path: Path, fps: float = FPS) -> Motion:
    """Read and fit a DWPose file. Raises `EngineError`."""
    return _from_picture(read_dwpose(path), path.stem, fps)


def read_skels_motions(path: Path, fps: float = FPS) -> Iterator[tuple[SkelsClip, Motion]]:
    """Read and fit the clips of a `.skels` file one by one. Raises `EngineError`."""
    for number, clip in enumerate(read_skels(path), 1):
        name = clip.name or f"{path.stem} {number}"
        yield clip, _fitted(clip.points, name, fps, (_ASSUMED,), text=clip.text)


def _from_picture(clip: Keypoints, name: str, fps: float) -> Motion:
    try:
        flat = interpolated(normalised(clip))
    except ClipError as e:
        raise EngineError("bad_motion", f"{name} can't be used: {e}.") from e
    notes = (*(f"{name}: {note}" for note in clip.notes), _ASSUMED)
    return _fitted(initialised(flat), name, fps, notes, flat.confidence, _FROM_PICTURE)


def _fitted(
    points: Array,
    name: str,
    fps: float,
    notes: tuple[str, ...],
    confidence: Array | None = None,
    depth: float = 1.0,
    text: str = "",
) -> Motion:
    try:
        fit = fit50(points, fps, _body(), confidence, depth)
    except ValueError as e:
        raise EngineError("bad_motion", f"{name} can't be used: {e}") from e
    residual = None if fit.hand_residual is None else round(fit.hand_residual, 2)
    return Motion(Take(name, text, "", "imported", fit.sequence), notes, residual)


@cache
def _body() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)
