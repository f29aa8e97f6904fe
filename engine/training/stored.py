"""A frame as the data sets store it: a pickled dict of SMPL-X arrays, 179 numbers together.

The order is root 3, body 63, left hand 45, right hand 45, jaw 3, shape 10, expression 10.
"""

from __future__ import annotations

import pickle
from itertools import accumulate
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..skeleton import POSE_SIZE
from .unpickling import PickleRefused, read_pickle

Array = NDArray[np.floating]

FIELDS: Final = {
    "smplx_root_pose": 3, "smplx_body_pose": 63, "smplx_lhand_pose": 45, "smplx_rhand_pose": 45, "smplx_jaw_pose": 3,
    "smplx_shape": 10, "smplx_expr": 10,
}  # fmt: skip
"""Keys of a frame and how many numbers each has."""
STORED: Final = sum(FIELDS.values())
MAX_FRAME_BYTES: Final = 1 << 20
_LARGEST: Final = 100.0
"""No angle in radians and no component of a face or shape is as large, unless the frame is damaged."""

_ENDS = list(accumulate(FIELDS.values()))
_PLACES: Final = {key: slice(end - size, end) for (key, size), end in zip(FIELDS.items(), _ENDS, strict=True)}
_POSE_PLACES: Final = {
    "smplx_root_pose": slice(0, 3), "smplx_body_pose": slice(3, 66), "smplx_jaw_pose": slice(66, 69),
    "smplx_lhand_pose": slice(75, 120), "smplx_rhand_pose": slice(120, 165),
}  # fmt: skip
"""Where each lies in a (165,) pose; the eyes between jaw and hands are not stored."""


class FrameError(ValueError):
    """A frame that can't be used; the message says why."""


def read_frame(path: Path) -> NDArray[np.float32]:
    """(179,) numbers of a frame's file. Raises `FrameError`."""
    try:
        size = path.stat().st_size
        data = path.read_bytes() if size <= MAX_FRAME_BYTES else b""
    except OSError as e:
        raise FrameError(f"it can't be read: {e.strerror or e}") from e
    if size > MAX_FRAME_BYTES:
        raise FrameError(f"it has {size} bytes; a frame has {MAX_FRAME_BYTES} at most")
    try:
        return _joined(read_pickle(data))
    except PickleRefused as e:
        raise FrameError(str(e)) from e


def _joined(frame: Any) -> NDArray[np.float32]:
    if not isinstance(frame, dict):
        raise FrameError(f"it holds a {type(frame).__name__} where a dict of arrays was expected")
    missing = [key for key in FIELDS if key not in frame]
    if missing:
        raise FrameError(f"it lacks {', '.join(missing)}")
    result = np.empty(STORED, dtype=np.float32)
    for key, size in FIELDS.items():
        values = np.asarray(frame[key])
        if values.dtype.kind not in "iuf" or values.size != size:
            raise FrameError(f"{key} holds {values.size} values of {values.dtype}, expected {size} numbers")
        result[_PLACES[key]] = values.reshape(-1)
    if not np.isfinite(result).all():
        raise FrameError("it holds numbers that are not finite")
    if np.abs(result).max() > _LARGEST:
        raise FrameError(f"it holds {np.abs(result).max():.3g}, which is no angle and no component of a shape")
    return result


def write_frame(path: Path, values: Array) -> None:
    """Write (179,) numbers as the data sets have them."""
    frame = {key: np.asarray(values[place], dtype=np.float32) for key, place in _PLACES.items()}
    path.write_bytes(pickle.dumps(frame, protocol=4))


def poses_of(stored: Array) -> tuple[Array, Array]:
    """(T, 179) to (T, 165) axis-angle poses with still eyes, and (T, 10) components of the expression."""
    poses = np.zeros((len(stored), POSE_SIZE), dtype=stored.dtype)
    for key, place in _POSE_PLACES.items():
        poses[:, place] = stored[:, _PLACES[key]]
    return poses, stored[:, _PLACES["smplx_expr"]]


def stored_of(poses: Array, expression: Array | None = None) -> Array:
    """(T, 165) poses and (T, 10) components of the expression, none for a still face, to (T, 179) of the mean shape."""
    stored = np.zeros((len(poses), STORED), dtype=poses.dtype)
    for key, place in _POSE_PLACES.items():
        stored[:, _PLACES[key]] = poses[:, place]
    if expression is not None:
        stored[:, _PLACES["smplx_expr"]] = expression
    return stored
