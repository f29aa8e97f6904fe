"""Skinning: joints, vertices and surface points move as SMPL-X's definition says."""

from pathlib import Path

import numpy as np
import pytest
from user_bodies import body_arrays, write_npz

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.rotations import matrix_from_axis_angle, mirror_poses
from engine.skeleton import JOINT_INDEX, MIRROR, PARENTS, POSE_SIZE


@pytest.fixture(scope="module")
def avatar() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> BodyModel:
    return BodyModel.load(write_npz(tmp_path_factory.mktemp("body") / "small.npz", body_arrays()))


def random_poses(frames: int, spread: float = 0.4) -> np.ndarray:
    return np.random.default_rng(5).normal(scale=spread, size=(frames, POSE_SIZE))


def textbook_skin(model: BodyModel, pose: np.ndarray, trans: np.ndarray, betas: np.ndarray, face: np.ndarray):
    """Loper et al.'s equations written out, one joint and one vertex at a time."""
    rest = model.template + model.shape_directions @ betas + model.expression_directions @ face
    joints = model.joint_regressor @ rest
    rotations = matrix_from_axis_angle(pose.reshape(-1, 3))
    if model.pose_blend is not None:
        dense = model.pose_blend.dense(len(rest))
        rest = rest + dense @ (rotations[1:] - np.eye(3)).reshape(-1)
    world = []
    for j, parent in enumerate(PARENTS):
        local = np.eye(4)
        local[:3, :3] = rotations[j]
        local[:3, 3] = joints[j] - (joints[parent] if parent >= 0 else 0)
        world.append(local if parent < 0 else world[parent] @ local)
    places = np.array([w[:3, 3] for w in world]) + trans
    for w, joint in zip(world, joints, strict=True):
        w[:3, 3] -= w[:3, :3] @ joint
    blended = np.einsum("vj,jab->vab", model.weights, np.array(world))
    return np.einsum("vab,vb->va", blended[:, :3, :3], rest) + blended[:, :3, 3] + trans, places


def test_skinning_and_joints_follow_the_equations(small: BodyModel) -> None:
    rng = np.random.default_rng(2)
    poses, trans = random_poses(4), rng.normal(size=(4, 3))
    betas, faces = rng.normal(size=10), rng.normal(size=(4, 10))
    found = small.skin(poses, trans, betas, faces)
    transforms = small.forward_kinematics(poses, trans, betas, faces)
    for t in range(4):
        vertices, joints = textbook_skin(small, poses[t], trans[t], betas, faces[t])
        np.testing.assert_allclose(found[t], vertices, atol=2e-6)
        np.testing.assert_allclose(transforms[t, :, :3, 3], joints, atol=1e-6)


def test_the_avatar_follows_the_same_equations(avatar: BodyModel) -> None:
    rng = np.random.default_rng(3)
    pose, trans, betas = random_poses(1, 0.3)[0], rng.normal(size=3), rng.normal(size=10)
    face = rng.uniform(size=len(avatar.expression_names))
    vertices, joints = textbook_skin(avatar, pose, trans, betas, face)
    np.testing.assert_allclose(avatar.skin(pose, trans, betas, face)[0], vertices, atol=1e-5)
    np.testing.assert_allclose(avatar.forward_kinematics(pose, trans, betas, face)[0, :, :3, 3], joints, atol=1e-5)


def test_no_pose_gives_the_rest_shape(avatar: BodyModel) -> None:
    still = np.zeros(POSE_SIZE)
    np.testing.assert_allclose(avatar.skin(still)[0], avatar.template, atol=1e-6)
    np.testing.assert_allclose(avatar.forward_kinematics(still)[0, :, :3, 3], avatar.joints(), atol=1e-9)


def test_one_face_serves_all_frames(avatar: BodyModel) -> None:
    poses, face = random_poses(3, 0.2), np.linspace(0, 1, len(avatar.expression_names))
    once = avatar.skin(poses, expression=face)
    np.testing.assert_array_equal(once, avatar.skin(poses, expression=np.tile(face, (3, 1))))


def test_chosen_vertices_move_as_in_the_whole_mesh(avatar: BodyModel) -> None:
    poses, chosen = random_poses(3), np.array([9120, 4933, 7, 13000])
    np.testing.assert_allclose(avatar.skin(poses, vertices=chosen), avatar.skin(poses)[:, chosen], atol=1e-6)


def test_surface_points_stay_on_the_skinned_surface(small: BodyModel, tmp_path: Path) -> None:
    plain = BodyModel.load(write_npz(tmp_path / "plain.npz", body_arrays(correctives=False)))
    rng = np.random.default_rng(8)
    faces, bary = rng.integers(0, len(plain.faces), 12), rng.dirichlet([1, 1, 1], 12)
    poses, betas = random_poses(5), rng.normal(size=10)
    probe = plain.probe(faces, bary, betas)
    transforms = plain.forward_kinematics(poses, None, betas)
    corners = plain.skin(poses, None, betas)[:, plain.faces[faces]]
    np.testing.assert_allclose(probe.positions(transforms), np.einsum("tpkc,pk->tpc", corners, bary), atol=1e-6)
    normals = np.cross(corners[:, :, 1] - corners[:, :, 0], corners[:, :, 2] - corners[:, :, 0])
    normals /= np.linalg.norm(normals, axis=-1, keepdims=True)
    np.testing.assert_allclose(probe.normals(transforms), normals, atol=1e-3)


def test_a_mirrored_pose_gives_mirrored_joints(avatar: BodyModel) -> None:
    pose = random_poses(1)
    joints = avatar.forward_kinematics(pose)[0, :, :3, 3]
    mirrored = avatar.forward_kinematics(mirror_poses(pose))[0, :, :3, 3]
    np.testing.assert_allclose(mirrored[list(MIRROR)], joints * [-1, 1, 1], atol=1e-5)


def test_translation_moves_everything_alike(avatar: BodyModel) -> None:
    pose, trans = random_poses(1), np.array([0.3, -0.2, 1.0])
    np.testing.assert_allclose(avatar.skin(pose, trans), avatar.skin(pose) + trans.astype(np.float32), atol=1e-6)


@pytest.mark.parametrize("wrong", [np.zeros(63), np.zeros((2, 156)), np.zeros((1, 2, 165))])
def test_poses_of_a_wrong_shape_are_refused(avatar: BodyModel, wrong: np.ndarray) -> None:
    with pytest.raises(ValueError, match="poses must have shape"):
        avatar.skin(wrong)


def test_too_many_coefficients_are_refused(avatar: BodyModel) -> None:
    with pytest.raises(ValueError, match="betas has 300 columns"):
        avatar.joints(betas=np.zeros(300))
    with pytest.raises(ValueError, match="expression has 2 rows for 3 poses"):
        avatar.skin(random_poses(3), expression=np.zeros((2, 10)))


def test_elbow_flexes_forward_about_its_own_axis(avatar: BodyModel) -> None:
    pose = np.zeros(POSE_SIZE)
    pose[3 * JOINT_INDEX["left_elbow"] + 1] = -np.pi / 2
    wrist = avatar.forward_kinematics(pose)[0, JOINT_INDEX["left_wrist"], :3, 3]
    elbow = avatar.joints()[JOINT_INDEX["left_elbow"]]
    forward = (wrist - elbow) / np.linalg.norm(wrist - elbow)
    assert forward[2] > 0.95
