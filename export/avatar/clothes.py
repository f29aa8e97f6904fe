"""Sweater and trousers, cut from MakeHuman's tights helper, and the skin that stays visible around them."""

from __future__ import annotations

import numpy as np
from scipy import sparse
from scipy.spatial import KDTree

from .drape import draped
from .linear_mesh import LinearMesh, boundary_loops, from_base, joined
from .look.noise import smoothstep
from .parts import BaseMesh, FloatArray, IntArray
from .refine import clipped, subdivided

CUFF = 0.91
"""Where the sleeve ends, as a share of the way from elbow to wrist: the bending wrist stays free of cloth."""
CUFF_OVERLAP = 0.06
NECK_FRONT, NECK_BACK = -0.046, 0.006
"""Height of the neckline above the neck joint, in metres, 8 cm before and 8 cm behind that joint."""
NECK_CURVE = 4.0
NECK_OVERLAP = 0.03
RIM_HEIGHT, RIM_OUT, RIM_IN = 0.004, 0.0012, 0.007
HEM = -0.040
"""Height of the sweater's hem above the hip joints, in metres."""
HEM_OVERLAP = 0.03
_SWEATER_LOOSE, _HEM_LOOSE, _SLEEVE_LOOSE, _TROUSERS_LOOSE = 0.003, 0.007, 0.0015, 0.006
"""Metres that the cloth lies off the body beside what it spans."""
_ARM_RADIUS = 0.09


def neck_field(base: BaseMesh, points: FloatArray) -> FloatArray:
    """Metres (N,) below the surface that cuts out the collar; negative above it."""
    x, y, z = (points - base.joint_centre("joint-neck")).T
    slope = (NECK_FRONT - NECK_BACK) / 0.16
    # bent up at the sides: a round collar that leaves the shoulders whole
    beside = NECK_CURVE * x**2
    return 0.5 * (NECK_FRONT + NECK_BACK) + slope * z - y + beside


def sleeve_position(base: BaseMesh, points: FloatArray) -> FloatArray:
    """Share (N,) of the way from elbow (0) to wrist (1) along each arm; very low elsewhere."""
    result = np.full(len(points), -1.0)
    for side, sign in (("l", 1.0), ("r", -1.0)):
        elbow, wrist = base.joint_centre(f"joint-{side}-elbow"), base.joint_centre(f"joint-{side}-hand")
        axis = wrist - elbow
        along = (points - elbow) @ axis / (axis @ axis)
        arm = sign * points[:, 0] > sign * elbow[0] * 0.9
        result[arm] = along[arm]
    return result


def hem_height(base: BaseMesh, points: FloatArray) -> FloatArray:
    """Metres (N,) above the sweater's hem; below 0 are the trousers."""
    return points[:, 1] - base.joint_centre("joint-l-upper-leg")[1] - HEM


def shoe_height(base: BaseMesh, points: FloatArray) -> FloatArray:
    """Metres (N,) above the shoes' upper edge."""
    return points[:, 1] - base.joint_centre("joint-l-ankle")[1] - 0.01


def suit(base: BaseMesh) -> LinearMesh:
    """Long-sleeved sweater with neckline, cuffs and hem over trousers, finer where a signing video shows it."""
    mesh = from_base(base, base.groups["helper-tights"], "suit")
    centres = mesh.vertices(base.vertices)[mesh.polygons].mean(axis=1)
    shown = hem_height(base, centres) > -0.05
    mesh = subdivided(mesh, shown | (sleeve_position(base, centres) > -0.5))
    points = mesh.vertices(base.vertices)
    off = draped(points, mesh.polygons, _hanging(base, points), _looseness(base, points))
    mesh = LinearMesh(mesh.blend, mesh.offsets + off, mesh.polygons, mesh.uvs, mesh.materials)
    above_hem = hem_height(base, points)
    openings = np.minimum(neck_field(base, points), CUFF - sleeve_position(base, points))
    sweater = clipped(mesh, np.minimum(openings, above_hem))
    trousers = clipped(_narrowed(mesh, base, above_hem), HEM_OVERLAP - above_hem)
    return joined([_with_rims(base, sweater), trousers])


def _narrowed(mesh: LinearMesh, base: BaseMesh, above_hem: FloatArray) -> LinearMesh:
    """The mesh as the trousers have it: under the sweater it lies on the body."""
    share = smoothstep(-0.05, -0.005, above_hem)[:, None]
    return LinearMesh(mesh.blend, mesh.offsets * (1 - share), mesh.polygons, mesh.uvs, mesh.materials)


def _hanging(base: BaseMesh, points: FloatArray) -> FloatArray:
    """How freely (N,) cloth hangs: fully at the trunk, less on the legs, hardly on arms, not at neck and feet."""
    legs = 1 - 0.6 * smoothstep(-0.08, -0.3, hem_height(base, points))
    collar = smoothstep(0.01, 0.05, neck_field(base, points))
    return (1 - 0.9 * _on_arm(base, points)) * legs * collar * _above_feet(base, points)


def _looseness(base: BaseMesh, points: FloatArray) -> FloatArray:
    above = hem_height(base, points)
    sweater = _SWEATER_LOOSE + (_HEM_LOOSE - _SWEATER_LOOSE) * smoothstep(0.12, 0.0, above)
    trunk = np.where(above > -0.02, sweater, _TROUSERS_LOOSE)
    loose = trunk + _on_arm(base, points) * (_SLEEVE_LOOSE - trunk)
    return loose * smoothstep(0.0, 0.03, neck_field(base, points)) * _above_feet(base, points)


