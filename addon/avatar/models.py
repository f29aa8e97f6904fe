"""Which body model a mesh was made from, and its file.

A mesh remembers the model's path and hash, not its data: a user's SMPL-X file may not be handed on inside a .blend.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

import bpy
import numpy as np

from ...engine.body import EMBEDDED_AVATAR, BodyModel, BodyModelError

AXES = np.array([[1.0, 0.0, 0.0], [0.0, 0.0, -1.0], [0.0, 1.0, 0.0]])
"""(3, 3) from SMPL-X's axes (+y up, +z forward) to Blender's (+z up, forward is -y)."""

PATH_KEY = "signwright_model"
"""Custom property of a mesh: path of its body model, or `EMBEDDED`."""
HASH_KEY = "signwright_model_sha256"
"""Custom property of a mesh: SHA-256 of the model's file."""
EMBEDDED = "embedded"


def file_hash(path: Path) -> str:
    """SHA-256 of a file in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def remember(mesh: bpy.types.Object, path: Path) -> None:
    """Note in the mesh which file it was made from."""
    mesh.data[PATH_KEY] = EMBEDDED if path == EMBEDDED_AVATAR else str(path.absolute())
    mesh.data[HASH_KEY] = file_hash(path)


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
