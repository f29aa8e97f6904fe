"""Avatars: the mesh in Blender is the body model's, posed by the same numbers, to 0.01 mm."""

from __future__ import annotations

import os

import bodies
import bpy
import figures
import numpy as np
import pytest
from signwright.addon import compat
from signwright.addon.animation.apply import apply_take
from signwright.addon.avatar import correctives, models
from signwright.addon.avatar.create import add_avatar, move_joints_to_shape
from signwright.addon.avatar.rig import expression_keys, rig_notes, rig_problems
from signwright.engine.body import EMBEDDED_AVATAR, BodyModel, BodyModelError
from signwright.engine.skeleton import EXPRESSION_NAMES

HUNDREDTH_MM = 1e-5


@pytest.fixture(autouse=True)
def handlers():
    correctives.register()
    yield
    correctives.unregister()


@pytest.fixture(scope="module")
def embedded() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)


@pytest.fixture
def body(tmp_path):
    return bodies.write_body(tmp_path / "SMPLX_NEUTRAL.npz")


def vertices(rig: bpy.types.Object) -> np.ndarray:
    """Evaluated vertices in SMPL-X's axes, relative to the rig."""
    mesh = rig.children[0].evaluated_get(bpy.context.evaluated_depsgraph_get())
    flat = np.empty(3 * len(mesh.data.vertices), dtype=np.float32)
    mesh.data.vertices.foreach_get("co", flat)
    return flat.reshape(-1, 3) @ models.AXES


def furthest(a: np.ndarray, b: np.ndarray) -> float:
    return float(np.linalg.norm(a - b, axis=-1).max())


def test_the_embedded_avatar_is_posed_as_the_body_model_says(embedded):
    rig = add_avatar(bpy.context)
    sequence = figures.make_sequence(3, frames=24, spread=0.5)
    apply_take(rig, figures.make_take(sequence), tolerance_degrees=None)
    for frame in (1, 9, 20):
        bpy.context.scene.frame_set(frame)
        at = slice(frame - 1, frame)
        wanted = embedded.skin(sequence.poses[at], sequence.trans[at], expression=sequence.expression[at])[0]
        assert furthest(vertices(rig), wanted) < HUNDREDTH_MM


def test_a_users_body_with_dense_correctives_is_posed_exactly(body):
    model = BodyModel.load(body)
    rig = add_avatar(bpy.context, body)
    sequence = figures.make_sequence(4, frames=24, spread=0.7)
    apply_take(rig, figures.make_take(sequence), tolerance_degrees=None)
    plain = BodyModel.load(bodies.write_body(body.with_name("plain.npz"), correctives=False))
    for frame in (2, 11):
        bpy.context.scene.frame_set(frame)
        at = slice(frame - 1, frame)
        wanted = model.skin(sequence.poses[at], sequence.trans[at])[0]
        assert furthest(vertices(rig), wanted) < HUNDREDTH_MM
        assert furthest(plain.skin(sequence.poses[at], sequence.trans[at])[0], wanted) > 100 * HUNDREDTH_MM


def test_posing_by_hand_updates_the_correctives(body):
    model = BodyModel.load(body)
    rig = add_avatar(bpy.context, body)
    rig.pose.bones["left_elbow"].rotation_quaternion = (np.cos(0.5), 0.0, -np.sin(0.5), 0.0)
    bpy.context.view_layer.update()
    bpy.context.view_layer.update()
    pose = np.zeros(165)
    pose[3 * 18 + 1] = -1.0
    assert furthest(vertices(rig), model.skin(pose)[0]) < HUNDREDTH_MM


def test_correctives_follow_constraints(body):
    model = BodyModel.load(body)
    rig = add_avatar(bpy.context, body)
    limit = rig.pose.bones["left_elbow"].constraints.new("TRANSFORM")
    limit.target, limit.subtarget = rig, "right_elbow"
    limit.map_from = limit.map_to = "ROTATION"
    limit.target_space = limit.owner_space = "LOCAL"
    limit.from_max_y_rot, limit.to_max_y_rot = 1.0, -0.8
    limit.map_to_y_from = "Y"
    rig.pose.bones["right_elbow"].rotation_quaternion = (np.cos(0.5), 0.0, np.sin(0.5), 0.0)
    bpy.context.scene.frame_set(5)
    pose = np.zeros(165)
    pose[3 * 18 + 1], pose[3 * 19 + 1] = -0.8, 1.0
    assert furthest(vertices(rig), model.skin(pose)[0]) < 10 * HUNDREDTH_MM


