"""The synthesiser: a gloss plan to motion and its segments."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ... import languages
from ...body import BodyModel
from ...gloss import GlossItem, GlossPlan
from ...rotations import axis_angle_from_matrix
from ...skeleton import EXPRESSION_NAMES, JOINT_INDEX, POSE_SIZE
from ...take import Origin, PoseSequence, Segment
from ..loader import Lexicon
from ..recorded import RecordedSign
from .beats import Beat
from .body_motion import trunk
from .clearance import around_body
from .clips import Clip, on_timeline, ways
from .contacts import Solved, out_of_body, solve
from .frames import apply, transposed
from .motion import Anchors, HandTrack, clock, evaluate, measure_paths
from .nonmanual import Face, Signed, Span, perform
from .paths import Paths
from .rig import SIDES
from .script import items, plan_beats
from .stage import Stage, stage_for
from .targets import Targets, gather
from .timeline import Rhythm, Timeline, schedule, travel
from .variation import Variation

Array = NDArray[np.floating]
Report = Callable[[str, float], None]

_CHUNK = 480
"""Frames that are worked out at once."""
_FLANK = 0.45
"""Seconds before and after them that smoothing looks at."""
_CORRECTIONS = 3
_LONGEST_STEP = 0.04
"""Metres of one correction: skin near the acting shoulder moves with the arm, so that long steps would overshoot."""
_PRECISE = 0.0005
"""Metres of error that need no correction."""
_ROOM = 0.003
"""Metres from which on both hands make room together."""
_ORIGINS: dict[str, Origin] = {
    "sign": "dictionary",
    "fingerspell": "fingerspelled",
    "number": "number",
    "pause": "pause",
}


def synthesise(
    plan: GlossPlan,
    lexicon: Lexicon,
    body: BodyModel,
    *,
    fps: float = 24.0,
    seed: int = 0,
    speed: float = 1.0,
    betas: Sequence[float] = (),
    mouthing: float = 1.0,
    variation: float = 0.5,
    report: Report | None = None,
) -> tuple[PoseSequence, tuple[Segment, ...]]:
    """Motion of a right-handed signer for a plan, and when each item is signed.

    speed: 1 is a relaxed everyday pace. seed: varies rhythm, amplitude, breathing and blinks, never where contacts are.
    betas: shape of the body that contacts are measured on. mouthing: strength of mouthed words, 0 to 1. variation: how
    much rhythm and amplitude vary with the seed, 0 to 1. report: called with a stage's name and the fraction done.
    Raises `ValueError` for a plan that can't be signed.
    """
    tell = report or (lambda name, done: None)
    tell("Measuring the body", 0.0)
    manner = Manner(speed, mouthing, variation)
    performance = Performance(stage_for(body, betas), plan, lexicon, manner, np.random.default_rng(abs(seed)))
    tell("Solving contacts", 0.3)
    performance.correct_contacts()
    tell("Moving", 0.6)
    times = np.arange(int(np.ceil(performance.timeline.duration * fps)) + 1) / fps
    sequence = performance.sequence(times, fps, lambda done: tell("Moving", 0.6 + 0.4 * done))
    return sequence, performance.segments()


@dataclass(frozen=True)
class Manner:
    """How it is signed."""

    speed: float = 1.0
    mouthing: float = 1.0
    variation: float = 0.5


class Performance:
    """One plan on one body, between planning and frames."""

    def __init__(
        self, stage: Stage, plan: GlossPlan, lexicon: Lexicon, manner: Manner, rng: np.random.Generator
    ) -> None:
        self.stage, self.plan, self.manner = stage, plan, manner
        self.beats: list[Beat] = plan_beats(plan, lexicon)
        self._phase = rng.uniform(0.0, 2.0 * np.pi, 4)
        self._face_seed = int(rng.integers(2**31))
        self._variation = Variation.of(self.beats, manner.variation, rng)
        self.targets = {side: self._gather(side, lexicon) for side in SIDES}
        left, right = (self.targets[side] for side in SIDES)
        both = np.intersect1d(left.beats[left.on_other], right.beats[right.on_other])
        if both.size:
            name = items(plan)[self.beats[both[0]].item].gloss
            raise ValueError(f"{name}: each hand touches the other one at the same time. Let one of them hold still.")
        self.corrections = {side: np.zeros((len(t), 3)) for side, t in self.targets.items()}
        self.solved = self._make_room(self._solve())
        contact = np.zeros(len(self.beats), dtype=bool)
        self._paths = self._measure_paths()
        for t in self.targets.values():
            contact[t.beats[t.contact]] = True
        moves = [travel(self.solved[side], self._paths[side]) for side in SIDES]
        clips = {b: Clip.of(beat.clip) for b, beat in enumerate(self.beats) if beat.clip is not None}
        rhythm = Rhythm.of(len(self.beats), manner.variation, rng)
        around = ways(stage, self.beats, clips, self.solved)
        self.timeline: Timeline = schedule(self.beats, moves, contact, around, manner.speed, rhythm)
        self._played = on_timeline(self.beats, clips, self.timeline, manner.speed)
        self.tracks = self._make_tracks()

    def _gather(self, side: str, lexicon: Lexicon) -> Targets:
        targets = gather(self.stage, side, self.beats, lexicon.handshapes)
        return self._variation.moved(targets, self.beats, self.stage.landmarks)

    def _solve(self, start: Mapping[str, Solved] | None = None) -> dict[str, Solved]:
        """Both hands; the left one is solved anew where it is the one that touches the other."""
        solved: dict[str, Solved] = {}
        for side in SIDES:
            before = start[side] if start else None
            solved[side] = solve(self.stage, self.targets[side], solved.get("left"), self.corrections[side], before)
        touches = self.targets["left"].on_other
        if touches.any():
            before = start["left"] if start else None
            again = solve(self.stage, self.targets["left"], solved["right"], self.corrections["left"], before)
            solved["left"] = again.where(touches, solved["left"])
        return solved

    def _make_room(self, solved: dict[str, Solved]) -> dict[str, Solved]:
        """Move both hands of a sign together where the acting one would sink into the body."""
        left, right = solved["left"].targets, solved["right"].targets
        meets = np.flatnonzero(right.on_other)
        pushes = out_of_body(self.stage, solved["right"], meets)
        if np.abs(pushes).max(initial=0.0) < _ROOM:
            return solved
        items = np.array([beat.item for beat in self.beats])
        in_space = left.anchor == JOINT_INDEX["pelvis"]
        shifts, along = np.zeros((len(left), 3)), np.zeros((len(right), 3))
        for item in np.unique(items[right.beats[meets]]):
            own = pushes[items[right.beats[meets]] == item]
            most = own[np.argmax(np.linalg.norm(own, axis=1))]
            moved = in_space & (items[left.beats] == item)
            shifts[moved] = most
            if moved.any():
                along[right.on_other & (items[right.beats] == item)] = most
        self.corrections["left"] += shifts
        # the acting hand is carried along instead of being pushed
        acting = solved["right"]
        return self._solve({**solved, "right": dataclasses.replace(acting, pushed=acting.pushed - along)})

    def _measure_paths(self) -> dict[str, Paths]:
        """The ways of both hands; the right one goes round the left one."""
        result: dict[str, Paths] = {}
        for side in SIDES:
            solved = self.solved[side]
            inside = np.array([self.beats[b].inside for b in solved.targets.beats])
            other = (self.solved["left"], result["left"]) if result else None
            shaped = self._variation.sized(measure_paths(self.stage, solved), solved.targets)
            result[side] = around_body(self.stage, solved, shaped, inside, other)
        return result

    def _make_tracks(self) -> dict[str, HandTrack]:
        return {
            side: HandTrack.on(self.timeline, self.beats, solved, self._paths[side])
            for side, solved in self.solved.items()
        }

    def correct_contacts(self) -> None:
        """Measure contacts in the finished pose, with moving trunk and skin, and take out what they miss.

        Skin near the acting shoulder moves with the arm; where a correction makes it worse the one before is kept.
        """
        best: dict[str, Solved] = dict(self.solved)
        corrections: dict[str, Array] = {side: c.copy() for side, c in self.corrections.items()}
        steps: dict[str, Array] = {side: np.full_like(c, np.inf) for side, c in corrections.items()}
        for _ in range(_CORRECTIONS):
            self._keep_better(best, corrections, steps)
            if max(np.abs(step).max(initial=0.0) for step in steps.values()) < _PRECISE:
                break
            for side, step in steps.items():
                length = np.linalg.norm(step, axis=1, keepdims=True)
                scale = np.minimum(1.0, _LONGEST_STEP / np.maximum(length, 1e-9))
                self.corrections[side] = corrections[side] + scale * step
            self.solved = self._solve(best)
            self.tracks = self._make_tracks()
        else:
            self._keep_better(best, corrections, steps)
        self.solved = best
        self.tracks = self._make_tracks()

    def _keep_better(self, best: dict[str, Solved], corrections: dict[str, Array], steps: dict[str, Array]) -> None:
        """Take over into the arguments, all by side, those of the present contacts that miss by less than before."""
        for side, step in self.contact_errors().items():
            better = np.linalg.norm(step, axis=1) <= np.linalg.norm(steps[side], axis=1)
            best[side] = self.solved[side].where(better, best[side])
            corrections[side] = np.where(better[:, None], self.corrections[side], corrections[side])
            steps[side] = np.where(better[:, None], step, 0.4 * steps[side])

    def contact_errors(self) -> dict[str, Array]:
        """(K, 3) metres from each touching point to its place, 0 where nothing is touched.

        Where the hands' skins keep a hand off its place, that is where it is kept (`Solved.pushed`).
        """
        result = {}
        for side, track in self.tracks.items():
            targets = track.solved.targets
            errors = np.zeros((len(targets), 3))
            rows = np.flatnonzero(targets.contact)
            if len(rows):
                times = 0.5 * (track.arrive[rows] + track.release[rows])
                errors[rows] = self.misses(targets, rows, self._authored(times)[0]) + track.solved.pushed[rows]
            result[side] = errors
        return result

    def misses(self, targets: Targets, rows: NDArray[np.integer], local: Array) -> Array:
        """(R, 3) metres from the touching points of targets `rows` to their places, in R poses on the body's mesh."""
        posed = self.stage.rig.forward(local)
        poses = axis_angle_from_matrix(local).reshape(len(rows), POSE_SIZE)
        body = self.stage.body
        place = targets.place.exact(body, poses, posed, rows, self.stage.betas) + targets.shift[rows]
        return place - targets.touch.exact(body, poses, posed, rows, self.stage.betas)

    def local(self, times: Array, fps: float | None = None) -> tuple[Array, Face]:
        """Local rotations (T, 55, 3, 3) of all joints, and the face, at times (T,); at even ones if `fps` is given."""
        local, face = self._authored(times, fps)
        for played in self._played:
            played.onto(times, local, face)
        return local, face

    def _authored(self, times: Array, fps: float | None = None) -> tuple[Array, Face]:
        """As `local`, without recorded signs."""
        face = self._face(times)
        local = trunk(times, self._hands_about(times), face, self._phase)
        anchors = _anchors(self.stage, local)
        left = None
        for side in SIDES:  # the left hand first: the other one gives way to it
            pose, hand = evaluate(self.stage, self.tracks[side], times, anchors, left, fps)
            self.stage.arm_locals(side, pose, hand.fingers, local)
            left = hand
        return local, face

    def sequence(self, times: Array, fps: float, tell: Callable[[float], None] = lambda done: None) -> PoseSequence:
        """The finished motion at times (T,). tell: called with the fraction done, often enough to cancel soon by it."""
        poses = np.zeros((len(times), POSE_SIZE), dtype=np.float32)
        units = np.zeros((len(times), len(EXPRESSION_NAMES)), dtype=np.float32)
        for begin in range(0, len(times), _CHUNK):
            part, room = slice(begin, begin + _CHUNK), min(begin, int(_FLANK * fps) + 1)
            local, face = self.local(times[begin - room : begin + _CHUNK + room], fps)
            inner = slice(room, room + len(times[part]))
            poses[part] = axis_angle_from_matrix(local[inner]).reshape(-1, POSE_SIZE)
            units[part] = face.units[inner]
            tell(min(begin + _CHUNK, len(times)) / len(times))
        still = np.zeros((len(times), 3), dtype=np.float32)
        return PoseSequence(poses=poses, trans=still, expression=units, fps=fps)

    def segments(self) -> tuple[Segment, ...]:
        """One segment an item."""
        result = []
        for item, span in zip(items(self.plan), self._item_spans(), strict=True):
            if span is None:
                continue
            sign = item.sign
            result.append(
                Segment(
                    gloss=item.gloss,
                    start=span.begin,
                    end=span.end,
                    origin=_origin(item),
                    text_span=item.text_span,
                    source=sign.key if sign else "",
                    author=sign.author if sign else "",
                    licence=sign.licence if sign else "",
                    reviewed_by=sign.reviewed_by if sign else "",
                )
            )
        return tuple(result)

    def _item_spans(self) -> list[Span | None]:
        """From halfway on the way to an item's first posture to its last release; `None` for a pause without a beat."""
        line, spans = self.timeline, {}
        for b, beat in enumerate(self.beats):
            if beat.item not in spans:
                spans[beat.item] = [float(0.5 * (line.start[b] + line.arrive[b])), 0.0]
            spans[beat.item][1] = float(line.release[b] - beat.pause)
        return [Span(*spans[i]) if i in spans else None for i in range(len(items(self.plan)))]

    def _phrase_spans(self) -> list[Span | None]:
        spans, result, first = self._item_spans(), [], 0
        for phrase in self.plan.phrases:
            own = [
                s for s, item in zip(spans[first : first + len(phrase.items)], phrase.items, strict=True)
                if s is not None and item.kind != "pause"
            ]  # fmt: skip
            result.append(Span(own[0].begin, own[-1].end) if own else None)
            first += len(phrase.items)
        return result

    def _face(self, times: Array) -> Face:
        rng = np.random.default_rng(self._face_seed)
        spans = self._item_spans(), self._phrase_spans()
        spoken = languages.get(self.plan.language).spoken
        signed = Signed(self.plan, *spans, self.timeline.duration, spoken, self.manner.mouthing)
        return perform(signed, times, rng)

    def _hands_about(self, times: Array) -> Array:
        """(T, 3) mean displacement of both wrists from where they rest, metres."""
        total = np.zeros((len(times), 3))
        for track in self.tracks.values():
            wrist = track.solved.pose.wrist
            total += clock(times, track.start, track.arrive).add(wrist - wrist[0])
        return 0.5 * total


def _origin(item: GlossItem) -> Origin:
    """Where an item's motion comes from."""
    if isinstance(item.sign, RecordedSign):
        return "user" if item.sign.origin == "keyframes" else "imported"
    return _ORIGINS[item.kind]


def _anchors(stage: Stage, local: Array) -> Anchors:
    """How joints of the trunk and head move relative to the chest."""
    joints = stage.rig.joints
    posed = stage.rig.forward(local)
    chest = JOINT_INDEX["spine3"]
    back = transposed(posed.rotation[:, chest])[:, None]
    rotation = back @ posed.rotation
    place = apply(back, posed.position - posed.position[:, chest : chest + 1]) + joints[chest]
    return Anchors(rotation, place - apply(rotation, joints))
