"""Training files of Prompt2Sign for tests: sentences of five made-up signs in two languages, at 12 frames a second."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np

from engine.formats.skels import SkelsWriter

WORDS = ("cow", "house", "drink", "water", "mother")
FRAMES = 10
"""Of each sign."""
FPS = 12.0


def signs() -> dict[str, np.ndarray]:
    """(FRAMES, 50, 3) of each word, smooth, in metres."""
    rng = np.random.default_rng(0)
    turn = np.sin(np.linspace(0, np.pi, FRAMES))[:, None, None]
    return {word: rng.normal(0, 0.2, (50, 3)) + turn * rng.normal(0, 0.1, (50, 3)) for word in WORDS}


def sentences(split: str, count: int, seed: int) -> list[tuple[str, list[str]]]:
    """Names and words."""
    rng = np.random.default_rng(seed)
    return [(f"{split}{i}", rng.choice(WORDS, rng.integers(1, 4)).tolist()) for i in range(count)]


def write_files(folder: Path, languages: tuple[str, ...] = ("ASL", "DGS"), train: int = 24) -> Path:
    """Write files of so many sentences of each language, and a few to watch and to test on."""
    made = signs()
    for code in languages:
        for seed, (split, count) in enumerate((("train", train), ("dev", 4), ("test", 4))):
            with SkelsWriter(folder / code / f"{split}.skels", gloss=True) as writer:
                for name, words in sentences(split, count, seed):
                    points = np.concatenate([made[word] for word in words])
                    writer.write(points, " ".join(words), name, " ".join(words).upper())
    about = {"fps": FPS, "unit": "metres", "scale": 9.0}
    (folder / "skels.json").write_text(json.dumps(about), encoding="utf-8")
    return folder


SIZES: dict[str, Any] = {
    "width": 32, "heads": 2, "encoder_layers": 1, "decoder_layers": 1, "feed_forward": 64, "pieces": 300,
}  # fmt: skip
RUN: dict[str, Any] = {
    "steps": 6, "accelerator": "cpu", "threads": 1, "log_every": 100, "validate_every": 100, "checkpoint_every": 100,
}  # fmt: skip


def settings(mode: str, steps: int = 6, **pose: Any) -> dict[str, Any]:
    """Settings of a tiny training as a table. pose: tables of the model to poses."""
    run = RUN | {"steps": steps}
    batch = {"samples": 6}
    rate = {"rate": 3e-3, "warmup_steps": 2, "clip": 1.0}
    made = {"model": SIZES | {"future": 2}, "run": run, "batch": batch, "optimiser": rate, **pose}
    gloss = {"model": SIZES, "run": run, "batch": batch, "optimiser": rate}
    return {"mode": mode, "data": {"hands_from_wrists": True, "longest": 64}, "pose": made, "gloss": gloss}