def test_saved_and_opened_the_avatar_goes_on(body, tmp_path):
    model = BodyModel.load(body)
    rig = add_avatar(bpy.context, body, "Mira")
    sequence = figures.make_sequence(5, frames=24)
    apply_take(rig, figures.make_take(sequence), tolerance_degrees=None)
    path = str(tmp_path / "avatar.blend")
    bpy.context.scene.frame_set(3)
    bpy.ops.wm.save_as_mainfile(filepath=path)
    bpy.ops.wm.open_mainfile(filepath=path)
    rig = bpy.data.objects["Mira"]
    assert furthest(vertices(rig), model.skin(sequence.poses[2:3], sequence.trans[2:3])[0]) < HUNDREDTH_MM
    bpy.context.scene.frame_set(8)
    assert furthest(vertices(rig), model.skin(sequence.poses[7:8], sequence.trans[7:8])[0]) < HUNDREDTH_MM


def test_without_the_extension_the_last_shape_stays(body, tmp_path):
    rig = add_avatar(bpy.context, body, "Mira")
    sequence = figures.make_sequence(5, frames=24)
    apply_take(rig, figures.make_take(sequence), tolerance_degrees=None)
    bpy.context.scene.frame_set(3)
    shown = vertices(rig)
    path = str(tmp_path / "avatar.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    correctives.unregister()
    bpy.ops.wm.open_mainfile(filepath=path)
    assert furthest(vertices(bpy.data.objects["Mira"]), shown) < 1e-6


def test_a_model_file_that_went_away_is_reported_once_and_nothing_breaks(body, tmp_path):
    rig = add_avatar(bpy.context, body, "Mira")
    path = str(tmp_path / "avatar.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    correctives.unregister()
    correctives.register()
    os.replace(body, body.with_name("moved.npz"))
    bpy.ops.wm.open_mainfile(filepath=path)
    rig = bpy.data.objects["Mira"]
    rig.pose.bones["left_elbow"].rotation_quaternion = (0.8, 0.0, 0.6, 0.0)
    bpy.context.scene.frame_set(2)
    problem = correctives.correctives_problem(rig.children[0])
    assert str(body) in problem
    os.replace(body.with_name("moved.npz"), body)
    bpy.ops.wm.open_mainfile(filepath=path)
    bpy.context.scene.frame_set(3)
    assert correctives.correctives_problem(bpy.data.objects["Mira"].children[0]) == ""


def test_the_embedded_avatar_keeps_its_correctives_when_a_new_version_comes(embedded, tmp_path, monkeypatch):
    rig = add_avatar(bpy.context, name="Mira")
    path = str(tmp_path / "avatar.blend")
    bpy.ops.wm.save_as_mainfile(filepath=path)
    correctives.unregister()
    correctives.register()
    monkeypatch.setattr(models, "EMBEDDED_AVATAR", bodies.write_body(tmp_path / "next_version.npz"))
    bpy.ops.wm.open_mainfile(filepath=path)
    rig = bpy.data.objects["Mira"]
    rig.pose.bones["left_elbow"].rotation_quaternion = (np.cos(0.7), np.sin(0.7), 0.0, 0.0)
    bpy.context.scene.frame_set(2)
    pose = np.zeros(165)
    pose[3 * 18] = 1.4
    assert furthest(vertices(rig), embedded.skin(pose)[0]) < HUNDREDTH_MM
    assert correctives.correctives_problem(rig.children[0]) == ""


def test_a_mesh_that_the_user_cut_is_left_alone_with_words(body):
    rig = add_avatar(bpy.context, body)
    mesh = rig.children[0]
    bpy.context.view_layer.objects.active = mesh
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.select_all(action="DESELECT")
    bpy.ops.object.mode_set(mode="OBJECT")
    mesh.data.vertices[3].select = True
    bpy.ops.object.mode_set(mode="EDIT")
    bpy.ops.mesh.delete(type="VERT")
    bpy.ops.object.mode_set(mode="OBJECT")
    rig.pose.bones["left_elbow"].rotation_quaternion = (0.8, 0.0, 0.6, 0.0)
    bpy.context.scene.frame_set(2)
    assert "other vertices" in correctives.correctives_problem(mesh)


def test_undo_brings_the_correctives_of_the_earlier_pose_back(body):
    model = BodyModel.load(body)
    rig = add_avatar(bpy.context, body, "Mira")
    bpy.context.view_layer.update()
    bpy.ops.ed.undo_push(message="added")
    rig.pose.bones["left_elbow"].rotation_quaternion = (0.8, 0.0, 0.6, 0.0)
    bpy.context.view_layer.update()
    bpy.ops.ed.undo_push(message="posed")
    bpy.ops.ed.undo()
    bpy.context.scene.frame_set(1)
    assert furthest(vertices(bpy.data.objects["Mira"]), model.template) < HUNDREDTH_MM


def test_two_avatars_live_side_by_side(body):
    first, second = add_avatar(bpy.context, body), add_avatar(bpy.context, body)
    assert first.name != second.name
    model = BodyModel.load(body)
    second.pose.bones["left_elbow"].rotation_quaternion = (np.cos(0.5), 0.0, -np.sin(0.5), 0.0)
    bpy.context.scene.frame_set(2)
    pose = np.zeros(165)
    pose[3 * 18 + 1] = -1.0
    assert furthest(vertices(first), model.template) < HUNDREDTH_MM
    assert furthest(vertices(second), model.skin(pose)[0]) < HUNDREDTH_MM


def test_the_avatar_stands_on_the_floor_and_looks_to_the_front(embedded):
    rig = add_avatar(bpy.context)
    bpy.context.view_layer.update()
    heights = [(rig.matrix_world @ v.co).z for v in rig.children[0].data.vertices]
    assert min(heights) == pytest.approx(0.0, abs=1e-5)
    bones = rig.data.bones
    assert bones["left_wrist"].head_local.x > 0.3
    assert bones["left_eye"].head_local.y < bones["head"].head_local.y


def test_the_bones_are_those_of_published_smplx_rigs(body):
    rig = add_avatar(bpy.context, body)
    assert rig_problems(rig) == []
    assert len(rig.data.bones) == 56
    assert rig.data.bones["pelvis"].parent.name == "root"
    assert all(bone.rotation_mode == "QUATERNION" for bone in rig.pose.bones)


def test_face_units_are_named_sliders_from_0_to_1(embedded):
    rig = add_avatar(bpy.context)
    mesh = rig.children[0]
    keys = expression_keys(mesh)
    assert set(keys) == set(EXPRESSION_NAMES)
    block = mesh.data.shape_keys.key_blocks[keys["smile"]]
    assert (block.value, block.slider_min, block.slider_max) == (0.0, 0.0, 1.0)
    assert rig_notes(rig) == []


def test_a_users_body_says_that_it_has_no_face_units(body):
    rig = add_avatar(bpy.context, body)
    assert "jaw" in rig_notes(rig)[0]
    assert len([k for k in rig.children[0].data.shape_keys.key_blocks if k.name.startswith("Exp")]) == 10


def test_joints_follow_the_body_shape(embedded):
    rig = add_avatar(bpy.context)
    mesh = rig.children[0]
    betas = np.zeros(10)
    betas[0], betas[5] = 0.8, 0.5
    for i in (0, 5):
        mesh.data.shape_keys.key_blocks[f"Shape{i:03d}"].value = betas[i]
    move_joints_to_shape(rig)
    sequence = figures.make_sequence(6, frames=24)
    apply_take(rig, figures.make_take(sequence), tolerance_degrees=None)
    bpy.context.scene.frame_set(3)
    wanted = embedded.skin(sequence.poses[2:3], sequence.trans[2:3], betas, sequence.expression[2:3])[0]
    assert furthest(vertices(rig), wanted) < HUNDREDTH_MM


def test_a_damaged_file_adds_nothing(tmp_path):
    path = tmp_path / "broken.npz"
    path.write_bytes(b"not a body")
    before = len(bpy.data.objects)
    with pytest.raises(BodyModelError, match=r"broken\.npz"):
        add_avatar(bpy.context, path)
    assert len(bpy.data.objects) == before


def test_polygons_face_outwards_and_are_smooth(embedded):
    mesh = add_avatar(bpy.context).children[0].data
    assert all(p.use_smooth for p in mesh.polygons)
    assert not mesh.validate()
    volume = 0.0
    for p in mesh.polygons:
        volume += p.center.dot(p.normal) * p.area / 3.0
    assert volume > 0.02


def test_new_shape_keys_start_at_zero_in_every_version():
    rig = figures.make_rig()
    assert compat.new_shape_key(figures.make_face(rig), "Extra").value == 0.0
