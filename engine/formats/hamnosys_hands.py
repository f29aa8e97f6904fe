"""Handshapes, directions and places of HamNoSys in the words of our own notation.

Everything is about a right-handed signer: left is `in` for the dominant hand and `out` for the other one.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence

from ..lexicon.handshapes import FINGERS, JOINT_LIMITS
from ..lexicon.phonology import FingerPose, Handshape, ThumbPose
from .hamnosys_symbols import Symbol, meaning
from .hamnosys_tree import Place

Vector = tuple[float, float, float]

_AXES = {"u": (0, 1, 0), "d": (0, -1, 0), "l": (-1, 0, 0), "r": (1, 0, 0), "o": (0, 0, 1), "i": (0, 0, -1)}
"""The notation's letters as (out, up, forward) of the dominant (right) hand: left is in."""

_STRAIGHT, _CLOSED = (
    (0.0, 0.0, 0.0),
    {"index": (82, 82, 52), "middle": (84, 86, 62), "ring": (80, 80, 60), "pinky": (76, 80, 40)},
)
_BENDS: dict[str, tuple[float, float, float]] = {
    "hamfingerbendmod": (75, 5, 0),
    "hamfingerhookmod": (22, 80, 48),
    "hamdoublebent": (42, 45, 26),
    "hamdoublehooked": (62, 85, 50),
}
_ALL = frozenset(FINGERS)
_SPREAD = {"index": 12.0, "middle": 0.0, "ring": 10.0, "pinky": 18.0}
_DIGITS = {"hamindexfinger": "index", "hammiddlefinger": "middle", "hamringfinger": "ring", "hampinky": "pinky"}


@dataclasses.dataclass(frozen=True)
class _Base:
    """A base handshape: the fingers that matter, how they are, how the others are, and the thumb."""

    fingers: frozenset[str]
    pose: tuple[float, float, float]
    others: str
    """`closed` or `open`."""
    thumb: tuple[float, float, float, float, float]
    spread: bool = False
    meets: bool = False
    """Thumb and fingers make a ring or a C together."""


