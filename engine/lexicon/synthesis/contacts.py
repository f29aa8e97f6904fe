"""Arm poses that meet contacts: hands are brought to their places and kept out of the body and of each other.

A contact's place is met exactly; the orientation of the hand yields where the arm's joints can't make it or the
hand would sink in.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...rotations import matrix_from_axis_angle
from .arm import Arm
from .collision import Obstacles
from .frames import apply, cross
from .rig import Posed
from .solve import ArmPose, arm_rotations, best_swivels, with_hand
from .stage import Stage, identity_pose
from .targets import Targets

Array = NDArray[np.floating]

_ROUNDS = 8
_SEARCHES = 4
"""Rounds that look for the elbow anew."""
_SETTLE = 3
_SKIN_GIVE = 0.002
"""Metres that skin yields at a contact before the hand is turned or pushed out of the body."""
_DEEP = 0.003
"""Metres beyond that from which on a hand is pushed, not only turned."""
_MOST_TURN = np.radians(45.0)
"""A hand turns at most this far to lie on the body instead of in it."""


@dataclass(frozen=True)
class Solved:
    """Targets with the arm poses that meet them."""

    targets: Targets
    pose: ArmPose
    hand: Array
    """(K, 3, 3) rotation that the hand really gets."""
    posed: Posed
    """All joints, the body otherwise at rest; for places on this hand."""
    pushed: Array
    """(K, 3) metres that the hand was moved away to keep it out of the body."""

    def where(self, mine: NDArray[np.bool_], other: Solved) -> Solved:
        """This solution's rows where `mine` (K,) holds, elsewhere the other's."""

        def pick(a: Array, b: Array) -> Array:
            return np.where(mine.reshape(-1, *[1] * (a.ndim - 1)), a, b)

        def mixed(a: Any, b: Any) -> Any:
            return type(a)(*(pick(getattr(a, f.name), getattr(b, f.name)) for f in dataclasses.fields(a)))

        return Solved(
            self.targets,
            mixed(self.pose, other.pose),
            pick(self.hand, other.hand),
            mixed(self.posed, other.posed),
            pick(self.pushed, other.pushed),
        )


def solve(
    stage: Stage, targets: Targets, other: Solved | None, correction: Array, start: Solved | None = None
) -> Solved:
    """Arm poses that bring the touching points to their places.

    other: the other hand, for places on it. correction: (K, 3) metres added to the places. start: an earlier solution
    with other corrections, whose orientations and pushes are kept.
    """
    arm = stage.rig.arms[targets.side]
    targets, place = _places(stage, targets, other)
    place = place + correction
    fingers = stage.rig.hands[targets.side].rotations(targets.fingers)
    alone = stage.rig.hand(targets.side, fingers)
    touch = targets.touch.pose(alone, np.arange(len(targets)))
    if start is None:
        samples = stage.samples[targets.side].pose(alone)
        hand, swivel, pushed = _comfortable(stage, targets, place, touch, samples, _obstacles(stage, targets, other))
    else:
        hand, swivel, pushed = start.hand, start.pose.swivel, start.pushed
    # what the arm made of the hand is the aim now: aiming at what it can't make would not settle
    aim = hand
    for _ in range(_SETTLE):
        hand = arm_rotations(arm, with_hand(arm, place + pushed - apply(hand, touch), swivel, aim)).hand
    pose = with_hand(arm, place + pushed - apply(hand, touch), swivel, hand)
    local = identity_pose(len(targets))
    hand = stage.arm_locals(targets.side, pose, targets.fingers, local)
    return Solved(targets, pose, hand, stage.rig.forward(local), pushed)


def _obstacles(stage: Stage, targets: Targets, other: Solved | None) -> Obstacles:
    """The body, the plane between mirrored hands, and the other hand where it isn't this one's mirror image."""
    wall = np.where(targets.mirrored, stage.rig.arms[targets.side].sign, 0.0)
    if other is None:
        return Obstacles(stage.field, wall)
    index = _same_time(targets, other)
    rows = np.flatnonzero(~targets.mirrored)
    posed = Posed(other.posed.rotation[index[rows]], other.posed.position[index[rows]])
    return Obstacles(stage.field, wall, rows, *stage.shells[other.targets.side].pose(posed))


def _comfortable(
    stage: Stage, targets: Targets, place: Array, touch: Array, samples: Array, obstacles: Obstacles
) -> tuple[Array, Array, Array]:
    """Hand rotations (K, 3, 3), swivels (K,) and pushes (K, 3) that suit the arm and keep the hand out of the body."""
    arm = stage.rig.arms[targets.side]
    wanted = hand = targets.hand
    holds = targets.contact & targets.on_other
    turned, swivel, pushed = np.zeros(len(targets)), np.zeros(len(targets)), np.zeros_like(place)
    for step in range(_ROUNDS):
        wrist = place + pushed - apply(hand, touch)
        if step < _SEARCHES:
            swivel = best_swivels(arm, wrist, wanted)
        hand = arm_rotations(arm, with_hand(arm, wrist, swivel, wanted)).hand
        turn, push = _way_out(obstacles, hand, place + pushed, touch, samples, holds)
        angle = np.linalg.norm(turn, axis=1)
        allowed = np.clip(_MOST_TURN - turned, 0.0, _MOST_TURN / 4.0)
        scale = np.where(angle > allowed, allowed / np.maximum(angle, 1e-9), 1.0)
        wanted = matrix_from_axis_angle(turn * scale[:, None]) @ wanted
        turned = turned + angle * scale
        # contacts give way only to what turns couldn't mend
        waits = targets.contact & (step < _ROUNDS - 3)
        pushed = pushed + np.where(waits[:, None], 0.0, push) + _off_shoulder(arm, wrist)
    return hand, swivel, pushed


def _off_shoulder(arm: Arm, wrist: Array) -> Array:
    """(K, 3) pushes of wrists that are so near their shoulder that the elbow can't fold."""
    away = wrist - arm.shoulder
    distance = np.linalg.norm(away, axis=1, keepdims=True)
    return np.maximum(arm.shortest + 0.01 - distance, 0.0) * away / np.maximum(distance, 1e-6)


