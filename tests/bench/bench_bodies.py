"""Do arms reach on any body: `python -m tests.bench.bench_bodies [BODIES] [LANGUAGE ...]`.

Every sign, letter and number is solved on bodies of random shape and counted as `engine/metrics/reach.py` says: a sign
fails on a body when a contact is missed by more than 10 mm on the posed mesh, when a joint is bent beyond its range, or
when a number isn't finite.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from dataclasses import dataclass, field

from engine import languages
from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.lexicon.loader import load_language
from engine.lexicon.phonology import Sign
from engine.metrics.reach import random_shapes, reach_all

BODIES = 20


@dataclass
class Failures:
    """What was tried and what failed."""

    tried: int = 0
    failed: Counter[str] = field(default_factory=Counter)
    """On how many bodies, by gloss."""
    worst_contact: float = 0.0
    """Millimetres."""

    def __add__(self, other: Failures) -> Failures:
        worst = max(self.worst_contact, other.worst_contact)
        return Failures(self.tried + other.tried, self.failed + other.failed, worst)

    @property
    def count(self) -> int:
        """Failures over all signs and bodies."""
        return self.failed.total()


def failures(language: str, bodies: int = BODIES) -> Failures:
    """Solve all that is written of a language on random bodies."""
    lexicon, body = load_language(language), BodyModel.load(EMBEDDED_AVATAR)
    entries = [*lexicon.signs.values(), *lexicon.letters.values(), *lexicon.numbers.values()]
    signs = [s for s in entries if isinstance(s, Sign)]
    tries = reach_all(body, lexicon, random_shapes(body, bodies), signs)
    failed = Counter(reached.gloss for reached in tries if reached.failed)
    return Failures(len(tries), failed, max((reached.reach for reached in tries), default=0.0))


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
        for gloss, count in found.failed.most_common():
            print(f"  {gloss}: {count}")


if __name__ == "__main__":
    main(sys.argv[1:])
