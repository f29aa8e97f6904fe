"""Rotations of another humanoid skeleton carried over to SMPL-X's joints. No bpy.

Each bone's rotation since a reference pose (ideally a T-pose) is applied to the SMPL-X rest pose, brought into that
reference pose first: arms, hands and fingers are aligned by the directions of their bones, the trunk is taken to stand
upright in both. So bone axes, rolls, lengths and the axes of the file don't matter.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...engine.rotations import (
    axis_angle_from_matrix,
    matrix_from_axis_angle,
    matrix_from_quaternion,
    quaternion_from_matrix,
    slerp,
    swing_twist,
)
from ...engine.skeleton import JOINT_COUNT, JOINT_INDEX, JOINT_NAMES, PARENTS, POSE_SIZE
from .names import Humanoid

Array = NDArray[np.floating]

_MAX_FOREARM_TWIST = np.radians(85.0)
_T_POSE = np.radians(20.0)
_STILL = np.radians(5.0)


@dataclass(frozen=True)
class SourceMotion:
    """World poses of a skeleton's B bones.

    rest_position (B, 3), rest_rotation (B, 3, 3): without animation. position (T, B, 3), rotation (T, B, 3, 3): of each
    frame. Any axes and units. fps: frames a second.
    """

    bones: tuple[str, ...]
    parents: Mapping[str, str | None]
    """Parent of each bone."""
    rest_position: Array
    rest_rotation: Array
    position: Array
    rotation: Array
    fps: float

    def __len__(self) -> int:
        return len(self.rotation)


@dataclass(frozen=True)
class Retargeted:
    """poses: (T, 165) axis-angle.

    reference: `rest pose`, or `first frame` if that was a T-pose. off_t_pose: by how many radians its arm bones were
    off one on average. first: index of the first frame of `poses` in the source: T-pose frames at the start are left
    out.
    """

    poses: Array
    reference: str
    off_t_pose: float
    first: int


def retarget(source: SourceMotion, humanoid: Humanoid, rest_joints: Array) -> Retargeted:
    """Carry a motion over to SMPL-X. rest_joints: (55, 3) of the body model in its rest pose.

    Joints that the skeleton lacks move along with their parents.
    """
    solver = _Solver(source, humanoid, rest_joints)
    first = solver.first_frame()
    return Retargeted(solver.poses(first), solver.reference, solver.off_t_pose, first)


class _Solver:
    def __init__(self, source: SourceMotion, humanoid: Humanoid, rest_joints: Array) -> None:
        self._source, self._humanoid, self._rest = source, humanoid, rest_joints
        self._index = {bone: i for i, bone in enumerate(source.bones)}
        candidates = {"rest pose": (source.rest_position, source.rest_rotation)}
        if len(source) > 1:
            candidates["first frame"] = (source.position[0], source.rotation[0])
        scores = {name: self._off_t_pose(position) for name, (position, _) in candidates.items()}
        # a first frame that is no clear T-pose is part of the motion, and says nothing about how the joints are turned
        first = scores.get("first frame", np.inf)
        clear = first < 4 * _T_POSE and first + _T_POSE < scores["rest pose"]
        self.reference = "first frame" if clear else "rest pose"
        self._position, self._rotation = candidates[self.reference]
        self.off_t_pose = scores[self.reference] / 4.0
        # how the trunk leans at rest is part of a body's build: the same lean is taken out of both
        self._axes = self._body_axes(self._position) @ _upright(rest_joints).T

    def first_frame(self) -> int:
        """Index of the first frame that isn't the T-pose which some archives put before each motion."""
        if len(self._source) < 3 or self._off_t_pose(self._source.position[0]) > 4 * _T_POSE:
            return 0
        arms = [self._at(f"{side}_{name}") for side in ("left", "right") for name in ("shoulder", "elbow")]
        still = self._source.rotation[:, arms]
        change = np.linalg.norm(axis_angle_from_matrix(np.swapaxes(still[:1], -1, -2) @ still), axis=-1).max(axis=1)
        moved = np.flatnonzero(change > _STILL)
        return int(moved[0]) if len(moved) else 0

    def poses(self, first: int) -> Array:
        """(T, 165) axis-angle from frame `first` on."""
        world = self._world(first)
        local = np.empty_like(world)
        for j, parent in enumerate(PARENTS):
            local[:, j] = world[:, j] if parent < 0 else np.swapaxes(world[:, parent], 1, 2) @ world[:, j]
        return axis_angle_from_matrix(forearm_twisted(local, self._rest)).reshape(-1, POSE_SIZE)

    def _world(self, first: int) -> Array:
        """(T, 55, 3, 3) world rotations of SMPL-X's joints."""
        joints = self._humanoid.joints
        world = np.tile(np.eye(3), (len(self._source) - first, JOINT_COUNT, 1, 1))
        spine = self._chain([joints["pelvis"], *self._humanoid.spine], 3, first)
        special = {"spine1": spine[0], "spine2": spine[1], "spine3": spine[2]}
        chest = self._humanoid.spine[-1] if self._humanoid.spine else joints["pelvis"]
        special["neck"] = self._chain([chest, *self._humanoid.neck, joints["head"]], 2, first)[0]
        align = self._alignment()
        for j, name in enumerate(JOINT_NAMES):
            if name in special:
                world[:, j] = special[name]
            elif name in joints:
                world[:, j] = self._change(joints[name], first) @ align[name]
            elif PARENTS[j] >= 0:
                world[:, j] = world[:, PARENTS[j]]
        return world

    def _change(self, bone: str, first: int) -> Array:
        """(T, 3, 3) rotation of a bone since the reference pose, in the body's axes."""
        i = self._index[bone]
        return self._axes.T @ self._source.rotation[first:, i] @ self._rotation[i].T @ self._axes

    def _chain(self, bones: Sequence[str], count: int, first: int) -> list[Array]:
        """Rotations at `count` even steps after the first bone of a chain, interpolated between its bones."""
        changes = [quaternion_from_matrix(self._change(b, first)) for b in bones]
        last = len(changes) - 1
        result = []
        for k in range(1, count + 1):
            at = last * k / count
            low = min(int(at), max(last - 1, 0))
            t = np.full(len(changes[0]), at - low)
            result.append(matrix_from_quaternion(slerp(changes[low], changes[min(low + 1, last)], t)))
        return result

    def _alignment(self) -> Mapping[str, Array]:
        """(3, 3) for each joint: the turn from SMPL-X's rest pose to the reference pose."""
        align: dict[str, Array] = {}
        for name, parent in zip(JOINT_NAMES, PARENTS, strict=True):
            above = align[JOINT_NAMES[parent]] if parent >= 0 else np.eye(3)
            align[name] = above
            if name.endswith("_wrist"):
                align[name] = self._hand_alignment(name.split("_")[0], above)
            elif (child := _CHILD.get(name)) is not None and {name, child} <= self._humanoid.joints.keys():
                wanted = self._axes.T @ (self._place(child) - self._place(name))
                if name.endswith("_shoulder"):
                    above = _lowered(self._bone(name, child), wanted) @ above
                align[name] = _least_turn(above @ self._bone(name, child), wanted) @ above
        return align

    def _hand_alignment(self, side: str, above: Array) -> Array:
        """By the knuckles: the direction to the middle one, and across the palm from the little to the index finger."""
        joints = [f"{side}_{name}" for name in ("wrist", "middle1", "index1", "pinky1")]
        if not set(joints) <= self._humanoid.joints.keys():
            return above
        own = [self._rest[JOINT_INDEX[j]] for j in joints]
        wanted = [self._axes.T @ self._place(j) for j in joints]
        return _frame(wanted[1] - wanted[0], wanted[2] - wanted[3]) @ _frame(own[1] - own[0], own[2] - own[3]).T

    def _bone(self, joint: str, child: str) -> Array:
        return self._rest[JOINT_INDEX[child]] - self._rest[JOINT_INDEX[joint]]

    def _at(self, joint: str) -> int:
        return self._index[self._humanoid.joints[joint]]

    def _place(self, joint: str, position: Array | None = None) -> Array:
        return (self._position if position is None else position)[self._at(joint)]

    def _body_axes(self, position: Array) -> Array:
        """(3, 3) whose columns are left, up and forward of a pose."""
        joints = ("pelvis", "head", "left_shoulder", "right_shoulder")
        return _trunk_axes(*(self._place(j, position) for j in joints))

    def _off_t_pose(self, position: Array) -> float:
        """Radians by which the four arm bones differ from level and straight out, added up."""
        axes = self._body_axes(position)
        total = 0.0
        for side, sign in (("left", 1.0), ("right", -1.0)):
            points = [self._place(f"{side}_{name}", position) for name in ("shoulder", "elbow", "wrist")]
            for a, b in itertools.pairwise(points):
                bone = b - a
                total += float(np.arccos(np.clip(sign * axes[:, 0] @ bone / np.linalg.norm(bone), -1.0, 1.0)))
        return total


