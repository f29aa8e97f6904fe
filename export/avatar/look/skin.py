"""Paints the skin: colours as functions of where a texel lies on the body, in 3D, so that no seam shows."""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from scipy.ndimage import gaussian_filter, map_coordinates
from scipy.spatial import KDTree

from ..parts import BaseMesh, FloatArray, IntArray
from .atlas import TexelMap, fill_margin, islands, rasterise, skin_uvs
from .brows import brow_shadow, brow_strokes
from .face import MM, Face, measure_face, vertex_normals
from .headmap import HeadMap, map_head
from .noise import blob, fractal_noise, smoothstep
from .occlusion import ambient_occlusion
from .scalp import hairline_strokes, scalp_cover
from .strokes import draw_strokes

TextureReader = Callable[[str], bytes]
"""Gives the bytes of one of MakeHuman's mask images, "mpfb_lips.jpg" for example."""

BASE = np.array([222, 177, 152]) / 255
BLUSH = np.array([212, 132, 112]) / 255
WARM = np.array([210, 138, 114]) / 255
LIPS = np.array([198, 120, 110]) / 255
UPPER_LIP = np.array([182, 102, 95]) / 255
SHADE = np.array([152, 92, 74]) / 255
UNDER_EYE = np.array([190, 136, 124]) / 255
PALM = np.array([228, 176, 154]) / 255
NAIL = np.array([228, 172, 158]) / 255
MOUTH = np.array([122, 52, 52]) / 255
BAKE_SIZE = 720
"""Texture size that shading is computed at."""
HAIR = np.array([78, 54, 40]) / 255
BROW = np.array([66, 44, 33]) / 255
LASH_LINE = np.array([70, 42, 34]) / 255
SCALP = np.array([54, 37, 28]) / 255
SOCKET = np.array([176, 104, 96]) / 255


@dataclass(frozen=True)
class SkinTexels:
    """The covered texels: what the painters work on. points, normals (N, 3); old_uvs (N, 2) in hm08's layout;
    island (N,): index into `islands`' names, as listed in `names`."""

    map: TexelMap
    points: FloatArray
    normals: FloatArray
    old_uvs: FloatArray
    island: IntArray
    names: tuple[str, ...]

    def on(self, *names: str) -> FloatArray:
        """1.0 for texels (N,) of the named islands, 0.0 elsewhere."""
        return np.isin(self.island, [self.names.index(n) for n in names]).astype(float)

    def part(self, *names: str) -> tuple[IntArray, SkinTexels]:
        """Ids of the texels of the named islands, and those texels alone."""
        ids = np.flatnonzero(self.on(*names))
        few = replace(
            self,
            points=self.points[ids],
            normals=self.normals[ids],
            old_uvs=self.old_uvs[ids],
            island=self.island[ids],
        )
        return ids, few

    def to_image(self, values: FloatArray) -> FloatArray:
        """Texel values (N, C) as an image (S, S, C), the margin filled."""
        image = np.zeros((self.map.size, self.map.size, values.shape[1]))
        image[self.map.covered] = values
        return fill_margin(image, self.map.covered)


def skin_texels(base: BaseMesh, size: int) -> SkinTexels:
    """Rasterise the body in the skin's layout."""
    body = base.groups["body"]
    polygons, old = base.polygons[body], base.uvs[body]
    texels = rasterise(polygons, skin_uvs(old), size)
    normals = texels.interpolate(vertex_normals(base.vertices, polygons)[polygons])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    found = islands(old)
    number = np.zeros((len(polygons), 4, 1))
    for k, ids in enumerate(found.values()):
        number[ids] = k
    return SkinTexels(
        map=texels,
        points=texels.interpolate(base.vertices[polygons]),
        normals=normals,
        old_uvs=texels.interpolate(old),
        island=np.round(texels.interpolate(number)[:, 0]).astype(np.int64),
        names=tuple(found),
    )


def paint_skin(base: BaseMesh, read_texture: TextureReader, size: int = 2048) -> FloatArray:
    """The skin's colour image (size, size, 3), sRGB values 0..1, with brows and the hair's edge."""
    texels = skin_texels(base, size)
    face = measure_face(base)
    head = map_head(base, face, ear_vertices(base, read_texture))
    colour = _ground(texels)
    ids, few = texels.part("head")
    colour[ids] = _painted_head(colour[ids], few, base, face, head, read_texture)
    for side in ("left", "right"):
        ids, few = texels.part(f"{side}_hand")
        colour[ids] = _painted_hand(colour[ids], few, base, side[0], read_texture)
    _mix(colour, MOUTH, texels.on("mouth"))
    _mix(colour, SOCKET, texels.on("left_socket", "right_socket"))
    _shade(colour, texels, base)
    image = texels.to_image(colour)
    for strokes, tone in ((hairline_strokes(head, face, size), HAIR), (brow_strokes(head, face, size), BROW)):
        cover = draw_strokes(size, strokes)[..., None]
        image += 0.92 * cover * (tone - image)
    return np.clip(image, 0.0, 1.0)


