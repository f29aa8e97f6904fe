"""Where each posture brings a hand: places on the body, in space or on the other hand, solved to arm poses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...skeleton import JOINT_INDEX
from ..phonology import Handshape, Posture
from .directions import direction, offset
from .frames import unit
from .rig import Skin, other_side
from .stage import Stage

Array = NDArray[np.floating]

_REST = {"left": np.array([0.24, -0.13, 0.09]), "right": np.array([0.24, -0.09, 0.19])}
"""(out, up, forward) in arm's lengths from the belly to the middle of a resting hand: the right one lies before the
left one."""
_HEAD = [JOINT_INDEX[name] for name in ("neck", "head", "jaw")]
_CONTACT = 0.012
"""An offset of at most this many metres still is a contact."""


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
    turner: NDArray[np.integer]
    """Joint that the hand turns with: a nodding head takes the touching point along, but doesn't tilt the arm."""
    mirrored: NDArray[np.bool_]
    """Whether the other hand does the mirror image."""

    def __len__(self) -> int:
        return len(self.postures)


def gather(
    stage: Stage, side: str, steps: list[tuple[int, Posture]], handshapes: Mapping[str, Handshape], mirrored: set[int]
) -> Targets:
    """Targets of one hand from (beat, posture) steps. mirrored: beats where both hands do the same; where such hands
    touch each other they meet midway."""
    postures = tuple(p for _, p in steps)
    rest = [p.at == "rest" for p in postures]
    hand = [_rest_hand(stage, side) if r else _orientation(stage, side, p) for p, r in zip(postures, rest, strict=True)]
    touch = [stage.landmarks.hand(p.touch or "centre", side) for p in postures]
    places = [_place(stage, side, p, b in mirrored) for b, p in steps]
    anchor = np.array([joint for _, joint in places])
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
        shift=np.stack([_shift(stage, side, p) for p in postures]),
        on_other=np.array([(p.at or "").startswith("other.") and b not in mirrored for b, p in steps]),
        contact=np.array([is_contact(stage, p) for p in postures]),
        anchor=anchor,
        turner=np.where(np.isin(anchor, _HEAD), JOINT_INDEX["pelvis"], anchor),
        mirrored=np.array([b in mirrored for b, _ in steps]),
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
    """A hand that lies before the belly: fingers inward and a little down, palm to the body and a little up."""
    arm = stage.rig.arms[side]
    return arm.hand_rotation(
        unit(np.array([-0.85 * arm.sign, -0.3, 0.35])), unit(np.array([-0.3 * arm.sign, 0.35, -0.9]))
    )


def _shift(stage: Stage, side: str, posture: Posture) -> Array:
    """(3,) metres from a posture's place to its touching point."""
    arm = stage.rig.arms[side]
    if posture.at != "rest":
        return offset(posture.offset, arm.sign)
    return arm.length * _REST[side] * np.array([arm.sign, 1.0, 1.0])


def _place(stage: Stage, side: str, posture: Posture, meets: bool) -> tuple[Skin, int]:
    """Place of a posture, and the joint that carries it."""
    rig, marks = stage.rig, stage.landmarks
    at = posture.at or "neutral"
    pelvis = JOINT_INDEX["pelvis"]
    if at == "rest":
        return marks.body("belly", side), JOINT_INDEX[marks.bone("belly", side)]
    if at.startswith("other."):
        if not meets:
            return marks.hand(at.removeprefix("other."), other_side(side)), pelvis
        midway = marks.space("centre", side) * np.array([0.0, 1.0, 1.0])
        return rig.bind_point(midway, pelvis), pelvis
    if marks.is_space(at):
        return rig.bind_point(marks.space(at, side), pelvis), pelvis
    return marks.body(at, side), JOINT_INDEX[marks.bone(at, side)]