_ALONG, _OVER, _ACROSS = (15, 18, 0, 0, 10), (88, 73, 60, -2, 36), (59, 35, 56, 45, 58)
_OUT, _OPPOSED = (5, 62, -5, -8, 10), (80, 62, 0, 10, 20)
_PINCH, _CEE = (80, 52, 10, 6, 38), (78, 62, 0, 20, 18)
_INDEX = frozenset(("index",))
_BASES: dict[str, _Base] = {
    "hamfist": _Base(frozenset(), _STRAIGHT, "closed", (38, 22, 14, 8, 8)),
    "hamflathand": _Base(_ALL, _STRAIGHT, "open", _ALONG),
    "hamfinger2": _Base(_INDEX, _STRAIGHT, "closed", _OVER),
    "hamfinger23": _Base(frozenset(("index", "middle")), _STRAIGHT, "closed", _OVER),
    "hamfinger23spread": _Base(frozenset(("index", "middle")), _STRAIGHT, "closed", _OVER, True),
    "hamfinger2345": _Base(_ALL, _STRAIGHT, "open", _ACROSS, True),
    "hampinch12": _Base(_INDEX, (56, 45, 22), "closed", _PINCH, meets=True),
    "hampinchall": _Base(_ALL, (58, 42, 20), "open", (86, 56, 6, 6, 36), meets=True),
    "hampinch12open": _Base(_INDEX, (56, 45, 22), "open", _PINCH, meets=True),
    "hamcee12": _Base(_INDEX, (35, 42, 26), "closed", _CEE, meets=True),
    "hamceeall": _Base(_ALL, (42, 42, 26), "open", _CEE, meets=True),
    "hamceeopen": _Base(_INDEX, (35, 42, 26), "open", _CEE, meets=True),
}
_KNOWN = {
    ("hamfist",): "A",
    ("hamfist", "hamthumboutmod"): "A_thumb",
    ("hamfist", "hamthumbacrossmod"): "S",
    ("hamflathand",): "flat",
    ("hamflathand", "hamthumboutmod"): "flat_thumb",
    ("hamflathand", "hamthumbacrossmod"): "B",
    ("hamflathand", "hamfingerbendmod"): "bent",
    ("hamflathand", "hamfingerbendmod", "hamthumboutmod"): "bent_thumb",
    ("hamflathand", "hamdoublebent"): "curved",
    ("hamfinger2",): "1",
    ("hamfinger2", "hamthumbacrossmod"): "1",
    ("hamfinger2", "hamthumboutmod"): "L",
    ("hamfinger2", "hamfingerhookmod"): "X",
    ("hamfinger2", "hamfingerhookmod", "hamthumboutmod"): "L_bent",
    ("hamfinger23",): "U",
    ("hamfinger23", "hamthumbacrossmod"): "U",
    ("hamfinger23", "hamthumboutmod"): "U_thumb",
    ("hamfinger23", "hamfingerbendmod"): "U_bent",
    ("hamfinger23", "hamfingerhookmod"): "U_curved",
    ("hamfinger23spread",): "V",
    ("hamfinger23spread", "hamthumbacrossmod"): "V",
    ("hamfinger23spread", "hamthumboutmod"): "3",
    ("hamfinger23spread", "hamfingerhookmod"): "V_bent",
    ("hamfinger2345",): "4",
    ("hamfinger2345", "hamthumbacrossmod"): "4",
    ("hamfinger2345", "hamthumboutmod"): "5",
    ("hamfinger2345", "hamfingerhookmod", "hamthumboutmod"): "5_claw",
    ("hampinch12",): "O_baby",
    ("hampinch12open",): "F",
    ("hampinch12open", "hamthumbopenmod"): "F_open",
    ("hampinchall",): "O",
    ("hampinchall", "hamfingerstraightmod"): "O_flat",
    ("hamceeall",): "C",
    ("hamceeall", "hamfingerstraightmod"): "C_flat",
    ("hamcee12",): "C_index",
    ("hamfinger2", "hampinky"): "I",
    ("hamfist", "hampinky"): "I",
    ("hamfinger2", "hampinky", "hamthumboutmod"): "Y",
}
"""Bases with modifiers, sorted, that the embedded table has under a name of its own."""


def handshape(symbols: Sequence[Symbol], known: Mapping[str, Handshape]) -> Handshape | None:
    """The handshape of a base and its modifiers: one of the known ones, or composed; `None` without a base."""
    parts: list[list[Symbol]] = [[]]
    for symbol in symbols:
        if symbol.name == "hambetween":
            parts.append([])
        else:
            parts[-1].append(symbol)
    shapes = [shape for part in parts if (shape := _one(part, known))]
    if len(shapes) < 2:
        return shapes[0] if shapes else None
    return _between(shapes[0], shapes[1])


def _one(symbols: Sequence[Symbol], known: Mapping[str, Handshape]) -> Handshape | None:
    base = next((s.name for s in symbols if s.kind == "handshape"), None)
    if base is None:
        return None
    modifiers = [s.name for s in symbols if s.name != base]
    name = _KNOWN.get((base, *sorted(modifiers)))
    if name is not None and name in known:
        return known[name]
    return _composed(base, modifiers)


def _composed(base: str, modifiers: Sequence[str]) -> Handshape:
    form = _BASES[base]
    chosen = [_DIGITS[m] for m in modifiers if m in _DIGITS]
    selected = (
        frozenset(chosen)
        if chosen and base in ("hamfinger2", "hamfinger23", "hamfinger23spread", "hamfist")
        else form.fingers
    )
    bend = next((m for m in modifiers if m in _BENDS), "")
    # a finger named before a bend on a full hand is the one that is bent
    bent = frozenset(chosen) if chosen and selected == form.fingers else selected
    fingers = {f: _finger(form, f, f in selected, _BENDS.get(bend) if f in bent else None, modifiers) for f in FINGERS}
    parts = [base.removeprefix("ham"), *(m.removeprefix("ham").removesuffix("mod") for m in modifiers)]
    text = "; ".join(m for m in map(meaning, (base, *modifiers)) if m)
    return _limited(Handshape("hns_" + "_".join(parts), text or base, _thumb(form, modifiers), **fingers))


