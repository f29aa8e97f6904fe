"""Applying takes: what is keyed, how exactly, and what stays untouched."""

from __future__ import annotations

import json

import bpy
import figures
import numpy as np
import pytest
from signwright.addon import compat
from signwright.addon.animation import apply, curves, extract, keys, layers
from signwright.addon.animation.apply import apply_take, scene_fps
from signwright.engine.rotations import angle_between, quaternion_from_axis_angle
from signwright.engine.skeleton import JOINT_COUNT, JOINT_INDEX, LAYERS
from signwright.engine.take import PoseSequence


@pytest.fixture
def rig() -> bpy.types.Object:
    rig = figures.make_rig()
    figures.make_face(rig)
    return rig


def rotations(sequence: PoseSequence) -> np.ndarray:
    return quaternion_from_axis_angle(sequence.poses.reshape(-1, JOINT_COUNT, 3))


def errors(rig: bpy.types.Object, wanted: PoseSequence, start: int = 1) -> tuple[float, float, float]:
    """Largest error over all frames: degrees, millimetres, weight."""
    found = extract.extract_sequence(rig, start, start + len(wanted) - 1)
    return (
        float(np.degrees(angle_between(rotations(found), rotations(wanted)).max())),
        float(1000 * np.linalg.norm(found.trans - wanted.trans, axis=1).max()),
        float(np.abs(found.expression - wanted.expression).max()),
    )


def curve_of(rig: bpy.types.Object, bone: str, index: int = 0):
    bag = compat.assigned_channels(rig)
    return bag.fcurves.find(f'pose.bones["{bone}"].rotation_quaternion', index=index)


def test_without_reduction_every_frame_is_exact(rig):
    take = figures.make_take()
    apply_take(rig, take, tolerance_degrees=None)
    degrees, millimetres, weight = errors(rig, take.sequence)
    assert degrees < 1e-3
    assert millimetres < 1e-3
    assert weight < 1e-5


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("tolerance", [0.1, 0.5, 2.0])
def test_reduced_curves_stay_within_the_bound(rig, seed, tolerance):
    take = figures.make_take(figures.make_sequence(seed, spread=0.1 + 0.25 * seed))
    apply_take(rig, take, tolerance_degrees=tolerance)
    bound = keys.Tolerance.of_degrees(tolerance)
    degrees, millimetres, weight = errors(rig, take.sequence)
    assert degrees <= bound.degrees + 1e-3
    assert millimetres <= bound.millimetres + 1e-3
    assert weight <= bound.weight + 1e-5


def test_poses_that_must_be_exact_are_keyed_however_coarse_the_reduction(rig):
    take = figures.make_take()
    apply_take(rig, take, tolerance_degrees=10.0, exact={31: ["left_elbow"], 500: ["left_elbow"], 0: []})
    found = extract.extract_sequence(rig, 1, len(take.sequence))
    wrong = np.degrees(angle_between(rotations(found), rotations(take.sequence)))
    elbow = JOINT_INDEX["left_elbow"]
    assert wrong[31, elbow] < 1e-3
    assert wrong[:, elbow].max() > 1.0
    keyed = {bone: [p.co[0] for p in curve_of(rig, bone).keyframe_points] for bone in ("left_elbow", "right_elbow")}
    apply_take(rig, take, tolerance_degrees=10.0)
    assert 32 in keyed["left_elbow"]
    assert keyed["right_elbow"] == [p.co[0] for p in curve_of(rig, "right_elbow").keyframe_points]


def test_a_bone_that_keeps_still_is_keyed_where_it_must_be_exact():
    values = np.zeros((40, 1, 4))
    values[..., 0] = 1.0
    exact = np.zeros((40, 1), dtype=bool)
    exact[[7, 20]] = True
    mask = keys.reduce_keys(values, keys.rotation_error, 0.01, exact)
    assert np.flatnonzero(mask[:, 0]).tolist() == [0, 7, 20, 39]


def test_reduction_leaves_few_keys_for_smooth_motion(rig):
    take = figures.make_take(figures.make_sequence(frames=240, spread=0.3, cutoff=1.0))
    apply_take(rig, take)
    count = len(curve_of(rig, "left_elbow").keyframe_points)
    assert 2 < count < 80


def test_a_bone_that_keeps_still_has_one_key(rig):
    sequence = figures.make_sequence()
    poses = sequence.poses.copy()
    poses[:, 12:15] = 0.3
    take = figures.make_take(PoseSequence(poses, sequence.trans, sequence.expression, sequence.fps))
    apply_take(rig, take)
    assert len(curve_of(rig, "left_knee").keyframe_points) == 1


