"""How well a synthesised motion holds up: reach, joint limits, speed and jerk, and bodies that sink into each other.

Everything is measured on the posed mesh with its correctives, at the frames given, without the synthesiser's own
shortcuts, so that it can be wrong and be found out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..body import BodyModel
from ..lexicon.synthesis.arm import (
    DEVIATION_RANGE,
    ELBOW_RANGE,
    FLEXION_RANGE,
    TWIST_RANGE,
    Arm,
    split_hand,
)
from ..lexicon.synthesis.fingers import PARAMETERS, HandModel
from ..lexicon.synthesis.frames import about, apply, transposed, unit, vertex_normals
from ..lexicon.synthesis.rig import HAND, SIDES, WRIST, arm_joints
from ..lexicon.synthesis.synthesiser import Performance
from ..rotations import matrix_from_axis_angle, quaternion_from_matrix, swing_twist
from ..skeleton import JOINT_COUNT, JOINT_INDEX
from ..take import PoseSequence

Array = NDArray[np.floating]

SPEED_LIMIT = 3.0
"""Metres a second: wrists of signers peak at 1 to 2, seldom at 3, in motion-capture studies of signing at everyday to
fast rates; ballistic reaching peaks above it."""
JERK_LIMIT = 400.0
"""Metres a second cubed, root mean square over a sign. A minimum-jerk reach of distance d in time T has
sqrt(720) d / T^3: 115 for 20 cm in 0.36 s, 335 for 10 cm in 0.2 s; captured signing lies in between."""
_NEAR = 0.03


@dataclass(frozen=True)
class Quality:
    """Figures of one motion. Lengths in millimetres, speed in m/s, jerk in m/s^3."""

    violations: int
    """Joint angles beyond human ranges, counted over frames."""
    peak_speed: float
    jerk: float
    """Root mean square while the wrist moves."""
    hand_head: float
    hand_trunk: float
    hand_hand: float
    """Deepest that a vertex of one lies inside of the other, over all frames."""


def measure(body: BodyModel, sequence: PoseSequence, every: int = 2) -> Quality:
    """All figures of a motion; depths at every `every`-th frame."""
    poses = sequence.poses.astype(np.float64)
    speed, jerk = wrist_kinematics(body, poses, sequence.fps)
    depth = Depths(body).deepest(poses[::every])
    return Quality(limit_violations(body, poses), speed, jerk, *depth)


def wrist_kinematics(body: BodyModel, poses: Array, fps: float) -> tuple[float, float]:
    """Peak speed (m/s) and root-mean-square jerk (m/s^3) of the faster wrist."""
    position = body.forward_kinematics(poses)[:, :, :3, 3]
    peak, worst = 0.0, 0.0
    for side in SIDES:
        wrist = position[:, WRIST[side]]
        speed = np.linalg.norm(np.diff(wrist, axis=0), axis=1) * fps
        jerk = np.linalg.norm(np.diff(wrist, 3, axis=0), axis=1) * fps**3
        moving = speed[1:-1] > 0.05
        peak = max(peak, float(speed.max(initial=0.0)))
        worst = max(worst, float(np.sqrt(np.mean(jerk[moving] ** 2))) if moving.any() else 0.0)
    return peak, worst


def limit_violations(body: BodyModel, poses: Array, tolerance: float = 0.5, betas: ArrayLike | None = None) -> int:
    """Joint angles beyond their ranges by more than `tolerance` degrees, summed over frames: elbow, forearm, wrist, and
    flexion of the finger joints."""
    return int(violations_by_frame(body.joints(betas), poses, tolerance).sum())


def violations_by_frame(joints: Array, poses: Array, tolerance: float = 0.5) -> NDArray[np.integer]:
    """(T,) as `limit_violations`, of a body with rest joints (55, 3)."""
    local = matrix_from_axis_angle(poses.reshape(-1, JOINT_COUNT, 3))
    count = np.zeros(len(local), dtype=int)
    for side in SIDES:
        arm = Arm.from_joints(joints, side)
        elbow, wrist = local[:, JOINT_INDEX[f"{side}_elbow"]], local[:, WRIST[side]]
        twist, _, _ = split_hand(arm, _after_hinge(arm, elbow))
        flexion = _hinge_angle(arm, elbow)
        own_twist, bend, deviation = split_hand(arm, wrist)
        angles = (
            (flexion, ELBOW_RANGE),
            (twist + own_twist, TWIST_RANGE),
            (bend, FLEXION_RANGE),
            (deviation, DEVIATION_RANGE),
        )
        for angle, (low, high) in angles:
            degrees = np.degrees(angle)
            count += (degrees < low - tolerance) | (degrees > high + tolerance)
        count += _finger_violations(HandModel(arm, joints), local[:, HAND[side]], tolerance)
    return count


def _hinge_angle(arm: Arm, elbow: Array) -> Array:
    """Elbow flexion in radians: where the forearm's axis is turned to about the hinge."""
    moved = apply(elbow, arm.axis)
    flat = arm.axis - (arm.axis @ arm.hinge) * arm.hinge
    along, side = unit(flat), np.cross(arm.hinge, unit(flat))
    return np.arctan2(moved @ side, moved @ along)


