"""Figures of the interface: the tick while generating, Generate to take, Blender's and the engine's memory.

    python tests/bench/bench_ui.py                                with bpy, in the background
    blender --python tests/bench/bench_ui.py -- FOLDER            in a window, ticks by Blender's own timers

FOLDER: an unpacked extension; the repository itself when left out, which has no `runtime` folder, so that the engine's
packages must be installed then. Each figure is printed with its method. Memory and processor time come from /proc,
so it needs Linux.
"""

from __future__ import annotations

import os
import statistics
import sys
import tempfile
import time
import types
from collections.abc import Callable
from pathlib import Path

os.environ["BLENDER_USER_RESOURCES"] = tempfile.mkdtemp(prefix="signwright-bench-")

import bpy

SENTENCES = (
    "Hello my name is Anna and I like to learn.",
    "My mother and my father work at the big school.",
    "Please help me because I do not understand the sign.",
    "Where is your friend and what does he want today?",
)
"""Ten words each."""
ROUNDS = 12
LONG_TEXT = " ".join(SENTENCES) * 4


def resident_megabytes(pid: int | str = "self") -> float:
    """Resident memory of a process."""
    pages = int(Path(f"/proc/{pid}/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def percentile(values: list[float], share: float) -> float:
    """Nearest-rank percentile."""
    return sorted(values)[min(int(share * len(values)), len(values) - 1)]


def show(title: str, value: str, limit: str, method: str) -> None:
    print(f"{title:<46} {value:>22}   limit {limit:<8} {method}", flush=True)


def show_ticks(seconds: list[float], method: str) -> None:
    ms = [1000 * s for s in seconds]
    value = f"{percentile(ms, 0.99):.2f} ms (max {max(ms):.2f})"
    show(f"UI tick, 99th percentile of {len(ms)}", value, "2 ms", method)


def processor_seconds(pid: int | str) -> float:
    """Processor time that a process has used."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def set_up() -> None:
    """Register the add-on under a package whose root is the extension's folder, as the tests do."""
    folder = sys.argv[sys.argv.index("--") + 1] if "--" in sys.argv else str(Path(__file__).parents[2])
    package = types.ModuleType("signwright")
    package.__path__ = [folder]
    sys.modules["signwright"] = package
    import signwright.addon as addon

    entry = bpy.context.preferences.addons.new()
    entry.module = "signwright"
    addon.register()


def measure_memory() -> None:
    """Blender's memory with the add-on, step by step, from a Blender that has NumPy loaded, as it has anyway."""
    import numpy  # noqa: F401

    before = resident_megabytes()
    set_up()
    bpy.ops.signwright.generate(text=SENTENCES[0], apply=False)
    grown = resident_megabytes() - before
    show("Blender's memory, add-on and first take", f"+{grown:.1f} MB", "100 MB", "resident, before register to after")
    bpy.ops.signwright.add_avatar()
    bpy.ops.signwright.apply_take()
    grown = resident_megabytes() - before
    show(
        "  with the embedded avatar and its action",
        f"+{grown:.1f} MB",
        "100 MB",
        "the same, avatar and curves included",
    )


def measure_generate() -> None:
    from signwright.addon import pump

    pid = pump.session().pid
    assert pid is not None
    times, used = [], []
    for i in range(ROUNDS):
        began, spent = time.perf_counter(), time.process_time() + processor_seconds(pid)
        bpy.ops.signwright.generate(text=SENTENCES[i % len(SENTENCES)], seed=i, apply=False)
        times.append(time.perf_counter() - began)
        used.append(time.process_time() + processor_seconds(pid) - spent)
    value = f"{statistics.median(times):.3f} s (max {max(times):.3f})"
    method = f"warm, median of {ROUNDS}; processor time {statistics.median(used):.3f} s, both processes"
    show("Generate pressed to take in the list, 10 words", value, "0.5 s", method)
    time.sleep(1.0)
    show("Engine's memory at rest", f"{resident_megabytes(pid):.0f} MB", "300 MB", "resident, after these takes")


def measure_ticks_in_background() -> None:
    """Call the timer's function at the interval that it asks for, as Blender does, while long texts are generated."""
    from signwright.addon import pump

    pump.tick_times.clear()
    for i in range(ROUNDS):
        _generate_in_ticks(i, lambda: time.sleep(pump._tick() or 0.0))
    show_ticks(list(pump.tick_times), f"{ROUNDS} texts of {len(LONG_TEXT.split())} words, no window to redraw")


def _generate_in_ticks(seed: int, step: Callable[[], None]) -> None:
    from signwright.addon import pump

    output = Path(tempfile.gettempdir()) / "signwright-bench.npz"
    job = pump.session().submit("generate", text=LONG_TEXT, seed=seed, output=str(output), fps=24.0)
    while not job.done:
        step()
    output.unlink(missing_ok=True)
    assert job.error is None, job.error


def measure_ticks_in_window() -> None:
    """Press Generate as the button does and let Blender's timers tick; prints and quits when all are done."""
    from signwright.addon import pump

    state = {"left": ROUNDS}
    bpy.context.scene.signwright.generate.text = LONG_TEXT
    bpy.context.scene.signwright.generate.apply_after = False

    def next_round() -> float | None:
        if pump.generating() is not None:
            return 0.05
        if state["left"] == 0:
            show_ticks(list(pump.tick_times), f"{ROUNDS} texts of {len(LONG_TEXT.split())} words, in a window")
            bpy.ops.wm.quit_blender()
            return None
        state["left"] -= 1
        window = bpy.context.window_manager.windows[0]
        area = next(a for a in window.screen.areas if a.type == "VIEW_3D")
        area.spaces.active.show_region_ui = True
        with bpy.context.temp_override(window=window, area=area):
            bpy.ops.signwright.generate("INVOKE_DEFAULT")
        return 0.05

    pump.tick_times.clear()
    bpy.app.timers.register(next_round, first_interval=3.0)


def main() -> None:
    print(f"Blender {bpy.app.version_string}, {os.cpu_count()} cores")
    measure_memory()
    measure_generate()
    if bpy.app.background:
        measure_ticks_in_background()
        sys.stdout.flush()
        os._exit(0)
    measure_ticks_in_window()


if __name__ == "__main__":
    main()
