"""Apply and remove takes; jump to segments; mute layers."""

from __future__ import annotations

from typing import Any

import bpy
from bpy.props import BoolProperty, EnumProperty, FloatProperty, IntProperty

from ... import takes
from ...animation import layers as layer_curves
from ...animation.apply import apply_take, scene_fps
from ...animation.markers import frame_of
from ...reports import UserError
from ..reporting import operator_fails_with_report
from ..setup.avatar import current_avatar, require_avatar
from .properties import ALL_LAYERS, LAYER_ITEMS
from .take_operator import TakeOperator


class SIGNWRIGHT_OT_apply_take(TakeOperator, bpy.types.Operator):
    """Keyframe the avatar with the take, in a new action. The action it had before stays in the file"""

    bl_idname = "signwright.apply_take"
    bl_label = "Apply Take"
    bl_options = {"REGISTER", "UNDO"}

    layers: EnumProperty(name="Layers", items=LAYER_ITEMS, options={"ENUM_FLAG"}, default=set(ALL_LAYERS))  # pyright: ignore[reportInvalidTypeForm]
    start_frame: IntProperty(name="Start Frame", default=1)  # pyright: ignore[reportInvalidTypeForm]
    tolerance: FloatProperty(
        name="Key Tolerance (°)", description="Degrees; 0 keys every frame", default=0.5, min=0.0, max=10.0
    )  # pyright: ignore[reportInvalidTypeForm]
    extend_range: BoolProperty(name="Extend Scene End", default=True)  # pyright: ignore[reportInvalidTypeForm]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not len(context.scene.signwright.timeline.takes):
            cls.poll_message_set("There is no take yet. Type a text and press Generate")
            return False
        if current_avatar(context) is None:
            cls.poll_message_set("There is no avatar. Add one in the Avatar panel")
            return False
        return True

    def invoke(self, context: bpy.types.Context, _event: bpy.types.Event) -> set[str]:
        return self.execute(context)

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        self._fill_in(scene.signwright.timeline)
        item = takes.find(scene, self.take)
        rig = require_avatar(context)
        if not self.layers:
            raise UserError("No layer is chosen.", "Choose at least one of body, hands and face.", code="no_layer")
        take = takes.load_take(item)
        try:
            action = apply_take(
                rig,
                take,
                layers=self.layers,
                start_frame=self.start_frame,
                tolerance_degrees=self.tolerance or None,
                name=item.name,
                exact=takes.exact_keys(item),
                scene=scene,
            )
        except ValueError as e:
            raise UserError(str(e), "Nothing was changed; the take stays in the list.", code="apply_failed") from e
        item.action, item.start_frame = action.name, self.start_frame
        if self.extend_range:
            last = frame_of(take.sequence.duration, self.start_frame, scene_fps(scene))
            scene.frame_end = max(scene.frame_end, last)
        self.report({"INFO"}, f"Take “{item.name}” is on “{rig.name}” as action “{action.name}”")
        return {"FINISHED"}

    def _fill_in(self, chosen: Any) -> None:
        """What was not given comes from the panel, and then shows in the redo panel."""
        for name in ("layers", "start_frame", "tolerance", "extend_range"):
            if not self.properties.is_property_set(name):
                setattr(self, name, getattr(chosen, name))


class SIGNWRIGHT_OT_remove_take(TakeOperator, bpy.types.Operator):
    """Remove the take from the list. Animation that was applied from it stays"""

    bl_idname = "signwright.remove_take"
    bl_label = "Remove Take"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(len(context.scene.signwright.timeline.takes))

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        name = takes.find(scene, self.take).name
        takes.remove(scene, scene.signwright.timeline.takes.find(name))
        return {"FINISHED"}


class SIGNWRIGHT_OT_jump_to_segment(TakeOperator, bpy.types.Operator):
    """Go to the first frame of this sign"""

    bl_idname = "signwright.jump_to_segment"
    bl_label = "Jump to Sign"
    bl_options = {"REGISTER"}

    index: IntProperty(name="Segment", default=-1, min=-1)  # pyright: ignore[reportInvalidTypeForm]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        return bool(len(context.scene.signwright.timeline.takes))

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        timeline = scene.signwright.timeline
        item = takes.find(scene, self.take)
        index = timeline.active_segment if self.index < 0 else self.index
        if index >= len(item.segments):
            raise UserError(
                f"Take “{item.name}” has {len(item.segments)} segments, and no number {index}.", code="no_segment"
            )
        timeline.active_segment = index
        start = item.start_frame if item.action else timeline.start_frame
        scene.frame_set(frame_of(item.segments[index].start, start, scene_fps(scene)))
        return {"FINISHED"}


class SIGNWRIGHT_OT_toggle_layer(bpy.types.Operator):
    """Show or hide the motion of this part. Its keys stay"""

    bl_idname = "signwright.toggle_layer"
    bl_label = "Mute Layer"
    bl_options = {"REGISTER", "UNDO"}

    layer: EnumProperty(name="Layer", items=[(*item[:4], i) for i, item in enumerate(LAYER_ITEMS)])  # pyright: ignore[reportInvalidTypeForm]

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if current_avatar(context) is None:
            cls.poll_message_set("There is no avatar. Add one in the Avatar panel")
            return False
        return True

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        rig = require_avatar(context)
        mute = not layer_curves.is_layer_muted(rig, self.layer)
        if not layer_curves.mute_layer(rig, self.layer, mute):
            raise UserError("This part has no keys yet.", "Apply a take first.", code="no_curves")
        return {"FINISHED"}


class SIGNWRIGHT_OT_fit_range(TakeOperator, bpy.types.Operator):
    """Let the scene start and end with the take, where it was applied"""

    bl_idname = "signwright.fit_range"
    bl_label = "Fit Range to Take"
    bl_options = {"REGISTER", "UNDO"}

    @classmethod
    def poll(cls, context: bpy.types.Context) -> bool:
        if not any(item.action for item in context.scene.signwright.timeline.takes):
            cls.poll_message_set("No take has been applied yet")
            return False
        return True

    @operator_fails_with_report
    def execute(self, context: bpy.types.Context) -> set[str]:
        scene = context.scene
        item = takes.find(scene, self.take)
        if not item.action:
            raise UserError(f"Take “{item.name}” has not been applied yet.", "Apply it first.", code="not_applied")
        scene.frame_start = max(item.start_frame, 0)
        scene.frame_end = frame_of(item.duration, item.start_frame, scene_fps(scene))
        return {"FINISHED"}


CLASSES = (
    SIGNWRIGHT_OT_apply_take,
    SIGNWRIGHT_OT_remove_take,
    SIGNWRIGHT_OT_jump_to_segment,
    SIGNWRIGHT_OT_toggle_layer,
    SIGNWRIGHT_OT_fit_range,
)
