"""Pose correctives that keep arms from collapsing, fitted to a better skinning than the linear one.

The goal turns each vertex about the joint by a share of its rotation: swing by the weight below the joint (the
spherical mean that dual quaternions give, Kavan et al. 2008), twist by a ramp along the limb, as forearm bones do.
What SMPL-X's pose features can express of that (they are linear in the entries of R - I) is found by least squares
over the range of motion of shoulder, elbow and wrist.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

from engine.body import POSE_FEATURES
from engine.rotations import (
    axis_angle_from_quaternion,
    matrix_from_axis_angle,
    quaternion_from_axis_angle,
    swing_twist,
)
from engine.skeleton import JOINT_INDEX, PARENTS

from .parts import FloatArray, IntArray

GAZE_PITCH = 25.0
_RIDGE = 1e-3
_SMALLEST = 1e-4
"""Metres: vertices that no sample moves further apart keep no correctives."""


@dataclass(frozen=True)
class Motion:
    """Range of motion of a left-side joint in degrees, as samples (swing about y and z, twist about the limb)."""

    joint: str
    limb: tuple[str, str]
    """Joints at both ends of the limb that twists, and whose line is the axis of twist."""
    swing_y: tuple[float, ...]
    swing_z: tuple[float, ...]
    twist: tuple[float, ...]
    roundness: float
    """How far the swing goes from linear blending (0) to the spherical mean (1). Flexion with little else must stay
    below 1: fitted to its far end, the correctives would crease the joint at its near end."""


MOTIONS = (
    Motion(
        "shoulder", ("shoulder", "elbow"), (-110, -70, -35, 0, 25), (-85, -55, -25, 0, 35), (-70, -35, 0, 35, 70), 1.0
    ),
    Motion(
        "elbow",
        ("elbow", "wrist"),
        (-145, -110, -80, -50, -30, -15, 0),
        (-5, 0, 5),
        (-95, -65, -35, 0, 35, 65, 95),
        0.4,
    ),
    Motion(
        "wrist", ("elbow", "wrist"), (-25, 0, 25), (-75, -45, -20, 0, 20, 40, 65), (-100, -65, -30, 0, 30, 65, 100), 0.6
    ),
)


def pose_directions(vertices: FloatArray, weights: FloatArray, joints: FloatArray) -> FloatArray:
    """Correctives (V, 3, 486) in metres for rest vertices (V, 3), weights (V, 55) and joints (55, 3)."""
    result = np.zeros((len(vertices), 3, POSE_FEATURES))
    for motion, side in itertools.product(MOTIONS, ("left", "right")):
        joint = JOINT_INDEX[f"{side}_{motion.joint}"]
        chosen, goal = _fit(vertices, weights, joints, motion, side)
        result[chosen, :, 9 * (joint - 1) : 9 * joint] = goal
    return result


def eyelid_directions(gaze: FloatArray) -> FloatArray:
    """Correctives (V, 3, 486) that let the lids follow the eyes' pitch.

    gaze (V, 3, 4): lids at `GAZE_PITCH` degrees up and down, left eye then right. The sine of the pitch is entry (2, 1)
    of the eye's R - I, and entry (1, 1) is its cosine less 1; neither changes with yaw alone.
    """
    result = np.zeros((*gaze.shape[:2], POSE_FEATURES))
    pitch = np.radians(GAZE_PITCH)
    for side, up, down in (("left", 0, 1), ("right", 2, 3)):
        first = 9 * (JOINT_INDEX[f"{side}_eye_smplhf"] - 1)
        result[:, :, first + 7] = (gaze[:, :, down] - gaze[:, :, up]) / (2.0 * np.sin(pitch))
        result[:, :, first + 4] = (gaze[:, :, down] + gaze[:, :, up]) / (2.0 * (np.cos(pitch) - 1.0))
    return result


def _fit(
    vertices: FloatArray, weights: FloatArray, joints: FloatArray, motion: Motion, side: str
) -> tuple[IntArray, FloatArray]:
    """Ids (n,) of corrected vertices and their directions (n, 3, 9) for one joint."""
    joint = JOINT_INDEX[f"{side}_{motion.joint}"]
    below = weights[:, _subtree(joint)].sum(axis=1)
    twist_share = _twist_shares(vertices, below, joints, motion, side)
    candidates = np.flatnonzero((np.abs(below - np.rint(below)) > 1e-3) | (np.abs(twist_share - below) > 1e-3))
    rotations, swings, twists = _samples(joints, motion, side)
    local = vertices[candidates] - joints[joint]
    share, twist_part = below[candidates], twist_share[candidates]
    residuals, blends = [], []
    for rotation, swing, twist in zip(rotations, swings, twists, strict=True):
        turned = np.einsum("nij,nj->ni", matrix_from_axis_angle(twist_part[:, None] * twist), local)
        spherical = np.einsum("nij,nj->ni", matrix_from_axis_angle(share[:, None] * swing), turned)
        linear = turned + share[:, None] * (turned @ (matrix_from_axis_angle(swing) - np.eye(3)).T)
        wanted = linear + motion.roundness * (spherical - linear)
        blend = (1 - share)[:, None, None] * np.eye(3) + share[:, None, None] * rotation
        residuals.append(wanted - np.einsum("nij,nj->ni", blend, local))
        blends.append(blend)
    features = (rotations - np.eye(3)).reshape(-1, 9)
    residual, blend = np.stack(residuals, axis=1), np.stack(blends, axis=1)
    moving = np.linalg.norm(residual, axis=2).max(axis=1) > _SMALLEST
    return candidates[moving], _solve(blend[moving], features, residual[moving])


def _solve(blends: FloatArray, features: FloatArray, residuals: FloatArray) -> FloatArray:
    """Directions D (n, 3, 9) that minimise |blend D feature - residual|^2 over samples, per vertex.

    blends (n, S, 3, 3), features (S, 9), residuals (n, S, 3).
    """
    result = np.empty((len(blends), 3, 9))
    for i, (blend, residual) in enumerate(zip(blends, residuals, strict=True)):
        system = np.einsum("sij,sf->sijf", blend, features).reshape(-1, 27)
        normal = system.T @ system + _RIDGE * len(features) * np.eye(27)
        result[i] = np.linalg.solve(normal, system.T @ residual.ravel()).reshape(3, 9)
    return result


def _subtree(joint: int) -> list[int]:
    """The joint and all joints below it."""
    found = [joint]
    for j, parent in enumerate(PARENTS):
        if parent in found:
            found.append(j)
    return found


def _twist_shares(vertices: FloatArray, below: FloatArray, joints: FloatArray, motion: Motion, side: str) -> FloatArray:
    """Share (V,) of the joint's twist that each vertex follows: a smooth ramp along the limb."""
    start, end = _limb(joints, motion, side)
    axis = end - start
    along = np.clip((vertices - start) @ axis / (axis @ axis), 0.0, 1.0)
    ramp = along * along * (3.0 - 2.0 * along)
    if motion.limb[0] == motion.joint:
        return below * ramp
    # the forearm lies above the wrist and joins in its twist; the upper arm doesn't
    forearm = vertices_on_limb(vertices, start, axis)
    return np.maximum(below, forearm * ramp)


