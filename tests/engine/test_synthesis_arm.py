"""Arms, hands and paths: the maths under the synthesiser."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.lexicon.handshapes import FINGERS
from engine.lexicon.loader import load_language
from engine.lexicon.synthesis.arm import (
    DEVIATION_RANGE,
    ELBOW_RANGE,
    FLEXION_RANGE,
    TWIST_RANGE,
    Arm,
    clamp_hand,
    reach,
    split_hand,
    wrist_rotation,
)
from engine.lexicon.synthesis.fingers import HIGH, LOW, HandModel, parameters
from engine.lexicon.synthesis.frames import about, apply, soft_clamp
from engine.lexicon.synthesis.paths import (
    ARC,
    CIRCLE,
    ZIGZAG,
    circle_sides,
    minimum_jerk,
    path_offset,
    steady,
)
from engine.lexicon.synthesis.rig import HAND, SIDES, Rig
from engine.lexicon.synthesis.solve import ArmPose, arm_rotations, best_swivels, with_hand

MIRROR = np.diag([-1.0, 1.0, 1.0])


@pytest.fixture(scope="module")
def rig() -> Rig:
    body = BodyModel.load(EMBEDDED_AVATAR)
    return Rig(body.joints(), body.rest_vertices(), body.faces, body.weights)


@pytest.fixture(scope="module")
def arms(rig: Rig) -> dict[str, Arm]:
    return rig.arms


directions = st.tuples(*[st.floats(-1.0, 1.0)] * 3).filter(lambda v: 0.2 < np.linalg.norm(v) < 2.0)


@settings(max_examples=200, deadline=None)
@given(direction=directions, share=st.floats(0.35, 0.98), swivel=st.floats(-0.4, 1.6), side=st.sampled_from(SIDES))
def test_the_wrist_arrives_wherever_the_arm_can_reach(arms, direction, share, swivel, side):
    arm = arms[side]
    target = share * arm.length * np.array(direction) / np.linalg.norm(direction)
    solved = reach(arm, target[None], np.array([swivel]))
    arrived = apply(solved.shoulder, arm.upper) + apply(solved.forearm(arm), arm.fore)
    assert solved.short[0] < 1e-9
    assert np.allclose(arrived[0], target, atol=1e-9)
    assert ELBOW_RANGE[0] - 1e-6 <= np.degrees(solved.flexion[0]) <= ELBOW_RANGE[1] + 1e-6


def test_a_target_out_of_reach_is_approached_and_reported(arms):
    arm = arms["right"]
    target = np.array([[0.0, 0.0, 2.0 * arm.length]])
    solved = reach(arm, target, np.zeros(1))
    arrived = apply(solved.shoulder, arm.upper) + apply(solved.forearm(arm), arm.fore)
    assert solved.short[0] == pytest.approx(np.linalg.norm(target - arrived), abs=1e-6)
    assert solved.short[0] > arm.length * 0.9


def test_elbows_hang_low_and_swivel_outward(arms):
    for side, arm in arms.items():
        target = np.array([[0.0, 0.0, 0.7 * arm.length]] * 2)
        solved = reach(arm, target, np.array([0.0, 1.2]))
        elbow = apply(solved.shoulder, arm.upper)
        assert elbow[0, 1] < -0.1, side
        assert elbow[1, 0] * arm.sign > 0.08, side
        assert elbow[1, 1] > elbow[0, 1], side


@settings(max_examples=100, deadline=None)
@given(
    twist=st.floats(-1.45, 1.45),
    flexion=st.floats(-1.0, 1.1),
    deviation=st.floats(-0.5, 0.35),
    side=st.sampled_from(SIDES),
)
def test_a_hands_rotation_splits_into_forearm_twist_and_wrist_bend(arms, twist, flexion, deviation, side):
    arm = arms[side]
    hand = about(arm.axis, np.array([twist])) @ wrist_rotation(arm, np.array([flexion]), np.array([deviation]))
    assert np.allclose(np.concatenate(split_hand(arm, hand)), [twist, flexion, deviation], atol=1e-9)


@settings(max_examples=100, deadline=None)
@given(angles=st.tuples(*[st.floats(-4.0, 4.0)] * 3))
def test_clamped_hands_stay_inside_human_ranges(angles):
    clamped = np.degrees(clamp_hand(*(np.array([a]) for a in angles)))
    for value, (low, high) in zip(clamped[:, 0], (TWIST_RANGE, FLEXION_RANGE, DEVIATION_RANGE), strict=True):
        assert low <= value <= high


def test_clamping_has_no_corner():
    x = np.linspace(-2.0, 2.0, 4001)
    y = soft_clamp(x, -1.0, 1.0, 0.2)
    slope = np.diff(y) / np.diff(x)
    assert np.abs(np.diff(slope)).max() < 0.01
    assert np.allclose(y[np.abs(x) < 0.79], x[np.abs(x) < 0.79])


def test_the_arm_bends_without_jumps_along_a_smooth_way(arms):
    arm = arms["right"]
    t = np.linspace(0.0, 1.0, 200)
    wrist = arm.shoulder + arm.length * np.stack(
        [0.25 * np.sin(5 * t), -0.7 + 1.1 * t, 0.35 + 0.2 * np.cos(4 * t)], axis=1
    )
    zero = np.zeros_like(t)
    rotations = arm_rotations(arm, ArmPose(wrist, 0.3 + 0.5 * t, zero, zero, zero))
    for name in ("collar", "shoulder", "elbow"):
        r = getattr(rotations, name)
        cosine = (np.einsum("tij,tij->t", r[1:], r[:-1]) - 1.0) / 2.0
        assert np.degrees(np.arccos(np.clip(cosine, -1, 1))).max() < 4.0, name


def test_the_elbows_circle_changes_little_between_neighbouring_postures(arms):
    arm = arms["right"]
    wrist = arm.shoulder + np.array([0.0, -0.05, 0.3]) + np.linspace(0.0, 0.03, 12)[:, None] * np.array([1.0, 1.0, 0.0])
    hand = np.broadcast_to(arm.hand_rotation(np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])), (12, 3, 3))
    assert np.abs(np.diff(np.degrees(best_swivels(arm, wrist, hand)))).max() <= 15.0


def test_left_and_right_arm_are_mirror_images(arms):
    wrist = np.array([[0.15, 0.1, 0.3], [0.3, -0.2, 0.2]])
    hand = arms["left"].hand_rotation(np.array([0.3, 0.9, 0.1]) / np.sqrt(0.91), np.array([0.0, 0.0, 1.0]))
    hands = np.stack([hand, hand])
    swivel = np.array([0.3, 0.8])
    left = arm_rotations(arms["left"], with_hand(arms["left"], wrist, swivel, hands))
    flipped = wrist * np.array([-1.0, 1.0, 1.0])
    right = arm_rotations(arms["right"], with_hand(arms["right"], flipped, swivel, MIRROR @ hands @ MIRROR))
    for name in ("collar", "shoulder", "elbow", "wrist"):
        assert np.allclose(MIRROR @ getattr(left, name) @ MIRROR, getattr(right, name), atol=2e-3), name


def test_hands_point_and_face_as_told(arms):
    fingers, palm = np.array([0.0, 1.0, 0.0]), np.array([0.0, 0.0, 1.0])
    for arm in arms.values():
        hand = arm.hand_rotation(fingers, palm)
        assert np.allclose(hand @ arm.fingers, fingers)
        assert np.allclose(hand @ arm.palm, palm)


def fingertips(rig: Rig, hand: HandModel, angles: np.ndarray) -> np.ndarray:
    """Last finger joints (5, 3) from the wrist in (fingers, palm, radial), SMPL-X order."""
    side = hand.arm.side
    posed = rig.hand(side, hand.rotations(angles[None]))
    axes = np.stack([hand.arm.fingers, hand.arm.palm, hand.radial])
    return posed.position[0, HAND[side].start + 2 : HAND[side].stop : 3] @ axes.T


def test_fists_close_and_flat_hands_are_straight_on_both_sides(rig):
    shapes = load_language("ASL").handshapes
    for hand in rig.hands.values():
        flat, fist = (fingertips(rig, hand, parameters(shapes[name])) for name in ("flat", "S"))
        assert (np.abs(flat[:4, 1]) < 0.015).all()
        assert (fist[:4, 0] < flat[:4, 0] - 0.04).all()
        assert (fist[:4, 1] > 0.01).all()


def test_spread_fingers_are_farther_apart_than_closed_ones(rig):
    shapes = load_language("ASL").handshapes
    for hand in rig.hands.values():
        closed, spread = (fingertips(rig, hand, parameters(shapes[name]))[:4, 2] for name in ("flat", "5"))
        assert np.ptp(spread) > np.ptp(closed) + 0.02


def test_handshape_angles_beyond_human_ranges_are_clamped(rig):
    hand = rig.hands["right"]
    assert np.allclose(hand.rotations(np.full((1, len(HIGH)), 500.0)), hand.rotations(HIGH[None] + 400.0))
    assert len(LOW) == len(HIGH)
    assert len(FINGERS) == 4


@pytest.mark.parametrize("profile", [minimum_jerk, steady])
def test_movements_start_and_stop_softly(profile):
    u = np.linspace(0.0, 1.0, 2001)
    x = profile(u)
    assert x[0] == pytest.approx(0.0)
    assert x[-1] == pytest.approx(1.0)
    assert (np.diff(x) >= -1e-12).all()
    speed = np.gradient(x, u)
    acceleration = np.gradient(speed, u)
    assert abs(speed[0]) < 1e-2
    assert abs(speed[-1]) < 1e-2
    assert abs(acceleration[0]) < 0.2
    assert np.allclose(profile(u) + profile(u[::-1]), 1.0)


def test_the_profile_is_the_one_of_least_jerk():
    u = np.linspace(0.0, 1.0, 4001)

    def cost(x: np.ndarray) -> float:
        return float(np.mean(np.gradient(np.gradient(np.gradient(x, u), u), u)[20:-20] ** 2))

    base = minimum_jerk(u)
    bump = u**3 * (1 - u) ** 3 * np.sin(3 * np.pi * u)
    assert cost(base) < cost(base + 0.5 * bump)
    assert cost(base) < cost(base - 0.5 * bump)


@pytest.mark.parametrize("code", [ARC, CIRCLE, ZIGZAG])
def test_paths_leave_from_and_arrive_at_their_postures(code):
    phase = np.array([0.0, 0.25, 1.0])
    out = np.array([-1.0, 0.0, 0.0])
    sides = np.broadcast_to(circle_sides(np.array([0.0, 1.0, 0.0]), None, out), (3, 2, 3))
    chord = np.broadcast_to(np.array([0.0, 0.0, 0.1]), (3, 3))
    shape = path_offset(np.full(3, code), chord, sides, np.full(3, 0.05), np.full(3, 1.0), phase)
    assert np.allclose(shape[[0, 2]], 0.0, atol=1e-12)
    assert np.linalg.norm(shape[1]) > 0.03


def test_a_circle_is_round_and_sets_off_to_its_first_side():
    phase = np.linspace(0.0, 1.0, 200)
    up, out = np.array([0.0, 1.0, 0.0]), np.array([-1.0, 0.0, 0.0])
    sides = np.broadcast_to(circle_sides(up, None, out), (200, 2, 3))
    points = path_offset(np.full(200, CIRCLE), np.zeros((200, 3)), sides, np.full(200, 0.06), np.ones(200), phase)
    centre = 0.06 * out
    assert np.allclose(np.linalg.norm(points - centre, axis=1), 0.06)
    assert points[5, 1] > 0.0
    assert points[100] == pytest.approx(2 * centre, abs=1e-3)