def test_components_of_a_quaternion_share_their_key_frames(rig):
    apply_take(rig, figures.make_take())
    frames = [[k.co[0] for k in curve_of(rig, "right_wrist", i).keyframe_points] for i in range(4)]
    assert frames[0] == frames[1] == frames[2] == frames[3]


def test_reduced_keys_are_bezier_with_aligned_handles(rig):
    apply_take(rig, figures.make_take())
    point = curve_of(rig, "left_shoulder").keyframe_points[1]
    assert point.interpolation == "BEZIER"
    assert point.handle_left_type == point.handle_right_type == "ALIGNED"


def test_full_keys_are_joined_by_lines(rig):
    apply_take(rig, figures.make_take(), tolerance_degrees=None)
    assert curve_of(rig, "left_shoulder").keyframe_points[1].interpolation == "LINEAR"


def test_neighbouring_quaternions_lie_in_one_hemisphere(rig):
    # a turn past 180 degrees, where axis-angle flips to the other side
    poses = np.zeros((60, 165))
    turn = np.linspace(0.0, 1.8 * np.pi, 60)
    poses[:, 58] = (turn + np.pi) % (2 * np.pi) - np.pi
    sequence = PoseSequence(poses, np.zeros((60, 3)), np.zeros((60, 22)), 24.0)
    for tolerance in (None, 0.5):
        apply_take(rig, figures.make_take(sequence), tolerance_degrees=tolerance)
        frames = np.arange(1.0, 60.5, 0.5)
        q = np.stack([curves.sample(curve_of(rig, "right_elbow", i), frames) for i in range(4)], axis=1)
        assert (np.sum(q[1:] * q[:-1], axis=1) > 0.9).all()
        assert np.degrees(angle_between(q[1:], q[:-1])).max() < 10.0


@pytest.mark.parametrize("fps", [24, 25, 30, 60])
def test_the_scene_keeps_its_frame_rate_and_the_motion_its_time(rig, fps):
    bpy.context.scene.render.fps = fps
    take = figures.make_take(figures.make_sequence(fps=30.0, frames=91))
    action = apply_take(rig, take)
    assert bpy.context.scene.render.fps == fps
    assert action.frame_range[1] - action.frame_range[0] == pytest.approx(3.0 * fps, abs=1)


def test_the_base_of_the_frame_rate_counts(rig):
    bpy.context.scene.render.fps, bpy.context.scene.render.fps_base = 30, 1.001
    assert scene_fps(bpy.context.scene) == pytest.approx(29.97, abs=1e-3)
    take = figures.make_take(figures.make_sequence(fps=24.0, frames=241))
    action = apply_take(rig, take)
    assert action.frame_range[1] == pytest.approx(1 + 10.0 * 29.97, abs=1)


def test_a_take_can_start_at_any_frame(rig):
    take = figures.make_take()
    apply_take(rig, take, start_frame=101, tolerance_degrees=None)
    assert errors(rig, take.sequence, start=101)[0] < 1e-3


def test_body_and_face_live_in_one_action_with_two_slots(rig):
    action = apply_take(rig, figures.make_take())
    mesh = rig.children[0]
    assert rig.animation_data.action == action
    assert mesh.data.shape_keys.animation_data.action == action
    assert sorted(slot.target_id_type for slot in action.slots) == ["KEY", "OBJECT"]


def test_every_bone_has_its_group(rig):
    apply_take(rig, figures.make_take())
    bag = compat.assigned_channels(rig)
    groups = {g.name: len(g.channels) for g in bag.groups}
    assert groups["left_index2"] == 4
    assert groups["pelvis"] == 7


def test_the_evaluated_pose_follows(rig):
    take = figures.make_take()
    apply_take(rig, take, tolerance_degrees=None)
    bpy.context.scene.frame_set(40)
    posed = rig.evaluated_get(bpy.context.evaluated_depsgraph_get()).pose.bones["right_wrist"]
    wanted = rotations(take.sequence)[39, 21]
    assert np.degrees(angle_between(np.array(posed.rotation_quaternion), wanted)) < 1e-3
    mesh = rig.children[0]
    assert mesh.data.shape_keys.key_blocks["Exp000"].value == pytest.approx(take.sequence.expression[39, 0], abs=1e-5)


def test_a_new_take_is_a_new_action_and_the_old_one_stays(rig):
    first = apply_take(rig, figures.make_take(name="One"))
    before = [tuple(k.co) for k in curve_of(rig, "head").keyframe_points]
    second = apply_take(rig, figures.make_take(figures.make_sequence(5), name="Two"))
    assert first != second
    assert first.use_fake_user
    slot = compat.slot_of(first, rig)
    kept = compat.channelbag(first, slot).fcurves.find('pose.bones["head"].rotation_quaternion', index=0)
    assert [tuple(k.co) for k in kept.keyframe_points] == before


