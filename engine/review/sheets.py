"""Contact sheets: pages of signs as strips of pictures, to print or to look through quickly."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..body import BodyModel
from ..generators.base import EngineError
from ..lexicon.loader import Lexicon
from ..skeleton import JOINT_INDEX
from .motion import motion_of
from .portrait import FRONT, Painter, font, need_pillow
from .raster import Camera
from .records import Record

FRAMES = 4
ACROSS, DOWN = 2, 6
TILE = (190, 200)
_FPS = 48.0
_LINE, _MARGIN = 34, 16


def write_sheets(
    chosen: Sequence[tuple[Lexicon, Record]], body: BodyModel, folder: Path, progress: Callable[[str, int, int], None]
) -> Iterator[Path]:
    """Write pages of `ACROSS` by `DOWN` signs; yields each page's path. Raises `EngineError` without Pillow."""
    painter = Painter(body)
    middle = body.joints()[JOINT_INDEX["spine3"]] + np.array([0.0, 0.11, 0.0])
    camera = Camera.look(FRONT, middle, 0.92, TILE)
    room = ACROSS * DOWN
    for page, first in enumerate(range(0, len(chosen), room)):
        strips = []
        for number, (lexicon, record) in enumerate(chosen[first : first + room], first):
            progress(record.entry.gloss, number, len(chosen))
            try:
                strips.append((record, _strip(record, lexicon, painter, camera)))
            except EngineError as e:
                strips.append((record, e.message))
        path = folder / f"contact_sheet_{page + 1:02d}.png"
        _page(strips, page + 1, -(-len(chosen) // room)).save(path)
        yield path


def _strip(record: Record, lexicon: Lexicon, painter: Painter, camera: Camera) -> np.ndarray:
    sequence, start, end = motion_of(record.entry, lexicon, painter.body, _FPS)
    times = np.linspace(start + 0.25 * (end - start), end, FRAMES)
    at = np.clip(np.rint(times * _FPS), 0, len(sequence) - 1).astype(int)
    meshes = painter.body.skin(sequence.poses[at], sequence.trans[at], expression=sequence.expression[at])
    return np.concatenate([painter.picture(vertices, camera) for vertices in meshes], axis=1)


def _page(strips: list[tuple[Record, np.ndarray | str]], number: int, count: int) -> Any:
    pil = need_pillow()
    small = font("", 11)
    width, height = FRAMES * TILE[0], TILE[1] + _LINE
    size = (ACROSS * (width + _MARGIN) + _MARGIN, DOWN * (height + _MARGIN) + _MARGIN + 14)
    out = pil.Image.new("RGB", size, "white")
    draw = pil.ImageDraw.Draw(out)
    for i, (record, strip) in enumerate(strips):
        x, y = _MARGIN + (i % ACROSS) * (width + _MARGIN), _MARGIN + (i // ACROSS) * (height + _MARGIN)
        entry = record.entry
        status = f"reviewed by {entry.reviewed_by}" if entry.reviewed_by else "unreviewed"
        draw.text((x + 2, y), entry.gloss, fill="#17242d", font=font(entry.gloss, 15))
        draw.text((x + width - 2, y + 3), status, fill="#5b6b76", font=small, anchor="ra")
        words = ", ".join(entry.words)
        if any(ord(c) > 0x2FF for c in words):
            words = words.replace(", ", "、")  # wide fonts may lack the narrow comma
        lettering = font(words, 11)
        draw.text((x + 2, y + 18), _short(words, lettering, width), fill="#5b6b76", font=lettering)
        if isinstance(strip, str):
            draw.text((x + 2, y + _LINE + 8), _short(strip, small, width), fill="#b3372f", font=small)
        else:
            out.paste(pil.Image.fromarray(strip), (x, y + _LINE))
    draw.text((size[0] / 2, size[1] - 14), f"{number} / {count}", fill="#5b6b76", font=small, anchor="mm")
    return out


def _short(text: str, lettering: Any, width: int) -> str:
    if lettering.getlength(text) <= width - 4:
        return text
    while text and lettering.getlength(text + " ...") > width - 4:
        text = text[:-1]
    return text + " ..."
