"""Adding, loading and choosing an avatar."""

from __future__ import annotations

from pathlib import Path

import bpy
from bpy.props import StringProperty

from ....engine.body import EMBEDDED_AVATAR, BodyModelError
from ... import pump
from ...avatar.create import add_avatar, move_joints_to_shape
from ...avatar.rig import rig_notes
from ...paths import absolute
from ...reports import UserError
from ..reporting import operator_fails_with_report
from .avatar import current_avatar, require_avatar, use


class _ModelOperator(bpy.types.Operator):
    """Shared by the operators that build an avatar from a model file."""

    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.mode != "OBJECT":
            cls.poll_message_set("Switch to Object Mode first (Tab)")
            return False
        return True

    def build(self, context: bpy.types.Context, path: Path | None, name: str) -> set[str]:
        """Add the avatar of a model file, the embedded one without a path, and make it the panel's."""
        try:
            rig = add_avatar(context, path or EMBEDDED_AVATAR, name)
        except (BodyModelError, OSError) as e:
            raise UserError(
                str(e), "Nothing was added. Choose another file, or add the embedded avatar.", "load_body", "bad_body"
            ) from e
        use(context, rig)
        pump.show(None)
        _look_at_selected(context)
        self.report({"INFO"}, f"Avatar “{rig.name}” added")
        return {"FINISHED"}


def _look_at_selected(context: bpy.types.Context) -> None:
    """Turn the 3D view that the button was pressed in to the front of the new avatar, if there is such a view."""
    area = context.area
    if area is None or area.type != "VIEW_3D":
        return
    window_region = next(region for region in area.regions if region.type == "WINDOW")
    with context.temp_override(area=area, region=window_region):
        bpy.ops.view3d.view_axis(type="FRONT")
        bpy.ops.view3d.view_selected()


class SIGNWRIGHT_OT_add_avatar(_ModelOperator):
    """Add the embedded avatar: free of any licence (CC0), dressed, with hands and face ready to sign"""

    bl_idname = "signwright.add_avatar"
    bl_label = "Add Avatar"

    avatar_name: StringProperty(name="Name", default="Signer")  # pyright: ignore[reportInvalidTypeForm]

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        return self.build(context, None, self.avatar_name)


class SIGNWRIGHT_OT_load_body(_ModelOperator):
    """Load an SMPL-X model file of your own (.npz or .pkl: neutral, female or male) as the avatar"""

    bl_idname = "signwright.load_body"
    bl_label = "Load SMPL-X File"

    filepath: StringProperty(subtype="FILE_PATH")  # pyright: ignore[reportInvalidTypeForm]
    filter_glob: StringProperty(default="*.npz;*.pkl", options={"HIDDEN"})  # pyright: ignore[reportInvalidTypeForm]

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        context.window_manager.fileselect_add(self)
        return {"RUNNING_MODAL"}

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        path = absolute(self.filepath)
        return self.build(context, path, path.stem)


class SIGNWRIGHT_OT_use_armature(bpy.types.Operator):
    """Let takes animate the selected armature. Its bones must be named as SMPL-X's joints are"""

    bl_idname = "signwright.use_armature"
    bl_label = "Use Selected Armature"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if context.active_object is None:
            cls.poll_message_set("Select an armature first")
            return False
        return True

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        active = context.view_layer.objects.active
        rig = active.find_armature() if active.type == "MESH" and active.find_armature() else active
        use(context, rig)
        pump.show(None)
        for note in rig_notes(rig):
            self.report({"INFO"}, note)
        return {"FINISHED"}


class SIGNWRIGHT_OT_fit_skeleton(bpy.types.Operator):
    """Move the joints to where the body's present shape has them, so that it bends in the right places"""

    bl_idname = "signwright.fit_skeleton"
    bl_label = "Fit Skeleton to Shape"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if current_avatar(context) is None or context.mode != "OBJECT":
            cls.poll_message_set("Add an avatar and switch to Object Mode first")
            return False
        return True

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        try:
            move_joints_to_shape(require_avatar(context))
        except (BodyModelError, ValueError) as e:
            raise UserError(str(e), "The skeleton stays as it was.", code="no_model") from e
        return {"FINISHED"}


CLASSES = (
    SIGNWRIGHT_OT_add_avatar,
    SIGNWRIGHT_OT_load_body,
    SIGNWRIGHT_OT_use_armature,
    SIGNWRIGHT_OT_fit_skeleton,
)
