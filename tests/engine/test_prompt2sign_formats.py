"""OpenPose, DWPose and `.skels` files: there and back, and what happens to damaged ones."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.formats.dwpose import read_dwpose, write_dwpose
from engine.formats.openpose import clip_folders, read_openpose, write_openpose
from engine.formats.skeleton50 import BONES, HANDS, JOINT_COUNT, JOINTS, NECK, Keypoints, paths, signs
from engine.formats.skels import SkelsFormat, SkelsWriter, count_clips, detect, read_skels
from engine.generators.base import EngineError


def clip(frames: int = 6, seed: int = 0) -> Keypoints:
    random = np.random.default_rng(seed)
    points = np.round(random.uniform(0, 1000, (frames, JOINT_COUNT, 2)), 3)
    return Keypoints(points, np.round(random.uniform(0.1, 1.0, (frames, JOINT_COUNT)), 3))


def person(points: list[float]) -> dict[str, object]:
    return {"pose_keypoints_2d": points, "hand_left_keypoints_2d": [], "hand_right_keypoints_2d": []}


def write_frame(folder: Path, number: int, people: list[dict[str, object]]) -> None:
    folder.mkdir(exist_ok=True)
    path = folder / f"clip_{number:012d}_keypoints.json"
    path.write_text(json.dumps({"version": 1.3, "people": people}), "utf-8")


# ------------------------------------------------------------ the skeleton


def test_the_skeleton_has_50_joints_and_49_bones_with_shared_ids() -> None:
    bones = BONES["prompt2sign"]
    assert (len(JOINTS), len(bones), len(BONES["progressive"])) == (50, 49, 47)
    assert {b.id for b in bones} == set(range(25))
    listed = [(b.start, b.end, b.id) for b in bones]
    for expected in ((4, 29, 4), (8, 25, 21), (27, 28, 24), (29, 46, 21), (48, 49, 24), (7, 8, 4)):
        assert expected in listed
    shorter = [(b.start, b.end, b.id) for b in BONES["progressive"]]
    assert (3, 29, 3) in shorter and (6, 8, 3) in shorter and not any(b.end in (4, 7) for b in BONES["progressive"])


def test_joints_are_the_neck_and_the_sum_of_the_bones_on_their_way() -> None:
    points = np.random.default_rng(1).normal(size=(JOINT_COUNT, 3))
    bones = BONES["prompt2sign"]
    vectors = np.stack([points[b.end] - points[b.start] for b in bones]) * signs()[:, None]
    assert np.allclose(points[NECK] + paths() @ vectors, points)


# ------------------------------------------------------------ OpenPose


@pytest.mark.parametrize("body", ["BODY_18", "BODY_25"])
def test_openpose_frames_come_back_as_they_were(tmp_path: Path, body: str) -> None:
    written = clip()
    files = write_openpose(written, tmp_path / "a", "a", body=body)  # pyright: ignore[reportArgumentType]
    read = read_openpose(tmp_path / "a")
    assert len(files) == len(read) == 6 and not read.notes
    assert np.allclose(read.points, written.points) and np.allclose(read.confidence, written.confidence)
    assert [f.name for f in clip_folders(tmp_path)] == ["a"]


def test_frames_are_ordered_by_number_not_by_letters(tmp_path: Path) -> None:
    for number in (0, 2, 10):
        (tmp_path / f"x_{number}_keypoints.json").write_text(
            json.dumps({"people": [person([float(number), 1.0, 1.0] * 18)]}), "utf-8"
        )
    assert read_openpose(tmp_path).points[:, 0, 0].tolist() == [0.0, 2.0, 10.0]


def test_damaged_empty_and_crowded_frames_are_told_and_keep_their_time(tmp_path: Path) -> None:
    good = [100.0, 100.0, 0.9] * 25
    beside = [900.0, 100.0, 0.5] * 25
    write_frame(tmp_path, 0, [person(good)])
    write_frame(tmp_path, 1, [])
    (tmp_path / "clip_000000000002_keypoints.json").write_text('{"people": [{"pose_key', "utf-8")
    (tmp_path / "clip_000000000003_keypoints.json").write_text("", "utf-8")
    write_frame(tmp_path, 4, [person(beside), person(good)])
    write_frame(tmp_path, 5, [person([float("nan"), 1.0, 1.0] * 25)])
    read = read_openpose(tmp_path)
    assert len(read) == 6
    assert read.points[4, 0].tolist() == [100.0, 100.0], "the person of the first frame is followed"
    assert not read.confidence[[1, 2, 3, 5]].any()
    told = " ".join(read.notes)
    assert "2 of 6 frames can't be read" in told and "1 of 6 frames have nobody" in told and "2 people" in told


def test_a_body_of_another_size_is_no_frame(tmp_path: Path) -> None:
    write_frame(tmp_path, 0, [person([1.0, 1.0, 1.0] * 17)])
    with pytest.raises(EngineError, match=r"Nobody is found.*can't be read"):
        read_openpose(tmp_path)


def test_a_folder_without_frames_is_told(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="holds no OpenPose frames"):
        read_openpose(tmp_path)


# ------------------------------------------------------------ DWPose


def test_dwpose_files_come_back_as_they_were(tmp_path: Path) -> None:
    written = clip()
    write_dwpose(written, tmp_path / "a.npz", (1280, 720))
    read = read_dwpose(tmp_path / "a.npz")
    assert np.allclose(read.points, written.points, atol=1e-3) and np.allclose(read.confidence, written.confidence)


def test_the_134_points_of_dwpose_are_read(tmp_path: Path) -> None:
    whole = np.arange(2 * 134 * 2, dtype=np.float32).reshape(2, 134, 2)
    np.savez(tmp_path / "a.npz", keypoints=whole, scores=np.ones((2, 134), np.float32))
    read = read_dwpose(tmp_path / "a.npz")
    assert np.array_equal(read.points[:, :8], whole[:, :8])
    assert np.array_equal(read.points[:, HANDS["left"]], whole[:, 92:113])
    assert np.array_equal(read.points[:, HANDS["right"]], whole[:, 113:134])


def test_a_dwpose_file_that_lacks_an_array_says_which(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", body=np.zeros((2, 18, 2)), body_score=np.ones((2, 18)))
    with pytest.raises(EngineError, match="left_hand"):
        read_dwpose(tmp_path / "a.npz")
    (tmp_path / "b.npz").write_bytes(b"no zip")
    with pytest.raises(EngineError, match=r"b\.npz can't be read"):
        read_dwpose(tmp_path / "b.npz")


# ------------------------------------------------------------ .skels


@settings(max_examples=25, deadline=None)
@given(
    frames=st.lists(st.integers(1, 5), min_size=1, max_size=4),
    scale=st.sampled_from([9.0, 3.0]),
    counter=st.booleans(),
    seed=st.integers(0, 1000),
)
def test_skels_are_exact_to_their_decimals_and_rewriting_changes_nothing(
    tmp_path_factory: pytest.TempPathFactory, frames: list[int], scale: float, counter: bool, seed: int
) -> None:
    folder = tmp_path_factory.mktemp("skels")
    random = np.random.default_rng(seed)
    clips = [random.normal(0, 4, (n, JOINT_COUNT, 3)) for n in frames]
    form = SkelsFormat(scale, counter)
    with SkelsWriter(folder / "a.skels", form, gloss=True) as writer:
        for i, points in enumerate(clips):
            writer.write(points, f"Text {i} ü", f"clip{i}", f"GLOSS {i}")
    read = list(read_skels(folder / "a.skels", form))
    assert [(c.text, c.name, c.gloss) for c in read] == [
        (f"Text {i} ü", f"clip{i}", f"GLOSS {i}") for i in range(len(frames))
    ]
    for points, back in zip(clips, read, strict=True):
        assert np.abs(points - back.points).max() <= scale * 0.5e-5 + 1e-9
        assert not counter or back.counter[-1] == 1.0
    assert detect(folder / "a.skels", scale) == form
    with SkelsWriter(folder / "b.skels", form, gloss=True) as writer:
        for back in read:
            writer.write(back.points, back.text, back.name, back.gloss)
    for kind in ("skels", "text", "files", "gloss"):
        assert (folder / f"a.{kind}").read_bytes() == (folder / f"b.{kind}").read_bytes()


def test_the_counter_is_the_frames_number_over_their_count(tmp_path: Path) -> None:
    with SkelsWriter(tmp_path / "a.skels") as writer:
        writer.write(np.zeros((3, JOINT_COUNT, 3)), "a", "a")
    numbers = (tmp_path / "a.skels").read_text().split()
    assert [numbers[150], numbers[301], numbers[452]] == ["0.33333", "0.66667", "1.00000"]


def test_an_interrupted_run_goes_on_after_the_last_whole_clip(tmp_path: Path) -> None:
    path = tmp_path / "a.skels"
    with SkelsWriter(path) as writer:
        for i in range(3):
            writer.write(np.full((2, JOINT_COUNT, 3), float(i)), f"text {i}", f"clip {i}")
    whole = {kind: (tmp_path / f"a.{kind}").read_bytes() for kind in ("skels", "text", "files")}
    path.write_bytes(whole["skels"][:-40])
    with SkelsWriter(path, resume=True) as writer:
        assert writer.written == 2
        writer.write(np.full((2, JOINT_COUNT, 3), 2.0), "text 2", "clip 2")
    assert {kind: (tmp_path / f"a.{kind}").read_bytes() for kind in whole} == whole


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("1 2 x", "holds what is no number"),
        ("nan " * 151, "not finite"),
        ("1 " * 150, "no whole frames of 151"),
        ("", "no whole"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, line: str, told: str) -> None:
    (tmp_path / "a.skels").write_text(f"{'0.5 ' * 150}1.0\n{line}\n")
    with pytest.raises(EngineError, match=rf"Line 2 of a\.skels.*{told}"):
        list(read_skels(tmp_path / "a.skels"))


def test_lines_that_are_not_wanted_are_passed_over(tmp_path: Path) -> None:
    path = tmp_path / "a.skels"
    with SkelsWriter(path) as writer:
        for n in range(4):
            writer.write(np.full((2, JOINT_COUNT, 3), float(n)), f"Text {n}.", str(n))
    lines = path.read_text().splitlines()
    path.write_text("\n".join((lines[0], "damage", lines[2], lines[3])))
    assert count_clips(path) == 4
    assert [(c.line, c.name, c.text) for c in read_skels(path, wanted={1, 3}.__contains__)] == [
        (1, "0", "Text 0."),
        (3, "2", "Text 2."),
    ]


def test_files_of_different_lengths_are_told(tmp_path: Path) -> None:
    (tmp_path / "a.skels").write_text(f"{'0.5 ' * 150}1.0\n" * 2)
    (tmp_path / "a.text").write_text("one\n")
    with pytest.raises(EngineError, match=r"Line 2 of a\.text ends"):
        list(read_skels(tmp_path / "a.skels"))
    (tmp_path / "a.text").write_text("one\ntwo\nthree\n")
    with pytest.raises(EngineError, match=r"Line 3 of a\.skels is missing: a\.text"):
        list(read_skels(tmp_path / "a.skels"))


def test_reading_is_lazy(tmp_path: Path) -> None:
    (tmp_path / "a.skels").write_text(f"{'0.5 ' * 150}1.0\nrubbish\n")
    assert len(next(read_skels(tmp_path / "a.skels"))) == 1


def test_clips_that_are_not_finite_are_refused(tmp_path: Path) -> None:
    with SkelsWriter(tmp_path / "a.skels") as writer, pytest.raises(ValueError, match="finite"):
        writer.write(np.full((1, JOINT_COUNT, 3), np.nan), "a", "a")
