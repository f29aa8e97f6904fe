"""Pose files in Blender: they become takes on the avatar, and takes become such files."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import bpy
import numpy as np
import pytest
from figures import make_rig, make_take
from panel import message, refused, takes, timeline
from signwright.addon import takes as store
from signwright.addon.animation.apply import apply_take
from signwright.addon.animation.extract import extract_sequence
from signwright.addon.avatar.rig import rig_map
from signwright.addon.features.pose_files import importing
from signwright.addon.features.pose_files.camera import scene_camera
from signwright.engine.body import EMBEDDED_AVATAR, BodyModel
from signwright.engine.skeleton import JOINT_INDEX

OPS = bpy.ops.signwright
ELBOW = "left_elbow"


@pytest.fixture
def rig(addon) -> bpy.types.Object:
    """An avatar, chosen in the panel."""
    rig = make_rig()
    bpy.context.scene.signwright.setup.avatar = rig
    return rig


@pytest.fixture
def stored(rig) -> Any:
    """A take in the list, on the avatar from frame 1 on."""
    store.add(bpy.context.scene, make_take().to_bytes())
    OPS.apply_take()
    return timeline().takes[0]


def touched(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.write_text("anything")
    return paths


def import_files(*paths: Path, **choices: Any) -> set[str]:
    return OPS.import_takes(directory=str(paths[0].parent), files=[{"name": p.name} for p in paths], **choices)


def exported(path: Path, **choices: Any) -> dict[str, Any]:
    """What the engine was asked to write."""
    assert OPS.export_pose_file(filepath=str(path), **choices) == {"FINISHED"}
    return json.loads(next(p for p in path.parent.iterdir() if p.stem == path.stem).read_text("utf-8"))


# ------------------------------------------------------------ importing


def test_each_file_becomes_a_take_and_the_first_goes_onto_the_avatar(rig, tmp_path):
    assert import_files(*touched(tmp_path, "one.skels", "two.npz")) == {"FINISHED"}
    assert takes() == ["one", "two"]
    first, second = timeline().takes
    assert (first.method, first.language, first.fps) == ("imported", "ASL", 25.0)
    assert first.segments[0].origin == "imported" and first.segments[0].source == "one.skels, line 1"
    assert first.action and not second.action
    assert rig.animation_data.action.name == first.action


def test_what_was_chosen_goes_to_the_engine(rig, tmp_path):
    [path] = touched(tmp_path, "a.skels")
    import_files(path, fps=30.0, lines="2-4", counter="without", language="DGS", apply=False)
    item = timeline().takes[0]
    asked = store.load_take(item).settings["asked"]
    assert asked == {"paths": [str(path)], "lines": "2-4", "counter": "without"}
    assert (item.fps, item.language, item.action) == (30.0, "DGS", "")


def test_a_folder_is_meant_when_no_file_of_it_is_chosen(rig, tmp_path):
    OPS.import_takes(directory=str(tmp_path))
    assert store.load_take(timeline().takes[0]).settings["asked"]["paths"] == [str(tmp_path)]


def test_what_was_left_out_is_told_with_its_reason(rig, tmp_path):
    import_files(*touched(tmp_path, "one.skels", "bad.npz"))
    assert takes() == ["one"]
    assert message().message == "1 take imported, 1 left out." and "bad.npz: It holds no motion." in message().hint


def test_when_nothing_can_be_imported_nothing_changes(rig, tmp_path):
    assert "No take was imported" in refused(lambda: import_files(*touched(tmp_path, "bad.npz")))
    assert takes() == [] and rig.animation_data is None


def test_files_that_are_not_there_are_refused(rig, tmp_path):
    assert "is not there" in refused(lambda: import_files(tmp_path / "gone.skels"))
    assert "No file was chosen" in refused(OPS.import_takes)


def test_takes_are_imported_without_an_avatar_too(addon, tmp_path):
    import_files(*touched(tmp_path, "one.skels"))
    assert takes() == ["one"] and not timeline().takes[0].action


def test_files_can_be_dropped_onto_the_3d_view(addon):
    handler = importing.SIGNWRIGHT_FH_pose_files
    assert handler.bl_import_operator == "signwright.import_takes"
    assert set(handler.bl_file_extensions.split(";")) == {".skels", ".json", ".npz", ".pose"}


def test_no_scratch_file_is_left(rig, stored, tmp_path):
    import_files(*touched(tmp_path, "one.skels"))
    exported(tmp_path / "x.skels")
    assert not list(Path(bpy.app.tempdir).glob("signwright-*"))


# ------------------------------------------------------------ exporting


def test_a_take_is_exported_as_it_is_on_the_avatar(stored, rig, tmp_path):
    before = exported(tmp_path / "before", format="openpose_25")
    bone = rig_map(rig).bones[JOINT_INDEX[ELBOW]]
    bpy.context.scene.frame_set(10)
    rig.pose.bones[bone].rotation_quaternion = (0.0, 0.0, 0.0, 1.0)
    rig.pose.bones[bone].keyframe_insert("rotation_quaternion", frame=10)
    after = exported(tmp_path / "after", format="openpose_25")
    shown = extract_sequence(rig, 10, 10).poses[0, 3 * JOINT_INDEX[ELBOW] + 2]
    assert after["elbow"][9] == pytest.approx(shown) != before["elbow"][9]
    as_made = exported(tmp_path / "as_made", format="openpose_25", edited=False)
    made = store.load_take(stored).sequence.poses[:, 3 * JOINT_INDEX[ELBOW] + 2]
    np.testing.assert_allclose(as_made["elbow"], made, atol=1e-6)


def test_the_npz_has_the_edits_too(stored, rig, tmp_path):
    from signwright.engine.take import Take

    bone = rig_map(rig).bones[JOINT_INDEX[ELBOW]]
    rig.pose.bones[bone].rotation_quaternion = (0.0, 0.0, 0.0, 1.0)
    rig.pose.bones[bone].keyframe_insert("rotation_quaternion", frame=10)
    for name, edited in (("a.npz", True), ("b.npz", False)):
        OPS.export_take(filepath=str(tmp_path / name), edited=edited)
    there, made = (Take.load(tmp_path / name).sequence.poses[9] for name in ("a.npz", "b.npz"))
    own = slice(3 * JOINT_INDEX[ELBOW], 3 * JOINT_INDEX[ELBOW] + 3)
    np.testing.assert_allclose(there[own], extract_sequence(rig, 10, 10).poses[0, own], atol=1e-6)
    assert np.abs(there[own] - made[own]).max() > 1.0


def test_what_is_written_is_told_with_what_the_file_lacks(stored, tmp_path):
    exported(tmp_path / "x.skels")
    assert f"saved as {tmp_path / 'x.skels'}: 120 frames at 24 a second" in message().message
    assert "50 joints" in message().hint and message().severity == "INFO"


def test_the_format_decides_the_suffix_and_what_is_asked_for(stored, tmp_path):
    skels = exported(tmp_path / "x", format="skels", scale="PROGRESSIVE", counter=False, view="SCENE")
    assert (Path(skels["output"]).name, skels["scale"], skels["counter"]) == ("x.skels", 3.0, False)
    assert "camera" not in skels, "joints in space need none"
    dwpose = exported(tmp_path / "y.npz", format="dwpose", fps=12.0)
    assert (Path(dwpose["output"]).name, dwpose["fps"]) == ("y.npz", 12.0)
    changed = exported(tmp_path / "z.skels", format="dwpose")
    assert Path(changed["output"]).name == "z.npz", "the format was changed after the file was named"
    assert "No file was named" in refused(lambda: OPS.export_pose_file(format="dwpose"))


def test_a_refusal_of_the_engine_is_shown(stored, tmp_path):
    text = refused(lambda: OPS.export_pose_file(filepath=str(tmp_path / "bad"), format="openpose_25"))
    assert "holds files already" in text and message().fix == "choose_folder"


def test_exporting_needs_a_take(rig):
    assert not OPS.export_pose_file.poll() and not OPS.export_take.poll()


def test_the_scenes_camera_needs_a_camera(stored, tmp_path):
    text = refused(lambda: OPS.export_pose_file(filepath=str(tmp_path / "x"), format="dwpose", view="SCENE"))
    assert "no camera" in text


def test_the_scenes_camera_puts_joints_where_the_render_has_them(addon, tmp_path):
    from bpy_extras.object_utils import world_to_camera_view

    OPS.add_avatar()
    scene = bpy.context.scene
    rig = scene.signwright.setup.avatar
    rig.location, rig.rotation_euler = (0.3, -0.2, 0.1), (0.0, 0.0, 0.4)
    camera = bpy.data.objects.new("Camera", bpy.data.cameras.new("Camera"))
    scene.collection.objects.link(camera)
    camera.location, camera.rotation_euler = (0.5, -3.0, 1.2), (1.5, 0.05, 0.1)
    camera.data.shift_x = 0.1
    scene.camera = camera
    scene.render.resolution_x, scene.render.resolution_y, scene.render.resolution_percentage = 1000, 600, 50
    apply_take(rig, make_take())
    scene.frame_set(30)
    bpy.context.view_layer.update()
    seen = scene_camera(bpy.context, rig)
    assert (seen["width"], seen["height"]) == (500, 300)
    body, at_30 = BodyModel.load(EMBEDDED_AVATAR), extract_sequence(rig, 30, 30)
    places = body.forward_kinematics(at_30.poses, at_30.trans)[0, :, :3, 3] - body.joints()[0]
    for joint in ("pelvis", "head", "left_wrist", "right_index3"):
        clip = np.array(seen["matrix"]) @ [*places[JOINT_INDEX[joint]], 1.0]
        bone = rig.pose.bones[rig_map(rig).bones[JOINT_INDEX[joint]]]
        wanted = world_to_camera_view(scene, camera, rig.matrix_world @ bone.head)
        np.testing.assert_allclose(0.5 + 0.5 * clip[:2] / clip[3], wanted[:2], atol=1e-4)


def test_a_take_goes_out_and_comes_back_by_the_real_engine(real_engine, tmp_path):
    OPS.add_avatar()
    rig = bpy.context.scene.signwright.setup.avatar
    OPS.generate(text="Yes.", apply=True)
    before = extract_sequence(rig, 1, 20)
    OPS.export_pose_file(filepath=str(tmp_path / "yes.skels"))
    assert import_files(tmp_path / "yes.skels", fps=24.0) == {"FINISHED"}
    back = timeline().takes[1]
    assert (back.text, back.segments[0].origin, back.action != "") == ("Yes.", "imported", True)
    after = extract_sequence(rig, 1, 20)
    body = BodyModel.load(EMBEDDED_AVATAR)
    wrists = [JOINT_INDEX["left_wrist"], JOINT_INDEX["right_wrist"]]
    gaps = []
    for sequence in (before, after):
        places = body.forward_kinematics(sequence.poses)[..., :3, 3]
        gaps.append(places[:, wrists] - places[:, [JOINT_INDEX["neck"]]])
    assert np.linalg.norm(gaps[0] - gaps[1], axis=-1).mean() < 0.01, "metres"
