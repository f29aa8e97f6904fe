"""From keyframes to pictures, with the panel's operators."""

from __future__ import annotations

import bpy
import pytest
from figures import make_take
from panel import message, refused
from signwright.addon import takes as store


@pytest.fixture
def signing(addon) -> bpy.types.Scene:
    """The embedded avatar with a short take on it, in its studio."""
    scene = bpy.context.scene
    bpy.ops.signwright.add_avatar()
    store.add(scene, make_take().to_bytes())
    bpy.ops.signwright.apply_take()
    scene.frame_end = 3
    return scene


def small(scene: bpy.types.Scene) -> None:
    scene.signwright.render.size = "SCENE"
    scene.render.resolution_x, scene.render.resolution_y = 96, 54
    scene.frame_end = 2


def test_rendering_without_a_camera_offers_to_make_one(signing, tmp_path):
    assert "no camera" in refused(lambda: bpy.ops.signwright.render(filepath=str(tmp_path / "a.mp4")))
    assert message().fix == "frame_camera"


def test_a_take_is_rendered_to_a_video_and_the_output_settings_stay(signing, tmp_path):
    small(signing)
    bpy.ops.signwright.build_studio()
    assert bpy.ops.signwright.frame_camera() == {"FINISHED"}
    signing.render.filepath = "//mine"
    path = tmp_path / "neuer Ordner ü" / "signing.mp4"
    assert bpy.ops.signwright.render(filepath=str(path), preset="PREVIEW") == {"FINISHED"}
    assert path.stat().st_size > 0
    assert signing.render.filepath == "//mine"
    assert signing.signwright.render.last_output == str(path)


def test_transparent_pictures_go_into_a_folder(signing, tmp_path):
    small(signing)
    bpy.ops.signwright.frame_camera()
    bpy.ops.signwright.render(filepath=str(tmp_path / "pictures"), transparent=True)
    assert sorted(p.name for p in (tmp_path / "pictures").iterdir()) == ["frame_0001.png", "frame_0002.png"]


def test_a_place_that_cannot_be_written_is_told_before_rendering(signing, tmp_path):
    bpy.ops.signwright.frame_camera()
    (tmp_path / "file").write_text("not a folder")
    assert "Nothing can be written" in refused(
        lambda: bpy.ops.signwright.render(filepath=str(tmp_path / "file" / "a.mp4"))
    )
    assert message().fix == "choose_folder"


def test_a_camera_that_cuts_the_hands_off_is_told(signing):
    bpy.ops.signwright.frame_camera()
    bpy.ops.signwright.check_framing()
    signing.camera.location.x += 5.0
    bpy.context.view_layer.update()
    bpy.ops.signwright.check_framing()
    assert "leaves the picture" in message().message
    assert message().fix == "frame_camera"


def test_a_contact_sheet_shows_every_sign(signing, tmp_path):
    bpy.ops.signwright.frame_camera()
    path = tmp_path / "sheet.png"
    assert bpy.ops.signwright.contact_sheet(filepath=str(path)) == {"FINISHED"}
    image = bpy.data.images.load(str(path))
    assert image.size[0] > image.size[1] > 100


def test_a_contact_sheet_needs_an_applied_take(addon):
    store.add(bpy.context.scene, make_take().to_bytes())
    assert not bpy.ops.signwright.contact_sheet.poll()