def _finger(
    form: _Base, finger: str, selected: bool, bend: tuple[float, float, float] | None, modifiers: Sequence[str]
) -> FingerPose:
    if not selected:
        angles = _CLOSED[finger] if form.others == "closed" else _STRAIGHT
        return FingerPose(*map(float, angles), spread=_SPREAD[finger] * 0.6 if form.others == "open" else 0.0)
    angles = form.pose if form.meets else _STRAIGHT
    if form.meets and "hamfingerstraightmod" in modifiers:
        angles = (angles[0] + 16.0, 10.0, 5.0)
    if form.meets and "hamthumbopenmod" in modifiers:
        angles = (angles[0] - 16.0, angles[1] * 0.6, angles[2] * 0.6)
    if bend is not None:
        angles = bend
    return FingerPose(*map(float, angles), spread=_SPREAD[finger] if form.spread else 0.0)


def _thumb(form: _Base, modifiers: Sequence[str]) -> ThumbPose:
    angles = form.thumb
    if "hamthumboutmod" in modifiers:
        angles = _OUT
    elif "hamthumbacrossmod" in modifiers and not form.meets:
        angles = _ACROSS if form.others == "open" else _OVER
    elif "hamthumbopenmod" in modifiers:
        angles = _OPPOSED
    return ThumbPose(*map(float, angles))


def _between(a: Handshape, b: Handshape) -> Handshape:
    def mean(x: FingerPose | ThumbPose, y: FingerPose | ThumbPose) -> dict[str, float]:
        return {f.name: (getattr(x, f.name) + getattr(y, f.name)) / 2.0 for f in dataclasses.fields(x)}

    fingers = {f: FingerPose(**mean(getattr(a, f), getattr(b, f))) for f in FINGERS}
    name = f"hns_{a.name.removeprefix('hns_')}_to_{b.name.removeprefix('hns_')}"
    return Handshape(
        name, f"between: {a.description}, and: {b.description}", ThumbPose(**mean(a.thumb, b.thumb)), **fingers
    )


def _limited(shape: Handshape) -> Handshape:
    """Every angle inside the range of a living hand."""

    def clip(key: str, value: float) -> float:
        low, high = JOINT_LIMITS[key]
        return min(max(value, low), high)

    thumb = ThumbPose(**{k: clip(f"thumb.{k}", v) for k, v in vars(shape.thumb).items()})
    fingers = {f: FingerPose(**{k: clip(k, v) for k, v in vars(getattr(shape, f)).items()}) for f in FINGERS}
    return dataclasses.replace(shape, thumb=thumb, **fingers)


# ---------------------------------------------------------------- directions


def direction(symbols: Sequence[Symbol]) -> Vector:
    """The mean of direction symbols as (out, up, forward) of the dominant hand; zero when they cancel out."""
    total = [0.0, 0.0, 0.0]
    for symbol in symbols:
        for i, value in enumerate(vector_of(symbol.tail)):
            total[i] += value
    return unit((total[0], total[1], total[2]))


def vector_of(letters: str) -> Vector:
    """The unit vector of direction letters like `ul`; zero for others."""
    axes = [_AXES[c] for c in letters if c in _AXES]
    return unit((sum(a[0] for a in axes), sum(a[1] for a in axes), sum(a[2] for a in axes)))


