"""The clothes' texture: a dark teal sweater with ribbed collar, cuffs and hem, charcoal trousers, black shoes."""

from __future__ import annotations

import numpy as np
from scipy.ndimage import gaussian_filter

from .. import clothes
from ..parts import BaseMesh, FloatArray
from .atlas import TexelMap, fill_margin, rasterise
from .face import MM, vertex_normals
from .noise import fractal_noise, smoothstep
from .occlusion import ambient_occlusion

CLOTH = np.array([47, 76, 92]) / 255
TROUSERS = np.array([37, 40, 47]) / 255
SHOES = np.array([22, 22, 24]) / 255
COLLAR_BAND = 0.016
HEM_BAND = 0.045
CUFF_BAND = 0.10
"""Width of the ribbed bands: metres at collar and hem, share of the forearm at the cuffs."""
HELPER = "helper-tights"
_LOW, _HIGH = np.array([0.8095, 0.8830]), np.array([0.8800, 0.9892])


def suit_uvs(uvs: FloatArray) -> FloatArray:
    """hm08's corner coordinates (F, 4, 2) of the tights helper spread over the whole square."""
    return 0.01 + 0.98 * (uvs - _LOW) / (_HIGH - _LOW)


def paint_suit(base: BaseMesh, size: int = 1024) -> FloatArray:
    """The suit's colour image (size, size, 3), sRGB values 0..1."""
    ids = base.groups[HELPER]
    polygons, uvs = base.polygons[ids], suit_uvs(base.uvs[ids])
    texels = rasterise(polygons, uvs, size)
    points = texels.interpolate(base.vertices[polygons])
    broad = fractal_noise(points, 60 * MM, 2, seed=3)
    weave = fractal_noise(points, 1.6 * MM, 1, seed=5)
    tone = 1 + 0.035 * broad + 0.03 * weave
    tone *= _bands(base, points)
    tone *= _light(base, texels, points)
    image = np.zeros((size, size, 3))
    # the hem's rim hides the change of colour
    sweater = smoothstep(-3 * MM, -1 * MM, clothes.hem_height(base, points))[:, None]
    shoes = smoothstep(2 * MM, -2 * MM, clothes.shoe_height(base, points))[:, None]
    below = TROUSERS + shoes * (SHOES - TROUSERS)
    image[texels.covered] = (below + sweater * (CLOTH - below)) * tone[:, None]
    return np.clip(fill_margin(image, texels.covered), 0.0, 1.0)


def _bands(base: BaseMesh, points: FloatArray) -> FloatArray:
    """Factor (N,) that draws ribs and a seam on collar, cuffs and hem."""
    depth = clothes.neck_field(base, points)
    collar = smoothstep(COLLAR_BAND + 1 * MM, COLLAR_BAND - 1 * MM, depth)
    neck = base.joint_centre("joint-neck")
    turn = np.arctan2(points[:, 0] - neck[0], points[:, 2] - neck[2])
    ribs = collar * np.sin(turn * 110)
    seam = np.exp(-(((depth - COLLAR_BAND) / (1.2 * MM)) ** 2))
    along = clothes.sleeve_position(base, points)
    cuff = smoothstep(clothes.CUFF - CUFF_BAND - 0.004, clothes.CUFF - CUFF_BAND + 0.004, along)
    for side in "lr":
        wrist, elbow = base.joint_centre(f"joint-{side}-hand"), base.joint_centre(f"joint-{side}-elbow")
        axis = (wrist - elbow) / np.linalg.norm(wrist - elbow)
        across = np.cross(axis, (0.0, 0.0, 1.0))
        across /= np.linalg.norm(across)
        offset = points - wrist
        around = np.arctan2(offset @ np.cross(axis, across), offset @ across)
        ribs = ribs + cuff * (np.sign(points[:, 0]) == np.sign(wrist[0])) * np.sin(around * 44)
    seam = seam + np.exp(-(((along - clothes.CUFF + CUFF_BAND) / 0.006) ** 2))
    above = clothes.hem_height(base, points)
    hem = smoothstep(HEM_BAND + 1 * MM, HEM_BAND - 1 * MM, above) * (above > 0)
    ribs = ribs + hem * np.sin(np.arctan2(points[:, 0], points[:, 2]) * 150)
    seam = seam + np.exp(-(((above - HEM_BAND) / (1.2 * MM)) ** 2))
    bands = np.maximum(hem, np.maximum(collar, cuff))
    return (1 + 0.06 * ribs) * (1 - 0.30 * np.clip(seam, 0, 1)) * (1 - 0.10 * bands)


def _light(base: BaseMesh, texels: TexelMap, points: FloatArray) -> FloatArray:
    """Soft self-shading (N,), from vertices, since the suit is smooth."""
    ids = base.groups[HELPER]
    polygons = base.polygons[ids]
    used = base.group_vertices(HELPER)
    normals = vertex_normals(base.vertices, polygons)
    light = np.ones(len(base.vertices))
    lifted = base.vertices[used] + 4 * MM * normals[used]
    light[used] = ambient_occlusion(lifted, normals[used], points, cell=6 * MM)
    image = np.ones((texels.size, texels.size))
    image[texels.covered] = texels.interpolate(light[polygons][..., None])[:, 0]
    soft = gaussian_filter(fill_margin(image, texels.covered), 6.0)[texels.covered]
    # the cloth spans the hollows about the hips that the tights show
    spanned = np.exp(-((clothes.hem_height(base, points) / 0.10) ** 2) - (points[:, 0] / 0.10) ** 2)
    return 1 - 0.45 * smoothstep(0.95, 0.2, soft) * (1 - spanned)
