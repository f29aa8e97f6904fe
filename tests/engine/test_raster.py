"""The software renderer draws what is there, nearest first."""

from __future__ import annotations

import numpy as np
import pytest

from engine.review.raster import Camera, rasterise

FRONT = Camera.look(np.eye(3), [0.0, 0.0, 0.0], 2.0, (40, 20))


def square(size: float, depth: float) -> np.ndarray:
    return np.array([[-size, -size, depth], [size, -size, depth], [size, size, depth], [-size, size, depth]])


FACES = np.array([[0, 1, 2], [0, 2, 3]])


def test_a_square_covers_its_area_in_pixels():
    hits = rasterise(FRONT.project(square(0.25, 0.0)), FACES, FRONT.size)
    assert (hits.triangle >= 0).sum() == 10 * 10
    assert hits.triangle[10, 20] >= 0
    assert hits.triangle[0, 0] == -1
    assert hits.weights[hits.triangle >= 0].sum(axis=1) == pytest.approx(1.0)


def test_what_is_nearer_hides_what_is_behind():
    points = FRONT.project(np.concatenate([square(0.4, 0.0), square(0.1, 0.5), square(0.3, -0.5)]))
    hits = rasterise(points, np.concatenate([FACES, FACES + 4, FACES + 8]), FRONT.size)
    assert set(np.unique(hits.triangle)) == {-1, 0, 1, 2, 3}
    assert hits.depth[10, 20] == pytest.approx(0.5)


def test_back_faces_are_left_out_unless_asked_for():
    turned = FACES[:, ::-1]
    assert (rasterise(FRONT.project(square(0.25, 0.0)), turned, FRONT.size).triangle == -1).all()
    assert (rasterise(FRONT.project(square(0.25, 0.0)), turned, FRONT.size, cull=False).triangle >= 0).any()


def test_samples_that_are_not_solid_let_through_what_is_behind():
    points = FRONT.project(np.concatenate([square(0.4, 0.0), square(0.4, 0.5)]))
    faces = np.concatenate([FACES, FACES + 4])
    hits = rasterise(points, faces, FRONT.size, keep=lambda triangle, _: triangle < 2)
    assert set(np.unique(hits.triangle)) == {-1, 0, 1}


def test_triangles_that_reach_out_of_the_picture_are_cut():
    hits = rasterise(FRONT.project(square(30.0, 0.0)), FACES, FRONT.size)
    assert (hits.triangle >= 0).all()
