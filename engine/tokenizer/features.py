"""Which numbers a frame of features has, and how they stand to poses.

`SOKE` is the published layout, 133 numbers: upper body 30, left hand 45, right hand 45 and jaw 3 as axis-angle, then 10
components of SMPL-X's expression space. Source: Zuo et al., "Signs as Tokens", ICCV 2025, and the order that its
checkpoints have. `SIGNWRIGHT` adds spine, eyes and the face units of the embedded avatar.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..skeleton import EXPRESSION_NAMES, JOINT_INDEX, LAYERS, POSE_SIZE

Array = NDArray[np.floating]

PARTS: Final = ("body", "left_hand", "right_hand")
"""Each has its own VQ-VAE; the face belongs to the body."""
FRAMES_PER_TOKEN: Final = 4
CODES: Final = {"body": 96, "left_hand": 192, "right_hand": 192}
"""Sizes of the published code books."""

BETAS: Final = (-0.0728, 0.1795, -0.2761, 0.1352, 0.1075, 0.1604, -0.0162, -0.0345, 0.0137, 0.0111)
"""Body shape with which the published metrics are computed."""

_STORED = 179
"""A stored frame: root 3, body 63, left hand 45, right hand 45, jaw 3, shape 10, expression 10."""
_DROPPED_START = 36
_SHAPE = slice(159, 169)
_MAX_EXPRESSION = 400


@dataclass(frozen=True)
class Layout:
    """The numbers of a frame, in this order: axis-angle of the joints in `body`, of the left and the right hand's
    joints, of those in `face`, then the values of `expression`."""

    body: tuple[str, ...]
    face: tuple[str, ...]
    expression: tuple[str, ...]

    def __post_init__(self) -> None:
        joints = self.joints
        unknown = [name for name in joints if name not in JOINT_INDEX]
        if unknown:
            raise ValueError(f"A layout of features names joints that SMPL-X lacks: {', '.join(unknown)}.")
        for names in (joints, self.expression):
            if len(set(names)) < len(names):
                raise ValueError("A layout of features names the same joint or face unit twice.")
        if len(self.expression) > _MAX_EXPRESSION:
            raise ValueError(f"A layout of features can have {_MAX_EXPRESSION} face units at most.")

    @cached_property
    def joints(self) -> tuple[str, ...]:
        """Names of the joints in the order of their numbers."""
        return (*self.body, *LAYERS["left_hand"], *LAYERS["right_hand"], *self.face)

    @cached_property
    def size(self) -> int:
        """Numbers of a frame."""
        return 3 * len(self.joints) + len(self.expression)

    @cached_property
    def columns(self) -> dict[str, tuple[int, ...]]:
        """Columns of the features that each part's VQ-VAE has."""
        left = 3 * len(self.body)
        right = left + 3 * len(LAYERS["left_hand"])
        face = right + 3 * len(LAYERS["right_hand"])
        return {
            "body": (*range(left), *range(face, self.size)),
            "left_hand": tuple(range(left, right)),
            "right_hand": tuple(range(right, face)),
        }

    @cached_property
    def _pose_columns(self) -> NDArray[np.intp]:
        """Columns of a (165,) SMPL-X pose in the order of the features."""
        return np.array([3 * JOINT_INDEX[name] + k for name in self.joints for k in range(3)])

    def features(self, poses: Array, expression: Array) -> Array:
        """(T, 165) axis-angle and (T, E) values of the face to (T, size)."""
        if expression.shape[1] != len(self.expression):
            raise ValueError(f"This layout has {len(self.expression)} face units, not {expression.shape[1]}.")
        return np.concatenate([poses[:, self._pose_columns], expression], axis=1)

    def poses(self, features: Array) -> tuple[Array, Array]:
        """(T, size) to (T, 165) axis-angle, joints that the layout lacks at rest, and (T, E) values of the face."""
        if features.shape[1] != self.size:
            raise ValueError(f"A frame of this layout has {self.size} numbers, not {features.shape[1]}.")
        poses = np.zeros((len(features), POSE_SIZE), dtype=features.dtype)
        poses[:, self._pose_columns] = features[:, : len(self._pose_columns)]
        return poses, features[:, len(self._pose_columns) :]

    def to_json(self) -> dict[str, list[str]]:
        """As manifests and caches store it."""
        return {name: list(values) for name, values in asdict(self).items()}

    @classmethod
    def from_json(cls, data: Any) -> Layout:
        """Read what `to_json` gave. Raises `ValueError` for anything else."""
        names = {f.name for f in fields(cls)}
        if not isinstance(data, Mapping) or set(data) != names:
            raise ValueError(f"A layout of features has the fields {', '.join(sorted(names))}.")
        for values in data.values():
            if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
                raise ValueError("The fields of a layout of features are lists of names.")
        return cls(**{name: tuple(values) for name, values in data.items()})


_UPPER_BODY: Final = (
    "neck", "left_collar", "right_collar", "head", "left_shoulder", "right_shoulder", "left_elbow", "right_elbow",
    "left_wrist", "right_wrist",
)  # fmt: skip

SOKE: Final = Layout(_UPPER_BODY, ("jaw",), tuple(f"expression{i}" for i in range(10)))
"""Of the published checkpoints: 133 numbers."""
SIGNWRIGHT: Final = Layout(("spine1", "spine2", "spine3", *_UPPER_BODY), LAYERS["face"], EXPRESSION_NAMES)
"""Of the bundled model: 160 numbers."""


def stored_slice(values: Array) -> Array:
    """(..., 179) in the order of the data sets, or their mean or std, to the (..., 133) features of `SOKE`."""
    if values.shape[-1] != _STORED:
        raise ValueError(f"A stored frame has {_STORED} numbers, not {values.shape[-1]}.")
    return np.concatenate([values[..., _DROPPED_START : _SHAPE.start], values[..., _SHAPE.stop :]], axis=-1)
