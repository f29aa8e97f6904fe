"""Which body model a mesh was made from, and where its data is.

A mesh made from a user's file remembers the file's path and hash, not its data: an SMPL-X file may not be handed on
inside a .blend. The embedded avatar is free, so its pose correctives travel with the mesh and outlive new versions.
"""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import bpy
import numpy as np

from ...engine.body import EMBEDDED_AVATAR, BodyModel, BodyModelError, PoseBlend

AXES = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""(3, 3) from SMPL-X's axes (+y up, +z forward) to Blender's (+z up, forward is -y)."""

PATH_KEY = "signwright_model"
"""Custom property of a mesh: path of its body model, or `EMBEDDED`."""
HASH_KEY = "signwright_model_sha256"
"""Custom property of a mesh: SHA-256 of the model's file."""
BLEND_KEY = "signwright_correctives"
"""Custom property of a mesh: the embedded avatar's pose correctives, the bytes of an `.npz`."""
EMBEDDED = "embedded"


def file_hash(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remember(mesh: bpy.types.Object, path: Path, model: BodyModel) -> None:
    """Note in the mesh what it was made from."""
    mesh.data[PATH_KEY] = EMBEDDED if path == EMBEDDED_AVATAR else str(path.absolute())
    mesh.data[HASH_KEY] = file_hash(path)
    if path == EMBEDDED_AVATAR and model.pose_blend is not None:
        blend = model.pose_blend
        packed = io.BytesIO()
        np.savez_compressed(packed, vertices=blend.vertices, columns=blend.columns, values=blend.values)
        mesh.data[BLEND_KEY] = packed.getvalue()


def pose_blend_of(mesh: bpy.types.Object) -> PoseBlend | None:
    """The pose correctives of a mesh's model. Raises `BodyModelError` when the file is gone, damaged or another one."""
    packed = mesh.data.get(BLEND_KEY)
    if packed is None:
        return model_of(mesh).pose_blend
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as arrays:
            return PoseBlend(arrays["vertices"], arrays["columns"], arrays["values"])
    except (ValueError, KeyError, OSError, zipfile.BadZipFile) as e:
        raise BodyModelError(f"The pose correctives kept in “{mesh.name}” are damaged: {e}") from e


def is_embedded(mesh: bpy.types.Object) -> bool:
    """Whether the mesh is the avatar that comes with the extension."""
    return mesh.data.get(PATH_KEY) == EMBEDDED


def model_path(mesh: bpy.types.Object) -> Path:
    """File of the mesh's model. Raises `BodyModelError` when the mesh has none."""
    path = mesh.data.get(PATH_KEY)
    if path is None:
        raise BodyModelError(f"“{mesh.name}” was not made from a body model by Signwright.")
    return EMBEDDED_AVATAR if path == EMBEDDED else Path(bpy.path.abspath(path))


def model_of(mesh: bpy.types.Object) -> BodyModel:
    """Read the mesh's model. Raises `BodyModelError` when the file is gone, damaged or another one."""
    path = model_path(mesh)
    if not path.is_file():
        raise BodyModelError(
            f"The body model of “{mesh.name}” is not at {path} any more. The mesh stays as it is, but its pose "
            "correctives stand still. Put the file back, or load the model anew."
        )
    if file_hash(path) != mesh.data.get(HASH_KEY):
        raise BodyModelError(
            f"The body model of “{mesh.name}” has changed since the mesh was made ({path}). Its pose correctives "
            "stand still. Add the avatar anew to use the present model."
        )
    return BodyModel.load(path)
