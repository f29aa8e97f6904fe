"""Puts the avatar together and packs it into one `.npz`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.body_files import PACKED_FORMAT, packed
from engine.skeleton import EXPRESSION_NAMES, JOINT_COUNT, PARENTS

from . import clothes, expressions, landmarks, look, posedirs, regressors, rig, targets
from .linear_mesh import LinearMesh, from_base, from_part, joined
from .parts import BaseMesh, FloatArray, IntArray, MeshPart
from .source import Source
from .tpose import RestPose

HEIGHT = 1.70
"""Metres, like SMPL-X's neutral body."""

_INFLUENCES = 8
_STEP = 1e-5
"""Directions are stored to a hundredth of a millimetre."""
_BASE_PARTS = {
    "helper-upper-teeth": "teeth",
    "helper-lower-teeth": "teeth",
    "helper-tongue": "tongue",
}


@dataclass(frozen=True)
class Character:
    """The base mesh made ready: everything later steps are computed from."""

    base: BaseMesh
    weights: FloatArray
    rest: RestPose
    bone_names: tuple[str, ...]
    shapes: FloatArray
    expressions: FloatArray
    gaze: FloatArray


def character(source: Source) -> Character:
    """Template, rig, shape (N, 3, 10), expression (N, 3, 22) and lid directions on the base topology, in metres."""
    raw, polygons, uvs, groups = source.base_mesh()
    opposite = source.mirror()
    adult = symmetric(targets.averaged_adult(source, raw), opposite)
    body = adult[np.unique(polygons[groups["body"]])]
    scale = HEIGHT / (body[:, 1].max() - body[:, 1].min())
    cubes = {name: np.unique(polygons[ids]) for name, ids in groups.items() if name.startswith("joint-")}
    bones = source.bones(cubes)
    weights = rig.smooth_thumb_web(list(bones), source.weights(bones), polygons[groups["body"]])
    tongue = np.unique(polygons[groups["helper-tongue"]])
    eyes = np.unique(polygons[np.concatenate([groups["helper-l-eye"], groups["helper-r-eye"]])])
    units = expressions.expression_directions(source, adult, polygons[groups["body"]], tongue)
    faces = symmetric(units, opposite) * scale
    base = BaseMesh(adult * scale, polygons, uvs, groups, {n: faces[:, :, i] for i, n in enumerate(EXPRESSION_NAMES)})
    return Character(
        base,
        weights,
        RestPose(bones, weights, base.vertices),
        tuple(bones),
        targets.shape_directions(source) * scale,
        faces,
        expressions.gaze_directions(source, eyes) * scale,
    )


def symmetric(values: FloatArray, opposite: IntArray) -> FloatArray:
    """The mean of positions or deltas (N, 3, ...) and their mirror image; the face units are a little one-sided."""
    flip = np.array([-1.0, 1.0, 1.0]).reshape(3, *[1] * (values.ndim - 2))
    return 0.5 * (values + values[opposite] * flip)


def whole_mesh(base: BaseMesh, parts: list[MeshPart]) -> LinearMesh:
    """Skin, suit, mouth and added parts, with vertices in SMPL-X's keypoint order and quads first."""
    meshes = [clothes.visible_skin(base), clothes.suit(base)]
    meshes += [from_base(base, base.groups[g], material) for g, material in _BASE_PARTS.items()]
    meshes += [from_part(part, base) for part in parts]
    mesh = joined(meshes)
    order = landmarks.vertex_order(mesh.vertices(base.vertices), landmarks.keypoint_places(base))
    place = np.empty(len(order) + 1, dtype=np.int64)
    place[order], place[-1] = np.arange(len(order)), -1
    quads_first = np.argsort(mesh.polygons[:, 3] < 0, kind="stable")
    return LinearMesh(
        mesh.blend[order],
        mesh.offsets[order],
        place[mesh.polygons[quads_first]],
        mesh.uvs[quads_first],
        tuple(mesh.materials[i] for i in quads_first),
    )


