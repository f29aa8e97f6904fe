"""Motion of few frames a second gets frames between them without corners."""

from __future__ import annotations

import numpy as np
import pytest

from engine.rotations import angle_between
from engine.skeleton import JOINT_COUNT, JOINT_INDEX, POSE_SIZE
from engine.soke.motion import joints_of, resampled_smoothly
from engine.take import PoseSequence

ELBOW = JOINT_INDEX["right_elbow"]


def turning(angles: np.ndarray, fps: float = 12.0) -> PoseSequence:
    """An elbow that turns about one axis by these angles, with translation and a face unit that follow them."""
    poses = np.zeros((len(angles), JOINT_COUNT, 3), np.float32)
    poses[:, ELBOW, 1] = angles
    lines = np.repeat(np.asarray(angles, np.float32)[:, None], 3, axis=1)
    return PoseSequence(poses.reshape(-1, POSE_SIZE), lines, lines[:, :1], fps, ("smile",))


def elbow(sequence: PoseSequence) -> np.ndarray:
    return sequence.poses.reshape(-1, JOINT_COUNT, 3)[:, ELBOW, 1]


def test_frames_that_were_there_stay_as_they_are() -> None:
    motion = turning(np.random.default_rng(0).uniform(-1.0, 1.0, 20))
    found = resampled_smoothly(motion, 36.0)
    assert found.fps == 36.0
    assert len(found) == 58
    assert angle_between(joints_of(found)[::3], joints_of(motion)).max() < 1e-3
    np.testing.assert_allclose(found.trans[::3], motion.trans, atol=1e-5)


def test_even_turning_stays_even() -> None:
    found = elbow(resampled_smoothly(turning(np.linspace(0.0, 1.0, 13)), 48.0))
    np.testing.assert_allclose(np.diff(found)[4:-4], 1.0 / 48.0, rtol=1e-3)


def test_there_are_no_corners_and_the_motion_between_is_nearer_to_the_true_one() -> None:
    time = np.arange(25) / 12.0
    motion = turning(np.sin(2.5 * time))
    true = np.sin(2.5 * np.arange(97) / 48.0)
    smooth, straight = (elbow(s) for s in (resampled_smoothly(motion, 48.0), motion.resampled(48.0)))
    assert np.abs(np.diff(smooth, 2)).max() < 0.7 * np.abs(np.diff(straight, 2)).max()
    inside = slice(4, -4)
    assert np.abs(smooth - true)[inside].max() < 0.3 * np.abs(straight - true)[inside].max()


@pytest.mark.parametrize("count", [1, 2, 30])
def test_what_needs_no_frames_between_is_as_the_plain_way(count: int) -> None:
    motion = turning(np.linspace(0.0, 1.0, count), fps=30.0)
    plain, found = motion.resampled(24.0), resampled_smoothly(motion, 24.0)
    np.testing.assert_array_equal(found.poses, plain.poses)
    assert found.fps == 24.0
