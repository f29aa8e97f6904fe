"""Handshapes as joint rotations: angles of the table about each finger's own hinge.

Angles are counted from a straight finger in line with the back of the hand, so the same table fits every body
model: the splay and bend of its rest pose are taken out first. A finger flexes about (its direction x palm normal),
spreads about the palm's normal; the thumb is aimed by `oppose` and `abduct` and flexes in the plane that `oppose`
and `roll` have turned.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...skeleton import JOINT_INDEX
from ..handshapes import FINGERS, JOINT_LIMITS
from ..phonology import Handshape
from .arm import Arm
from .frames import about, across, apply, basis, cross, soft_clamp, unit

Array = NDArray[np.floating]

PARAMETERS = 21
"""Angles of one hand: index, middle, ring, pinky (mcp, pip, dip, spread), thumb (oppose, abduct, mcp, ip, roll)."""

MCP, PIP, DIP, SPREAD = (np.arange(4) * 4 + k for k in range(4))
THUMB = 16


def _limits() -> tuple[Array, Array]:
    fingers = [JOINT_LIMITS[k] for k in ("mcp", "pip", "dip", "spread")] * 4
    thumb = [JOINT_LIMITS[f"thumb.{k}"] for k in ("oppose", "abduct", "mcp", "ip", "roll")]
    low, high = np.array([*fingers, *thumb]).T
    return low, high


LOW, HIGH = _limits()

_CONVERGE = {"index": -2.5, "middle": 0.0, "ring": -2.5, "pinky": -5.5}
"""Degrees by which straight fingers lean to the middle one at spread 0, so that they touch along their length."""

RELAXED = np.array(
    [
        14.0,
        24.0,
        12.0,
        1.0,
        20.0,
        28.0,
        14.0,
        0.0,
        26.0,
        30.0,
        15.0,
        0.0,
        30.0,
        32.0,
        16.0,
        1.0,
        32.0,
        30.0,
        12.0,
        14.0,
        10.0,
    ]
)
"""A hand that hangs: fingers softly curled, more so towards the little finger."""


def parameters(shape: Handshape) -> Array:
    """(21,) angles of a handshape in degrees."""
    fingers = [(f.mcp, f.pip, f.dip, f.spread) for f in (shape.index, shape.middle, shape.ring, shape.pinky)]
    thumb = shape.thumb
    return np.array([*sum(fingers, ()), thumb.oppose, thumb.abduct, thumb.mcp, thumb.ip, thumb.roll], dtype=np.float64)


@dataclass(frozen=True)
class _Finger:
    first: int
    """Joint index of the knuckle; the next two are the middle and end joints."""
    align: Array
    """(3, 3) takes the first bone from its rest direction to the straight finger's."""
    straighten: Array
    """(3, 3) takes the second bone in line with the first."""
    spread_sign: float


