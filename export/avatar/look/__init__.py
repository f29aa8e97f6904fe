"""The avatar's look: textures, texture layout, and the parts that hm08 lacks (hair, lashes, eyeballs).

For the builder: `parts(base, read_texture)` gives the extra geometry, `laid_out(base)` the base mesh with the texture
layout that the images are painted for, and `write_textures(base, read_texture, folder)` the images. All three take the
base mesh as it comes, in hm08's own layout; `read_texture("mpfb_lips.jpg")` gives the bytes of a MakeHuman mask.
The eyeballs replace `helper-l-eye` and `helper-r-eye`. Materials: skin, suit, eye, teeth, tongue, hair, lash.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
from PIL import Image

from ..parts import BaseMesh, FloatArray, MeshPart
from .atlas import skin_uvs
from .eyes import eyeballs, paint_eye
from .face import measure_face
from .hair import hair
from .hair_texture import paint_hair
from .headmap import map_head
from .lashes import lashes
from .mouth import mouth_uvs, paint_mouth
from .skin import TextureReader, ear_vertices, paint_skin
from .suit import HELPER, paint_suit, suit_uvs

MATERIALS = ("skin", "suit", "eye", "teeth", "tongue", "hair", "lash")


def parts(base: BaseMesh, read_texture: TextureReader) -> list[MeshPart]:
    """Eyeballs, lashes and hair on the base mesh."""
    face = measure_face(base)
    head = map_head(base, face, ear_vertices(base, read_texture))
    return [*eyeballs(base), lashes(base), hair(base, head, face)]


def laid_out(base: BaseMesh) -> BaseMesh:
    """The base mesh with the coordinates that the textures are painted in."""
    uvs = base.uvs.copy()
    body, tights = base.groups["body"], base.groups[HELPER]
    uvs[body] = skin_uvs(base.uvs[body])
    uvs[tights] = suit_uvs(base.uvs[tights])
    for group, coordinates in mouth_uvs(base).items():
        uvs[base.groups[group]] = coordinates
    return replace(base, uvs=uvs)


def write_textures(base: BaseMesh, read_texture: TextureReader, folder: Path, size: int = 2048) -> list[Path]:
    """Paint and write all images; returns their paths. size: of the skin's, the others keep theirs."""
    face = measure_face(base)
    return [
        _write(folder / "avatar_skin.jpg", paint_skin(base, read_texture, size), quality=88),
        _write(folder / "avatar_suit.jpg", paint_suit(base), quality=85),
        _write(folder / "avatar_eye.jpg", paint_eye(face), quality=92),
        _write(folder / "avatar_eye_preview.jpg", paint_eye(face, highlight=True), quality=92),
        _write(folder / "avatar_mouth.jpg", paint_mouth(base), quality=90),
        _write(folder / "avatar_hair.png", paint_hair()),
    ]


def _write(path: Path, image: FloatArray, quality: int = 0) -> Path:
    pixels = np.round(np.clip(image, 0, 1) * 255).astype(np.uint8)
    picture = Image.fromarray(pixels)
    if path.suffix == ".png":
        picture.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE).save(path, optimize=True)
    else:
        picture.save(path, quality=quality, optimize=True, subsampling=0)
    return path
