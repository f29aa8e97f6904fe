"""Where each posture brings a hand: places on the body, in space or on the other hand, solved to arm poses."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...rotations import matrix_from_axis_angle
from ...skeleton import JOINT_INDEX
from ..phonology import Handshape, Posture
from .arm import Arm
from .directions import direction, offset
from .frames import apply, cross, unit
from .rig import WRIST, Posed, Skin, other_side
from .solve import ArmPose, arm_rotations, best_swivels, with_hand
from .stage import Stage, identity_pose

Array = NDArray[np.floating]

_ROUNDS = 8
_SEARCHES = 4
"""Rounds that look for the elbow anew."""
_SETTLE = 3
_SKIN_GIVE = 0.002
"""Metres that skin yields at a contact before the hand is turned or pushed out of the body."""
_DEEP = 0.003
"""Metres beyond that from which on a hand is pushed, not only turned."""
_CONTACT = 0.012
"""An offset of at most this many metres still is a contact."""
_MOST_TURN = np.radians(45.0)
"""A hand turns at most this far to lie on the body instead of in it."""


@dataclass(frozen=True)
class Targets:
    """K targets of one hand, on the resting body."""

    side: str
    beats: NDArray[np.integer]
    """Beat of each target, ascending."""
    postures: tuple[Posture, ...]
    fingers: Array
    """(K, 21) angles in degrees."""
    hand: Array
    """(K, 3, 3) wanted rotation of the hand."""
    touch: Skin
    """The K touching points."""
    place: Skin
    """The K places that they are brought to, before `shift`."""
    shift: Array
    """(K, 3) metres added to the places."""
    on_other: NDArray[np.bool_]
    """Whether the place lies on the other hand."""
    contact: NDArray[np.bool_]
    anchor: NDArray[np.integer]
    """Joint that carries the place."""

    def __len__(self) -> int:
        return len(self.postures)


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


def gather(
    stage: Stage, side: str, steps: list[tuple[int, Posture]], handshapes: Mapping[str, Handshape], meets: set[int]
) -> Targets:
    """Targets of one hand from (beat, posture) steps. meets: beats where both hands move to meet each other midway."""
    arm = stage.rig.arms[side]
    postures = tuple(p for _, p in steps)
    rest = [p.at == "rest" for p in postures]
    hand = [_rest_hand(stage, side) if r else _orientation(stage, side, p) for p, r in zip(postures, rest, strict=True)]
    touch = [
        stage.rig.bind_point(arm.wrist, WRIST[side]) if r else stage.landmarks.hand(p.touch or "centre", side)
        for p, r in zip(postures, rest, strict=True)
    ]
    places = [_place(stage, side, p, b in meets) for b, p in steps]
    return Targets(
        side=side,
        beats=np.array([b for b, _ in steps]),
        postures=postures,
        fingers=stage.finger_parameters(
            [None if r else p.shape for p, r in zip(postures, rest, strict=True)], handshapes
        ),
        hand=np.stack(hand),
        touch=Skin.join(touch),
        place=Skin.join([skin for skin, _ in places]),
        shift=np.stack([offset(p.offset, arm.sign) for p in postures]),
        on_other=np.array([(p.at or "").startswith("other.") and b not in meets for b, p in steps]),
        contact=np.array([is_contact(stage, p) for p in postures]),
        anchor=np.array([joint for _, joint in places]),
    )


def is_contact(stage: Stage, posture: Posture) -> bool:
    """Whether a posture's hand touches the body or the other hand."""
    if posture.at in (None, "rest") or posture.touch in (None, "centre") or stage.landmarks.is_space(posture.at):
        return False
    return float(np.linalg.norm(posture.offset)) * 0.01 <= _CONTACT


def _orientation(stage: Stage, side: str, posture: Posture) -> Array:
    arm = stage.rig.arms[side]
    fingers = direction(posture.fingers or "up", arm.sign)
    palm = direction(posture.palm or "forward", arm.sign)
    return arm.hand_rotation(fingers, palm)