def palm_direction(palm: Sequence[Symbol], fingers: Vector) -> Vector:
    """Where the palm faces: its symbols are for fingers that point away, and turn with them.

    The turn is the shortest from pointing away to where the fingers point; towards the signer, where there is no
    shortest, they keep their own direction.
    """
    given = direction(palm)
    axis = cross((0.0, 0.0, 1.0), fingers)
    sine, cosine = math.sqrt(dot(axis, axis)), fingers[2]
    if sine < 1e-6:
        return given
    k = (axis[0] / sine, axis[1] / sine, axis[2] / sine)
    side, along = cross(k, given), dot(k, given) * (1.0 - cosine)
    return unit(
        (
            given[0] * cosine + side[0] * sine + k[0] * along,
            given[1] * cosine + side[1] * sine + k[1] * along,
            given[2] * cosine + side[2] * sine + k[2] * along,
        )
    )


def words(vector: Vector, mirrored: bool = False) -> str:
    """A direction in our words, like `up-up-in`; empty for a zero vector. mirrored: for the other hand's own sides."""
    x = -vector[0] if mirrored else vector[0]
    found = []
    largest = max(abs(v) for v in (x, vector[1], vector[2]))
    if largest < 1e-6:
        return ""
    for value, plus, minus in ((vector[1], "up", "down"), (vector[2], "forward", "back"), (x, "out", "in")):
        found += [plus if value > 0 else minus] * round(2.0 * abs(value) / largest)
    counts = [found.count(w) for w in dict.fromkeys(found)]
    if all(c == 2 for c in counts):
        found = list(dict.fromkeys(found))
    return "-".join(found)


def unit(v: Vector) -> Vector:
    """The vector with length 1; zero stays zero."""
    length = math.sqrt(dot(v, v))
    return (v[0] / length, v[1] / length, v[2] / length) if length > 1e-9 else (0.0, 0.0, 0.0)


def dot(a: Vector, b: Vector) -> float:
    """Scalar product."""
    return a[0] * b[0] + a[1] * b[1] + a[2] * b[2]


def cross(a: Vector, b: Vector) -> Vector:
    """Vector product."""
    return (a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0])


# ---------------------------------------------------------------- places

_BODY = {
    # symbol: (middle, right side, left side, beside)
    "hamhead": ("forehead", "head_side", "head_side", "beside_head"),
    "hamheadtop": ("top_head", "top_head", "top_head", "above_head"),
    "hamforehead": ("forehead", "forehead_side", "forehead_other", "beside_head"),
    "hameyebrows": ("forehead", "brow", "forehead_other", "temple"),
    "hameyes": ("nose_bridge", "eye", "eye_other", "eye_corner"),
    "hamnose": ("nose", "nose_side", "nose_side_other", "cheek"),
    "hamnostrils": ("nose", "nose_side", "nose_side_other", "cheek"),
    "hamear": ("ear", "ear", "ear", "beside_head"),
    "hamearlobe": ("ear", "ear", "ear", "beside_head"),
    "hamcheek": ("cheek", "cheek", "cheek_other", "cheek_back"),
    "hamlips": ("mouth", "mouth_side", "mouth_side_other", "cheek"),
    "hamtongue": ("mouth", "mouth_side", "mouth_side_other", "cheek"),
    "hamteeth": ("mouth", "mouth_side", "mouth_side_other", "cheek"),
    "hamchin": ("chin", "chin_side", "chin_other", "jaw"),
    "hamunderchin": ("under_chin", "jaw", "jaw", "jaw"),
    "hamneck": ("neck", "neck_side", "neck_side", "neck_side"),
    "hamshouldertop": ("shoulder_top", "shoulder_top", "shoulder_top_other", "shoulder_top"),
    "hamshoulders": ("upper_chest", "shoulder", "shoulder_other", "shoulder"),
    "hamchest": ("chest", "chest_side", "chest_other", "side"),
    "hamstomach": ("belly", "waist", "waist_other", "waist"),
    "hambelowstomach": ("belly", "hip", "waist_other", "hip"),
}
_SPACE = {
    "hamshoulders": ("centre_high", "neutral_high", "neutral_other", "neutral_side"),
    "hamchest": ("centre", "neutral", "neutral_other", "neutral_side"),
    "hamstomach": ("centre_low", "neutral_low", "neutral_other", "neutral_side"),
    "hambelowstomach": ("centre_low", "neutral_low", "neutral_other", "neutral_side"),
    "hamneutralspace": ("centre", "neutral", "neutral_other", "neutral_side"),
}
"""Heights of the space before the signer, for places of the trunk that aren't touched."""
_POINTS = {
    "hamthumbball": "heel",
    "hampalm": "palm",
    "hamhandback": "back",
    "hamthumbside": "radial",
    "hampinkyside": "ulnar",
    "hamwristback": "wrist_back",
    "hamwristpulse": "wrist",
    "hamlowerarm": "forearm",
    "hamelbow": "elbow",
    "hamelbowinside": "forearm_inside",
    "hamupperarm": "upper_arm",
}
_FINGER_POINTS = {
    "hamthumb": (
        "thumb_tip",
        {"hamfingerpad": "thumb_pad", "hamfingernail": "thumb_back", "hamfingerside": "thumb_side"},
    ),
    "hamindexfinger": (
        "index_tip",
        {
            "hamfingerpad": "index_pad",
            "hamfingernail": "index_back",
            "hamfingermidjoint": "index_joint",
            "hamfingerbase": "index_knuckle",
            "hamfingerside": "index_side",
        },
    ),
    "hammiddlefinger": ("middle_tip", {"hamfingerpad": "middle_pad", "hamfingerside": "middle_side"}),
    "hamringfinger": ("ring_tip", {"hamfingerpad": "ring_pad"}),
    "hampinky": ("pinky_tip", {"hamfingerpad": "pinky_pad", "hamfingerside": "pinky_side"}),
}
_ZONES = {
    "hamfingertip": "fingertips",
    "hamfingernail": "finger_backs",
    "hamfingerpad": "finger_insides",
    "hamfingermidjoint": "middle_joints",
    "hamfingerbase": "knuckles",
    "hamfingerside": "radial",
}
_NEAR_CM, _CLOSE_CM = 9.0, 3.0


