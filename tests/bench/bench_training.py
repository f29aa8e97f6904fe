"""Our training loops against plain PyTorch loops of the same models: `python -m tests.bench.bench_training`.

Method: random clips and codes; every loop in a process of its own, on the CPU with one thread, one after the other.
Steps a second and processor seconds a step are means over 20 steps after the first 5; memory is the largest
resident set of the process less that before the model was built. The plain loops keep all clips in memory and take
samples in random order. The tokenizer's updates its code books by one-hot products; the generator's works out logits of
the whole vocabulary and masks them for each head, as published. Ours write a line of their log every 5 steps.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import contextlib
import importlib.util
import io
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

WARM, STEPS, EVERY = 5, 20, 5
THREADS = 1
CLIPS, FRAMES, WINDOW, WINDOWS, WIDTH = 320, 160, 64, 32, 96
SIGNS, TEXTS, WORDS, SAMPLES = 400, 320, 4000, 16


class Clock:
    """Wall and processor time of the steps that count, and memory."""

    def __init__(self) -> None:
        self._before = peak()
        self._marks: dict[int, tuple[float, float]] = {}

    def tick(self, step: int) -> None:
        """So many steps are done."""
        self._marks[step] = time.perf_counter(), time.process_time()

    def figures(self) -> dict[str, float]:
        """Of the steps that count."""
        (began, spent), (ended, last) = self._marks[WARM], self._marks[WARM + STEPS]
        return {"steps": STEPS / (ended - began), "cpu": (last - spent) / STEPS, "memory": peak() - self._before}


def peak() -> float:
    """Megabytes of this process's largest resident set."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


# ---------------------------------------------------------------- tokenizer


def random_corpus(folder: Path) -> None:
    from engine.tokenizer.features import SOKE
    from engine.training.cache import CacheWriter

    rng = np.random.default_rng(0)
    with CacheWriter(folder, SOKE) as writer:
        for number in range(CLIPS):
            motion = np.cumsum(rng.normal(0, 0.03, (FRAMES, SOKE.size)), axis=0)
            split = "train" if number % 20 else "val"
            writer.add(motion, name=str(number), fps=24.0, language="ASL", source="sentence", split=split)


def tokenizer_ours(folder: Path) -> dict[str, float]:
    from engine.training.cache import ClipCache
    from engine.training.config import RunConfig
    from engine.training.tokenizer_config import PartConfig, PartsConfig, TokenizerConfig, WindowConfig
    from engine.training.tokenizer_training import TokenizerTraining

    clock = Clock()
    parts = PartsConfig(PartConfig(96, WIDTH, WIDTH), PartConfig(192, WIDTH, WIDTH), PartConfig(192, WIDTH, WIDTH))
    config = TokenizerConfig(parts=parts, windows=WindowConfig(WINDOW, WINDOWS), run=run_config(RunConfig))
    training = TokenizerTraining(ClipCache(folder / "corpus"), config, folder / "ours")
    training.run(lambda step, figures: clock.tick(step) if "rate" in figures else None)
    return clock.figures()


def tokenizer_plain(folder: Path) -> dict[str, float]:
    import torch
    from torch.nn import functional

    from engine.tokenizer.features import CODES, PARTS
    from engine.tokenizer.vqvae import VqVae, VqVaeConfig
    from engine.training.cache import ClipCache

    torch.set_num_threads(THREADS)
    cache = ClipCache(folder / "corpus")
    clips = [torch.tensor(cache.statistics.normalised(cache.features(clip))) for clip in cache.of("train")]
    clock = Clock()
    columns = {part: list(cache.layout.columns[part]) for part in PARTS}
    parts = {part: VqVae(VqVaeConfig(len(columns[part]), CODES[part], WIDTH, WIDTH)) for part in PARTS}
    for part in parts.values():
        part.quantizer.codebook.normal_()
    counts = {part: torch.ones(CODES[part]) for part in PARTS}
    sums = {part: parts[part].quantizer.codebook.clone() for part in PARTS}
    optimiser = torch.optim.AdamW([p for part in parts.values() for p in part.parameters()], lr=2e-4)
    rng = np.random.default_rng(0)
    for step in range(1, WARM + STEPS + 1):
        chosen = rng.choice(len(clips), WINDOWS, replace=False)
        starts = rng.integers(0, FRAMES - WINDOW, WINDOWS)
        batch = torch.stack([clips[i][s : s + WINDOW] for i, s in zip(chosen, starts, strict=True)])
        loss = torch.zeros(())
        for name, part in parts.items():
            x = batch[..., columns[name]]
            vectors = part.encoder(x.transpose(1, 2)).transpose(1, 2)
            codes = part.quantizer.nearest(vectors)
            nearest = part.quantizer.lookup(codes)
            passed = vectors + (nearest - vectors).detach()
            decoded = part.decoder(passed.transpose(1, 2)).transpose(1, 2)
            loss = loss + functional.smooth_l1_loss(decoded, x) + 0.02 * functional.mse_loss(vectors, nearest)
            with torch.no_grad():
                hot = functional.one_hot(codes.reshape(-1), CODES[name]).float()
                counts[name] = 0.99 * counts[name] + 0.01 * hot.sum(0)
                sums[name] = 0.99 * sums[name] + 0.01 * hot.T @ vectors.detach().reshape(-1, WIDTH)
                part.quantizer.codebook.copy_(sums[name] / counts[name].clamp(min=1e-3)[:, None])
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        clock.tick(step)
    return clock.figures()


# ---------------------------------------------------------------- generator


