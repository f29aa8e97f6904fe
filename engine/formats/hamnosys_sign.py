"""From what HamNoSys says of two hands to a written sign of our own notation.

What has no counterpart degrades: an unknown handshape becomes a flat hand, an unknown movement is left out. Everything
that was not understood is told in `Notated.unread`, everything that was guessed in `Notated.notes`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..lexicon.phonology import Handshape
from .hamnosys_hands import (
    Vector,
    cross,
    direction,
    dot,
    hand_point,
    handshape,
    location,
    palm_direction,
    unit,
    vector_of,
    words,
)
from .hamnosys_symbols import Symbol
from .hamnosys_tree import Action, HandPosture, Place, Tree, parse

MAX_POSTURES = 12
_TOUCHING = ("hamtouch", "haminterlock", "hamcross")
_STEP_CM = {"hamsmallmod": 0.45, "hamlargemod": 1.8}
_MOVE_CM, _CIRCLE_CM, _ZIGZAG_CM = 13.0, 6.0, 2.5
_APART_CM = 8.0
_LOCAL = {"hamfingerplay": "wiggle", "hamnodding": "nod", "hamswinging": "shake", "hamtwisting": "twist"}
_LOCAL_S, _STILL_S, _SLOW_S, _FAST_S, _HALT_S = 0.5, 0.3, 0.8, 0.18, 0.12
_CLOCK = {"u": (0.0, 1.0), "ur": (0.7, 0.7), "r": (1.0, 0.0), "dr": (0.7, -0.7), "d": (0.0, -1.0), "dl": (-0.7, -0.7)}
_CLOCK |= {"l": (-1.0, 0.0), "ul": (-0.7, 0.7)}
_REPEATS = {"hamrepeatfromstart": 2, "hamrepeatfromstartseveral": 3}


@dataclass
class Notated:
    """A sign that was read: its record (schema `sign`, without words), new handshapes, and what was not understood."""

    record: dict[str, Any]
    handshapes: dict[str, Handshape] = field(default_factory=dict)
    unread: list[str] = field(default_factory=list)
    """Names of symbols that were left out."""
    notes: list[str] = field(default_factory=list)
    symbols: int = 0
    """How many symbols it had in all."""


def notated(symbols: Sequence[Symbol], known: Mapping[str, Handshape]) -> Notated:
    """The sign that a sequence of symbols writes down. known: the handshapes that there are."""
    result = _Writer(parse(symbols), known).write()
    result.symbols = len(symbols)
    return result


@dataclass
class _State:
    """Where a hand is while its postures are written, in the dominant hand's directions."""

    shape: str
    fingers: Vector
    palm: Vector
    at: str
    touch: str
    offset: Vector

    def posture(self, mirrored: bool) -> dict[str, Any]:
        x, y, z = self.offset
        values: dict[str, Any] = {
            "shape": self.shape,
            "at": self.at,
            "palm": words(self.palm, mirrored),
            "fingers": words(self.fingers, mirrored),
        }
        if self.touch:
            values["touch"] = self.touch
        rounded = [min(max(round(v, 1), -60.0), 60.0) for v in (-x if mirrored else x, y, z)]
        return values | ({"offset": rounded} if any(rounded) else {})


