"""Figures of the embedded avatar and its skinning.

    python tests/bench/bench_avatar.py

Volume: cross-section area of the forearm at 12 places between elbow and wrist, posed over rest, the worst of them, with
and without pose correctives. Times: best of five runs, one thread of NumPy if OPENBLAS_NUM_THREADS=1 is set.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))
from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.skeleton import JOINT_INDEX, POSE_SIZE

FRAMES = 300


def best_milliseconds(work: Callable[[], object], runs: int = 5) -> float:
    times = []
    for _ in range(runs):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return 1000 * min(times)


def kept_area(model: BodyModel, joint: str, degrees: float) -> float:
    """Smallest cross-section of the left forearm after a twist, as a share of the rest pose's."""
    pose = np.zeros(POSE_SIZE)
    pose[3 * JOINT_INDEX[joint]] = np.radians(degrees)
    posed = model.skin(pose)[0]
    start, end = (model.joints()[JOINT_INDEX[j]] for j in ("left_elbow", "left_wrist"))
    axis = end - start
    along = (model.template - start) @ axis / (axis @ axis)
    near = np.linalg.norm(model.template - start - along[:, None] * axis, axis=1) < 0.08
    shares = []
    for place in np.linspace(0.05, 1.0, 12):
        ring = near & (np.abs(along - place) < 0.03)
        areas = [
            np.prod(np.linalg.svd(v[ring] - v[ring].mean(axis=0), compute_uv=False)[:2])
            for v in (model.template, posed)
        ]
        shares.append(areas[1] / areas[0])
    return min(shares)


def main() -> None:
    model = BodyModel.load(EMBEDDED_AVATAR)
    plain = replace(model, pose_blend=None)
    print(
        f"file: {EMBEDDED_AVATAR.stat().st_size / 1e6:.2f} MB, "
        f"{model.vertex_count} vertices, {len(model.faces)} triangles"
    )
    print(f"load: {best_milliseconds(lambda: BodyModel.load(EMBEDDED_AVATAR)):.0f} ms")
    poses = np.random.default_rng(0).normal(scale=0.3, size=(FRAMES, POSE_SIZE))
    print(f"joints of {FRAMES} frames: {best_milliseconds(lambda: model.forward_kinematics(poses)):.1f} ms")
    print(f"skinning: {best_milliseconds(lambda: model.skin(poses[:30])) / 30:.2f} ms a frame")
    rng = np.random.default_rng(1)
    probe = model.probe(rng.integers(0, len(model.faces), 60), rng.dirichlet([1, 1, 1], 60))
    transforms = model.forward_kinematics(poses)
    print(f"60 surface points over {FRAMES} frames: {best_milliseconds(lambda: probe.positions(transforms)):.1f} ms")
    print("thinnest place of the forearm, share of its area at rest (plain skinning -> with correctives):")
    for joint in ("left_wrist", "left_elbow"):
        for degrees in (-90, -60, 60, 90):
            before, after = kept_area(plain, joint, degrees), kept_area(model, joint, degrees)
            print(f"  {joint} twisted by {degrees:+} degrees: {before:.2f} -> {after:.2f}")


if __name__ == "__main__":
    main()
