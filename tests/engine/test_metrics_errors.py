"""MPVPE, MPJPE and the DTW errors agree with plain loops over points, and don't see what they shouldn't."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.body import BodyModel
from engine.metrics.dtw import dtw_jpe, dtw_pa_jpe
from engine.metrics.errors import (
    ERRORS,
    REGIONS,
    Motion,
    Warped,
    generator_errors,
    point_errors,
    reconstruction_errors,
    summarised,
)
from engine.metrics.points import SIDES, UPPER_BODY, MeasuredBody, Regions
from engine.rotations import matrix_from_axis_angle
from engine.skeleton import JOINT_INDEX, JOINT_NAMES, LAYERS, POSE_SIZE
from engine.tokenizer.features import BETAS

TIPS = ("index", "middle", "pinky", "ring", "thumb")


@pytest.fixture(scope="module")
def measured(body: BodyModel) -> MeasuredBody:
    return MeasuredBody(body)


def motion(frames: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(0, 0.25, (frames, POSE_SIZE))


def plain_similarity(source: np.ndarray, target: np.ndarray, resize: bool) -> np.ndarray:
    """Umeyama 1991 for one point set, written out."""
    a, b = source - source.mean(0), target - target.mean(0)
    u, s, vt = np.linalg.svd(b.T @ a)
    keep = np.eye(3)
    keep[2, 2] = np.sign(np.linalg.det(u @ vt))
    size = (s * np.diag(keep)).sum() / (a**2).sum() if resize else 1.0
    return size * a @ (u @ keep @ vt).T + target.mean(0)


def plain_dtw(cost: np.ndarray) -> float:
    best: dict[tuple[int, int], float] = {}
    for i in range(cost.shape[0]):
        for j in range(cost.shape[1]):
            before = [best[p] for p in ((i - 1, j - 1), (i - 1, j), (i, j - 1)) if p in best]
            best[i, j] = float(cost[i, j]) + (min(before) if before else 0.0)
    return best[cost.shape[0] - 1, cost.shape[1] - 1]


@settings(max_examples=40, deadline=None)
@given(st.integers(1, 4), st.integers(3, 12), st.integers(0, 2**31))
def test_point_errors_are_those_of_plain_loops(frames: int, points: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(frames, points, 3)), rng.normal(size=(frames, points, 3))
    plain, best = point_errors(a, b, (a[:, 1], b[:, 1]))
    for t in range(frames):
        moved = a[t] - a[t, 1] + b[t, 1]
        assert plain[t] == pytest.approx(1000 * np.linalg.norm(moved - b[t], axis=1).mean(), rel=1e-10)
        similar = plain_similarity(a[t], b[t], resize=True)
        assert best[t] == pytest.approx(1000 * np.linalg.norm(similar - b[t], axis=1).mean(), rel=1e-8)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 8), st.integers(1, 8), st.integers(0, 2**31))
def test_warped_errors_are_those_of_plain_loops(n: int, m: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    a, b = rng.normal(size=(n, 6, 3)), rng.normal(size=(m, 6, 3))
    aligned = [[np.linalg.norm((x - x[2]) - (y - y[2]), axis=1).mean() for y in b] for x in a]
    rigid = [[np.linalg.norm(plain_similarity(x, y, resize=False) - y, axis=1).mean() for y in b] for x in a]
    assert dtw_jpe(a, b, root=2)[0] == pytest.approx(plain_dtw(np.array(aligned)), rel=1e-10)
    assert dtw_pa_jpe(a, b)[0] == pytest.approx(plain_dtw(np.array(rigid)), rel=1e-8)


def test_reconstruction_errors_are_those_of_plain_loops_over_the_body(measured: MeasuredBody) -> None:
    a, b = motion(3, 0), motion(3, 1)
    faces = np.random.default_rng(2).uniform(size=(2, 3, 22))
    found = reconstruction_errors(measured, Motion(a, faces[0]), Motion(b, faces[1]))
    assert set(found) == {(error, region) for error in ERRORS for region in REGIONS}
    body, sets = measured.body, measured.regions
    for t in range(3):
        skins = [body.skin(p[t], expression=f[t])[0].astype(float) for p, f in ((a, faces[0]), (b, faces[1]))]
        joints = [body.forward_kinematics(p[t])[0, :, :3, 3] for p in (a, b)]

        def error(points: list[np.ndarray], origin: str, joints: list[np.ndarray] = joints) -> float:
            moved = [p - j[JOINT_INDEX[origin]] for p, j in zip(points, joints, strict=True)]
            return 1000 * float(np.linalg.norm(moved[0] - moved[1], axis=1).mean())

        hands = [error([s[getattr(sets, side)] for s in skins], f"{side}_wrist") for side in SIDES]
        assert found["MPVPE", "all"][t] == pytest.approx(error(skins, "pelvis"), rel=1e-5)
        assert found["MPVPE", "hands"][t] == pytest.approx(np.mean(hands), rel=1e-5)
        assert found["MPVPE", "face"][t] == pytest.approx(error([s[sets.face] for s in skins], "neck"), rel=1e-5)
        tips = [v for side in SIDES for v in measured.fingertips[side]]
        points = [np.concatenate([j, s[tips]]) for j, s in zip(joints, skins, strict=True)]
        assert found["MPJPE", "all"][t] == pytest.approx(error(points, "pelvis"), rel=1e-5)


def test_no_error_between_equal_motions(measured: MeasuredBody) -> None:
    a = motion(3, 3)
    errors = reconstruction_errors(measured, Motion(a), Motion(a))
    assert max(e.max() for e in errors.values()) < 0.01  # skin is worked out in single precision
    for warped in generator_errors(measured, a, a).values():
        assert (warped.jpe, warped.steps) == (0.0, 3)
        assert warped.pa_jpe < 1e-6


def test_turning_the_whole_signer_leaves_aligned_errors_as_they_are(measured: MeasuredBody) -> None:
    a, b = motion(3, 4), motion(3, 5)
    turned = a.copy()
    turned[:, :3] = (0.3, -1.0, 0.2)
    still = a.copy()
    still[:, :3] = 0.0
    one, other = (reconstruction_errors(measured, Motion(x), Motion(b)) for x in (still, turned))
    for region in REGIONS:
        for error in ("PA-MPVPE", "PA-MPJPE"):
            assert np.allclose(one[error, region], other[error, region], rtol=1e-3)
    assert not np.allclose(one["MPJPE", "all"], other["MPJPE", "all"], rtol=0.05)
    warped = [generator_errors(measured, x, b) for x in (still, turned)]
    for part in warped[0]:
        assert warped[0][part].pa_jpe == pytest.approx(warped[1][part].pa_jpe, rel=1e-3)


def test_a_change_of_one_hand_is_seen_in_that_hand_only(measured: MeasuredBody) -> None:
    a = motion(4, 6)
    b = a.copy()
    b[:, 3 * JOINT_INDEX["left_index1"] + 2] += 0.5
    warped = generator_errors(measured, a, b)
    assert warped["left_hand"].jpe > 1e-3
    assert warped["left_hand"].pa_jpe > 1e-3
    assert max(warped["body"].jpe, warped["right_hand"].jpe) == 0.0
    found = reconstruction_errors(measured, Motion(a), Motion(b))
    assert found["MPJPE", "hands"].min() > 0.5
    assert found["MPJPE", "face"].max() < 1e-9


def test_lower_body_and_face_dont_count_for_the_body_s_warped_error(measured: MeasuredBody) -> None:
    assert UPPER_BODY[0] == "pelvis"
    assert len(UPPER_BODY) == 14
    a = motion(3, 7)
    b = a.copy()
    for name in (*JOINT_NAMES[1:3], "left_knee", "right_ankle", *LAYERS["face"]):
        b[:, 3 * JOINT_INDEX[name]] += 0.7
    assert generator_errors(measured, a, b)["body"].jpe == pytest.approx(0.0, abs=1e-9)


def test_a_hand_s_points_lie_at_its_joints_and_tips(measured: MeasuredBody, body: BodyModel) -> None:
    pose = np.zeros((1, POSE_SIZE))
    joints = body.joints()
    for side, points in measured.hands(pose).items():
        names = [f"{side}_wrist", *LAYERS[f"{side}_hand"]]
        assert np.allclose(points[0, :16], joints[[JOINT_INDEX[n] for n in names]], atol=1e-5)
        for tip, finger in zip(points[0, 16:], TIPS, strict=True):
            last = joints[JOINT_INDEX[f"{side}_{finger}3"]]
            assert 0.01 < np.linalg.norm(tip - last) < 0.04


def test_regions_are_whole_hands_and_the_head(body: BodyModel) -> None:
    regions = Regions.by_weights(body)
    left, right, face = (body.template[ids] for ids in (regions.left, regions.right, regions.face))
    wrists = [body.joints()[JOINT_INDEX[f"{side}_wrist"]] for side in SIDES]
    assert left[:, 0].min() > wrists[0][0] - 0.04
    assert right[:, 0].max() < wrists[1][0] + 0.04
    assert face[:, 1].min() > body.joints()[JOINT_INDEX["neck"]][1] - 0.05
    assert len(regions.left) == len(regions.right) > 700


def test_a_body_in_smplx_s_shape_space_gets_the_published_shape(body: BodyModel, tmp_path: Path) -> None:
    body.save_smplx_npz(tmp_path / "SMPLX_NEUTRAL.npz")
    theirs = MeasuredBody(BodyModel.load(tmp_path / "SMPLX_NEUTRAL.npz"))
    assert theirs.betas is not None
    assert theirs.betas.tolist() == list(BETAS)
    assert MeasuredBody(body).betas is None
    assert theirs.takes_expression(tuple(f"expression{i}" for i in range(10)))
    assert not theirs.takes_expression(body.expression_names)


def test_hands_can_be_relative_to_the_model_s_mean_hand(body: BodyModel) -> None:
    means = (np.full(45, 0.2), np.full(45, -0.1))
    bent = dataclasses.replace(body, hand_means=means)
    pose = motion(2, 8)
    flat = pose.copy()
    flat[:, 75:120] += 0.2
    flat[:, 120:] -= 0.1
    relative = MeasuredBody(bent, hand_means=True).joints(pose)
    assert np.allclose(relative, MeasuredBody(bent).joints(flat), atol=1e-6)
    assert not np.allclose(relative, MeasuredBody(bent).joints(pose), atol=1e-3)


def test_motions_of_unequal_length_have_no_frame_by_frame_error(measured: MeasuredBody) -> None:
    with pytest.raises(ValueError, match="2 and 3 frames"):
        reconstruction_errors(measured, Motion(motion(2, 0)), Motion(motion(3, 0)))


def test_summaries_are_means_of_sums_in_metres_and_of_frames_in_millimetres() -> None:
    samples = [
        {"body": Warped(2.0, 1.0, 4, 2), "left_hand": Warped(1.0, 0.5, 2, 1), "right_hand": Warped(3.0, 1.5, 3, 3)},
        {"body": Warped(4.0, 3.0, 4, 2), "left_hand": Warped(1.0, 0.5, 2, 1), "right_hand": Warped(3.0, 1.5, 3, 3)},
    ]
    found = summarised(samples)
    assert (found["body"]["DTW-JPE"], found["body"]["DTW-PA-JPE"]) == (3.0, 2.0)
    assert (found["body"]["JPE per frame"], found["body"]["PA-JPE per frame"]) == (750.0, 1000.0)
    assert (found["hands"]["DTW-JPE"], found["hands"]["DTW-PA-JPE"]) == (2.0, 1.0)
    with pytest.raises(ValueError, match="no sample"):
        summarised([])


@settings(max_examples=20, deadline=None)
@given(st.integers(0, 2**31))
def test_rigid_alignment_takes_out_any_turn_and_place_of_each_frame(seed: int) -> None:
    rng = np.random.default_rng(seed)
    points = rng.normal(size=(5, 8, 3))
    turns = matrix_from_axis_angle(rng.normal(size=(5, 3)))
    moved = np.einsum("tij,tkj->tki", turns, points) + rng.normal(size=(5, 1, 3))
    assert dtw_pa_jpe(moved, points)[0] < 1e-9
    assert dtw_jpe(moved, points, root=0)[0] > 0.1
