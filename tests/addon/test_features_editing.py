"""Regenerating: a range or a part of a take is made anew as another take, and what the user keeps stays exactly."""

from __future__ import annotations

from typing import Any

import bpy
import numpy as np
import pytest
from figures import make_rig
from panel import generate, message, refused, takes, timeline
from signwright.addon import compat, pump
from signwright.addon import takes as store
from signwright.addon.animation import exact
from signwright.addon.animation.extract import extract_sequence
from signwright.engine.skeleton import JOINT_INDEX
from signwright.engine.take import Take

ELBOW, FINGER = "left_elbow", "right_index1"


@pytest.fixture
def scene(addon) -> bpy.types.Scene:
    """A take of one second with two segments, applied to a rig from frame 1 on."""
    scene = bpy.context.scene
    scene.signwright.setup.avatar = make_rig()
    generate("Hello Anna", apply=True, take_name="Greeting")
    return scene


def rig() -> bpy.types.Object:
    return bpy.context.scene.signwright.setup.avatar


def stored(number: int = -1) -> Take:
    return store.load_take(timeline().takes[number])


def asked() -> dict[str, Any]:
    """The request, as the fake engine notes it in the newest take."""
    return stored().settings["asked"]


def regenerate(**arguments: Any) -> set[str]:
    return bpy.ops.signwright.regenerate(**{"range": "ALL", **arguments})


def curve(bone: str, index: int = 0) -> Any:
    bag = compat.assigned_channels(rig())
    assert bag is not None
    path = f'pose.bones["{bone}"].rotation_quaternion'
    return next(c for c in bag.fcurves if c.data_path == path and c.array_index == index)


def shown(frame: int, joint: str) -> np.ndarray:
    """Axis-angle of a joint on the avatar at a frame of the scene."""
    place = JOINT_INDEX[joint]
    return extract_sequence(rig(), frame, frame).poses[0, 3 * place : 3 * place + 3]


def test_it_makes_a_new_take_and_a_new_action_and_the_old_ones_stay(scene):
    before = rig().animation_data.action
    old = stored().sequence.poses.copy()
    assert regenerate() == {"FINISHED"}
    assert takes() == ["Greeting", "Greeting 2"]
    np.testing.assert_array_equal(stored(0).sequence.poses, old)
    assert rig().animation_data.action != before
    assert before.name in bpy.data.actions
    assert timeline().active_take == 1


def test_it_can_leave_the_avatar_as_it_is(scene):
    before = rig().animation_data.action
    regenerate(apply=False)
    assert rig().animation_data.action == before
    assert not timeline().takes[1].action


@pytest.mark.parametrize(
    ("choice", "start", "end"),
    [
        ({"range": "ALL"}, 0.0, 1.0),
        ({"range": "SEGMENT", "segment": 1}, 0.5, 1.0),
        ({"range": "FRAMES", "frame_start": 7, "frame_end": 13}, 0.25, 0.5),
        ({"range": "FRAMES", "frame_start": -50, "frame_end": 13}, 0.0, 0.5),
    ],
)
def test_the_range_is_a_segment_frames_or_all(scene, choice, start, end):
    regenerate(**choice)
    assert (asked()["start"], asked()["end"]) == (pytest.approx(start), pytest.approx(end))


def test_the_range_can_be_the_preview_range(scene):
    assert "no preview range" in refused(lambda: regenerate(range="PREVIEW"))
    scene.use_preview_range = True
    scene.frame_preview_start, scene.frame_preview_end = 7, 13
    regenerate(range="PREVIEW")
    assert (asked()["start"], asked()["end"]) == (pytest.approx(0.25), pytest.approx(0.5))


def test_the_marked_segment_is_meant_without_a_number(scene):
    timeline().active_segment = 1
    scene.signwright.editing.range = "SEGMENT"
    bpy.ops.signwright.regenerate()
    assert asked()["start"] == pytest.approx(0.5)


