"""The tokenizer by ONNX Runtime and by torch, side by side: `python -m tests.bench.bench_onnx_tokenizer [RUNS]`.

Method: the published width (512, codes of 512 numbers), random weights, 400 frames, all three parts, one after the
other; both runtimes in this process on the same number of threads, taking turns, after one run that isn't counted.
Seconds on the clock (median and best) and of the processor (median), which other programs hardly lengthen. Error: the
largest difference of a normalised feature.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import torch

from engine.bundle import Bundle, Manifest, write_manifest
from engine.tokenizer.features import CODES, PARTS, SOKE
from engine.tokenizer.onnx_tokenizer import OnnxTokenizer
from engine.tokenizer.vqvae import VqVae, VqVaeConfig
from export.soke.model_files import Formats, write_tokenizer
from export.soke.torch_tokenizer import TorchTokenizer

STEPS = 100
THREADS = (1, 2)


def made(folder: Path) -> Bundle:
    """A bundle with a random tokenizer of the published sizes."""
    folder.mkdir()
    torch.manual_seed(0)
    vaes = {part: VqVae(VqVaeConfig(len(SOKE.columns[part]), CODES[part])) for part in PARTS}
    for vae in vaes.values():
        vae.quantizer.codebook.normal_()
    mean, std = np.zeros(SOKE.size), np.ones(SOKE.size)
    model = {"tokenizer": write_tokenizer(vaes, mean, std, folder, Formats())}
    manifest = Manifest("soke", "Bench", (), "", "", model)
    return write_manifest(folder, manifest, [path.name for path in folder.iterdir()])


def timed(call: Callable[[], object]) -> tuple[float, float]:
    """Milliseconds on the clock and of the processor."""
    began, used = time.perf_counter(), time.process_time()
    call()
    return 1e3 * (time.perf_counter() - began), 1e3 * (time.process_time() - used)


def main() -> None:
    """Print a line for each runtime, direction and number of threads."""
    runs = int(sys.argv[1]) if len(sys.argv) > 1 else 20
    rng = np.random.default_rng(0)
    codes = {part: rng.integers(0, CODES[part], STEPS).tolist() for part in PARTS}
    features = rng.normal(size=(4 * STEPS, SOKE.size))
    with tempfile.TemporaryDirectory() as scratch:
        bundle = made(Path(scratch) / "bundle")
        for threads in THREADS:
            torch.set_num_threads(threads)
            both = {"ONNX Runtime": OnnxTokenizer(bundle, threads=threads), "torch": TorchTokenizer(bundle)}
            decoded = {name: tokenizer.decode(codes) for name, tokenizer in both.items()}
            encoded = {name: tokenizer.encode(features) for name, tokenizer in both.items()}
            error = float(np.abs(decoded["ONNX Runtime"] - decoded["torch"]).max())
            same = encoded["ONNX Runtime"] == encoded["torch"]
            times: dict[tuple[str, str], list[tuple[float, float]]] = {}
            medians: dict[tuple[str, str], tuple[float, float]] = {}
            for _ in range(runs):
                for name, tokenizer in both.items():
                    times.setdefault((name, "decode"), []).append(timed(lambda t=tokenizer: t.decode(codes)))
                    times.setdefault((name, "encode"), []).append(timed(lambda t=tokenizer: t.encode(features)))
            for (name, what), pairs in sorted(times.items(), key=lambda item: item[0][1]):
                clock, used = zip(*pairs, strict=True)
                medians[name, what] = statistics.median(clock), statistics.median(used)
                print(
                    f"{threads} threads  {what} 400 frames  {name:12}  median {statistics.median(clock):6.1f} ms, best "
                    f"{min(clock):6.1f} ms, processor {statistics.median(used):6.1f} ms"
                )
            for what in ("decode", "encode"):
                gain = np.divide(medians["torch", what], medians["ONNX Runtime", what])
                print(f"{threads} threads  {what}  ONNX Runtime is {gain[0]:.2f}x as fast (processor {gain[1]:.2f}x)")
            print(f"{threads} threads  largest error {error:.1e}, codes {'equal' if same else 'DIFFER'}", flush=True)


if __name__ == "__main__":
    main()
