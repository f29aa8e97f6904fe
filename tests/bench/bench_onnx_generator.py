"""The generator by ONNX Runtime, as large as mBART-large: `python -m tests.bench.bench_onnx_generator [PRECISION ...]`.

Method: the model, texts and plain loop of `bench_generator`, whose figures can be set beside these: random weights,
12 + 12 layers of width 1024, 20,000 words, a text of 60 tokens, greedy, exactly 100 steps. Each precision is exported,
loaded and run in this process, one after the other; seconds are the best of RUNS after one that isn't counted, of the
batch those of one run after a short one, on the clock and of the processor. Agreement: share of tokens that are those
of the first precision, when it decodes freely (one token that differs changes all after it) and when it is fed what
the first generated. With `--every N` the plain loop runs at each N-th length of the prefix and is added up from those;
without it there is none.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import argparse
import os
import resource
import tempfile
from pathlib import Path
from typing import get_args

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from engine.bundle import Bundle, Manifest, write_manifest
from engine.soke.decoding import decode
from engine.soke.onnx_runtime import OnnxRuntime
from engine.soke.runtime import text_input
from engine.soke.vocabulary import Vocabulary
from engine.tokenizer.features import CODES, PARTS
from export.soke.onnx_generator import Source, write_generator
from export.soke.onnx_graph import Precision
from tests.bench.bench_generator import (
    BATCH,
    SHORT,
    STEPS,
    TEXT,
    WORDS,
    Pieces,
    Timing,
    best,
    exactly,
    fed,
    model,
    plain,
    timed,
    tokens,
)


def exported(made: Source, folder: Path, precision: Precision) -> Bundle:
    """A bundle with nothing but the generator."""
    folder.mkdir()
    write_generator(made, folder, precision)
    manifest = Manifest("soke", precision, ("ASL",), "", "", {})
    return write_manifest(folder, manifest, [path.name for path in folder.iterdir()])


def main() -> None:
    """Print some lines for each precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("precisions", nargs="*", default=["float32", "int8", "int4"], metavar="PRECISION")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=int, default=2)
    parser.add_argument("--every", type=int, default=0, help="measure the plain loop at each N-th length")
    parser.add_argument("--batch", action="store_true", help=f"{BATCH} texts at once too")
    options = parser.parse_args()
    if unknown := set(options.precisions) - set(get_args(Precision)):
        parser.error(f"no such precision: {', '.join(sorted(unknown))}; there are {', '.join(get_args(Precision))}")
    torch.set_num_threads(options.threads)
    words = Vocabulary(Pieces(), {i: i for i in range(WORDS)}, CODES)
    made = model(words.rows)
    texts = [text_input(np.random.default_rng(i).integers(4, WORDS, TEXT).tolist()) for i in range(BATCH)]
    versions = f"ONNX Runtime {onnxruntime.__version__}, torch {torch.__version__}"
    print(f"{options.threads} threads, load {os.getloadavg()[0]:.1f}, {versions}", flush=True)
    slow = plain(made, words, texts[0], options.every)[1] if options.every else None
    if slow is not None:
        print(f"plain loop, {STEPS} steps     {slow.line()}", flush=True)
    state = {name: tensor.numpy() for name, tensor in made.state_dict().items()}
    source = Source(state, made.config, {part: words.allowed_rows(part) for part in PARTS})
    reference: NDArray[np.int64] | None = None
    with tempfile.TemporaryDirectory() as scratch:
        for precision in options.precisions:
            bundle, wrote = timed(lambda p=precision: exported(source, Path(scratch) / p, p))
            runtime, loaded = timed(lambda b=bundle: OnnxRuntime(b, words, threads=options.threads))
            size = sum(file.bytes for file in bundle.manifest.files.values()) / 1e6
            print(f"{precision}: {size:.0f} MB, written in {wrote.line()}, loaded in {loaded.line()}", flush=True)
            reference = measure(runtime, texts, options, reference, slow)
            del runtime
    print(f"peak of all {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB, with the weights for torch")


def measure(
    runtime: OnnxRuntime,
    texts: list[NDArray[np.int64]],
    options: argparse.Namespace,
    reference: NDArray[np.int64] | None,
    slow: Timing | None,
) -> NDArray[np.int64]:
    """Print the lines of one precision; the rows that others are compared with."""

    def run(count: int, steps: int = STEPS) -> NDArray[np.int64]:
        found = decode(runtime, texts[:count], ["ASL"] * count, constraints=[exactly(steps)] * count)
        return tokens(found[0].rows)

    rows, took = best(lambda: run(1), options.runs)
    print(f"  1 text, {STEPS} steps       {took.line()}   {took.ratio(slow) if slow else ''}", flush=True)
    if options.batch:
        run(BATCH, SHORT)
        _, eight = timed(lambda: run(BATCH))
        gain = BATCH * took.wall / eight.wall, BATCH * took.processor / eight.processor
        throughput = f"{gain[0]:.1f}x the throughput of one (processor {gain[1]:.1f}x)"
        print(f"  {BATCH} texts, {STEPS} steps      {eight.line()}   {throughput}", flush=True)
    reference = rows if reference is None else reference
    free, forced = (rows == reference).mean(), (fed(runtime, texts[0], reference) == reference).mean()
    distinct = len(np.unique(rows, axis=0))
    print(f"  tokens equal: free {free:.0%}, fed {forced:.1%}; {distinct} distinct steps", flush=True)
    return reference


if __name__ == "__main__":
    main()
