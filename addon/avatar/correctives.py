"""Pose correctives: SMPL-X's pose blend shapes, computed per frame into one shape key.

486 shape keys, one per pose feature, would cost 24-46 ms a frame even at rest. Instead NumPy computes their sum from
the evaluated pose of the rig, after constraints, drivers and NLA, and writes it into the key `Correctives`.

The key keeps its last shape in the .blend, so a file opened without the extension shows the mesh as it was saved.
"""

from __future__ import annotations

import contextlib
import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import bpy
import numpy as np
from bpy.app.handlers import persistent

from ...engine.body import BodyModelError, PoseBlend
from ...engine.skeleton import JOINT_COUNT, PARENTS
from . import models
from .rig import joint_bones

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

CORRECTIVES_KEY = "Correctives"
_NEGLIGIBLE = 1e-7
"""Metres: smaller offsets of a pose feature are left out."""
_STILL = 1e-6
"""Change of a pose feature that isn't worth a new shape."""

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class JointCorrective:
    """What one joint's rotation does to the mesh.

    entries: (k,) of the 9 entries of `R - I`, row by row, that matter. vertices: (n,) ids that it moves, or `None` for
    all. directions: (k, 3n) metres per entry.
    """

    joint: int
    entries: NDArray[np.integer]
    vertices: NDArray[np.integer] | None
    directions: NDArray[np.float32]


class Correctives:
    """The pose blend shapes of one model, in the axes of a Blender mesh."""

    def __init__(self, blend: PoseBlend, vertex_count: int) -> None:
        self.vertex_count = vertex_count
        self.joints = tuple(_joint_correctives(blend, vertex_count))

    def offsets(self, features: NDArray[np.floating]) -> NDArray[np.float32]:
        """(V, 3) offsets in metres for (54, 9) pose features: `R - I` of every joint but the root."""
        total = np.zeros((self.vertex_count, 3), dtype=np.float32)
        for joint in self.joints:
            feature = features[joint.joint - 1, joint.entries].astype(np.float32)
            if np.abs(feature).max() <= _STILL:
                continue
            part = (feature @ joint.directions).reshape(-1, 3)
            if joint.vertices is None:
                total += part
            else:
                total[joint.vertices] += part
        return total


