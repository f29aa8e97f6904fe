"""The Prompt2Sign pipeline on clips of known motion: from OpenPose frames to training files. Needs torch, h5py."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch", reason="lifting needs PyTorch")
pytest.importorskip("h5py", reason="the pipeline's files need h5py")

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.formats.body50 import TO_PICTURE, Camera, joints50
from engine.formats.cleaning50 import (
    ClipError,
    Flat,
    bone_lengths,
    initialised,
    interpolated,
    normalised,
    pruned,
)
from engine.formats.openpose import write_openpose
from engine.formats.skeleton50 import BONES, HANDS, JOINT_COUNT, NECK, WRIST, Keypoints
from engine.formats.skels import read_skels
from engine.generators.base import EngineError
from engine.prompt2sign.files import ClipFile, read_stage, stage_path
from engine.prompt2sign.lifting import LiftSettings, lift
from engine.prompt2sign.pipeline import REPORT, h5_to_txt, json_to_h5, read_texts, txt_to_skels
from engine.skeleton import JOINT_INDEX, POSE_SIZE

Array = NDArray[np.floating]


def known_joints(frames: int = 40, seed: int = 0) -> Array:
    """(T, 50, 3) of a signer whose arms wave smoothly before the body."""
    random = np.random.default_rng(seed)
    t = np.linspace(0.0, 2.0 * np.pi, frames)
    poses = np.zeros((frames, POSE_SIZE))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        phase = random.uniform(0, np.pi)
        poses[:, 3 * JOINT_INDEX[f"{side}_shoulder"] + 2] = -sign * (1.0 + 0.15 * np.sin(t + phase))
        poses[:, 3 * JOINT_INDEX[f"{side}_elbow"] + 1] = -sign * (1.4 + 0.5 * np.sin(t))
        poses[:, 3 * JOINT_INDEX[f"{side}_index1"] + 2] = -sign * (0.5 + 0.4 * np.sin(2 * t))
    return joints50(BodyModel.load(EMBEDDED_AVATAR), poses)


@pytest.fixture(scope="module")
def joints() -> Array:
    return known_joints()


@pytest.fixture(scope="module")
def seen(joints: Array) -> Keypoints:
    return Camera().sees(joints)


def ready(clip: Keypoints) -> Flat:
    return interpolated(pruned(normalised(clip)))


def shares_missed(points: Array, truth: Array) -> float:
    """Mean distance to the truth in space after scaling, both from the neck, in shares of the shoulders' distance."""
    a, b = (x - x[:, NECK : NECK + 1] for x in (points, truth))
    scale = (a[..., :2] * b[..., :2]).sum() / (a[..., :2] ** 2).sum()
    wide = np.linalg.norm(truth[:, 2] - truth[:, 5], axis=-1).mean()
    return float(np.linalg.norm(scale * a - b, axis=-1).mean() / wide)


# ------------------------------------------------------------ kinematics


def test_the_50_joints_are_the_bodys_own(joints: Array) -> None:
    for side, place in HANDS.items():
        assert np.allclose(joints[:, WRIST[side]], joints[:, place.start]), "both wrists are one"
    lengths = np.stack(
        [np.linalg.norm(joints[:, b.end] - joints[:, b.start], axis=-1) for b in BONES["prompt2sign"][:9]]
    )
    assert np.ptp(lengths, axis=1)[1:7].max() < 1e-6, "arms keep their lengths"
    assert (joints[:, 5, 0] > joints[:, 2, 0]).all(), "the signer's left is at +x"


# ------------------------------------------------------------ stages 1 to 4


def test_normalising_keeps_one_scale_for_x_and_y(seen: Keypoints) -> None:
    flat = normalised(seen)
    assert np.allclose(flat.points.mean(axis=(0, 1)), 0.0, atol=1e-9)
    ratio = np.ptp(seen.points[..., 0]) / np.ptp(seen.points[..., 1])
    assert np.ptp(flat.points[..., 0]) / np.ptp(flat.points[..., 1]) == pytest.approx(ratio)
    moved = Keypoints(3.0 * seen.points + 50.0, seen.confidence)
    assert np.allclose(normalised(moved).points, flat.points), "where and how large in the picture doesn't matter"


def test_points_that_were_not_found_do_not_count_in_normalising(seen: Keypoints) -> None:
    confidence = seen.confidence.copy()
    confidence[:5, HANDS["left"]] = 0.0
    wild = seen.points.copy()
    wild[:5, HANDS["left"]] = 1e6
    found = confidence > 0
    a, b = (normalised(Keypoints(p, confidence)).points for p in (seen.points, wild))
    assert np.allclose(a[found], b[found]) and not b[~found].any()


