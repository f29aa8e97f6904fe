"""From HamNoSys symbols to what they say of two hands: an initial posture and what is done from it.

The grammar is Hanke's (2004): symmetry, handshape, extended finger direction, palm, location with contact, actions.
Brackets hold what differs between the hands (around a plus) or what happens at the same time. Whatever doesn't fit is
put into `unread` and passed over, so that any string of symbols gives some tree.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from .hamnosys_symbols import UNKNOWN, Symbol

_POSTURE = {"handshape", "thumb", "bend", "finger_direction", "palm", "digit"}
_PLACE = {"body", "side", "space", "arm", "hand", "zone", "contact", "distance", "reference"}
_MOVE = {"move", "circle", "local", "still", "replace", "move_shape"}
_MODIFIER = {"clock", "arc", "wave", "ellipse", "growth", "size", "manner", "brush", "relative", "wrist_motion_side"}
_CLOSING = {"hamparend", "hamseqend", "hamfusionend"}
_OPENING = {"hamparbegin": "hamparend", "hamseqbegin": "hamseqend", "hamfusionbegin": "hamfusionend"}
MAX_SYMBOLS, _MAX_DEPTH = 2000, 12


@dataclass
class Place:
    """Where a hand is: symbols of the place, of the hand's own point that is brought there, and the contact."""

    body: list[Symbol] = field(default_factory=list)
    own: list[Symbol] = field(default_factory=list)
    side: str = ""
    """`left` or `right` of the signer, `beside-left`, `beside-right`, or empty."""
    contact: str = ""
    between_hands: str = ""
    """Contact of both hands with each other, before the place where they are."""
    distance: str = ""

    def __bool__(self) -> bool:
        return bool(self.body or self.own or self.side or self.contact or self.distance)


@dataclass
class HandPosture:
    """What is said of one hand; empty lists where nothing is."""

    shape: list[Symbol] = field(default_factory=list)
    fingers: list[Symbol] = field(default_factory=list)
    palm: list[Symbol] = field(default_factory=list)
    place: Place = field(default_factory=Place)

    def __bool__(self) -> bool:
        return bool(self.shape or self.fingers or self.palm or self.place)


@dataclass
class Action:
    """One movement of one hand: what moves, how, and the posture that it ends in."""

    moves: list[Symbol] = field(default_factory=list)
    """More than one at the same time: directions are added up."""
    modifiers: list[Symbol] = field(default_factory=list)
    end: HandPosture = field(default_factory=HandPosture)
    other: Action | None = None
    """What the other hand does meanwhile, where it is something else."""
    repeat: str = ""

    def __bool__(self) -> bool:
        return bool(self.moves or self.end or self.other)


@dataclass
class Tree:
    """A whole sign."""

    symmetry: str = ""
    """`hamsymmpar` or `hamsymmlr`, or empty."""
    alternating: bool = False
    dominant: HandPosture = field(default_factory=HandPosture)
    other: HandPosture = field(default_factory=HandPosture)
    """Only what is said of the other hand apart."""
    actions: list[Action] = field(default_factory=list)
    repeat: str = ""
    """A repetition of all actions."""
    unread: list[Symbol] = field(default_factory=list)

    @property
    def two_hands(self) -> bool:
        """Whether the other hand takes part."""
        return bool(self.symmetry or self.other or any(a.other for a in self.actions))


def parse(symbols: Sequence[Symbol]) -> Tree:
    """The tree of any sequence of symbols; of very long ones the beginning."""
    parser = _Parser(list(symbols[:MAX_SYMBOLS]))
    parser.tree.unread += symbols[MAX_SYMBOLS:]
    return parser.run()


