"""Contact sheets of handshapes and signs, for looking at the lexicon: needs bpy, Pillow and (without a screen) Xvfb.

    python tests/bench/sign_sheets.py handshapes --out DIR [NAME ...]
    python tests/bench/sign_sheets.py signs --out DIR [--frames 4] [--side] [GLOSS ...]
    python tests/bench/sign_sheets.py letters --out DIR

Handshapes are seen from the palm, from the thumb's side and from the back; signs from the front (and, with
--side, from the signer's right) at even steps through the sign. Workbench renders, a tenth of a second each.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import bpy
import numpy as np
from PIL import Image, ImageDraw

sys.path.insert(0, str(Path(__file__).parents[2]))

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.gloss import GlossItem, GlossPhrase, GlossPlan
from engine.lexicon.loader import Lexicon, load_language
from engine.lexicon.phonology import Sign
from engine.skeleton import JOINT_INDEX, JOINT_NAMES, POSE_SIZE

# rows: image right, image up, towards the camera; in the flat right hand at rest (fingers -x, palm -y, thumb +z)
_VIEWS = {
    "palm": ((0.0, 0.0, -1.0), (-1.0, 0.0, 0.0), (0.0, -1.0, 0.0)),
    "thumb": ((0.0, -0.82, -0.57), (-1.0, 0.0, 0.0), (0.0, -0.57, 0.82)),
    "back": ((0.0, 0.0, 1.0), (-1.0, 0.0, 0.0), (0.0, 1.0, 0.0)),
}


class Studio:
    """One mesh before one orthographic camera, rendered with Workbench."""

    def __init__(self, faces: np.ndarray, vertex_count: int, size: tuple[int, int]) -> None:
        bpy.ops.wm.read_factory_settings(use_empty=True)
        self.scene = bpy.context.scene
        self.mesh = bpy.data.meshes.new("figure")
        self.mesh.from_pydata(np.zeros((vertex_count, 3)).tolist(), [], faces.tolist())
        self.mesh.polygons.foreach_set("use_smooth", np.ones(len(faces), dtype=bool))
        self.scene.collection.objects.link(bpy.data.objects.new("figure", self.mesh))
        camera = bpy.data.cameras.new("camera")
        camera.type = "ORTHO"
        self.camera = bpy.data.objects.new("camera", camera)
        self.scene.collection.objects.link(self.camera)
        self.scene.camera = self.camera
        render = self.scene.render
        render.engine = "BLENDER_WORKBENCH"
        render.resolution_x, render.resolution_y = size
        render.image_settings.file_format = "PNG"
        render.film_transparent = True
        shading = self.scene.display.shading
        shading.light, shading.color_type, shading.single_color = "STUDIO", "SINGLE", (0.85, 0.68, 0.56)
        shading.show_cavity = True

    def shot(self, vertices: np.ndarray, view: Iterable[Iterable[float]], middle: np.ndarray, width: float) -> Any:
        """Render (V, 3) vertices; the rows of `view` are image right, image up and the camera's side."""
        right, up, near = np.asarray(view, dtype=np.float64)
        local = (vertices - middle) @ np.stack([right, -near, up]).T
        self.mesh.vertices.foreach_set("co", local.astype(np.float32).ravel())
        self.mesh.update()
        self.camera.location, self.camera.rotation_euler = (0.0, -3.0, 0.0), (np.pi / 2, 0.0, 0.0)
        self.camera.data.ortho_scale = width
        path = Path(bpy.app.tempdir) / "tile.png"
        self.scene.render.filepath = str(path)
        bpy.ops.render.render(write_still=True)
        tile = Image.open(path)
        ground = Image.new("RGBA", tile.size, (96, 110, 128, 255))
        return Image.alpha_composite(ground, tile.convert("RGBA")).convert("RGB")