def test_frames_in_which_the_body_is_hardly_seen_are_dropped(seen: Keypoints) -> None:
    confidence = seen.confidence.copy()
    confidence[[3, 7], :8] = 0.2
    kept = pruned(normalised(Keypoints(seen.points, confidence)))
    assert kept.frames.tolist() == [i for i in range(len(seen)) if i not in (3, 7)]


def test_missing_joints_are_filled_from_their_neighbours_in_time(seen: Keypoints) -> None:
    whole = ready(seen)
    confidence = seen.confidence.copy()
    confidence[10:13, HANDS["right"]] = 0.0
    filled = interpolated(Flat(whole.points * (confidence > 0)[..., None], confidence, whole.frames))
    missed = np.abs(filled.points - whole.points)
    assert not missed[confidence > 0].any(), "what is sure stays"
    assert missed[11, HANDS["right"]].max() < 0.15, "of a spread of 1"


def test_interpolation_grows_its_window_until_the_weights_are_enough() -> None:
    points, confidence = np.zeros((5, JOINT_COUNT, 2)), np.ones((5, JOINT_COUNT))
    points[:, 4, 0] = [0.0, 4.0, 99.0, 8.0, 0.0]
    confidence[:, 4] = [1.0, 0.5, 0.0, 0.5, 1.0]
    filled = interpolated(Flat(points, confidence, np.arange(5)))
    assert filled.points[2, 4, 0] == pytest.approx(6.0), "the two halves beside it make 1"
    assert filled.points[1, 4, 0] == pytest.approx((0.0 + 0.5 * 4.0) / 1.5)


@pytest.mark.parametrize(
    ("change", "told"),
    [("nothing", "nobody is found"), ("one place", "in one place"), ("unsure", "seen in no frame")],
)
def test_a_clip_that_can_not_be_lifted_says_why(seen: Keypoints, change: str, told: str) -> None:
    points, confidence = seen.points.copy(), seen.confidence.copy()
    if change == "nothing":
        confidence[:] = 0.0
    elif change == "one place":
        points[:] = 7.0
    else:
        confidence[:, :8] = 0.1
    with pytest.raises(ClipError, match=told):
        ready(Keypoints(points, confidence))


def test_bones_start_at_their_own_length_and_come_forward(seen: Keypoints) -> None:
    flat = ready(seen)
    start = initialised(flat)
    lengths = bone_lengths(flat.points, flat.confidence)
    bones = BONES["prompt2sign"]
    got = np.stack([np.linalg.norm(start[:, b.end] - start[:, b.start], axis=-1) for b in bones], axis=1)
    shorter = np.stack(
        [np.linalg.norm(flat.points[:, b.end] - flat.points[:, b.start], axis=-1) for b in bones], axis=1
    )
    assert np.allclose(got, np.maximum(lengths, shorter)) and (start[:, 1:, 2] >= start[:, NECK, 2, None]).all()


# ------------------------------------------------------------ stage 5


def test_lifting_comes_nearer_to_the_truth_than_its_start(seen: Keypoints, joints: Array) -> None:
    random = np.random.default_rng(1)
    noisy = ready(Keypoints(seen.points + random.normal(0, 2.0, seen.points.shape), seen.confidence))
    start = initialised(noisy)
    lifted = lift([noisy], starts=[start])[0]
    truth = joints * TO_PICTURE
    assert shares_missed(lifted.points, truth) < shares_missed(start, truth) < 0.5
    assert lifted.error < 0.08, "of a spread of 1 in the picture"
    jitter = [np.abs(np.diff(x, n=2, axis=0)).mean() for x in (lifted.points, start)]
    assert jitter[0] < 0.5 * jitter[1]


def test_bones_of_a_lifted_clip_keep_their_lengths(seen: Keypoints) -> None:
    points = lift([ready(seen)], LiftSettings(iterations=30))[0].points
    for bone in BONES["prompt2sign"]:
        length = np.linalg.norm(points[:, bone.end] - points[:, bone.start], axis=-1)
        assert np.ptp(length) < 1e-4


def test_a_clip_gets_the_same_in_any_batch(seen: Keypoints) -> None:
    long = ready(seen)
    short = ready(Keypoints(seen.points[5:20], seen.confidence[5:20]))
    settings = LiftSettings(iterations=20)
    alone = [lift([c], settings)[0] for c in (long, short)]
    together = lift([long, short], settings)
    for a, b in zip(alone, together, strict=True):
        assert np.allclose(a.points, b.points, atol=1e-4) and a.loss == pytest.approx(b.loss, rel=1e-3)


