"""Takes: what is saved comes back, other tools' files are read, damaged ones are refused by name."""

import json
from pathlib import Path

import numpy as np
import pytest

from engine.rotations import angle_between, quaternion_from_axis_angle
from engine.skeleton import EXPRESSION_NAMES, POSE_SIZE
from engine.take import PoseSequence, Segment, Take, TakeError


def smooth_sequence(frames: int = 25, fps: float = 24.0) -> PoseSequence:
    rng = np.random.default_rng(3)
    phase = np.linspace(0, 2, frames)[:, None]
    return PoseSequence(
        poses=0.4 * np.sin(phase * rng.uniform(0.5, 2, POSE_SIZE) + rng.uniform(0, 6, POSE_SIZE)),
        trans=0.1 * np.sin(phase * rng.uniform(0.5, 2, 3)),
        expression=0.5 + 0.5 * np.sin(phase * rng.uniform(0.5, 2, len(EXPRESSION_NAMES))),
        fps=fps,
    )


def example_take() -> Take:
    segment = Segment("HELLO", 0.1, 0.7, "dictionary", (0, 5), "asl/HELLO", "someone", "CC0-1.0")
    return Take(
        "Grüße 你好", "Hello", "ASL", "dictionary", smooth_sequence(), (segment,), 7, ("a warning",), {"speed": 1.5}
    )


def test_a_saved_take_comes_back_whole(tmp_path: Path) -> None:
    take = example_take()
    path = tmp_path / "mit Leerzeichen und Umläuten.npz"
    take.save(path)
    back = Take.load(path)
    assert (back.name, back.segments, back.seed, back.warnings, back.settings) == (
        take.name, take.segments, take.seed, take.warnings, take.settings,
    )  # fmt: skip
    for name in ("poses", "trans", "expression"):
        assert np.array_equal(getattr(back.sequence, name), getattr(take.sequence, name))
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_other_tools_read_the_file_as_amass(tmp_path: Path) -> None:
    example_take().save(tmp_path / "x.npz")
    with np.load(tmp_path / "x.npz", allow_pickle=False) as data:
        assert data["poses"].shape == (25, 165)
        assert float(data["mocap_frame_rate"]) == 24.0
        assert {"trans", "betas", "expression", "gender"} <= set(data.files)


@pytest.mark.parametrize("rate_key", ["mocap_frame_rate", "mocap_framerate", "fps"])
def test_foreign_amass_files_load(tmp_path: Path, rate_key: str) -> None:
    np.savez(tmp_path / "amass.npz", poses=np.zeros((4, 165)), trans=np.zeros((4, 3)), **{rate_key: 60})
    take = Take.load(tmp_path / "amass.npz")
    assert (len(take.sequence), take.sequence.fps, take.method) == (4, 60.0, "imported")


@pytest.mark.parametrize(
    ("arrays", "complaint"),
    [
        ({"trans": np.zeros((4, 3)), "fps": 30}, "no array 'poses'"),
        ({"poses": np.zeros((4, 156)), "fps": 30}, r"\(4, 156\).*165"),
        ({"poses": np.zeros((4, 165))}, "frame rate"),
        ({"poses": np.full((4, 165), np.nan), "fps": 30}, "not finite"),
        ({"poses": np.zeros((4, 165)), "trans": np.zeros((3, 3)), "fps": 30}, "trans has shape"),
        ({"poses": np.zeros((4, 165)), "fps": 0}, "must be positive"),
        ({"poses": np.array([{"a": 1}], dtype=object), "fps": 30}, "is not a take"),
        (
            {"poses": np.zeros((1, 165)), "fps": 30, "signwright": np.array(json.dumps({"format": 99}))},
            "another version",
        ),
    ],
)
def test_damaged_files_are_refused_with_the_reason(tmp_path: Path, arrays: dict, complaint: str) -> None:
    np.savez(tmp_path / "bad.npz", **arrays)
    with pytest.raises(TakeError, match=complaint):
        Take.load(tmp_path / "bad.npz")


@pytest.mark.parametrize("content", [b"", b"not a zip", b"PK\x03\x04broken"])
def test_files_that_are_no_archive_are_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "bad.npz").write_bytes(content)
    with pytest.raises(TakeError, match=r"bad\.npz"):
        Take.load(tmp_path / "bad.npz")


@pytest.mark.parametrize("fps", [12.0, 25.0, 30.0, 60.0])
def test_resampling_keeps_time_and_passes_through_the_same_poses(fps: float) -> None:
    s = smooth_sequence(49, 24.0)
    other = s.resampled(fps)
    assert other.duration == pytest.approx(s.duration)
    middle = quaternion_from_axis_angle(other.poses[len(other) // 2].reshape(55, 3))
    expected = quaternion_from_axis_angle(s.poses[24].reshape(55, 3))
    assert np.degrees(angle_between(middle, expected)).max() < 3.0
    assert np.allclose(other.poses[[0, -1]], s.poses[[0, -1]], atol=1e-5)


def test_mirroring_a_take_twice_gives_it_back() -> None:
    s = smooth_sequence()
    twice = s.mirrored().mirrored()
    assert np.array_equal(twice.poses, s.poses)
    assert np.array_equal(twice.trans, s.trans)


def test_a_failed_save_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "x.npz"
    example_take().save(path)
    before = path.read_bytes()

    def full_disk(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez_compressed", full_disk)
    with pytest.raises(OSError, match="No space"):
        example_take().save(path)
    assert path.read_bytes() == before
    assert len(list(tmp_path.iterdir())) == 1
