"""The studio, the camera that follows the take's space, presets, and what comes out as files."""

from __future__ import annotations

from pathlib import Path

import bodies
import bpy
import figures
import numpy as np
import pytest
from signwright.addon import compat
from signwright.addon.animation.apply import apply_take
from signwright.addon.avatar import correctives
from signwright.addon.avatar.create import add_avatar
from signwright.blender_scenes import contact_sheet, framing, motion, presets, render, studio
from signwright.engine.take import PoseSequence


@pytest.fixture
def rig() -> bpy.types.Object:
    rig = figures.make_rig()
    rig.location.z = 0.95
    figures.make_face(rig)
    return rig


def signing(rig: bpy.types.Object, seed: int = 0, spread: float = 0.5, frames: int = 48) -> int:
    """Let the rig move; returns the last frame."""
    apply_take(rig, figures.make_take(figures.make_sequence(seed, frames=frames, spread=spread)))
    return frames


def small(scene: bpy.types.Scene) -> None:
    scene.render.resolution_x, scene.render.resolution_y = 96, 54


# --- studio ---------------------------------------------------------------------------------------


def test_building_twice_leaves_one_studio(rig):
    scene = bpy.context.scene
    studio.build_studio(scene, rig)
    first = {kind: len(getattr(bpy.data, kind)) for kind in ("objects", "lights", "meshes", "materials", "collections")}
    studio.build_studio(scene, rig)
    assert {kind: len(getattr(bpy.data, kind)) for kind in first} == first
    assert len([c for c in scene.collection.children if c.name.startswith(studio.COLLECTION)]) == 1


def test_the_users_lights_cameras_and_world_stay(rig):
    scene = bpy.context.scene
    world = bpy.data.worlds.new("Mine")
    scene.world = world
    light = bpy.data.objects.new("Lamp", bpy.data.lights.new("Lamp", "POINT"))
    scene.collection.objects.link(light)
    collection = studio.build_studio(scene, rig)
    collection.objects.link(light)
    scene.collection.objects.unlink(light)
    studio.build_studio(scene, rig)
    assert scene.world == world
    assert light.name in scene.objects


def test_three_point_light_surrounds_the_signer(rig):
    studio.build_studio(bpy.context.scene, rig)
    key, fill, rim = (bpy.data.objects[name].matrix_world.translation for name in ("Key", "Fill", "Rim"))
    assert key.y < 0 < rim.y
    assert key.x * fill.x < 0
    assert bpy.data.objects["Key"].data.energy > bpy.data.objects["Fill"].data.energy
    assert all(bpy.data.objects[name].data.use_shadow for name in ("Key", "Fill", "Rim"))


def test_the_backdrop_stands_behind_a_turned_signer_too(rig):
    rig.rotation_euler.z = np.radians(90)
    rig.location.x = 3.0
    studio.build_studio(bpy.context.scene, rig)
    backdrop = next(o for o in bpy.context.scene.objects if studio.is_backdrop(o))
    wall = max((v.co for v in backdrop.data.vertices), key=lambda co: co.z)
    # turned by 90 degrees to the left the signer looks along +x
    assert wall.x < 3.0 - 1.0


# --- framing --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("size", [(96, 54), (54, 96), (64, 64)])
def test_hands_and_head_are_in_the_picture_on_every_frame(rig, seed, size):
    scene = bpy.context.scene
    scene.render.resolution_x, scene.render.resolution_y = size
    last = signing(rig, seed)
    result = framing.frame_camera(scene, rig, 1, last)
    assert result.warnings == ()
    track = motion.track_body(scene, rig, 1, last)
    for points in (track.left_hand, track.right_hand, track.head):
        assert framing.picture_contains(scene, scene.camera, points).all()


def test_the_signing_space_is_in_the_picture_even_at_rest(rig):
    scene = bpy.context.scene
    apply_take(rig, figures.make_take(at_rest(24)))
    framing.frame_camera(scene, rig, 1, 24)
    heads = {b.name: rig.matrix_world @ b.head_local for b in rig.data.bones}
    elbow_room = [(s * 0.4, heads["spine2"].y, heads["spine2"].z) for s in (-1, 1)]
    below_waist = [tuple(heads["pelvis"])]
    above_head = [(0.0, heads["head"].y, heads["head"].z + 0.27)]
    points = np.array([*elbow_room, *below_waist, *above_head])
    assert framing.picture_contains(scene, scene.camera, points).all()


