"""The body model in SMPL-X's format: shapes, joints, and linear blend skinning in NumPy.

Maths as in Loper et al., "SMPL: A Skinned Multi-Person Linear Model", 2015, and Pavlakos et al., "Expressive Body
Capture", 2019. Poses are (T, 165) axis-angle rows in `engine.skeleton` order with flat hands as zero; metres.

    model = BodyModel.load(EMBEDDED_AVATAR)
    transforms = model.forward_kinematics(poses, trans)      # joints only: cheap
    vertices = model.skin(poses, trans, expression=faces)    # the whole mesh
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .rotations import matrix_from_axis_angle
from .skeleton import JOINT_COUNT, PARENTS, POSE_SIZE

Array = NDArray[np.floating]
IntArray = NDArray[np.integer]

EMBEDDED_AVATAR = Path(__file__).with_name("assets") / "avatar.npz"
POSE_FEATURES = 9 * (JOINT_COUNT - 1)
"""486: the entries of (rotation - identity) of every joint but the root."""


class BodyModelError(Exception):
    """A body-model file can't be used; the message names the key or shape that is wrong."""


@dataclass(frozen=True)
class PoseBlend:
    """Pose correctives, kept only where they are not zero.

    vertices (K,), columns (C,) of the 486 pose features, values (K, 3, C) metres.
    """

    vertices: IntArray
    columns: IntArray
    values: Array

    def offsets(self, features: Array) -> Array:
        """Offsets (T, K, 3) of `vertices` for pose features (T, 486)."""
        k, _, c = self.values.shape
        flat = features[:, self.columns] @ self.values.reshape(k * 3, c).T
        return flat.reshape(len(features), k, 3)

    def dense(self, vertex_count: int) -> Array:
        """The (V, 3, 486) array of the file format."""
        result = np.zeros((vertex_count, 3, POSE_FEATURES), dtype=np.float32)
        result[np.ix_(self.vertices, np.arange(3), self.columns)] = self.values
        return result


@dataclass(frozen=True)
class Surface:
    """What a renderer needs beyond SMPL-X's own keys; only the embedded avatar has it.

    The first `2 * quad_count` faces are quads cut in two: (a, b, c), (a, c, d). face_materials (F,) index
    material_names; face_uvs is (F, 3, 2).
    """

    material_names: tuple[str, ...]
    face_materials: IntArray
    face_uvs: Array
    quad_count: int