def test_the_published_lengths_are_an_option(seen: Keypoints) -> None:
    flat = ready(seen)
    assert (
        bone_lengths(flat.points, flat.confidence, quantile=0.5) <= bone_lengths(flat.points, flat.confidence)
    ).all()
    assert lift([flat], LiftSettings(iterations=2, length_quantile=0.5, variant="progressive"))[0].points.shape[1] == 50


# ------------------------------------------------------------ the files


@pytest.fixture
def frames_folder(tmp_path: Path, seen: Keypoints) -> Path:
    root = tmp_path / "frames"
    for name in ("a", "b"):
        write_openpose(Keypoints(seen.points[:12], seen.confidence[:12]), root / name, name)
    (root / "empty").mkdir()
    (root / "empty" / "x_0_keypoints.json").write_text('{"people": []}')
    return root


QUICK = LiftSettings(iterations=5)


def test_frames_become_training_files_step_by_step(tmp_path: Path, frames_folder: Path) -> None:
    first = json_to_h5(frames_folder, tmp_path / "clips.h5")
    assert {r.name: bool(r.problem) for r in first} == {"a": False, "b": False, "empty": True}
    second = h5_to_txt(tmp_path / "clips.h5", tmp_path / "txt", QUICK)
    assert {r.name: r.kept for r in second} == {"a": 12, "b": 12}
    for stage in range(1, 6):
        assert read_stage(stage_path(tmp_path / "txt", "a", stage)).shape == (12, 50, 3)
    (tmp_path / "texts.csv").write_text("name,text,gloss\na,Hello.,HELLO\nc,No clip.,X\n", "utf-8")
    count, without = txt_to_skels(tmp_path / "txt", tmp_path / "out.skels", read_texts(tmp_path / "texts.csv"))
    assert (count, without) == (1, ["b"])
    clip = next(read_skels(tmp_path / "out.skels"))
    assert (clip.text, clip.name, clip.gloss, len(clip)) == ("Hello.", "a", "HELLO", 12)
    assert np.abs(clip.points - read_stage(stage_path(tmp_path / "txt", "a", 5))).max() < 9 * 1e-5


def test_a_second_run_does_nothing_twice(tmp_path: Path, frames_folder: Path) -> None:
    json_to_h5(frames_folder, tmp_path / "clips.h5")
    h5_to_txt(tmp_path / "clips.h5", tmp_path / "txt", QUICK)
    stage_path(tmp_path / "txt", "b", 5).unlink()
    assert [r.name for r in json_to_h5(frames_folder, tmp_path / "clips.h5")] == ["empty"]
    assert [r.name for r in h5_to_txt(tmp_path / "clips.h5", tmp_path / "txt", QUICK)] == ["b"]


def test_bad_clips_are_reported_and_stop_nothing(tmp_path: Path, seen: Keypoints) -> None:
    with ClipFile(tmp_path / "clips.h5", "a") as file:
        file.write("good", Keypoints(seen.points[:6], seen.confidence[:6]))
        file.write("nobody", Keypoints(seen.points[:6], np.zeros((6, JOINT_COUNT))))
        nan = seen.points[:6].copy()
        nan[2, 4] = np.nan
        file.write("nan", Keypoints(nan, seen.confidence[:6]))
        file._file.create_dataset("odd", data=np.zeros((3, 7)))
    reports = {r.name: r for r in h5_to_txt(tmp_path / "clips.h5", tmp_path / "txt", QUICK)}
    assert "nobody is found" in reports["nobody"].problem and "(3, 7)" in reports["odd"].problem
    assert not reports["good"].problem and not reports["nan"].problem
    with (tmp_path / "txt" / REPORT).open(newline="") as file:
        assert {row["name"] for row in csv.DictReader(file)} == {"good", "nobody", "nan", "odd"}


def test_files_that_are_none_are_told(tmp_path: Path) -> None:
    (tmp_path / "no.h5").write_bytes(b"nothing")
    with pytest.raises(EngineError, match="can't be opened as HDF5"):
        h5_to_txt(tmp_path / "no.h5", tmp_path / "txt")
    with pytest.raises(EngineError, match="No folder at or below"):
        json_to_h5(tmp_path, tmp_path / "clips.h5")
    (tmp_path / "texts.csv").write_text("clip;words\na;b\n")
    with pytest.raises(EngineError, match="names no clips"):
        read_texts(tmp_path / "texts.csv")