def ear_vertices(base: BaseMesh, read_texture: TextureReader) -> NDArray[np.bool_]:
    """Mask (vertices,) of the ears, from MakeHuman's mask image."""
    body = base.groups["body"]
    mask = mask_at(read_texture("mpfb_ears.jpg"), base.uvs[body].reshape(-1, 2), soften=2).reshape(-1, 4)
    found = np.zeros(len(base.vertices), dtype=bool)
    found[base.polygons[body][mask > 0.3]] = True
    return found


def _paint_scalp(colour: FloatArray, texels: SkinTexels, head: HeadMap, face: Face) -> None:
    """Hair colour under the hair, fading out a few uneven millimetres inside its edge."""
    inside = scalp_cover(head, face, texels.points) + 2.5 * MM * fractal_noise(texels.points, 5 * MM, 2, seed=61)
    _mix(colour, SCALP, 0.96 * (1 - ear_near(texels, head)) * smoothstep(-1 * MM, 9 * MM, inside))


def ear_near(texels: SkinTexels, head: HeadMap) -> FloatArray:
    """1.0 for texels (N,) that stand off the skull more than 5 mm, as ears do."""
    surface = head.surface(head.project(texels.points))
    return smoothstep(2 * MM, 5 * MM, np.nan_to_num(np.linalg.norm(texels.points - surface, axis=1), nan=0.0))


def _mix(colour: FloatArray, towards: FloatArray, amount: FloatArray) -> None:
    colour += np.clip(amount, 0.0, 1.0)[:, None] * (towards - colour)


def _ground(texels: SkinTexels) -> FloatArray:
    """Base tone with redness and lightness wandering over centimetres, millimetres and pores."""
    p = texels.points
    colour = np.tile(BASE, (len(p), 1))
    broad = fractal_noise(p, 35 * MM, 3, seed=11)
    mottle = fractal_noise(p, 6 * MM, 3, seed=23)
    pores = fractal_noise(p, 0.9 * MM, 2, seed=37)
    _mix(colour, WARM, 0.08 + 0.07 * broad + 0.07 * mottle)
    colour *= 1 + (0.012 * mottle + 0.014 * pores)[:, None]
    freckles = smoothstep(0.62, 0.82, fractal_noise(p, 2.6 * MM, 1, seed=51))
    _mix(colour, SHADE, 0.05 * freckles)
    return colour


def _painted_head(
    colour: FloatArray, texels: SkinTexels, base: BaseMesh, face: Face, head: HeadMap, read_texture: TextureReader
) -> FloatArray:
    """The head's colours (N, 3) with all that is painted on a face."""
    colour = colour.copy()
    uneven = 1 + 0.25 * fractal_noise(texels.points, 8 * MM, 2, seed=71)
    _paint_cheeks(colour, texels.points, face, uneven)
    _mix(colour, BLUSH, 0.5 * uneven * mask_at(read_texture("mpfb_ears.jpg"), texels.old_uvs, soften=10))
    _paint_lips(colour, texels, face, read_texture)
    _mix(colour, BROW, 0.42 * brow_shadow(face, texels.points))
    _paint_lids(colour, texels, base, face)
    _paint_scalp(colour, texels, head, face)
    return colour


def _paint_cheeks(colour: FloatArray, p: FloatArray, face: Face, uneven: FloatArray) -> None:
    """Warm cheeks, nose and chin; darker lids, and a shade under the eyes."""
    s = face.scale
    for eye, side in zip(face.eyes, (1, -1), strict=True):
        cheek = np.array([eye[0] + side * 13 * MM * s, eye[1] - 34 * MM * s, eye[2]])
        _mix(colour, BLUSH, 0.52 * uneven * blob(p, cheek, (15 * MM * s, 11 * MM * s, 30 * MM * s)))
        hollow = eye + np.array([-side * 4, -13.5, 12]) * MM * s
        _mix(colour, UNDER_EYE, 0.5 * blob(p, hollow, (10 * MM * s, 3.2 * MM * s, 14 * MM * s)))
        lid = eye + np.array([0, 9, 12]) * MM * s
        _mix(colour, UNDER_EYE, 0.55 * blob(p, lid, (13 * MM * s, 4.5 * MM * s, 12 * MM * s)))
        temple = eye + np.array([side * 30, 5, -20]) * MM * s
        _mix(colour, UNDER_EYE, 0.16 * blob(p, temple, 16 * MM * s))
    nose = face.nose_tip - np.array([0, 0, 4]) * MM * s
    _mix(colour, BLUSH, 0.40 * uneven * blob(p, nose, (12 * MM * s, 8 * MM * s, 10 * MM * s)))
    _mix(colour, BLUSH, 0.20 * uneven * blob(p, face.chin, (12 * MM * s, 8 * MM * s, 12 * MM * s)))


