"""The neural method's speed and size: `python -m tests.bench.bench_neural [--models FOLDER] [--bundle ID] [--runs N]`.

Method: as in bench_engine, from outside through the add-on's own client and pipes. Cold: from creating the process to
the result of the first take of ten words, compiled files and files of the model in the cache of the system; median and
worst of RUNS. Warm: from the request to the result, the take written; median and 95th percentile of 4 * RUNS, and the
processor time of one. Memory: resident size by /proc after the takes, and its peak. Modes: the same text greedy,
sampled, by beams, dictionary-exact and as four variations. Seams: 20 ranges of a quarter of a take of the dictionary
method made anew with all parts; largest speed of a joint at a seam, beside that joint's largest in the take before.
With `--tokens FOLDER` (what `python -m engine tokenize` wrote): where the alignment finds the signs and the spelled
words of up to 200 held-out sentences, against where the synthesiser put them; sentences with a sign that the model's
dictionary lacks are left out.

With random weights times and memory are those of a trained model of the same size, and only those.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import statistics
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np

from engine import bundles
from engine.protocol import PROTOCOL
from tests.bench.bench_engine import ROOT, client, cpu_seconds, memory_mb, percentile

TEXT = "Hello, my name is Anna. I want to learn signs."
MODES: dict[str, dict[str, Any]] = {
    "greedy": {},
    "sampled at 0.8": {"temperature": 0.8},
    "4 beams": {"beams": 4},
    "exact": {"mode": "exact"},
}


class Engine:
    """A child process of the engine that generates by one model."""

    def __init__(self, folder: Path, models: str, bundle: str) -> None:
        self.folder, self._models, self._bundle = folder, models, bundle
        log = folder / "engine.log"
        command = client.engine_command(sys.executable, log)
        self.process = client.EngineProcess(command, client.engine_environment(ROOT, folder / "cache"), log)
        self.process.start()
        self.process.wait(self.process.request("hello", protocol=PROTOCOL, models=models), 60.0)

    def ask(self, kind: str, options: dict[str, Any] | None = None, **fields: Any) -> tuple[float, Any]:
        """Seconds from a request to its result, and the result."""
        began = time.perf_counter()
        chosen = {"bundle": self._bundle, **(options or {})}
        number = self.process.request(kind, models=self._models, options=chosen, **fields)
        while True:
            for message in self.process.poll():
                if message["type"] in client.FINAL_TYPES and message["id"] == number:
                    assert message["type"] == "result", message
                    return time.perf_counter() - began, message
            time.sleep(0.005)

    def generate(self, options: dict[str, Any] | None = None, **fields: Any) -> float:
        """Seconds of one take."""
        output = str(self.folder / "take.npz")
        return self.ask("generate", options, text=TEXT, method="neural", output=output, **fields)[0]


def cold(folder: Path, models: str, bundle: str, runs: int) -> list[float]:
    """Seconds from nothing to the first take."""
    result = []
    for _ in range(runs + 1):  # the first one fills the caches
        began = time.perf_counter()
        engine = Engine(folder, models, bundle)
        engine.generate()
        result.append(time.perf_counter() - began)
        engine.process.stop()
    return result[1:]


def seams(engine: Engine) -> Iterator[dict[str, Any]]:
    """The seams of ranges made anew."""
    plain, edited = engine.folder / "plain.npz", engine.folder / "edited.npz"
    _, made = engine.ask("generate", {}, text=TEXT, output=str(plain), method="dictionary")
    seconds = made["frames"] / made["fps"]
    for seed, start in enumerate(np.linspace(0.1, 0.7, 20) * seconds):
        answer = engine.ask(
            "regenerate", take=str(plain), output=str(edited), start=float(start), end=float(start + seconds / 4),
            seed=seed,
        )[1]  # fmt: skip
        yield from answer["seams"]


def alignment(tokens: Path, found: bundles.Listed, most: int = 200) -> str:
    """How well the signs of held-out sentences are found."""
    from engine.soke.opening import open_model
    from engine.soke.segments import align
    from engine.tokenizer.features import PARTS

    model = open_model(found)
    table = np.load(tokens / "tokens.npz")
    clips = [json.loads(line) for line in (tokens / "clips.jsonl").read_text(encoding="utf-8").splitlines()]
    errors, lost, count, used, left_out = [], 0, 0, 0.0, 0
    held_out = [i for i, c in enumerate(clips) if c["source"] == "sentence" and c["split"] != "train"][:most]
    for i in held_out:
        clip, begin, end = clips[i], table["start"][i], table["start"][i] + table["steps"][i]
        entries = [model.dictionary.first(keys) for keys in clip["retrieved"]]
        truth = [s for s in clip["segments"] if s[1] != "pause"]
        owners = [k for k, segment in enumerate(truth) for _ in range(letters(segment))]
        if None in entries or len(owners) != len(entries):
            left_out += 1
            continue
        began = time.perf_counter()
        codes = {part: table[part][begin:end].astype(int) for part in PARTS}
        spans = align(codes, [e.codes for e in entries if e], model.space)
        used += time.perf_counter() - began
        count += len(truth)
        for k, segment in enumerate(truth):
            own = [span for span in spans if owners[span.sign] == k]
            lost += not own
            if own:
                errors += [abs(own[0].first - segment[3]), abs(own[-1].end - segment[4])]
    return (
        f"{len(errors) / 2:.0f} of {count} signs found, {lost} not; borders off by {np.mean(errors):.2f} steps on "
        f"average ({np.mean(errors) * model.step_seconds:.2f} s), 95 % within {np.percentile(errors, 95):.0f} steps; "
        f"{1e3 * used / max(len(held_out), 1):.0f} ms a sentence; {left_out} sentences left out"
    )


def letters(segment: list[Any]) -> int:
    """Entries of the dictionary that stand for a segment: one, or one a letter or digit where it is spelled."""
    gloss, _, key = segment[:3]
    return 1 if key else len(gloss.removeprefix("fs-").removeprefix("#"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="", help="your own models")
    parser.add_argument("--bundle", default="", help="id of a model")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--tokens", type=Path)
    given = parser.parse_args()
    print(__doc__)
    lacking = bundles.lacking(given.models)
    if lacking:
        print(lacking)
        return
    found = bundles.choose(given.bundle, given.models)
    size = sum(f.bytes for f in found.bundle.manifest.files.values()) / 1e6 if found.bundle else 0.0
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    print(f"Model {found.id}, {size:.1f} MB\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        colds = cold(folder, given.models, given.bundle, given.runs)
        print(f"cold start to first take   {statistics.median(colds):6.2f} s   worst {max(colds):.2f} s   (limit 4.0)")
        engine = Engine(folder, given.models, given.bundle)
        pid = engine.process.pid
        for mode, options in MODES.items():
            engine.generate(options)
            used = cpu_seconds(pid)
            times = [engine.generate(options) for _ in range(4 * given.runs)]
            used = (cpu_seconds(pid) - used) / len(times)
            limit = "   (limit 1.0)" if not options else ""
            print(
                f"warm, 10 words, {mode:14}{statistics.median(times):7.3f} s   p95 {percentile(times, 0.95):.3f} s   "
                f"processor {used:.3f} s{limit}"
            )
        print(f"four variations            {engine.generate(variations=4):7.3f} s")
        print(
            f"memory after the takes     {memory_mb(pid, 'VmRSS'):6.0f} MB   peak {memory_mb(pid, 'VmHWM'):.0f} MB   "
            "(limit 600)"
        )
        ends = list(seams(engine))
        ratios = [s["velocity"] / s["own"] for s in ends if s["own"] > 1.0]
        print(
            f"{len(ends)} seams: {statistics.median(s['velocity'] for s in ends):.0f} degrees/s, worst "
            f"{max(s['velocity'] for s in ends):.0f}; {statistics.median(ratios):.2f} of the joint's own largest, "
            f"worst {max(ratios):.2f}"
        )
        engine.process.stop()
    if given.tokens is not None:
        print(alignment(given.tokens, found))


if __name__ == "__main__":
    main()