_CHILD = {
    **{f"{s}_{a}": f"{s}_{b}" for s in ("left", "right") for a, b in (("shoulder", "elbow"), ("elbow", "wrist"))},
    **{f"{s}_{a}": f"{s}_{b}" for s in ("left", "right") for a, b in (("hip", "knee"), ("knee", "ankle"))},
    **{
        f"{s}_{f}{k}": f"{s}_{f}{k + 1}"
        for s in ("left", "right")
        for f in ("thumb", "index", "middle", "ring", "pinky")
        for k in (1, 2)
    },
}
"""Joints that are aligned by the direction to their child. The last joint of a finger is taken to go on straight."""


def _trunk_axes(pelvis: Array, head: Array, left: Array, right: Array) -> Array:
    up = (head - pelvis) / np.linalg.norm(head - pelvis)
    across = (left - right) - ((left - right) @ up) * up
    across = across / np.linalg.norm(across)
    return np.stack([across, up, np.cross(across, up)], axis=1)


def _upright(rest_joints: Array) -> Array:
    """The trunk's axes (3, 3) of the SMPL-X rest pose."""
    return _trunk_axes(*(rest_joints[JOINT_INDEX[j]] for j in ("pelvis", "head", "left_shoulder", "right_shoulder")))


def _lowered(own: Array, wanted: Array) -> Array:
    """(3, 3) turn about the forward axis that takes one upper arm's (3,) slope to the other's: how a T-pose and an
    A-pose differ. The least turn alone would also roll the arm."""
    angle = np.arctan2(wanted[1], wanted[0]) - np.arctan2(own[1], own[0])
    return matrix_from_axis_angle(np.array([0.0, 0.0, angle]))