def test_a_range_elsewhere_is_refused_with_where_the_take_is(scene):
    assert "on frames 1 to 25" in refused(lambda: regenerate(range="FRAMES", frame_start=100, frame_end=120))
    assert takes() == ["Greeting"]


def test_a_segment_that_is_not_there_is_refused(scene):
    assert "no number 9" in refused(lambda: regenerate(range="SEGMENT", segment=9))


def test_a_range_counts_from_where_the_take_was_applied(scene):
    bpy.ops.signwright.apply_take(start_frame=101)
    regenerate(range="FRAMES", frame_start=107, frame_end=113)
    assert (asked()["start"], asked()["end"]) == (pytest.approx(0.25), pytest.approx(0.5))
    assert timeline().takes[1].start_frame == 101


def test_only_the_chosen_parts_are_asked_for(scene):
    regenerate(parts={"left_hand", "right_hand"}, length=2.0)
    assert asked()["parts"] == ["left_hand", "right_hand"]
    assert asked()["length"] == 1.0  # a part can't get longer than the others
    assert "No part" in refused(lambda: regenerate(parts=set()))


def test_settings_go_to_the_engine(scene):
    scene.signwright.models.bundle = "small"
    regenerate(temperature=0.5, seed=3, blend=0.25, length=1.5, text="Goodbye")
    request = asked()
    assert (request["seed"], request["blend"], request["length"], request["text"]) == (3, 0.25, 1.5, "Goodbye")
    assert request["options"]["temperature"] == 0.5 and request["options"]["bundle"] == "small"
    assert request["language"] == "ASL"


def test_variations_are_listed_and_the_first_is_applied(scene):
    regenerate(variations=3, seed=5)
    assert [item.seed for item in timeline().takes[1:]] == ["5", "6", "7"]
    assert [bool(item.action) for item in timeline().takes[1:]] == [True, False, False]


def test_what_the_user_did_to_the_animation_by_hand_goes_in(scene):
    points = curve(ELBOW, 3).keyframe_points
    points.insert(12.0, 0.3)
    before = shown(12, ELBOW)
    regenerate(range="FRAMES", frame_start=20, frame_end=24)
    np.testing.assert_allclose(shown(12, ELBOW), before, atol=0.01)
    assert np.linalg.norm(before) > 0.1


def test_a_take_that_is_not_on_the_avatar_is_made_anew_as_it_was(scene):
    generate("Good", take_name="Other", apply=False)
    bpy.ops.signwright.regenerate(take="Other", range="ALL", parts={"left_hand"})
    elbow = slice(3 * JOINT_INDEX[ELBOW], 3 * JOINT_INDEX[ELBOW] + 3)
    np.testing.assert_array_equal(stored().sequence.poses[:, elbow], stored(1).sequence.poses[:, elbow])


