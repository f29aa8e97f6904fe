"""Whether the arm's inverse kinematics holds up on any body: signs of a lexicon on bodies of many shapes.

A *failure* is a touching point more than `REACH_LIMIT` millimetres from where it should be, a joint angle beyond its
range, or a number that isn't finite. Signs are performed in sentences of `_SENTENCE`, which is quicker than one by one
and includes the ways between them; contacts and joints are looked at in the middle of each hold.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..body import BodyModel
from ..gloss import GlossItem, GlossPhrase, GlossPlan
from ..lexicon.loader import Lexicon
from ..lexicon.phonology import Sign
from ..lexicon.synthesis.stage import Stage, stage_for
from ..lexicon.synthesis.synthesiser import Manner, Performance
from ..rotations import axis_angle_from_matrix
from ..skeleton import POSE_SIZE
from .quality import violations_by_frame

Array = NDArray[np.floating]

REACH_LIMIT = 10.0
"""Millimetres."""
SHAPE_SPREAD = 1.5
"""Standard deviation of random shape values; SMPL-X's are drawn with 1."""
_SENTENCE = 24


@dataclass(frozen=True)
class Reached:
    """How well one sign is made on one body."""

    gloss: str
    body: int
    reach: float
    """Millimetres that the worst contact misses by; 0 without contacts."""
    kept_off: float
    """Millimetres that other parts of the hand keep the contact off its place."""
    violations: int
    """Joint angles beyond their ranges at the holds."""

    @property
    def failed(self) -> bool:
        """Whether inverse kinematics failed."""
        return not self.reach <= REACH_LIMIT or self.violations > 0


def random_shapes(body: BodyModel, count: int, seed: int = 0, components: int = 10) -> list[Array]:
    """Shape values of bodies, drawn independently."""
    size = min(components, body.shape_directions.shape[2])
    return list(np.random.default_rng(seed).normal(0.0, SHAPE_SPREAD, (count, size)))


def reach_all(
    body: BodyModel,
    lexicon: Lexicon,
    shapes: Iterable[Array],
    signs: Sequence[Sign] | None = None,
    tell: Callable[[int], None] = lambda done: None,
) -> list[Reached]:
    """Every sign on every shape of a body. signs: all written ones when `None`. tell: called with a body's number."""
    chosen = list(lexicon.authored.values()) if signs is None else list(signs)
    result: list[Reached] = []
    for number, betas in enumerate(shapes):
        stage = stage_for(body, betas)
        for first in range(0, len(chosen), _SENTENCE):
            result += _sentence(stage, lexicon, chosen[first : first + _SENTENCE], number)
        tell(number)
    return result


def _sentence(stage: Stage, lexicon: Lexicon, signs: list[Sign], number: int) -> list[Reached]:
    items = tuple(GlossItem("sign", s.gloss, sign=s) for s in signs)
    plan = GlossPlan("", lexicon.language, (GlossPhrase(items),))
    performance = Performance(stage, plan, lexicon, Manner(variation=0.0), np.random.default_rng(0))
    performance.correct_contacts()
    reach, off = np.zeros(len(signs)), np.zeros(len(signs))
    of_beat = np.array([beat.item for beat in performance.beats])
    for side, missed in performance.contact_errors().items():
        targets = performance.targets[side]
        rows = np.flatnonzero(targets.contact)
        at = of_beat[targets.beats[rows]]
        np.maximum.at(reach, at, 1000.0 * np.linalg.norm(missed[rows], axis=1))
        np.maximum.at(off, at, 1000.0 * np.linalg.norm(performance.solved[side].pushed[rows], axis=1))
    broken = np.zeros(len(signs), dtype=int)
    own = np.flatnonzero(of_beat >= 0)
    line = performance.timeline
    local = performance.local(0.5 * (line.arrive + line.release)[own])[0]
    poses = axis_angle_from_matrix(local).reshape(len(own), POSE_SIZE)
    np.add.at(broken, of_beat[own], violations_by_frame(stage.rig.joints, poses))
    finite = np.isfinite(poses).all()
    return [
        Reached(s.gloss, number, float(r) if finite else np.nan, float(o), int(b))
        for s, r, o, b in zip(signs, reach, off, broken, strict=True)
    ]