def hand_point(symbols: Sequence[Symbol]) -> str:
    """The point of a hand that symbols of fingers, zones and sides name; empty when they name none."""
    zone = next((s.name for s in symbols if s.kind == "zone"), "")
    digit = next((s.name for s in symbols if s.kind == "digit"), "")
    if digit:
        tip, others = _FINGER_POINTS[digit]
        return others.get(zone, tip)
    return _ZONES.get(zone) or next((_POINTS[s.name] for s in symbols if s.name in _POINTS), "")


def location(place: Place, other_hand: bool) -> tuple[str, str, Vector]:
    """Our place, the point of the hand that is brought there, and an offset in centimetres.

    other_hand: whether the other hand takes part, so that a point of a hand can be one of its own.
    """
    touching = place.contact in ("hamtouch", "haminterlock", "hamcross")
    own = hand_point(place.own)
    away = 0.0 if touching else _CLOSE_CM if place.contact == "hamclose" else _NEAR_CM
    offset = (0.0, 0.0, -away if place.distance == "hambehind" else away)
    body = next((s.name for s in place.body if s.name in _BODY), "")
    arm = next((s.name for s in place.body if s.name in _POINTS), "")
    column = _column(place.side)
    if body and (touching or place.contact or body not in _SPACE):
        if column == 3:
            offset = (offset[0] + 4.0, offset[1], offset[2])
        return _BODY[body][column], own, offset
    if arm:
        return f"other.{_POINTS[arm]}", own, (0.0, away, 0.0)
    if own and not body and other_hand and touching:
        return "centre", own, (0.0, 0.0, 0.0)
    name = _SPACE[body or "hamneutralspace"][column]
    far = 18.0 if place.distance == "hamarmextended" else 0.0
    return name, own, (0.0, 0.0, far)


def _column(side: str) -> int:
    if side.startswith("beside"):
        return 3
    return {"": 0, "right": 1, "left": 2}[side]