def _paint_lips(colour: FloatArray, texels: SkinTexels, face: Face, read_texture: TextureReader) -> None:
    p = texels.points
    lips = mask_at(read_texture("mpfb_lips.jpg"), texels.old_uvs, soften=4)
    lines = fractal_noise(p * (1.0, 0.22, 0.22), 0.8 * MM, 2, seed=81)
    upper = smoothstep(-1 * MM, 2 * MM, p[:, 1] - face.mouth[1])[:, None]
    tone = LIPS + upper * (UPPER_LIP - LIPS)
    _mix(colour, tone, (0.74 + 0.1 * lines) * smoothstep(0.12, 0.9, lips))
    slit = np.exp(-(((p[:, 1] - face.mouth[1]) / (1.0 * MM)) ** 2)) * lips
    _mix(colour, SHADE, 0.35 * slit)


def _paint_lids(colour: FloatArray, texels: SkinTexels, base: BaseMesh, face: Face) -> None:
    """The line of the lashes along the lids' edges, stronger above, and the damp rim inside it."""
    loops = patch_borders(base, "head", ("left_socket", "right_socket"))
    near = np.flatnonzero(np.abs(texels.points[:, 1] - face.eyes[0][1]) < 20 * MM)
    for eye, side in zip(face.eyes, (1, -1), strict=True):
        loop = loops[side * loops[:, 0] > 0]
        angle = np.arctan2(loop[:, 1] - eye[1], loop[:, 0] - eye[0])
        loop = np.concatenate([loop[np.argsort(angle)]] * 2)[: len(loop) + 1]
        dense = np.stack(
            [np.interp(np.linspace(0, len(loop) - 1, 400), np.arange(len(loop)), c) for c in loop.T], axis=1
        )
        distance, closest = (np.asarray(x) for x in KDTree(dense).query(texels.points[near]))
        found = distance < 8 * MM
        above = smoothstep(-1.5 * MM, 1.5 * MM, dense[closest[found], 1] - eye[1])
        amount = np.zeros(len(colour))
        reach = distance[found]
        line = (0.30 + 0.55 * above) * np.exp(-((reach / ((0.7 + 0.7 * above) * MM)) ** 2))
        amount[near[found]] = line + 0.10 * above * np.exp(-((reach / (3 * MM)) ** 2))
        _mix(colour, LASH_LINE, amount)


def patch_borders(base: BaseMesh, patch: str, others: tuple[str, ...]) -> FloatArray:
    """Points (N, 3) where a patch of the body's layout meets the others."""
    body = base.groups["body"]
    found = islands(base.uvs[body])
    inner = np.unique(base.polygons[body[found[patch]]])
    outer = np.unique(base.polygons[body[np.concatenate([found[o] for o in others])]])
    return base.vertices[np.intersect1d(inner, outer)]


def _painted_hand(
    colour: FloatArray, texels: SkinTexels, base: BaseMesh, letter: str, read_texture: TextureReader
) -> FloatArray:
    """The colours (N, 3) of the "l" or "r" hand: lighter palm, warm tips and knuckles, creases, nails."""
    colour, p = colour.copy(), texels.points
    uneven = 1 + 0.3 * fractal_noise(p, 5 * MM, 2, seed=91)
    palm = smoothstep(-0.15, 0.55, texels.normals @ palm_direction(base, letter))
    # fades out before the hand's patch ends at the wrist, where the arm's begins
    wrist, middle = base.joint_centre(f"joint-{letter}-hand"), base.joint_centre(f"joint-{letter}-finger-3-1")
    palm *= smoothstep(6 * MM, 40 * MM, (p - wrist) @ (middle - wrist) / np.linalg.norm(middle - wrist))
    _mix(colour, PALM, 0.8 * palm)
    wave = 0.5 * MM * fractal_noise(p, 4 * MM, 2, seed=101)
    for finger in range(1, 6):
        joints = [base.joint_centre(f"joint-{letter}-finger-{finger}-{k}") for k in (1, 2, 3, 4)]
        _mix(colour, WARM, 0.38 * uneven * blob(p, joints[3], 9 * MM))
        for joint in joints[:3]:
            _mix(colour, WARM, 0.26 * (1 - palm) * uneven * blob(p, joint, 7.5 * MM))
        for k in (1, 2):
            _mix(colour, SHADE, 0.16 * _creases(p, joints[k], joints[k + 1] - joints[k - 1], wave))
    nails = mask_at(read_texture("mpfb_fingernails.jpg"), texels.old_uvs, soften=2)
    _mix(colour, SHADE, 0.3 * smoothstep(0.02, 0.3, nails))
    _mix(colour, NAIL, 0.9 * smoothstep(0.4, 0.75, nails))
    return colour


