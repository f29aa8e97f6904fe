"""SOKE's 133 features a frame, and how they stand to SMPL-X poses.

Order: upper body 30 (neck, collars, head, shoulders, elbows, wrists; axis-angle), left hand 45, right hand 45, jaw 3,
expression 10. Source: Zuo et al., "Signs as Tokens", ICCV 2025, and the order that its checkpoints have.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..skeleton import JOINT_INDEX, POSE_SIZE

Array = NDArray[np.floating]

UPPER_BODY: Final = (
    "neck", "left_collar", "right_collar", "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
    "left_wrist", "right_wrist",
)  # fmt: skip
FEATURES: Final = 133
EXPRESSION: Final = 10
"""Components of SMPL-X's expression space at the end of the features."""
FRAMES_PER_TOKEN: Final = 4

PARTS: Final = ("body", "left_hand", "right_hand")
COLUMNS: Final[dict[str, tuple[int, ...]]] = {
    "body": (*range(30), *range(120, 133)),
    "left_hand": tuple(range(30, 75)),
    "right_hand": tuple(range(75, 120)),
}
"""Columns of the features that each part's VQ-VAE has."""
CODES: Final = {"body": 96, "left_hand": 192, "right_hand": 192}
"""Sizes of the published code books."""

BETAS: Final = (-0.0728, 0.1795, -0.2761, 0.1352, 0.1075, 0.1604, -0.0162, -0.0345, 0.0137, 0.0111)
"""Body shape with which the published metrics are computed."""

_STORED = 179
"""A stored frame: root 3, body 63, left hand 45, right hand 45, jaw 3, shape 10, expression 10."""
_DROPPED_START = 36
_SHAPE = slice(159, 169)


def _pose_columns() -> NDArray[np.intp]:
    """Columns of a (165,) SMPL-X pose in the order of the first 123 features."""
    upper = [JOINT_INDEX[name] for name in UPPER_BODY]
    hands = range(25, 55)
    joints = [*upper, *hands, JOINT_INDEX["jaw"]]
    return np.array([3 * j + k for j in joints for k in range(3)])


_POSE_COLUMNS = _pose_columns()


def stored_slice(values: Array) -> Array:
    """(..., 179) in the order of the data sets, or their mean or std, to the (..., 133) features."""
    if values.shape[-1] != _STORED:
        raise ValueError(f"A stored frame has {_STORED} numbers, not {values.shape[-1]}.")
    return np.concatenate([values[..., _DROPPED_START : _SHAPE.start], values[..., _SHAPE.stop :]], axis=-1)


def features_from_poses(poses: Array, expression: Array) -> Array:
    """(T, 165) axis-angle and (T, 10) SMPL-X expression components to (T, 133)."""
    return np.concatenate([poses[:, _POSE_COLUMNS], expression], axis=1)


def poses_from_features(features: Array) -> tuple[Array, Array]:
    """(T, 133) to (T, 165) axis-angle, lower body, root and eyes at rest, and (T, 10) expression components."""
    poses = np.zeros((len(features), POSE_SIZE), dtype=features.dtype)
    poses[:, _POSE_COLUMNS] = features[:, : len(_POSE_COLUMNS)]
    return poses, features[:, len(_POSE_COLUMNS) :]
