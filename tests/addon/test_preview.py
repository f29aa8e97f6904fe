"""Trying a sign on the avatar: whatever happens meanwhile, the user's animation is afterwards as it was."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest
from figures import make_face, make_rig, make_take
from panel import message, refused, takes
from signwright.addon import compat
from signwright.addon.animation import preview
from signwright.addon.animation.apply import apply_take
from signwright.addon.animation.layers import mute_layer


@pytest.fixture
def signer(addon) -> bpy.types.Object:
    """A rig with a face, a finger posed without keys and an elbow in Euler angles, chosen in the panel."""
    rig = make_rig()
    make_face(rig)
    bpy.context.scene.signwright.setup.avatar = rig
    rig.pose.bones["left_index2"].rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
    elbow = rig.pose.bones["left_elbow"]
    elbow.rotation_mode = "XYZ"
    elbow.rotation_euler = (0.1, 0.2, 0.3)
    return rig


@pytest.fixture
def animated(signer) -> bpy.types.Object:
    """The same rig with an action of the user's, and an NLA track."""
    action = apply_take(signer, make_take(name="Mine"), start_frame=1)
    elbow = signer.pose.bones["left_elbow"]
    elbow.rotation_mode = "XYZ"
    elbow.rotation_euler = (0.1, 0.2, 0.3)
    mute_layer(signer, "left_hand")
    signer.pose.bones["left_index2"].rotation_quaternion = (0.8, 0.6, 0.0, 0.0)
    strip = signer.animation_data.nla_tracks.new().strips.new("Below", 1, action)
    strip.action_slot = signer.animation_data.action_slot
    signer.animation_data.action_influence = 0.5
    signer.animation_data.action_blend_type = "COMBINE"
    bpy.context.scene.frame_set(13)
    return signer


def state(rig: bpy.types.Object) -> dict[str, Any]:
    """All that a preview could change."""
    scene = bpy.context.scene
    assignments: dict[str, Any] = {}
    mesh = next(o for o in bpy.data.objects if o.type == "MESH")
    for owner in (rig, mesh.data.shape_keys):
        data = owner.animation_data
        assignments[owner.name] = data and (
            data.action.name if data.action else None,
            data.action_slot.identifier if data.action_slot else None,
            (data.use_nla, data.action_influence, data.action_blend_type, data.action_extrapolation),
            len(data.nla_tracks),
        )
    return {
        "assignments": assignments,
        "actions": sorted(a.name for a in bpy.data.actions),
        "users": {a.name: a.users for a in bpy.data.actions},
        "markers": [(m.name, m.frame) for m in scene.timeline_markers],
        "modes": {b.name: b.rotation_mode for b in rig.pose.bones},
        "quaternions": {b.name: tuple(b.rotation_quaternion) for b in rig.pose.bones},
        "eulers": {b.name: tuple(b.rotation_euler) for b in rig.pose.bones},
        "places": {b.name: tuple(b.location) for b in rig.pose.bones},
        "keys": [k.value for k in mesh.data.shape_keys.key_blocks],
        "frames": (scene.frame_current, scene.frame_start, scene.frame_end),
        "range": (scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end),
        "takes": takes(),
        "texts": len(bpy.data.texts),
    }


def assert_as_before(rig: bpy.types.Object, before: dict[str, Any]) -> None:
    after = state(rig)
    for name in ("quaternions", "eulers", "places"):
        for bone, values in before.pop(name).items():
            np.testing.assert_allclose(after[name][bone], values, atol=1e-6, err_msg=f"{name} of {bone}")
        del after[name]
    np.testing.assert_allclose(after.pop("keys"), before.pop("keys"), atol=1e-6)
    assert after == before


def show() -> None:
    assert bpy.ops.signwright.preview_sign(gloss="HELLO") == {"FINISHED"}
    assert preview.shown() == "HELLO"


def test_the_sign_moves_the_avatar_from_the_present_frame_on(signer):
    scene = bpy.context.scene
    scene.frame_set(20)
    show()
    assert (scene.use_preview_range, scene.frame_preview_start, scene.frame_preview_end) == (True, 20, 44)
    scene.frame_set(44)
    assert signer.pose.bones["right_shoulder"].rotation_quaternion.angle == pytest.approx(1.0, abs=1e-3)
    bpy.ops.signwright.stop_preview()
    assert not preview.shown()


