"""The generator by torch, as large as mBART-large: `python -m tests.bench.bench_generator [PRECISION ...]`.

Method: random weights, 12 + 12 layers of width 1024, 20,000 words, a text of 60 tokens, greedy. The plain loop computes
the whole prefix and the logits of all words anew for each of 100 steps, as the published code does; its encoder runs
once. Ours makes exactly 100 steps, exactly 30, and 100 of a batch of 8 texts. Seconds are the best of RUNS after one
that isn't counted, of the plain loop and of the batch those of one run after a short one; beside them is the processor
time, all threads together, which other programs lengthen less, and ratios are given for both. Figures are printed as
they come; all of them take 5 to 8 minutes on two quiet cores. With `--every N` the plain loop runs at each N-th length
of the prefix only and is added up from those.

Agreement: share of tokens that are those of the plain loop, when it decodes freely (one token that differs changes all
after it) and when it is fed what the plain loop generated. Random weights are the worst case: their logits lie close
together. Memory: resident size after the first sentence, and after the batch, less what it was without a model.
On a GPU (`--device cuda`): wall time only, and the time in which it can read the decoder's weights, by a copy there.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import argparse
import gc
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from engine.soke.decoding import decode
from engine.soke.runtime import Rows, fusion_weights, head_rows, text_input
from engine.soke.sampling import Constraint
from engine.soke.torch_runtime import Precision, TorchRuntime
from engine.soke.transformer import Transformer, TransformerConfig
from engine.soke.vocabulary import END, Vocabulary
from engine.tokenizer.features import CODES, PARTS

WORDS, STEPS, SHORT, TEXT, BATCH = 20_000, 100, 30, 60, 8
SPREAD, PLACES = 0.05, 2.0
"""Of the weights, and of those of positions: with less, each step repeats the one before."""


class Pieces:
    """Stands for the text tokenizer, which has no part in the figures."""

    def encode(self, text: str) -> list[int]:
        return [ord(c) for c in text]

    def decode(self, pieces: list[int]) -> str:
        return "".join(map(chr, pieces))

    def get_piece_size(self) -> int:
        return WORDS - 30


@dataclass(frozen=True)
class Timing:
    """Seconds by the clock and of all threads."""

    wall: float
    processor: float

    def line(self) -> str:
        return f"{self.wall:6.2f} s (processor {self.processor:6.2f} s)"

    def ratio(self, plain: Timing) -> str:
        return f"{plain.wall / self.wall:5.1f}x (processor {plain.processor / self.processor:5.1f}x)"


def timed(work: Callable[[], Any]) -> tuple[Any, Timing]:
    """What the work gives, and how long it took."""
    began, used = time.perf_counter(), time.process_time()
    result = work()
    return result, Timing(time.perf_counter() - began, time.process_time() - used)


def best(work: Callable[[], Any], runs: int) -> tuple[Any, Timing]:
    """The last result and the quickest of some runs, after one that isn't counted."""
    work()
    every = [timed(work) for _ in range(runs)]
    return every[-1][0], Timing(min(t.wall for _, t in every), min(t.processor for _, t in every))


def resident() -> float:
    """GB that the process holds; nan where there is no /proc."""
    try:
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e9
    except OSError:
        return float("nan")


def model(rows: int) -> Transformer:
    """Random weights, the same at each call; norms leave their input as it is."""
    torch.manual_seed(0)
    with torch.device("meta"):
        made = Transformer(TransformerConfig(rows))
    made.to_empty(device="cpu")
    for name, tensor in made.state_dict().items():
        if "norm.weight" in name:
            tensor.fill_(1.0)
        else:
            tensor.normal_(0.0, PLACES if "positions" in name else SPREAD)
    return made.eval()


@torch.inference_mode()
def plain(made: Transformer, words: Vocabulary, text: Rows, every: int) -> tuple[NDArray[np.int64], Timing]:
    """(steps, 3) rows that the plain loop generates without an end, and its seconds.

    every: lengths of the prefix from one that is measured to the next.
    """
    heads = [torch.from_numpy(rows) for rows in head_rows(words)]
    heads[0] = heads[0][heads[0] != END]
    fusion, sequence = torch.tensor(fusion_weights()), [[words.sign_tag_row("ASL")] * 3]
    encoded, total = timed(lambda: made.encode_embedded(made.embed_input(torch.from_numpy(text)[None], fusion)))
    if every > 1:
        runtime = TorchRuntime(model(words.rows), words)
        ours = decode(runtime, [text], ["ASL"], constraints=[exactly(STEPS)])[0]
        del runtime
        sequence += tokens(ours.rows).tolist()

    def step(length: int) -> list[int]:
        embedded = made.embed_output(torch.tensor([sequence[:length]]), fusion)
        logits = made.decode(embedded, encoded) @ made.embedding.weight.T + made.output_bias
        return [int(rows[logits[0, -1, rows].argmax()]) for rows in heads]

    step(1)
    for length in range(every, STEPS + 1, every):
        chosen, took = timed(lambda length=length: step(length))
        total = Timing(total.wall + every * took.wall, total.processor + every * took.processor)
        sequence[length : length + 1] = [chosen]
    return np.array(sequence[1:]), total


