"""Time and memory of the synthesiser: `python -m tests.bench.bench_synthesis [ASL]`, with OPENBLAS_NUM_THREADS=1.

Sentences of ten items spread over the lexicon, warm, on the embedded avatar at 24 frames a second. Processor time is
what an idle core would take; the least of several runs is given for a sentence, the median and the worst over
sentences. The stages of one sentence are timed apart. Last, the peak memory of a text of about 2,000 characters, in a
process of its own.
"""

from __future__ import annotations

import itertools
import resource
import subprocess
import sys
import time

import numpy as np

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.gloss import GlossItem, GlossPhrase, GlossPlan
from engine.lexicon.loader import Lexicon, load_language
from engine.lexicon.synthesis import synthesise

GOAL = 0.25
"""Seconds of one core for ten seconds of motion."""
SENTENCES, RUNS = 12, 5
LONG = 350
"""Items of a text of about 2,000 characters."""


def sentence(lexicon: Lexicon, first: int, step: int, count: int = 9) -> GlossPlan:
    signs = list(lexicon.authored.values())
    chosen = [signs[(first + i * step) % len(signs)] for i in range(count)]
    letters = tuple(list(lexicon.letters)[:4])
    items = (*(GlossItem("sign", s.gloss, sign=s) for s in chosen), GlossItem("fingerspell", "fs", letters=letters))
    return GlossPlan("", lexicon.language, (GlossPhrase(items),))


def timed(plan: GlossPlan, lexicon: Lexicon, body: BodyModel) -> tuple[float, float]:
    """Seconds of motion, and the least processor seconds that it took."""
    times = []
    for _ in range(RUNS):
        begun = time.process_time()
        motion, _ = synthesise(plan, lexicon, body)
        times.append(time.process_time() - begun)
    return motion.duration, min(times)


def print_stages(plan: GlossPlan, lexicon: Lexicon, body: BodyModel) -> None:
    marks: list[tuple[str, float]] = []
    synthesise(plan, lexicon, body, report=lambda stage, done: marks.append((stage, time.process_time())))
    marks.append(("", time.process_time()))
    spent: dict[str, float] = {}
    for (stage, begun), (_, ended) in itertools.pairwise(marks):
        spent[stage] = spent.get(stage, 0.0) + ended - begun
    named = {"Measuring the body": "postures, paths and times", "Solving contacts": "contacts on the mesh"}
    for stage, seconds in spent.items():
        print(f"  {named.get(stage, 'frames'):28s}{1000 * seconds:7.0f} ms")


def main(language: str) -> None:
    body, lexicon = BodyModel.load(EMBEDDED_AVATAR), load_language(language)
    step = max(len(lexicon.authored) // 9, 1)
    plans = [sentence(lexicon, k, step) for k in range(SENTENCES)]
    synthesise(plans[0], lexicon, body)
    rates = []
    for plan in plans:
        duration, seconds = timed(plan, lexicon, body)
        rates.append(10.0 * seconds / duration)
    print(f"Processor seconds for 10 s of motion, over {SENTENCES} sentences of ten items (goal {GOAL}):")
    print(f"  median {np.median(rates):.3f}, worst {max(rates):.3f}")
    print("One sentence by stages:")
    print_stages(plans[0], lexicon, body)
    own = [sys.executable, "-m", "tests.bench.bench_synthesis", language, "memory"]
    print(subprocess.run(own, check=True, capture_output=True, text=True).stdout.strip())


def print_memory(language: str) -> None:
    body, lexicon = BodyModel.load(EMBEDDED_AVATAR), load_language(language)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    motion, _ = synthesise(sentence(lexicon, 0, 7, LONG), lexicon, body)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"{LONG} items, {motion.duration:.0f} s of motion: {peak:.0f} MB at most, {before:.0f} MB before.")


if __name__ == "__main__":
    code = sys.argv[1] if len(sys.argv) > 1 else "ASL"
    print_memory(code) if "memory" in sys.argv[2:] else main(code)
