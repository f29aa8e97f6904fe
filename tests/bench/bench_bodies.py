"""Do arms reach on any body: `python -m tests.bench.bench_bodies [BODIES] [LANGUAGE ...]`.

Every sign, letter and number is solved on bodies of random shape: ten shape values, each normally distributed with
standard deviation 1 (seeds 0, 1, 2 ...), on the embedded avatar. A sign fails on a body when a posture is not finite,
when a wrist stays more than 10 mm from where it should be because the arm is too short or too folded, or when a contact
is missed by more than 10 mm on the finished, posed mesh. Signs are solved 20 at a time, as in a sentence.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field

import numpy as np

from engine import languages
from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.gloss import GlossItem, GlossPhrase, GlossPlan
from engine.lexicon.loader import Lexicon, load_language
from engine.lexicon.phonology import Sign
from engine.lexicon.synthesis.solve import arm_rotations
from engine.lexicon.synthesis.stage import Stage
from engine.lexicon.synthesis.synthesiser import Manner, Performance

BODIES = 20
FAILED = 0.010
"""Metres."""
_TOGETHER = 20


@dataclass
class Failures:
    """What was tried and what failed."""

    tried: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    """On how many bodies, by key."""
    worst_contact: float = 0.0
    """Millimetres."""

    def __add__(self, other: Failures) -> Failures:
        worst = max(self.worst_contact, other.worst_contact)
        return Failures(self.tried + other.tried, self.failed + other.failed, worst)

    @property
    def count(self) -> int:
        """Failures over all signs and bodies."""
        return self.failed.total()


def failures(language: str, bodies: int = BODIES, glosses: set[str] | None = None) -> Failures:
    """Solve all written signs of a language on random bodies."""
    lexicon, body = load_language(language), BodyModel.load(EMBEDDED_AVATAR)
    entries = [*lexicon.signs.values(), *lexicon.letters.values(), *lexicon.numbers.values()]
    signs = [s for s in entries if isinstance(s, Sign) and (glosses is None or s.gloss in glosses)]
    result = Failures()
    for seed in range(bodies):
        betas = np.random.default_rng(seed).normal(0.0, 1.0, body.shape_directions.shape[2])
        stage = Stage(body, betas)
        for first in range(0, len(signs), _TOGETHER):
            _try(stage, lexicon, signs[first : first + _TOGETHER], result)
    return result


def _try(stage: Stage, lexicon: Lexicon, signs: list[Sign], result: Failures) -> None:
    items = tuple(GlossItem("sign", s.gloss, sign=s) for s in signs)
    plan = GlossPlan("", lexicon.language, (GlossPhrase(items),))
    performance = Performance(stage, plan, lexicon, Manner(), np.random.default_rng(0))
    performance.correct_contacts()
    item_of = np.array([beat.item for beat in performance.beats])
    bad: set[int] = set()
    for side, missed in performance.contact_errors().items():
        solved = performance.solved[side]
        short = arm_rotations(stage.rig.arms[side], solved.pose).short
        distance = np.linalg.norm(missed, axis=1)
        result.worst_contact = max(result.worst_contact, 1000.0 * float(distance.max(initial=0.0)))
        wrong = ~np.isfinite(solved.pose.wrist).all(axis=1) | ~(short < FAILED) | ~(distance < FAILED)
        bad |= set(item_of[solved.targets.beats[wrong]].tolist()) - {-1}
    result.tried += len(signs)
    result.failed.update(signs[i].key for i in bad)


def main(arguments: list[str]) -> None:
    bodies = int(arguments[0]) if arguments else BODIES
    codes = arguments[1:] or [language.code for language in languages.with_signs()]
    for code in codes:
        began = time.perf_counter()
        found = failures(code, bodies)
        print(
            f"{code}: {found.count} failures in {found.tried} tries on {bodies} bodies; worst contact "
            f"{found.worst_contact:.1f} mm; {time.perf_counter() - began:.0f} s."
        )
        for key, count in found.failed.most_common():
            print(f"  {key}: {count}")


if __name__ == "__main__":
    main(sys.argv[1:])
