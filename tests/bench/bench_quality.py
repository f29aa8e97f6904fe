"""Quality of signing, sign by sign: `python -m tests.bench.bench_quality [ASL] [GLOSS ...]`.

Each sign is synthesised alone from rest to rest at 48 frames a second on the embedded avatar. Columns: seconds of the
sign; reach error at contacts (mm, on the posed mesh with correctives) and how many contacts; joint-limit violations
(frames x angles); peak wrist speed (m/s); root-mean-square jerk (m/s^3); deepest hand in head, trunk and other hand
(mm); degrees by which joints and obstacles made the hand deviate from the written orientation; how far other parts of
the hand, which touch first, keep a contact off its place (mm), which the reach error leaves out.
"""

from __future__ import annotations

import sys
import time

import numpy as np

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.gloss import GlossItem, GlossPhrase, GlossPlan
from engine.lexicon.loader import Lexicon, load_language
from engine.lexicon.phonology import Sign
from engine.lexicon.synthesis import synthesise
from engine.lexicon.synthesis.stage import stage_for
from engine.lexicon.synthesis.synthesiser import Manner, Performance
from engine.metrics.quality import JERK_LIMIT, SPEED_LIMIT, kept_off, measure, reach_errors
from engine.rotations import angle_between, quaternion_from_matrix

FPS = 48.0


def plan_of(sign: Sign) -> GlossPlan:
    item = GlossItem("sign", sign.gloss, sign=sign)
    return GlossPlan(sign.gloss, sign.language, (GlossPhrase((item,)),))


def figures(body: BodyModel, lexicon: Lexicon, sign: Sign) -> list[float]:
    performance = Performance(stage_for(body), plan_of(sign), lexicon, Manner(), np.random.default_rng(0))
    performance.correct_contacts()
    times = np.arange(int(performance.timeline.duration * FPS) + 1) / FPS
    sequence = performance.sequence(times, FPS)
    quality = measure(body, sequence, every=4)
    errors = reach_errors(performance)
    turned = [
        np.degrees(angle_between(quaternion_from_matrix(s.targets.hand), quaternion_from_matrix(s.hand))).max()
        for s in performance.solved.values()
    ]
    span = performance.segments()[0]
    return [
        span.end - span.start,
        max(errors, default=0.0),
        len(errors),
        quality.violations,
        quality.peak_speed,
        quality.jerk,
        quality.hand_head,
        quality.hand_trunk,
        quality.hand_hand,
        max(turned),
        max(kept_off(performance), default=0.0),
    ]


def speed(body: BodyModel, lexicon: Lexicon) -> tuple[float, float, float]:
    """Seconds of motion of a ten-item sentence, and its warm time, best of five: seconds on the clock, and of processor
    time, which is what an idle core would take."""
    signs = list(lexicon.signs.values())[:9]
    items = (
        *(GlossItem("sign", s.gloss, sign=s) for s in signs),
        GlossItem("fingerspell", "fs-ANNA", letters=tuple("ANNA")),
    )
    plan = GlossPlan("", lexicon.language, (GlossPhrase(items),))
    times = []
    duration = 0.0
    for _ in range(6):
        wall, cpu = time.perf_counter(), time.process_time()
        duration = synthesise(plan, lexicon, body)[0].duration
        times.append((time.perf_counter() - wall, time.process_time() - cpu))
    wall, cpu = np.min(times[1:], axis=0)
    return duration, float(wall), float(cpu)


def main(arguments: list[str]) -> None:
    language, wanted = (arguments or ["ASL"])[0], set(arguments[1:])
    body, lexicon = BodyModel.load(EMBEDDED_AVATAR), load_language(language)
    groups = {"": lexicon.authored, "fs-": lexicon.letters, "#": lexicon.numbers}
    rows = []
    heads = ("sec", "reach", "n", "limits", "speed", "jerk", "in head", "in trunk", "in hand", "turned", "kept off")
    print(f"{'sign':20s}" + "".join(f"{h:>9s}" for h in heads))
    begun = time.perf_counter()
    for prefix, signs in groups.items():
        for name, sign in signs.items():
            if wanted and name not in wanted:
                continue
            row = figures(body, lexicon, sign)
            rows.append(row)
            print(
                f"{prefix + name:20s}" + "".join(f"{v:9.0f}" if k in (2, 3) else f"{v:9.2f}" for k, v in enumerate(row))
            )
    table = np.array(rows)
    for label, values in (("median", np.median(table, axis=0)), ("maximum", table.max(axis=0))):
        print(f"{label:20s}" + "".join(f"{v:9.2f}" for v in values))
    deep = table[:, 6:9].max(axis=1)
    print(f"{len(rows)} signs in {time.perf_counter() - begun:.0f} s.")
    print(f"Reach error over 2 mm: {(table[:, 1] > 2.0).sum()}. Joint-limit violations: {table[:, 3].sum():.0f}.")
    fast, jerky = (table[:, 4] > SPEED_LIMIT).sum(), (table[:, 5] > JERK_LIMIT).sum()
    print(f"Faster than {SPEED_LIMIT} m/s: {fast}. Jerk over {JERK_LIMIT}: {jerky}.")
    print(f"Penetration under 5 mm: {(deep < 5.0).sum()} signs; under 10 mm: {(deep < 10.0).sum()}.")
    duration, wall, cpu = speed(body, lexicon)
    print(f"Ten items, {duration:.1f} s of motion: {wall:.2f} s, {cpu:.2f} s of processor time.")


if __name__ == "__main__":
    main(sys.argv[1:])
