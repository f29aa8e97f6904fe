"""Rotation maths: conversions are inverses, mirrors undo themselves, quaternions stay continuous."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from engine import rotations as r
from engine.skeleton import JOINT_INDEX, JOINT_NAMES, MIRROR, PARENTS, POSE_SIZE

vectors = arrays(np.float64, (5, 3), elements=st.floats(-1.7, 1.7))
quaternions = arrays(np.float64, (7, 4), elements=st.floats(-1, 1)).map(
    lambda q: (q + np.array([1e-3, 0, 0, 0])) / np.linalg.norm(q + np.array([1e-3, 0, 0, 0]), axis=-1, keepdims=True)
)


@given(vectors)
def test_axis_angle_survives_quaternion_and_matrix(v: np.ndarray) -> None:
    assert np.allclose(r.axis_angle_from_quaternion(r.quaternion_from_axis_angle(v)), v, atol=1e-9)
    assert np.allclose(r.axis_angle_from_matrix(r.matrix_from_axis_angle(v)), v, atol=1e-6)


@given(quaternions, quaternions)
def test_quaternion_product_is_matrix_product(a: np.ndarray, b: np.ndarray) -> None:
    product = r.matrix_from_quaternion(r.multiply(a, b))
    assert np.allclose(product, r.matrix_from_quaternion(a) @ r.matrix_from_quaternion(b), atol=1e-9)


def test_half_turns_survive_the_matrix() -> None:
    turns = np.pi * np.eye(3)
    back = r.axis_angle_from_matrix(r.matrix_from_axis_angle(turns))
    assert np.allclose(np.abs(back), turns, atol=1e-6)


@given(quaternions)
def test_continuous_keeps_rotations_and_neighbours_in_one_hemisphere(q: np.ndarray) -> None:
    c = r.continuous(q)
    assert np.allclose(r.matrix_from_quaternion(c), r.matrix_from_quaternion(q))
    assert (np.sum(c[1:] * c[:-1], axis=-1) >= -1e-12).all()


@given(quaternions, quaternions, st.floats(0, 1))
def test_slerp_moves_in_proportion_to_time(a: np.ndarray, b: np.ndarray, t: float) -> None:
    middle = r.slerp(a, b, np.full(len(a), t))
    assert np.allclose(r.angle_between(a, middle), t * r.angle_between(a, b), atol=1e-5)


@given(quaternions)
def test_swing_times_twist_is_the_whole(q: np.ndarray) -> None:
    axis = np.array([0.0, 1.0, 0.0])
    swing, twist = r.swing_twist(q, axis)
    assert np.allclose(r.matrix_from_quaternion(r.multiply(swing, twist)), r.matrix_from_quaternion(q), atol=1e-9)
    assert np.allclose(twist[..., [1, 3]], 0.0)
    assert np.allclose(np.sum(swing[..., 1:] * axis, axis=-1), 0.0, atol=1e-6)


@given(arrays(np.float64, (2, POSE_SIZE), elements=st.floats(-3, 3)))
def test_mirroring_twice_changes_nothing(poses: np.ndarray) -> None:
    assert np.array_equal(r.mirror_poses(r.mirror_poses(poses)), poses)


def test_mirror_swaps_sides_and_keeps_lowering_the_arm() -> None:
    pose = np.zeros((55, 3))
    pose[JOINT_INDEX["left_shoulder"], 2] = -1.0  # left arm down
    mirrored = r.mirror_poses(pose.reshape(-1)).reshape(55, 3)
    assert mirrored[JOINT_INDEX["right_shoulder"], 2] == 1.0
    assert not mirrored[JOINT_INDEX["left_shoulder"]].any()


def test_joint_table_is_a_tree_in_order_and_mirrors_itself() -> None:
    assert len(JOINT_NAMES) == len(PARENTS) == 55
    assert all(parent < child for child, parent in enumerate(PARENTS))
    assert all(MIRROR[MIRROR[j]] == j for j in range(55))
    assert all(PARENTS[MIRROR[j]] == (MIRROR[PARENTS[j]] if PARENTS[j] >= 0 else -1) for j in range(55))
    assert JOINT_NAMES[JOINT_INDEX["left_pinky1"] + 3] == "left_ring1"
