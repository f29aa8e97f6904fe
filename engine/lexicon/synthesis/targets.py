"""Where each posture brings a hand: places on the body, in space or on the other hand, solved to arm poses."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...skeleton import JOINT_INDEX
from ..phonology import Handshape, Posture
from ..places import LOCUS_PLACES
from .beats import Beat
from .directions import direction, offset
from .frames import unit
from .loci import CITATION, Line
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
    lines: tuple[Line, ...]
    """The line of each directional sign."""

    def __len__(self) -> int:
        return len(self.postures)


def gather(stage: Stage, side: str, beats: list[Beat], handshapes: Mapping[str, Handshape]) -> Targets:
    """Targets of one hand. Where both hands do the same and touch each other they meet midway."""
    steps = [(b, beat, getattr(beat, side)) for b, beat in enumerate(beats) if getattr(beat, side) is not None]
    postures: tuple[Posture, ...] = tuple(p for *_, p in steps)
    rest = [p.at == "rest" for p in postures]
    mirrored = np.array([beat.mirrored for _, beat, _ in steps])
    hand = [
        _rest_hand(stage, side) if r else _orientation(stage, side, p, beat.line)
        for (_, beat, p), r in zip(steps, rest, strict=True)
    ]
    places = [_place(stage, side, p, beat) for _, beat, p in steps]
    anchor = np.array([joint for _, joint in places])
    return Targets(
        side=side,
        beats=np.array([b for b, *_ in steps]),
        postures=postures,
        fingers=stage.finger_parameters(
            [None if r else p.shape for p, r in zip(postures, rest, strict=True)], handshapes
        ),
        hand=np.stack(hand),
        touch=Skin.join([stage.landmarks.hand(p.touch or "centre", side) for p in postures]),
        place=Skin.join([skin for skin, _ in places]),
        shift=np.stack([_shift(stage, side, p, beat.line) for _, beat, p in steps]),
        on_other=np.array([(p.at or "").startswith("other.") for p in postures]) & ~mirrored,
        contact=np.array([is_contact(stage, p) for p in postures]),
        anchor=anchor,
        turner=np.where(np.isin(anchor, _HEAD), JOINT_INDEX["pelvis"], anchor),
        # only the citation form is symmetric about the signer's own middle
        mirrored=mirrored & np.array([not beat.line for _, beat, _ in steps]),
        lines=tuple(beat.line for _, beat, _ in steps),
    )


def is_contact(stage: Stage, posture: Posture) -> bool:
    """Whether a posture's hand touches the body or the other hand."""
    if posture.at in (None, "rest") or posture.touch in (None, "centre") or stage.landmarks.is_space(posture.at):
        return False
    return float(np.linalg.norm(posture.offset)) * 0.01 <= _CONTACT


def _orientation(stage: Stage, side: str, posture: Posture, line: Line) -> Array:
    arm = stage.rig.arms[side]
    fingers = direction(posture.fingers or "up", arm.sign, line)
    palm = direction(posture.palm or "forward", arm.sign, line)
    return arm.hand_rotation(fingers, palm)


def _rest_hand(stage: Stage, side: str) -> Array:
    """A hand that lies before the belly: fingers inward and a little down, palm to the body and a little up."""
    arm = stage.rig.arms[side]
    return arm.hand_rotation(
        unit(np.array([-0.85 * arm.sign, -0.3, 0.35])), unit(np.array([-0.3 * arm.sign, 0.35, -0.9]))
    )


def _shift(stage: Stage, side: str, posture: Posture, line: Line) -> Array:
    """(3,) metres from a posture's place to its touching point."""
    arm = stage.rig.arms[side]
    if posture.at != "rest":
        return offset(posture.offset, arm.sign, line if posture.at in LOCUS_PLACES else CITATION)
    return arm.length * _REST[side] * np.array([arm.sign, 1.0, 1.0])


def _place(stage: Stage, side: str, posture: Posture, beat: Beat) -> tuple[Skin, int]:
    """Place of a posture, and the joint that carries it."""
    rig, marks = stage.rig, stage.landmarks
    at = posture.at or "neutral"
    pelvis = JOINT_INDEX["pelvis"]
    if at == "rest":
        return marks.body("belly", side), JOINT_INDEX[marks.bone("belly", side)]
    if at.startswith("other."):
        if not beat.mirrored:
            return marks.hand(at.removeprefix("other."), other_side(side)), pelvis
        return rig.bind_point(_midway(stage, side, beat.line), pelvis), pelvis
    if at in LOCUS_PLACES and beat.line:
        return rig.bind_point(_locus(stage, side, at, beat.line), pelvis), pelvis
    if marks.is_space(at):
        place = beat.line.turned(marks.space(at, side), rig.joints[JOINT_INDEX["spine3"]])
        return rig.bind_point(place, pelvis), pelvis
    return marks.body(at, side), JOINT_INDEX[marks.bone(at, side)]


def _locus(stage: Stage, side: str, which: str, line: Line) -> Array:
    """(3,) place of a directional sign's source or goal."""
    arm = stage.rig.arms[side]
    return stage.rig.joints[JOINT_INDEX["spine3"]] + arm.length * line.place(which, arm.sign)


def _midway(stage: Stage, side: str, line: Line) -> Array:
    """(3,) where two hands meet that do the same."""
    if line:
        return 0.5 * (_locus(stage, side, "goal", line) + _locus(stage, other_side(side), "goal", line))
    return stage.landmarks.space("centre", side) * np.array([0.0, 1.0, 1.0])
