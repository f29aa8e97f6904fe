"""Applying a take: from poses to an editable action, without touching anything of the user's."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass

import bpy
import numpy as np

from ...engine.skeleton import JOINT_INDEX
from ...engine.take import PoseSequence, Take
from .. import compat
from ..avatar.rig import RigMap, face_meshes, rig_map
from .channels import (
    ALL_LAYERS,
    ROTATION,
    ChannelGroup,
    bone_groups,
    expression_groups,
    layer_bones,
    location_group,
)
from .curves import copy_curves, write_full, write_reduced
from .keys import Tolerance
from .markers import add_markers, remove_markers

TAKE_KEY = "signwright_take"
"""Custom property of an action: the name of the take that it shows."""
START_KEY = "signwright_start"
"""Custom property of an action: scene frame of the take's first frame."""
SEGMENTS_KEY = "signwright_segments"
"""Custom property of an action: its segments as JSON (fields of `take.Segment`, times in seconds)."""
_STASH_TRACK = "Before Signwright"


@dataclass(frozen=True)
class OwnerPlan:
    """What is written for one animated data-block (the armature, or a mesh's shape keys)."""

    owner: bpy.types.ID
    groups: list[ChannelGroup]


def scene_fps(scene: bpy.types.Scene) -> float:
    """Frames per second of a scene, its base included."""
    return scene.render.fps / scene.render.fps_base


def apply_take(
    rig: bpy.types.Object,
    take: Take,
    *,
    layers: Collection[str] = ALL_LAYERS,
    start_frame: int = 1,
    tolerance_degrees: float | None = 0.5,
    name: str = "",
    locked: Collection[str] = frozenset(),
    exact: Mapping[int, Collection[str]] | None = None,
    scene: bpy.types.Scene | None = None,
) -> bpy.types.Action:
    """Keyframe `rig` with `take` in a new action, and return it.

    The take is resampled by time to the scene's frame rate, which stays as it is. Only the chosen `layers` are written;
    all other curves of the present action (other layers, the user's own channels, `locked` bones and shape keys, and
    curves that are locked in the animation editors) are carried over. The present action itself stays unchanged and is
    kept: by a fake user, and one that isn't from a take also in a muted NLA track. `tolerance_degrees`: bound of the
    key reduction, `None` for a key on every frame. `exact`: frame of the take -> joints that are keyed there in any
    case, so that their pose is the take's own; a take at another frame rate has it on the nearest frame.

    Raises `ValueError` when the rig isn't an SMPL-X rig or in NLA tweak mode, or a layer or the tolerance isn't valid.
    """
    scene = scene or bpy.context.scene
    fps = scene_fps(scene)
    mapping = rig_map(rig)
    sequence = take.sequence.resampled(fps)
    frames = start_frame + np.arange(len(sequence), dtype=np.float64)
    tolerance = None if tolerance_degrees is None else Tolerance.of_degrees(tolerance_degrees)
    written = take_plans(rig, mapping, sequence, layers, frozenset(locked))
    plans = [_without_locked(plan) for plan in written]
    check_editable(plans)
    keyed = _keyed(mapping, exact or {}, fps / take.sequence.fps, len(frames))

    action = _start_action(plans, name or take.name)
    for plan in plans:
        bag = compat.channelbag(action, compat.slot_of(action, plan.owner, create=True), create=True)
        if tolerance is None:
            write_full(bag, plan.groups, frames)
        else:
            write_reduced(bag, plan.groups, frames, tolerance, mapping.metre, keyed)
    _note_take(action, take, start_frame)
    _replace_markers(scene, rig, action, take, start_frame, fps)
    _assign(plans, action)
    _set_quaternion_mode(rig, (group.name for group in plans[0].groups if group.kind == ROTATION))
    return action


def take_plans(
    rig: bpy.types.Object,
    mapping: RigMap,
    sequence: PoseSequence,
    layers: Collection[str] = ALL_LAYERS,
    locked: frozenset[str] = frozenset(),
) -> list[OwnerPlan]:
    """What a sequence writes on the armature and on the shape keys of its meshes; the armature comes first."""
    bones = [(i, bone) for i, bone in layer_bones(mapping, layers) if bone not in locked]
    groups = bone_groups(mapping, sequence, bones)
    if "body" in layers and mapping.bones[0] not in locked:
        groups.append(location_group(mapping, sequence))
    plans = [OwnerPlan(rig, groups)]
    for mesh in face_meshes(rig):
        weights = expression_groups(mesh, sequence, locked) if "face" in layers else []
        plans.append(OwnerPlan(mesh.data.shape_keys, weights))
    return plans


