"""Pictures of the avatar without Blender: its mesh and textures, softly lit, for contact sheets and charts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..body import BodyModel
from ..generators.base import EngineError
from ..lexicon.synthesis.frames import unit, vertex_normals
from .raster import Array, Camera, Hits, merged, rasterise

ASSETS = Path(__file__).parents[1] / "assets"
TEXTURES = {
    "skin": "avatar_skin.jpg",
    "suit": "avatar_suit.jpg",
    "teeth": "avatar_mouth.jpg",
    "tongue": "avatar_mouth.jpg",
    "eye": "avatar_eye_preview.jpg",
    "lash": "",
    "hair": "avatar_hair.png",
}
"""File of each of the avatar's materials; lashes are plain dark."""
CUT_OUT = frozenset(("hair", "lash"))
"""Materials seen from both sides; hair is cut out by its texture's alpha."""

FRONT = np.eye(3)
"""Camera axes that look at the signer's face."""
SIDE = np.array([[0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [-1.0, 0.0, 0.0]])
"""Camera axes from the signer's right."""

_LATIN = 0x250
_WIDE_FONTS = (
    "NotoSansCJK-Regular.ttc", "NotoSansCJKsc-Regular.otf", "wqy-microhei.ttc", "wqy-zenhei.ttc", "msyh.ttc",
    "DroidSansFallbackFull.ttf", "malgun.ttf", "PingFang.ttc", "AppleSDGothicNeo.ttc", "Arial Unicode.ttf",
)  # fmt: skip
"""Fonts with Chinese and Korean letters that systems come with."""

GROUND = (0.925, 0.937, 0.949)
_LASH = (0.05, 0.04, 0.035)
_LIGHTS = (((-0.45, 0.65, 0.75), 0.95), ((0.8, 0.15, 0.5), 0.32))
"""Directions in camera axes and strengths."""
_AMBIENT = 0.3
_SOFT = 0.25
"""How far light wraps around: skin has no hard terminator."""
_CAVITY_PIXELS = 0.012
"""Radius of darkened hollows, of the picture's width."""


def need_pillow() -> Any:
    """The module `PIL`. Raises `EngineError` when Pillow isn't installed."""
    try:
        import PIL.Image
        import PIL.ImageDraw
        import PIL.ImageFont
    except ImportError as e:
        raise EngineError(
            "no_pillow",
            "Pictures are made with Pillow, which isn't installed in this Python.",
            "Install it with: python -m pip install pillow",
        ) from e
    return PIL


def font(text: str, size: int) -> Any:
    """A font for a text: Pillow's own, or for scripts that it lacks the first wide font that this system has."""
    fonts = need_pillow().ImageFont
    if all(ord(c) < _LATIN for c in text):
        return fonts.load_default(size)
    for name in _WIDE_FONTS:
        try:
            return fonts.truetype(name, size)
        except OSError:
            continue
    return fonts.load_default(size)


class Painter:
    """Draws a body that has a surface with textures. Raises `EngineError` when Pillow isn't there."""

    def __init__(self, body: BodyModel) -> None:
        if body.surface is None:
            raise EngineError("no_surface", "This body has no textures.", "Pictures are made with the embedded avatar.")
        image = need_pillow().Image
        self.body, self._surface = body, body.surface
        self._textures: dict[str, Array] = {}
        for name, file in TEXTURES.items():
            if file:
                pixels = np.asarray(image.open(ASSETS / file).convert("RGBA"), dtype=np.float32) / 255.0
                self._textures[name] = np.concatenate([_linear(pixels[..., :3]), pixels[..., 3:]], axis=-1)
        names = np.array(self._surface.material_names)[self._surface.face_materials]
        self._materials = names
        self._cut = np.isin(names, list(CUT_OUT))

    def picture(
        self, vertices: Array, camera: Camera, faces: NDArray[np.bool_] | None = None, smooth: int = 2
    ) -> NDArray[np.uint8]:
        """(H, W, 3) picture of posed vertices (V, 3); `faces` (F,) chooses what is drawn; `smooth` samples a pixel and
        direction."""
        large = camera.enlarged(smooth)
        chosen = np.ones(len(self.body.faces), dtype=bool) if faces is None else faces
        screen = large.project(np.asarray(vertices, dtype=np.float64))
        solid, cut = np.flatnonzero(chosen & ~self._cut), np.flatnonzero(chosen & self._cut)
        hits = _renumbered(rasterise(screen, self.body.faces[solid], large.size), solid)
        if len(cut):
            seen = rasterise(
                screen, self.body.faces[cut], large.size, cull=False, keep=lambda t, w: self._alpha(cut[t], w) > 0.4
            )
            hits = merged(hits, _renumbered(seen, cut))
        colours = self._shaded(hits, np.asarray(vertices, dtype=np.float64), large)
        height, width = camera.size[1], camera.size[0]
        mean = colours.reshape(height, smooth, width, smooth, 3).mean(axis=(1, 3))
        return np.clip(np.rint(_encoded(mean) * 255.0), 0, 255).astype(np.uint8)

    def _uv(self, triangles: NDArray[np.integer], weights: Array) -> Array:
        return np.einsum("nk,nkc->nc", weights, self._surface.face_uvs[triangles])

    def _sample(self, name: str, uv: Array) -> Array:
        texture = self._textures[name]
        height, width = texture.shape[:2]
        x = (uv[:, 0] % 1.0 * width).astype(int) % width
        y = ((1.0 - uv[:, 1] % 1.0) * height).astype(int) % height
        return texture[y, x]

    def _alpha(self, triangles: NDArray[np.integer], weights: Array) -> Array:
        alpha = np.ones(len(triangles))
        hair = self._materials[triangles] == "hair"
        alpha[hair] = self._sample("hair", self._uv(triangles[hair], weights[hair]))[:, 3]
        return alpha

    def _shaded(self, hits: Hits, vertices: Array, camera: Camera) -> Array:
        out = np.broadcast_to(_linear(np.array(GROUND)), (*hits.triangle.shape, 3)).copy()
        seen = hits.triangle >= 0
        triangles, weights = hits.triangle[seen], hits.weights[seen]
        colour = np.empty((len(triangles), 3))
        names = self._materials[triangles]
        uv = self._uv(triangles, weights)
        for name in np.unique(names):
            mine = names == name
            colour[mine] = self._sample(name, uv[mine])[:, :3] if name in self._textures else _linear(np.array(_LASH))
        normals = vertex_normals(vertices, self.body.faces)
        normal = unit(np.einsum("nk,nkc->nc", weights, normals[self.body.faces[triangles]])) @ camera.axes.T
        flipped = (normal[:, 2] < 0.0) & self._cut[triangles]
        normal[flipped] *= -1.0
        light = np.full(len(triangles), _AMBIENT)
        for direction, strength in _LIGHTS:
            along = normal @ unit(np.array(direction))
            light += strength * np.clip((along + _SOFT) / (1.0 + _SOFT), 0.0, 1.0)
        out[seen] = colour * (light * _openness(hits, camera)[seen])[:, None]
        return out


def hand_faces(body: BodyModel, side: str = "right", share: float = 0.35) -> NDArray[np.bool_]:
    """(F,) whether a face belongs to one hand, wrist included."""
    from ..lexicon.synthesis.rig import HAND, WRIST

    weight = body.weights[:, [WRIST[side], *range(HAND[side].start, HAND[side].stop)]].sum(axis=1)
    return (weight > share)[body.faces].all(axis=1)


def _renumbered(hits: Hits, ids: NDArray[np.integer]) -> Hits:
    hits.triangle[:] = np.where(hits.triangle >= 0, ids[hits.triangle], -1)
    return hits


def _openness(hits: Hits, camera: Camera) -> Array:
    """(H, W) light that reaches a point, less in hollows: the depth buffer is unsharp-masked (Luft et al. 2006)."""
    seen = hits.triangle >= 0
    depth = np.where(seen, hits.depth, 0.0)
    share = seen.astype(np.float64)
    radius = max(1, round(_CAVITY_PIXELS * camera.size[0]))
    for _ in range(2):
        depth, share = _box(depth, radius), _box(share, radius)
    lower = depth / np.maximum(share, 1e-6) - hits.depth
    steep = np.where(seen, np.maximum(lower, 0.0), 0.0) / (4.0 * radius * camera.width / camera.size[0])
    # what lies far behind is another thing, not a hollow
    return 1.0 - 1.1 * steep / (1.0 + 4.0 * steep**2)


def _box(values: Array, radius: int) -> Array:
    for axis in (0, 1):
        padded = np.pad(values, [(radius + 1, radius) if k == axis else (0, 0) for k in (0, 1)], mode="edge")
        total = np.cumsum(padded, axis=axis)
        size = values.shape[axis]
        high = np.take(total, np.arange(2 * radius + 1, 2 * radius + 1 + size), axis=axis)
        values = (high - np.take(total, np.arange(size), axis=axis)) / (2 * radius + 1)
    return values


def _linear(srgb: Array) -> Array:
    return np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)


def _encoded(linear: Array) -> Array:
    low = np.maximum(linear, 0.0)
    return np.where(low <= 0.0031308, low * 12.92, 1.055 * low ** (1 / 2.4) - 0.055)
