"""What codes lose of a dictionary's signs, and putting it back."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.bundle import Bundle, BundleError, Manifest, write_manifest
from engine.rotations import angle_between, quaternion_from_axis_angle
from engine.skeleton import JOINT_INDEX
from engine.soke.residuals import FILE, RATE, lost, put_back, read_residuals, write_residuals
from engine.soke.segments import CodeSpace, Span
from engine.take import PoseSequence
from engine.tokenizer.features import FRAMES_PER_TOKEN, PARTS

JOINTS = ("right_shoulder", "right_elbow")
COLUMNS = [JOINT_INDEX[name] for name in JOINTS]
SPACE = CodeSpace({part: np.array([[0.0], [0.01], [5.0]]) for part in PARTS})


def motion(frames: int, seed: int) -> np.ndarray:
    poses = np.zeros((frames, 55, 3))
    start = np.random.default_rng(seed).normal(0, 0.4, (len(COLUMNS), 3))
    poses[:, COLUMNS] = start + 0.004 * np.arange(frames)[:, None, None]
    return poses.reshape(frames, 165)


def sequence(poses: np.ndarray) -> PoseSequence:
    still = np.zeros((len(poses), 3), np.float32)
    return PoseSequence(poses.astype(np.float32), still, still[:, :1], 24.0, ("smile",))


def steps(*codes: int) -> dict[str, list[int]]:
    return {part: list(codes) for part in PARTS}


def error(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """(T,) largest angle between the joints of two motions."""
    one, two = (quaternion_from_axis_angle(x.reshape(-1, 55, 3)[:, COLUMNS]) for x in (a, b))
    return angle_between(one, two).max(axis=1)


def refined(
    made: dict[str, list[int]], rendered: tuple[int, ...], truth: np.ndarray, decoded: np.ndarray
) -> np.ndarray:
    own = lost(truth, decoded, JOINTS)
    spans = [Span(0, 0, len(rendered), rendered)]
    return put_back(sequence(decoded), made, spans, [(steps(0, 0, 0, 0, 0), own)], JOINTS, SPACE).poses


def test_what_the_codes_lose_is_put_back_inside_of_the_sign() -> None:
    truth, decoded = motion(20, 1), motion(20, 2)
    again = refined(steps(0, 0, 0, 0, 0), (0, 1, 2, 3, 4), truth, decoded)
    assert error(truth, decoded)[4:-4].min() > 0.2
    assert error(truth, again)[4:-4].max() < 0.02


def test_other_codes_and_the_ways_between_keep_the_generators_motion() -> None:
    truth, decoded = motion(20, 1), motion(20, 2)
    other = refined(steps(2, 2, 2, 2, 2), (0, 1, 2, 3, 4), truth, decoded)
    assert error(other, decoded).max() < 0.01
    on_the_way = refined(steps(0, 0, 0, 0, 0), (-1, -1, -1, -1, -1), truth, decoded)
    assert np.array_equal(on_the_way, sequence(decoded).poses)


def test_it_comes_and_goes_without_a_jump() -> None:
    truth, decoded = motion(40, 1), motion(40, 2)
    own = lost(truth[:20], decoded[:20], JOINTS)
    made = steps(*[0] * 10)
    spans = [Span(0, 3, 8, (0, 1, 2, 3, 4))]
    again = put_back(sequence(decoded), made, spans, [(steps(0, 0, 0, 0, 0), own)], JOINTS, SPACE).poses
    whole = error(again, decoded).max()
    assert whole > 0.2
    assert np.abs(np.diff(error(again, decoded))).max() < 0.35 * whole
    assert error(again, decoded)[[0, -1]].max() < 1e-6


def bundle_with(folder: Path, entries: dict[str, np.ndarray]) -> Bundle:
    folder.mkdir()
    write_residuals(folder / FILE, entries)
    write_manifest(folder, Manifest("soke", "Small", (), "CC0-1.0", "Made for a test.", {}), [FILE])
    return Bundle.open(folder, "soke")


def test_residuals_are_stored_by_the_entries_keys(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    entries = {key: rng.normal(0, 0.1, (RATE * n, 2, 3)) for key, n in (("asl/B", 2), ("asl/A", 3))}
    found = read_residuals(bundle_with(tmp_path / "b", entries), {"asl/A": 3, "asl/B": 2}, JOINTS)
    assert {key: value.shape for key, value in found.items()} == {"asl/A": (6, 2, 3), "asl/B": (4, 2, 3)}
    assert all(np.allclose(found[key], entries[key], atol=1e-3) for key in entries)


def test_residuals_of_another_dictionary_are_refused(tmp_path: Path) -> None:
    bundle = bundle_with(tmp_path / "b", {"asl/A": np.zeros((6, 2, 3))})
    with pytest.raises(BundleError, match="doesn't belong"):
        read_residuals(bundle, {"asl/A": 4}, JOINTS)
    with pytest.raises(BundleError, match="doesn't belong"):
        read_residuals(bundle, {"asl/A": 3}, (*JOINTS, "right_wrist"))


def test_turns_are_means_over_parts_of_a_step() -> None:
    truth, decoded = motion(8, 1), motion(8, 1)
    truth[:, 3 * COLUMNS[0]] += np.repeat([0.1, 0.3], 4)
    turns = lost(truth, decoded, JOINTS)
    assert turns.shape == (2 * RATE, 2, 3)
    assert FRAMES_PER_TOKEN % RATE == 0
    assert np.allclose(turns[:, 1], 0.0, atol=1e-9)
    assert np.linalg.norm(turns[0, 0]) == pytest.approx(np.linalg.norm(turns[1, 0]), rel=0.05)
