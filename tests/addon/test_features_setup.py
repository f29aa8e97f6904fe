"""Getting an avatar: the embedded one, a file of one's own, an armature that is there already."""

from __future__ import annotations

import bpy
import pytest
from figures import make_rig
from panel import message, refused, scene_data
from signwright.addon.features.setup.avatar import current_avatar, model_file, shape_keys


def test_the_embedded_avatar_becomes_the_one_that_signs(addon):
    assert bpy.ops.signwright.add_avatar() == {"FINISHED"}
    rig = current_avatar(bpy.context)
    assert rig is not None and rig == bpy.context.scene.signwright.setup.avatar
    assert model_file(bpy.context) == ""
    assert len(shape_keys(rig)) >= 10


def test_a_second_avatar_takes_over_and_the_first_can_be_chosen_again(addon):
    bpy.ops.signwright.add_avatar(avatar_name="One")
    bpy.ops.signwright.add_avatar(avatar_name="Two")
    assert current_avatar(bpy.context).name == "Two"
    bpy.context.scene.signwright.setup.avatar = bpy.data.objects["One"]
    assert current_avatar(bpy.context).name == "One"


def test_an_avatar_that_was_deleted_is_no_longer_meant(addon):
    bpy.ops.signwright.add_avatar()
    bpy.data.objects.remove(current_avatar(bpy.context))
    assert current_avatar(bpy.context) is None


@pytest.mark.parametrize("content", [b"", b"not a model", b"PK\x03\x04broken"])
def test_a_file_that_is_no_model_adds_nothing(addon, tmp_path, content):
    path = tmp_path / "SMPLX ü.npz"
    path.write_bytes(content)
    before = scene_data()
    assert path.name in refused(lambda: bpy.ops.signwright.load_body(filepath=str(path)))
    assert scene_data() == before
    assert message().fix == "load_body"


def test_a_file_that_is_not_there_is_named(addon, tmp_path):
    assert "gone.npz" in refused(lambda: bpy.ops.signwright.load_body(filepath=str(tmp_path / "gone.npz")))


def test_an_armature_with_the_right_bones_is_taken(addon):
    rig = make_rig("Theirs")
    bpy.context.view_layer.objects.active = rig
    assert bpy.ops.signwright.use_armature() == {"FINISHED"}
    assert current_avatar(bpy.context) == rig


def test_an_armature_with_other_bones_is_refused_with_what_it_lacks(addon):
    data = bpy.data.armatures.new("Other")
    rig = bpy.data.objects.new("Other", data)
    bpy.context.scene.collection.objects.link(rig)
    bpy.context.view_layer.objects.active = rig
    assert "lacks bones" in refused(bpy.ops.signwright.use_armature)
    assert bpy.context.scene.signwright.setup.avatar is None


def test_the_skeleton_can_follow_a_changed_body(addon):
    bpy.ops.signwright.add_avatar()
    rig = current_avatar(bpy.context)
    before = rig.data.bones["head"].head_local.copy()
    name, key = shape_keys(rig)[0]
    key.value = 2.0
    assert bpy.ops.signwright.fit_skeleton() == {"FINISHED"}
    assert (rig.data.bones["head"].head_local - before).length > 0.001, name


def test_the_face_can_be_keyed_and_relaxed(addon):
    from signwright.addon.features.face.operators import face_keys

    bpy.ops.signwright.add_avatar()
    rig = current_avatar(bpy.context)
    keys = dict(face_keys(rig))
    keys["smile"].value = 0.7
    bpy.ops.signwright.key_face()
    bpy.ops.signwright.relax_face()
    assert keys["smile"].value == 0.0
    bpy.context.scene.frame_set(1)
    bpy.context.scene.frame_set(2)
    assert keys["smile"].value == pytest.approx(0.7)
