"""One hand over time: superposed movements between its targets, local movements, and the arm that follows.

Wrist places, joint angles and handshapes are sums of minimum-jerk displacements, so all have continuous
acceleration. On the way between signs the joints are interpolated, which keeps them inside their ranges;
inside signs and holds the hand's orientation in space is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...rotations import axis_angle_from_matrix, matrix_from_axis_angle
from ...skeleton import JOINT_INDEX
from .arm import Array
from .beats import Beat
from .clearance import Carried, Placed, push_out, smoothed
from .contacts import Solved
from .directions import bulge_directions
from .fingers import curl_open, rub, wiggle
from .frames import about, apply, smoothstep, transposed
from .paths import ARC, CIRCLE, PATH_CODES, STRAIGHT, ZIGZAG, Paths, circle_sides, minimum_jerk, path_offset, steady
from .rig import WRIST, Posed
from .solve import ArmPose, arm_rotations, with_hand
from .stage import Stage
from .timeline import Timeline

_DEFAULT_SIZE = {STRAIGHT: 0.0, ARC: 0.04, CIRCLE: 0.05, ZIGZAG: 0.025}
_ARC_SHARE = 0.22
"""Bulge of an arc without a size, as a share of its chord."""
_CONTACT_FLANK = 0.12
"""Seconds before and after a contact in which the hand may sink in as at the contact."""
_PUSHES = 3
_OPENS_AHEAD = 0.035
"""Seconds that fingers open ahead of a letter."""
_LOCAL_RATE = {"wiggle": 3.6, "twist": 3.2, "nod": 3.0, "rub": 3.4, "shake": 3.4, "open_close": 2.6}
"""Cycles a second."""
_LOCAL_DEGREES = {"twist": 24.0, "nod": 24.0, "shake": 15.0}


def measure_paths(stage: Stage, solved: Solved) -> Paths:
    """Path shapes of a hand's targets, plain sizes filled in."""
    arm = stage.rig.arms[solved.targets.side]
    postures = solved.targets.postures
    code = np.array([PATH_CODES[p.path] for p in postures])
    sides = []
    for p, line in zip(postures, solved.targets.lines, strict=True):
        first, second = bulge_directions(p.bulge or "forward", arm.sign, line)
        sides.append(circle_sides(first, second, arm.out))
    chord = np.linalg.norm(np.diff(solved.pose.wrist, axis=0, prepend=solved.pose.wrist[:1]), axis=1)
    plain = np.array([_DEFAULT_SIZE[c] for c in code])
    plain = np.where(code == ARC, np.maximum(plain, _ARC_SHARE * chord), plain)
    given = np.array([p.size * 0.01 for p in postures])
    return Paths(code, np.stack(sides), np.where(given > 0.0, given, plain), np.array([p.turns for p in postures]))


Shape = Callable[[NDArray[np.integer], Array, Array], Array]


@dataclass(frozen=True)
class Clock:
    """Where each of T frames stands in the K movements of one hand."""

    current: NDArray[np.integer]
    """(T,) index of the movement begun last."""
    phase: Array
    """(3, T) progress 0 to 1 of the movements current - 2, current - 1 and current."""

    def add(self, values: Array) -> Array:
        """(T, ...) superposition of the steps between (K, ...) target values."""
        return self.add_of(lambda k: values[k])

    def add_of(self, value: Callable[[NDArray[np.integer]], Array], shape: Shape | None = None) -> Array:
        """As `add`, of targets that move themselves: value(k) gives (T, ...) for targets k (T,) at each frame.

        shape(k, step, phase): what the path of a movement adds to its step.
        """
        before = total = np.asarray(value(np.maximum(self.current - 3, 0)), dtype=np.float64)
        column = (-1,) + (1,) * (total.ndim - 1)
        for back in range(3):
            k = self.current - (2 - back)
            here = value(np.maximum(k, 0))
            step, phase = here - before, self.phase[back]
            moved = phase.reshape(column) * step
            if shape is not None:
                moved = moved + shape(np.maximum(k, 0), step, phase)
            total = total + np.where((k >= 1).reshape(column), moved, 0.0)
            before = here
        return total


def clock(times: Array, start: Array, arrive: Array, rhythmic: NDArray[np.bool_] | None = None) -> Clock:
    """Progress of movements (K,) at times (T,); rhythmic ones keep a constant speed in their middle."""
    current = np.maximum(np.searchsorted(start, times, side="right") - 1, 0)
    phases = []
    for back in (2, 1, 0):
        k = np.maximum(current - back, 0)
        u = (times - start[k]) / np.maximum(arrive[k] - start[k], 1e-9)
        phase = minimum_jerk(u)
        phases.append(phase if rhythmic is None else np.where(rhythmic[k], steady(u), phase))
    return Clock(current, np.stack(phases))