def _above_feet(base: BaseMesh, points: FloatArray) -> FloatArray:
    return smoothstep(0.0, 0.06, shoe_height(base, points))


def _on_arm(base: BaseMesh, points: FloatArray) -> FloatArray:
    """1 for the points (N,) on the arms, 0 on the trunk, a ramp around the shoulders."""
    result = np.zeros(len(points))
    for side in "lr":
        ends = [base.joint_centre(f"joint-{side}-{name}") for name in ("shoulder", "elbow", "hand")]
        for start, end, ramp in ((ends[0], ends[1], (0.0, 0.45)), (ends[1], ends[2], (-1.0, 0.0))):
            axis = end - start
            along = (points - start) @ axis / (axis @ axis)
            away = np.linalg.norm(points - start - np.clip(along, 0, 1)[:, None] * axis, axis=1)
            near = smoothstep(1.15 * _ARM_RADIUS, 0.85 * _ARM_RADIUS, away)
            result = np.maximum(result, near * smoothstep(*ramp, along))
    return result


def visible_skin(base: BaseMesh) -> LinearMesh:
    """Head, neck and hands, a little way under the suit."""
    neck = neck_field(base, base.vertices) < NECK_OVERLAP
    hand = sleeve_position(base, base.vertices) > CUFF - CUFF_OVERLAP
    polygons = base.polygons[base.groups["body"]]
    keep = (neck | hand)[polygons].any(axis=1)
    return from_base(base, base.groups["body"][keep], "skin")


def _with_rims(base: BaseMesh, mesh: LinearMesh) -> LinearMesh:
    """Fold the open edges of neckline, cuffs and hem inward, so that the cloth has thickness."""
    points = mesh.vertices(base.vertices)
    blends, offsets, polygons = [mesh.blend], [mesh.offsets], [mesh.polygons]
    count = len(points)
    loops = boundary_loops(mesh.polygons)
    directions = [_edge_directions(points, mesh.polygons, loop) for loop in loops]
    edge = points[np.concatenate(loops)]
    outward, around = (_mirrored_mean(edge, np.concatenate(d)) for d in zip(*directions, strict=True))
    ends = np.cumsum([len(loop) for loop in loops])[:-1]
    for loop, past, out in zip(loops, np.split(outward, ends), np.split(around, ends), strict=True):
        previous = loop
        for step in (RIM_HEIGHT * past + RIM_OUT * out, RIM_HEIGHT * past - RIM_IN * out):
            ring = count + np.arange(len(loop))
            count += len(loop)
            blends.append(mesh.blend[loop])
            offsets.append(mesh.offsets[loop] + step)
            polygons.append(_strip(previous, ring))
            previous = ring
    faces = np.concatenate(polygons)
    uvs = np.concatenate([mesh.uvs, np.full((len(faces) - len(mesh.polygons), 4, 2), mesh.uvs[0, 0])])
    blend = sparse.csr_matrix(sparse.vstack(blends))
    return LinearMesh(blend, np.concatenate(offsets), faces, uvs, ("suit",) * len(faces))


def _edge_directions(points: FloatArray, polygons: IntArray, loop: IntArray) -> tuple[FloatArray, FloatArray]:
    """Unit vectors (n, 3) that go on past the open edge in the cloth's surface, and out of the surface."""
    normals = {}
    for polygon in polygons[np.isin(polygons, loop).sum(axis=1) >= 2]:
        ring = polygon[polygon >= 0]
        a, b, c = points[ring[:3]]
        normal = np.cross(b - a, c - a)
        for k, start in enumerate(ring):
            normals[int(start), int(ring[(k + 1) % len(ring)])] = normal / np.linalg.norm(normal)
    after = np.roll(loop, -1)
    edges = points[after] - points[loop]
    surface = np.array([normals[int(a), int(b)] for a, b in zip(loop, after, strict=True)])
    away = _unit(np.cross(edges, surface))
    away, surface = (_around_the_loop(v + np.roll(v, 1, axis=0)) for v in (away, surface))
    return _unit(away), _unit(surface)


def _mirrored_mean(points: FloatArray, vectors: FloatArray) -> FloatArray:
    """Unit vectors at points (n, 3) of a symmetric mesh, made symmetric: triangles may be cut one-sidedly."""
    partner = KDTree(points).query(points * [-1, 1, 1])[1]
    return _unit(vectors + vectors[partner] * [-1, 1, 1])


def _around_the_loop(values: FloatArray, rounds: int = 3) -> FloatArray:
    """Values (n, 3) along a closed loop, evened out with their neighbours'."""
    for _ in range(rounds):
        values = 0.25 * np.roll(values, 1, axis=0) + 0.5 * values + 0.25 * np.roll(values, -1, axis=0)
    return values


def _unit(vectors: FloatArray) -> FloatArray:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def _strip(first: IntArray, second: IntArray) -> IntArray:
    """Quads (n, 4) between two rings; the first runs along open edges, so the strip runs against it."""
    after = np.roll(first, -1)
    return np.stack([after, first, second, np.roll(second, -1)], axis=1)
