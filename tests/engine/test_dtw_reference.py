"""Our warping gives the distances of a kept library, dtaidistance."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("dtaidistance")

from dtaidistance import dtw as reference
from dtaidistance import dtw_ndim

from engine.metrics.dtw import dtw, joint_distances

SIZES = st.integers(2, 30)


@settings(max_examples=40, deadline=None)
@given(SIZES, SIZES, st.integers(1, 8), st.integers(0, 2**31))
def test_rows_of_numbers_are_as_far_apart(n: int, m: int, size: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(n, size)), rng.normal(size=(m, size))
    total, _ = dtw(np.linalg.norm(a[:, None] - b[None], axis=-1))
    assert total == pytest.approx(dtw_ndim.distance(a, b, inner_dist="euclidean"), rel=1e-9)


@settings(max_examples=40, deadline=None)
@given(SIZES, SIZES, st.integers(0, 2**31))
def test_single_numbers_are_as_far_apart_by_squares(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=n), rng.normal(size=m)
    total, _ = dtw(np.square(a[:, None] - b[None]))
    assert np.sqrt(total) == pytest.approx(reference.distance(a, b), rel=1e-9)


def test_one_joint_is_warped_as_a_row_of_its_coordinates() -> None:
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(40, 1, 3)), rng.normal(size=(25, 1, 3))
    total, _ = dtw(joint_distances(a, b))
    assert total == pytest.approx(dtw_ndim.distance(a[:, 0], b[:, 0], inner_dist="euclidean"), rel=1e-9)
