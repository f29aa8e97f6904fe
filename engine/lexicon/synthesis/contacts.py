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
from .collision import Meeting, Obstacles
from .frames import apply, cross
from .orient import raised, score, search
from .rig import Posed
from .solve import ArmPose, arm_rotations, best_swivels, with_hand
from .stage import Stage, identity_pose
from .targets import Targets

Array = NDArray[np.floating]

_ROUNDS = 5
_SEARCHES = 4
"""Rounds that look for the elbow anew."""
_PUSHES = 2
_NEAR_HAND = 0.35
"""Metres between a hand's place and the other wrist from which on they can't meet."""
_MOST_OFF_HAND = 0.012
"""Metres that a hand which touches the other one is kept off its place, where the two would sink into each other."""
_WORTH_A_SEARCH = 0.5
"""Cost of a hand from which on other orientations are looked for."""
_SETTLE = 3
_SKIN_GIVE = 0.001
"""Metres that skin yields at a contact before the hand is turned or pushed out of the body."""
_DEEP, _PRESSED = 0.002, 0.004
"""Metres beyond that from which on a hand is pushed, not only turned; hands that touch something may press on it."""
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
        obstacles = _obstacles(stage, targets, place, alone, other)
        hand, swivel, pushed = _comfortable(stage, targets, place, touch, samples, obstacles)
    else:
        hand, swivel, pushed = start.hand, start.pose.swivel, start.pushed
    # what the arm made of the hand is the aim now: aiming at what it can't make would not settle
    aim = hand
    for _ in range(_SETTLE if start is None else 1):
        hand = arm_rotations(arm, with_hand(arm, place + pushed - apply(hand, touch), swivel, aim)).hand
    pose = with_hand(arm, place + pushed - apply(hand, touch), swivel, hand)
    local = identity_pose(len(targets))
    hand = stage.arm_locals(targets.side, pose, targets.fingers, local)
    return Solved(targets, pose, hand, stage.rig.forward(local), pushed)


def out_of_body(stage: Stage, solved: Solved, rows: NDArray[np.integer]) -> Array:
    """(R, 3) pushes that some hands would need to be out of the body where they should be."""
    side = solved.targets.side
    wrist, hand = solved.pose.wrist[rows] - solved.pushed[rows], solved.hand[rows]
    fingers = stage.rig.hands[side].rotations(solved.targets.fingers[rows])
    points = wrist[:, None] + np.einsum("kij,kpj->kpi", hand, stage.samples[side].pose(stage.rig.hand(side, fingers)))
    return _deepest(*stage.field.sample(points), np.full(len(rows), _PRESSED))


def _obstacles(stage: Stage, targets: Targets, place: Array, alone: Posed, other: Solved | None) -> Obstacles:
    """The body, the plane between mirrored hands, and the other hand where it is near and not this one's mirror image.

    place: (K, 3) where the touching points go. alone: the hands' joints from their wrists.
    """
    wall = np.where(targets.mirrored, stage.rig.arms[targets.side].sign, 0.0)
    if other is None:
        return Obstacles(stage.field, wall)
    index = _same_time(targets, other)
    away = np.linalg.norm(place - other.pose.wrist[index], axis=1)
    rows = np.flatnonzero(~targets.mirrored & (away < _NEAR_HAND))
    theirs = stage.shells[other.targets.side].pose(other.posed.of(index[rows]))
    own = stage.shells[targets.side].pose(alone.of(rows))
    return Obstacles(stage.field, wall, Meeting(rows, *theirs, *own))


def _comfortable(
    stage: Stage, targets: Targets, place: Array, touch: Array, samples: Array, obstacles: Obstacles
) -> tuple[Array, Array, Array]:
    """Hand rotations (K, 3, 3), swivels (K,) and pushes (K, 3) that suit the arm and keep the hand out of the body."""
    arm = stage.rig.arms[targets.side]
    wanted = hand = targets.hand
    holds = targets.contact & targets.on_other
    deep = np.where(targets.contact, _PRESSED, _DEEP)
    turned, swivel, pushed = np.zeros(len(targets)), np.zeros(len(targets)), np.zeros_like(place)
    for step in range(_ROUNDS):
        wrist = place + pushed - apply(hand, touch)
        if step < _SEARCHES:
            swivel = best_swivels(arm, wrist, wanted)
        hand = arm_rotations(arm, with_hand(arm, wrist, swivel, wanted)).hand
        turn, push = _way_out(obstacles, hand, place + pushed, touch, samples, deep)
        angle = np.linalg.norm(turn, axis=1)
        allowed = np.clip(_MOST_TURN - turned, 0.0, _MOST_TURN / 4.0)
        scale = np.where(angle > allowed, allowed / np.maximum(angle, 1e-9), 1.0)
        wanted = matrix_from_axis_angle(turn * scale[:, None]) @ wanted
        turned = turned + angle * scale
        # contacts give way only to what turns couldn't mend
        pushed = pushed + np.where(targets.contact[:, None], 0.0, push) + _off_shoulder(arm, wrist)
    hand, swivel = _reconsidered(arm, targets, place + pushed, touch, samples, obstacles, hand, swivel)
    for _ in range(_PUSHES):
        wrist = place + pushed - apply(hand, touch)
        _, push = _way_out(obstacles, hand, place + pushed, touch, samples, deep)
        pushed = pushed + push + _off_shoulder(arm, wrist)
    # hands that hold on to each other, like hooked fingers, would come apart
    length = np.linalg.norm(pushed, axis=1)
    scale = np.where(holds, np.minimum(1.0, _MOST_OFF_HAND / np.maximum(length, 1e-9)), 1.0)
    return hand, swivel, pushed * scale[:, None]


