"""The motion of an FBX, GLB or BVH file, read by Blender's own importers without a trace in the user's file."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import addon_utils
import bpy
import numpy as np

from ..reports import UserError
from .solve import SourceMotion

SUFFIXES = (".fbx", ".glb", ".gltf", ".bvh")
MAX_FILE_BYTES = 512 << 20
MAX_FRAMES = 60 * 600
_FPS = 60
"""Frames a second that files are sampled at: that of the common archives, and enough for others."""


def read_motion(path: Path) -> SourceMotion:
    """The motion of the first animated skeleton of a file, 60 frames a second.

    Raises `UserError` for a file that can't be read or holds no moving skeleton.
    """
    _check(path)
    with _own_scene() as scene:
        _load(path, scene)
        rig = _animated_rig(scene, path)
        return _sampled(rig, scene, path)


def _check(path: Path) -> None:
    if path.suffix.lower() not in SUFFIXES:
        raise UserError(f"{path.name} is of no kind that can be read here.", f"Choose one of {', '.join(SUFFIXES)}.")
    try:
        size = path.stat().st_size
    except OSError as e:
        raise UserError(f"{path.name} can't be read: {e.strerror}.", "Choose another file.") from e
    if size > MAX_FILE_BYTES:
        raise UserError(f"{path.name} is larger than {MAX_FILE_BYTES >> 20} MB.", "Export only the skeleton from it.")


@contextlib.contextmanager
def _own_scene() -> Iterator[bpy.types.Scene]:
    """A scene of its own in the window to import into; all that is new in the file afterwards is removed again.

    Importers reach for the window's scene in ways that an overridden context doesn't cover.
    """
    window = bpy.context.window or bpy.context.window_manager.windows[0]
    before = {block for collection in _collections() for block in collection}
    mode = bpy.context.object.mode if bpy.context.object is not None else "OBJECT"
    if mode != "OBJECT":
        bpy.ops.object.mode_set(mode="OBJECT")
    scene, users = bpy.data.scenes.new("Signwright import"), window.scene
    scene.render.fps, scene.render.fps_base = _FPS, 1.0
    try:
        window.scene = scene
        with bpy.context.temp_override(window=window):
            yield scene
    finally:
        window.scene = users
        bpy.data.batch_remove([b for collection in _collections() for b in collection if b not in before])
        if mode != "OBJECT":
            bpy.ops.object.mode_set(mode=mode)


def _collections() -> list[Any]:
    """The lists of data-blocks that importers add to."""
    names = (
        "objects", "armatures", "meshes", "actions", "materials", "images", "textures", "cameras", "lights", "curves",
        "collections", "node_groups", "worlds", "texts", "scenes",
    )  # fmt: skip
    return [getattr(bpy.data, name) for name in names]


def _load(path: Path, scene: bpy.types.Scene) -> None:
    suffix = path.suffix.lower()
    try:
        if suffix == ".fbx":
            bpy.ops.wm.fbx_import(filepath=str(path), use_anim=True, use_custom_props=False)
        elif suffix == ".bvh":
            _need("io_anim_bvh", "BVH")
            bpy.ops.import_anim.bvh(filepath=str(path), use_fps_scale=True, rotate_mode="QUATERNION")
        else:
            _need("io_scene_gltf2", "glTF")
            bpy.ops.import_scene.gltf(filepath=str(path))
    except RuntimeError as e:
        reason = str(e).strip().removeprefix("Error: ") or "Blender's importer gives no reason"
        raise UserError(
            f"{path.name} can't be imported: {reason.splitlines()[0]}",
            "Nothing in your scene changed. Does the file open in Blender by File > Import?",
            code="import_failed",
        ) from e


def _need(module: str, kind: str) -> None:
    """Blender's importers are add-ons of its own, on unless the user switched them off."""
    if not addon_utils.check(module)[1] and addon_utils.enable(module) is None:
        raise UserError(
            f"Blender's {kind} importer is switched off.",
            f"Switch on “{kind}” in Preferences > Add-ons.",
            code="importer",
        )


def _animated_rig(scene: bpy.types.Scene, path: Path) -> bpy.types.Object:
    rigs = [o for o in scene.objects if o.type == "ARMATURE"]
    if not rigs:
        raise UserError(f"{path.name} has no skeleton.", "Choose a file with an animated skeleton.", code="no_skeleton")
    animated = [o for o in rigs if _frame_range(o) is not None]
    if not animated:
        raise UserError(
            f"The skeleton in {path.name} doesn't move.", "Choose a file with an animated skeleton.", code="no_motion"
        )
    return max(animated, key=lambda o: len(o.data.bones))


def _frame_range(rig: bpy.types.Object) -> tuple[int, int] | None:
    """First and last frame of what animates a rig."""
    data = rig.animation_data
    if data is None:
        return None
    if data.action is not None:
        ranges = [tuple(data.action.frame_range)]
    else:
        ranges = [(s.frame_start, s.frame_end) for track in data.nla_tracks if not track.mute for s in track.strips]
    if not ranges:
        return None
    return round(min(r[0] for r in ranges)), round(max(r[1] for r in ranges))


def _sampled(rig: bpy.types.Object, scene: bpy.types.Scene, path: Path) -> SourceMotion:
    span = _frame_range(rig)
    assert span is not None
    frames = range(span[0], span[1] + 1)
    if len(frames) > MAX_FRAMES:
        raise UserError(
            f"{path.name} is {len(frames) / _FPS:.0f} s long; {MAX_FRAMES // _FPS} s can be read.", "Cut it into parts."
        )
    bones = [bone.name for bone in rig.data.bones]
    rest = np.array([rig.matrix_world @ rig.data.bones[name].matrix_local for name in bones])
    layer = scene.view_layers[0]
    poses = np.empty((len(frames), len(bones), 4, 4))
    for t, frame in enumerate(frames):
        scene.frame_set(frame)
        posed = rig.evaluated_get(layer.depsgraph)
        world = posed.matrix_world
        poses[t] = [world @ posed.pose.bones[name].matrix for name in bones]
    if not (np.isfinite(rest).all() and np.isfinite(poses).all()):
        raise UserError(
            f"The motion in {path.name} has places or rotations that are not numbers.",
            "Export it anew from the program that it was made in.",
            code="not_finite",
        )
    return SourceMotion(
        bones=tuple(bones),
        parents={bone.name: bone.parent.name if bone.parent else None for bone in rig.data.bones},
        rest_position=rest[:, :3, 3],
        rest_rotation=_rotation(rest),
        position=poses[..., :3, 3],
        rotation=_rotation(poses),
        fps=float(_FPS),
    )


def _rotation(matrices: np.ndarray) -> np.ndarray:
    """(..., 3, 3) nearest rotations of (..., 4, 4) matrices: files come in centimetres, with scaled objects."""
    u, _, v = np.linalg.svd(matrices[..., :3, :3])
    flip = np.sign(np.linalg.det(u @ v))
    u[..., :, 2] *= flip[..., None]
    return u @ v
