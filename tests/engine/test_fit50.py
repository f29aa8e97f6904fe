"""SMPL-X from 50 joints: what forward kinematics made comes back, in any unit, and damage is borne."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.formats.body50 import TO_PICTURE, joints50
from engine.formats.fit50 import fit50
from engine.formats.skeleton50 import HANDS, JOINT_COUNT
from engine.generators import registry
from engine.generators.base import GenerateRequest
from engine.rotations import axis_angle_from_matrix, matrix_from_axis_angle, mirror_poses
from engine.skeleton import JOINT_INDEX, LAYERS

Array = NDArray[np.floating]
ARMS = [JOINT_INDEX[f"{side}_{joint}"] for side in ("left", "right") for joint in ("shoulder", "elbow", "wrist")]
FINGERS = [JOINT_INDEX[n] for side in ("left", "right") for n in LAYERS[f"{side}_hand"]]


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)


@pytest.fixture(scope="module")
def signed() -> Array:
    """(T, 165) poses of some signs, a second and a half."""
    request = GenerateRequest(text="My name is Bo.", variation=0.0)
    return registry.get("dictionary").generate(request, lambda stage, done: None).sequence.poses[15:51]


def degrees_apart(a: Array, b: Array) -> Array:
    """(T, 55) angles between the joints' rotations."""
    turns = [matrix_from_axis_angle(x.reshape(len(x), -1, 3)) for x in (a, b)]
    return np.degrees(np.linalg.norm(axis_angle_from_matrix(np.swapaxes(turns[0], -1, -2) @ turns[1]), axis=-1))


def test_signing_comes_back_from_its_joints_in_any_unit(body: BodyModel, signed: Array) -> None:
    found = fit50(joints50(body, signed) * TO_PICTURE * 7.3, 24.0, body)
    assert found.scale == pytest.approx(1.0 / 7.3, rel=0.01)
    assert found.error.mean() < 5.0, "millimetres"
    apart = degrees_apart(found.sequence.poses, signed).mean(axis=0)
    assert apart[ARMS].max() < 5.0 and apart[FINGERS].mean() < 5.0


def test_where_the_signer_stands_does_not_matter(body: BodyModel, signed: Array) -> None:
    joints = joints50(body, signed[:8]) * TO_PICTURE
    a, b = (fit50(x, 24.0, body).sequence.poses for x in (joints, joints + np.array([3.0, -2.0, 5.0])))
    assert np.abs(a - b).max() < 1e-3


def test_a_mirrored_signer_gives_mirrored_rotations(body: BodyModel, signed: Array) -> None:
    joints = joints50(body, signed[:8]) * TO_PICTURE
    swap = np.arange(JOINT_COUNT)
    swap[[2, 3, 4, 5, 6, 7]] = [5, 6, 7, 2, 3, 4]
    swap[HANDS["left"]], swap[HANDS["right"]] = swap[HANDS["right"]].copy(), swap[HANDS["left"]].copy()
    mirrored = joints[:, swap] * [-1.0, 1.0, 1.0]
    expected = mirror_poses(fit50(joints, 24.0, body).sequence.poses)
    assert degrees_apart(fit50(mirrored, 24.0, body).sequence.poses, expected)[:, ARMS].mean() < 3.0


def test_a_hand_that_is_never_seen_is_relaxed_and_spoils_nothing(body: BodyModel, signed: Array) -> None:
    joints = joints50(body, signed) * TO_PICTURE
    confidence = np.ones(joints.shape[:2])
    confidence[:, HANDS["left"]] = 0.0
    joints[:, HANDS["left"]] = 0.0
    found = fit50(joints, 24.0, body, confidence)
    apart = degrees_apart(found.sequence.poses, signed).mean(axis=0)
    assert apart[[JOINT_INDEX["right_shoulder"], JOINT_INDEX["right_elbow"]]].max() < 5.0
    left = found.sequence.poses.reshape(len(signed), -1, 3)[:, 25:40]
    assert np.ptp(left, axis=0).max() < 1e-6, "it rests"


def test_noise_is_smoothed(body: BodyModel, signed: Array) -> None:
    joints = joints50(body, signed) * TO_PICTURE
    noisy = joints + np.random.default_rng(0).normal(0.0, 0.004, joints.shape)
    found = fit50(noisy, 24.0, body)
    assert degrees_apart(found.sequence.poses, signed)[:, ARMS].mean() < 8.0


@pytest.mark.parametrize(("value", "told"), [(np.nan, "not finite"), (0.0, "no length")])
def test_joints_that_can_not_be_fitted_are_refused(body: BodyModel, value: float, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        fit50(np.full((3, JOINT_COUNT, 3), value), 24.0, body)
