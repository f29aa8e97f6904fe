"""Times of the metrics: `OPENBLAS_NUM_THREADS=1 python -m tests.bench.bench_metrics`.

Two random motions of 200 frames and 65 joints; wall time, and the time of the processor, which is what it would take
on a machine that does nothing else: best of seven runs each. Targets on one core: DTW-JPE 50 ms, DTW-PA-JPE 1 s.
Beside them the same by plain loops (once, on 40 frames, scaled up by the square of the number of frames), and the
errors of a body: 21 points a hand and 14 of the upper body for the generator, all vertices for the tokenizer.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable

import numpy as np

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.metrics.alignment import procrustes
from engine.metrics.dtw import dtw_jpe, dtw_pa_jpe
from engine.metrics.errors import Motion, generator_errors, reconstruction_errors
from engine.metrics.points import MeasuredBody
from engine.skeleton import POSE_SIZE

FRAMES, JOINTS, FEW, RUNS = 200, 65, 40, 7


def plain_loops(a: np.ndarray, b: np.ndarray, align: Callable[[np.ndarray, np.ndarray], np.ndarray]) -> float:
    """The DTW error cell by cell."""
    table = np.full((len(a) + 1, len(b) + 1), np.inf)
    table[0, 0] = 0.0
    for i, x in enumerate(a):
        for j, y in enumerate(b):
            cost = np.linalg.norm(align(x, y) - y, axis=1).mean()
            table[i + 1, j + 1] = cost + min(table[i, j], table[i, j + 1], table[i + 1, j])
    return float(table[-1, -1])


def milliseconds(work: Callable[[], object], runs: int = RUNS, share: float = 1.0) -> tuple[float, float]:
    """Wall and processor time, the best of the runs, times `share`."""
    walls, spent = [], []
    for _ in range(runs):
        began, before = time.perf_counter(), time.process_time()
        work()
        walls.append(time.perf_counter() - began)
        spent.append(time.process_time() - before)
    return 1000 * share * min(walls), 1000 * share * min(spent)


def show(label: str, found: tuple[float, float], target: str, method: str) -> None:
    print(f"{label:32}{found[0]:10.1f} ms (CPU {found[1]:8.1f})   target {target:8}{method}", flush=True)


def main() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(2, FRAMES, JOINTS, 3))
    print(f"NumPy {np.__version__}, load {os.getloadavg()[0]:.1f}")
    size = f"{FRAMES} x {FRAMES} frames, {JOINTS} joints"
    show("DTW-JPE", milliseconds(lambda: dtw_jpe(a, b, 0)), "50 ms", size)
    show("DTW-PA-JPE", milliseconds(lambda: dtw_pa_jpe(a, b)), "1000 ms", size)
    scale = (FRAMES / FEW) ** 2
    moved = milliseconds(lambda: plain_loops(a[:FEW], b[:FEW], lambda x, y: x - x[0] + y[0]), 1, scale)
    turned = milliseconds(lambda: plain_loops(a[:FEW], b[:FEW], lambda x, y: procrustes(x, y, scale=False)), 1, scale)
    show("DTW-JPE by plain loops", moved, "-", f"{FEW} x {FEW} frames, times {scale:.0f}")
    show("DTW-PA-JPE by plain loops", turned, "-", f"{FEW} x {FEW} frames, times {scale:.0f}")
    measured = MeasuredBody(BodyModel.load(EMBEDDED_AVATAR))
    poses = rng.normal(scale=0.2, size=(2, FRAMES, POSE_SIZE))
    generator_errors(measured, poses[0, :2], poses[1, :2])
    found = milliseconds(lambda: generator_errors(measured, poses[0], poses[1]), 3)
    show("All DTW errors of one clip", found, "-", f"{FRAMES} x {FRAMES} frames, 14 + 2 x 21 points, embedded avatar")
    few = [Motion(p[:20]) for p in poses]
    found = milliseconds(lambda: reconstruction_errors(measured, *few), 3, 1 / 20)
    show("MPVPE and MPJPE of a frame", found, "-", f"{measured.body.vertex_count} vertices, 20 frames")


if __name__ == "__main__":
    main()
