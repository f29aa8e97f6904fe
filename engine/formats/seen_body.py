"""What a detector of keypoints would see of a body: OpenPose's 25 body points and 70 of the face beside the 50 joints.

Joints are where SMPL-X has them, eyes, ears, heels and toes on the vertices by which software for SMPL-X knows them.
Of the face, the model's own 51 landmarks (brows, nose, eyes, lips) and both eyes are there; the 17 points of the
contour are not: where that is depends on the view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from ..body import BodyModel
from ..skeleton import JOINT_INDEX
from ..take import PoseSequence
from .body50 import joints50
from .openpose import BODY_25, FACE_POINTS
from .skeleton50 import BODY, Keypoints

Array = NDArray[np.floating]

_VERTICES: Final = {
    "right_eye": 9929, "left_eye": 9448, "right_ear": 616, "left_ear": 6, "left_big_toe": 5770,
    "left_small_toe": 5780, "left_heel": 8846, "right_big_toe": 8463, "right_small_toe": 8474, "right_heel": 8635,
}  # fmt: skip
"""Vertices of SMPL-X's topology."""
_CONTOUR: Final = 17
_LANDMARKS: Final = ("lmk_faces_idx", "lmk_bary_coords")


class View(Protocol):
    """A camera, like `body50.Camera`."""

    @property
    def width(self) -> int:
        """Of the picture, in pixels."""
        ...

    @property
    def height(self) -> int:
        """Of the picture, in pixels."""
        ...

    def project(self, points: Array, /) -> Array:
        """(..., 3) points in SMPL-X's axes to (..., 2) pixels, NaN behind the camera."""
        ...


@dataclass(frozen=True)
class Projection:
    """A camera by its matrix (4, 4), from SMPL-X's axes to homogeneous coordinates in which the picture goes from -1 to
    1, x to the right and y upward, as graphics libraries have it."""

    matrix: Array
    width: int
    height: int

    def project(self, points: Array) -> Array:
        """(..., 3) points to (..., 2) pixels, y down; NaN behind the camera."""
        seen = points @ self.matrix[:, :3].T + self.matrix[:, 3]
        ahead = np.where(seen[..., 3:] > 1e-9, seen[..., 3:], np.nan)
        return (1.0 + seen[..., :2] / ahead * [1.0, -1.0]) * [0.5 * self.width, 0.5 * self.height]


@dataclass(frozen=True)
class BodyPoints:
    """A clip in space: joints (T, 50, 3), body (T, 25, 3) and face (T, 70, 3) in metres and SMPL-X's axes, NaN for what
    the body model doesn't have."""

    joints: Array
    body: Array
    face: Array


@dataclass(frozen=True)
class Picture:
    """What a camera sees. joints: the 50. body (T, 25, 3), face (T, 70, 3): x, y and confidence, which is 1 within the
    picture and else 0, with both others."""

    joints: Keypoints
    body: Array
    face: Array


def body_points(body: BodyModel, sequence: PoseSequence, betas: Array | None = None) -> BodyPoints:
    """All points of a motion on a body of a shape."""
    poses, trans = sequence.poses, sequence.trans
    joints = joints50(body, poses, trans, betas)
    places = body.forward_kinematics(poses, trans, betas)[..., :3, 3]
    whole = np.empty((len(poses), len(BODY_25), 3))
    whole[:, : len(BODY)] = joints[:, : len(BODY)]
    corners, weights = _landmarks(body)
    vertices = [*_VERTICES.values(), *corners.ravel()]
    skin = body.skin(poses, trans, betas, _expression(body, sequence), vertices)
    marks = {name: skin[:, k] for k, name in enumerate(_VERTICES)}
    for k, name in enumerate(BODY_25[len(BODY) :], len(BODY)):
        if name == "mid_hip":
            whole[:, k] = places[:, [JOINT_INDEX["left_hip"], JOINT_INDEX["right_hip"]]].mean(axis=1)
        else:
            whole[:, k] = marks[name] if name in marks else places[:, JOINT_INDEX[name]]
    face = np.full((len(poses), FACE_POINTS, 3), np.nan)
    on_face = skin[:, len(_VERTICES) :].reshape(len(poses), *corners.shape, 3)
    face[:, _CONTOUR : _CONTOUR + len(corners)] = np.einsum("tkcx,kc->tkx", on_face, weights)
    face[:, -2], face[:, -1] = marks["right_eye"], marks["left_eye"]
    return BodyPoints(joints, whole, face)


def picture(points: BodyPoints, camera: View) -> Picture:
    """The points as a camera sees them; what hides behind what isn't looked at."""
    joints, body, face = (_seen(camera, p) for p in (points.joints, points.body, points.face))
    return Picture(Keypoints(joints[..., :2], joints[..., 2]), body, face)


def _seen(camera: View, points: Array) -> Array:
    """(..., 3): x, y and confidence."""
    flat = camera.project(points)
    with np.errstate(invalid="ignore"):
        inside = ((flat >= 0.0) & (flat <= [camera.width, camera.height])).all(axis=-1, keepdims=True)
    return np.where(inside, np.concatenate([flat, np.ones_like(flat[..., :1])], axis=-1), 0.0)


def _landmarks(body: BodyModel) -> tuple[NDArray[np.integer], Array]:
    """Vertices (51, 3) around each landmark of the face, and their weights (51, 3); none where the file has none."""
    if any(name not in body.landmarks for name in _LANDMARKS):
        return np.empty((0, 3), np.int64), np.empty((0, 3))
    faces, weights = (body.landmarks[name] for name in _LANDMARKS)
    return body.faces[faces.astype(np.int64)], weights


def _expression(body: BodyModel, sequence: PoseSequence) -> Array:
    """(T, E) weights of the body's own face units, 0 for those that the motion lacks."""
    result = np.zeros((len(sequence), body.expression_directions.shape[2]))
    for column, name in enumerate(sequence.expression_names):
        if name in body.expression_names:
            result[:, body.expression_names.index(name)] = sequence.expression[:, column]
    return result