class _Parser:
    def __init__(self, symbols: list[Symbol]) -> None:
        self._symbols, self._at, self._depth = symbols, 0, 0
        self.tree = Tree()

    def run(self) -> Tree:
        tree = self.tree
        while self._at < len(self._symbols):
            before = self._at
            self._prefix()
            if not tree.actions:
                self._configuration(tree.dominant, tree.other)
            self._actions(tree.actions, 0)
            if self._at == before:
                self._pass()
        return tree

    # ------------------------------------------------------------ tokens

    def _peek(self, ahead: int = 0) -> Symbol:
        at = self._at + ahead
        return self._symbols[at] if at < len(self._symbols) else Symbol("", "end")

    def _take(self) -> Symbol:
        self._at += 1
        return self._symbols[self._at - 1]

    def _pass(self) -> None:
        """Leave out a symbol that fits nowhere; it is told unless it adds nothing that we could show."""
        symbol = self._take()
        if symbol.kind != "ignored":
            self.tree.unread.append(symbol)

    # ------------------------------------------------------------ parts

    def _prefix(self) -> None:
        while True:
            symbol = self._peek()
            if symbol.kind == "symmetry":
                self.tree.symmetry = self._take().name
            elif symbol.kind == "alternating":
                self._take()
                self.tree.alternating = True
            elif symbol.kind in ("ignored", UNKNOWN, "hand_marker"):
                self._pass()
            else:
                return

    def _configuration(self, dominant: HandPosture, other: HandPosture) -> None:
        """Postures of both hands; a bracket around a plus says them apart."""
        while True:
            symbol = self._peek()
            if symbol.name in ("hamparbegin", "hamseqbegin") and self._kind_inside() in (_POSTURE | _PLACE):
                self._bracket_of_posture(dominant, other)
            elif symbol.kind in _POSTURE | _PLACE or symbol.name == "hambetween":
                self._posture_symbol(dominant)
            else:
                return

    def _kind_inside(self) -> str:
        """Kind of the first symbol behind opening brackets."""
        ahead = 0
        while self._peek(ahead).name in _OPENING:
            ahead += 1
        return self._peek(ahead).kind

    def _bracket_of_posture(self, dominant: HandPosture, other: HandPosture) -> None:
        if self._depth >= _MAX_DEPTH:
            self._pass()
            return
        self._depth += 1
        self._inside_bracket(_OPENING[self._take().name], dominant, other)
        self._depth -= 1

    def _inside_bracket(self, closing: str, dominant: HandPosture, other: HandPosture) -> None:
        hand = dominant
        while self._peek().kind != "end":
            symbol = self._peek()
            if symbol.name == closing:
                self._take()
                return
            if symbol.name == "hamplus":
                self._take()
                hand = other
            elif symbol.kind in _POSTURE | _PLACE or symbol.name == "hambetween":
                self._posture_symbol(hand)
            elif symbol.name in _OPENING and self._kind_inside() in (_POSTURE | _PLACE):
                self._bracket_of_posture(hand, other)
            elif symbol.kind in _MOVE:
                return
            else:
                self._pass()

    def _posture_symbol(self, hand: HandPosture) -> None:
        symbol = self._take()
        before_place = bool(hand.shape) and not hand.fingers and not hand.place
        if symbol.name == "hambetween":
            last = hand.palm or hand.fingers or hand.shape
            if last and not hand.place:
                last.append(symbol)
        elif symbol.kind in ("handshape", "thumb", "bend") or (symbol.kind == "digit" and before_place):
            hand.shape.append(symbol)
        elif symbol.kind == "finger_direction":
            hand.fingers.append(symbol)
        elif symbol.kind == "palm":
            hand.palm.append(symbol)
        else:
            self._place_symbol(hand.place, symbol)

    def _place_symbol(self, place: Place, symbol: Symbol) -> None:
        if symbol.kind == "side":
            beside = "beside-" if symbol.name == "hamlrbeside" else ""
            # written before its place it means the left, after it the right
            place.side = beside + ("right" if place.body else "left")
        elif symbol.kind == "contact":
            place.contact = symbol.name
            if place.own and not place.body:
                place.between_hands = symbol.name
        elif symbol.kind == "distance":
            place.distance = symbol.name
        elif symbol.kind in ("hand", "digit", "zone"):
            place.own.append(symbol)
        elif symbol.kind == "reference":
            self.tree.unread.append(symbol)
        else:
            place.body.append(symbol)

    # ------------------------------------------------------------ actions

    def _actions(self, actions: list[Action], depth: int) -> None:
        """Movements one after the other, up to a closing bracket or the end."""
        while self._peek().kind != "end":
            symbol = self._peek()
            if symbol.name in _CLOSING:
                if depth:
                    return
                self._pass()
            elif symbol.kind == "repeat":
                self._repeat(actions, depth)
            elif symbol.kind == "alternating":
                self._take()
                self.tree.alternating = True
            elif symbol.name == "hamseqbegin" and depth < _MAX_DEPTH:
                self._take()
                inner: list[Action] = []
                self._actions(inner, depth + 1)
                self._close("hamseqend")
                actions += inner
            elif symbol.name in _OPENING and depth < _MAX_DEPTH:
                actions.append(self._together(depth))
            elif symbol.kind in _MOVE:
                actions.append(self._movement())
            elif symbol.kind in _POSTURE | _PLACE:
                self._target(actions)
            elif symbol.kind in _MODIFIER and actions:
                actions[-1].modifiers.append(self._take())
            else:
                if symbol.name == "hamplus" and depth:
                    return
                self._pass()

    def _repeat(self, actions: list[Action], depth: int) -> None:
        name = self._take().name
        if not actions:
            return
        if name.startswith("hamrepeatfromstart") and depth == 0:
            self.tree.repeat = name
        else:
            actions[-1].repeat = name

    def _movement(self) -> Action:
        action = Action([self._take()])
        if action.moves[0].kind == "replace":
            action.moves.clear()
            self._configuration(action.end, self.tree.other)
            return action
        while self._peek().kind in _MODIFIER:
            action.modifiers.append(self._take())
        return action

    def _target(self, actions: list[Action]) -> None:
        """A place or posture behind a movement: where it ends."""
        if not actions:
            actions.append(Action())
        self._configuration(actions[-1].end, self.tree.other)

    def _together(self, depth: int) -> Action:
        """What happens at the same time: several movements of a hand, of both hands around a plus."""
        closing = _OPENING[self._take().name]
        sides: list[list[Action]] = [[]]
        self._actions(sides[0], depth + 1)
        while self._peek().name == "hamplus":
            self._take()
            sides.append([])
            self._actions(sides[-1], depth + 1)
        self._close(closing)
        merged = _merged(sides[0])
        if len(sides) > 1:
            merged.other = _merged(sides[1])
        return merged

    def _close(self, name: str) -> None:
        if self._peek().name == name:
            self._take()
        elif self._peek().name in _CLOSING:
            self._pass()


def _merged(actions: list[Action]) -> Action:
    """Several movements at the same time as one."""
    result = Action()
    for action in actions:
        result.moves += action.moves
        result.modifiers += action.modifiers
        result.repeat = result.repeat or action.repeat
        for name in ("shape", "fingers", "palm"):
            if getattr(action.end, name):
                setattr(result.end, name, getattr(action.end, name))
        if action.end.place:
            result.end.place = action.end.place
        result.other = result.other or action.other
    return result
