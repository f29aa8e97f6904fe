"""Showing a take on a rig for a moment, without touching what the user has.

The motion lies in one temporary action that also notes what it stands in for: the actions that were assigned, the pose,
the scene's frame and preview range. Because the note travels with the action, whatever brings a preview back (undo,
redo, a file that was saved during it) brings along how to take it away.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import bpy
import numpy as np

from ...engine.take import Take
from .. import compat
from ..avatar.rig import rig_map
from .apply import OwnerPlan, check_editable, scene_fps, take_plans
from .channels import ROTATION, WEIGHT
from .curves import write_full

NAME = ".Signwright preview"
"""Name of the temporary action; the dot hides it from menus."""
_BEFORE = "signwright_before"
_TITLE = "signwright_title"
_ASSIGNMENT = ("use_nla", "action_blend_type", "action_extrapolation", "action_influence")
_NEW_ASSIGNMENT = {"use_nla": True, "action_blend_type": "REPLACE", "action_influence": 1.0}
"""What the preview sets, as Blender has it where nothing was animated before."""
_BONE = ("rotation_mode", "rotation_quaternion", "rotation_euler", "rotation_axis_angle", "location")
_SCENE = ("use_preview_range", "frame_preview_start", "frame_preview_end", "frame_current")


def show(rig: bpy.types.Object, take: Take, scene: bpy.types.Scene, title: str) -> bpy.types.Action:
    """Let the rig play the take from the scene's present frame on; a preview that is shown already goes first.

    Raises `ValueError` when the rig isn't an SMPL-X rig or in NLA tweak mode; then nothing is changed.
    """
    stop()
    sequence = take.sequence.resampled(scene_fps(scene))
    plans = take_plans(rig, rig_map(rig), sequence)
    check_editable(plans)
    start = scene.frame_current
    action = bpy.data.actions.new(NAME)
    action[_TITLE] = title
    action[_BEFORE] = {"scene": _scene_note(scene), "owners": {str(i): _owner_note(p) for i, p in enumerate(plans)}}
    frames = start + np.arange(len(sequence), dtype=np.float64)
    for plan in plans:
        slot = compat.slot_of(action, plan.owner, create=True)
        write_full(compat.channelbag(action, slot, create=True), plan.groups, frames)
        data = plan.owner.animation_data or plan.owner.animation_data_create()
        data.use_nla = False
        compat.assign_action(plan.owner, action, slot)
        data.action_blend_type, data.action_influence = "REPLACE", 1.0
    for group in plans[0].groups:
        if group.kind == ROTATION:
            rig.pose.bones[group.name].rotation_mode = "QUATERNION"
    scene.use_preview_range = True
    # Blender keeps the start at or below the end, and moves the other when it must
    scene.frame_preview_end = start + len(sequence) - 1
    scene.frame_preview_start = start
    scene.frame_preview_end = start + len(sequence) - 1
    return action


def shown() -> str:
    """Title of the preview that is on; empty when there is none."""
    action = bpy.data.actions.get(NAME)
    return action.get(_TITLE, "") if action is not None else ""


def stop() -> bool:
    """Take the preview away: everything is as it was before it; whether there was one."""
    action = bpy.data.actions.get(NAME)
    if action is None:
        return False
    before = action.get(_BEFORE)
    for note in before["owners"].values() if before else ():
        _restore_owner(note, action)
    if before:
        _restore_scene(before["scene"])
    bpy.data.actions.remove(action)
    return True


def _scene_note(scene: bpy.types.Scene) -> dict[str, Any]:
    return {"id": scene, **{name: getattr(scene, name) for name in _SCENE}}


def _restore_scene(note: Any) -> None:
    scene = note.get("id")
    if scene is not None:
        for name in _SCENE:
            setattr(scene, name, note[name])


def _owner_note(plan: OwnerPlan) -> dict[str, Any]:
    """What animates the owner, and the values that the preview will write over."""
    note: dict[str, Any] = {"id": plan.owner}
    data = plan.owner.animation_data
    if data is not None:
        note["assignment"] = {name: getattr(data, name) for name in _ASSIGNMENT}
        if data.action is not None:
            note["action"] = data.action
            note["slot"] = data.action_slot.identifier if data.action_slot is not None else ""
    names = dict.fromkeys(group.name for group in plan.groups if group.kind != WEIGHT)
    note["bones"] = {name: _bone_note(plan.owner.pose.bones[name]) for name in names}
    note["keys"] = {path: plan.owner.path_resolve(path) for path in _weights(plan)}
    return note


def _weights(plan: OwnerPlan) -> Iterator[str]:
    return (group.path for group in plan.groups if group.kind == WEIGHT)


def _bone_note(bone: bpy.types.PoseBone) -> dict[str, Any]:
    values = {name: getattr(bone, name) for name in _BONE}
    return {name: value if isinstance(value, str) else list(value) for name, value in values.items()}


def _restore_owner(note: Any, preview: bpy.types.Action) -> None:
    owner = note.get("id")
    if owner is None or owner.animation_data is None:
        return
    data = owner.animation_data
    if data.action == preview:  # else the user has assigned another one meanwhile, which stays
        action = note.get("action")
        slot = action.slots.get(note["slot"]) if action is not None else None
        compat.assign_action(owner, action, slot)
    for name, value in note.get("assignment", _NEW_ASSIGNMENT).items():
        setattr(data, name, value)
    if "assignment" not in note and data.action is None:
        owner.animation_data_clear()
    for name, values in note["bones"].items():
        bone = owner.pose.bones.get(name)
        for field, value in values.items() if bone is not None else ():
            setattr(bone, field, value)
    for path, value in note["keys"].items():
        holder, _, field = path.rpartition(".")
        setattr(owner.path_resolve(holder), field, value)
    owner.update_tag()


@bpy.app.handlers.persistent
def _clean_up(*_arguments: Any) -> None:
    stop()


_HANDLERS = ("save_pre", "load_post", "undo_post", "redo_post")


def register() -> None:
    """A preview never gets into a file or an undo step that stays."""
    for name in _HANDLERS:
        getattr(bpy.app.handlers, name).append(_clean_up)


def unregister() -> None:
    """Take a preview away and forget the handlers."""
    stop()
    for name in _HANDLERS:
        handlers = getattr(bpy.app.handlers, name)
        if _clean_up in handlers:
            handlers.remove(_clean_up)