def _keyed(mapping: RigMap, exact: Mapping[int, Collection[str]], scale: float, count: int) -> dict[str, set[int]]:
    """Bone -> numbers of the scene frames, from the first, that it is keyed on in any case."""
    found: dict[str, set[int]] = {}
    for frame, joints in exact.items():
        number = round(frame * scale)
        for joint in joints if 0 <= number < count else ():
            found.setdefault(mapping.bones[JOINT_INDEX[joint]], set()).add(number)
    return found


def _without_locked(plan: OwnerPlan) -> OwnerPlan:
    paths = locked_paths(plan.owner)
    return OwnerPlan(plan.owner, [group for group in plan.groups if group.path not in paths])


def locked_paths(owner: bpy.types.ID) -> set[str]:
    """Data paths whose curves or groups the user locked in the animation editors."""
    bag = compat.assigned_channels(owner)
    curves = bag.fcurves if bag is not None else ()
    return {c.data_path for c in curves if c.lock or (c.group is not None and c.group.lock)}


def check_editable(plans: list[OwnerPlan]) -> None:
    """Raises `ValueError` when Blender would not let the action of an owner be replaced."""
    for plan in plans:
        data = plan.owner.animation_data
        if data is not None and data.use_tweak_mode:
            raise ValueError(
                f"“{plan.owner.name}” is in tweak mode of the Nonlinear Animation editor, where its action can't be "
                "replaced. Leave tweak mode there (Tab), then apply again."
            )


def _start_action(plans: list[OwnerPlan], name: str) -> bpy.types.Action:
    """A new action with every curve of the present one that the plans don't write."""
    action = bpy.data.actions.new(name)
    action.use_fake_user = True
    for plan in plans:
        present = compat.assigned_channels(plan.owner)
        written = {group.path for group in plan.groups}
        kept = [curve for curve in present.fcurves if curve.data_path not in written] if present is not None else []
        if kept:
            bag = compat.channelbag(action, compat.slot_of(action, plan.owner, create=True), create=True)
            copy_curves(bag, kept)
    return action


def _note_take(action: bpy.types.Action, take: Take, start_frame: int) -> None:
    action[TAKE_KEY] = take.name
    action[START_KEY] = start_frame
    action[SEGMENTS_KEY] = json.dumps([asdict(segment) for segment in take.segments], ensure_ascii=False)


def _replace_markers(
    scene: bpy.types.Scene, rig: bpy.types.Object, action: bpy.types.Action, take: Take, start_frame: int, fps: float
) -> None:
    """Markers of this take instead of those that the take before it put there."""
    before = rig.animation_data.action if rig.animation_data is not None else None
    if before is not None:
        remove_markers(scene, before)
    add_markers(scene, action, take, start_frame, fps)


def _assign(plans: list[OwnerPlan], action: bpy.types.Action) -> None:
    for plan in plans:
        slot = compat.slot_of(action, plan.owner, create=True)
        data = plan.owner.animation_data
        if data is not None and data.action is not None and data.action != action:
            _keep(data)
        compat.assign_action(plan.owner, action, slot)


def _keep(data: bpy.types.AnimData) -> None:
    """Make sure that the present action outlives its replacement, and that the user finds an own one again."""
    action = data.action
    assert action is not None
    action.use_fake_user = True
    if TAKE_KEY in action or any(strip.action == action for track in data.nla_tracks for strip in track.strips):
        return
    track = data.nla_tracks.new()
    track.name = _STASH_TRACK
    track.mute = True
    slot = data.action_slot
    strip = track.strips.new(action.name, round(action.frame_range[0]), action)
    strip.action_slot = slot


def _set_quaternion_mode(rig: bpy.types.Object, bones: Iterable[str]) -> None:
    for bone in bones:
        if rig.pose.bones[bone].rotation_mode != "QUATERNION":
            rig.pose.bones[bone].rotation_mode = "QUATERNION"
