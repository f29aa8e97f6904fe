"""A contact sheet: one picture of every sign of a take, with its gloss below."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import blf
import bpy
import imbuf
import numpy as np
from numpy.typing import NDArray

from ..addon import compat
from ..addon.avatar.rig import rig_problems
from .framing import picture_aspect, picture_places
from .motion import track_frames
from .render import RenderError, render_still

_HEIGHT = 400
_LEAST_WIDTH = 320
_SIDE_MARGIN = 0.06
"""Of half the picture, kept free beside the outermost hand."""
_GAP = 14
_CAPTION = 44
_HEADER = 64
_MAX_TILES = 48
_MAX_COLUMNS = 5
_PAPER = (0.115, 0.135, 0.155)
_INK = (0.96, 0.97, 0.98)
_FAINT = (0.58, 0.63, 0.68)

Pixels = NDArray[np.float32]
"""(height, width, 4) in display colours, rows from the bottom."""


@dataclass(frozen=True)
class Shot:
    """One picture of the sheet: its caption, a short note beside it, and the scene frame."""

    caption: str
    frame: int
    note: str = ""


@dataclass(frozen=True)
class _Text:
    text: str
    x: float
    y: float
    size: float
    colour: tuple[float, float, float]
    width: float
    to_right: bool = False
    """Ends at x instead of starting there."""


def make_contact_sheet(scene: bpy.types.Scene, shots: Sequence[Shot], path: Path, title: str = "") -> Path:
    """Render a still of every shot with the scene's present camera and engine, and tile them into a PNG file.

    Of more than 48 shots an even selection is shown, and the title says so. Raises `RenderError`.
    """
    if not shots:
        raise RenderError("The take has no signs to show on a contact sheet.")
    chosen = _selection(shots)
    if len(chosen) < len(shots):
        title = f"{title}  ({len(chosen)} of {len(shots)} signs)"
    width = _tile_width(scene, chosen)
    with tempfile.TemporaryDirectory(prefix="signwright-") as folder:
        pictures = [_still(scene, shot, Path(folder) / f"{i}.png", width) for i, shot in enumerate(chosen)]
    _write_png(_compose(chosen, pictures, title), path)
    return path


def _tile_width(scene: bpy.types.Scene, shots: Sequence[Shot]) -> int:
    """Pixels of a tile's width: the middle of the picture, as narrow as hands, elbows and heads of all shots allow."""
    full = round(_HEIGHT * picture_aspect(scene))
    if scene.camera is None:
        raise RenderError("The scene has no camera. Frame the camera first.")
    frames = np.array([shot.frame for shot in shots])
    reach = 0.0
    for rig in [o for o in scene.objects if o.type == "ARMATURE" and not rig_problems(o)]:
        track = track_frames(scene, rig, frames)
        points = np.concatenate([track.left_hand, track.right_hand, track.head, track.torso], axis=1)
        places, _ = picture_places(scene, scene.camera, points)
        reach = max(reach, float(np.abs(places[..., 0]).max()) + _SIDE_MARGIN)
    wanted = math.ceil(full * reach) if reach else full
    return min(max(wanted, _LEAST_WIDTH), full)


def _selection(shots: Sequence[Shot]) -> list[Shot]:
    if len(shots) <= _MAX_TILES:
        return list(shots)
    return [shots[round(i)] for i in np.linspace(0, len(shots) - 1, _MAX_TILES)]


def _still(scene: bpy.types.Scene, shot: Shot, path: Path, width: int) -> Pixels:
    render = scene.render
    size = (render.resolution_x, render.resolution_y, render.resolution_percentage)
    full = round(_HEIGHT * picture_aspect(scene))
    render.resolution_x, render.resolution_y, render.resolution_percentage = full, _HEIGHT, 100
    try:
        render_still(scene, shot.frame, path)
    finally:
        render.resolution_x, render.resolution_y, render.resolution_percentage = size
    pixels = _read_png(path)
    cut = (full - width) // 2
    return pixels[:, cut : cut + width]