def at_rest(frames: int) -> PoseSequence:
    poses = np.zeros((frames, 165))
    poses[:, 3 * 16 + 2], poses[:, 3 * 17 + 2] = -1.2, 1.2
    return PoseSequence(poses, np.zeros((frames, 3)), np.zeros((frames, 22)), 24.0)


def test_the_camera_looks_level_at_the_signers_front(rig):
    rig.rotation_euler.z = np.radians(30)
    last = signing(rig, spread=0.2)
    framing.frame_camera(bpy.context.scene, rig, 1, last)
    look = bpy.context.scene.camera.matrix_world.to_3x3().col[2]
    assert look.z == pytest.approx(0.0, abs=1e-6)
    assert np.degrees(np.arctan2(look.x, -look.y)) == pytest.approx(30, abs=0.1)


def test_the_frame_shown_and_the_users_camera_stay(rig):
    scene = bpy.context.scene
    own = bpy.data.objects.new("Own", bpy.data.cameras.new("Own"))
    scene.collection.objects.link(own)
    own.location = (7.0, 8.0, 9.0)
    last = signing(rig)
    scene.frame_set(13)
    framing.frame_camera(scene, rig, 1, last)
    framing.frame_camera(scene, rig, 1, last)
    assert scene.frame_current == 13
    assert tuple(own.location) == (7.0, 8.0, 9.0)
    assert len([o for o in scene.objects if o.type == "CAMERA"]) == 2


def test_a_camera_that_misses_a_hand_is_told_which_and_when(rig):
    scene = bpy.context.scene
    sequence = at_rest(48)
    poses = sequence.poses.copy()
    poses[20:31, 3 * 16 + 2] = 1.2  # the left arm goes up
    raised = PoseSequence(poses, sequence.trans, sequence.expression, 24.0)
    apply_take(rig, figures.make_take(at_rest(48)))
    framing.frame_camera(scene, rig, 1, 48)
    apply_take(rig, figures.make_take(raised), tolerance_degrees=None)
    (warning,) = framing.camera_warnings(scene, rig, 1, 48)
    assert "left hand" in warning
    assert "21-31" in warning


def test_without_a_camera_the_warning_says_so(rig):
    assert framing.camera_warnings(bpy.context.scene, rig, 1, 2) == ["The scene has no camera."]


# --- presets and files ----------------------------------------------------------------------------


@pytest.mark.parametrize("name", list(presets.PRESETS))
@pytest.mark.parametrize("transparent", [False, True])
def test_every_preset_can_be_set_and_keeps_the_frame_rate(rig, name, transparent):
    scene = bpy.context.scene
    scene.render.fps, scene.frame_end = 30, 77
    studio.build_studio(scene, rig)
    notes = presets.use_preset(scene, presets.PRESETS[name], resolution=(640, 360), transparent=transparent)
    assert scene.render.engine == presets.PRESETS[name].engine
    assert (scene.render.fps, scene.frame_end) == (30, 77)
    assert scene.render.film_transparent == transparent
    assert all(isinstance(note, str) for note in notes)
    backdrop = next(o for o in scene.objects if studio.is_backdrop(o))
    assert backdrop.hide_render == (transparent or name == "PREVIEW")


def test_the_preview_keeps_the_backdrop_before_a_world_of_the_users(rig):
    scene = bpy.context.scene
    scene.world = bpy.data.worlds.new("Mine")
    studio.build_studio(scene, rig)
    presets.use_preset(scene, presets.PREVIEW)
    assert not any(o.hide_render for o in scene.objects if studio.is_backdrop(o))


def ready(rig: bpy.types.Object) -> bpy.types.Scene:
    scene = bpy.context.scene
    scene.frame_start, scene.frame_end = 1, 3
    signing(rig, frames=24)
    studio.build_studio(scene, rig)
    presets.use_preset(scene, presets.PREVIEW)
    small(scene)
    framing.frame_camera(scene, rig, 1, 3)
    return scene


def test_a_video_has_the_scenes_size_rate_and_length(rig, tmp_path):
    scene = ready(rig)
    scene.render.fps = 25
    seen = []
    path = render.render_video(scene, tmp_path / "vidéo 1.mp4", lambda done, total: seen.append((done, total)))
    clip = bpy.data.movieclips.load(str(path))
    assert tuple(clip.size) == (96, 54)
    assert clip.frame_duration == 3
    assert clip.fps == pytest.approx(25)
    assert seen == [(1, 3), (2, 3), (3, 3)]


def test_pictures_have_alpha_where_nothing_is(rig, tmp_path):
    scene = ready(rig)
    presets.use_preset(scene, presets.PREVIEW, transparent=True)
    scene.frame_end = 1
    (path,) = render.render_pictures(scene, tmp_path / "frames", alpha=True)
    image = bpy.data.images.load(str(path))
    alpha = np.array(image.pixels[:]).reshape(-1, 4)[:, 3]
    assert alpha.min() == 0.0