def build(source: Source, who: Character) -> dict[str, NDArray]:
    """All entries of `avatar.npz`."""
    mesh = whole_mesh(look.laid_out(who.base), look.parts(who.base, source.texture))
    weights = mesh.blend @ who.weights
    rest = who.rest.following(weights)
    vertices = rest.apply(mesh.vertices(who.base.vertices), who.base.vertices)
    directions, gaze = (
        np.stack([rest.apply(mesh.blend @ deltas, deltas) for deltas in np.moveaxis(group, 2, 0)], axis=2)
        for group in (np.concatenate([who.shapes, who.expressions], axis=2), who.gaze)
    )
    heads = [who.bone_names.index(bone) for bone in rig.joint_bones().values()]
    joints = rest.heads(who.base.vertices)[heads]
    joint_directions = np.stack([rest.heads(d)[heads] for d in np.moveaxis(who.shapes, 2, 0)], axis=2)
    origin = joints[0] + rig.ORIGIN_ABOVE_PELVIS
    vertices, joints = vertices - origin, joints - origin
    faces, quad_count, uvs, materials = _triangles(mesh)
    names = tuple(dict.fromkeys(mesh.materials))
    count = len(targets.SHAPE_NAMES)
    regressor = regressors.joint_regressor(
        vertices, joints, directions[:, :, :count], joint_directions, _steady(directions[:, :, count:])
    )
    skin_weights = _strongest(rig.smplx_weights(who.bone_names, weights))
    correctives = posedirs.pose_directions(vertices, skin_weights, joints) + posedirs.eyelid_directions(gaze)
    return {
        "format": np.array(PACKED_FORMAT),
        "gender": np.array("neutral"),
        "v_template": vertices.astype(np.float32),
        "f": faces.astype(np.uint16 if len(vertices) < 65536 else np.uint32),
        "shape_names": np.array(targets.SHAPE_NAMES),
        "expression_names": np.array(EXPRESSION_NAMES),
        "kintree_table": np.array([PARENTS, range(JOINT_COUNT)], dtype=np.int32),
        **packed("shapedirs", directions, _STEP),
        **_packed_weights(skin_weights),
        **_packed_regressor(regressor),
        **_packed_posedirs(correctives),
        **_hand_space(),
        **landmarks.face_landmarks(vertices, faces, materials == names.index("skin"), joints),
        "material_names": np.array(names),
        "face_materials": materials.astype(np.uint8),
        **packed("face_uvs", uvs, 1 / 65535),
        "quad_count": np.array(quad_count, dtype=np.int32),
    }


def _steady(expression: FloatArray) -> IntArray:
    """Vertices that no expression moves: joints must not shift with the face."""
    return np.flatnonzero(np.abs(expression).max(axis=(1, 2)) < 1e-6)


def _triangles(mesh: LinearMesh) -> tuple[IntArray, int, FloatArray, IntArray]:
    """Faces (F, 3), number of leading quads, UVs (F, 3, 2) and material index (F,)."""
    quad = mesh.polygons[:, 3] >= 0
    count = int(quad.sum())
    corners = np.array([[0, 1, 2], [0, 2, 3]])
    pairs = mesh.polygons[:count][:, corners].reshape(-1, 3)
    pair_uvs = mesh.uvs[:count][:, corners].reshape(-1, 3, 2)
    names = tuple(dict.fromkeys(mesh.materials))
    index = np.array([names.index(m) for m in mesh.materials])
    return (
        np.concatenate([pairs, mesh.polygons[count:, :3]]),
        count,
        np.concatenate([pair_uvs, mesh.uvs[count:, :3]]),
        np.concatenate([np.repeat(index[:count], 2), index[count:]]),
    )


def _strongest(weights: FloatArray) -> FloatArray:
    """Weights (V, 55) with no more than `_INFLUENCES` joints a vertex."""
    least = np.sort(weights, axis=1)[:, -_INFLUENCES][:, None]
    kept = np.where(weights >= least, weights, 0.0)
    return kept / kept.sum(axis=1, keepdims=True)


def _packed_weights(weights: FloatArray) -> dict[str, NDArray]:
    """Sparse weights; the reader makes rows sum to 1 again."""
    index = np.argsort(-weights, axis=1)[:, :_INFLUENCES]
    values = np.take_along_axis(weights, index, axis=1)
    return {"weights_index": index.astype(np.uint8), **packed("weights", values, 1 / 65535)}


def _packed_regressor(regressor: FloatArray) -> dict[str, NDArray]:
    place = np.nonzero(regressor)
    return {
        "J_regressor_index": np.stack(place).astype(np.uint16),
        "J_regressor_values": regressor[place].astype(np.float32),
    }


def _packed_posedirs(directions: FloatArray) -> dict[str, NDArray]:
    used = np.abs(directions) > 0.5 * _STEP
    vertices, columns = np.flatnonzero(used.any(axis=(1, 2))), np.flatnonzero(used.any(axis=(0, 1)))
    values = directions[np.ix_(vertices, np.arange(3), columns)]
    return {
        "posedirs_vertices": vertices.astype(np.uint16),
        "posedirs_columns": columns.astype(np.uint16),
        **packed("posedirs", values, _STEP),
    }


def _hand_space() -> dict[str, NDArray]:
    """Mean hands are flat: our poses are absolute. Components are the plain axes."""
    flat, axes = np.zeros(45, np.float32), np.eye(45, dtype=np.float32)
    return {"hands_meanl": flat, "hands_meanr": flat, "hands_componentsl": axes, "hands_componentsr": axes}


def write(entries: dict[str, NDArray], path: Path) -> None:
    """Write the avatar beside its place, then move it there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    arrays: dict[str, Any] = dict(entries)
    with partial.open("wb") as file:
        np.savez_compressed(file, **arrays)
    partial.replace(path)