@dataclass(frozen=True)
class BodyModel:
    """A body in SMPL-X's format. Arrays are float32 (maths runs in float64 where it matters).

    template (V, 3); faces (F, 3); shape_directions (V, 3, S); expression_directions (V, 3, E); joint_regressor (55, V);
    weights (V, 55), rows sum to 1; hand_means (2, 45), left and right, as rotation vectors to *add* to relative hands;
    hand_components (2, 45, 45); landmarks holds SMPL-X's lmk_* arrays unchanged.
    """

    name: str
    gender: str
    template: Array
    faces: IntArray
    shape_directions: Array
    expression_directions: Array
    joint_regressor: Array
    weights: Array
    pose_blend: PoseBlend | None
    hand_means: Array
    hand_components: Array
    shape_names: tuple[str, ...]
    expression_names: tuple[str, ...]
    landmarks: dict[str, NDArray] = field(default_factory=dict)
    surface: Surface | None = None
    _rest: tuple[Array, Array, Array] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        # few vertices matter to joints; the others would cost most of the time it takes to load a body
        used = np.flatnonzero(self.joint_regressor.any(axis=0))
        regressor = self.joint_regressor[:, used].astype(np.float64)
        rest = (
            regressor @ self.template[used],
            np.tensordot(regressor, self.shape_directions[used], axes=1),
            np.tensordot(regressor, self.expression_directions[used], axes=1),
        )
        object.__setattr__(self, "_rest", rest)

    @classmethod
    def load(cls, path: str | Path) -> BodyModel:
        """Read our avatar or a user's SMPL-X `.npz` or `.pkl`. Raises BodyModelError."""
        from .body_files import load_body  # the reader builds BodyModel objects, so it imports this module

        return load_body(Path(path))

    @property
    def vertex_count(self) -> int:
        """V."""
        return len(self.template)

    def joints(self, betas: ArrayLike | None = None, expression: ArrayLike | None = None) -> Array:
        """Joint positions (55, 3) at rest."""
        template, by_shape, by_expression = self._rest
        return template + by_shape @ self._betas(betas) + by_expression @ self._faces(expression)[0]

    def rest_vertices(self, betas: ArrayLike | None = None, expression: ArrayLike | None = None) -> Array:
        """Vertices (V, 3) at rest with a shape and one face."""
        return (
            self.template
            + self.shape_directions @ self._betas(betas)
            + self.expression_directions @ self._faces(expression)[0]
        )

    def forward_kinematics(
        self,
        poses: ArrayLike,
        trans: ArrayLike | None = None,
        betas: ArrayLike | None = None,
        expression: ArrayLike | None = None,
    ) -> Array:
        """World transforms (T, 55, 4, 4) of the joints; column 3 holds their positions.

        poses (T, 165) or (165,); trans (T, 3); betas (S,); expression (T, E), which moves joints by a hair only.
        """
        rotations = self._rotations(poses)
        return self._chain(rotations, self._rest_joints(betas, expression, len(rotations)), trans)

    def skin(
        self,
        poses: ArrayLike,
        trans: ArrayLike | None = None,
        betas: ArrayLike | None = None,
        expression: ArrayLike | None = None,
        vertices: ArrayLike | None = None,
    ) -> Array:
        """Posed vertices (T, V, 3) float32, or (T, n, 3) of the vertex ids given."""
        rotations = self._rotations(poses)
        joints = self._rest_joints(betas, expression, len(rotations))
        transforms = self._chain(rotations, joints, trans)
        chosen = np.arange(self.vertex_count) if vertices is None else np.asarray(vertices)
        faces = self._faces(expression)
        shaped = self.template[chosen] + self.shape_directions[chosen] @ self._betas(betas)
        moving = self.expression_directions[chosen]
        skinning = _relative(transforms, joints)[:, :, :3].astype(np.float32).reshape(len(rotations), JOINT_COUNT, 12)
        weights = self.weights[chosen]
        offsets, rows = self._corrective_rows(rotations, chosen)
        result = np.empty((len(rotations), len(chosen), 3), dtype=np.float32)
        for t in range(len(rotations)):
            rest = (shaped + moving @ faces[min(t, len(faces) - 1)]).astype(np.float32)
            if offsets is not None:
                rest[rows[0]] += offsets[t, rows[1]]
            blended = (weights @ skinning[t]).reshape(-1, 3, 4)
            result[t] = np.einsum("nij,nj->ni", blended[:, :, :3], rest) + blended[:, :, 3]
        return result

    def pose_features(self, poses: ArrayLike) -> Array:
        """Features (T, 486) that pose correctives are linear in."""
        return _features(self._rotations(poses))

    def probe(self, faces: ArrayLike, barycentric: ArrayLike, betas: ArrayLike | None = None) -> SurfaceProbe:
        """Points fixed to the surface: faces (P,) ids and barycentric (P, 3) weights of their corners."""
        corners = self.faces[np.asarray(faces, dtype=np.int64)]
        bary = np.asarray(barycentric, dtype=np.float64)
        if corners.shape != bary.shape:
            raise ValueError(
                f"{len(corners)} faces need barycentric weights of shape {corners.shape}, got {bary.shape}"
            )
        rest = self.template[corners] + self.shape_directions[corners] @ self._betas(betas)
        return SurfaceProbe.build(rest, self.weights[corners].astype(np.float64), bary, self.joints(betas))

    def save_smplx_npz(self, path: str | Path) -> None:
        """Write a plain SMPL-X `.npz` (dense arrays, about 130 MB unpacked) that the `smplx` package loads."""
        from .body_files import save_smplx_npz

        save_smplx_npz(self, Path(path))

    def _betas(self, betas: ArrayLike | None) -> Array:
        return _padded(betas, self.shape_directions.shape[2], "betas").reshape(-1)

    def _faces(self, expression: ArrayLike | None) -> Array:
        return np.atleast_2d(_padded(expression, self.expression_directions.shape[2], "expression"))

    def _rotations(self, poses: ArrayLike) -> Array:
        poses = np.atleast_2d(np.asarray(poses, dtype=np.float64))
        if poses.ndim != 2 or poses.shape[1] != POSE_SIZE:
            raise ValueError(f"poses must have shape (T, {POSE_SIZE}), got {poses.shape}")
        return matrix_from_axis_angle(poses.reshape(-1, JOINT_COUNT, 3))

    def _rest_joints(self, betas: ArrayLike | None, expression: ArrayLike | None, frames: int) -> Array:
        """Rest joints (T, 55, 3), or (1, 55, 3) when no face moves them."""
        template, by_shape, by_expression = self._rest
        faces = self._faces(expression)
        if len(faces) not in (1, frames):
            raise ValueError(f"expression has {len(faces)} rows for {frames} poses")
        return template + by_shape @ self._betas(betas) + np.einsum("jce,te->tjc", by_expression, faces)

    def _chain(self, rotations: Array, joints: Array, trans: ArrayLike | None) -> Array:
        frames = len(rotations)
        joints = np.broadcast_to(joints, (frames, JOINT_COUNT, 3))
        world = np.zeros((frames, JOINT_COUNT, 4, 4))
        world[..., 3, 3] = 1.0
        moved = np.zeros(3) if trans is None else np.asarray(trans, dtype=np.float64)
        for j, parent in enumerate(PARENTS):
            if parent < 0:
                world[:, j, :3, :3] = rotations[:, j]
                world[:, j, :3, 3] = joints[:, j] + moved
                continue
            world[:, j, :3, :3] = world[:, parent, :3, :3] @ rotations[:, j]
            offset = (joints[:, j] - joints[:, parent])[..., None]
            world[:, j, :3, 3] = world[:, parent, :3, 3] + (world[:, parent, :3, :3] @ offset)[..., 0]
        return world

    def _corrective_rows(self, rotations: Array, chosen: IntArray) -> tuple[Array | None, tuple[IntArray, IntArray]]:
        """Pose-corrective offsets (T, K, 3), and which chosen rows take which of the K."""
        empty = np.zeros(0, dtype=np.int64)
        if self.pose_blend is None:
            return None, (empty, empty)
        place = np.full(self.vertex_count, -1)
        place[self.pose_blend.vertices] = np.arange(len(self.pose_blend.vertices))
        rows = np.flatnonzero(place[chosen] >= 0)
        return self.pose_blend.offsets(_features(rotations).astype(np.float32)), (rows, place[chosen][rows])


