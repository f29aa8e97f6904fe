"""OpenPose's keypoint files: a folder of JSON files, one a frame, to and from the 50 joints of Prompt2Sign.

Bodies of 18 (COCO) and of 25 points are read: the eight points that are used are the same in both. What is damaged is
told in the clip's notes and taken for a frame in which nobody was found, so that times stay right.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from ..generators.base import EngineError
from .skeleton50 import BODY, HANDS, JOINT_COUNT, NECK, Keypoints

Array = NDArray[np.floating]

SUFFIX: Final = "_keypoints.json"
VERSION: Final = 1.3
Body = Literal["BODY_18", "BODY_25"]
"""Body points of OpenPose's model of COCO, and of its usual one."""
BODY_POINTS: Final[dict[Body, int]] = {"BODY_18": 18, "BODY_25": 25}
BODY_25: Final = (
    *BODY, "mid_hip", "right_hip", "right_knee", "right_ankle", "left_hip", "left_knee", "left_ankle", "right_eye",
    "left_eye", "right_ear", "left_ear", "left_big_toe", "left_small_toe", "left_heel", "right_big_toe",
    "right_small_toe", "right_heel",
)  # fmt: skip
OF_BODY_25: Final[dict[Body, list[int]]] = {"BODY_18": [*range(8), *range(9, 19)], "BODY_25": list(range(25))}
"""Which of BODY_25's points those of a body are."""
FACE_POINTS: Final = 70
_KEYS: Final = {"pose": "pose_keypoints_2d", "left": "hand_left_keypoints_2d", "right": "hand_right_keypoints_2d"}
_HAND_POINTS = 21
_MAX_FRAME_BYTES = 4 << 20
_MAX_PEOPLE = 200
_NUMBER = re.compile(r"\d+")


def is_openpose(folder: Path) -> bool:
    """Whether a folder holds frames of OpenPose."""
    return folder.is_dir() and any(folder.glob(f"*{SUFFIX}"))


def frame_files(folder: Path) -> list[Path]:
    """The frames of a clip in their order: by the last number in the name. Raises `EngineError` when there are none."""
    try:
        found = [p for p in folder.iterdir() if p.suffix.lower() == ".json" and not p.name.startswith(".")]
    except OSError as e:
        raise EngineError("no_such_folder", f"{folder.name} can't be read: {e.strerror or e}.") from e
    if not found:
        raise EngineError(
            "bad_motion",
            f"{folder.name} holds no OpenPose frames.",
            f"Give the folder with the files of one clip, named like clip_000000000000{SUFFIX}.",
        )
    return sorted(found, key=_order)


def clip_folders(root: Path) -> Iterator[Path]:
    """Folders at or below a root that hold frames, in the order of their names."""
    folders = [root, *(p for p in root.rglob("*") if p.is_dir())]
    for folder in sorted(folders):
        if any(p.suffix.lower() == ".json" for p in folder.iterdir()):
            yield folder


def read_openpose(folder: Path) -> Keypoints:
    """Read a clip. Raises `EngineError` when the folder has no frames or nobody is found in any of them."""
    files = frame_files(folder)
    joints = np.zeros((len(files), JOINT_COUNT, 3))
    wrong: Counter[str] = Counter()
    most = 0
    before: Array | None = None
    for i, file in enumerate(files):
        try:
            people = _people(file)
        except (OSError, ValueError, KeyError, TypeError, RecursionError):
            wrong["can't be read"] += 1
            continue
        most = max(most, len(people))
        if people:
            joints[i] = before = _followed(people, before)
        else:
            wrong["have nobody in them"] += 1
    notes = [f"{count} of {len(files)} frames {what}." for what, count in wrong.items()]
    if most > 1:
        notes.append(f"Up to {most} people are in a frame; the one who is seen best at first was followed.")
    if not joints[..., 2].any():
        raise EngineError("bad_motion", f"Nobody is found in any frame of {folder.name}. {' '.join(notes)}")
    return Keypoints(joints[..., :2], joints[..., 2], tuple(notes))


def write_openpose(
    clip: Keypoints,
    folder: Path,
    name: str,
    body: Body = "BODY_25",
    *,
    others: Array | None = None,
    face: Array | None = None,
    progress: Callable[[float], None] = lambda done: None,
) -> list[Path]:
    """Write a file a frame into a folder, which is made.

    others (T, 25, 3): x, y and confidence of BODY_25's points, for those that the 50 joints lack; without it they are
    0, as OpenPose has them when they aren't found. face (T, 70, 3): likewise. progress: gets the fraction that is done.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for i, frame in enumerate(np.concatenate([clip.points, clip.confidence[..., None]], axis=-1)):
        progress(i / len(clip))
        points = np.zeros((BODY_POINTS[body], 3)) if others is None else others[i, OF_BODY_25[body]]
        points[: len(BODY)] = frame[: len(BODY)]
        person: dict[str, Any] = {"person_id": [-1], _KEYS["pose"]: _listed(points)}
        person["face_keypoints_2d"] = [] if face is None else _listed(face[i])
        person |= {_KEYS[side]: _listed(frame[joints]) for side, joints in HANDS.items()}
        path = folder / f"{name}_{i:012d}{SUFFIX}"
        partial = path.with_suffix(".part")
        partial.write_text(json.dumps({"version": VERSION, "people": [person]}, separators=(",", ":")), "utf-8")
        partial.replace(path)
        written.append(path)
    return written


def _listed(points: Array) -> list[float]:
    return [round(float(v), 5) for v in points.ravel()]


def _order(path: Path) -> tuple[int, str]:
    numbers = _NUMBER.findall(path.name)
    return int(numbers[-1]) if numbers else -1, path.name


def _people(file: Path) -> list[Array]:
    """(50, 3) of each person of a frame. Raises what reading and parsing raise."""
    if file.stat().st_size > _MAX_FRAME_BYTES:
        raise ValueError("too large")
    people = json.loads(file.read_bytes())["people"]
    if not isinstance(people, list) or len(people) > _MAX_PEOPLE:
        raise ValueError("no list of people")
    return [_joints(person) for person in people]


def _joints(person: dict[str, Any]) -> Array:
    result = np.zeros((JOINT_COUNT, 3))
    pose = _points(person[_KEYS["pose"]])
    if len(pose) not in BODY_POINTS.values():
        raise ValueError(f"a body of {len(pose)} points")
    result[: len(BODY)] = pose[: len(BODY)]
    for side, joints in HANDS.items():
        hand = _points(person.get(_KEYS[side]) or [])
        if len(hand) not in (0, _HAND_POINTS):
            raise ValueError(f"a hand of {len(hand)} points")
        if len(hand):
            result[joints] = hand
    return result


def _points(values: Sequence[float]) -> Array:
    """(K, 3); what isn't finite was not found."""
    points = np.asarray(values, dtype=np.float64).reshape(-1, 3)
    points[~np.isfinite(points).all(axis=1)] = 0.0
    points[:, 2] = np.clip(points[:, 2], 0.0, 1.0)
    return points


def _followed(people: list[Array], before: Array | None) -> Array:
    """The person who stands where the one of the frame before did, at first the one who is seen best."""

    def seen(person: Array) -> float:
        return float(person[: len(BODY), 2].sum())

    if before is None or len(people) == 1 or not before[NECK, 2]:
        return max(people, key=seen)

    def far(person: Array) -> float:
        return float(np.linalg.norm(person[NECK, :2] - before[NECK, :2])) if person[NECK, 2] else np.inf

    return min(people, key=lambda person: (far(person), -seen(person)))