@dataclass(frozen=True)
class HandTrack:
    """All that is known of one hand's movement before frames are evaluated."""

    solved: Solved
    paths: Paths
    start: Array
    arrive: Array
    release: Array
    inside: NDArray[np.bool_]
    spelled: NDArray[np.bool_]

    @classmethod
    def on(cls, timeline: Timeline, beats: list[Beat], solved: Solved, paths: Paths) -> HandTrack:
        """Put a hand's targets on the timeline; a hand that retires may take its time."""
        b = solved.targets.beats
        start, arrive = timeline.start[b].copy(), timeline.arrive[b].copy()
        free = np.append(timeline.start[b[1:]], timeline.duration)
        retires = np.array([p.at == "rest" for p in solved.targets.postures])
        arrive = np.where(retires, np.clip(start + 0.65, arrive, np.maximum(free, arrive)), arrive)
        for k, clip in _behind_clips(beats, b):
            # what a recorded sign hides is done when it ends
            start[k], arrive[k] = timeline.arrive[clip], timeline.release[clip]
        inside, spelled = (np.array([getattr(beats[i], name) for i in b]) for name in ("inside", "spelled"))
        return cls(solved, paths, start, arrive, timeline.release[b], inside, spelled)


def _behind_clips(beats: list[Beat], own: NDArray[np.integer]) -> list[tuple[int, int]]:
    """(target, beat) of a hand's targets that follow recorded signs, and the last such sign before each."""
    clips = np.array([b for b, beat in enumerate(beats) if beat.clip is not None], dtype=int)
    last = np.searchsorted(clips, own) - 1
    return [(k, int(clips[i])) for k, i in enumerate(last) if k > 0 and i >= 0 and clips[i] > own[k - 1]]


@dataclass(frozen=True)
class Anchors:
    """Rigid movement of the carrying joints relative to the chest, from rest: p -> rotation p + shift."""

    rotation: Array
    """(T, 55, 3, 3)"""
    shift: Array
    """(T, 55, 3)"""

    def carried(self, joint: int) -> Carried:
        """Of one joint."""
        return Carried(self.rotation[:, joint], self.shift[:, joint])

    def move(self, joint: NDArray[np.integer], points: Array) -> Array:
        """Points (T, 3) of which each is carried by one joint (T,)."""
        t = np.arange(len(points))
        return apply(self.rotation[t, joint], points) + self.shift[t, joint]


def evaluate(
    stage: Stage, track: HandTrack, times: Array, anchors: Anchors, other: Placed | None, fps: float | None = None
) -> tuple[ArmPose, Placed]:
    """The arm pose and the hand, in the chest's frame, at times (T,).

    other: the hand that this one keeps out of. fps: of even times, over which what pushes passing hands out of the body
    is smoothed; without it nothing is pushed.
    """
    solved, arm = track.solved, stage.rig.arms[track.solved.targets.side]
    rhythmic = (track.paths.code >= CIRCLE) & (np.abs(track.paths.turns) > 1.2)
    moving = clock(times, track.start, track.arrive, rhythmic)
    wrist = _wrist(track, moving, anchors)
    angles = moving.add(
        np.stack([solved.pose.swivel, solved.pose.twist, solved.pose.flexion, solved.pose.deviation], axis=1)
    )
    by_joints = arm_rotations(arm, ArmPose(wrist, *angles.T)).hand
    hand = _steadied(track, moving, anchors, by_joints)
    fingers = _fingers(track, times)
    hand, wrist, fingers = _local_movements(stage, track, times, hand, wrist, fingers)
    placed = Placed(arm.side, wrist, hand, fingers)
    if fps is not None:
        placed = _cleared(stage, track, times, placed, anchors.carried(JOINT_INDEX["head"]), other, fps)
    return with_hand(arm, placed.wrist, angles[:, 0], hand), placed


def _cleared(
    stage: Stage, track: HandTrack, times: Array, placed: Placed, head: Carried, other: Placed | None, fps: float
) -> Placed:
    """A hand that is pushed out of the body and of the other hand, but where it touches."""
    free = (1.0 - _touching(track, times))[:, None]
    for _ in range(_PUSHES):
        push = push_out(stage, placed, head, other)
        if not push.any():
            break
        placed = dataclasses.replace(placed, wrist=placed.wrist + free * smoothed(push, fps))
    return placed


def _touching(track: HandTrack, times: Array) -> Array:
    """(T,) 1 while a contact is held, falling to 0 on both sides."""
    result = np.zeros_like(times)
    for k in np.flatnonzero(track.solved.targets.contact):
        begin, end = track.arrive[k], track.release[k]
        rows = slice(*np.searchsorted(times, (begin - _CONTACT_FLANK, end + _CONTACT_FLANK)))
        away = np.maximum(begin - times[rows], times[rows] - end)
        result[rows] = np.maximum(result[rows], 1.0 - smoothstep(away, 0.0, _CONTACT_FLANK))
    return result


def _wrist(track: HandTrack, moving: Clock, anchors: Anchors) -> Array:
    """Places of the wrist: each target moves with the joint that carries it, each path adds its shape."""
    targets, paths = track.solved.targets, track.paths
    touching = targets.touch.pose(track.solved.posed, np.arange(len(targets)))
    behind = track.solved.pose.wrist - touching
    t = np.arange(len(moving.current))

    def target(k: NDArray[np.integer]) -> Array:
        place = anchors.move(targets.anchor[k], touching[k])
        return place + apply(anchors.rotation[t, targets.turner[k]], behind[k])

    def shape(k: NDArray[np.integer], step: Array, phase: Array) -> Array:
        return path_offset(paths.code[k], step, paths.sides[k], paths.size[k], paths.turns[k], phase)

    return moving.add_of(target, shape)


