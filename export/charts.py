"""Charts for people: `python -m export.charts` draws docs/handshapes.png and docs/fingerspelling.png (needs Pillow).

Handshapes are grouped as their file groups them; each is seen from the palm and from the thumb's side, as a right hand
held up to the viewer. Letters are seen as a signer holds them; a line shows the way of those that move.
"""

from __future__ import annotations

import argparse
import re
import textwrap
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.lexicon.loader import DATA, Lexicon, load_language
from engine.lexicon.phonology import Sign
from engine.lexicon.synthesis.rig import HAND
from engine.review.motion import hands_in, motion_of
from engine.review.portrait import FRONT, Painter, font, need_pillow
from engine.review.raster import Array, Camera
from engine.review.views import HAND_VIEWS, hand_middle
from engine.skeleton import JOINT_INDEX

Picture = NDArray[np.uint8]
DOCS = Path(__file__).parents[1] / "docs"
INK, SOFT, PAPER, CARD = "#17242d", "#5b6b76", "#f3f5f7", "#eceff2"
_SECTION = re.compile(r"^# -{5,} (.+)$|^\[\"?([^\"\]]+)\"?\]", re.MULTILINE)
_FPS = 60.0
_STILL = 0.05
"""Metres a second; a slower hand rests."""
_MOVES = 0.03
"""Metres that a fingertip goes in a letter that is drawn with its way."""


def groups() -> dict[str, list[str]]:
    """Handshape names by the headings of their file."""
    found: dict[str, list[str]] = {}
    heading = "Handshapes"
    for section, name in _SECTION.findall((DATA / "handshapes.toml").read_text("utf-8")):
        if section:
            heading = section[0].upper() + section[1:]
        else:
            found.setdefault(heading, []).append(name)
    return found


class Sheet:
    """A page that is filled with cards from the top left."""

    def __init__(self, title: str, note: str, card: tuple[int, int], across: int) -> None:
        self.pil = need_pillow()
        self.card, self.across, self.gap = card, across, 16
        self.width = across * (card[0] + self.gap) + self.gap + 24
        self.image = self.pil.Image.new("RGB", (self.width, 20000), PAPER)
        self.draw = self.pil.ImageDraw.Draw(self.image)
        self.draw.text((28, 26), title, fill=INK, font=self.font(34))
        self.draw.text((28, 72), note, fill=SOFT, font=self.font(16))
        self.y, self.column = 112, 0

    def font(self, size: int, text: str = "") -> Any:
        return font(text, size)

    def heading(self, text: str) -> None:
        """Begin a group."""
        self._end_row()
        self.draw.text((28, self.y + 8), text, fill=INK, font=self.font(22))
        self.y += 46

    def place(self) -> tuple[int, int]:
        """The top left corner of the next card, which is drawn empty."""
        if self.column == self.across:
            self._end_row()
        x = 28 + self.column * (self.card[0] + self.gap)
        self.column += 1
        box = (x, self.y, x + self.card[0], self.y + self.card[1])
        self.draw.rounded_rectangle(box, 14, fill="white", outline="#dde3e8")
        return x, self.y

    def _end_row(self) -> None:
        if self.column:
            self.y, self.column = self.y + self.card[1] + self.gap, 0

    def paste(self, picture: Picture, at: tuple[int, int], radius: int = 10) -> None:
        """A picture with round corners."""
        image = self.pil.Image.fromarray(picture)
        mask = self.pil.Image.new("L", image.size, 0)
        self.pil.ImageDraw.Draw(mask).rounded_rectangle((0, 0, image.size[0] - 1, image.size[1] - 1), radius, fill=255)
        self.image.paste(image, at, mask)

    def save(self, path: Path) -> None:
        """Write it, cut to what is filled."""
        self._end_row()
        page = self.image.crop((0, 0, self.width, self.y + 12))
        page.quantize(256, dither=self.pil.Image.Dither.NONE).save(path, optimize=True)
        print(path)


def handshapes(painter: Painter, lexicon: Lexicon, path: Path) -> None:
    """The chart of all handshapes."""
    wide, high = 136, 150
    sheet = Sheet(
        f"{len(lexicon.handshapes)} handshapes",
        "A right hand held up to you: its palm, and its thumb's side.",
        (2 * wide + 20, high + 76),
        7,
    )
    faces, middle = _arm_faces(painter.body), hand_middle(painter.body) + np.array([0.004, 0.0, 0.011])
    views = [Camera.look(HAND_VIEWS[name], middle, 0.19, (wide, high)) for name in ("palm", "thumb")]
    for heading, names in groups().items():
        sheet.heading(heading)
        for name, vertices in zip(names, hands_in(names, lexicon, painter.body), strict=True):
            x, y = sheet.place()
            for k, view in enumerate(views):
                sheet.paste(painter.picture(vertices, view, faces, smooth=3), (x + 8 + k * (wide + 4), y + 8))
            sheet.draw.text((x + 10, y + high + 13), name, fill=INK, font=sheet.font(18))
            text = textwrap.fill(lexicon.handshapes[name].description, 46, max_lines=2, placeholder=" ...")
            sheet.draw.multiline_text((x + 10, y + high + 38), text, fill=SOFT, font=sheet.font(12, text), spacing=3)
    sheet.save(path)