def _creases(p: FloatArray, joint: FloatArray, axis: FloatArray, wave: FloatArray) -> FloatArray:
    """Three fine lines (N,) across a finger's joint."""
    offset = p - joint
    near = np.exp(-0.5 * (np.linalg.norm(offset, axis=1) / (9 * MM)) ** 4)
    along = offset @ (axis / np.linalg.norm(axis)) + wave
    return near * sum(np.exp(-(((along - d * MM) / (0.45 * MM)) ** 2)) for d in (-2.2, -0.2, 1.9))


def palm_direction(base: BaseMesh, letter: str) -> FloatArray:
    """Unit vector (3,) that the palm of the "l" or "r" hand faces."""
    wrist = base.joint_centre(f"joint-{letter}-hand")
    index = base.joint_centre(f"joint-{letter}-finger-2-1")
    pinky = base.joint_centre(f"joint-{letter}-finger-5-1")
    normal = np.cross(index - wrist, pinky - wrist)
    return (1 if letter == "l" else -1) * normal / np.linalg.norm(normal)


def _shade(colour: FloatArray, texels: SkinTexels, base: BaseMesh) -> None:
    """Soft occlusion of the head by itself: nostrils, ears, under the chin. Warm, since light bleeds in skin."""
    coarse = skin_texels(base, BAKE_SIZE)
    head = coarse.on("head") > 0
    outer = head | (coarse.on("left_socket", "right_socket", "torso", "mouth") > 0)
    occluders = coarse.points[outer & (coarse.points[:, 1] > face_floor(base))]
    occluders = np.concatenate([occluders, *(dense_points(base, f"helper-{s}-eye") for s in "lr")])
    light = np.ones((len(head), 1))
    lifted = coarse.points[head] + 1.5 * MM * coarse.normals[head]
    light[head, 0] = ambient_occlusion(lifted, coarse.normals[head], occluders)
    soft = gaussian_filter(coarse.to_image(light)[..., 0], 1.0)
    rows, columns = (np.indices(texels.map.covered.shape)[:, texels.map.covered] + 0.5) * BAKE_SIZE / texels.map.size
    fine = map_coordinates(soft, [rows - 0.5, columns - 0.5], order=1, mode="nearest")
    dark = texels.on("head") * smoothstep(0.92, 0.15, fine)
    _mix(colour, colour * (0.62, 0.44, 0.40), 0.85 * dark)


def face_floor(base: BaseMesh) -> float:
    """Height (m) below which nothing shades the head."""
    return float(base.joint_centre("joint-neck")[1]) - 0.12


def dense_points(base: BaseMesh, group: str, steps: int = 8) -> FloatArray:
    """Points that cover a group's quads densely."""
    quads = base.vertices[base.polygons[base.groups[group]]]
    s, t = (x.ravel() for x in np.meshgrid(*[np.linspace(0, 1, steps)] * 2))
    weights = np.stack([(1 - s) * (1 - t), s * (1 - t), s * t, (1 - s) * t], axis=1)
    return np.einsum("wk,fkc->wfc", weights, quads).reshape(-1, 3)


def mask_at(jpeg: bytes, uvs: FloatArray, soften: float) -> FloatArray:
    """Values (N,) in 0..1 of a grey image at coordinates (N, 2), blurred first by `soften` pixels."""
    pixels = np.asarray(Image.open(io.BytesIO(jpeg)).convert("L"), dtype=float) / 255
    grey: FloatArray = gaussian_filter(pixels, soften)
    rows, columns = (1 - uvs[:, 1]) * len(grey) - 0.5, uvs[:, 0] * grey.shape[1] - 0.5
    return map_coordinates(grey, [rows, columns], order=1, mode="nearest")