def _rest_hand(stage: Stage, side: str) -> Array:
    """A hanging hand: fingers down, palm to the thigh and a little back."""
    arm = stage.rig.arms[side]
    return arm.hand_rotation(unit(np.array([0.05 * arm.sign, -1.0, 0.16])), unit(np.array([-arm.sign, 0.0, -0.35])))


def _place(stage: Stage, side: str, posture: Posture, meets: bool) -> tuple[Skin, int]:
    """Place of a posture, and the joint that carries it."""
    rig, marks = stage.rig, stage.landmarks
    arm, at = rig.arms[side], posture.at or "neutral"
    pelvis, chest = JOINT_INDEX["pelvis"], JOINT_INDEX["spine3"]
    if at == "rest":
        point = arm.shoulder + arm.length * np.array([0.20 * arm.sign, -0.945, 0.085])
        return rig.bind_point(point, chest), chest
    if at.startswith("other."):
        if not meets:
            return marks.hand(at.removeprefix("other."), other_side(side)), pelvis
        midway = marks.space("centre", side) * np.array([0.0, 1.0, 1.0])
        return rig.bind_point(midway, pelvis), pelvis
    if marks.is_space(at):
        return rig.bind_point(marks.space(at, side), pelvis), pelvis
    return marks.body(at, side), JOINT_INDEX[marks.bone(at, side)]


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
        hand, swivel, pushed = _comfortable(stage, targets, place, touch, samples)
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


def _comfortable(
    stage: Stage, targets: Targets, place: Array, touch: Array, samples: Array
) -> tuple[Array, Array, Array]:
    """Hand rotations (K, 3, 3), swivels (K,) and pushes (K, 3) that suit the arm and keep the hand out of the body."""
    arm = stage.rig.arms[targets.side]
    wanted = hand = targets.hand
    turned, swivel, pushed = np.zeros(len(targets)), np.zeros(len(targets)), np.zeros_like(place)
    for step in range(_ROUNDS):
        wrist = place + pushed - apply(hand, touch)
        if step < _SEARCHES:
            swivel = best_swivels(arm, wrist, wanted)
        hand = arm_rotations(arm, with_hand(arm, wrist, swivel, wanted)).hand
        turn, push = _out_of_body(stage, hand, place + pushed, touch, samples)
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


def _follow_other(targets: Targets, other: Solved | None) -> tuple[Targets, NDArray[np.integer]]:
    """Targets carried along with the other hand's, and the other hand's target at each of these beats."""
    if other is None:
        if targets.on_other.any():
            raise ValueError("A posture touches the other hand, but both hands do so at the same time.")
        return targets, np.zeros(len(targets), dtype=int)
    index = np.maximum(np.searchsorted(other.targets.beats, targets.beats, side="right") - 1, 0)
    anchor = np.where(targets.on_other, other.targets.anchor[index], targets.anchor)
    return dataclasses.replace(targets, anchor=anchor), index


def _out_of_body(stage: Stage, hand: Array, place: Array, touch: Array, samples: Array) -> tuple[Array, Array]:
    """Rotation vectors (K, 3) about the touching points and pushes (K, 3) that bring hands out of the body."""
    arms = np.einsum("kij,kpj->kpi", hand, samples - touch[:, None])
    distance, outward = stage.field.sample(place[:, None] + arms)
    depth = np.maximum(-distance - _SKIN_GIVE, 0.0)
    push = depth[..., None] * outward
    # least-squares rotation that moves the sunken points out: torque over the spread of the points
    torque = cross(arms, push).sum(axis=1)
    inertia = (np.sum(arms**2, axis=2) * (depth > 0.0)).sum(axis=1) + 2e-3
    rows, deepest = np.arange(len(hand)), np.argmax(depth, axis=1)
    beyond = np.maximum(depth[rows, deepest] - _DEEP, 0.0)
    return torque / inertia[:, None], beyond[:, None] * outward[rows, deepest]