@dataclass(frozen=True)
class SurfaceProbe:
    """Surface points that follow joint transforms exactly as skinning moves them (without pose correctives).

    joints (J,): the joints that matter. points (P, J, 4) and corners (P, 3, J, 4): homogeneous rest positions relative
    to each joint, times its weight, so that a sum of matrix products gives the place.
    """

    joints: IntArray
    points: Array
    corners: Array

    @classmethod
    def build(cls, corners: Array, weights: Array, barycentric: Array, rest_joints: Array) -> SurfaceProbe:
        """corners (P, 3, 3) rest positions, weights (P, 3, 55), barycentric (P, 3), rest_joints (55, 3)."""
        local = corners[:, :, None, :] - rest_joints
        homogeneous = np.concatenate([local, np.ones_like(local[..., :1])], axis=-1) * weights[..., None]
        used = np.flatnonzero(weights.max(axis=(0, 1)) > 1e-6) if len(weights) else np.zeros(0, dtype=np.int64)
        homogeneous = homogeneous[:, :, used]
        return cls(used, np.einsum("pk,pkjc->pjc", barycentric, homogeneous), homogeneous)

    def positions(self, transforms: Array) -> Array:
        """Places (T, P, 3) under joint transforms (T, 55, 4, 4) from `forward_kinematics`."""
        return np.einsum("tjac,pjc->tpa", transforms[:, self.joints, :3], self.points, optimize=True)

    def normals(self, transforms: Array) -> Array:
        """Unit outward normals (T, P, 3) of the faces that the points lie on."""
        corners = np.einsum("tjac,pkjc->tpka", transforms[:, self.joints, :3], self.corners, optimize=True)
        normal = np.cross(corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0])
        return normal / np.linalg.norm(normal, axis=-1, keepdims=True)


def _features(rotations: Array) -> Array:
    return (rotations[:, 1:] - np.eye(3)).reshape(len(rotations), POSE_FEATURES)


def _relative(transforms: Array, joints: Array) -> Array:
    """Transforms (T, 55, 4, 4) that take rest positions to posed ones."""
    result = transforms.copy()
    joints = np.broadcast_to(joints, (len(transforms), JOINT_COUNT, 3))
    result[..., :3, 3] -= np.einsum("tjab,tjb->tja", transforms[..., :3, :3], joints)
    return result


def _padded(values: ArrayLike | None, size: int, what: str) -> Array:
    """Coefficients (..., size); shorter ones are filled with zeros, as in SMPL-X."""
    given = np.zeros(0) if values is None else np.asarray(values, dtype=np.float64)
    if given.shape[-1] > size:
        raise ValueError(f"{what} has {given.shape[-1]} columns, this body has {size}")
    result = np.zeros((*given.shape[:-1], size))
    result[..., : given.shape[-1]] = given
    return result