def _least_turn(a: Array, b: Array) -> Array:
    """(3, 3) smallest rotation that takes the direction of a (3,) to that of b (3,)."""
    a, b = a / np.linalg.norm(a), b / np.linalg.norm(b)
    axis = np.cross(a, b)
    sine = np.linalg.norm(axis)
    if sine < 1e-9:
        return np.eye(3)
    return matrix_from_axis_angle(axis / sine * np.arctan2(sine, a @ b))


def _frame(along: Array, across: Array) -> Array:
    """(3, 3) rotation whose first column is the direction of `along`, the second that of `across` made square to it."""
    x = along / np.linalg.norm(along)
    y = across - (across @ x) * x
    y = y / np.linalg.norm(y)
    return np.stack([x, y, np.cross(x, y)], axis=1)


def forearm_twisted(local: Array, rest: Array) -> Array:
    """Local rotations (T, 55, 3, 3) with the wrists' twist moved to the elbow joints, where SMPL-X's skin expects it.

    Many rigs turn the forearm by the hand's bone. Beyond 85 degrees the remainder stays at the wrist. rest: (55, 3).
    """
    local = local.copy()
    for side in ("left", "right"):
        elbow, wrist = JOINT_INDEX[f"{side}_elbow"], JOINT_INDEX[f"{side}_wrist"]
        axis = rest[wrist] - rest[elbow]
        axis = np.broadcast_to(axis / np.linalg.norm(axis), (len(local), 3))
        # `swing_twist` puts the twist last; here it has to come first, so the inverse is taken apart
        _, inverse = swing_twist(quaternion_from_matrix(np.swapaxes(local[:, wrist], 1, 2)), axis)
        angle = -2.0 * np.arctan2(np.sum(inverse[:, 1:] * axis, axis=1), inverse[:, 0])
        angle = np.clip((angle + np.pi) % (2.0 * np.pi) - np.pi, -_MAX_FOREARM_TWIST, _MAX_FOREARM_TWIST)
        turn = matrix_from_axis_angle(axis * angle[:, None])
        local[:, elbow] = local[:, elbow] @ turn
        local[:, wrist] = np.swapaxes(turn, 1, 2) @ local[:, wrist]
    return local
