"""The files between the steps of the pipeline: HDF5 of clips in the picture, texts of each stage, a report.

A stage's text has a line a frame with 150 numbers: x, y and confidence of each joint in stages 1 to 3, x, y and z in 4
and 5.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import csv
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from types import TracebackType

import h5py
import numpy as np
from numpy.typing import NDArray

from ..formats.skeleton50 import JOINT_COUNT, Keypoints
from ..generators.base import EngineError

Array = NDArray[np.floating]
STAGES = 5
_VALUES = 3 * JOINT_COUNT
_COMPLETE = "complete"
_MAX_FRAMES = 1_000_000


@dataclass(frozen=True)
class ClipReport:
    """What became of a clip. kept: frames that are left. error: mean distance to the joints in the picture, in shares
    of their spread. problem: why the clip was left out; empty when it wasn't."""

    name: str
    frames: int = 0
    kept: int = 0
    error: float = float("nan")
    notes: str = ""
    problem: str = ""


class ClipFile:
    """An HDF5 file with a dataset (frames, 150) a clip."""

    def __init__(self, path: Path, mode: str = "r") -> None:
        """mode: "r", or "a" to add clips. Raises `EngineError`."""
        try:
            self._file = h5py.File(path, mode)
        except OSError as e:
            raise EngineError("bad_motion", f"{path.name} can't be opened as HDF5: {e}") from e
        self._name = path.name

    def __enter__(self) -> ClipFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()

    def names(self) -> list[str]:
        """Keys of the clips that are whole, in their order."""
        return [k for k, v in self._file.items() if isinstance(v, h5py.Dataset) and v.attrs.get(_COMPLETE, True)]

    def write(self, name: str, clip: Keypoints) -> None:
        """Add a clip; one of that name that an interruption left unfinished is written anew."""
        if name in self._file:
            del self._file[name]
        data = self._file.create_dataset(name, data=clip.flat().astype(np.float32), compression="gzip", chunks=True)
        data.attrs["notes"] = "\n".join(clip.notes)
        data.attrs[_COMPLETE] = True
        self._file.flush()

    def read(self, name: str) -> Keypoints:
        """A clip. Raises `EngineError` when it isn't (frames, 150) numbers."""
        data = self._file[name]
        if (
            not isinstance(data, h5py.Dataset)
            or data.ndim != 2
            or data.shape[1] != _VALUES
            or data.shape[0] > _MAX_FRAMES
        ):
            shape = getattr(data, "shape", "of a group")
            raise EngineError(
                "bad_motion", f"{name} in {self._name} has the shape {shape}, expected (frames, {_VALUES})."
            )
        values = data[()].astype(np.float64)
        values[~np.isfinite(values)] = 0.0
        return Keypoints.from_flat(values, tuple(str(data.attrs.get("notes", "")).splitlines()))


def stage_path(folder: Path, name: str, stage: int) -> Path:
    """Where a clip's text of a stage lies."""
    return folder / name / f"demo{stage}.txt"


def write_stage(path: Path, values: Array) -> None:
    """Write (T, 50, 3) numbers, a line a frame; beside and renamed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".part")
    np.savetxt(partial, values.reshape(len(values), _VALUES), fmt="%.6f")
    os.replace(partial, path)


def read_stage(path: Path) -> Array:
    """(T, 50, 3) of a stage's text. Raises `EngineError`."""
    try:
        values = np.loadtxt(path, ndmin=2)
    except (OSError, ValueError) as e:
        raise EngineError("bad_motion", f"{path.parent.name}/{path.name} can't be read: {e}") from e
    if not len(values) or values.shape[1] != _VALUES or not np.isfinite(values).all():
        raise EngineError("bad_motion", f"{path.parent.name}/{path.name} isn't lines of {_VALUES} finite numbers.")
    return values.reshape(-1, JOINT_COUNT, 3)


def staged_clips(folder: Path, stage: int = STAGES) -> Iterator[tuple[str, Path]]:
    """Clips that have reached a stage: name and the stage's text."""
    for path in sorted(folder.glob(f"*/demo{stage}.txt")):
        yield path.parent.name, path


def append_report(path: Path, reports: list[ClipReport]) -> None:
    """Add lines to a CSV of reports."""
    new = not path.is_file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, [f.name for f in fields(ClipReport)])
        if new:
            writer.writeheader()
        writer.writerows(asdict(report) for report in reports)
