"""What a sign is made of: the phonological types that the lexicon's TOML files describe.

The model is a series of *postures* joined by *paths* (movement-hold model, Liddell & Johnson
1989), with the classical parameters of each posture: handshape, location and contact,
orientation. Everything is written for a right-handed signer in the signer's own terms:

- directions: `up`, `down`, `forward` (away from the signer), `back` (to the signer), `out` (to
  the side of the hand that moves), `in` (to the midline); joined by hyphens: `up-forward`;
- offsets in centimetres along (out, up, forward); angles in degrees; times in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

Hands = Literal["one", "symmetric", "alternating", "base"]
"""One hand; both mirrored; both mirrored half a cycle apart; dominant acts on a still base hand."""

PathShape = Literal["straight", "arc", "circle", "zigzag"]
Local = Literal["", "wiggle", "twist", "nod", "rub", "shake", "open_close"]
"""Movement inside a posture: fingers wiggle, forearm twists, wrist nods, thumb rubs fingertips,
wrist shakes sideways, fingers open and close."""

DIRECTIONS = ("up", "down", "forward", "back", "out", "in")
LOCUS_DIRECTIONS = {"goal": "forward", "source": "back"}
"""Direction words of directional signs, towards the place of the goal or the source, and what they mean when the text
gives no places: the signer acts on the addressee."""

Agreement = Literal["", "object", "subject_object", "object_subject"]
"""What the places `goal` and `source` of a directional sign stand for (Padden 1988): `object`: the goal is the object;
`subject_object`: from the subject (source) to the object (goal); `object_subject`: a backward verb, from the object to
the subject."""

Locus = Literal["", "1", "2", "3a", "3b", "3c", "3d"]
"""A place in signing space that stands for somebody: the signer, the addressee, and others to the right, to the left,
further right, further left of a right-handed signer. Empty: the sign's citation form."""


@dataclass(frozen=True)
class FingerPose:
    """One finger's joint angles in degrees, flexion positive; spread positive away from the middle finger."""

    mcp: float = 0.0
    pip: float = 0.0
    dip: float = 0.0
    spread: float = 0.0


@dataclass(frozen=True)
class ThumbPose:
    """The thumb: `oppose` swings it over the palm, `abduct` lifts it off the palm's side, then flexion.

    `roll` turns the pad, and with it the plane of flexion, towards the little finger."""

    oppose: float = 0.0
    abduct: float = 0.0
    mcp: float = 0.0
    ip: float = 0.0
    roll: float = 0.0


@dataclass(frozen=True)
class Handshape:
    """A named hand configuration."""

    name: str
    description: str
    thumb: ThumbPose
    index: FingerPose
    middle: FingerPose
    ring: FingerPose
    pinky: FingerPose


@dataclass(frozen=True)
class Posture:
    """One target of one hand. `None` fields inherit from the posture before."""

    shape: str | None = None
    at: str | None = None
    """A location from `locations.toml` (body or the other hand, `other.palm`), or `neutral`."""
    touch: str | None = None
    """Point of this hand that is brought there (`fingertips`, `index_tip`, `palm`, ...)."""
    offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    """Centimetres along (out, up, forward) added to the location."""
    palm: str | None = None
    """Direction the palm faces."""
    fingers: str | None = None
    """Direction from the wrist to the middle knuckle."""
    path: PathShape = "straight"
    """How the hand comes here from the posture before."""
    bulge: str = "forward"
    """Side to which an arc bulges; axis-plane hint for circles."""
    size: float = 0.0
    """Bulge of an arc, radius of a circle, amplitude of a zigzag, in centimetres; 0 picks a plain default."""
    turns: float = 1.0
    """Revolutions of a circle (negative: the other way round), swings of a zigzag."""
    local: Local = ""
    hold: float = 0.0
    """Seconds that the hand stays."""
    time: float | None = None
    """Seconds of the movement to here; by distance when `None`."""


@dataclass(frozen=True)
class NonManual:
    """Face, head and gaze of a sign or a phrase."""

    face: dict[str, float] = field(default_factory=dict)
    """Face units of `skeleton.EXPRESSION_NAMES`, 0 to 1."""
    head: Literal["", "nod", "shake", "tilt", "tilt_back", "forward", "down", "turn"] = ""
    mouth: str = ""
    """Mouthed word in letters (`fish`), or a mouth gesture of the same letters (`mm`, `pah`)."""
    gaze: str = ""
    """Direction words, or empty for the addressee."""


@dataclass(frozen=True)
class Sign:
    """One authored dictionary entry: postures, or the `parts` of a compound."""

    gloss: str
    language: str
    words: tuple[str, ...]
    """Spoken words or phrases (lemmas) that the sign renders, the first is the main one."""
    hands: Hands = "one"
    postures: tuple[Posture, ...] = ()
    base: tuple[Posture, ...] = ()
    """Postures of the other hand, for `hands = "base"`."""
    parts: tuple[Sign, ...] = ()
    """Signs that a compound runs through in one flow, each made once and shorter; then `postures` is empty."""
    repeat: int = 1
    """How often the movement is made in all."""
    agreement: Agreement = ""
    """How a directional sign's places `source` and `goal` are filled."""
    to_signer: str = ""
    """Gloss of the sign that is made instead when the goal is the signer, as MY is for a possessive."""
    nonmanual: NonManual = field(default_factory=NonManual)
    pos: str = ""
    """Part of speech where a word has several: noun, verb, adjective, ..."""
    sense: str = ""
    """What it means, in a few words, where one of its words has several signs: `operate a machine`."""
    context: tuple[str, ...] = ()
    """Words (lemmas) in the same clause that speak for this sense."""
    description: str = ""
    """How the sign is made, in words, for the person who reviews it."""
    author: str = "Signwright contributors"
    licence: str = "CC0-1.0"
    reviewed_by: str = ""
    file: str = ""
    line: int = 0

    @property
    def key(self) -> str:
        """`asl/HELLO`: unique over all languages."""
        return f"{self.language.lower()}/{self.gloss}"