def exactly(steps: int) -> Constraint:
    return Constraint(min_steps=steps, max_steps=steps)


def tokens(rows: dict[str, list[int]]) -> NDArray[np.int64]:
    """(steps, 3) rows."""
    return np.stack([rows[part] for part in PARTS], axis=1)


def fed(runtime: TorchRuntime, text: Rows, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """What it finds most likely after each step of what was generated elsewhere."""
    words = runtime.vocabulary
    allowed = head_rows(words)
    end = int(np.searchsorted(allowed[0], END))
    session, first = runtime.start([text], STEPS), np.full((1, 3), words.sign_tag_row("ASL"))
    steps = [session.step(row[None]) for row in (first[0], *rows[:-1])]
    for body, *_ in steps:
        body[0, end] = -np.inf
    return np.array([[a[x[0].argmax()] for a, x in zip(allowed, step, strict=True)] for step in steps])


def floor(made: Transformer) -> float:
    """Seconds to read the decoder's weights 100 times, by the speed of a copy of 1 GB on the GPU."""
    source = torch.empty(1 << 28, dtype=torch.float32, device="cuda")
    target = torch.empty_like(source)
    times = []
    for _ in range(10):
        torch.cuda.synchronize()
        began = time.perf_counter()
        target.copy_(source)
        torch.cuda.synchronize()
        times.append(time.perf_counter() - began)
    speed = 2 * source.nbytes / min(times)
    return STEPS * sum(p.nbytes for name, p in made.decoder.named_parameters() if ".kv." not in name) / speed


def main() -> None:
    """Print the plain loop, then some lines for each precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("precisions", nargs="*", default=["float32", "fp16", "int8"], metavar="PRECISION")
    parser.add_argument("--device", default="cpu", choices=["cpu", "cuda"])
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--every", type=int, default=1, help="lengths of the prefix from one measured to the next")
    options = parser.parse_args()
    if unknown := set(options.precisions) - set(get_args(Precision)):
        parser.error(f"no such precision: {', '.join(sorted(unknown))}; there are {', '.join(get_args(Precision))}")
    torch.set_num_threads(options.threads)
    words = Vocabulary(Pieces(), {i: i for i in range(WORDS)}, CODES)
    texts = [text_input(np.random.default_rng(i).integers(4, WORDS, TEXT).tolist()) for i in range(BATCH)]
    print(f"{options.threads} threads, load {os.getloadavg()[0]:.1f}, torch {torch.__version__}", flush=True)
    reference, slow = plain(model(words.rows), words, texts[0], options.every)
    distinct = len(np.unique(reference, axis=0))
    print(f"plain loop, {STEPS} steps       {slow.line()}   {distinct} of them distinct", flush=True)
    for precision in options.precisions:
        measure(precision, options, words, texts, reference, slow)


def measure(
    precision: Precision,
    options: argparse.Namespace,
    words: Vocabulary,
    texts: list[Rows],
    reference: NDArray[np.int64],
    slow: Timing,
) -> None:
    """Print the lines of one precision."""
    gc.collect()
    before = resident()
    runtime = TorchRuntime(model(words.rows), words, device=options.device, precision=precision)
    gc.collect()

    def run(count: int, steps: int) -> list[NDArray[np.int64]]:
        made = decode(runtime, texts[:count], ["ASL"] * count, constraints=[exactly(steps)] * count)
        return [tokens(x.rows) for x in made]

    print(f"{precision} on {runtime.name}   {runtime.note}", flush=True)
    rows, hundred = best(lambda: run(1, STEPS), options.runs)
    memory = resident() - before
    print(f"  1 text, {STEPS} steps         {hundred.line()}   {hundred.ratio(slow)}", flush=True)
    short, thirty = best(lambda: run(1, SHORT), options.runs)
    print(f"  1 text, {SHORT} steps          {thirty.line()}   {thirty.ratio(slow)}", flush=True)
    run(BATCH, SHORT)
    every, eight = timed(lambda: run(BATCH, STEPS))
    gain = BATCH * hundred.wall / eight.wall, BATCH * hundred.processor / eight.processor
    throughput = f"{gain[0]:.1f}x the throughput of one (processor {gain[1]:.1f}x)"
    print(f"  {BATCH} texts, {STEPS} steps        {eight.line()}   {throughput}", flush=True)
    free, forced = (rows[0] == reference).mean(), (fed(runtime, texts[0], reference) == reference).mean()
    alone = np.mean([(every[0] == rows[0]).mean(), (short[0] == rows[0][:SHORT]).mean()])
    print(f"  tokens equal: free {free:.0%}, fed {forced:.1%}; in the batch and in 30 steps as alone {alone:.0%}")
    print(f"  memory {memory:.1f} GB, after the batch {resident() - before:.1f} GB", flush=True)
    if options.device == "cuda":
        print(f"  floor: {floor(runtime.model):.3f} s to read the decoder's weights {STEPS} times")


if __name__ == "__main__":
    main()