def make_own_action(rig: bpy.types.Object) -> bpy.types.Action:
    """What a user could have: a waving arm, a head, and a moving object."""
    for frame, angle in ((1, 0.0), (20, 0.5)):
        for bone in ("left_elbow", "head"):
            rig.pose.bones[bone].rotation_quaternion = (np.cos(angle), 0, np.sin(angle), 0)
            rig.pose.bones[bone].keyframe_insert("rotation_quaternion", frame=frame)
        rig.location.x = angle
        rig.keyframe_insert("location", frame=frame)
    return rig.animation_data.action


def test_the_users_own_action_is_stashed_unchanged(rig):
    own = make_own_action(rig)
    count = len(compat.assigned_channels(rig).fcurves)
    apply_take(rig, figures.make_take())
    assert own.use_fake_user
    tracks = [t for t in rig.animation_data.nla_tracks if any(s.action == own for s in t.strips)]
    assert len(tracks) == 1
    assert tracks[0].mute
    assert len(compat.channelbag(own, compat.slot_of(own, rig)).fcurves) == count


def test_the_users_other_channels_go_on(rig):
    make_own_action(rig)
    apply_take(rig, figures.make_take())
    curve = compat.assigned_channels(rig).fcurves.find("location", index=0)
    assert curve is not None
    assert curve.evaluate(20) == pytest.approx(0.5)


def test_applying_twice_stashes_the_users_action_once(rig):
    make_own_action(rig)
    for _ in range(3):
        apply_take(rig, figures.make_take())
    assert len(rig.animation_data.nla_tracks) == 1


def test_one_layer_leaves_the_others_as_they_were(rig):
    first, second = figures.make_sequence(1), figures.make_sequence(2)
    apply_take(rig, figures.make_take(first), tolerance_degrees=None)
    apply_take(rig, figures.make_take(second), layers={"left_hand"}, tolerance_degrees=None)
    found = rotations(extract.extract_sequence(rig, 1, 120))
    hand = slice(25, 40)
    assert np.degrees(angle_between(found[:, hand], rotations(second)[:, hand])).max() < 1e-3
    rest = np.delete(np.arange(JOINT_COUNT), np.arange(25, 40))
    assert np.degrees(angle_between(found[:, rest], rotations(first)[:, rest])).max() < 1e-3


def test_copied_curves_keep_handles_and_modifiers(rig):
    apply_take(rig, figures.make_take())
    curve = curve_of(rig, "head")
    curve.modifiers.new("CYCLES").cycles_after = 3
    curve.keyframe_points[1].interpolation = "ELASTIC"
    frames = np.arange(1.0, 200.0, 0.5)
    before = curves.sample(curve, frames)
    apply_take(rig, figures.make_take(figures.make_sequence(3)), layers={"right_hand"})
    copied = curve_of(rig, "head")
    assert copied.keyframe_points[1].interpolation == "ELASTIC"
    np.testing.assert_allclose(curves.sample(copied, frames), before, atol=1e-5)


def test_locked_bones_and_shape_keys_are_left_alone(rig):
    make_own_action(rig)
    apply_take(rig, figures.make_take(), locked={"left_elbow", "Exp003"})
    curve = curve_of(rig, "left_elbow")
    assert [k.co[0] for k in curve.keyframe_points] == [1, 20]
    bag = compat.assigned_channels(rig.children[0].data.shape_keys)
    assert bag.fcurves.find('key_blocks["Exp003"].value') is None
    assert bag.fcurves.find('key_blocks["Exp004"].value') is not None


def test_what_the_user_locked_in_the_editors_stays_and_stays_locked(rig):
    make_own_action(rig)
    bag = compat.assigned_channels(rig)
    bag.groups["left_elbow"].lock = True
    for curve in bag.fcurves:
        curve.lock = "head" in curve.data_path
    for _ in range(2):
        apply_take(rig, figures.make_take())
        assert [k.co[0] for k in curve_of(rig, "left_elbow").keyframe_points] == [1, 20]
        assert [k.co[0] for k in curve_of(rig, "head").keyframe_points] == [1, 20]
        assert curve_of(rig, "left_elbow").group.lock
        assert curve_of(rig, "head").lock
        assert len(curve_of(rig, "neck").keyframe_points) > 2


def test_an_unknown_layer_is_refused_by_name(rig):
    with pytest.raises(ValueError, match="tail"):
        apply_take(rig, figures.make_take(), layers={"tail"})


def test_a_tolerance_of_nothing_is_refused(rig):
    with pytest.raises(ValueError, match="positive"):
        apply_take(rig, figures.make_take(), tolerance_degrees=0.0)


