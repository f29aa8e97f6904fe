"""SignLLM's training loop against a plain PyTorch loop: `python -m tests.bench.bench_signllm_training`.

Method: random files of Prompt2Sign (320 clips of 60 frames, texts of 8 words), the tiny sizes of the bundled models, 32
clips a step; each loop in a process of its own, on the CPU with one thread, one after the other. Steps a second and
processor seconds a step are means over 20 steps after the first 5; memory is the largest resident set of the process
less that before the model was built. The plain loop keeps all clips in memory and takes them in random order. After it:
the exact warping of two clips against cell by cell in Python, which it shall beat 50 times.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from engine.metrics.dtw import dtw, joint_distances
from tests.bench.bench_training import STEPS, THREADS, WARM, Clock, run_config

CLIPS, FRAMES, WORDS, TEXT, SAMPLES, EVERY = 320, 60, 200, 8, 32, 5
LOSSES = ("mse", "rl", "rl_plc")
ROWS = 200
"""Frames of each of the two clips that are warped."""


def random_files(folder: Path) -> None:
    from engine.formats.skels import SkelsWriter

    rng = np.random.default_rng(0)
    for split, count in (("train", CLIPS), ("dev", 8)):
        with SkelsWriter(folder / "ASL" / f"{split}.skels", gloss=True) as writer:
            for number in range(count):
                words = [f"w{i}" for i in rng.integers(0, WORDS, TEXT)]
                motion = np.cumsum(rng.normal(0, 0.02, (FRAMES, 50, 3)), axis=0)
                writer.write(motion, " ".join(words), f"{split}{number}", " ".join(words).upper())
    (folder / "skels.json").write_text(json.dumps({"fps": 12.0, "unit": "metres", "scale": 9.0}), "utf-8")


def ours(folder: Path, loss: str) -> dict[str, float]:
    from dataclasses import replace

    from engine.training.config import CONFIGS, BatchConfig, RunConfig, read_config
    from engine.training.signllm_config import SignLlmConfig
    from engine.training.signllm_training import Job, train_signllm

    clock = Clock()
    config = read_config(CONFIGS / "signllm_mlsf.toml", SignLlmConfig)
    pose = replace(
        config.pose, run=run_config(RunConfig), batch=BatchConfig(SAMPLES), loss=replace(config.pose.loss, kind=loss)
    )
    job = Job(folder / loss, report=lambda step, figures: clock.tick(step) if "rate" in figures else None)
    train_signllm(folder / "files", replace(config, pose=pose), job)
    return clock.figures()


def plain(folder: Path) -> dict[str, float]:
    import torch

    from engine.signllm.model import PoseTransformer, shifted
    from engine.training.config import CONFIGS, read_config
    from engine.training.signllm_config import SignLlmConfig
    from engine.training.signllm_data import SkelsFolder

    torch.set_num_threads(THREADS)
    split = SkelsFolder.read(folder / "files").split("ASL", "train")
    clips = [torch.tensor(split.points(clip)) for clip in split.clips]
    every = torch.cat(clips)
    mean, std = every.mean(dim=0), every.std(dim=0).clamp(min=0.01)
    counter = torch.arange(1, FRAMES + 1)[:, None] / FRAMES
    frames = [torch.cat([(clip - mean) / std, counter], dim=1) for clip in clips]
    words = {f"w{i}": 4 + i for i in range(WORDS)}
    tokens = torch.tensor([[words[word] for word in clip.text.split()] for clip in split.clips])
    clock = Clock()
    model = PoseTransformer(read_config(CONFIGS / "signllm_mlsf.toml", SignLlmConfig).pose.model.pose(WORDS + 4, 256))
    optimiser = torch.optim.AdamW(model.parameters(), lr=1e-3)
    rng = np.random.default_rng(0)
    for step in range(1, WARM + STEPS + 1):
        chosen = rng.choice(len(clips), SAMPLES, replace=False)
        batch = torch.stack([frames[i] for i in chosen])
        made = model(tokens[chosen], torch.full((SAMPLES,), TEXT), shifted(batch))
        ahead = [(made[:, : FRAMES - k, k] - batch[:, k:]).square().flatten() for k in range(made.shape[2])]
        loss = torch.cat(ahead).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        clock.tick(step)
    return clock.figures()


LOOPS: dict[str, Callable[[Path], dict[str, float]]] = {
    "plain": plain,
    **{loss: lambda folder, loss=loss: ours(folder, loss) for loss in LOSSES},
}


def child(name: str, folder: Path) -> None:
    """Run one loop and print its figures alone."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        found = LOOPS[name](folder)
    print(json.dumps(found))


def by_cells(cost: np.ndarray) -> float:
    """The warped sum, cell by cell."""
    rows = cost.tolist()
    above = [0.0] + [float("inf")] * len(rows[0])
    for row in rows:
        new = [float("inf")]
        for j, value in enumerate(row):
            new.append(value + min(above[j], above[j + 1], new[j]))
        above = new
    return above[-1]


def joints_by_loops(a: np.ndarray, b: np.ndarray) -> list[list[float]]:
    """Mean distances of joints, pair by pair and coordinate by coordinate."""
    result = []
    for u in a.tolist():
        row = []
        for v in b.tolist():
            total = 0.0
            for (x, y, z), (p, q, r) in zip(u, v, strict=True):
                total += ((x - p) ** 2 + (y - q) ** 2 + (z - r) ** 2) ** 0.5
            row.append(total / len(u))
        result.append(row)
    return result


def warping() -> None:
    """Our warping of joints against plain loops in Python."""
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, ROWS, 50, 3))
    best = []
    for _ in range(7):
        began = time.process_time()
        total, _ = dtw(joint_distances(a, b))
        best.append(time.process_time() - began)
    began = time.process_time()
    same = by_cells(np.array(joints_by_loops(a, b)))
    slow = time.process_time() - began
    assert abs(same - total) < 1e-6 * total
    times = f"{1000 * min(best):.1f} ms CPU; Python loops {1000 * slow:.0f} ms, {slow / min(best):.0f} times"
    print(f"DTW of {ROWS} x {ROWS} frames, 50 joints: {times} (target 50)")


def main() -> None:
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("lightning_fabric") is None:
        print("Left out: PyTorch and Lightning Fabric aren't installed in this environment.")
        return
    from engine.training.config import CONFIGS, read_config
    from engine.training.signllm_config import SignLlmConfig

    sizes = read_config(CONFIGS / "signllm_mlsf.toml", SignLlmConfig).pose.model
    shape = f"width {sizes.width}, {sizes.encoder_layers} + {sizes.decoder_layers} layers"
    print(f"{THREADS} thread, load {os.getloadavg()[0]:.1f}; {shape}, {SAMPLES} clips of {FRAMES} frames")
    with tempfile.TemporaryDirectory() as scratch:
        random_files(Path(scratch) / "files")
        for name in LOOPS:
            command = [sys.executable, "-m", "tests.bench.bench_signllm_training", name, scratch]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"{name} failed:\n{done.stderr[-2000:]}")
            found = json.loads(done.stdout.splitlines()[-1])
            print(f"{name:10}{found['steps']:8.2f} steps/s   CPU {found['cpu']:6.3f} s a step   "
                  f"memory {found['memory']:6.0f} MB", flush=True)  # fmt: skip
    warping()


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
