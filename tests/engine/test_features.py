"""Features of the tokenizer and the poses that they stand for."""

from __future__ import annotations

import numpy as np
import pytest

from engine.skeleton import EXPRESSION_NAMES, JOINT_INDEX
from engine.tokenizer.features import PARTS, SIGNWRIGHT, SOKE, Layout, stored_slice


def test_the_published_layout_has_its_numbers_in_the_published_order() -> None:
    assert SOKE.size == 133
    assert SOKE.columns == {
        "body": (*range(30), *range(120, 133)),
        "left_hand": tuple(range(30, 75)),
        "right_hand": tuple(range(75, 120)),
    }
    assert stored_slice(np.arange(179.0)).tolist() == [*range(36, 159), *range(169, 179)]


def test_a_number_of_the_published_layout_is_that_of_its_joint() -> None:
    features = np.arange(133.0)[None]
    poses, expression = SOKE.poses(features)
    assert poses[0, 3 * JOINT_INDEX["neck"] :][:3].tolist() == [0, 1, 2]
    assert poses[0, 3 * JOINT_INDEX["right_wrist"] :][:3].tolist() == [27, 28, 29]
    assert poses[0, 3 * JOINT_INDEX["left_index1"] :][:3].tolist() == [30, 31, 32]
    assert poses[0, 3 * JOINT_INDEX["right_thumb3"] :][:3].tolist() == [117, 118, 119]
    assert poses[0, 3 * JOINT_INDEX["jaw"] :][:3].tolist() == [120, 121, 122]
    assert expression[0].tolist() == list(range(123, 133))
    assert not poses[0, : 3 * JOINT_INDEX["neck"]].any()


@pytest.mark.parametrize("layout", [SOKE, SIGNWRIGHT])
def test_features_and_poses_are_the_same_motion(layout: Layout) -> None:
    features = np.random.default_rng(0).normal(size=(5, layout.size))
    poses, expression = layout.poses(features)
    assert poses.shape == (5, 165)
    assert np.array_equal(layout.features(poses, expression), features)


@pytest.mark.parametrize("layout", [SOKE, SIGNWRIGHT])
def test_every_number_belongs_to_exactly_one_part(layout: Layout) -> None:
    columns = [column for part in PARTS for column in layout.columns[part]]
    assert sorted(columns) == list(range(layout.size))


def test_our_layout_has_spine_eyes_and_the_face_units_too() -> None:
    assert SIGNWRIGHT.size == 3 * (13 + 30 + 3) + len(EXPRESSION_NAMES)
    assert {"spine1", "spine2", "spine3", "left_eye_smplhf", "right_eye_smplhf", "jaw"} <= set(SIGNWRIGHT.joints)


@pytest.mark.parametrize("layout", [SOKE, SIGNWRIGHT])
def test_a_layout_is_the_same_after_storing(layout: Layout) -> None:
    assert Layout.from_json(layout.to_json()) == layout


@pytest.mark.parametrize(
    ("stored", "message"),
    [
        (None, "has the fields"),
        ({"body": ["neck"], "face": ["jaw"]}, "has the fields"),
        ({"body": "neck", "face": ["jaw"], "expression": []}, "lists of names"),
        ({"body": ["neck", 3], "face": ["jaw"], "expression": []}, "lists of names"),
        ({"body": ["tail"], "face": ["jaw"], "expression": []}, "SMPL-X lacks: tail"),
        ({"body": ["neck", "jaw"], "face": ["jaw"], "expression": []}, "twice"),
        ({"body": ["left_index1"], "face": [], "expression": []}, "twice"),
        ({"body": ["neck"], "face": [], "expression": ["smile", "smile"]}, "twice"),
        ({"body": ["neck"], "face": [], "expression": [str(i) for i in range(500)]}, "400"),
    ],
)
def test_a_damaged_layout_is_refused(stored: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Layout.from_json(stored)


def test_features_of_another_layout_are_refused() -> None:
    with pytest.raises(ValueError, match="160 numbers, not 133"):
        SIGNWRIGHT.poses(np.zeros((2, 133)))
    with pytest.raises(ValueError, match="22 face units, not 10"):
        SIGNWRIGHT.features(np.zeros((2, 165)), np.zeros((2, 10)))
    with pytest.raises(ValueError, match="179"):
        stored_slice(np.zeros(133))