def _compose(shots: Sequence[Shot], pictures: Sequence[Pixels], title: str) -> Pixels:
    columns = min(_MAX_COLUMNS, math.ceil(math.sqrt(1.4 * len(shots))), len(shots))
    rows = math.ceil(len(shots) / columns)
    header = _HEADER if title else _GAP
    tall, wide = pictures[0].shape[:2]
    cell = (wide + _GAP, tall + _CAPTION + _GAP)
    width, height = columns * cell[0] + _GAP, rows * cell[1] + header
    sheet = np.ones((height, width, 4), dtype=np.float32)
    sheet[..., :3] = _PAPER
    texts = [_Text(title, _GAP, height - 42, 26, _INK, width - 2 * _GAP)] if title else []
    for i, (shot, picture) in enumerate(zip(shots, pictures, strict=True)):
        x = _GAP + (i % columns) * cell[0]
        y = height - header - (i // columns) * cell[1] - tall
        sheet[y : y + tall, x : x + wide] = picture
        texts.append(_Text(shot.caption, x + 2, y - 30, 22, _INK, 0.72 * wide))
        texts.append(_Text(shot.note, x + wide - 2, y - 29, 15, _FAINT, 0.24 * wide, True))
    for colour in (_INK, _FAINT):
        ink = _ink(width, height, [t for t in texts if t.colour == colour])[..., None]
        sheet[..., :3] = sheet[..., :3] * (1.0 - ink) + np.array(colour, dtype=np.float32) * ink
    return sheet


def _ink(width: int, height: int, texts: Sequence[_Text]) -> Pixels:
    """(height, width) coverage of texts, drawn with Blender's own fonts for all scripts."""
    font = blf.load(str(compat.bundled_font()))
    buffer = imbuf.new((width, height))
    blf.color(font, 1.0, 1.0, 1.0, 1.0)
    with blf.bind_imbuf(font, buffer):
        for text in texts:
            blf.size(font, text.size)
            shown = _fitted(font, text)
            shift = blf.dimensions(font, shown)[0] if text.to_right else 0.0
            blf.position(font, text.x - shift, text.y, 0.0)
            blf.draw_buffer(font, shown)
    with tempfile.TemporaryDirectory(prefix="signwright-") as folder:
        path = Path(folder) / "text.png"
        imbuf.write(buffer, filepath=str(path))
        pixels = _read_png(path)
    buffer.free()
    return pixels[..., 0] * pixels[..., 3]


def _fitted(font: int, text: _Text) -> str:
    """The text, shortened with an ellipsis until it fits its width."""
    shown = text.text
    while shown and blf.dimensions(font, shown)[0] > text.width:
        shown = shown[:-2].rstrip() + "…" if len(shown) > 2 else ""
    return shown


def _read_png(path: Path) -> Pixels:
    image = bpy.data.images.load(str(path), check_existing=False)
    try:
        width, height = image.size
        pixels = np.empty(width * height * image.channels, dtype=np.float32)
        image.pixels.foreach_get(pixels)
        pixels = pixels.reshape(height, width, image.channels)
    finally:
        bpy.data.images.remove(image)
    if pixels.shape[2] == 4:
        return pixels
    return np.concatenate([pixels[..., :3], np.ones((height, width, 1), np.float32)], axis=2)


def _write_png(pixels: Pixels, path: Path) -> None:
    height, width, _ = pixels.shape
    image: Any = bpy.data.images.new("Signwright contact sheet", width, height, alpha=False)
    try:
        image.pixels.foreach_set(np.ascontiguousarray(pixels, dtype=np.float32).ravel())
        image.file_format = "PNG"
        image.save(filepath=str(path))
    except RuntimeError as e:
        raise RenderError(f"The contact sheet can't be written to {path}: {e}") from e
    finally:
        bpy.data.images.remove(image)
