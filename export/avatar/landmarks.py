"""Vertex order and landmark arrays that software for SMPL-X expects.

The `smplx` package reads nose, eyes, ears, toes, heels and fingertips off fixed vertex ids; the avatar's vertices are
ordered so that those ids are those points.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from engine.skeleton import JOINT_INDEX

from .parts import BaseMesh, FloatArray, IntArray

KEYPOINT_IDS = {
    "nose": 9120, "left_eye": 9448, "right_eye": 9929, "left_ear": 6, "right_ear": 616,
    "left_big_toe": 5770, "left_small_toe": 5780, "left_heel": 8846,
    "right_big_toe": 8463, "right_small_toe": 8474, "right_heel": 8635,
    "left_thumb": 5361, "left_index": 4933, "left_middle": 5058, "left_ring": 5169, "left_pinky": 5286,
    "right_thumb": 8079, "right_index": 7669, "right_middle": 7794, "right_ring": 7905, "right_pinky": 8022,
}  # fmt: skip
"""Vertex ids of SMPL-X's topology; the smallest mesh that has them all counts 9930 vertices."""

MINIMUM_VERTICES = 9930


def keypoint_places(base: BaseMesh) -> dict[str, FloatArray]:
    """Where each keypoint lies (3,) on the base mesh."""
    body = base.vertices[:13380]
    places: dict[str, FloatArray] = {}
    head = body[body[:, 1] > base.joint_centre("joint-neck")[1]]
    places["nose"] = head[np.argmax(head[:, 2])]
    for side, sign in (("left", 1.0), ("right", -1.0)):
        s = side[0]
        tips = {"thumb": 1, "index": 2, "middle": 3, "ring": 4, "pinky": 5}
        places |= {f"{side}_{f}": base.joint_centre(f"joint-{s}-finger-{n}-4") for f, n in tips.items()}
        places[f"{side}_eye"] = base.joint_centre(f"joint-{s}-eye-target")
        places[f"{side}_ear"] = head[np.argmax(sign * head[:, 0])]
        foot = body[(sign * body[:, 0] > 0) & (body[:, 1] < base.joint_centre(f"joint-{s}-ankle")[1])]
        places[f"{side}_heel"] = foot[np.argmin(foot[:, 2])]
        places[f"{side}_big_toe"] = base.joint_centre(f"joint-{s}-toe-1-3")
        places[f"{side}_small_toe"] = base.joint_centre(f"joint-{s}-toe-5-4")
    return places


def vertex_order(points: FloatArray, places: dict[str, FloatArray]) -> IntArray:
    """Permutation (V,): new vertex i is old vertex order[i], so that keypoints sit at their ids."""
    if len(points) < MINIMUM_VERTICES:
        raise ValueError(f"{len(points)} vertices; SMPL-X's keypoint ids need {MINIMUM_VERTICES}")
    taken: dict[int, int] = {}
    for name, new in KEYPOINT_IDS.items():
        distance = np.linalg.norm(points - places[name], axis=1)
        distance[list(taken.values())] = np.inf
        taken[new] = int(np.argmin(distance))
    rest = iter(np.setdiff1d(np.arange(len(points)), list(taken.values())))
    return np.array([taken[i] if i in taken else next(rest) for i in range(len(points))])


_FACE_DEGREES: tuple[tuple[float, float], ...] = (
    # brows, right to left: (left of the midline, above the eyes' height), seen from the middle of the head
    (-36, 11), (-30, 15), (-23, 16), (-15, 15), (-7, 12), (7, 12), (15, 15), (23, 16), (30, 15), (36, 11),
    # bridge and underside of the nose
    (0, 5), (0, -2), (0, -9), (0, -15), (-9, -20), (-5, -21), (0, -22), (5, -21), (9, -20),
    # right eye, left eye
    (-31, 0), (-26, 4), (-19, 4), (-13, -1), (-19, -4), (-26, -4), (13, -1), (19, 4), (26, 4), (31, 0), (26, -4),
    (19, -4),
    # outer lips
    (-16, -33), (-10, -30), (-4, -28), (0, -29), (4, -28), (10, -30), (16, -33), (10, -37), (5, -40), (0, -41),
    (-5, -40), (-10, -37),
    # inner lips
    (-13, -33), (-5, -32), (0, -32), (5, -32), (13, -33), (5, -34), (0, -35), (-5, -34),
)  # fmt: skip
_CONTOUR_DEGREES: tuple[tuple[float, float], ...] = tuple(
    (angle, -12.0 - 40.0 * (1.0 - (angle / 90.0) ** 2)) for angle in np.linspace(-80, 80, 17)
)


def face_landmarks(
    vertices: FloatArray, faces: IntArray, skin: NDArray[np.bool_], joints: FloatArray
) -> dict[str, NDArray]:
    """SMPL-X's lmk_* arrays: 51 static points, and 17 points of the contour for each of 79 yaw angles.

    Found by shooting rays from the middle of the head at the angles at which such points lie on an average face.
    """
    origin = joints[[JOINT_INDEX["left_eye_smplhf"], JOINT_INDEX["right_eye_smplhf"]]].mean(axis=0) * [0, 1, 1]
    origin = origin - [0.0, 0.0, 0.05]
    candidates = np.flatnonzero(skin)
    shoot = _ray_caster(vertices, faces, candidates)
    static = [shoot(origin, _ray(*angles)) for angles in _FACE_DEGREES]
    turned = []
    for yaw in np.linspace(-39, 39, 79):
        turned.append([shoot(origin, _ray(angle - yaw, height)) for angle, height in _CONTOUR_DEGREES])
    return {
        "lmk_faces_idx": np.array([f for f, _ in static], dtype=np.int64),
        "lmk_bary_coords": np.array([b for _, b in static]),
        "dynamic_lmk_faces_idx": np.array([[f for f, _ in row] for row in turned], dtype=np.int64),
        "dynamic_lmk_bary_coords": np.array([[b for _, b in row] for row in turned]),
    }


def _ray(sideways: float, height: float) -> FloatArray:
    a, h = np.radians([sideways, height])
    return np.array([np.sin(a) * np.cos(h), np.sin(h), np.cos(a) * np.cos(h)])


def _ray_caster(
    vertices: FloatArray, faces: IntArray, candidates: IntArray
) -> Callable[[FloatArray, FloatArray], tuple[int, FloatArray]]:
    """Finds the outermost candidate face that a ray hits (Moeller and Trumbore 1997), and where."""
    a, b, c = (vertices[faces[candidates, k]] for k in range(3))

    def shoot(origin: FloatArray, ray: FloatArray) -> tuple[int, FloatArray]:
        p = np.cross(ray, c - a)
        determinant = np.einsum("ni,ni->n", b - a, p)
        safe = np.where(np.abs(determinant) < 1e-12, np.inf, determinant)
        s = origin - a
        u = np.einsum("ni,ni->n", s, p) / safe
        q = np.cross(s, b - a)
        v = (q @ ray) / safe
        depth = np.einsum("ni,ni->n", c - a, q) / safe
        hit = (u >= -1e-9) & (v >= -1e-9) & (u + v <= 1 + 1e-9) & (depth > 0)
        if not hit.any():
            raise ValueError(f"the ray {ray} misses the face")
        best = np.flatnonzero(hit)[np.argmax(depth[hit])]
        return int(candidates[best]), np.array([1 - u[best] - v[best], u[best], v[best]])

    return shoot