class Words:
    """A piece for each word `w<number>`."""

    def encode(self, text: str) -> list[int]:
        return [3 + int(word[1:]) for word in text.split()]

    def decode(self, pieces: list[int]) -> str:
        return " ".join(f"w{piece - 3}" for piece in pieces)

    def get_piece_size(self) -> int:
        return WORDS + 3


def generator_parts():
    """Settings, vocabulary and samples of made-up sentences: every word has a sign."""
    from engine.soke.prompt import PromptSettings
    from engine.soke.vocabulary import Vocabulary
    from engine.tokenizer.features import CODES
    from engine.training.config import BatchConfig, GeneratorConfig, ModelConfig, RunConfig
    from engine.training.generator_data import Clip, Samples, Sign

    rng = np.random.default_rng(0)
    sizes = np.array(list(CODES.values()))
    signs = {f"w{i}": Sign(f"w{i}", rng.integers(0, sizes, (int(rng.integers(4, 9)), 3))) for i in range(SIGNS)}
    clips = []
    for number in range(TEXTS):
        words = [f"w{i}" for i in rng.integers(0, SIGNS, int(rng.integers(2, 9)))]
        codes = np.concatenate([signs[word].codes for word in words])
        clips.append(Clip(str(number), " ".join(words), "ASL", codes, tuple(words)))
    rows = dict.fromkeys(range(WORDS + 3 + 27))
    vocabulary = Vocabulary(Words(), {row: row for row in rows}, CODES)
    model = ModelConfig(192, 3, 3, 6, 768, positions=512, dropout=0.0, pieces=WORDS)
    config = GeneratorConfig(model=model, batch=BatchConfig(samples=SAMPLES), run=run_config(RunConfig))
    prompt = PromptSettings("fused", 32, 10, 512)
    samples, held_out = (Samples(some, signs, vocabulary, prompt, "multihead") for some in (clips, clips[:8]))
    return config, vocabulary, samples, held_out


def generator_ours(folder: Path) -> dict[str, float]:
    from engine.training.generator_training import GeneratorTraining, TrainingData

    config, vocabulary, samples, held_out = generator_parts()
    clock = Clock()
    training = GeneratorTraining(TrainingData(samples, held_out, vocabulary), config, folder / "ours")
    training.run(lambda step, figures: clock.tick(step) if "rate" in figures else None)
    return clock.figures()


def generator_plain(folder: Path) -> dict[str, float]:
    import torch
    from torch.nn import functional

    from engine.soke.runtime import fusion_weights, head_rows
    from engine.training.generator_data import IGNORED, collated
    from engine.training.generator_model import build_model, tensors

    config, vocabulary, samples, _ = generator_parts()
    torch.set_num_threads(THREADS)
    clock = Clock()
    model = build_model(config.model, vocabulary)
    weights = torch.tensor(fusion_weights(config.model.fusion))
    shut = torch.full((3, vocabulary.rows), -torch.inf)
    for head, rows in enumerate(head_rows(vocabulary)):
        shut[head, torch.from_numpy(rows)] = 0.0
    optimiser = torch.optim.AdamW(model.parameters(), lr=2e-4)
    draws = samples.drawn(config.augment, 0, 0)
    rng = np.random.default_rng(0)
    for step in range(1, WARM + STEPS + 1):
        batch = collated([samples.sample(draws[i]) for i in rng.choice(len(draws), SAMPLES, replace=False)])
        _, inputs, mask, fed, targets = tensors(batch)
        encoded = model.encode_embedded(model.embed_input(inputs, weights), mask)
        state = model.decode(model.embed_output(fed, weights), encoded, mask)
        logits = functional.linear(state, model.embedding.weight, model.output_bias)
        loss = torch.stack(
            [
                functional.cross_entropy(
                    (logits + shut[head]).flatten(0, 1), targets[..., head].flatten(), ignore_index=IGNORED
                )
                for head in range(3)
            ]
        ).sum()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        clock.tick(step)
    return clock.figures()


# ---------------------------------------------------------------- both


def run_config(kind):
    never = 10**9
    plain = {"log_every": EVERY, "validate_every": never, "checkpoint_every": never, "validate_samples": 8}
    return kind(steps=WARM + STEPS, threads=THREADS, accelerator="cpu", **plain)


LOOPS: dict[str, Callable[[Path], dict[str, float]]] = {
    "tokenizer ours": tokenizer_ours,
    "tokenizer plain": tokenizer_plain,
    "generator ours": generator_ours,
    "generator plain": generator_plain,
}


def child(name: str, folder: Path) -> None:
    """Run one loop and print its figures alone."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        found = LOOPS[name](folder)
    print(json.dumps(found))


def main() -> None:
    if importlib.util.find_spec("torch") is None or importlib.util.find_spec("lightning_fabric") is None:
        print("Left out: PyTorch and Lightning Fabric aren't installed in this environment.")
        return
    print(f"{THREADS} thread, load {os.getloadavg()[0]:.1f}; tokenizer: width {WIDTH}, {WINDOWS} windows of {WINDOW} "
          f"frames; generator: width 192, 3 + 3 layers, {WORDS} words, {SAMPLES} texts")  # fmt: skip
    with tempfile.TemporaryDirectory() as scratch:
        random_corpus(Path(scratch) / "corpus")
        for name in LOOPS:
            command = [sys.executable, "-m", "tests.bench.bench_training", name, scratch]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            if done.returncode:
                sys.exit(f"{name} failed:\n{done.stderr[-2000:]}")
            found = json.loads(done.stdout.splitlines()[-1])
            print(f"{name:18}{found['steps']:8.2f} steps/s   CPU {found['cpu']:6.2f} s a step   "
                  f"memory {found['memory']:6.0f} MB", flush=True)  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) > 1:
        child(sys.argv[1], Path(sys.argv[2]))
    else:
        main()
