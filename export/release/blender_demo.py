"""Runs with Blender's module: signs a text with the installed extension's own operators, and checks what came out.

Arguments: a JSON file with `text`, `language`, `folder` and `stem`, and the JSON file to write the results' list to.
"""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import bpy

_MODULE = "bl_ext.user_default.signwright"
_FPS = 24
_SIZE = (960, 540)


class DemoFailed(Exception):
    """An operator refused, or a result isn't what it must be; the message is for the user."""


def main(job: dict[str, str]) -> list[tuple[str, str]]:
    """Sign, render, save and check. Returns the files made, each with a note."""
    folder, stem = Path(job["folder"]), job["stem"]
    video, blend, take, sheet = (folder / f"{stem}{ending}" for ending in (".mp4", ".blend", ".npz", "_sheet.png"))
    for path in (video, blend, take, sheet):
        path.unlink(missing_ok=True)
    ops = bpy.ops.signwright
    scene = bpy.context.scene
    with stage("enable the extension"):
        finished(bpy.ops.preferences.addon_enable(module=_MODULE), "enabling the extension")
        ops = bpy.ops.signwright
        _empty(scene)
    with stage("add the avatar"):
        finished(ops.add_avatar(), "add_avatar")
    with stage("generate (with the engine's start)"):
        finished(ops.generate(text=job["text"], language=job["language"], apply=False), "generate")
    with stage("apply"):
        finished(ops.apply_take(), "apply_take")
    with stage("build the studio, frame the camera"):
        finished(ops.build_studio(), "build_studio")
        finished(ops.frame_camera(), "frame_camera")
    with stage("export the take"):
        finished(ops.export_take(filepath=str(take)), "export_take")
    frames = scene.frame_end - scene.frame_start + 1
    with stage(f"render {frames} frames"):
        finished(ops.render(filepath=str(video), preset="PREVIEW"), "render")
    with stage("contact sheet"):
        finished(ops.contact_sheet(filepath=str(sheet)), "contact_sheet")
    with stage("save the .blend"):
        bpy.ops.wm.save_as_mainfile(filepath=str(blend), compress=True)
    with stage("check the results"):
        length = _check_video(video, frames)
        for path in (blend, take, sheet):
            if not path.is_file() or not path.stat().st_size:
                raise DemoFailed(f"{path} was not written.")
    return [
        (str(video), f"{_SIZE[0]}x{_SIZE[1]}, {length:.1f} s at {_FPS} frames per second, H.264"),
        (str(blend), "the scene: avatar, keyframes, studio"),
        (str(take), "the take, SMPL-X motion that other tools read"),
        (str(sheet), "contact sheet"),
    ]


@contextmanager
def stage(title: str) -> Iterator[None]:
    """Print how long the body took."""
    begin = time.monotonic()
    yield
    print(f"STAGE {title}: {time.monotonic() - begin:.2f} s", flush=True)


def finished(outcome: set[str], name: str) -> None:
    """Raise unless an operator said that it finished."""
    if outcome != {"FINISHED"}:
        raise DemoFailed(f"{name} ended with {', '.join(outcome)}.")


def _empty(scene: Any) -> None:
    """Take the start-up cube, light and camera away; the scene is as long as the take then."""
    bpy.data.batch_remove(list(scene.objects))
    scene.render.fps, scene.render.fps_base = _FPS, 1.0
    scene.frame_start = scene.frame_end = 1


def _check_video(path: Path, frames: int) -> float:
    """Read the video back with Blender's own reader; returns its seconds."""
    if not path.is_file():
        raise DemoFailed(f"{path} was not written.")
    clip = bpy.data.movieclips.load(str(path))
    found = (tuple(clip.size), clip.frame_duration, round(clip.fps, 2))
    if found != (_SIZE, frames, _FPS):
        raise DemoFailed(f"{path} has size, frames and frame rate {found}, not {(_SIZE, frames, _FPS)}.")
    return frames / _FPS


if __name__ == "__main__":
    status = 1
    try:
        made = main(json.loads(Path(sys.argv[1]).read_text("utf-8")))
        Path(sys.argv[2]).write_text(json.dumps(made), "utf-8")
        bpy.ops.preferences.addon_disable(module=_MODULE)
        status = 0
    except (DemoFailed, RuntimeError) as e:
        traceback.print_exc()
        if "Traceback" not in str(e):
            print(f"PROBLEM {str(e).removeprefix('Error: ').strip()}")
    except Exception:
        traceback.print_exc()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)