@pytest.mark.parametrize("kind", ["signer", "animated"])
def test_stopping_leaves_everything_as_it_was(kind, request):
    rig = request.getfixturevalue(kind)
    before = state(rig)
    show()
    bpy.context.scene.frame_set(30)
    assert bpy.ops.signwright.stop_preview() == {"FINISHED"}
    bpy.context.view_layer.update()
    assert_as_before(rig, before)
    assert not bpy.ops.signwright.stop_preview.poll()


def test_one_preview_follows_another(animated):
    before = state(animated)
    show()
    bpy.ops.signwright.preview_sign(gloss="NAME")
    assert preview.shown() == "NAME"
    assert [a.name for a in bpy.data.actions].count(preview.NAME) == 1
    bpy.ops.signwright.stop_preview()
    assert_as_before(animated, before)


@pytest.mark.parametrize("kind", ["signer", "animated"])
def test_an_action_that_is_assigned_meanwhile_stays_and_the_nla_plays_again(kind, request):
    rig = request.getfixturevalue(kind)
    data = rig.animation_data
    before = (True, 0.5, "COMBINE") if data else (True, 1.0, "REPLACE")
    show()
    data = rig.animation_data
    other = bpy.data.actions.new("Other")
    compat.assign_action(rig, other, compat.slot_of(other, rig, create=True))
    bpy.ops.signwright.stop_preview()
    assert data.action == other
    assert (data.use_nla, data.action_influence, data.action_blend_type) == before
    assert rig.pose.bones["left_elbow"].rotation_mode == "XYZ"


def _undo(steps: int) -> None:
    for _ in range(steps):
        bpy.ops.ed.undo()


@pytest.mark.parametrize(("pushed", "steps"), [(False, 1), (True, 1), (True, 2)])
def test_undo_never_leaves_a_preview_behind(animated, pushed, steps):
    bpy.ops.ed.undo_push(message="first")
    bpy.data.objects.new("Added", None)
    bpy.ops.ed.undo_push(message="second")
    name = animated.data.name
    show()
    if pushed:
        bpy.data.objects.new("Added meanwhile", None)
        bpy.ops.ed.undo_push(message="third, during the preview")
    _undo(steps)
    rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    assert rig.data.name == name
    assert not preview.shown()
    assert rig.animation_data.action.name == "Mine"
    assert rig.animation_data.use_nla
    assert not bpy.context.scene.use_preview_range


def test_redo_into_a_preview_takes_it_away(animated):
    bpy.ops.ed.undo_push(message="first")
    show()
    bpy.ops.ed.undo_push(message="during the preview")
    bpy.ops.ed.undo()
    bpy.ops.ed.redo()
    rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    assert not preview.shown()
    assert rig.animation_data.action.name == "Mine"


def test_a_preview_gets_into_no_file(animated, tmp_path):
    show()
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "saved.blend"))
    assert not preview.shown()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "saved.blend"))
    assert [action.name for action in bpy.data.actions] == ["Mine"]


def test_a_preview_that_a_crash_left_in_a_file_goes_when_it_is_opened(animated, tmp_path, monkeypatch):
    show()
    monkeypatch.setattr(preview, "stop", lambda: False)
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "crashed.blend"))
    monkeypatch.undo()
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "crashed.blend"))
    rig = next(o for o in bpy.data.objects if o.type == "ARMATURE")
    assert not preview.shown()
    assert rig.animation_data.action.name == "Mine"
    assert compat.assigned_channels(rig) is not None


def test_switching_the_add_on_off_ends_a_preview(addon, animated):
    show()
    addon.unregister()
    assert not preview.shown()
    assert animated.animation_data.action.name == "Mine"
    addon.register()


def test_a_rig_that_is_deleted_during_its_preview(signer):
    show()
    bpy.data.objects.remove(signer)
    assert bpy.ops.signwright.stop_preview() == {"FINISHED"}
    assert not bpy.data.actions


def test_tweak_mode_is_refused_and_nothing_changes(animated):
    animated.animation_data.action = None
    track = animated.animation_data.nla_tracks[-1]
    track.strips[0].select = True
    animated.animation_data.nla_tracks.active = track
    animated.animation_data.use_tweak_mode = True
    bpy.context.view_layer.update()
    before = state(animated)
    assert "tweak mode" in refused(lambda: bpy.ops.signwright.preview_sign(gloss="HELLO"))
    assert_as_before(animated, before)


def test_an_engine_that_fails_leaves_no_preview(signer):
    before = state(signer)
    refused(lambda: bpy.ops.signwright.preview_sign(gloss="die"))
    assert message().code == "engine_died"
    assert_as_before(signer, before)


def test_a_preview_needs_an_avatar(addon):
    assert not bpy.ops.signwright.preview_sign.poll()