class _Writer:
    def __init__(self, tree: Tree, known: Mapping[str, Handshape]) -> None:
        self._tree, self._known = tree, known
        self._result = Notated({}, unread=[s.name for s in tree.unread])

    def write(self) -> Notated:
        tree, result = self._tree, self._result
        hands = self._hands()
        start = self._start(tree.dominant, None)
        if hands != "one" and start.at.startswith("centre") and not tree.dominant.place.contact:
            start.offset = (start.offset[0] + _APART_CM, start.offset[1], start.offset[2])
        record: dict[str, Any] = {"hands": hands, "postures": self._run(dataclasses.replace(start), False)}
        if hands == "base":
            record["base"] = self._base(start)
        self._shorten(record)
        if tree.repeat:
            record["repeat"] = _REPEATS[tree.repeat]
        result.record = record
        return result

    # ------------------------------------------------------------ hands

    def _hands(self) -> str:
        tree = self._tree
        if not tree.two_hands:
            return "one"
        if (tree.other and not self._same_points()) or any(a.other for a in tree.actions):
            return "base"
        if tree.symmetry == "hamsymmpar" and self._sideways() and not tree.alternating:
            return "base"
        return "alternating" if tree.alternating else "symmetric"

    def _same_points(self) -> bool:
        """Whether of the other hand of a symmetric sign only a point is said, and it is the same one."""
        said, place = self._tree.other, self._tree.other.place
        alone = not (said.shape or said.fingers or said.palm or place.body or place.side)
        return (
            bool(self._tree.symmetry) and alone and hand_point(place.own) == hand_point(self._tree.dominant.place.own)
        )

    def _sideways(self) -> bool:
        """Whether something points left or right, so that side by side is not the mirror image."""
        tree = self._tree
        fingers = direction(tree.dominant.fingers)
        vectors = [fingers, palm_direction(tree.dominant.palm, fingers)]
        vectors += [vector_of(m.tail) for a in tree.actions for m in a.moves if m.kind == "move"]
        return any(abs(v[0]) > 0.3 for v in vectors)

    def _base(self, dominant: _State) -> list[dict[str, Any]]:
        tree = self._tree
        said = tree.other
        parallel = bool(tree.symmetry)
        start = self._start(said, dominant if parallel else None)
        if not said.place:
            x, y, z = dominant.offset
            start.at, start.touch, start.offset = dominant.at, "", (-x, y, z)
        if start.at.startswith("other.") or not (said.place.body or said.place.side):
            self._below_contact(start, dominant)
        moves = parallel or any(a.other for a in tree.actions)
        return self._run(start, True) if moves else [start.posture(True)]

    def _below_contact(self, base: _State, dominant: _State) -> None:
        """Where the other hand is when its place is said for both hands together, or not at all."""
        if dominant.at.startswith("other."):
            place = self._tree.dominant.place
            base.at, _, base.offset = location(dataclasses.replace(place, own=[], contact=_without(place)), True)
            base.touch = ""

    def _start(self, said: HandPosture, like: _State | None) -> _State:
        state = like and dataclasses.replace(like)
        if state is None:
            state = _State("flat", (0.0, 1.0, 0.0), (0.0, 0.0, 1.0), "neutral", "", (0.0, 0.0, 0.0))
            if not said.shape:
                self._result.notes.append("No handshape is given; a flat hand was taken.")
        self._change(state, said, self._tree.two_hands)
        return state

    # ------------------------------------------------------------ postures

    def _change(self, state: _State, said: HandPosture, two_hands: bool) -> None:
        """What is said of a hand, written into its state."""
        if said.shape:
            shape = handshape(said.shape, self._known)
            if shape is None:
                self._result.unread += [s.name for s in said.shape]
            else:
                state.shape = shape.name
                if shape.name not in self._known:
                    self._result.handshapes[shape.name] = shape
        if said.fingers:
            state.fingers = direction(said.fingers) if any(direction(said.fingers)) else state.fingers
        if said.palm and any(palm_direction(said.palm, state.fingers)):
            state.palm = palm_direction(said.palm, state.fingers)
        state.palm = _across(state.palm, state.fingers)
        if said.place:
            self._move_to(state, said.place, two_hands)

    def _move_to(self, state: _State, place: Place, two_hands: bool) -> None:
        at, own, offset = location(place, two_hands)
        state.at, state.offset = at, offset
        touching = place.contact in _TOUCHING
        other = hand_point(self._tree.other.place.own)
        if place.between_hands in _TOUCHING and two_hands and own and place is self._tree.dominant.place:
            # both hands meet: the dominant one on the other's point, or both at the middle
            touching = True
            symmetric = self._hands() != "base"
            state.at = (
                at if symmetric and at.startswith("centre") else "centre" if symmetric else f"other.{other or 'palm'}"
            )
            state.offset = (0.0, 0.0, 0.0)
        if place.contact in ("haminterlock", "hamcross"):
            self._result.notes.append(f"{place.contact} is shown as touching.")
        state.touch = own or (self._usual_point(state.shape) if touching else "")

    def _usual_point(self, shape: str) -> str:
        """The point that touches when none is named: the tips of what is stretched."""
        if shape in ("1", "X", "L", "hns_finger2"):
            return "index_tip"
        form = self._result.handshapes.get(shape) or self._known.get(shape)
        if form is None:
            return "fingertips"
        stretched = [
            f for f in ("index", "middle", "ring", "pinky") if getattr(form, f).mcp + getattr(form, f).pip < 60
        ]
        if not stretched:
            return "middle_joints"
        return f"{stretched[0]}_tip" if len(stretched) == 1 else "fingertips"

    def _run(self, state: _State, mirrored: bool) -> list[dict[str, Any]]:
        """All postures of one hand."""
        postures = [state.posture(mirrored)]
        for whole in self._tree.actions:
            action = (whole.other or Action()) if mirrored and whole.other else whole
            if mirrored and not self._tree.symmetry and not whole.other:
                postures.append(state.posture(mirrored))
                continue
            postures += self._postures(action, state, mirrored)
        if len(postures) == 1:
            postures[0]["hold"] = _STILL_S
        return postures

    def _postures(self, action: Action, state: _State, mirrored: bool) -> list[dict[str, Any]]:
        before = dataclasses.replace(state)
        step = self._step(action)
        state.offset = (state.offset[0] + step[0], state.offset[1] + step[1], state.offset[2] + step[2])
        self._change(state, action.end, self._tree.two_hands)
        posture = state.posture(mirrored) | self._path(action, step, mirrored) | self._manner(action)
        found = [posture]
        if action.repeat in ("hamrepeatcontinue", "hamrepeatcontinueseveral"):
            for _ in range(2 if action.repeat.endswith("several") else 1):
                state.offset = (state.offset[0] + step[0], state.offset[1] + step[1], state.offset[2] + step[2])
                found.append(posture | state.posture(mirrored))
        elif action.repeat == "hamrepeatreverse":
            found.append(before.posture(mirrored))
            state.offset, state.at = before.offset, before.at
        elif action.repeat:
            for _ in range(_REPEATS[action.repeat] - 1):
                found += [before.posture(mirrored), dict(posture)]
        return found

    def _step(self, action: Action) -> Vector:
        moves = [m for m in action.moves if m.kind == "move"]
        for other in (m for m in action.moves if m.kind == "move_shape"):
            self._result.unread.append(other.name)
        vectors = [vector_of(m.tail) for m in moves]
        total = unit((sum(v[0] for v in vectors), sum(v[1] for v in vectors), sum(v[2] for v in vectors)))
        size = _MOVE_CM * _size(action)
        return (total[0] * size, total[1] * size, total[2] * size)

    def _path(self, action: Action, step: Vector, mirrored: bool) -> dict[str, Any]:
        circle = next((m for m in action.moves if m.kind == "circle"), None)
        stir = next((m.name for m in action.moves if m.name in ("hamstircw", "hamstirccw")), "")
        if circle or stir:
            axis = vector_of(circle.tail) if circle else (0.0, 0.0, 1.0 if stir == "hamstircw" else -1.0)
            bulge = _circle(axis, [m for m in action.modifiers if m.kind == "clock"], mirrored)
            size = round((_CIRCLE_CM if circle else 2.5) * _size(action), 1)
            turns = 2.0 if any(m.name == "hamclockfull" for m in action.modifiers) else 1.0
            return {"path": "circle", "bulge": bulge, "size": size} | ({"turns": turns} if turns > 1 else {})
        local = next((_LOCAL[m.name] for m in action.moves if m.name in _LOCAL), "")
        if local:
            return {"local": local, "hold": _LOCAL_S}
        if any(m.kind == "still" for m in action.moves):
            return {"hold": _STILL_S}
        if any(m.kind == "wave" for m in action.modifiers) and any(step):
            side = "out" if abs(unit(step)[0]) < 0.7 else "up"
            return {"path": "zigzag", "bulge": side, "size": _ZIGZAG_CM, "turns": 3.0}
        arc = next((m for m in action.modifiers if m.kind == "arc"), None)
        if arc and any(step):
            return {"path": "arc", "bulge": _arc(arc, unit(step), mirrored)}
        return {}

    def _manner(self, action: Action) -> dict[str, Any]:
        names = {m.name for m in action.modifiers}
        wrist = [m.name for m in action.modifiers if m.kind == "wrist_motion_side"]
        self._result.unread += wrist
        found: dict[str, Any] = {}
        if "hamslow" in names:
            found["time"] = _SLOW_S
        elif "hamfast" in names:
            found["time"] = _FAST_S
        if "hamhalt" in names or "hamtense" in names:
            found["hold"] = _HALT_S
        return found

    def _shorten(self, record: dict[str, Any]) -> None:
        """At most as many postures as a sign may have, the base's as many or one; unchanged fields left out."""
        count = min(len(record["postures"]), MAX_POSTURES)
        if len(record["postures"]) > MAX_POSTURES:
            self._result.notes.append(f"Only the first {MAX_POSTURES} postures were taken.")
        record["postures"] = record["postures"][:count]
        if "base" in record and len(record["base"]) > 1:
            base = record["base"][:count]
            record["base"] = base + [base[-1]] * (count - len(base))
        for part in ("postures", "base"):
            if part in record:
                record[part] = _without_repetition(record[part])


