"""SignLLM's frames: `python -m tests.bench.bench_signllm_generation [SIZE ...]`.

Method: random weights of a named size, one text of 20 tokens, exactly FRAMES frames, each fed with the one before, one
thread. With the cache a step works out one frame; without it torch works out the whole prefix again for each frame.
Seconds are those of the processor, the best of RUNS after one that isn't counted; without the cache it is run once.
Frames of all three are compared: the largest difference is printed. Then the fitting of 50 joints to the body, which
follows in the engine.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import argparse
import os
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar, get_args

import numpy as np
import onnxruntime
import torch
from numpy.typing import NDArray

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.bundle import Manifest, write_manifest
from engine.formats.body50 import TO_PICTURE, joints50
from engine.formats.fit50 import fit50
from engine.signllm.config import Size, sized
from engine.signllm.model import PoseTransformer
from engine.signllm.onnx_runtime import OnnxTransformer
from export.signllm.onnx_models import write_pose

PIECES, TEXT = 1000, 20
Frames = NDArray[np.float32]
T = TypeVar("T")


def main() -> None:
    """Print some lines for each size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sizes", nargs="*", default=["tiny"], choices=get_args(Size), metavar="SIZE")
    parser.add_argument("--frames", type=int, default=200)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    torch.set_num_threads(1)
    versions = f"ONNX Runtime {onnxruntime.__version__}, torch {torch.__version__}"
    print(f"1 thread, load {os.getloadavg()[0]:.1f}, {versions}", flush=True)
    for size in options.sizes:
        measure(size, options.frames, options.runs)
    fitting(options.frames)


def measure(size: Size, frames: int, runs: int) -> None:
    """Print how many frames a second a size makes by each way."""
    torch.manual_seed(0)
    model = PoseTransformer(sized(size, PIECES)).eval()
    text = np.random.default_rng(0).integers(4, PIECES, TEXT).tolist()
    count = sum(p.numel() for p in model.parameters()) / 1e6
    print(f"{size}: {count:.1f} million parameters, {frames} frames of a text of {TEXT} tokens")
    plain, slow = timed(lambda: anew(model, text, frames))
    line("torch, everything anew", frames, slow, slow)
    cached, took = best(lambda: by_cache(model, text, frames), runs)
    line("torch, with the cache", frames, took, slow)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        write_pose(model, folder)
        bundle = write_manifest(folder, Manifest("signllm", "", (), "", "", {}), [p.name for p in folder.iterdir()])
        runtime = OnnxTransformer(bundle, "pose", threads=1)
        onnx, took = best(lambda: by_onnx(runtime, text, frames), runs)
    line("ONNX Runtime, with the cache", frames, took, slow)
    print(f"  largest difference {max(np.abs(cached - plain).max(), np.abs(onnx - plain).max()):.1e}", flush=True)


@torch.no_grad()
def anew(model: PoseTransformer, text: list[int], frames: int) -> Frames:
    """Each frame by the whole prefix."""
    tokens, lengths = torch.tensor([text]), torch.tensor([len(text)])
    memory = model.encode(tokens, lengths)
    fed = torch.zeros(1, 1, model.config.frame)
    for _ in range(frames):
        fed = torch.cat([fed, model.decode(memory, lengths, fed)[:, -1:, 0]], dim=1)
    return fed[0, 1:].numpy()


@torch.no_grad()
def by_cache(model: PoseTransformer, text: list[int], frames: int) -> Frames:
    """Each frame by the cache."""
    lengths = torch.tensor([len(text)])
    cache = model.start(model.encode(torch.tensor([text]), lengths), lengths, frames)
    made = [torch.zeros(1, model.config.frame)]
    for _ in range(frames):
        made.append(model.step(made[-1], cache))
    return torch.cat(made[1:]).numpy()


def by_onnx(runtime: OnnxTransformer, text: list[int], frames: int) -> Frames:
    """Each frame by ONNX Runtime."""
    session = runtime.frames([text])
    made = [np.zeros((1, sized("tiny", PIECES).frame), np.float32)]
    for _ in range(frames):
        made.append(session.step(made[-1]))
    return np.concatenate(made[1:])


def fitting(frames: int) -> None:
    """Print what the fitting of a moving body's joints takes."""
    body = BodyModel.load(EMBEDDED_AVATAR)
    waves = np.sin(np.linspace(0.0, 12.0, frames))[:, None]
    poses = np.random.default_rng(1).normal(0.0, 0.1, 165) * waves
    points = joints50(body, poses) * TO_PICTURE
    _, took = timed(lambda: fit50(points, 24.0, body))
    print(f"fitting to the body: {1000.0 * took / frames:.1f} ms a frame")


def line(what: str, frames: int, seconds: float, slow: float) -> None:
    """Print one way's figures."""
    print(f"  {what:30}{seconds:8.2f} s  {frames / seconds:9.0f} frames a second  {slow / seconds:6.1f}x", flush=True)


def timed(run: Callable[[], T]) -> tuple[T, float]:
    """What a run gives, and the seconds of this process's processor that it took."""
    began = time.process_time()
    made = run()
    return made, time.process_time() - began


def best(run: Callable[[], T], runs: int) -> tuple[T, float]:
    """The quickest of several runs after one that isn't counted."""
    run()
    return min((timed(run) for _ in range(runs)), key=lambda one: one[1])


if __name__ == "__main__":
    main()
