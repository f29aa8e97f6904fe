"""Upper eyelashes as curved blades on hm08's lash strips, so that they open and close with the lids.

Their roots touch: single hairs would be thinner than a pixel and break into dots. The lower row is painted on the skin.
"""

from __future__ import annotations

import numpy as np

from ..parts import BaseMesh, FloatArray, IntArray, MeshPart

UPPER_ROW = "eyelashes-2"
COUNT = 52
LENGTH = 0.85
"""Share of the strip's depth that the longest lashes reach."""
WIDTH = 0.0007


def lashes(base: BaseMesh) -> MeshPart:
    """The upper lashes of both eyes, material "lash"."""
    points, sources, weights = [], [], []
    for side in "lr":
        rng = np.random.default_rng(41)
        grid = _strip_grid(base, side)
        for root in np.linspace(0.04, 0.96, COUNT):
            place = float(np.clip(root + rng.normal(0, 0.006), 0.01, 0.99))
            length = LENGTH * (0.62 + 0.38 * np.sin(np.pi * place) ** 0.5) * rng.uniform(0.8, 1.0)
            blade = _blade(base, grid, place, length, lean=0.035 * (place - 0.35) + rng.normal(0, 0.006))
            for target, values in zip((points, sources, weights), blade, strict=True):
                target.append(values)
    vertices = np.concatenate(points)
    polygons = _blade_polygons(len(points), len(points[0]))
    uvs = np.tile([0.5, 0.5], (len(polygons), 4, 1))
    return MeshPart("lashes", "lash", vertices, polygons, uvs, np.concatenate(sources), np.concatenate(weights))


def _strip_grid(base: BaseMesh, side: str) -> IntArray:
    """Vertex ids (5, columns) of an upper lash strip: row 0 at the lid, columns from the nose outward."""
    grid = quad_grid(base.polygons[base.groups[f"helper-{side}-{UPPER_ROW}"]])
    grid = grid if len(grid) == 5 else grid.T
    eye = base.joint_centre(f"joint-{side}-eye")
    reach = np.linalg.norm(base.vertices[grid] - eye, axis=2).mean(axis=1)
    grid = grid if reach[0] < reach[-1] else grid[::-1]
    across = np.abs(base.vertices[grid][..., 0]).mean(axis=0)
    return grid if across[0] < across[-1] else grid[:, ::-1]


def quad_grid(quads: IntArray) -> IntArray:
    """Vertex ids (rows, columns) of a rectangular sheet of quads (F, 4).

    Raises ValueError when the quads are no such sheet.
    """
    ids, uses = np.unique(quads, return_counts=True)
    count = dict(zip(ids.tolist(), uses.tolist(), strict=True))
    edges: dict[int, set[int]] = {i: set() for i in count}
    for quad in quads.tolist():
        for a, b in zip(quad, quad[1:] + quad[:1], strict=True):
            edges[a].add(b)
            edges[b].add(a)
    corners = [i for i, n in count.items() if n == 1]
    if len(corners) != 4:
        raise ValueError(f"{len(quads)} quads with {len(corners)} corners are no rectangular sheet")
    line = _walk_border(corners[0], edges, count)
    rows, used = [line], set(line)
    while len(used) < len(count):
        line = [next(iter(edges[line[0]] - used), -1)]
        while line[-1] >= 0 and len(line) < len(rows[0]):
            above = rows[-1][len(line)]
            line.append(next(iter((edges[above] & edges[line[-1]]) - used), -1))
        if line[-1] < 0:
            raise ValueError("the quads are no rectangular sheet: a row ends early")
        rows.append(line)
        used.update(line)
    return np.array(rows)


def _walk_border(start: int, edges: dict[int, set[int]], count: dict[int, int]) -> list[int]:
    line = [start, min(edges[start])]
    while count[line[-1]] != 1:
        line.append(next(i for i in edges[line[-1]] if count[i] <= 2 and i not in line))
    return line


def _blade(
    base: BaseMesh, grid: IntArray, place: float, length: float, lean: float
) -> tuple[FloatArray, IntArray, FloatArray]:
    """One lash: 2 vertices at each of 4 steps and one at the tip; positions, source ids and weights (9, 3)."""
    rows, columns = grid.shape
    steps = np.linspace(0, length, 5)
    centres, sources, weights = [], [], []
    for t in steps:
        c = np.clip(place + lean * (t / length) ** 2, 0, 1) * (columns - 1)
        r = t * (rows - 1)
        i, j = min(int(c), columns - 2), min(int(r), rows - 2)
        ids = grid[[j, j, j + 1, j + 1], [i, i + 1, i, i + 1]]
        u, v = c - i, r - j
        share = np.array([(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v])
        centres.append(share @ base.vertices[ids])
        kept = np.argsort(share)[1:]
        sources.append(ids[kept])
        weights.append(share[kept] / share[kept].sum())
    path = np.array(centres)
    along = np.gradient(path, axis=0)
    eye_out = path - base.vertices[grid].mean(axis=(0, 1)) + (0, 0, 0.02)
    side = np.cross(along, eye_out)
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    half = 0.5 * WIDTH * (1 - 0.9 * steps / length)
    left, right = path - half[:, None] * side, path + half[:, None] * side
    points = np.concatenate([np.stack([left[:-1], right[:-1]], axis=1).reshape(-1, 3), path[-1:]])
    repeat = [0, 0, 1, 1, 2, 2, 3, 3, 4]
    return points, np.array(sources)[repeat], np.array(weights)[repeat]


def _blade_polygons(blades: int, size: int) -> IntArray:
    quads = [[2 * k, 2 * k + 1, 2 * k + 3, 2 * k + 2] for k in range((size - 1) // 2 - 1)]
    tip = [[size - 3, size - 2, size - 1, -1]]
    one = np.array(quads + tip)
    first = (np.arange(blades) * size)[:, None, None]
    return np.where(one >= 0, one + first, -1).reshape(-1, 4)