def _steadied(track: HandTrack, moving: Clock, anchors: Anchors, by_joints: Array) -> Array:
    """Hand rotations (T, 3, 3) that keep their course in space inside signs, and the joints' course between them."""
    hand, turner, m = track.solved.hand, track.solved.targets.turner, moving.current
    turns = np.zeros((len(hand), 3))
    turns[1:] = axis_angle_from_matrix(transposed(hand[:-1]) @ hand[1:])
    course = hand[np.maximum(m - 3, 0)]
    for back in range(3):
        k = m - (2 - back)
        turn = np.where((k >= 1)[:, None], turns[np.maximum(k, 0)] * moving.phase[back][:, None], 0.0)
        course = course @ matrix_from_axis_angle(turn)
    carried = moving.add_of(lambda k: axis_angle_from_matrix(anchors.rotation[np.arange(len(m)), turner[k]]))
    course = matrix_from_axis_angle(carried) @ course
    progress = moving.phase[2]
    weight = np.where(track.inside[m], 1.0, (1.0 - 2.0 * progress) ** 2)
    away = axis_angle_from_matrix(transposed(by_joints) @ course)
    # opposite orientations have no middle: leave them to the joints
    weight = weight * (1.0 - smoothstep(np.linalg.norm(away, axis=1), 1.2, 2.6))
    return by_joints @ matrix_from_axis_angle(away * weight[:, None])


def _fingers(track: HandTrack, times: Array) -> Array:
    """(T, 21) angles. Handshapes are ready a little before the hand arrives.

    In fingerspelling fingers that open for the next letter set off first, while the others still hold this one (Jerde,
    Soechting and Flanders 2003).
    """
    shapes = track.solved.targets.fingers
    lead = np.where(track.inside, 1.0, 0.78)
    ready = track.start + np.maximum(lead * (track.arrive - track.start), np.minimum(0.1, track.arrive - track.start))
    usual = clock(times, track.start, ready)
    if not track.spelled.any():
        return usual.add(shapes)
    ahead = np.where(track.spelled & track.inside, _OPENS_AHEAD, 0.0)
    steps = np.diff(shapes, axis=0, prepend=shapes[:1])
    opening = np.cumsum(np.minimum(steps, 0.0), axis=0)
    return usual.add(shapes - opening) + clock(times, track.start - ahead, ready - ahead).add(opening)


def _local_movements(
    stage: Stage, track: HandTrack, times: Array, hand: Array, wrist: Array, fingers: Array
) -> tuple[Array, Array, Array]:
    arm = stage.rig.arms[track.solved.targets.side]
    axes = {"twist": arm.axis, "nod": arm.flexion_axis, "shake": arm.deviation_axis}
    solved = track.solved
    for k, name, begin, end in _local_spans(track):
        rows = np.flatnonzero((times > begin) & (times < end))
        if not len(rows):
            continue
        u = (times[rows] - begin) / (end - begin)
        cycles = max(1, round((end - begin) * _LOCAL_RATE[name]))
        phase, strength = 2.0 * np.pi * cycles * u, smoothstep(np.minimum(u, 1.0 - u), 0.0, 0.2)
        if name == "wiggle":
            fingers[rows] = wiggle(fingers[rows], phase, strength)
        elif name == "rub":
            fingers[rows] = rub(fingers[rows], phase, strength)
        elif name == "open_close":
            fingers[rows] = curl_open(fingers[rows], -0.5 * (1.0 - np.cos(phase)) * strength)
        else:
            swing = about(axes[name], np.radians(_LOCAL_DEGREES[name]) * np.sin(phase) * strength)
            turned = hand[rows] @ swing
            if solved.targets.contact[k]:
                pivot = _touch_in_hand(solved, k)
                wrist[rows] += apply(hand[rows] - turned, pivot)
            hand[rows] = turned
    return hand, wrist, fingers


def _touch_in_hand(solved: Solved, k: int) -> Array:
    """(3,) touching point of target k from the wrist, in the hand's rest axes."""
    posed, which = solved.posed, np.array([k])
    one = Posed(posed.rotation[which], posed.position[which])
    joint = WRIST[solved.targets.side]
    place = solved.targets.touch.pose(one, which)[0]
    return transposed(posed.rotation[k, joint]) @ (place - posed.position[k, joint])


def _local_spans(track: HandTrack) -> list[tuple[int, str, float, float]]:
    """(target, name, begin, end) of local movements; one that goes on over several postures is one span."""
    spans: list[tuple[int, str, float, float]] = []
    for k, posture in enumerate(track.solved.targets.postures):
        if not posture.local:
            continue
        begin, end = float(track.arrive[k]), float(track.release[k])
        if spans and track.inside[k] and spans[-1][0] == k - 1 and spans[-1][1] == posture.local:
            begin = spans.pop()[2]
        spans.append((k, posture.local, begin, end))
    return spans
