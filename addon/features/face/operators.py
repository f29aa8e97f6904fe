"""Keying and clearing the face."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy

from ...avatar.rig import expression_keys, face_meshes
from ...reports import UserError
from ..reporting import operator_fails_with_report
from ..setup.avatar import current_avatar, require_avatar


def face_keys(rig: bpy.types.Object) -> Iterator[tuple[str, Any]]:
    """(face unit, shape key) of the rig's first mesh that has face units."""
    for mesh in face_meshes(rig)[:1]:
        blocks = mesh.data.shape_keys.key_blocks
        for unit, key in expression_keys(mesh).items():
            yield unit, blocks[key]


class _FaceOperator(bpy.types.Operator):
    """Shared by the operators on the avatar's face."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        rig = current_avatar(context)
        if rig is None or not face_meshes(rig):
            cls.poll_message_set("There is no avatar with face units. Add the embedded one")
            return False
        return True


class SIGNWRIGHT_OT_key_face(_FaceOperator):
    """Key every face unit at this frame, as the sliders show it"""

    bl_idname = "signwright.key_face"
    bl_label = "Key Face"

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        for _unit, key in face_keys(require_avatar(context)):
            if not key.keyframe_insert("value"):
                raise UserError(
                    "The face can't be keyed.", "Its action may be linked from another file.", code="not_keyed"
                )
        return {"FINISHED"}


class SIGNWRIGHT_OT_relax_face(_FaceOperator):
    """Set every face unit to zero. Keys stay as they are"""

    bl_idname = "signwright.relax_face"
    bl_label = "Relax Face"

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        for _unit, key in face_keys(require_avatar(context)):
            key.value = 0.0
        return {"FINISHED"}


CLASSES = (SIGNWRIGHT_OT_key_face, SIGNWRIGHT_OT_relax_face)
