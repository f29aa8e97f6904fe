"""The body that is posed: rest geometry of a body model and forward kinematics over frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ...body import BodyModel
from ...skeleton import JOINT_COUNT, JOINT_INDEX, PARENTS
from .arm import Arm
from .fingers import HandModel
from .frames import apply

Array = NDArray[np.floating]

SIDES = ("left", "right")
WRIST = {side: JOINT_INDEX[f"{side}_wrist"] for side in SIDES}
HAND = {side: slice(JOINT_INDEX[f"{side}_index1"], JOINT_INDEX[f"{side}_index1"] + 15) for side in SIDES}


def other_side(side: str) -> str:
    """The opposite one of left and right."""
    return SIDES[1 - SIDES.index(side)]


def arm_joints(side: str) -> tuple[int, ...]:
    """Joints from the shoulder to the fingertips."""
    names = ("shoulder", "elbow", "wrist")
    return (*(JOINT_INDEX[f"{side}_{n}"] for n in names), *range(HAND[side].start, HAND[side].stop))


@dataclass(frozen=True)
class Posed:
    """Joints of N poses: global rotations (N, 55, 3, 3) and positions (N, 55, 3)."""

    rotation: Array
    position: Array

    def of(self, rows: NDArray[np.integer]) -> Posed:
        """Some of the poses."""
        return Posed(self.rotation[rows], self.position[rows])


class Rig:
    """Rest geometry (shape applied) of a body model in SMPL-X's format.

    joints: (55, 3); vertices: (V, 3); faces: (F, 3); weights: (V, 55).
    """

    def __init__(self, joints: Array, vertices: Array, faces: NDArray[np.integer], weights: Array) -> None:
        self.joints = np.asarray(joints, dtype=np.float64)
        self.vertices = np.asarray(vertices, dtype=np.float64)
        self.faces = np.asarray(faces)
        self.weights = np.asarray(weights, dtype=np.float64)
        self.bone = np.argmax(self.weights, axis=1)
        self.arms = {side: Arm.from_joints(self.joints, side) for side in SIDES}
        self.hands = {side: HandModel(self.arms[side], self.joints) for side in SIDES}

    def forward(self, local: Array) -> Posed:
        """Forward kinematics of (N, 55, 3, 3) local rotations; the pelvis stays in place."""
        rotation = np.empty_like(local)
        position = np.empty((*local.shape[:2], 3))
        rotation[:, 0], position[:, 0] = local[:, 0], self.joints[0]
        for j in range(1, JOINT_COUNT):
            p = PARENTS[j]
            rotation[:, j] = rotation[:, p] @ local[:, j]
            position[:, j] = position[:, p] + apply(rotation[:, p], self.joints[j] - self.joints[p])
        return Posed(rotation, position)

    def hand(self, side: str, fingers: Array) -> Posed:
        """Hand joints alone of (N, 15, 3, 3) finger rotations, in the wrist's rest axes with the wrist at the origin.

        Arrays are (N, 55, ...); joints outside the hand stay at rest around it.
        """
        n = len(fingers)
        rotation = np.broadcast_to(np.eye(3), (n, JOINT_COUNT, 3, 3)).copy()
        position = np.broadcast_to(self.joints - self.joints[WRIST[side]], (n, JOINT_COUNT, 3)).copy()
        part = HAND[side]
        for j in range(part.start, part.stop):
            p = PARENTS[j]
            rotation[:, j] = rotation[:, p] @ fingers[:, j - part.start]
            position[:, j] = position[:, p] + apply(rotation[:, p], self.joints[j] - self.joints[p])
        return Posed(rotation, position)

    def bind(self, vertices: NDArray[np.integer], share: Array) -> Skin:
        """Bind weighted means of vertices to the skeleton.

        vertices and share: (P, M): each of P points is the mean of M vertices.
        """
        w = np.einsum("pm,pmj->pmj", share, self.weights[vertices])
        rest = np.einsum("pmj,pmx->pjx", w, self.vertices[vertices])
        total = w.sum(axis=1)
        room = ((0, 0), (0, Skin.CORNERS - vertices.shape[1]))
        return Skin(rest - total[..., None] * self.joints, total, np.pad(vertices, room), np.pad(share, room))

    def bind_point(self, point: Array, joint: int) -> Skin:
        """Bind one point (3,) rigidly to a joint."""
        weight = np.zeros((1, JOINT_COUNT))
        weight[0, joint] = 1.0
        none = np.zeros((1, Skin.CORNERS))
        return Skin((point - self.joints)[None] * weight[..., None], weight, none.astype(int), none)


@dataclass(frozen=True)
class Skin:
    """P points under linear blend skinning: each the sum over joints of a rotated offset and a weighted position."""

    CORNERS: ClassVar[int] = 5
    """The most vertices that a point is the mean of."""

    offset: Array
    """(P, 55, 3)"""
    weight: Array
    """(P, 55)"""
    vertices: NDArray[np.integer]
    """(P, CORNERS) vertices that a point on the skin is the mean of."""
    share: Array
    """(P, CORNERS) their weights; all 0 for a point that isn't on the skin."""

    def __len__(self) -> int:
        return len(self.weight)

    def pose(self, posed: Posed, which: NDArray[np.integer] | None = None) -> Array:
        """Positions of the points in N poses: (N, P, 3), or (N, 3) with one point `which` (N,) a pose."""
        if which is None:
            used = np.flatnonzero(self.weight.any(axis=0))
            moved = np.einsum("njab,pjb->npa", posed.rotation[:, used], self.offset[:, used], optimize=True)
            return moved + np.einsum("pj,nja->npa", self.weight[:, used], posed.position[:, used], optimize=True)
        moved = np.einsum("njab,njb->na", posed.rotation, self.offset[which])
        return moved + np.einsum("nj,nja->na", self.weight[which], posed.position)

    def exact(
        self, body: BodyModel, poses: Array, posed: Posed, which: NDArray[np.integer], betas: Array | None = None
    ) -> Array:
        """As `pose` with one point a pose, on the body's own mesh with its pose correctives. poses: (N, 165)."""
        ids, place = np.unique(self.vertices[which], return_inverse=True)
        mesh = body.skin(poses, betas=betas, vertices=ids)
        rows = np.arange(len(which))[:, None]
        corners = mesh[rows, place.reshape(len(which), -1)]
        share = self.share[which]
        on_skin = share.sum(axis=1, keepdims=True) > 0.0
        return np.where(on_skin, np.einsum("nm,nma->na", share, corners), self.pose(posed, which))

    @staticmethod
    def join(skins: list[Skin]) -> Skin:
        """All points of several."""
        names = ("offset", "weight", "vertices", "share")
        return Skin(*(np.concatenate([getattr(s, n) for s in skins]) for n in names))

    def first(self, count: int) -> Skin:
        """The first points only."""
        return Skin(self.offset[:count], self.weight[:count], self.vertices[:count], self.share[:count])

    def mean(self) -> Skin:
        """The one point in the middle of them, each the place of one vertex."""
        count = len(self)
        room = ((0, 0), (0, Skin.CORNERS - count))
        vertices = np.pad(self.vertices[:, :1].T, room)
        share = np.pad(np.full((1, count), 1.0 / count), room)
        return Skin(self.offset.mean(axis=0)[None], self.weight.mean(axis=0)[None], vertices, share)
