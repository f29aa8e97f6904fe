"""Rendering to files: video, pictures with alpha, stills."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import bpy

from ..addon import compat

Progress = Callable[[int, int], None]
"""Called after each frame with the number of frames done and of all frames."""

_KEPT = ("filepath", "use_file_extension", "use_overwrite", "resolution_x", "resolution_y", "resolution_percentage")
_KEPT_IMAGE = ("file_format", "color_mode", "color_depth", "compression")
_KEPT_VIDEO = ("format", "codec", "constant_rate_factor", "ffmpeg_preset", "gopsize", "audio_codec")


class RenderError(Exception):
    """Rendering failed; the message says why and what to do."""


def video_to(scene: bpy.types.Scene, path: Path) -> None:
    """Let the scene render its animation to an H.264 MP4 file."""
    compat.set_video_output(scene)
    scene.render.use_file_extension = False
    scene.render.filepath = str(path)


def pictures_to(scene: bpy.types.Scene, folder: Path, *, alpha: bool = False) -> None:
    """Let the scene render its animation to numbered PNG files in a folder."""
    compat.set_image_output(scene, alpha=alpha)
    scene.render.use_file_extension = True
    scene.render.filepath = str(folder / "frame_")


@contextlib.contextmanager
def output_kept(scene: bpy.types.Scene) -> Iterator[None]:
    """Put the user's output settings and present frame back afterwards."""
    render: Any = scene.render
    kept = compat.image_settings_kept(scene, _KEPT_IMAGE)
    values = [(render, n, getattr(render, n)) for n in _KEPT]
    values += [(render.ffmpeg, n, getattr(render.ffmpeg, n)) for n in _KEPT_VIDEO]
    frame, subframe = scene.frame_current, scene.frame_subframe
    try:
        yield
    finally:
        for owner, name, value in values:
            setattr(owner, name, value)
        compat.restore_image_settings(scene, kept)
        scene.frame_set(frame, subframe=subframe)


def render_video(scene: bpy.types.Scene, path: Path, progress: Progress | None = None) -> Path:
    """Render the scene's frame range to an MP4 file and wait for it. Raises `RenderError`."""
    path = path.with_suffix(".mp4")
    _check_folder(path.parent)
    with output_kept(scene):
        video_to(scene, path)
        _render_animation(scene, progress)
    if not path.is_file() or path.stat().st_size == 0:
        raise RenderError(f"Blender wrote no video to {path}. Look whether the disk is full.")
    return path


def render_pictures(
    scene: bpy.types.Scene, folder: Path, *, alpha: bool = False, progress: Progress | None = None
) -> list[Path]:
    """Render the scene's frame range to numbered PNG files and wait for them. Raises `RenderError`."""
    _check_folder(folder)
    with output_kept(scene):
        pictures_to(scene, folder, alpha=alpha)
        _render_animation(scene, progress)
    frames = range(scene.frame_start, scene.frame_end + 1, scene.frame_step)
    made = [folder / f"frame_{frame:04d}.png" for frame in frames]
    missing = [p.name for p in made if not p.is_file()]
    if missing:
        raise RenderError(f"{len(missing)} pictures are missing in {folder}, first {missing[0]}. Is the disk full?")
    return made


def render_still(scene: bpy.types.Scene, frame: int, path: Path, *, alpha: bool = False) -> Path:
    """Render one frame to a PNG file. Raises `RenderError`."""
    _check_folder(path.parent)
    with output_kept(scene):
        compat.set_image_output(scene, alpha=alpha)
        scene.render.use_file_extension = False
        scene.render.filepath = str(path)
        scene.frame_set(frame)
        _call_render(scene, write_still=True)
    if not path.is_file():
        raise RenderError(f"Blender wrote no picture to {path}. Look whether the disk is full.")
    return path


def _check_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
    except OSError as e:
        raise RenderError(f"Nothing can be written to {folder}: {e.strerror or e}. Choose another folder.") from e


def _render_animation(scene: bpy.types.Scene, progress: Progress | None) -> None:
    total = len(range(scene.frame_start, scene.frame_end + 1, scene.frame_step))
    done = 0

    def count(*_: object) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, total)

    bpy.app.handlers.render_post.append(count)
    try:
        _call_render(scene, animation=True)
    finally:
        bpy.app.handlers.render_post.remove(count)


def _call_render(scene: bpy.types.Scene, **how: bool) -> None:
    if scene.camera is None:
        raise RenderError("The scene has no camera. Frame the camera first.")
    try:
        bpy.ops.render.render(scene=scene.name, **how)
    except RuntimeError as e:
        raise RenderError(f"Blender could not render: {str(e).strip()}") from e