def _joint_correctives(blend: PoseBlend, vertex_count: int) -> Iterator[JointCorrective]:
    axes = models.AXES.astype(np.float32)
    for joint in range(1, JOINT_COUNT):
        columns = np.flatnonzero(blend.columns // 9 == joint - 1)
        block = np.asarray(blend.values[:, :, columns], dtype=np.float32)
        used = np.flatnonzero(np.abs(block).max(axis=(1, 2), initial=0.0) > _NEGLIGIBLE)
        if not len(used):
            continue
        everywhere = len(used) > 0.8 * vertex_count and len(blend.vertices) == vertex_count
        part = block if everywhere else block[used]
        directions = np.ascontiguousarray(np.einsum("ab,vbk->kva", axes, part).reshape(len(columns), -1))
        vertices = None if everywhere else blend.vertices[used]
        yield JointCorrective(joint, blend.columns[columns] % 9, vertices, directions)


def pose_features(matrices: NDArray[np.floating]) -> NDArray[np.float64]:
    """(54, 9) entries of `R - I` for (55, 3, 3) global bone rotations whose rest axes are all alike.

    With parallel bones `parent^T child` is the joint's own rotation in the axes of the body model.
    """
    parents = np.array(PARENTS[1:])
    local = np.swapaxes(matrices[parents], 1, 2) @ matrices[1:]
    return (local - np.eye(3)).reshape(JOINT_COUNT - 1, 9)


def bone_rotations(rig: bpy.types.Object) -> NDArray[np.float64]:
    """(55, 3, 3) rotations of the joints' bones in the (evaluated) armature's space, scale removed."""
    bones = rig.pose.bones
    flat = np.empty(16 * len(bones), dtype=np.float32)
    bones.foreach_get("matrix", flat)
    # Blender hands matrices out column by column
    matrices = flat.reshape(-1, 4, 4)[:, :3, :3].swapaxes(1, 2).astype(np.float64)
    order = [bones.find(name) for name in joint_bones(rig).values()]
    chosen = matrices[order]
    return chosen / np.linalg.norm(chosen, axis=1, keepdims=True)


class _State:
    """What the handlers remember between frames; nothing in it is needed to open a file."""

    def __init__(self) -> None:
        self.by_model: dict[str, Correctives] = {}
        self.shown: dict[str, NDArray[np.float64]] = {}
        """Mesh name -> features that its key shows."""
        self.paused = False
        self.problems: dict[str, str] = {}
        """Mesh name -> why its correctives can't be computed."""

    def forget_shown(self) -> None:
        self.shown.clear()
        self.problems.clear()


_state = _State()


def correctives_problem(mesh: bpy.types.Object) -> str:
    """Why the mesh's correctives stand still, for the user; empty when they work."""
    return _state.problems.get(mesh.name, "")


def adopt(mesh: bpy.types.Object, blend: PoseBlend | None) -> None:
    """Keep the correctives of a model that was just read, so that its file isn't read again."""
    if blend is not None:
        _state.by_model[mesh.data[models.HASH_KEY]] = Correctives(blend, len(mesh.data.vertices))


def _correctives_of(mesh: bpy.types.Object) -> Correctives:
    digest = mesh.data[models.HASH_KEY]
    if digest not in _state.by_model:
        adopt(mesh, models.pose_blend_of(mesh))
    found = _state.by_model[digest]
    if found.vertex_count != len(mesh.data.vertices):
        raise BodyModelError(
            f"“{mesh.name}” has other vertices than its body model, so its pose correctives stand still. "
            "Undo the edit of the mesh, or add the avatar anew."
        )
    return found


def corrected_meshes(scene: bpy.types.Scene) -> Iterator[tuple[bpy.types.Object, bpy.types.Object]]:
    """(mesh, rig) of every mesh of the scene that has a key for correctives."""
    for mesh in scene.objects:
        if mesh.type != "MESH" or models.HASH_KEY not in mesh.data or mesh.data.shape_keys is None:
            continue
        rig = next((m.object for m in mesh.modifiers if m.type == "ARMATURE" and m.object is not None), None)
        if rig is not None and CORRECTIVES_KEY in mesh.data.shape_keys.key_blocks:
            yield mesh, rig


def update_correctives(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    """Bring the correctives of all meshes of a scene in line with the evaluated pose."""
    for mesh, rig in corrected_meshes(scene):
        if mesh.name in _state.problems or mesh.mode == "EDIT":
            continue
        features = pose_features(bone_rotations(rig.evaluated_get(depsgraph)))
        shown = _state.shown.get(mesh.name)
        if shown is not None and np.abs(features - shown).max() <= _STILL:
            continue
        try:
            offsets = _correctives_of(mesh).offsets(features)
        except BodyModelError as e:
            _state.problems[mesh.name] = str(e)
            log.warning("%s", e)
            continue
        _write(mesh, offsets)
        _state.shown[mesh.name] = features


def _write(mesh: bpy.types.Object, offsets: NDArray[np.float32]) -> None:
    keys: Any = mesh.data.shape_keys
    basis = np.empty(offsets.size, dtype=np.float32)
    keys.reference_key.points.foreach_get("co", basis)
    keys.key_blocks[CORRECTIVES_KEY].points.foreach_set("co", basis + offsets.ravel())
    keys.update_tag()


@contextlib.contextmanager
def paused() -> Iterator[None]:
    """Leave the correctives as they are meanwhile: for runs through many frames that only look at bones."""
    before, _state.paused = _state.paused, True
    try:
        yield
    finally:
        _state.paused = before


@persistent
def _on_change(scene: bpy.types.Scene, depsgraph: bpy.types.Depsgraph) -> None:
    if not _state.paused:
        update_correctives(scene, depsgraph)


@persistent
def _on_reload(*_: object) -> None:
    _state.forget_shown()


def _handlers() -> tuple[tuple[list[Any], Any], ...]:
    h = bpy.app.handlers
    return (
        # after the pose is evaluated; Blender then evaluates once more what was tagged here, still in the same frame
        (h.frame_change_post, _on_change),
        (h.depsgraph_update_post, _on_change),
        (h.load_post, _on_reload),
        (h.undo_post, _on_reload),
        (h.redo_post, _on_reload),
    )


def register() -> None:
    """Start keeping correctives up to date."""
    for handlers, function in _handlers():
        if function not in handlers:
            handlers.append(function)


def unregister() -> None:
    """Stop, and drop what was kept in memory."""
    for handlers, function in _handlers():
        if function in handlers:
            handlers.remove(function)
    _state.forget_shown()
    _state.by_model.clear()
