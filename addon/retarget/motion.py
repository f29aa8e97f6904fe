"""A file's motion as a sequence of SMPL-X poses."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from ...engine.body import EMBEDDED_AVATAR, BodyModel
from ...engine.skeleton import EXPRESSION_NAMES
from ...engine.take import PoseSequence
from ..reports import UserError
from .files import read_motion
from .names import Humanoid, NoHumanoid, find_humanoid
from .solve import Retargeted, SourceMotion, retarget

_FAR_FROM_T_POSE = np.radians(65.0)


@dataclass(frozen=True)
class Imported:
    """notes: what the file didn't have or what was left out, in sentences for the user."""

    sequence: PoseSequence
    notes: tuple[str, ...]


def import_motion(path: Path) -> Imported:
    """Read an FBX, GLB or BVH file and carry its motion over. The signer stays in place. Raises `UserError`."""
    source = read_motion(path)
    try:
        humanoid = find_humanoid(source.parents)
    except NoHumanoid as e:
        raise UserError(
            f"{path.name}: {e}",
            "Bones are found by common names, like those of Mixamo, Unreal, VRM and Rigify. Rename them and try again.",
            code="no_humanoid",
        ) from e
    return to_smplx(source, humanoid)


def to_smplx(source: SourceMotion, humanoid: Humanoid) -> Imported:
    """The motion of a humanoid as a sequence in SMPL-X form."""
    result = retarget(source, humanoid, rest_joints())
    count = len(result.poses)
    sequence = PoseSequence(
        poses=result.poses.astype(np.float32),
        trans=np.zeros((count, 3), np.float32),
        expression=np.zeros((count, len(EXPRESSION_NAMES)), np.float32),
        fps=source.fps,
    )
    return Imported(sequence, tuple(_notes(humanoid, result, source.fps)))


def _notes(humanoid: Humanoid, result: Retargeted, fps: float) -> list[str]:
    notes = []
    hands = [part for part in humanoid.missing if "leg" not in part]
    if hands:
        notes.append(f"The skeleton lacks: {', '.join(hands)}. They stay straight.")
    if result.first:
        notes.append(f"The T-pose of the first {result.first / fps:.2f} s was left out.")
    if result.off_t_pose > _FAR_FROM_T_POSE:
        notes.append(
            f"No T-pose was found: the {result.reference} has its arms {np.degrees(result.off_t_pose):.0f}° off one. "
            "All joints may be off. Put a T-pose into the first frame or the rest pose and import again."
        )
    return notes


@lru_cache(maxsize=1)
def rest_joints() -> NDArray[np.floating]:
    """(55, 3) joints of the embedded avatar in its rest pose, metres."""
    return BodyModel.load(EMBEDDED_AVATAR).joints()
