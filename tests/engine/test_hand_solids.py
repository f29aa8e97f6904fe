"""Fingers don't pass through each other or the palm, and what measures that is right."""

from __future__ import annotations

import numpy as np
import pytest

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.lexicon.loader import load_language
from engine.metrics.hand_solids import HandSolids, distances, winding_numbers
from engine.review.motion import hands_in

DEEPEST = 0.002
"""Metres of flesh that may give way."""


@pytest.fixture(scope="module")
def avatar():
    return BodyModel.load(EMBEDDED_AVATAR)


@pytest.fixture(scope="module")
def solids(avatar):
    return HandSolids(avatar)


@pytest.fixture(scope="module")
def asl():
    return load_language("ASL")


def cube():
    """(12, 3, 3) triangles of the unit cube, facing outwards."""
    corners = np.array([[x, y, z] for x in (0.0, 1.0) for y in (0.0, 1.0) for z in (0.0, 1.0)])
    quads = [(0, 1, 3, 2), (4, 6, 7, 5), (0, 4, 5, 1), (2, 3, 7, 6), (0, 2, 6, 4), (1, 5, 7, 3)]
    return corners[[t for a, b, c, d in quads for t in ((a, b, c), (a, c, d))]]


def test_the_winding_number_tells_inside_from_outside():
    points = np.array([[0.5, 0.5, 0.5], [0.01, 0.99, 0.5], [1.01, 0.5, 0.5], [3.0, -2.0, 1.0]])
    assert winding_numbers(points, cube()) == pytest.approx([1.0, 1.0, 0.0, 0.0], abs=1e-9)


def test_distances_are_those_to_the_nearest_face_edge_or_corner():
    points = np.array([[0.5, 0.4, 0.1], [0.5, 2.0, 2.0], [-1.0, -1.0, -1.0], [0.3, 1.5, 0.6]])
    assert distances(points, cube()) == pytest.approx([0.1, np.sqrt(2.0), np.sqrt(3.0), 0.5])


def test_every_solid_of_a_hand_is_closed(avatar, solids):
    rest = avatar.rest_vertices().astype(np.float64)
    for name, solid in solids.solids.items():
        closed = [rest[solid.faces]]
        for loop in solid.caps:
            rim = rest[loop]
            closed.append(np.stack([np.broadcast_to(rim.mean(axis=0), rim.shape), rim, np.roll(rim, -1, axis=0)], 1))
        middle = rest[np.unique(solid.faces)].mean(axis=0)
        far = middle + np.array([0.5, 0.3, 0.2])
        assert winding_numbers(np.stack([middle, far]), np.concatenate(closed)) == pytest.approx(
            [1.0, 0.0], abs=1e-6
        ), name


def test_a_finger_bent_too_far_is_found_in_the_palm(avatar, asl, solids):
    import dataclasses

    from engine.lexicon.phonology import FingerPose

    bad = dataclasses.replace(asl.handshapes["S"], name="BAD", middle=FingerPose(88, 112, 80))
    lexicon = dataclasses.replace(asl, handshapes={**asl.handshapes, "BAD": bad})
    deepest = solids.contacts(hands_in(["BAD"], lexicon, avatar)[0])[0]
    assert (deepest.finger, deepest.part) == ("middle", "palm")
    assert deepest.depth > 0.005


def test_no_handshape_passes_a_finger_through_another_or_through_the_palm(avatar, asl, solids):
    names = list(asl.handshapes)
    found = {}
    for name, vertices in zip(names, hands_in(names, asl, avatar), strict=True):
        deep = [f"{c.finger} in {c.part}: {1000 * c.depth:.1f} mm" for c in solids.contacts(vertices, DEEPEST)]
        if deep:
            found[name] = deep
    assert found == {}


def test_the_left_hand_makes_the_mirror_image(avatar, asl):
    names = ["A", "K", "Y", "F"]
    right, left = (hands_in(names, asl, avatar, side) for side in ("right", "left"))
    hand = np.flatnonzero(np.abs(avatar.template[:, 0]) > 0.72)
    mirrored = right * np.array([-1.0, 1.0, 1.0])
    for k in range(len(names)):
        theirs = mirrored[k][hand[avatar.template[hand, 0] < 0]]
        ours = left[k][hand[avatar.template[hand, 0] > 0]]
        assert np.abs(np.sort(theirs, axis=0) - np.sort(ours, axis=0)).max() < 0.001