def _reconsidered(
    arm: Arm,
    targets: Targets,
    place: Array,
    touch: Array,
    samples: Array,
    obstacles: Obstacles,
    hand: Array,
    swivel: Array,
) -> tuple[Array, Array]:
    """Hands and swivels with better ones for those that sink in or that the joints turned far off."""
    wrist = place - apply(hand, touch)
    depth = np.maximum(obstacles.depth(hand[:, None], wrist[:, None], samples)[:, 0] - _SKIN_GIVE, 0.0)
    cost = score(arm, targets.hand, hand, depth) + raised(arm, wrist, swivel)
    rows = np.flatnonzero(cost > _WORTH_A_SEARCH)
    if not len(rows):
        return hand, swivel
    found, at, better = search(arm, obstacles.of(rows), targets.hand[rows], place[rows], touch[rows], samples[rows])
    taken = better < cost[rows]
    hand, swivel = hand.copy(), swivel.copy()
    hand[rows[taken]], swivel[rows[taken]] = found[taken], at[taken]
    return hand, swivel


def _off_shoulder(arm: Arm, wrist: Array) -> Array:
    """(K, 3) pushes of wrists that are so near their shoulder that the elbow can't fold."""
    away = wrist - arm.shoulder
    distance = np.linalg.norm(away, axis=1, keepdims=True)
    return np.maximum(arm.shortest + 0.01 - distance, 0.0) * away / np.maximum(distance, 1e-6)


def _places(stage: Stage, targets: Targets, other: Solved | None) -> tuple[Targets, Array]:
    """(K, 3) places on the resting body and on the other hand where it is then; targets carried along with it."""
    targets, index = _follow_other(targets, other)
    place = _at_rest(stage, targets)
    if other is None:
        # the other hand is looked for afterwards: till then it's thought to be before the chest
        place[targets.on_other] = stage.landmarks.space("centre", targets.side)
    else:
        posed = other.posed.of(index)
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
        return targets, np.zeros(len(targets), dtype=int)
    index = _same_time(targets, other)
    anchor = np.where(targets.on_other, other.targets.anchor[index], targets.anchor)
    turner = np.where(targets.on_other, other.targets.turner[index], targets.turner)
    return dataclasses.replace(targets, anchor=anchor, turner=turner), index


def _way_out(
    obstacles: Obstacles, hand: Array, place: Array, touch: Array, samples: Array, deep: Array
) -> tuple[Array, Array]:
    """Rotation vectors (K, 3) about the touching points and pushes (K, 3) that bring hands out of what they are in.

    deep: (K,) metres, beyond what skin gives, from which on they are pushed.
    """
    arms = np.einsum("kij,kpj->kpi", hand, samples - touch[:, None])
    distance, outward = obstacles.sample(place[:, None] + arms)
    torque, inertia = _twisting(arms, distance, outward)
    push = _deepest(distance, outward, deep)
    meeting = obstacles.meeting
    if meeting is not None:
        rows = meeting.rows
        points, distance, outward = meeting.piercing(hand[rows], place[rows] - apply(hand[rows], touch[rows]))
        more, heavier = _twisting(points - place[rows, None], distance, outward)
        torque[rows] += more
        inertia[rows] += heavier
        other = _deepest(distance, outward, deep[rows])
        deeper = np.sum(other**2, axis=1) > np.sum(push[rows] ** 2, axis=1)
        push[rows] = np.where(deeper[:, None], other, push[rows])
    return torque / (inertia + 2e-3)[:, None], push


def _twisting(arms: Array, distance: Array, outward: Array) -> tuple[Array, Array]:
    """Torque (K, 3) and inertia (K,) of the least-squares rotation that moves sunken points out.

    arms: (K, S, 3) points from the one that the hand turns about.
    """
    depth = np.maximum(-distance - _SKIN_GIVE, 0.0)
    return cross(arms, depth[..., None] * outward).sum(axis=1), (np.sum(arms**2, axis=2) * (depth > 0.0)).sum(axis=1)


def _deepest(distance: Array, outward: Array, deep: Array) -> Array:
    """(K, 3) way out, till `deep` (K,), of the deepest of S points that lie `distance` (K, S) from obstacles."""
    rows, deepest = np.arange(len(distance)), np.argmin(distance, axis=1)
    beyond = np.maximum(-distance[rows, deepest] - _SKIN_GIVE - deep, 0.0)
    return beyond[:, None] * outward[rows, deepest]
