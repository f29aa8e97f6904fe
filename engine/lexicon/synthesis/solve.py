"""Posing one arm at many keys at once: wrist, elbow swivel, forearm twist and wrist bend for each posture.

A contact's place is met exactly; the orientation of the hand yields where the arm's joints can't make it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .arm import (
    DEVIATION_RANGE,
    FLEXION_RANGE,
    SWIVEL_RANGE,
    TWIST_RANGE,
    Arm,
    clamp_hand,
    collar_rotation,
    reach,
    split_hand,
    wrist_rotation,
)
from .frames import about, apply, smoothstep, transposed

Array = NDArray[np.floating]

_SWIVELS = np.radians(np.arange(SWIVEL_RANGE[0], SWIVEL_RANGE[1] + 1.0, 5.0))


@dataclass(frozen=True)
class ArmPose:
    """An arm at N instants: what is interpolated between keys."""

    wrist: Array
    """(N, 3) position, in the resting chest's frame."""
    swivel: Array
    """(N,) radians, like twist, flexion and deviation."""
    twist: Array
    flexion: Array
    deviation: Array


@dataclass(frozen=True)
class ArmRotations:
    """Local rotations (N, 3, 3) of an arm's joints, and what they make of the hand."""

    collar: Array
    shoulder: Array
    elbow: Array
    wrist: Array
    hand: Array
    """Rotation of the hand relative to the chest."""
    short: Array
    """(N,) metres that the wrist stays away from where it should be."""


def arm_rotations(arm: Arm, pose: ArmPose) -> ArmRotations:
    """Joint rotations of an arm pose."""
    collar, target = _from_collar(arm, pose.wrist)
    solved = reach(arm, target, pose.swivel)
    elbow = about(arm.hinge, solved.flexion) @ about(arm.axis, pose.twist)
    wrist = wrist_rotation(arm, pose.flexion, pose.deviation)
    return ArmRotations(collar, solved.shoulder, elbow, wrist, collar @ solved.shoulder @ elbow @ wrist, solved.short)


def with_hand(arm: Arm, wrist: Array, swivel: Array, hand: Array) -> ArmPose:
    """The arm pose that gives hands the rotations (N, 3, 3), as nearly as the joints allow."""
    collar, target = _from_collar(arm, wrist)
    forearm = collar @ reach(arm, target, swivel).forearm(arm)
    return ArmPose(wrist, swivel, *clamp_hand(*split_hand(arm, transposed(forearm) @ hand)))


def _from_collar(arm: Arm, wrist: Array) -> tuple[Array, Array]:
    """Rotation of the clavicle and the wrist as seen from the shoulder in its frame."""
    collar = collar_rotation(arm, wrist)
    return collar, apply(transposed(collar), wrist - arm.collar) - (arm.shoulder - arm.collar)


def best_swivels(arm: Arm, wrist: Array, hand: Array) -> Array:
    """(N,) swivels that keep the joints in comfortable ranges and change little from key to key (Viterbi 1967)."""
    collar, target = _from_collar(arm, wrist)
    shape = (len(wrist), len(_SWIVELS))
    solved = reach(arm, np.broadcast_to(target[:, None], (*shape, 3)), np.broadcast_to(_SWIVELS, shape))
    relative = transposed(solved.forearm(arm)) @ (transposed(collar) @ hand)[:, None]
    cost = discomfort(*split_hand(arm, relative)) + unnatural(arm, wrist, _SWIVELS)
    change = ((_SWIVELS[:, None] - _SWIVELS[None, :]) / np.radians(45.0)) ** 2
    total, origin = cost[0], np.zeros(shape, dtype=int)
    for n in range(1, len(wrist)):
        reached = total[:, None] + change
        origin[n] = np.argmin(reached, axis=0)
        total = reached[origin[n], np.arange(shape[1])] + cost[n]
    best = np.empty(len(wrist), dtype=int)
    best[-1] = int(np.argmin(total))
    for n in range(len(wrist) - 1, 0, -1):
        best[n - 1] = origin[n, best[n]]
    return _SWIVELS[best]


def discomfort(twist: Array, flexion: Array, deviation: Array) -> Array:
    """Cost of forearm twist and wrist bend: small in the middle of the range, steep beyond its ends."""
    total = np.zeros_like(twist)
    for angle, span in ((twist, TWIST_RANGE), (flexion, FLEXION_RANGE), (deviation, DEVIATION_RANGE)):
        low, high = np.radians(span)
        u = (angle - 0.5 * (low + high)) / (0.5 * (high - low))
        beyond = np.maximum(np.abs(u) - 0.92, 0.0)
        total += 0.6 * u**4 / (1.0 + 0.2 * u**4) + 60.0 * beyond**2
    return total


def unnatural(arm: Arm, wrist: Array, swivel: Array) -> Array:
    """(N, S) cost of an elbow away from where it hangs by itself: lower and closer for low hands and for high ones."""
    height = (wrist[:, 1] - arm.shoulder[1]) / arm.length
    natural = np.radians(12.0 + 8.0 * smoothstep(height, -0.5, -0.1) - 16.0 * smoothstep(height, -0.1, 0.3))
    return ((swivel[None, :] - natural[:, None]) / np.radians(32.0)) ** 2