class TestKeptKeys:
    """Keys on locked curves, and those that are selected."""

    def test_selected_keys_are_sent_as_locks_and_stay_exactly(self, scene):
        points = curve(FINGER, 1).keyframe_points
        points.insert(9.0, 0.4).select_control_point = True
        before = shown(9, FINGER)
        regenerate()
        assert asked()["locks"] == [{"frame": 8, "joints": [FINGER]}]
        np.testing.assert_allclose(shown(9, FINGER), before, atol=1e-6)
        assert np.linalg.norm(shown(10, FINGER) - before) > 0.1
        assert timeline().takes[1].locked == 1

    def test_they_stay_exactly_however_few_keys_are_wanted(self, scene):
        curve(FINGER, 1).keyframe_points.insert(9.0, 0.4).select_control_point = True
        before = shown(9, FINGER)
        regenerate(apply=False)
        bpy.ops.signwright.apply_take(tolerance=10.0)
        np.testing.assert_allclose(shown(9, FINGER), before, atol=1e-6)

    def test_selected_keys_need_not_be_kept(self, scene):
        curve(FINGER, 1).keyframe_points.insert(9.0, 0.4).select_control_point = True
        regenerate(keep_selected=False)
        assert asked()["locks"] == []

    def test_keys_of_locked_curves_are_always_kept(self, scene):
        locked = curve(ELBOW, 0)
        locked.keyframe_points.insert(13.0, 0.9)
        locked.lock = True
        before = shown(13, ELBOW)
        regenerate(keep_selected=False)
        assert {"frame": 12, "joints": [ELBOW]} in asked()["locks"]
        np.testing.assert_allclose(shown(13, ELBOW), before, atol=1e-6)

    def test_only_those_in_the_range_are_sent(self, scene):
        points = curve(FINGER, 1).keyframe_points
        for frame in (5.0, 15.0):
            points.insert(frame, 0.4).select_control_point = True
        regenerate(range="FRAMES", frame_start=13, frame_end=20)
        assert asked()["locks"] == [{"frame": 14, "joints": [FINGER]}]

    def test_a_key_between_two_frames_keeps_both(self, scene):
        curve(FINGER, 1).keyframe_points.insert(9.5, 0.4).select_control_point = True
        assert exact.kept_poses(rig()) == {9: {FINGER}, 10: {FINGER}}

    def test_keys_after_a_range_that_grows_are_kept_where_they_come_to_lie(self, scene):
        curve(FINGER, 1).keyframe_points.insert(20.0, 0.4).select_control_point = True
        regenerate(range="FRAMES", frame_start=1, frame_end=12, length=2.0, apply=False)
        assert store.exact_keys(timeline().takes[1]) == {31: [FINGER]}


def test_the_seams_that_the_engine_reports_are_kept_with_the_take(scene):
    regenerate(range="SEGMENT", segment=1)
    item = timeline().takes[1]
    assert '"velocity": 212.0' in item.seams
    assert item.edits.startswith("Made anew 0.5 to 1.0 s, all, seed 0, temperature 0.8, Small")
    assert timeline().takes[0].seams == "" and timeline().takes[0].edits == ""


def test_no_file_is_left_in_the_working_folder(scene, addon, tmp_path):
    addon.paths.preferences().work_folder = str(tmp_path)
    regenerate(variations=2)
    scene.signwright.models.bundle = "damaged"
    refused(regenerate)
    assert message().fix == "choose_bundle"
    assert list(tmp_path.glob("signwright-*")) == []
    addon.paths.preferences().work_folder = ""


def test_there_must_be_a_take(addon):
    assert not bpy.ops.signwright.regenerate.poll()


def test_a_request_under_way_can_be_cancelled_and_keeps_another_from_starting(scene):
    pump.set_working("editing", pump.session().submit("generate", text="slow", output="unused.npz"))
    assert not bpy.ops.signwright.regenerate.poll()
    assert bpy.ops.signwright.cancel.poll()
    job = pump.working("editing")
    assert job is not None
    bpy.ops.signwright.cancel(place="editing")
    pump.session().run(job, timeout=30.0)
    assert job.cancelled


class TestCaption:
    """Sign to text, where the model can."""

    def test_it_reads_the_take(self, scene):
        assert bpy.ops.signwright.caption() == {"FINISHED"}
        assert timeline().takes[0].caption == "25 frames"
        assert message().message == "It reads: “25 frames”" and message().severity == "INFO"
        assert "Written by a model" in message().hint and message().hint.endswith("It was slow.")

    def test_it_reads_animation_that_came_from_elsewhere(self, scene):
        bpy.ops.signwright.remove_take()
        scene.use_preview_range = True
        scene.frame_preview_start, scene.frame_preview_end = 3, 12
        assert bpy.ops.signwright.caption() == {"FINISHED"}
        assert "10 frames" in message().message

    def test_without_any_motion_it_says_so(self, addon):
        bpy.context.scene.signwright.setup.avatar = make_rig()
        assert "no motion to read" in refused(bpy.ops.signwright.caption)

    def test_a_model_that_cannot_is_refused_with_the_picker(self, scene):
        scene.signwright.models.bundle = "mute"
        assert "writes no captions" in refused(bpy.ops.signwright.caption)
        assert message().fix == "choose_bundle"
