"""One arm: rest geometry, closed-form two-bone inverse kinematics, and the split of a hand's rotation over
forearm and wrist.

The chain is clavicle, shoulder, elbow (a hinge plus the forearm's twist), wrist (flexion and deviation). The elbow's
circle about the line from shoulder to wrist is the one degree of freedom left (Korein & Badler 1982, Tolani et al.
2000): `swivel`, 0 with the elbow hanging low, positive outward.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from ...rotations import axis_angle_from_quaternion, conjugate, quaternion_from_matrix, swing_twist
from ...skeleton import JOINT_INDEX
from .frames import about, across, apply, basis, cross, smoothstep, soft_clamp, transposed, unit

Array = NDArray[np.floating]

# Active ranges of motion in degrees (American Academy of Orthopaedic Surgeons, 1965, rounded down)
ELBOW_RANGE = (4.0, 150.0)
TWIST_RANGE = (-85.0, 85.0)
FLEXION_RANGE = (-65.0, 70.0)
DEVIATION_RANGE = (-32.0, 22.0)
"""Radial (thumb side) positive."""
SWIVEL_RANGE = (-25.0, 95.0)


@dataclass(frozen=True)
class Arm:
    """Rest geometry of one arm in metres; all vectors in the rest pose's world axes."""

    side: str
    sign: float
    """+1 for the left arm, -1 for the right: x of `out`."""
    collar: Array
    shoulder: Array
    elbow: Array
    wrist: Array
    fingers: Array
    """Unit vector from wrist to middle knuckle."""
    palm: Array
    """Unit normal out of the palm, at right angles to `fingers`."""

    @classmethod
    def from_joints(cls, joints: Array, side: str) -> Arm:
        """Measure an arm on (55, 3) rest joints."""

        def at(name: str) -> Array:
            return np.asarray(joints[JOINT_INDEX[f"{side}_{name}"]], dtype=np.float64)

        sign = 1.0 if side == "left" else -1.0
        fingers = unit(at("middle1") - at("wrist"))
        # knuckles from index to pinky span the palm; turned so that the normal leaves its inside
        normal = cross(fingers, at("pinky1") - at("index1")) * -sign
        return cls(side, sign, at("collar"), at("shoulder"), at("elbow"), at("wrist"), fingers, across(normal, fingers))

    @cached_property
    def out(self) -> Array:
        """Unit vector to the arm's side of the body."""
        return np.array([self.sign, 0.0, 0.0])

    @cached_property
    def upper(self) -> Array:
        """Shoulder to elbow at rest."""
        return self.elbow - self.shoulder

    @cached_property
    def fore(self) -> Array:
        """Elbow to wrist at rest."""
        return self.wrist - self.elbow

    @cached_property
    def hinge(self) -> Array:
        """Axis that the elbow flexes about (left -y, right +y)."""
        return np.array([0.0, -self.sign, 0.0])

    @cached_property
    def axis(self) -> Array:
        """Unit axis of the forearm, which it twists about."""
        return unit(self.fore)

    @cached_property
    def flexion_axis(self) -> Array:
        """Axis that bends the wrist towards the palm."""
        return unit(cross(self.axis, across(self.palm, self.axis)))

    @cached_property
    def deviation_axis(self) -> Array:
        """Axis that bends the wrist towards the thumb."""
        return unit(cross(self.axis, self.radial))

    @cached_property
    def radial(self) -> Array:
        """Unit vector from the forearm's axis to the thumb side at rest."""
        return cross(across(self.palm, self.axis), self.axis) * self.sign

    @cached_property
    def length(self) -> float:
        """Shoulder to wrist, stretched."""
        return float(np.linalg.norm(self.upper) + np.linalg.norm(self.fore))

    @cached_property
    def shortest(self) -> float:
        """Shoulder to wrist with the elbow fully bent."""
        folded = about(self.hinge, np.radians(ELBOW_RANGE[1])) @ self.fore
        return float(np.linalg.norm(self.upper + folded))

    def hand_rotation(self, fingers: Array, palm: Array) -> Array:
        """Global hand rotations (..., 3, 3) that point the fingers and face the palm as wanted (unit vectors).

        The direction of the fingers is met exactly, the palm as nearly as that allows.
        """
        rest = basis(self.fingers, self.palm)
        return basis(fingers, palm) @ rest.T


def collar_rotation(arm: Arm, target: Array) -> Array:
    """Rotation matrices of the clavicle for wrist targets (..., 3), both in the chest's rest frame.

    It rises as the hand goes above the shoulder and comes forward as it reaches far or across, as in the
    scapulohumeral rhythm (Inman 1944), in a smooth way.
    """
    reach = (target - arm.shoulder) / arm.length
    raised = 16.0 * smoothstep(reach[..., 1], -0.1, 0.9) - 3.0 * smoothstep(-reach[..., 1], 0.5, 1.0)
    across_body = smoothstep(-reach[..., 0] * arm.sign, 0.0, 0.8)
    forward = 6.0 * smoothstep(reach[..., 2], 0.4, 1.0) + 14.0 * across_body
    lift = about(np.array([0.0, 0.0, arm.sign]), np.radians(raised))
    return about(np.array([0.0, -arm.sign, 0.0]), np.radians(forward)) @ lift


