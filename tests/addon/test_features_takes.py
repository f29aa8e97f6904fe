"""The takes of a .blend: they live in the file, can be renamed, removed, exported and applied."""

from __future__ import annotations

import shutil

import bpy
import numpy as np
import pytest
from figures import make_face, make_rig, make_take
from panel import generate, message, refused, takes, timeline
from signwright.addon import takes as store
from signwright.addon.animation.layers import is_layer_muted
from signwright.engine.take import Take


@pytest.fixture
def stored(addon):
    """A take of random motion in the list."""
    take = make_take()
    return take, store.add(bpy.context.scene, take.to_bytes())


@pytest.fixture
def signer(addon) -> bpy.types.Object:
    """A rig with a face, chosen in the panel."""
    rig = make_rig()
    make_face(rig)
    bpy.context.scene.signwright.setup.avatar = rig
    return rig


def test_a_take_comes_back_as_it_was(stored):
    take, item = stored
    back = store.load_take(item)
    assert back.segments == take.segments
    np.testing.assert_array_equal(back.sequence.poses, take.sequence.poses)


def test_takes_survive_saving_moving_and_opening(stored, tmp_path):
    take, item = stored
    item.title = "Renamed – 手話"
    path, moved = tmp_path / "a b ü.blend", tmp_path / "elsewhere.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    shutil.move(path, moved)
    bpy.ops.wm.open_mainfile(filepath=str(moved))
    assert takes() == ["Renamed – 手話"]
    np.testing.assert_array_equal(store.load_take(timeline().takes[0]).sequence.poses, take.sequence.poses)


def test_removing_a_take_removes_its_data_too(stored):
    assert len(bpy.data.texts) == 1
    bpy.ops.signwright.remove_take()
    assert takes() == []
    assert len(bpy.data.texts) == 0
    assert not bpy.ops.signwright.remove_take.poll()


def test_a_copied_scene_keeps_its_takes_when_the_first_loses_them(stored):
    take, _ = stored
    first = bpy.context.scene
    bpy.ops.scene.new(type="FULL_COPY")
    second = bpy.context.scene
    assert second != first
    store.remove(first, 0)
    np.testing.assert_array_equal(store.load_take(store.find(second)).sequence.poses, take.sequence.poses)


def test_the_active_take_follows_a_removal(addon):
    for name in ("One", "Two", "Three"):
        store.add(bpy.context.scene, make_take(name=name).to_bytes())
    bpy.ops.signwright.remove_take(take="Three")
    assert store.find(bpy.context.scene).name == "Two"
    bpy.ops.signwright.remove_take(take="One")
    assert takes() == ["Two"]


def test_a_take_whose_text_was_deleted_says_so(stored, signer):
    bpy.data.texts.remove(bpy.data.texts[0])
    assert "is gone" in refused(bpy.ops.signwright.apply_take)


def test_an_unknown_take_is_named_with_those_that_there_are(stored, signer):
    assert "“Hello”" in refused(lambda: bpy.ops.signwright.apply_take(take="Goodbye"))


def test_export_writes_the_take_that_other_tools_read(stored, tmp_path):
    take, _ = stored
    path = tmp_path / "a take ü.npz"
    assert bpy.ops.signwright.export_take(filepath=str(path)) == {"FINISHED"}
    np.testing.assert_array_equal(Take.load(path).sequence.poses, take.sequence.poses)


