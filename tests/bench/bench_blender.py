"""Measures the Blender side: applying takes, playing them, memory, rendering. Prints each figure with its method.

Run in an environment with bpy, from the repository root:
    python tests/bench/bench_blender.py [--take FILE.npz] [--frames 300] [--no-render] [--production]
"""

from __future__ import annotations

import argparse
import os
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/addon")]

import bpy  # noqa: E402
import conftest  # noqa: E402, F401  makes the package alias `signwright`
import figures  # noqa: E402
import numpy as np  # noqa: E402
from signwright.addon.animation.apply import apply_take  # noqa: E402
from signwright.addon.avatar import correctives  # noqa: E402
from signwright.addon.avatar.create import add_avatar  # noqa: E402
from signwright.blender_scenes import framing, presets, render, studio  # noqa: E402
from signwright.engine.take import Take  # noqa: E402

_MB = 1e6


def resident() -> float:
    """Megabytes of this process in memory now."""
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * resource.getpagesize() / _MB


def timed(function: Callable[[], object], repeats: int) -> tuple[float, float, float]:
    """Median and 99th percentile of the wall time, and median processor time, in milliseconds.

    Processor time is what the figure would be on a machine that does nothing else (or less, where threads share it).
    """
    times, used = [], []
    for _ in range(repeats):
        begin, spent = time.perf_counter(), time.process_time()
        function()
        times.append(1000 * (time.perf_counter() - begin))
        used.append(1000 * (time.process_time() - spent))
    return float(np.median(times)), float(np.percentile(times, 99)), float(np.median(used))


def milliseconds(figures_: tuple[float, float, float]) -> str:
    median, late, used = figures_
    return f"{median:.1f} ms (99th {late:.1f}; CPU {used:.1f})"


def show(label: str, value: str, limit: str, method: str) -> None:
    print(f"{label:<34}{value:>42}   limit {limit:<9}{method}", flush=True)


def measure_apply(rig: bpy.types.Object, take: Take) -> None:
    frames = len(take.sequence)
    for tolerance, limit in ((None, "60 ms"), (0.5, "400 ms")):
        found = timed(lambda t=tolerance: apply_take(rig, take, tolerance_degrees=t), 9)
        label = "Apply, every frame" if tolerance is None else f"Apply, reduced to {tolerance} degrees"
        show(label, milliseconds(found), limit, f"median of 9; {frames} frames, 55 bones, 22 face units")
    count = sum(
        len(curve.keyframe_points)
        for bag in rig.animation_data.action.layers[0].strips[0].channelbags
        for curve in bag.fcurves
    )
    curves = sum(len(bag.fcurves) for bag in rig.animation_data.action.layers[0].strips[0].channelbags)
    share = 100 * count / (curves * frames)
    show("Keys left by reduction", f"{share:.0f} %", "-", f"{count} of {curves * frames} on {curves} curves")


def measure_play(scene: bpy.types.Scene, frames: int) -> None:
    forward = iter(range(1, frames + 1))
    found = timed(lambda: scene.frame_set(next(forward)), frames)
    show("frame_set with correctives", milliseconds(found), "12 ms", f"median over {frames} frames")
    correctives.unregister()
    forward = iter(range(1, frames + 1))
    found = timed(lambda: scene.frame_set(next(forward)), frames)
    correctives.register()
    show("frame_set without correctives", milliseconds(found), "-", f"median over {frames} frames")


def measure_render(scene: bpy.types.Scene, preset: presets.Preset, frames: list[int], limit: str) -> None:
    for note in presets.use_preset(scene, preset, resolution=(960, 540)):
        print("note:", note)
    with tempfile.TemporaryDirectory() as folder:
        render.render_still(scene, frames[0], Path(folder) / "warm.png")
        still = iter(frames)
        found = timed(lambda: render.render_still(scene, next(still), Path(folder) / "still.png"), len(frames))
    method = f"median of {len(frames)} stills 960x540 with saving, after a warm-up; {os.cpu_count()} cores"
    show(f"{preset.label} frame", milliseconds(found), limit, method)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--take", type=Path, help="a take to play; smooth random motion when left out")
    parser.add_argument("--frames", type=int, default=300)
    parser.add_argument("--no-render", action="store_true")
    parser.add_argument("--production", action="store_true", help="measure a Cycles frame too")
    options = parser.parse_args()
    print(f"Blender {bpy.app.version_string}, NumPy {np.__version__}, load {os.getloadavg()[0]:.1f}")
    bpy.ops.wm.read_factory_settings(use_empty=True)
    scene = bpy.context.scene
    before = resident()
    begin = time.perf_counter()
    rig = add_avatar(bpy.context)
    added = time.perf_counter() - begin
    correctives.register()
    if options.take:
        take = Take.load(options.take)
    else:
        take = figures.make_take(figures.make_sequence(frames=options.frames, spread=0.25, cutoff=1.5))
    apply_take(rig, take)
    scene.frame_set(2)
    show("Add the avatar", f"{1000 * added:.0f} ms", "-", "once, with its file and textures read")
    show("Memory growth", f"{resident() - before:.0f} MB", "100 MB", "resident set after avatar, one take, one frame")
    measure_apply(rig, take)
    measure_play(scene, min(len(take.sequence), options.frames))
    if not options.no_render:
        last = min(len(take.sequence), options.frames)
        studio.build_studio(scene, rig)
        found = timed(lambda: framing.frame_camera(scene, rig, 1, last), 1)
        show("Frame the camera", milliseconds(found), "-", f"once, {last} frames measured")
        middle = [last // 2 + i for i in range(5)]
        measure_render(scene, presets.PREVIEW, middle, "0.4 s")
        if options.production:
            measure_render(scene, presets.PRODUCTION, middle[:1], "-")
    sys.stdout.flush()
    os._exit(0)  # Blender 4.5 can hang at the interpreter's end


if __name__ == "__main__":
    main()