def fingerspelling(painter: Painter, lexicon: Lexicon, path: Path) -> None:
    """The chart of the manual alphabet."""
    size = (226, 236)
    sheet = Sheet(
        "The ASL manual alphabet",
        "As a right-handed signer shows it to you. A line is the way of a letter that moves.",
        (size[0] + 16, size[1] + 68),
        7,
    )
    for letter, sign in lexicon.letters.items():
        x, y = sheet.place()
        sheet.paste(_letter(painter, lexicon, sign, size), (x + 8, y + 8))
        sheet.draw.text((x + 16, y + size[1] + 12), letter, fill=INK, font=sheet.font(32))
        text = textwrap.fill(sign.description, 32, max_lines=3, placeholder=" ...")
        sheet.draw.multiline_text((x + 54, y + size[1] + 15), text, fill=SOFT, font=sheet.font(11), spacing=3)
    sheet.save(path)


def _letter(painter: Painter, lexicon: Lexicon, sign: Sign, size: tuple[int, int]) -> Picture:
    body = painter.body
    sequence, start, end = motion_of(sign, lexicon, body, _FPS)
    frames = np.arange(round(start * _FPS), min(round(end * _FPS), len(sequence) - 1) + 1)
    meshes = body.skin(sequence.poses[frames], sequence.trans[frames]).astype(np.float64)
    way = _way(meshes, body)
    shown = meshes[len(meshes) - len(way)]
    hand = shown[_hand_weight(body) > 0.6]
    low, high = np.minimum(hand.min(axis=0), way.min(axis=0)), np.maximum(hand.max(axis=0), way.max(axis=0))
    camera = Camera.look(FRONT, (low + high) / 2, max(0.225, 1.12 * float((high - low)[:2].max())), size)
    picture = painter.picture(shown, camera, _arm_faces(body), smooth=3)
    return _with_way(picture, camera, camera.project(way)[:, :2]) if len(way) > 1 else picture


def _way(meshes: Array, body: BodyModel) -> Array:
    """(N, 3) way of the fingertip that goes farthest from where the hand first comes to rest; its end (1, 3) if the
    letter doesn't move."""
    bone, wrist = np.argmax(body.weights, axis=1), body.joints()[JOINT_INDEX["right_wrist"]]
    ways = []
    for finger in ("index", "pinky"):
        ids = np.flatnonzero(bone == JOINT_INDEX[f"right_{finger}3"])
        way = meshes[:, ids[np.argmax(np.linalg.norm(body.template[ids] - wrist, axis=1))]]
        speed = np.linalg.norm(np.diff(way, axis=0), axis=1) * _FPS
        ways.append(way[np.argmax(speed < _STILL) :])
    way = max(ways, key=lambda w: float(np.ptp(w, axis=0).max()))
    return way if np.ptp(way, axis=0).max() > _MOVES else way[-1:]


def _with_way(picture: Picture, camera: Camera, way: Array) -> Picture:
    """A way (N, 2) in pixels drawn over the picture, with an arrow head."""
    pil = need_pillow()
    large = pil.Image.fromarray(picture).resize((camera.size[0] * 3, camera.size[1] * 3), pil.Image.Resampling.LANCZOS)
    draw, points = pil.ImageDraw.Draw(large), way * 3
    draw.line([tuple(p) for p in points], fill="#d0432f", width=9, joint="curve")
    last = points[-1]
    along = last - points[np.flatnonzero(np.linalg.norm(points - last, axis=1) > 20)[-1]]
    along = along / np.linalg.norm(along)
    across = np.array([-along[1], along[0]])
    draw.polygon([tuple(last + 26 * along), tuple(last + 17 * across), tuple(last - 17 * across)], fill="#d0432f")
    return np.asarray(large.resize(camera.size, pil.Image.Resampling.LANCZOS))


def _arm_faces(body: BodyModel) -> NDArray[np.bool_]:
    """(F,) whether a face belongs to the right hand or forearm."""
    weight = _hand_weight(body) + body.weights[:, JOINT_INDEX["right_elbow"]]
    return np.all(weight[body.faces] > 0.5, axis=1)


def _hand_weight(body: BodyModel) -> Array:
    return body.weights[:, [JOINT_INDEX["right_wrist"], *range(HAND["right"].start, HAND["right"].stop)]].sum(axis=1)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DOCS, help="folder (default: docs)")
    options = parser.parse_args()
    painter, lexicon = Painter(BodyModel.load(EMBEDDED_AVATAR)), load_language("ASL")
    handshapes(painter, lexicon, options.out / "handshapes.png")
    fingerspelling(painter, lexicon, options.out / "fingerspelling.png")


if __name__ == "__main__":
    main()
