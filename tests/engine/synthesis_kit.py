"""What tests of the synthesiser share: small signs, plans of them, and looks at the motion."""

from __future__ import annotations

import numpy as np

from engine.body import BodyModel
from engine.gloss import GlossItem, GlossPhrase, GlossPlan
from engine.lexicon.loader import Lexicon
from engine.lexicon.phonology import Posture, Sign
from engine.lexicon.recorded import Entry
from engine.lexicon.synthesis.stage import stage_for
from engine.lexicon.synthesis.synthesiser import Manner, Performance
from engine.skeleton import EXPRESSION_NAMES, JOINT_INDEX
from engine.take import PoseSequence, Segment


def sign(gloss: str, hands: str, *postures: Posture, **more) -> Sign:
    return Sign(gloss=gloss, language="ASL", words=(gloss.lower(),), hands=hands, postures=postures, **more)


FLAT_UP = {"shape": "flat", "palm": "back", "fingers": "up-up-in"}
CHIN = sign(
    "CHIN",
    "one",
    Posture(at="chin", touch="fingertips", hold=0.1, **FLAT_UP),
    Posture(at="neutral", offset=(0, 4, 6), palm="up-back", fingers="forward-up", path="arc", bulge="up"),
)
FOREHEAD = sign(
    "FOREHEAD", "one", Posture(shape="5", at="forehead", touch="thumb_tip", palm="in", fingers="up", hold=0.15)
)
TAP = sign(
    "TAP",
    "base",
    Posture(shape="flat", at="other.palm", touch="palm", offset=(0, 5, 0), palm="down", fingers="forward-in"),
    Posture(at="other.palm", touch="palm", hold=0.05),
    base=(Posture(shape="flat", at="centre", offset=(0, 0, 6), palm="up", fingers="forward-forward-in"),),
    repeat=2,
)
APART = sign(
    "APART",
    "symmetric",
    Posture(shape="1", at="centre", offset=(4, 4, 6), palm="in", fingers="up"),
    Posture(at="centre", offset=(18, 4, 6)),
)
PEDAL = sign(
    "PEDAL",
    "alternating",
    Posture(shape="S", at="centre", offset=(8, 8, 6), palm="down", fingers="forward"),
    Posture(at="centre", offset=(8, -4, 6)),
    repeat=2,
)
WHEELS = sign(
    "WHEELS",
    "alternating",
    Posture(shape="S", at="centre", offset=(9, 0, 2), palm="down", fingers="forward"),
    Posture(at="centre", offset=(9, 0, 2), path="circle", bulge="up forward", size=5, turns=2),
)
NOD = sign("NOD", "one", Posture(shape="S", at="neutral", palm="forward-down", fingers="forward-up", local="nod"))
CIRCLE = sign(
    "CIRCLE",
    "one",
    Posture(shape="flat", at="neutral", palm="down", fingers="forward"),
    Posture(at="neutral", path="circle", bulge="forward", size=6, turns=2),
)


def item(what: Entry | str, **more) -> GlossItem:
    if not isinstance(what, str):
        return GlossItem("sign", what.gloss, sign=what, **more)
    return GlossItem("fingerspell", f"fs-{what}", letters=tuple(what), **more)


def plan(*what: Entry | str | GlossItem, kind="statement", negated=False) -> GlossPlan:
    items = tuple(w if isinstance(w, GlossItem) else item(w) for w in what)
    return GlossPlan("text", "ASL", (GlossPhrase(items, kind, negated),))


def perform(body: BodyModel, lexicon: Lexicon, what: GlossPlan, speed: float = 1.0, seed: int = 0) -> Performance:
    performance = Performance(stage_for(body), what, lexicon, Manner(speed), np.random.default_rng(seed))
    performance.correct_contacts()
    return performance


def joint(body: BodyModel, sequence: PoseSequence, name: str) -> np.ndarray:
    return body.forward_kinematics(sequence.poses)[:, JOINT_INDEX[name], :3, 3]


def at(sequence: PoseSequence, segment: Segment) -> slice:
    return slice(int(segment.start * sequence.fps), int(segment.end * sequence.fps) + 1)


def unit(sequence: PoseSequence, name: str) -> np.ndarray:
    return sequence.expression[:, EXPRESSION_NAMES.index(name)]


def held(performance: Performance, name: str) -> np.ndarray:
    """Places of a joint in the middle of each hold of the first item."""
    beats = [b for b, beat in enumerate(performance.beats) if beat.item == 0]
    line = performance.timeline
    posed = performance.stage.rig.forward(performance.local(0.5 * (line.arrive + line.release)[beats])[0])
    return posed.position[:, JOINT_INDEX[name]]