def _after_hinge(arm: Arm, elbow: Array) -> Array:
    return transposed(about(arm.hinge, _hinge_angle(arm, elbow))) @ elbow


def _finger_violations(hand: HandModel, local: Array, tolerance: float) -> NDArray[np.integer]:
    """(T,) finger joints bent too far from the straight finger: knuckles more than 100 degrees, middle joints 120, end
    joints 95; the thumb's 130, 85 and 100."""
    straight = hand.rotations(np.zeros(PARAMETERS))
    count = np.zeros(len(local), dtype=int)
    for finger in range(5):
        for joint, most in enumerate((100.0, 120.0, 95.0) if finger < 4 else (130.0, 85.0, 100.0)):
            at = 3 * finger + joint
            # the thumb's angles are counted from rest, where it is half way over the palm
            bent = local[:, at] @ straight[at].T if finger < 4 else local[:, at]
            swing, _ = swing_twist(quaternion_from_matrix(bent), np.broadcast_to(hand.arm.fingers, (len(local), 3)))
            angle = np.degrees(2.0 * np.arccos(np.clip(np.abs(swing[:, 0]), 0.0, 1.0)))
            count += angle > most + tolerance
    return count


class Depths:
    """How deep hands lie inside of head, trunk and each other on one body."""

    def __init__(self, body: BodyModel) -> None:
        self.body = body
        bone = np.argmax(body.weights, axis=1)
        arms = [j for side in SIDES for j in arm_joints(side)]
        # eyes lie behind the lids: their surface is not the outside
        inner = [JOINT_INDEX[n] for n in ("left_eye_smplhf", "right_eye_smplhf")]
        head = [JOINT_INDEX[n] for n in ("head", "neck", "jaw")]
        self._hands = {side: np.flatnonzero(np.isin(bone, [WRIST[side], *range(*_span(side))])) for side in SIDES}
        self._head = np.flatnonzero(np.isin(bone, head))
        self._trunk = np.flatnonzero(~np.isin(bone, [*arms, *head, *inner]))

    def deepest(self, poses: Array) -> tuple[float, float, float]:
        """Millimetres hand in head, hand in trunk, hand in hand: the most over (T, 165) poses."""
        worst = np.zeros(3)
        for start in range(0, len(poses), 16):
            for vertices in self.body.skin(poses[start : start + 16]).astype(np.float64):
                worst = np.maximum(worst, self._of_frame(vertices))
        return float(worst[0]), float(worst[1]), float(worst[2])

    def _of_frame(self, vertices: Array) -> Array:
        normals = vertex_normals(vertices, self.body.faces)
        hands = [self._hands[side] for side in SIDES]
        head = max(_depth(vertices, normals, h, self._head) for h in hands)
        trunk = max(_depth(vertices, normals, h, self._trunk) for h in hands)
        return 1000.0 * np.array([head, trunk, _depth(vertices, normals, *hands)])


def _span(side: str) -> tuple[int, int]:
    return HAND[side].start, HAND[side].stop


def _depth(vertices: Array, normals: Array, points: NDArray[np.integer], solid: NDArray[np.integer]) -> float:
    """Metres that the deepest of `points` lies under the skin of its nearest vertices of `solid`.

    A point counts as inside when it is behind the three nearest vertices' tangent planes, so folds don't count.
    """
    p = vertices[points]
    low, high = p.min(axis=0) - _NEAR, p.max(axis=0) + _NEAR
    near = solid[np.all((vertices[solid] > low) & (vertices[solid] < high), axis=1)]
    if len(near) < 3:
        return 0.0
    v, n = vertices[near], normals[near]
    low, high = v.min(axis=0) - 0.005, v.max(axis=0) + 0.005
    p = p[np.all((p > low) & (p < high), axis=1)]
    if not len(p):
        return 0.0
    square = (p**2).sum(1)[:, None] - 2.0 * p @ v.T + (v**2).sum(1)
    closest = np.argpartition(square, 2, axis=1)[:, :3]
    behind = np.einsum("pki,pki->pk", v[closest] - p[:, None], n[closest]).min(axis=1)
    distance = np.sqrt(np.maximum(np.take_along_axis(square, closest, axis=1).min(axis=1), 0.0))
    # deeper than the nearest vertex is far: that vertex is on the other side of a thin part
    depth = np.where((behind > 0.0) & (distance < _NEAR), np.minimum(behind, distance), 0.0)
    return float(depth.max())


def reach_errors(performance: Performance) -> list[float]:
    """Millimetres from each touching point to its place, in the middle of its hold, on the mesh with correctives.

    A hand that can't be there without sinking in is measured to where its skin lets it come: see `kept_off`.
    """
    errors = []
    for side, missed in performance.contact_errors().items():
        errors += list(1000.0 * np.linalg.norm(missed[performance.targets[side].contact], axis=1))
    return errors


def kept_off(performance: Performance) -> list[float]:
    """Millimetres that each touching point is kept off its place by other parts of the hand that touch before it does:
    the hollows of two palms don't meet."""
    result = []
    for side, solved in performance.solved.items():
        result += list(1000.0 * np.linalg.norm(solved.pushed[performance.targets[side].contact], axis=1))
    return result
