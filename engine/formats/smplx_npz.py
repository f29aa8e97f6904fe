"""SMPL-X and SMPL+H motion in `.npz` files: ours, AMASS-style ones, and ones with an array for each part of the body.

Layouts: `poses` (T, 165) SMPL-X or (T, 156) SMPL+H, or parts under the names that the `smplx` package or AMASS give
them. Rotation vectors in radians. Shapes of bodies and foreign face parameters are not used, which is told in `notes`.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..generators.base import EngineError
from ..npz import Npz, NpzError, number
from ..skeleton import EXPRESSION_NAMES, POSE_SIZE
from ..take import PoseSequence, Take, TakeError

MAX_BYTES = 512 << 20
MAX_FRAMES = 200_000
_USUAL_RATE = 30.0
_RATES = ("mocap_frame_rate", "mocap_framerate", "fps", "frame_rate", "framerate")
_PARTS: tuple[tuple[tuple[str, ...], int, bool], ...] = (
    (("global_orient", "root_orient", "smplx_root_pose"), 3, False),
    (("body_pose", "pose_body", "smplx_body_pose"), 63, True),
    (("jaw_pose", "pose_jaw", "smplx_jaw_pose"), 3, False),
    (("leye_pose",), 3, False),
    (("reye_pose",), 3, False),
    (("left_hand_pose", "smplx_lhand_pose"), 45, False),
    (("right_hand_pose", "smplx_rhand_pose"), 45, False),
)
"""Names of a part's array, its columns, and whether it must be there."""
_USED = (
    *(n for names, _, _ in _PARTS for n in names),
    *_RATES,
    "poses",
    "pose_hand",
    "pose_eye",
    "trans",
    "transl",
    "betas",
    "expression",
)
"""Names of arrays that hold numbers."""


@dataclass(frozen=True)
class Motion:
    """Motion that was read, and what of the file could not be used."""

    take: Take
    notes: tuple[str, ...] = ()
    fit_residual: float | None = None
    """Percent of the palm, for motion that was fitted to keypoints."""


def read_motion(path: Path) -> Motion:
    """Read any supported `.npz`. Raises `EngineError` that says what the file has instead."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise _bad(path, f"is larger than {MAX_BYTES >> 20} MB.")
        data = path.read_bytes()
        with Npz(io.BytesIO(data), MAX_BYTES) as file:
            arrays = file.arrays(_USED)
        if "signwright" in arrays:
            return Motion(Take.from_bytes(data, path.name))
    except TakeError as e:
        raise EngineError("bad_motion", str(e), "Choose an SMPL-X .npz file.") from e
    except (OSError, NpzError) as e:
        raise _bad(path, f"can't be read: {e}") from e
    try:
        return _from_arrays(path, arrays)
    except ValueError as e:
        raise _bad(path, f"can't be used: {e}") from e


def _from_arrays(path: Path, arrays: dict[str, NDArray[Any]]) -> Motion:
    notes: list[str] = []
    poses = _poses(path, arrays, notes)
    if not 2 <= len(poses) <= MAX_FRAMES:
        raise _bad(path, f"has {len(poses)} frames; from 2 to {MAX_FRAMES} can be used.")
    rate = next((number(arrays[k]) for k in _RATES if k in arrays), None)
    if rate is None:
        rate = _USUAL_RATE
        notes.append(f"{path.name} doesn't say its frame rate; {rate:g} a second was taken.")
    if np.any(arrays.get("betas", 0)):
        notes.append(f"The body shape in {path.name} is not used: the sign fits every body.")
    if np.any(arrays.get("expression", 0)):
        notes.append(f"The face in {path.name} is not used: its parameters belong to another face model.")
    trans = next((arrays[k] for k in ("trans", "transl") if k in arrays), np.zeros(3))
    faces = np.zeros((len(poses), len(EXPRESSION_NAMES)), np.float32)
    places = np.broadcast_to(trans, (len(poses), 3)).astype(np.float32)
    sequence = PoseSequence(poses, places, faces, rate)
    return Motion(Take(path.stem, "", "", "imported", sequence), tuple(notes))


def _poses(path: Path, arrays: dict[str, NDArray[Any]], notes: list[str]) -> NDArray[np.float32]:
    whole = arrays.get("poses")
    if whole is not None and whole.ndim == 3:
        whole = whole.reshape(len(whole), -1)
    if whole is not None and whole.ndim == 2 and whole.shape[1] == POSE_SIZE:
        return whole.astype(np.float32)
    if whole is not None and whole.ndim == 2 and whole.shape[1] == 156:
        notes.append(f"{path.name} is an SMPL+H file, without jaw and eyes.")
        result = np.zeros((len(whole), POSE_SIZE), np.float32)
        result[:, :66], result[:, 75:] = whole[:, :66], whole[:, 66:]
        return result
    if whole is not None:
        raise _bad(path, f"has poses of the shape {whole.shape}; (frames, 165) and (frames, 156) can be used.")
    return _from_parts(path, arrays, notes)


def _from_parts(path: Path, arrays: dict[str, NDArray[Any]], notes: list[str]) -> NDArray[np.float32]:
    arrays = {name: np.atleast_1d(array) for name, array in arrays.items()}
    hands, eyes = arrays.get("pose_hand"), arrays.get("pose_eye")
    if hands is not None and hands.ndim == 2 and hands.shape[1] == 90:
        arrays["left_hand_pose"], arrays["right_hand_pose"] = hands[:, :45], hands[:, 45:]
    if eyes is not None and eyes.ndim == 2 and eyes.shape[1] == 6:
        arrays["leye_pose"], arrays["reye_pose"] = eyes[:, :3], eyes[:, 3:]
    frames = next((len(arrays[n]) for names, _, needed in _PARTS if needed for n in names if n in arrays), None)
    if frames is None:
        known = ", ".join(sorted(arrays)) or "none"
        raise _bad(path, f"has neither poses nor body_pose; its arrays are: {known}.")
    columns = []
    for names, width, _ in _PARTS:
        name = next((n for n in names if n in arrays), None)
        if name is None:
            if "hand" in names[0]:
                notes.append(f"{path.name} has no {names[0]}: the hand stays flat.")
            columns.append(np.zeros((frames, width)))
            continue
        part = arrays[name].reshape(len(arrays[name]), -1)
        if part.shape != (frames, width):
            more = " Principal components of hands can't be used: save full hand poses." if "hand" in name else ""
            raise _bad(path, f"has {name} of the shape {part.shape}, expected ({frames}, {width}).{more}")
        columns.append(part)
    return np.concatenate(columns, axis=1).astype(np.float32)


def _bad(path: Path, what: str) -> EngineError:
    return EngineError("bad_motion", f"{path.name} {what}", "Choose an SMPL-X .npz file with its motion in `poses`.")