def test_a_rig_in_tweak_mode_is_left_alone_with_words(rig):
    own = make_own_action(rig)
    data = rig.animation_data
    track = data.nla_tracks.new()
    strip = track.strips.new("own", 1, own)
    data.action = None
    data.nla_tracks.active = track
    track.select = strip.select = True
    data.use_tweak_mode = True
    with pytest.raises(ValueError, match="tweak mode"):
        apply_take(rig, figures.make_take())
    assert list(bpy.data.actions) == [own]


def test_a_long_take_is_reduced_in_parts_to_the_same_keys(rig, monkeypatch):
    take = figures.make_take(figures.make_sequence(frames=240))
    apply_take(rig, take)
    whole = [tuple(k.co) for k in curve_of(rig, "right_index2").keyframe_points]
    monkeypatch.setattr(curves, "_BATCH_VALUES", 500)
    apply_take(rig, take)
    assert [tuple(k.co) for k in curve_of(rig, "right_index2").keyframe_points] == whole


def test_refused_takes_leave_no_action_behind(rig):
    with pytest.raises(ValueError):
        apply_take(rig, figures.make_take(), layers={"tail"})
    assert len(bpy.data.actions) == 0


@pytest.mark.parametrize("layer", list(LAYERS))
def test_a_muted_layer_rests_and_comes_back(rig, layer):
    take = figures.make_take()
    apply_take(rig, take, tolerance_degrees=None)
    changed = layers.mute_layer(rig, layer)
    assert changed > 0
    assert layers.muted_layers(rig) == {layer}
    bpy.context.scene.frame_set(33)
    for joint in LAYERS[layer]:
        bone = rig.pose.bones[joint.removesuffix("_smplhf")]
        assert tuple(bone.rotation_quaternion) == (1, 0, 0, 0)
    layers.mute_layer(rig, layer, False)
    assert layers.muted_layers(rig) == set()
    assert errors(rig, take.sequence)[0] < 1e-3


def test_signs_become_markers_and_pauses_do_not(rig):
    take = figures.make_take()
    apply_take(rig, take, start_frame=10)
    found = [(m.name, m.frame) for m in bpy.context.scene.timeline_markers]
    last = 10 + round(take.segments[2].start * 24)
    assert found == [("HELLO", 10), ("FRIEND", last)]


def test_markers_of_the_next_take_replace_ours_and_keep_the_users(rig):
    bpy.context.scene.timeline_markers.new("mine", frame=5)
    apply_take(rig, figures.make_take())
    apply_take(rig, figures.make_take())
    assert sorted(m.name for m in bpy.context.scene.timeline_markers) == ["FRIEND", "HELLO", "mine"]


def test_the_action_knows_its_take(rig):
    action = apply_take(rig, figures.make_take(name="Greeting"))
    assert action.name == "Greeting"
    assert action[apply.TAKE_KEY] == "Greeting"
    assert [s["gloss"] for s in json.loads(action[apply.SEGMENTS_KEY])] == ["HELLO", "", "FRIEND"]


def test_a_take_of_one_frame_is_a_pose(rig):
    sequence = figures.make_sequence(frames=30)
    single = PoseSequence(sequence.poses[:1], sequence.trans[:1], sequence.expression[:1], 24.0)
    for tolerance in (None, 0.5):
        apply_take(rig, figures.make_take(single), tolerance_degrees=tolerance)
        assert errors(rig, single)[0] < 1e-3


def test_saving_and_opening_keeps_both_slots(rig, tmp_path):
    take = figures.make_take()
    apply_take(rig, take, tolerance_degrees=None)
    path = str(tmp_path / "saved file é.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    assert errors(bpy.data.objects["Rig"], take.sequence)[2] < 1e-5


def test_enum_numbers_are_blenders_own():
    point = bpy.types.Keyframe.bl_rna.properties
    assert point["interpolation"].enum_items["LINEAR"].value == curves._LINEAR
    assert point["interpolation"].enum_items["BEZIER"].value == curves._BEZIER
    assert point["handle_left_type"].enum_items["ALIGNED"].value == curves._ALIGNED


def test_undo_takes_the_whole_apply_back(rig):
    bpy.ops.ed.undo_push(message="before")
    apply_take(rig, figures.make_take())
    bpy.ops.ed.undo_push(message="apply")
    bpy.ops.ed.undo()
    rig = bpy.data.objects["Rig"]
    assert rig.animation_data is None or rig.animation_data.action is None
    assert len(bpy.context.scene.timeline_markers) == 0
    bpy.ops.ed.redo()
    assert bpy.data.objects["Rig"].animation_data.action is not None