def sheet(rows: list[tuple[str, list[Any]]], across: int, path: Path) -> None:
    """Write labelled rows of tiles, `across` rows side by side."""
    width, height = rows[0][1][0].size
    strip = max(len(tiles) for _, tiles in rows) * width
    lines = -(-len(rows) // across)
    out = Image.new("RGB", (strip * across, lines * (height + 14)), "white")
    draw = ImageDraw.Draw(out)
    for i, (label, tiles) in enumerate(rows):
        x, y = (i % across) * strip, (i // across) * (height + 14)
        draw.text((x + 4, y + 1), label, fill="black")
        for k, tile in enumerate(tiles):
            out.paste(tile, (x + k * width, y + 14))
    out.save(path)
    print(path)


def handshapes(lexicon: Lexicon, body: BodyModel, names: list[str], out: Path) -> None:
    """The chart of handshapes."""
    from engine.lexicon.synthesis.stage import stage_for
    from engine.rotations import axis_angle_from_matrix

    stage = stage_for(body)
    hand = [j for j, name in enumerate(JOINT_NAMES) if name.startswith("right_") and name[-1] in "123"]
    chosen = body.weights[:, [*hand, JOINT_INDEX["right_wrist"]]].sum(1) > 0.35
    faces = body.faces[chosen[body.faces].all(1)]
    studio = Studio(faces, body.vertex_count, (230, 240))
    names = names or list(lexicon.handshapes)
    angles = stage.finger_parameters(list(names), lexicon.handshapes)
    poses = np.zeros((len(names), POSE_SIZE))
    rotations = stage.rig.hands["right"].rotations(angles)
    poses.reshape(len(names), -1, 3)[:, hand[0] : hand[-1] + 1] = axis_angle_from_matrix(rotations)
    vertices = body.skin(poses)
    middle = body.joints()[JOINT_INDEX["right_middle1"]] + np.array([-0.015, 0.0, 0.01])
    rows = []
    for name, v in zip(names, vertices, strict=True):
        rows.append((name, [studio.shot(v, view, middle, 0.225) for view in _VIEWS.values()]))
    sheet(rows, 4, out / "handshapes.png")


def signs(lexicon: Lexicon, body: BodyModel, chosen: list[Sign], args: argparse.Namespace) -> None:
    """Sheets of 12 signs each."""
    from engine.lexicon.synthesis import synthesise

    studio = Studio(body.faces, body.vertex_count, (230, 250))
    front = np.eye(3) * np.array([[-1.0], [1.0], [1.0]]) * np.array([-1.0, 1.0, 1.0])
    side = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
    if args.what == "signs":
        middle, width = body.joints()[JOINT_INDEX["spine3"]] + np.array([-0.04, 0.1, 0.0]), 0.8
    else:  # the hand that spells
        middle, width = body.joints()[JOINT_INDEX["right_shoulder"]] + np.array([-0.01, 0.04, 0.0]), 0.34
    rows = []
    for sign in chosen:
        item = GlossItem("sign", sign.gloss, sign=sign)
        plan = GlossPlan(sign.gloss, sign.language, (GlossPhrase((item,)),))
        sequence, segments = synthesise(plan, lexicon, body, fps=60.0)
        start, end = segments[0].start, segments[0].end
        at = np.clip(np.linspace(start + 0.3 * (end - start), end, args.frames) * 60.0, 0, len(sequence) - 1).astype(
            int
        )
        vertices = body.skin(sequence.poses[at], sequence.trans[at], expression=sequence.expression[at])
        tiles = [
            studio.shot(v, view, middle, width) for view in ((front, side) if args.side else (front,)) for v in vertices
        ]
        rows.append((f"{sign.gloss}  {end - start:.2f} s", tiles))
    across = 1 if args.side else 2
    for i in range(0, len(rows), 14):
        sheet(rows[i : i + 14], across, args.out / f"signs_{i // 14:02d}.png")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("handshapes", "signs", "letters", "numbers"))
    parser.add_argument("names", nargs="*")
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--frames", type=int, default=4)
    parser.add_argument("--side", action="store_true")
    parser.add_argument("--language", default="ASL")
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    lexicon, body = load_language(args.language), BodyModel.load(EMBEDDED_AVATAR)
    if args.what == "handshapes":
        handshapes(lexicon, body, args.names, args.out)
        return
    table = {"signs": lexicon.signs, "letters": lexicon.letters, "numbers": lexicon.numbers}[args.what]
    signs(lexicon, body, [table[n] for n in args.names] if args.names else list(table.values()), args)


if __name__ == "__main__":
    main()
