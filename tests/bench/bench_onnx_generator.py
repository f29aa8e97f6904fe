"""The generator by ONNX Runtime, as large as mBART-large: `python -m tests.bench.bench_onnx_generator [PRECISION ...]`.

Method: random weights, 12 + 12 layers of width 1024, 20,000 words, two threads, a text of 60 tokens, exactly 100 steps,
greedy. Each precision is exported, loaded and run in this process, one after the other; seconds are the best of three,
after one run that isn't counted, and beside them the processor time of that run. Agreement: share of tokens that are
those of float32, when it decodes freely (one token that differs changes all after it) and when it is fed what float32
generated. Random weights are the worst case: their logits lie close together. The plain loop recomputes the whole
prefix with torch at each step (the published code does); it runs with `--plain`, and takes half a minute.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import argparse
import resource
import tempfile
import time
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from numpy.typing import NDArray

from engine.bundle import Bundle, Manifest, write_manifest
from engine.soke.decoding import Decoded, decode
from engine.soke.onnx_runtime import OnnxRuntime
from engine.soke.runtime import Rows, fusion_weights, text_input
from engine.soke.sampling import Constraint
from engine.soke.transformer import Transformer, TransformerConfig
from engine.soke.vocabulary import Vocabulary
from engine.tokenizer.features import CODES, PARTS
from export.soke.onnx_generator import Source, write_generator
from export.soke.onnx_graph import Precision

WORDS, STEPS, TEXT = 20_000, 100, 60
SPREAD, SPREAD_EMBEDDING = 0.05, 0.01
"""Of the weights. With the same for both, each step repeats the one before."""
EXACT = Constraint(min_steps=STEPS, max_steps=STEPS)


class Pieces:
    """Stands for the text tokenizer, which has no part in the figures."""

    def encode(self, text: str) -> list[int]:
        return [ord(c) for c in text]

    def get_piece_size(self) -> int:
        return WORDS - 30


def vocabulary() -> Vocabulary:
    """20,000 words, and the codes of the published sizes."""
    return Vocabulary(Pieces(), {i: i for i in range(WORDS)}, CODES)


def source(words: Vocabulary) -> Source:
    """Random weights; what norms multiply with is 1."""
    config = TransformerConfig(words.rows)
    with torch.device("meta"):
        shapes = {name: tuple(x.shape) for name, x in Transformer(config).state_dict().items()}
    rng = np.random.default_rng(0)
    state = {name: _random(name, shape, rng) for name, shape in shapes.items()}
    return Source(state, config, {part: words.allowed_rows(part) for part in PARTS})


def _random(name: str, shape: tuple[int, ...], rng: np.random.Generator) -> NDArray[np.float32]:
    if "norm.weight" in name:
        return np.ones(shape, np.float32)
    spread = SPREAD_EMBEDDING if name == "embedding.weight" else SPREAD
    return rng.standard_normal(shape, dtype=np.float32) * np.float32(spread)


def exported(made: Source, folder: Path, precision: Precision) -> Bundle:
    """A bundle with nothing but the generator."""
    folder.mkdir()
    write_generator(made, folder, precision)
    manifest = Manifest("soke", precision, ("ASL",), "", "", {})
    return write_manifest(folder, manifest, [path.name for path in folder.iterdir()])


def tokens(decoded: Decoded) -> NDArray[np.int64]:
    """(steps, 3) rows."""
    return np.stack([decoded.rows[part] for part in PARTS], axis=1)


def fed(runtime: OnnxRuntime, text: Rows, rows: NDArray[np.int64]) -> NDArray[np.int64]:
    """What it finds most likely after each step of what was generated elsewhere."""
    words = runtime.vocabulary
    allowed = [np.array(words.allowed_rows(part)) for part in PARTS]
    session, first = runtime.start([text], STEPS), np.full((1, 3), words.sign_tag_row("ASL"))
    steps = [session.step(row[None]) for row in (first[0], *rows[:-1])]
    return np.array([[a[x[0].argmax()] for a, x in zip(allowed, step, strict=True)] for step in steps])


@torch.inference_mode()
def plain(made: Source, words: Vocabulary, text: Rows) -> float:
    """Seconds of the loop that computes the whole prefix anew for every step."""
    with torch.device("meta"):
        model = Transformer(made.config)
    model.load_state_dict({name: torch.from_numpy(x) for name, x in made.state.items()}, assign=True)
    model.eval()
    heads = [torch.tensor(words.allowed_rows(part)) for part in PARTS]
    fusion, sequence = torch.tensor(fusion_weights()), [[words.sign_tag_row("ASL")] * 3]
    began = time.perf_counter()
    encoded = model.encode_embedded(model.embed_input(torch.from_numpy(text)[None], fusion))
    for _ in range(STEPS):
        state = model.decode(model.embed_output(torch.tensor([sequence]), fusion), encoded)
        logits = (state @ model.embedding.weight.T + model.output_bias)[0, -1]
        sequence.append([int(rows[logits[rows].argmax()]) for rows in heads])
    return time.perf_counter() - began


def main() -> None:
    """Print a line for each precision."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("precisions", nargs="*", default=["float32", "int8", "int4"], choices=get_args(Precision))
    parser.add_argument("--plain", action="store_true", help="measure the plain torch loop too")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    words = vocabulary()
    made = source(words)
    texts = [text_input(np.random.default_rng(i).integers(4, WORDS, TEXT).tolist()) for i in range(options.batch)]
    reference: NDArray[np.int64] | None = None
    with tempfile.TemporaryDirectory() as scratch:
        for precision in options.precisions:
            began = time.perf_counter()
            bundle = exported(made, Path(scratch) / precision, precision)
            wrote = time.perf_counter() - began
            began = time.perf_counter()
            runtime = OnnxRuntime(bundle, words, "cpu", options.threads)
            loaded = time.perf_counter() - began
            times = []
            for _ in range(1 + options.runs):
                began, used = time.perf_counter(), time.process_time()
                decoded = decode(runtime, texts, ["ASL"] * len(texts), constraints=[EXACT] * len(texts))
                times.append((time.perf_counter() - began, time.process_time() - used))
            rows = tokens(decoded[0])
            reference = rows if reference is None else reference
            agrees = (rows == reference).mean(), (fed(runtime, texts[0], reference) == reference).mean()
            size = sum(file.bytes for file in bundle.manifest.files.values())
            print(
                f"{precision:13} {min(times[1:])[0]:6.2f} s (processor {min(times[1:])[1]:.2f} s)  tokens equal: "
                f"free {agrees[0]:.0%}, fed {agrees[1]:.1%} ({len(np.unique(rows, axis=0))} distinct steps)  "
                f"{size / 1e6:.0f} MB, written in {wrote:.0f} s, loaded in {loaded:.1f} s, peak "
                f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e6:.1f} GB",
                flush=True,
            )
            del runtime
    if options.plain:
        print(f"plain loop    {plain(made, words, texts[0]):6.2f} s")


if __name__ == "__main__":
    main()