def _places(stage: Stage, targets: Targets, other: Solved | None) -> tuple[Targets, Array]:
    """(K, 3) places on the resting body and on the other hand where it is then; targets carried along with it."""
    targets, index = _follow_other(targets, other)
    place = _at_rest(stage, targets)
    if other is not None:
        posed = Posed(other.posed.rotation[index], other.posed.position[index])
        on_hand = targets.place.pose(posed, np.arange(len(targets))) + targets.shift
        place = np.where(targets.on_other[:, None], on_hand, place)
    return targets, place


def _at_rest(stage: Stage, targets: Targets) -> Array:
    """(K, 3) places on the resting body."""
    rig = stage.rig
    posed = rig.forward(identity_pose(1))
    count = len(targets)
    everywhere = Posed(np.repeat(posed.rotation, count, axis=0), np.repeat(posed.position, count, axis=0))
    return targets.place.pose(everywhere, np.arange(count)) + targets.shift


def _same_time(targets: Targets, other: Solved) -> NDArray[np.integer]:
    """(K,) the other hand's target at the beat of each of this hand's."""
    return np.maximum(np.searchsorted(other.targets.beats, targets.beats, side="right") - 1, 0)


def _follow_other(targets: Targets, other: Solved | None) -> tuple[Targets, NDArray[np.integer]]:
    """Targets carried along with the other hand's, and the other hand's target at each of these beats."""
    if other is None:
        if targets.on_other.any():
            raise ValueError("A posture touches the other hand, but both hands do so at the same time.")
        return targets, np.zeros(len(targets), dtype=int)
    index = _same_time(targets, other)
    anchor = np.where(targets.on_other, other.targets.anchor[index], targets.anchor)
    turner = np.where(targets.on_other, other.targets.turner[index], targets.turner)
    return dataclasses.replace(targets, anchor=anchor, turner=turner), index


def _way_out(
    obstacles: Obstacles, hand: Array, place: Array, touch: Array, samples: Array, holds: NDArray[np.bool_]
) -> tuple[Array, Array]:
    """Rotation vectors (K, 3) about the touching points and pushes (K, 3) that bring hands out of what they are in.

    holds: (K,) hands that hold on to the other hand and are turned, but not pushed, off it.
    """
    arms = np.einsum("kij,kpj->kpi", hand, samples - touch[:, None])
    points = place[:, None] + arms
    distance, outward = obstacles.sample(points)
    depth = np.maximum(-distance - _SKIN_GIVE, 0.0)
    push = depth[..., None] * outward
    # least-squares rotation that moves the sunken points out: torque over the spread of the points
    torque = cross(arms, push).sum(axis=1)
    inertia = (np.sum(arms**2, axis=2) * (depth > 0.0)).sum(axis=1) + 2e-3
    push = _deepest(distance, outward)
    push[holds] = _deepest(*obstacles.body(points[holds]))
    return torque / inertia[:, None], push


def _deepest(distance: Array, outward: Array) -> Array:
    """(K, 3) way out of the deepest of S points that lie `distance` (K, S) from obstacles."""
    rows, deepest = np.arange(len(distance)), np.argmin(distance, axis=1)
    beyond = np.maximum(-distance[rows, deepest] - _SKIN_GIVE - _DEEP, 0.0)
    return beyond[:, None] * outward[rows, deepest]