@pytest.mark.parametrize("name", ["PREVIEW", "PRODUCTION"])
def test_an_animation_renders_with_the_correctives_of_each_frame(name, tmp_path):
    scene = bpy.context.scene
    correctives.register()
    try:
        rig = add_avatar(bpy.context, bodies.write_body(tmp_path / "body.npz", strength=0.05))
        apply_take(rig, figures.make_take(figures.make_sequence(1, frames=24, spread=0.6)))
        studio.build_studio(scene, rig)
        presets.use_preset(scene, presets.PRESETS[name])
        scene.cycles.samples, scene.cycles.use_denoising = 2, False
        small(scene)
        framing.frame_camera(scene, rig, 1, 24)
        scene.frame_start, scene.frame_end = 8, 10
        moving = render.render_pictures(scene, tmp_path / "moving")
        for frame, path in zip(range(8, 11), moving, strict=True):
            still = render.render_still(scene, frame, tmp_path / "still.png")
            assert difference(path, still) < 0.002
        assert difference(moving[0], moving[2]) > 0.01
    finally:
        correctives.unregister()


def difference(a: Path, b: Path) -> float:
    """Mean difference of the pixels of two pictures."""
    pixels = [np.array(bpy.data.images.load(str(path)).pixels[:]) for path in (a, b)]
    return float(np.abs(pixels[0] - pixels[1]).mean())


def test_rendering_leaves_the_users_output_settings(rig, tmp_path):
    scene = ready(rig)
    compat.set_image_output(scene, alpha=True)
    scene.render.filepath = "//mine_"
    scene.frame_set(2)
    render.render_video(scene, tmp_path / "v.mp4")
    settings = scene.render.image_settings
    assert (settings.file_format, settings.color_mode, scene.render.filepath) == ("PNG", "RGBA", "//mine_")
    assert scene.frame_current == 2


def test_a_folder_that_is_a_file_is_refused_with_its_path(rig, tmp_path):
    scene = ready(rig)
    (tmp_path / "file").write_text("")
    with pytest.raises(render.RenderError, match="file"):
        render.render_video(scene, tmp_path / "file" / "video.mp4")


def test_rendering_without_a_camera_says_what_to_do(tmp_path):
    with pytest.raises(render.RenderError, match="camera"):
        render.render_still(bpy.context.scene, 1, tmp_path / "still.png")


def test_a_contact_sheet_shows_every_sign(rig, tmp_path):
    scene = ready(rig)
    shots = [contact_sheet.Shot(gloss, 1 + i, f"{i}.0 s") for i, gloss in enumerate(["HELLO", "你好", "X" * 90])]
    path = contact_sheet.make_contact_sheet(scene, shots, tmp_path / "sheet.png", "Hello")
    image = bpy.data.images.load(str(path))
    width, height = image.size
    assert width > 3 * 320
    pixels = np.array(image.pixels[:], dtype=np.float32).reshape(height, width, -1)
    captions = pixels[20:50, :, :3].max(axis=(0, 2))
    assert captions.max() > 0.9
    assert (scene.render.resolution_x, scene.render.resolution_y) == (96, 54)


def test_tiles_of_a_contact_sheet_are_wide_enough_for_the_hands(rig):
    scene = ready(rig)
    apply_take(rig, figures.make_take(at_rest(24)))
    framing.frame_camera(scene, rig, 1, 24)
    shots = [contact_sheet.Shot("", frame) for frame in (1, 12)]
    narrow = contact_sheet._tile_width(scene, shots)
    arm = rig.pose.bones["left_shoulder"]
    arm.rotation_mode, arm.rotation_euler = "XYZ", (0.0, 0.0, 0.0)  # straight to the side, past the curves
    wide = contact_sheet._tile_width(scene, shots)
    assert 320 <= narrow < wide <= round(400 * 96 / 54)


def test_a_long_take_shows_a_selection_and_says_so():
    shots = [contact_sheet.Shot(str(i), i) for i in range(100)]
    chosen = contact_sheet._selection(shots)
    assert len(chosen) == 48
    assert (chosen[0], chosen[-1]) == (shots[0], shots[-1])


def test_a_contact_sheet_of_nothing_is_refused(tmp_path: Path):
    with pytest.raises(render.RenderError, match="no signs"):
        contact_sheet.make_contact_sheet(bpy.context.scene, [], tmp_path / "sheet.png")
