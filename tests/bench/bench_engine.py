"""The engine's speed and size: `python -m tests.bench.bench_engine [RUNS]`.

Method: every figure is taken from outside, through the add-on's own client and real pipes, with the environment that
the add-on sets. Cold start: from creating the process to its answer to `hello`, compiled files cached, the file cache
warm; median and worst of RUNS. Plan: from sending the request to the answer, ten words. Generate: from sending the
request to the answer, the take written to a temporary folder; ten words, 24 frames a second; median and 95th
percentile of 4 * RUNS after one that isn't counted; and its processor time, which other programs don't lengthen.
Memory: resident size by /proc, at rest after loading, after the takes, and its peak. Tick: one `poll` while a take is
made, 99th percentile.
"""

from __future__ import annotations

import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from plain_addon import ROOT, addon_module

from engine.lexicon.loader import load_language
from engine.protocol import PROTOCOL
from engine.text.lemmas import lemma

TEXT = "Hello, my name is Anna. I want to learn signs."
client = addon_module("engine_process")


def started(folder: Path) -> tuple[Any, float]:
    """An engine that has said hello, and how long that took."""
    log = folder / "engine.log"
    began = time.perf_counter()
    engine = client.EngineProcess(
        client.engine_command(sys.executable, log), client.engine_environment(ROOT, folder / "cache"), log
    )
    engine.start()
    engine.wait(engine.request("hello", protocol=PROTOCOL), 30.0)
    return engine, time.perf_counter() - began


def memory_mb(pid: int, field: str) -> float:
    """`VmRSS` or `VmHWM` of a process; nan where there is no /proc."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def cpu_seconds(pid: int) -> float:
    """Processor time that a process has used; nan where there is no /proc."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return float("nan")
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def generate(engine: Any, output: Path, text: str, ticks: list[float]) -> float:
    """Seconds from the request to its result, polled every 5 ms."""
    began = time.perf_counter()
    number = engine.request("generate", text=text, output=str(output))
    while True:
        before = time.perf_counter()
        messages = engine.poll()
        ticks.append(time.perf_counter() - before)
        for message in messages:
            if message["type"] in client.FINAL_TYPES and message["id"] == number:
                assert message["type"] == "result", message
                return time.perf_counter() - began
        time.sleep(0.005)


def planned(engine: Any, text: str) -> float:
    """Seconds from a `plan` request to its result, without waiting between polls."""
    began = time.perf_counter()
    number = engine.request("plan", text=text)
    while True:
        for message in engine.poll():
            if message["type"] in client.FINAL_TYPES and message["id"] == number:
                assert message["type"] == "result", message
                return time.perf_counter() - began


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def main(runs: int) -> None:
    print(__doc__)
    print(f"Python {platform.python_version()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}\n")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        engine, never_compiled = started(folder)
        engine.stop()
        colds, used = [], 0.0
        for _ in range(runs):
            engine, seconds = started(folder)
            colds.append(seconds)
            used += cpu_seconds(engine.pid) / runs
            engine.stop()
        print(f"very first start to hello   {never_compiled:6.3f} s   (nothing compiled yet)")
        print(f"cold start to hello         {statistics.median(colds):6.3f} s   worst {max(colds):.3f} s   (limit 1.0)")
        print(f"  of that processor time    {used:6.3f} s")

        engine, _ = started(folder)
        first = generate(engine, folder / "take.npz", TEXT, [])
        rest = memory_mb(engine.pid, "VmRSS")
        ticks: list[float] = []
        used = cpu_seconds(engine.pid)
        warm = [generate(engine, folder / "take.npz", TEXT, ticks) for _ in range(4 * runs)]
        print(f"first generate after start  {first:6.3f} s")
        print(
            f"warm generate, 10 words     {statistics.median(warm):6.3f} s   p95 {percentile(warm, 0.95):.3f} s"
            "   (limit 0.5)"
        )
        print(f"  of that processor time    {(cpu_seconds(engine.pid) - used) / len(warm):6.3f} s")
        plans = [planned(engine, TEXT) for _ in range(4 * runs)]
        print(f"warm plan, 10 words         {1e3 * statistics.median(plans):6.3f} ms   worst {1e3 * max(plans):.1f} ms")
        print(f"tick while generating       {1e3 * percentile(ticks, 0.99):6.3f} ms at p99   (limit 2)")
        print(f"memory after the first      {rest:6.1f} MB   (limit 300)")
        print(f"memory after {4 * runs:3} takes      {memory_mb(engine.pid, 'VmRSS'):6.1f} MB")
        long = generate(engine, folder / "take.npz", (TEXT + " ") * 36, [])
        print(f"generate, 1,950 characters  {long:6.3f} s   peak memory {memory_mb(engine.pid, 'VmHWM'):.1f} MB")
        engine.stop()

    for name, word, spoken in (("English", "words", "en"), ("German", "Wörter", "de")):
        began = time.perf_counter()
        lemma(word, spoken)
        print(f"{name + ' word forms':27} {time.perf_counter() - began:6.3f} s to load")
    began = time.process_time()
    load_language("ASL")
    print(f"signs of ASL                {time.process_time() - began:6.3f} s of processor time to load")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 5)