class HandModel:
    """Joint rotations of one hand from handshape angles."""

    def __init__(self, arm: Arm, joints: Array) -> None:
        """arm: the arm that carries the hand; joints: (55, 3) rest joints."""
        self.arm = arm
        self.first_joint = JOINT_INDEX[f"{arm.side}_index1"]
        z, palm = arm.fingers, arm.palm
        self.radial = unit(cross(palm, z) * arm.sign)
        self.hinge = cross(z, palm)
        self.spread_axis = cross(z, self.radial)
        self._fingers = [self._measure(joints, name) for name in FINGERS]
        self._measure_thumb(joints)

    def _bones(self, joints: Array, finger: str) -> tuple[int, Array, Array]:
        first = JOINT_INDEX[f"{self.arm.side}_{finger}1"]
        return first, unit(joints[first + 1] - joints[first]), unit(joints[first + 2] - joints[first + 1])

    def _measure(self, joints: Array, finger: str) -> _Finger:
        first, one, two = self._bones(joints, finger)
        sign = 1.0 if finger in ("index", "middle") else -1.0
        straight = apply(about(self.spread_axis, np.radians(_CONVERGE[finger]) * sign), self.arm.fingers)
        return _Finger(first, _shortest(one, straight), _shortest(two, one), sign)

    def _measure_thumb(self, joints: Array) -> None:
        self.thumb_first, self._thumb_bone, two = self._bones(joints, "thumb")
        # the slight bend of the rest pose shows the plane that the thumb flexes in
        self._thumb_hinge = across(cross(self._thumb_bone, two), self._thumb_bone)
        self._thumb_straighten = _shortest(two, self._thumb_bone)

    def rotations(self, angles: Array) -> Array:
        """(..., 21) angles in degrees, clamped to human ranges, to (..., 15, 3, 3) local rotations in SMPL-X order."""
        a = np.radians(soft_clamp(angles, LOW, HIGH, 3.0))
        result = np.empty((*a.shape[:-1], 15, 3, 3))
        for i, finger in enumerate(self._fingers):
            mcp, pip, dip, spread = np.moveaxis(a[..., 4 * i : 4 * i + 4], -1, 0)
            at = finger.first - self.first_joint
            swing = about(self.spread_axis, spread * finger.spread_sign) @ about(self.hinge, mcp)
            hinge = finger.align.T @ self.hinge
            result[..., at, :, :] = swing @ finger.align
            result[..., at + 1, :, :] = about(hinge, pip) @ finger.straighten
            result[..., at + 2, :, :] = about(finger.straighten.T @ hinge, dip)
        oppose, abduct, mcp, ip, roll = np.moveaxis(a[..., THUMB:], -1, 0)
        at = self.thumb_first - self.first_joint
        result[..., at, :, :] = self._thumb_base(oppose, abduct, roll)
        result[..., at + 1, :, :] = about(self._thumb_hinge, mcp) @ self._thumb_straighten
        result[..., at + 2, :, :] = about(self._thumb_straighten.T @ self._thumb_hinge, ip)
        return result

    def _thumb_base(self, oppose: Array, abduct: Array, roll: Array) -> Array:
        z, palm = self.arm.fingers, self.arm.palm
        side = np.cos(oppose)[..., None] * self.radial + np.sin(oppose)[..., None] * palm
        bone = np.cos(abduct)[..., None] * z + np.sin(abduct)[..., None] * side
        hinge = cross(side, z)
        hinge = np.cos(roll)[..., None] * hinge + np.sin(roll)[..., None] * cross(bone, hinge) * -self.arm.sign
        return basis(bone, hinge) @ basis(self._thumb_bone, self._thumb_hinge).T


def _shortest(start: Array, end: Array) -> Array:
    """(3, 3) smallest rotation from one unit vector to another (not opposite) one."""
    axis = cross(start, end)
    sine = float(np.linalg.norm(axis))
    if sine < 1e-9:
        return np.eye(3)
    return about(axis / sine, np.arctan2(sine, float(start @ end)))


def curl_open(angles: Array, amount: Array) -> Array:
    """Open (amount > 0) or close (amount < 0) a hand's (..., 21) angles: the local movement `open_close`."""
    weight = np.asarray(amount)[..., None]
    straight = np.zeros(PARAMETERS)
    straight[THUMB : THUMB + 4] = (40.0, 50.0, 0.0, 5.0)
    closed = np.array([68.0, 30.0, 12.0, 0.0] * 4 + [72.0, 54.0, 10.0, 12.0])
    target = np.where(weight > 0.0, straight, closed)
    return angles + np.abs(weight) * (target - angles)


def wiggle(angles: Array, phase: Array, amount: Array) -> Array:
    """Fingers move in turn: (..., 21) angles with a wave of `phase` (...) radians and strength `amount` (...)."""
    out = np.array(angles, dtype=np.float64)
    for i, lag in enumerate((0.0, 1.4, 2.8, 4.2)):
        wave = np.sin(phase - lag) * amount
        out[..., 4 * i] += 16.0 * wave
        out[..., 4 * i + 1] += 14.0 * wave
    return out


def rub(angles: Array, phase: Array, amount: Array) -> Array:
    """The thumb rubs along the fingertips."""
    out = np.array(angles, dtype=np.float64)
    out[..., THUMB] += 10.0 * np.sin(phase) * amount
    out[..., THUMB + 2] += 7.0 * np.cos(phase) * amount - 7.0 * amount
    return out