@dataclass(frozen=True)
class Reach:
    """Shoulder and elbow of a solved arm, relative to the clavicle's frame."""

    shoulder: Array
    """(..., 3, 3)"""
    flexion: Array
    """(...) elbow flexion in radians."""
    short: Array
    """(...) metres by which the target is out of reach, 0 when reached."""

    def forearm(self, arm: Arm) -> Array:
        """(..., 3, 3) rotation of the untwisted forearm."""
        return self.shoulder @ about(arm.hinge, self.flexion)


def reach(arm: Arm, target: Array, swivel: Array) -> Reach:
    """Bring the wrist to `target`, (..., 3) from the shoulder in the clavicle's frame, at `swivel` (...) radians.

    Targets outside the reach are approached as near as the elbow's range allows.
    """
    u, f, h = arm.upper, arm.fore, arm.hinge
    # |u + R(h, flexion) f| = distance  ->  b cos + c sin = wanted
    along = (u @ h) * (f @ h)
    b, c = u @ f - along, u @ cross(h, f)
    amplitude, offset = np.hypot(b, c), np.arctan2(c, b)
    low, high = np.radians(ELBOW_RANGE)
    distance = np.linalg.norm(target, axis=-1)
    limits = [np.linalg.norm(u + apply(about(h, a), f)) for a in (low, high)]
    wanted = np.clip(distance, limits[1], limits[0])
    cosine = ((wanted**2 - u @ u - f @ f) / 2.0 - along) / amplitude
    flexion = offset + np.arccos(np.clip(cosine, -1.0, 1.0))

    direction = unit(target)
    elbow_side = _elbow_direction(arm, direction, swivel)
    hinge = cross(elbow_side, direction)
    chord = u + apply(about(h, flexion), f)
    rest = basis(unit(chord), np.broadcast_to(h, chord.shape))
    shoulder = basis(direction, hinge) @ transposed(rest)
    return Reach(shoulder, flexion, np.abs(distance - wanted))


def _elbow_direction(arm: Arm, direction: Array, swivel: Array) -> Array:
    """Unit directions from the shoulder-wrist line to the elbow."""
    # low, a little back and out: never parallel to where hands go in signing or rest
    low = across(unit(np.array([0.25 * arm.sign, -0.9, -0.35])), direction)
    side = cross(direction, low) * arm.sign
    angle = np.asarray(swivel)[..., None]
    return np.cos(angle) * low + np.sin(angle) * side


def split_hand(arm: Arm, relative: Array) -> tuple[Array, Array, Array]:
    """Split hand rotations (..., 3, 3), given relative to the untwisted forearm, into forearm twist, wrist flexion and
    deviation, in radians (...). Twist is in (-pi, pi]."""
    q = quaternion_from_matrix(relative)
    axis = arm.axis
    swing, twist = swing_twist(conjugate(q), np.broadcast_to(axis, (*q.shape[:-1], 3)))
    angle = -2.0 * np.arctan2(np.sum(twist[..., 1:] * axis, axis=-1), twist[..., 0])
    angle = (angle + np.pi) % (2.0 * np.pi) - np.pi
    bend = axis_angle_from_quaternion(conjugate(swing))
    return angle, bend @ arm.flexion_axis, bend @ arm.deviation_axis


def wrist_rotation(arm: Arm, flexion: Array, deviation: Array) -> Array:
    """(..., 3, 3) rotation of the wrist joint from flexion and deviation in radians."""
    axis_angle = flexion[..., None] * arm.flexion_axis + deviation[..., None] * arm.deviation_axis
    angle = np.linalg.norm(axis_angle, axis=-1)
    a = axis_angle / np.maximum(angle, 1e-12)[..., None]
    zero = np.zeros_like(angle)
    k = np.stack([zero, -a[..., 2], a[..., 1], a[..., 2], zero, -a[..., 0], -a[..., 1], a[..., 0], zero], axis=-1)
    k = k.reshape(*angle.shape, 3, 3)
    s, c = np.sin(angle)[..., None, None], np.cos(angle)[..., None, None]
    return np.eye(3) + s * k + (1.0 - c) * (k @ k)


def clamp_hand(twist: Array, flexion: Array, deviation: Array) -> tuple[Array, Array, Array]:
    """Bring forearm twist, wrist flexion and deviation (radians) inside their ranges, smoothly."""
    margin = np.radians(6.0)
    ranges = [np.radians(r) for r in (TWIST_RANGE, FLEXION_RANGE, DEVIATION_RANGE)]
    values = (twist, flexion, deviation)
    clamped = [soft_clamp(v, r[0], r[1], margin) for v, r in zip(values, ranges, strict=True)]
    return clamped[0], clamped[1], clamped[2]
