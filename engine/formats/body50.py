"""The 50 joints of Prompt2Sign on a body in SMPL-X's format: by forward kinematics, exact, and seen by a camera.

Axes of 50 joints in space are the picture's: x right, y down, z towards the viewer, who faces the signer.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..body import BodyModel
from ..lexicon.synthesis.landmarks import MARKS
from ..skeleton import JOINT_INDEX
from .skeleton50 import BODY, HANDS, JOINT_COUNT, NOSE, Keypoints

Array = NDArray[np.floating]

TO_PICTURE: Final = np.array([1.0, -1.0, 1.0])
"""From SMPL-X's axes (x to the signer's left, y up, z ahead) to the picture's, and back."""
_FINGERS = ("thumb", "index", "middle", "ring", "pinky")
_NOSE_VERTEX = MARKS["nose_tip"]
_BODY_JOINTS = [JOINT_INDEX[name] for name in BODY[1:]]


def _chain(side: str) -> tuple[list[int], list[int]]:
    """Joints of a hand in Prompt2Sign's order, the tips left out, and the tips' vertices."""
    joints = [JOINT_INDEX[f"{side}_wrist"]]
    joints += [JOINT_INDEX[f"{side}_{finger}{k}"] for finger in _FINGERS for k in (1, 2, 3)]
    return joints, [MARKS[f"{side}_{finger}_tip"] for finger in _FINGERS]


def joints50(body: BodyModel, poses: Array, trans: Array | None = None, betas: Array | None = None) -> Array:
    """(T, 165) poses to (T, 50, 3) joints in metres, in SMPL-X's axes."""
    places = body.forward_kinematics(poses, trans, betas)[..., :3, 3]
    chains = {side: _chain(side) for side in HANDS}
    vertices = [_NOSE_VERTEX, *(v for _, tips in chains.values() for v in tips)]
    skin = body.skin(poses, trans, betas, vertices=vertices)
    result = np.empty((len(places), JOINT_COUNT, 3))
    result[:, NOSE] = skin[:, 0]
    result[:, 1 : len(BODY)] = places[:, _BODY_JOINTS]
    for k, (side, place) in enumerate(HANDS.items()):
        joints, _ = chains[side]
        hand = result[:, place]
        hand[:, 0] = places[:, joints[0]]
        fingers = hand[:, 1:].reshape(len(hand), 5, 4, 3)
        fingers[:, :, :3] = places[:, joints[1:]].reshape(-1, 5, 3, 3)
        fingers[:, :, 3] = skin[:, 1 + 5 * k : 6 + 5 * k]
    return result


@dataclass(frozen=True)
class Camera:
    """A pinhole camera in front of the signer. focal: pixels; centre: metres above the ground of SMPL-X's origin."""

    width: int = 1280
    height: int = 720
    focal: float = 1100.0
    distance: float = 2.2
    centre: float = 0.1

    def project(self, points: Array) -> Array:
        """(..., 3) points in SMPL-X's axes to (..., 2) pixels."""
        depth = self.distance - points[..., 2]
        x = self.width / 2.0 + self.focal * points[..., 0] / depth
        y = self.height / 2.0 - self.focal * (points[..., 1] - self.centre) / depth
        return np.stack([x, y], axis=-1)

    def sees(self, points: Array) -> Keypoints:
        """(T, 50, 3) joints in SMPL-X's axes as a clip in the picture, all sure."""
        return Keypoints(self.project(points), np.ones(points.shape[:2]))
