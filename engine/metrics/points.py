"""What the published metrics measure on a body in SMPL-X's format: joints, 21 points a hand, and regions of vertices.

Published figures regress the hand's points and look up regions with files that come with MANO and FLAME. Their licence
keeps them out of here, so both are taken from the body itself: points from its joint regressor and fingertips, regions
from its skinning weights. `Regions` can be given from those files where somebody has them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ..body import BodyModel
from ..lexicon.synthesis.landmarks import MARKS
from ..skeleton import JOINT_INDEX, JOINT_NAMES, LAYERS
from ..tokenizer.features import BETAS

Array = NDArray[np.floating]
Indices = NDArray[np.integer]

SIDES = ("left", "right")
UPPER_BODY = tuple(name for name in LAYERS["body"] if not name.endswith(("hip", "knee", "ankle", "foot")))
"""14 joints, the pelvis first."""
FACE_JOINTS = ("neck", "head", *LAYERS["face"])
_TIPS = ("index", "middle", "pinky", "ring", "thumb")
_FRAMES_AT_ONCE = 32


@dataclass(frozen=True)
class Regions:
    """Vertex ids of both hands and of head and neck."""

    left: Indices
    right: Indices
    face: Indices

    @classmethod
    def by_weights(cls, body: BodyModel) -> Regions:
        """Vertices that follow a joint of the hand, or of the head, more than any other joint."""
        strongest = np.asarray(body.weights).argmax(axis=1)

        def following(*names: str) -> Indices:
            return np.flatnonzero(np.isin(strongest, [JOINT_INDEX[name] for name in names]))

        left, right = (following(f"{side}_wrist", *LAYERS[f"{side}_hand"]) for side in SIDES)
        return cls(left, right, following(*FACE_JOINTS))


class MeasuredBody:
    """A body model with the points that the metrics look at.

    Bodies with SMPL-X's own shape space get the shape that the published figures are computed with, others their mean
    shape. hand_means: whether hand poses are relative to the model's mean hand, as `smplx` has them unless told
    otherwise, and so the published data sets; flat hands are zero when false.
    """

    def __init__(self, body: BodyModel, *, hand_means: bool = False, regions: Regions | None = None) -> None:
        self.body = body
        self.betas = np.array(BETAS) if body.shape_names[:1] == ("beta0",) else None
        self.regions = regions or Regions.by_weights(body)
        self._hands_added = np.concatenate(body.hand_means) if hand_means else np.zeros(90)

    @property
    def fingertips(self) -> dict[str, list[int]]:
        """Vertex ids by side, fingers in the skeleton's order."""
        return {side: [MARKS[f"{side}_{finger}_tip"] for finger in _TIPS] for side in SIDES}

    def takes_expression(self, names: tuple[str, ...]) -> bool:
        """Whether face values of those names move this body's face."""
        return names == self.body.expression_names[: len(names)]

    def vertices(self, poses: Array, expression: Array | None) -> Iterator[Array]:
        """(T, 165) poses to vertices (t, V, 3) in metres, a few frames at a time."""
        poses = self._posed(poses)
        for begin in range(0, len(poses), _FRAMES_AT_ONCE):
            part = slice(begin, begin + _FRAMES_AT_ONCE)
            yield self.body.skin(
                poses[part], betas=self.betas, expression=None if expression is None else expression[part]
            )

    def joints(self, poses: Array) -> Array:
        """(T, 165) poses to (T, 65, 3) metres: the 55 joints, then the fingertips of the left and of the right hand."""
        poses = self._posed(poses)
        joints = self.body.forward_kinematics(poses, betas=self.betas)[..., :3, 3]
        tips = self.body.skin(poses, betas=self.betas, vertices=[v for side in SIDES for v in self.fingertips[side]])
        return np.concatenate([joints, tips], axis=1)

    def upper_body(self, poses: Array) -> Array:
        """(T, 165) poses to the (T, 14, 3) joints of `UPPER_BODY`."""
        transforms = self.body.forward_kinematics(self._posed(poses), betas=self.betas)
        return transforms[..., :3, 3][:, [JOINT_INDEX[name] for name in UPPER_BODY]]

    def hands(self, poses: Array) -> dict[str, Array]:
        """(T, 165) poses to (T, 21, 3) points by side: wrist, 15 finger joints and 5 tips, regressed from the skin."""
        used, regressors = self._hand_regressors
        skin = self.body.skin(self._posed(poses), betas=self.betas, vertices=used)
        return {side: np.einsum("pv,tvc->tpc", matrix, skin) for side, matrix in regressors.items()}

    @cached_property
    def _hand_regressors(self) -> tuple[Indices, dict[str, Array]]:
        """Vertices that matter, and by side the matrix (21, of them) from these to the points."""
        full = {}
        for side in SIDES:
            rows = [JOINT_INDEX[name] for name in (f"{side}_wrist", *LAYERS[f"{side}_hand"])]
            tips = np.zeros((len(_TIPS), self.body.vertex_count))
            tips[np.arange(len(_TIPS)), self.fingertips[side]] = 1.0
            full[side] = np.concatenate([self.body.joint_regressor[rows], tips])
        used = np.flatnonzero(np.any([matrix.any(axis=0) for matrix in full.values()], axis=0))
        return used, {side: matrix[:, used] for side, matrix in full.items()}

    def _posed(self, poses: Array) -> Array:
        first = 3 * JOINT_NAMES.index(LAYERS["left_hand"][0])
        poses = np.array(poses, dtype=np.float64)
        poses[:, first:] += self._hands_added
        return poses
