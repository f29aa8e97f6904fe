"""Poses that the user locked come out bit for bit, and the motion around them stays smooth."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.skeleton import EXPRESSION_NAMES, JOINT_COUNT, JOINT_INDEX
from engine.soke.locked import Lock, hermite, honoured, slopes
from engine.soke.motion import joint_speeds, joints_of, mixed, sampled
from engine.take import PoseSequence


def moving(frames: int = 49, seed: int = 0, amplitude: float = 0.6) -> PoseSequence:
    """Every joint swings, slowly enough for neighbouring frames to be near."""
    rng = np.random.default_rng(seed)
    t = np.linspace(0.0, 2.0, frames)[:, None]
    size, phase = rng.uniform(0.1, amplitude, (2, 3 * JOINT_COUNT))
    poses = size * np.sin(np.pi * t * rng.uniform(0.3, 1.0, size.shape) + 9.0 * phase)
    face = np.abs(np.sin(t + rng.uniform(0, 3, (1, len(EXPRESSION_NAMES)))))
    return PoseSequence(poses, 0.1 * np.sin(t + rng.uniform(0, 3, (1, 3))), face, 24.0)


def lock_of(other: PoseSequence, frame: int, joints: tuple[str, ...] = ()) -> Lock:
    pose = (other.poses[frame], other.expression[frame], other.trans[frame])
    return Lock(frame, *pose, joints, lines=False) if joints else Lock(frame, *pose)


@settings(max_examples=25, deadline=None)
@given(st.sets(st.integers(0, 48), min_size=1, max_size=6), st.integers(0, 5), st.booleans())
def test_every_locked_pose_is_met_bit_for_bit(frames: set[int], seed: int, fixed: bool) -> None:
    made, wanted = moving(), moving(seed=seed + 1)
    locks = [lock_of(wanted, frame) for frame in frames]
    result = honoured(made, locks, fixed_start=fixed, fixed_end=fixed)
    for name in ("poses", "expression", "trans"):
        for frame in frames:
            assert np.array_equal(getattr(result, name)[frame], getattr(wanted, name)[frame])
        for end in {0, 48} - frames if fixed else ():
            assert np.array_equal(getattr(result, name)[end], getattr(made, name)[end])


def test_only_locked_joints_are_touched() -> None:
    made, wanted = moving(), moving(seed=1)
    result = honoured(made, [lock_of(wanted, 20, ("left_wrist", "head"))], fixed_start=True, fixed_end=True)
    changed = np.abs(result.poses - made.poses).reshape(-1, JOINT_COUNT, 3).max(axis=(0, 2)) > 0
    assert set(np.flatnonzero(changed)) == {JOINT_INDEX["left_wrist"], JOINT_INDEX["head"]}
    assert np.array_equal(result.expression, made.expression)
    assert np.array_equal(result.trans, made.trans)


def test_two_locks_of_different_joints_at_different_frames() -> None:
    made, wanted = moving(), moving(seed=1)
    locks = [lock_of(wanted, 10, ("left_elbow",)), lock_of(wanted, 30, ("left_elbow", "neck"))]
    result = honoured(made, locks, fixed_start=True, fixed_end=True)
    for lock in locks:
        columns = [3 * j + k for j in lock.indices for k in range(3)]
        assert np.array_equal(result.poses[lock.frame, columns], wanted.poses[lock.frame, columns])


def test_a_corrected_motion_has_no_jump() -> None:
    made, wanted = moving(), moving(seed=1)
    result = honoured(made, [lock_of(wanted, 12), lock_of(wanted, 36)], fixed_start=True, fixed_end=True)
    # of a residual r over h frames a Hermite spline moves at most 1.5 r / h a frame, on top of the motion itself
    residual = np.degrees(2.5)
    bound = joint_speeds(made).max() + 1.5 * residual * 24.0 / 12.0
    assert joint_speeds(result).max() < bound


def test_a_motion_that_already_meets_its_locks_stays() -> None:
    made = moving()
    result = honoured(made, [lock_of(made, 7), lock_of(made, 31)], fixed_start=True)
    assert np.allclose(result.poses, made.poses, atol=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=3, max_size=8))
def test_the_spline_meets_its_knots_and_never_overshoots(values: list[float]) -> None:
    frames = np.arange(len(values)) * 7
    column = np.array(values)[:, None]
    curve = hermite(frames, column, slopes(frames, column), np.arange(frames[-1] + 1))[:, 0]
    assert np.allclose(curve[frames], values)
    for a, b, begin in zip(values[:-1], values[1:], frames, strict=False):
        piece = curve[begin : begin + 8]
        assert piece.min() >= min(a, b) - 1e-9
        assert piece.max() <= max(a, b) + 1e-9


def test_sampling_at_the_frames_gives_the_frames() -> None:
    motion = moving()
    again = sampled(motion, np.arange(len(motion)))
    assert np.allclose(again.poses, motion.poses, atol=1e-5)
    assert np.allclose(again.expression, motion.expression)


@pytest.mark.parametrize("weight", [0.0, 1.0])
def test_mixing_gives_either_side_whole(weight: float) -> None:
    a, b = moving(), moving(seed=1)
    mix = mixed(a, b, np.full(len(a), weight))
    expected = joints_of(b if weight else a)
    assert np.allclose(np.abs((joints_of(mix) * expected).sum(axis=-1)), 1.0, atol=1e-9)
