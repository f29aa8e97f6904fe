"""Contact sheets of handshapes and signs, for looking at while writing the lexicon: needs Pillow, no Blender.

    python tests/bench/sign_sheets.py handshapes --out DIR [NAME ...]
    python tests/bench/sign_sheets.py signs --out DIR [--language DGS] [--frames 4] [--side] [GLOSS ...]
    python tests/bench/sign_sheets.py letters --out DIR        (numbers likewise)

Handshapes are seen from the palm, from the thumb's side and from the back; signs from the front (and, with
--side, from the signer's right) at even steps through the sign. A picture takes a quarter of a second.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.lexicon.loader import Lexicon, load_language
from engine.lexicon.recorded import Entry
from engine.review.motion import hands_in, motion_of
from engine.review.portrait import FRONT, SIDE, Painter, hand_faces, need_pillow
from engine.review.raster import Camera
from engine.review.views import HAND_VIEWS, hand_middle
from engine.skeleton import JOINT_INDEX

Row = tuple[str, list[np.ndarray]]


def sheet(rows: list[Row], across: int, path: Path) -> None:
    """Write labelled rows of tiles, `across` rows side by side."""
    pil = need_pillow()
    font = pil.ImageFont.load_default(12)
    height, width = rows[0][1][0].shape[:2]
    strip = max(len(tiles) for _, tiles in rows) * width
    lines = -(-len(rows) // across)
    out = pil.Image.new("RGB", (strip * across, lines * (height + 16)), "white")
    draw = pil.ImageDraw.Draw(out)
    for i, (label, tiles) in enumerate(rows):
        x, y = (i % across) * strip, (i // across) * (height + 16)
        draw.text((x + 4, y + 1), label, fill="black", font=font)
        for k, tile in enumerate(tiles):
            out.paste(pil.Image.fromarray(tile), (x + k * width, y + 16))
    out.save(path)
    print(path)


def handshapes(painter: Painter, lexicon: Lexicon, names: list[str], out: Path) -> None:
    """Sheets of handshapes, 24 on each."""
    names = names or list(lexicon.handshapes)
    faces, middle = hand_faces(painter.body), hand_middle(painter.body)
    for start in range(0, len(names), 24):
        chosen = names[start : start + 24]
        rows = []
        for name, vertices in zip(chosen, hands_in(chosen, lexicon, painter.body), strict=True):
            views = [Camera.look(axes, middle, 0.225, (230, 240)) for axes in HAND_VIEWS.values()]
            rows.append((name, [painter.picture(vertices, view, faces) for view in views]))
        sheet(rows, 3, out / f"handshapes_{start // 24:02d}.png")


def signs(painter: Painter, lexicon: Lexicon, chosen: list[Entry], options: argparse.Namespace) -> None:
    """Sheets of 12 signs each."""
    body = painter.body
    if options.what == "signs":
        middle, width = body.joints()[JOINT_INDEX["spine3"]] + np.array([-0.04, 0.1, 0.0]), 0.8
    else:  # the hand that spells
        middle, width = body.joints()[JOINT_INDEX["right_shoulder"]] + np.array([-0.01, 0.04, 0.0]), 0.34
    views = [Camera.look(axes, middle, width, (230, 250)) for axes in ((FRONT, SIDE) if options.side else (FRONT,))]
    for first in range(0, len(chosen), 12):
        rows = []
        for sign in chosen[first : first + 12]:
            sequence, start, end = motion_of(sign, lexicon, body, 60.0)
            times = np.linspace(start + 0.3 * (end - start), end, options.frames)
            at = np.clip(times * 60.0, 0, len(sequence) - 1).astype(int)
            meshes = body.skin(sequence.poses[at], sequence.trans[at], expression=sequence.expression[at])
            tiles = [painter.picture(vertices, view) for view in views for vertices in meshes]
            rows.append((f"{sign.gloss}  {end - start:.2f} s", tiles))
        sheet(rows, 1 if options.side else 2, options.out / f"{options.what}_{first // 12:02d}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("handshapes", "signs", "letters", "numbers"))
    parser.add_argument("names", nargs="*")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--side", action="store_true")
    parser.add_argument("--language", default="ASL")
    options = parser.parse_args()
    options.out.mkdir(parents=True, exist_ok=True)
    lexicon, painter = load_language(options.language), Painter(BodyModel.load(EMBEDDED_AVATAR))
    if options.what == "handshapes":
        handshapes(painter, lexicon, options.names, options.out)
        return
    table = {"signs": lexicon.signs, "letters": lexicon.letters, "numbers": lexicon.numbers}[options.what]
    signs(painter, lexicon, [table[n] for n in options.names] if options.names else list(table.values()), options)


if __name__ == "__main__":
    main()
