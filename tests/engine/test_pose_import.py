"""`.pose` files: reading them, fitting them to the avatar, and what is done about what they lack."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import pose_maker
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pose_maker import measured, signed

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.formats.face_fit import fit_face
from engine.formats.least_squares import solve
from engine.formats.pose import PoseFit, fit_landmarks, read_pose_motion
from engine.formats.pose_file import Component, Landmarks, read_pose_file
from engine.generators.base import EngineError
from engine.rotations import angle_between, quaternion_from_axis_angle
from engine.skeleton import EXPRESSION_NAMES, JOINT_INDEX
from engine.take import PoseSequence

HAND = slice(JOINT_INDEX["right_index1"], JOINT_INDEX["right_index1"] + 15)


@pytest.fixture(scope="module")
def sign() -> PoseSequence:
    return signed("water")


def fitted(sequence: PoseSequence, path: Path, **kind: float) -> PoseFit:
    return fit_landmarks(read_pose_file(measured(sequence, **kind).save(path)))  # type: ignore[arg-type]


def finger_error(a: PoseSequence, b: PoseSequence, joints: slice = HAND) -> float:
    """Mean angle in degrees between finger joints."""
    qa, qb = (quaternion_from_axis_angle(s.poses.reshape(len(s), 55, 3)[:, joints]) for s in (a, b))
    return float(np.degrees(angle_between(qa, qb)).mean())


def wrist_error(a: PoseSequence, b: PoseSequence) -> float:
    """Mean distance in centimetres between right wrists."""
    body = BodyModel.load(EMBEDDED_AVATAR)
    places = [body.forward_kinematics(s.poses)[:, JOINT_INDEX["right_wrist"], :3, 3] for s in (a, b)]
    return float(100.0 * np.linalg.norm(places[0] - places[1], axis=1).mean())


# ---------------------------------------------------------------- fitting


def test_a_sign_seen_without_noise_is_found_again(sign: PoseSequence, tmp_path: Path) -> None:
    fit = fitted(sign, tmp_path / "a.pose")
    assert fit.residual_2d is not None and fit.residual_2d < 2.0
    assert finger_error(sign, fit.sequence) < 7.0
    assert wrist_error(sign, fit.sequence) < 6.0


@pytest.mark.parametrize("z_factor", [0.6, 1.0, 1.6])
def test_noise_and_a_wrong_scale_of_depth_are_borne(sign: PoseSequence, tmp_path: Path, z_factor: float) -> None:
    fit = fitted(sign, tmp_path / "a.pose", noise=0.02, z_noise=0.06, z_factor=z_factor)
    assert fit.residual_2d is not None and fit.residual_3d is not None
    assert fit.residual_2d < 5.0 and fit.residual_3d < 12.0
    assert finger_error(sign, fit.sequence) < 16.0
    assert wrist_error(sign, fit.sequence) < 7.0


def test_the_fit_does_not_jitter(sign: PoseSequence, tmp_path: Path) -> None:
    fit = fitted(sign, tmp_path / "a.pose", noise=0.02, z_noise=0.06)

    def jitter(s: PoseSequence) -> float:
        return float(np.abs(np.diff(s.poses.reshape(len(s), 55, 3)[:, HAND], n=2, axis=0)).mean())

    assert jitter(fit.sequence) < jitter(sign) + 0.035


def test_every_angle_is_one_that_a_hand_can_make(sign: PoseSequence, tmp_path: Path) -> None:
    fit = fitted(sign, tmp_path / "a.pose", noise=0.1, z_noise=0.3)
    bend = np.degrees(np.linalg.norm(fit.sequence.poses.reshape(len(sign), 55, 3)[:, HAND], axis=-1))
    fingers = np.delete(bend, 12, axis=1)  # the thumb's first joint turns about all axes
    assert np.isfinite(bend).all() and fingers.max() < 125.0


def test_frames_without_the_hand_are_filled_and_told(sign: PoseSequence, tmp_path: Path) -> None:
    seen = measured(sign)
    seen.confidence["RIGHT_HAND_LANDMARKS"][10:14] = 0.0
    seen.points["RIGHT_HAND_LANDMARKS"][10:14] = 0.0
    fit = fit_landmarks(read_pose_file(seen.save(tmp_path / "a.pose")), "a.pose")
    assert finger_error(sign, fit.sequence) < 8.0
    assert any("4 of" in note and "right" in note for note in fit.notes)


def test_a_hand_that_is_never_seen_hangs_relaxed(sign: PoseSequence, tmp_path: Path) -> None:
    seen = measured(sign)
    for name in ("LEFT_HAND_LANDMARKS", "RIGHT_HAND_LANDMARKS"):
        seen.confidence[name][:] = 0.0
    fit = fit_landmarks(read_pose_file(seen.save(tmp_path / "a.pose")))
    assert fit.residual_2d is None and any("No hand" in note for note in fit.notes)
    assert wrist_error(sign, fit.sequence) < 8.0, "arms come from the body's landmarks"
    fingers = fit.sequence.poses.reshape(len(sign), 55, 3)[:, HAND]
    assert np.ptp(fingers, axis=0).max() < 1e-6


def test_a_clip_without_shoulders_is_refused(sign: PoseSequence, tmp_path: Path) -> None:
    seen = measured(sign)
    seen.confidence["POSE_LANDMARKS"][:] = 0.0
    with pytest.raises(EngineError, match="shoulders"):
        fit_landmarks(read_pose_file(seen.save(tmp_path / "a.pose")))


@settings(max_examples=8, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from([0.0, 1.0, 1e3, 9e5]))
def test_landmarks_that_make_no_sense_are_fitted_somehow_or_refused(seed: int, size: float) -> None:
    rng = np.random.default_rng(seed)
    names = {"POSE_LANDMARKS": pose_maker.BODY_NAMES}
    names |= {f"{side}_HAND_LANDMARKS": pose_maker.HAND_NAMES for side in ("LEFT", "RIGHT")}
    components = {
        k: Component(k, tuple(v), size * rng.normal(size=(6, len(v), 3)), rng.uniform(0.0, 1.0, (6, len(v))))
        for k, v in names.items()
    }
    try:
        fit = fit_landmarks(Landmarks(640, 480, 25.0, components, 1))
    except EngineError:
        return
    assert np.isfinite(fit.sequence.poses).all()


def test_the_residual_is_kept_with_the_motion(sign: PoseSequence, tmp_path: Path) -> None:
    motion = read_pose_motion(measured(sign, noise=0.02).save(tmp_path / "a.pose"))
    assert motion.fit_residual is not None and 0.5 < motion.fit_residual < 6.0
    assert not motion.notes


def test_a_poor_fit_is_told(sign: PoseSequence, tmp_path: Path) -> None:
    motion = read_pose_motion(measured(sign, noise=0.15).save(tmp_path / "a.pose"))
    assert any("fit poorly" in note for note in motion.notes)


def test_the_face_is_read_from_its_mesh() -> None:
    names = tuple(map(str, range(468)))
    points = np.zeros((20, 468, 3))
    points[:, 152, 1] = 100.0
    points[:, 291, 0] = 30.0
    points[:, 14, 1] = np.where(np.arange(20) >= 10, 18.0, 1.0)
    units = fit_face(Component("FACE_LANDMARKS", names, points, np.ones((20, 468))))
    mouth = units[:, EXPRESSION_NAMES.index("mouth_A")]
    assert mouth[:10].max() < 0.1 and mouth[10:].min() > 0.8
    assert not fit_face(Component("FACE_LANDMARKS", names[:5], points[:, :5], np.ones((20, 5)))).any()


def test_smoothing_never_lets_neighbours_overshoot_by_turns() -> None:
    noise = np.random.default_rng(0).normal(size=(60, 1))

    def errors(x: np.ndarray) -> np.ndarray:
        return 0.1 * (x - noise)

    def slopes(x: np.ndarray) -> np.ndarray:
        return np.full((60, 1, 1), 0.1)

    found = solve(errors, slopes, noise, smooth=np.array([1.0]), iterations=200)
    assert np.abs(np.diff(found[2:-2], n=2, axis=0)).mean() < 0.2 * np.abs(np.diff(noise, n=2, axis=0)).mean()


# ---------------------------------------------------------------- reading


@pytest.mark.parametrize("version", [0.1, 0.2])
def test_both_versions_of_the_format_are_read(sign: PoseSequence, tmp_path: Path, version: float) -> None:
    seen = measured(sign)
    landmarks = read_pose_file(seen.save(tmp_path / "a.pose", version))
    assert (landmarks.width, landmarks.height, landmarks.fps) == (pose_maker.WIDTH, pose_maker.HEIGHT, 25.0)
    for name, points in seen.points.items():
        assert np.allclose(landmarks.components[name].points, points, atol=1e-3)
    assert landmarks.components["POSE_LANDMARKS"].names[11] == "LEFT_SHOULDER"


def test_a_file_of_another_estimator_is_told(sign: PoseSequence, tmp_path: Path) -> None:
    seen = measured(sign)
    for part in (seen.points, seen.confidence, seen.names):
        part["pose_keypoints_2d"] = part.pop("POSE_LANDMARKS")  # type: ignore[index]
    with pytest.raises(EngineError, match=r"MediaPipe Holistic.*pose_keypoints_2d"):
        read_pose_motion(seen.save(tmp_path / "a.pose"))


@pytest.mark.parametrize("cut", [0, 3, 10, 100, 3000])
def test_a_file_that_ends_too_early_is_refused(sign: PoseSequence, tmp_path: Path, cut: int) -> None:
    path = measured(sign).save(tmp_path / "a.pose", 0.2)
    path.write_bytes(path.read_bytes()[:cut])
    with pytest.raises(EngineError, match=r"a\.pose"):
        read_pose_file(path)


def test_a_file_that_claims_to_be_huge_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.pose"
    text = struct.pack("<H", 1) + b"X"
    header = struct.pack("<f4H", 0.2, 1, 1, 1, 1) + text + struct.pack("<H", 4) + b"XYZC" + struct.pack("<3H", 1, 0, 0)
    path.write_bytes(header + text + struct.pack("<fIH", 25.0, 2**32 - 1, 65535))
    with pytest.raises(EngineError, match="frames"):
        read_pose_file(path)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200), st.integers(0, 900))
def test_garbage_is_refused_and_never_crashes(tmp_path_factory: pytest.TempPathFactory, junk: bytes, at: int) -> None:
    path = tmp_path_factory.getbasetemp() / "junk.pose"
    good = _small_file(path)
    path.write_bytes(good[:at] + junk + good[at + len(junk) :])
    try:
        landmarks = read_pose_file(path)
    except EngineError:
        return
    assert all(np.isfinite(c.points).all() for c in landmarks.components.values())


def _small_file(path: Path) -> bytes:
    names = {"POSE_LANDMARKS": pose_maker.BODY_NAMES}
    points = {k: np.zeros((3, len(v), 3)) for k, v in names.items()}
    seen = pose_maker.Measured(points, {k: np.ones(p.shape[:2]) for k, p in points.items()}, names)  # type: ignore[arg-type]
    return seen.save(path, 0.2).read_bytes()


def test_numbers_that_are_none_are_taken_for_not_seen(sign: PoseSequence, tmp_path: Path) -> None:
    seen = measured(sign)
    seen.points["RIGHT_HAND_LANDMARKS"][5] = np.nan
    seen.points["POSE_LANDMARKS"][7, 13] = np.inf
    fit = fit_landmarks(read_pose_file(seen.save(tmp_path / "a.pose")))
    assert finger_error(sign, fit.sequence) < 8.0