def test_export_to_a_place_that_cannot_be_written_says_so(stored, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    assert "can't be written" in refused(
        lambda: bpy.ops.signwright.export_take(filepath=str(tmp_path / "file" / "take.npz"))
    )
    assert message().fix == "choose_folder"


def test_applying_keys_the_avatar_and_keeps_the_action_it_had(stored, signer):
    mine = bpy.data.actions.new("Mine")
    signer.animation_data_create().action = mine
    assert bpy.ops.signwright.apply_take() == {"FINISHED"}
    assert signer.animation_data.action.name == "Hello"
    assert mine.users > 0
    assert timeline().takes[0].action == "Hello"


def test_applying_needs_an_avatar(stored):
    assert not bpy.ops.signwright.apply_take.poll()
    with pytest.raises(RuntimeError, match="There is no avatar"):
        bpy.ops.signwright.apply_take()


def test_only_the_chosen_layers_are_written(stored, signer):
    bpy.ops.signwright.apply_take(layers={"left_hand"})
    bpy.context.scene.frame_set(40)
    bones = signer.pose.bones
    assert bones["left_index1"].rotation_quaternion.angle > 0.0
    assert bones["right_index1"].rotation_quaternion.angle == 0.0
    assert bones["left_shoulder"].rotation_quaternion.angle == 0.0


def test_no_layer_at_all_is_refused(stored, signer):
    refused(lambda: bpy.ops.signwright.apply_take(layers=set()))


def test_the_panel_decides_what_a_script_leaves_open(stored, signer):
    timeline().start_frame, timeline().layers, timeline().tolerance = 50, {"right_hand"}, 0.0
    bpy.ops.signwright.apply_take()
    assert timeline().takes[0].start_frame == 50
    assert signer.animation_data.action.frame_range[0] == 50


def test_a_tolerance_of_zero_keys_every_frame(stored, signer):
    bpy.ops.signwright.apply_take(tolerance=0.0)
    full = signer.animation_data.action
    bpy.ops.signwright.apply_take(tolerance=1.0)
    reduced = signer.animation_data.action

    def keys(action: bpy.types.Action) -> int:
        bags = (bag for layer in action.layers for strip in layer.strips for bag in strip.channelbags)
        return sum(len(curve.keyframe_points) for bag in bags for curve in bag.fcurves)

    assert keys(reduced) < 0.7 * keys(full)


def test_the_scene_ends_no_earlier_than_the_take(stored, signer):
    scene = bpy.context.scene
    scene.frame_end = 10
    bpy.ops.signwright.apply_take(start_frame=5, extend_range=False)
    assert scene.frame_end == 10
    bpy.ops.signwright.apply_take(start_frame=5)
    assert scene.frame_end == 5 + 119
    scene.frame_end = 1000
    bpy.ops.signwright.apply_take(start_frame=5)
    assert scene.frame_end == 1000


def test_the_scene_can_be_as_long_as_the_take(stored, signer):
    assert not bpy.ops.signwright.fit_range.poll()
    bpy.ops.signwright.apply_take(start_frame=5)
    bpy.ops.signwright.fit_range()
    assert (bpy.context.scene.frame_start, bpy.context.scene.frame_end) == (5, 5 + 119)


def test_a_name_given_twice_gets_a_number(addon):
    for name in ("One", "Two"):
        store.add(bpy.context.scene, make_take(name=name).to_bytes())
    timeline().takes[1].title = "One"
    assert takes() == ["One", "One 2"]
    timeline().takes[1].title = "  "
    assert takes() == ["One", "Take"]


def test_jumping_goes_to_the_first_frame_of_a_sign(stored, signer):
    bpy.ops.signwright.apply_take(start_frame=11)
    bpy.ops.signwright.jump_to_segment(index=2)
    segment = timeline().takes[0].segments[2]
    assert bpy.context.scene.frame_current == 11 + round(segment.start * 24)
    assert timeline().active_segment == 2
    refused(lambda: bpy.ops.signwright.jump_to_segment(index=9))


def test_a_layer_can_be_muted_and_shown_again(stored, signer):
    bpy.ops.signwright.apply_take()
    bpy.ops.signwright.toggle_layer(layer="face")
    assert is_layer_muted(signer, "face")
    bpy.ops.signwright.toggle_layer(layer="face")
    assert not is_layer_muted(signer, "face")


def test_a_layer_without_keys_cannot_be_muted(signer):
    assert "no keys yet" in refused(lambda: bpy.ops.signwright.toggle_layer(layer="body"))


def test_generating_applies_when_it_is_told_to(signer):
    assert generate("Hello", apply=True) == {"FINISHED"}
    assert timeline().takes[0].action
    generate("Hello", apply=False)
    assert not timeline().takes[1].action


def test_a_take_that_was_to_be_applied_without_an_avatar_stays_in_the_list(addon):
    assert "no avatar to put it on" in refused(lambda: generate("Hello", apply=True))
    assert takes() == ["Hello"]
    assert message().fix == "add_avatar"


def test_a_damaged_take_in_the_file_is_named(stored, signer):
    _, item = stored
    item.data["signwright_take"] = b"nonsense"
    assert "“Hello” is damaged" in refused(bpy.ops.signwright.apply_take)
