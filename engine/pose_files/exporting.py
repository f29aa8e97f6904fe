"""A take as `.skels`, as a folder of OpenPose's frames or as DWPose's `.npz`; nothing is left behind when it fails."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..body import BodyModel
from ..formats.body50 import TO_PICTURE, Camera
from ..formats.dwpose import FACE_POINTS, write_dwpose
from ..formats.openpose import OF_BODY_25, SUFFIX, Body, write_openpose
from ..formats.seen_body import BodyPoints, Picture, View, body_points, picture
from ..formats.skeleton50 import NECK
from ..formats.skels import SkelsFormat, SkelsWriter
from ..generators.base import EngineError, Report
from ..outputs import readable_error
from ..soke.motion import cut
from ..take import PoseSequence, Take
from . import Format

Array = NDArray[np.floating]
_BODIES: Final[dict[str, Body]] = {"openpose_25": "BODY_25", "openpose_18": "BODY_18"}
_CHUNK: Final = 64
"""Frames that are skinned together."""


@dataclass(frozen=True)
class ExportChoices:
    """What a user chooses. output: file, or folder of frames. fps: `None` for the take's own. betas: shape of the body.

    skels: how numbers stand in `.skels`. camera: what looks at the signer, for the others.
    """

    format: Format
    output: Path
    fps: float | None = None
    betas: tuple[float, ...] = ()
    skels: SkelsFormat = field(default_factory=SkelsFormat)
    camera: View = field(default_factory=Camera)


@dataclass(frozen=True)
class Exported:
    """What was written. notes: what of the motion the file doesn't have."""

    files: tuple[Path, ...]
    frames: int
    fps: float
    notes: tuple[str, ...] = ()


def export_take(take: Take, body: BodyModel, choices: ExportChoices, report: Report) -> Exported:
    """Write a take. Raises `EngineError` when it can't be written or would mix with other files, lets `Cancelled` pass.

    `.skels`, OpenPose's frames and their folder appear when all of them are written.
    """
    sequence = take.sequence if choices.fps is None else take.sequence.resampled(choices.fps)
    if choices.format in _BODIES and choices.output.is_dir() and any(choices.output.iterdir()):
        raise EngineError(
            "folder_not_empty",
            f"The folder {choices.output.name} holds files already, and frames of two clips can't be told apart.",
            "Give another name, or empty the folder.",
            "choose_folder",
        )
    points = _points(body, sequence, choices, report)
    try:
        if choices.format == "skels":
            return _skels(take, sequence, points, choices)
        return _seen(take, sequence, picture(points, choices.camera), choices, report)
    except OSError as e:
        raise readable_error(e, choices.output) from e


def normalised(joints: Array) -> Array:
    """Joints (T, 50, 3) in metres and SMPL-X's axes as Prompt2Sign's files have them: the picture's axes, x and y less
    their means over the clip, z from the neck's mean, all divided by the one standard deviation of x and y."""
    placed = joints * TO_PICTURE
    middle = np.array([*placed[..., :2].mean(axis=(0, 1)), placed[:, NECK, 2].mean()])
    spread = np.sqrt(np.square((placed - middle)[..., :2]).mean())
    return (placed - middle) / spread


def _points(body: BodyModel, sequence: PoseSequence, choices: ExportChoices, report: Report) -> BodyPoints:
    betas = np.array(choices.betas) if choices.betas else None
    parts = []
    for first in range(0, len(sequence), _CHUNK):
        report("Placing the joints", 0.6 * first / len(sequence))
        parts.append(body_points(body, cut(sequence, first, first + _CHUNK), betas))
    return BodyPoints(*(np.concatenate([getattr(p, name) for p in parts]) for name in ("joints", "body", "face")))


def _skels(take: Take, sequence: PoseSequence, points: BodyPoints, choices: ExportChoices) -> Exported:
    output = choices.output
    gloss = " ".join(s.gloss for s in take.segments if s.origin != "pause")
    with _beside(output) as folder:
        with SkelsWriter(folder / output.name, choices.skels, gloss=True) as writer:
            writer.write(normalised(points.joints), take.text, take.name, gloss)
        files = [output.with_name(path.name) for path in sorted(folder.iterdir())]
        for file in files:
            os.replace(folder / file.name, file)
    return Exported(tuple(files), len(sequence), sequence.fps, ("The face and the legs are not among the 50 joints.",))


def _seen(take: Take, sequence: PoseSequence, seen: Picture, choices: ExportChoices, report: Report) -> Exported:
    output, camera = choices.output, choices.camera
    if choices.format == "dwpose":
        others, face = seen.body[:, OF_BODY_25["BODY_18"]], seen.face[:, :FACE_POINTS]
        write_dwpose(seen.joints, output, (camera.width, camera.height), others, face)
        files: tuple[Path, ...] = (output,)
    else:
        told: Callable[[float], None] = lambda done: report("Writing frames", 0.6 + 0.4 * done)  # noqa: E731
        with _beside(output) as folder:
            write_openpose(
                seen.joints,
                folder,
                output.name,
                _BODIES[choices.format],
                others=seen.body,
                face=seen.face,
                progress=told,
            )
            output.mkdir(parents=True, exist_ok=True)
            files = tuple(output / path.name for path in sorted(folder.glob(f"*{SUFFIX}")))
            for file in files:
                os.replace(folder / file.name, file)
    return Exported(files, len(sequence), sequence.fps, _lost(seen))


def _lost(seen: Picture) -> tuple[str, ...]:
    """What the camera doesn't see."""
    outside = (seen.joints.confidence == 0.0).any(axis=1).sum()
    notes = ["The face's contour (17 points) has confidence 0: a body model has no points for it."]
    if outside:
        notes.append(
            f"In {outside} of {len(seen.joints)} frames arms or hands leave the picture; they count as not found."
        )
    return tuple(notes)


@contextlib.contextmanager
def _beside(output: Path) -> Iterator[Path]:
    """A folder on the same disk to write into first; it is gone afterwards."""
    folder = Path(tempfile.mkdtemp(prefix=f".{output.name}.", suffix=".part", dir=output.parent))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
