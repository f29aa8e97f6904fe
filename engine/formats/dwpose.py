"""DWPose's keypoints as `.npz`: body of 18 points, both hands, face of 68, in the picture, with scores.

Prompt2Sign publishes its clips so since 2025. Arrays here: `body` (T, 18, 2), `body_score` (T, 18), `left_hand` and
`right_hand` (T, 21, 2) with their scores, `face` (T, 68, 2) with its, `size` (width, height) in pixels. Read are also
files with the 134 points of a person as DWPose lists them (body 18, feet 6, face 68, left hand 21, right hand 21), as
`keypoints` (T, 134, 2) with `scores` (T, 134), or (T, 134, 3).
"""

from __future__ import annotations

import io
import os
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..generators.base import EngineError
from ..npz import Npz, NpzError
from .skeleton50 import BODY, HANDS, JOINT_COUNT, Keypoints

Array = NDArray[np.floating]

BODY_POINTS: Final = 18
FACE_POINTS: Final = 68
HAND_POINTS: Final = 21
FOOT_POINTS: Final = 6
_WHOLE: Final = BODY_POINTS + FOOT_POINTS + FACE_POINTS + 2 * HAND_POINTS
_MAX_BYTES = 1 << 30
_PARTS: Final = {"body": BODY_POINTS, "left_hand": HAND_POINTS, "right_hand": HAND_POINTS}


def is_dwpose(path: Path) -> bool:
    """Whether an `.npz` holds keypoints of DWPose."""
    try:
        with Npz(path, _MAX_BYTES) as file:
            return not file.names.isdisjoint(("body_score", "keypoints"))
    except NpzError:
        return False


def read_dwpose(path: Path) -> Keypoints:
    """Read a clip. Raises `EngineError` when the file isn't one or nobody is found in it."""
    try:
        with Npz(path, _MAX_BYTES) as file:
            arrays = file.arrays(("keypoints", "scores", *_PARTS, *(f"{part}_score" for part in _PARTS)))
    except NpzError as e:
        raise EngineError("bad_motion", f"{path.name} can't be read: {e}") from e
    parts = _of_one_array(arrays, path) if "keypoints" in arrays else _of_parts(arrays, path)
    joints = np.zeros((len(parts["body"]), JOINT_COUNT, 3))
    joints[:, : len(BODY)] = parts["body"][:, : len(BODY)]
    for side, place in HANDS.items():
        joints[:, place] = parts[f"{side}_hand"]
    lost = ~np.isfinite(joints).all(axis=-1)
    joints[lost] = 0.0
    joints[..., 2] = np.clip(joints[..., 2], 0.0, 1.0)
    if not joints[..., 2].any():
        raise EngineError("bad_motion", f"Nobody is found in any frame of {path.name}.")
    notes = (
        (f"{int(lost.sum())} points of {path.name} are no numbers and were taken for not found.",) if lost.any() else ()
    )
    return Keypoints(joints[..., :2], joints[..., 2], notes)


def write_dwpose(
    clip: Keypoints, path: Path, size: tuple[int, int], others: Array | None = None, face: Array | None = None
) -> None:
    """Write a clip. size: width and height of the picture.

    others (T, 18, 3): x, y and score of the body's points, for those that the 50 joints lack; face (T, 68, 3):
    likewise. Without them those points count as not found.
    """
    whole = np.zeros((len(clip), BODY_POINTS, 3)) if others is None else others
    face = np.zeros((len(clip), FACE_POINTS, 3)) if face is None else face
    body, score = whole[..., :2].copy(), whole[..., 2].copy()
    body[:, : len(BODY)], score[:, : len(BODY)] = clip.points[:, : len(BODY)], clip.confidence[:, : len(BODY)]
    arrays: dict[str, Any] = {"body": body, "body_score": score, "size": np.array(size)}
    for side, place in HANDS.items():
        arrays |= {f"{side}_hand": clip.points[:, place], f"{side}_hand_score": clip.confidence[:, place]}
    arrays |= {"face": face[..., :2], "face_score": face[..., 2]}
    data = io.BytesIO()
    stored: dict[str, Any] = {k: v if k == "size" else np.asarray(v, np.float32) for k, v in arrays.items()}
    np.savez_compressed(data, **stored)
    partial = path.with_name(path.name + ".part")
    try:
        partial.write_bytes(data.getvalue())
        os.replace(partial, path)
    finally:
        partial.unlink(missing_ok=True)


def _of_one_array(arrays: dict[str, NDArray[Any]], path: Path) -> dict[str, Array]:
    points, scores = arrays["keypoints"].astype(np.float64), arrays.get("scores")
    if scores is not None and scores.shape == points.shape[:2]:
        points = np.concatenate([points[..., :2], scores[..., None]], axis=-1)
    if points.ndim != 3 or points.shape[1:] != (_WHOLE, 3):
        raise EngineError(
            "bad_motion",
            f"keypoints in {path.name} has the shape {arrays['keypoints'].shape}; (frames, {_WHOLE}, 2) with scores "
            f"(frames, {_WHOLE}) was expected.",
        )
    left = _WHOLE - 2 * HAND_POINTS
    return {
        "body": points[:, :BODY_POINTS],
        "left_hand": points[:, left : left + HAND_POINTS],
        "right_hand": points[:, left + HAND_POINTS :],
    }


def _of_parts(arrays: dict[str, NDArray[Any]], path: Path) -> dict[str, Array]:
    result = {}
    for part, count in _PARTS.items():
        points, score = (arrays.get(name) for name in (part, f"{part}_score"))
        if points is None or score is None or points.shape[1:] != (count, 2) or score.shape != points.shape[:2]:
            raise EngineError(
                "bad_motion",
                f"{path.name} needs the arrays {part} (frames, {count}, 2) and {part}_score (frames, {count}).",
            )
        result[part] = np.concatenate([points, score[..., None]], axis=-1).astype(np.float64)
    if len({len(x) for x in result.values()}) != 1:
        raise EngineError("bad_motion", f"Body and hands in {path.name} have different numbers of frames.")
    return result