def _without_repetition(postures: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fields that a posture would take from the one before are left out; `touch` is kept where it changes to none."""
    state: dict[str, Any] = {}
    result = []
    for posture in postures:
        full = {"touch": "centre", **posture} if "touch" in state and "touch" not in posture else posture
        kept = {
            k: v for k, v in full.items() if k not in ("shape", "at", "palm", "fingers", "touch") or state.get(k) != v
        }
        state |= full
        result.append(kept)
    return result


def _without(place: Place) -> str:
    """The contact with the body that is left when the contact between the hands is taken away."""
    return place.contact if place.body and place.contact != place.between_hands else ""


def _size(action: Action) -> float:
    size = 1.0
    for modifier in action.modifiers:
        size *= _STEP_CM.get(modifier.name, 1.0)
    return min(max(size, 0.2), 2.4)


def _across(palm: Vector, fingers: Vector) -> Vector:
    """The palm's direction, or one that is possible where it lies along the fingers."""
    if abs(dot(palm, fingers)) < 0.55:  # well inside of what the lexicon allows: words are coarse
        return palm
    for other in ((0.0, 0.0, 1.0), (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)):
        if abs(dot(other, fingers)) < 0.55:
            return other
    return unit(cross(fingers, (1.0, 0.0, 0.0)))


def _circle(axis: Vector, clock: list[Symbol], mirrored: bool) -> str:
    """Where a circle sets off to and curves to: clockwise, looking along the axis, from the top unless said."""
    top = (0.0, 1.0, 0.0) if abs(axis[1]) < 0.9 else (0.0, 0.0, 1.0)
    # out is right here, so the turn that looks clockwise is left-handed in (out, up, forward)
    right = unit(cross(top, axis))
    top = unit(cross(axis, right))
    across, above = _CLOCK.get(clock[0].tail, (0.0, 1.0)) if clock else (0.0, 1.0)

    def blend(a: float, b: float) -> Vector:
        return unit((a * right[0] + b * top[0], a * right[1] + b * top[1], a * right[2] + b * top[2]))

    first, then = blend(above, -across), blend(-across, -above)
    one, two = _main_word(first, mirrored), _main_word(then, mirrored)
    return f"{one} {two}"


def _arc(arc: Symbol, step: Vector, mirrored: bool) -> str:
    bulge = vector_of(arc.tail)
    if abs(dot(bulge, step)) > 0.7:  # a bulge along the way is one in depth
        bulge = (0.0, 0.0, 1.0) if arc.tail in ("u", "r") else (0.0, 0.0, -1.0)
    return _main_word(bulge, mirrored)


def _main_word(vector: Vector, mirrored: bool) -> str:
    """The single direction word that is nearest."""
    axis = max(range(3), key=lambda i: abs(vector[i]))
    name = (("out", "in"), ("up", "down"), ("forward", "back"))[axis]
    value = -vector[0] if mirrored and axis == 0 else vector[axis]
    return name[0] if value >= 0 else name[1]
