"""The warping and alignment measures agree exactly with plain loops."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.metrics.alignment import aligned_at, procrustes
from engine.metrics.dtw import dtw, dtw_jpe, dtw_pa_jpe, joint_distances, procrustes_distances
from engine.rotations import matrix_from_axis_angle


def plain_dtw(cost: np.ndarray) -> float:
    n, m = cost.shape
    table = np.full((n + 1, m + 1), np.inf)
    table[0, 0] = 0.0
    for i in range(n):
        for j in range(m):
            table[i + 1, j + 1] = cost[i, j] + min(table[i, j], table[i, j + 1], table[i + 1, j])
    return float(table[n, m])


@settings(max_examples=60, deadline=None)
@given(st.integers(1, 14), st.integers(1, 14), st.integers(0, 2**31))
def test_the_sum_is_that_of_a_plain_loop(n: int, m: int, seed: int) -> None:
    cost = np.random.default_rng(seed).uniform(size=(n, m))
    total, length = dtw(cost)
    assert total == pytest.approx(plain_dtw(cost), rel=1e-12)
    assert max(n, m) <= length <= n + m - 1


def test_a_sequence_warps_onto_its_slower_self_without_cost() -> None:
    points = np.random.default_rng(0).normal(size=(9, 5, 3))
    total, length = dtw_jpe(points, np.repeat(points, 3, axis=0), root=0)
    assert (total, length) == (0.0, 27)


@pytest.mark.parametrize("cost", [np.zeros((0, 3)), np.zeros((3, 0)), np.array([[np.nan]])])
def test_what_cannot_be_warped_is_refused(cost: np.ndarray) -> None:
    with pytest.raises(ValueError, match="finite"):
        dtw(cost)


def test_distances_are_those_of_every_pair() -> None:
    rng = np.random.default_rng(1)
    a, b = rng.normal(size=(40, 6, 3)), rng.normal(size=(35, 6, 3))
    plain = np.array([[np.linalg.norm(x - y, axis=1).mean() for y in b] for x in a])
    assert np.allclose(joint_distances(a, b), plain, atol=1e-12)


@pytest.mark.parametrize("scale", [False, True])
def test_procrustes_distances_are_those_of_every_pair(scale: bool) -> None:
    rng = np.random.default_rng(2)
    a, b = rng.normal(size=(36, 6, 3)), rng.normal(size=(5, 6, 3))
    plain = [[np.linalg.norm(procrustes(x, y, scale=scale) - y, axis=1).mean() for y in b] for x in a]
    assert np.allclose(procrustes_distances(a, b, scale=scale), plain, atol=1e-10)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.booleans())
def test_a_turned_moved_and_resized_copy_lies_on_the_original(seed: int, scale: bool) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(7, 3))
    turn = matrix_from_axis_angle(rng.normal(size=3))
    copy = (2.5 if scale else 1.0) * points @ turn.T + rng.normal(size=3)
    assert np.allclose(procrustes(copy, points, scale=scale), points, atol=1e-9)


def test_a_mirror_image_is_not_turned_into_the_original() -> None:
    points = np.random.default_rng(3).normal(size=(7, 3))
    mirrored = points * (-1.0, 1.0, 1.0)
    assert np.linalg.norm(procrustes(mirrored, points) - points, axis=1).mean() > 0.1
    assert dtw_pa_jpe(mirrored[None], points[None])[0] > 0.1


def test_alignment_at_a_joint_takes_out_the_place() -> None:
    points = np.random.default_rng(4).normal(size=(3, 7, 3))
    assert np.allclose(aligned_at(points + 5.0, 2), aligned_at(points, 2))
    assert not aligned_at(points, 2)[:, 2].any()