def _limb(joints: FloatArray, motion: Motion, side: str) -> tuple[FloatArray, FloatArray]:
    start, end = (joints[JOINT_INDEX[f"{side}_{name}"]] for name in motion.limb)
    return start, end


def vertices_on_limb(vertices: FloatArray, start: FloatArray, axis: FloatArray, radius: float = 0.12) -> FloatArray:
    """1 for the vertices (V,) around the limb from `start` along `axis`, 0 elsewhere."""
    along = (vertices - start) @ axis / (axis @ axis)
    away = np.linalg.norm(vertices - start - along[:, None] * axis, axis=1)
    return ((along > 0) & (away < radius)).astype(float)


def _samples(joints: FloatArray, motion: Motion, side: str) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Rotation matrices (S, 3, 3), and their swings and twists (S, 3) as rotation vectors."""
    start, end = _limb(joints, motion, side)
    axis = (end - start) / np.linalg.norm(end - start)
    sign = 1.0 if side == "left" else -1.0
    vectors = np.radians([(0.0, sign * y, sign * z) for y, z in itertools.product(motion.swing_y, motion.swing_z)])
    swings = np.repeat(vectors, len(motion.twist), axis=0)
    twists = np.tile(np.outer(np.radians(motion.twist), axis * sign), (len(vectors), 1))
    matrices = matrix_from_axis_angle(swings) @ matrix_from_axis_angle(twists)
    # the swing as drawn may turn about the limb a little: split again
    swing, twist = swing_twist(quaternion_from_axis_angle(swings), axis)
    first = axis_angle_from_quaternion(swing)
    return matrices, first, twists + axis_angle_from_quaternion(twist)
