"""Takes from pose files of other tools and to them: `.skels`, OpenPose folders, DWPose and SMPL-X `.npz`."""

from __future__ import annotations

import errno
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.__main__ import main
from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.formats.body50 import TO_PICTURE, Camera, joints50
from engine.formats.dwpose import read_dwpose
from engine.formats.openpose import BODY_25, read_openpose
from engine.formats.skeleton50 import HANDS, NECK
from engine.formats.skels import SkelsFormat, SkelsWriter, detect, read_skels
from engine.generators import registry
from engine.generators.base import Cancelled, EngineError, GenerateRequest
from engine.pose_files.lines import Lines
from engine.requests import handler
from engine.soke.motion import cut
from engine.take import PoseSequence, Segment, Take

Array = NDArray[np.floating]
FRAMES, FPS = 10, 24.0


def silent(_stage: str, _fraction: float) -> None:
    """Nobody looks at the progress."""


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)


@pytest.fixture(scope="module")
def signed() -> PoseSequence:
    """Half a second of signing."""
    request = GenerateRequest(text="My name is Bo.", variation=0.0)
    whole = registry.get("dictionary").generate(request, silent).sequence
    return cut(whole, 20, 20 + FRAMES)


@pytest.fixture(scope="module")
def joints(body: BodyModel, signed: PoseSequence) -> Array:
    return joints50(body, signed.poses)


@pytest.fixture
def take(tmp_path: Path, signed: PoseSequence) -> Path:
    """A take of ours in a file."""
    end = signed.duration
    segments = (
        Segment("LIFT", 0.0, end / 2, "dictionary"),
        Segment("", end / 2, end / 2, "pause"),
        Segment("HAND", end / 2, end, "dictionary"),
    )
    path = tmp_path / "take.npz"
    Take("My take", "Lift the\nhand.", "ASL", "dictionary", signed, segments).save(path)
    return path


def imported(
    *paths: Path, output: Path, report: Callable[[str, float], None] = silent, **fields: Any
) -> dict[str, Any]:
    return handler("takes_import")({"paths": [str(p) for p in paths], "output": str(output), **fields}, report)


def takes_of(answer: dict[str, Any]) -> list[Take]:
    return [Take.load(v["path"]) for v in answer["variations"]]


def exported(take: Path, output: Path, format: str, **fields: Any) -> dict[str, Any]:
    return handler("take_export")({"take": str(take), "output": str(output), "format": format, **fields}, silent)


def three_clips(path: Path, joints: Array, **how: Any) -> Path:
    """A `.skels` file of three clips with text and gloss."""
    with SkelsWriter(path, SkelsFormat(**how), gloss=True) as writer:
        for n in (1, 2, 3):
            writer.write(joints * TO_PICTURE, f"Sentence {n}.", f"clip {n}", f"SIGN-{n}")
    return path


def off(body: BodyModel, sequence: PoseSequence, wanted: Array) -> Array:
    """(T, 50) millimetres between a motion's joints and those wanted, both from the neck."""
    gap = joints50(body, sequence.poses) - wanted
    return 1000.0 * np.linalg.norm(gap - gap[:, NECK : NECK + 1], axis=-1)


# ------------------------------------------------------------ importing


def test_the_lines_of_skels_become_takes_that_say_where_they_came_from(
    tmp_path: Path, body: BodyModel, joints: Array
) -> None:
    path = three_clips(tmp_path / "train.skels", joints)
    answer = imported(path, output=tmp_path / "out.npz", lines="1, 3", fps=12.5, language="DGS")
    first, last = takes_of(answer)
    assert (first.name, first.text, first.language, first.method) == ("clip 1", "Sentence 1.", "DGS", "imported")
    assert first.sequence.fps == 12.5 and not first.warnings
    [segment] = last.segments
    assert (segment.gloss, segment.origin, segment.source) == ("SIGN-3", "imported", "train.skels, line 3")
    assert segment.end == last.sequence.duration and last.text[slice(*segment.text_span)] == "Sentence 3."
    assert off(body, first.sequence, joints).mean() < 8.0 and answer["skipped"] == []


def test_neither_the_scale_nor_the_counter_of_skels_matters(tmp_path: Path, joints: Array) -> None:
    made = []
    for number, (scale, counter) in enumerate(((9.0, True), (3.0, False))):
        path = three_clips(tmp_path / f"{number}.skels", joints, scale=scale, counter=counter)
        [take] = takes_of(imported(path, output=tmp_path / "out.npz", lines="2"))
        made.append(take.sequence.poses)
    assert np.abs(made[0] - made[1]).max() < 0.01, "radians; the files have 5 decimals"


def test_a_counter_that_ends_before_1_has_to_be_told(tmp_path: Path, joints: Array) -> None:
    path = three_clips(tmp_path / "predicted.skels", joints)
    path.write_text(path.read_text().replace(" 1.00000\n", " 0.97000\n"))
    with pytest.raises(EngineError, match="no frames of 150"):
        imported(path, output=tmp_path / "out.npz")
    [take] = takes_of(imported(path, output=tmp_path / "out.npz", lines="1", counter="with"))
    assert len(take.sequence) == FRAMES


def test_lines_that_the_file_lacks_are_told_with_how_many_it_has(tmp_path: Path, joints: Array) -> None:
    path = three_clips(tmp_path / "train.skels", joints)
    with pytest.raises(EngineError, match="has 3 lines, none of those chosen"):
        imported(path, output=tmp_path / "out.npz", lines="4-9")


def test_more_takes_than_a_list_can_hold_are_refused_before_the_work(tmp_path: Path) -> None:
    path = tmp_path / "corpus.skels"
    path.write_text("0 0 0\n" * 7096)
    with pytest.raises(EngineError, match="7096 takes; 100 are made at most") as raised:
        imported(path, output=tmp_path / "out.npz")
    assert "lines" in raised.value.hint


@pytest.mark.parametrize("text", ["0", "x", "3-1", "1-2-3", "-4"])
def test_lines_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(EngineError, match="no line of a file"):
        Lines.of(text)


def test_lines_are_numbers_and_ranges() -> None:
    lines = Lines.of(" 2, 5 - 7; 9 ")
    assert [n for n in range(1, 12) if n in lines] == [2, 5, 6, 7, 9]
    assert lines.within(6) == 3 and Lines.of("").within(6) == 6


def test_a_frame_stands_for_its_folder_and_a_folder_for_the_clips_in_it(tmp_path: Path, take: Path) -> None:
    root = tmp_path / "clips"
    root.mkdir()
    exported(take, root / "wave", "openpose_25")
    exported(take, root / "nod.npz", "dwpose")
    frames = sorted((root / "wave").iterdir())
    [one] = takes_of(imported(frames[0], frames[1], output=tmp_path / "out.npz"))
    assert one.name == "wave" and len(one.sequence) == FRAMES
    both = takes_of(imported(root, output=tmp_path / "out.npz"))
    assert [t.name for t in both] == ["nod", "wave"]
    assert both[0].sequence.fps == 25.0
    told = " ".join(both[0].warnings)
    assert "doesn't say its frame rate" in told and "doesn't show depth" in told


def test_a_take_of_ours_comes_back_whole(tmp_path: Path, take: Path) -> None:
    [back], before = takes_of(imported(take, output=tmp_path / "out.npz")), Take.load(take)
    assert (back.segments, back.text, back.method) == (before.segments, before.text, "dictionary")
    np.testing.assert_array_equal(back.sequence.poses, before.sequence.poses)


def test_what_cannot_be_read_is_left_out_with_its_reason(tmp_path: Path, take: Path, joints: Array) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "empty.skels").write_text("")
    (tmp_path / "nobody").mkdir()
    (tmp_path / "nobody" / "x_0_keypoints.json").write_text('{"people": []}')
    paths = [tmp_path / name for name in ("notes.txt", "empty.skels", "nobody", "gone.npz", "take.npz")]
    answer = imported(*paths, output=tmp_path / "out.npz")
    why = {s["what"]: s["why"] for s in answer["skipped"]}
    assert [v["name"] for v in answer["variations"]] == ["My take"]
    assert "kind of notes.txt is not known" in why["notes.txt"] and "is empty" in why["empty.skels"]
    assert "Nobody is found" in why["nobody"] and "no file gone.npz" in why["gone.npz"]


def test_when_nothing_can_be_imported_the_first_reason_is_the_error(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "notes.json").write_text("[1, 2]")
    with pytest.raises(EngineError, match=r"No take was imported\. data: Nobody is found.*can't be read"):
        imported(tmp_path / "data" / "notes.json", output=tmp_path / "out.npz")
    (tmp_path / "bare").mkdir()
    with pytest.raises(EngineError, match="holds no OpenPose frames"):
        imported(tmp_path / "bare", output=tmp_path / "out.npz")


def test_a_single_frame_is_no_motion(tmp_path: Path, joints: Array) -> None:
    with SkelsWriter(tmp_path / "still.skels") as writer:
        writer.write(joints[:1] * TO_PICTURE, "", "still")
    with pytest.raises(EngineError, match="one frame only"):
        imported(tmp_path / "still.skels", output=tmp_path / "out.npz")


def test_damage_in_the_middle_of_a_file_keeps_the_clips_before(tmp_path: Path, joints: Array) -> None:
    path = three_clips(tmp_path / "train.skels", joints)
    lines = path.read_text().splitlines()
    path.write_text("\n".join((lines[0], lines[1][:-9] + "x", lines[2])))
    answer = imported(path, output=tmp_path / "out.npz")
    assert [v["name"] for v in answer["variations"]] == ["clip 1"]
    assert "Line 2" in answer["skipped"][0]["why"]


def test_an_import_can_be_given_up_while_a_clip_is_fitted(tmp_path: Path, joints: Array) -> None:
    told: list[float] = []

    def report(_stage: str, fraction: float) -> None:
        told.append(fraction)
        if fraction > 0.2:
            raise Cancelled

    with pytest.raises(Cancelled):
        imported(three_clips(tmp_path / "a.skels", joints), output=tmp_path / "out.npz", report=report, lines="1")
    assert told == sorted(told) and not (tmp_path / "out.npz").exists()


# ------------------------------------------------------------ exporting


def test_skels_have_the_joints_normalised_as_prompt2sign_does(tmp_path: Path, take: Path, joints: Array) -> None:
    answer = exported(take, tmp_path / "x.skels", "skels")
    assert (answer["frames"], answer["fps"], answer["files"]) == (FRAMES, FPS, 4)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["take.npz", "x.files", "x.gloss", "x.skels", "x.text"]
    [clip] = list(read_skels(tmp_path / "x.skels"))
    assert (clip.text, clip.name, clip.gloss) == ("Lift the hand.", "My take", "LIFT HAND")
    flat = clip.points[..., :2]
    assert np.abs(flat.mean(axis=(0, 1))).max() < 1e-3 and abs(np.sqrt(np.square(flat).mean()) - 1.0) < 1e-3
    size = np.linalg.norm(joints[0, 2] - joints[0, 5]) / np.linalg.norm(clip.points[0, 2] - clip.points[0, 5])
    assert np.abs((clip.points - clip.points[:, 1:2]) * size - (joints - joints[:, 1:2]) * TO_PICTURE).max() < 1e-4


@pytest.mark.parametrize(("scale", "counter"), [(9.0, True), (3.0, False)])
def test_skels_come_back_within_millimetres(
    tmp_path: Path, take: Path, body: BodyModel, joints: Array, scale: float, counter: bool
) -> None:
    exported(take, tmp_path / "x.skels", "skels", scale=scale, counter=counter)
    assert detect(tmp_path / "x.skels").counter == counter
    [back] = takes_of(imported(tmp_path / "x.skels", output=tmp_path / "out.npz", fps=FPS))
    error = off(body, back.sequence, joints)
    assert error.mean() < 3.0 and error.mean(axis=0).max() < 8.0
    assert (back.name, back.text, back.sequence.fps) == ("My take", "Lift the hand.", FPS)


@pytest.mark.parametrize(("format", "points"), [("openpose_25", 25), ("openpose_18", 18)])
def test_openpose_folders_have_a_frame_a_file_as_the_camera_sees_it(
    tmp_path: Path, take: Path, joints: Array, format: str, points: int
) -> None:
    answer = exported(take, tmp_path / "clip", format)
    files = sorted((tmp_path / "clip").iterdir())
    assert len(files) == answer["files"] == FRAMES and files[0].name == "clip_000000000000_keypoints.json"
    [person] = json.loads(files[0].read_text())["people"]
    pose = np.array(person["pose_keypoints_2d"]).reshape(-1, 3)
    face = np.array(person["face_keypoints_2d"]).reshape(-1, 3)
    assert pose.shape == (points, 3) and face.shape == (70, 3)
    assert not face[:17].any() and (face[17:, 2] == 1.0).all()
    read = read_openpose(tmp_path / "clip")
    assert np.abs(read.points - Camera().project(joints)).max() < 1e-4 and (read.confidence == 1.0).all()
    assert not list(tmp_path.glob(".*")), "nothing is left beside it"


def test_points_of_a_face_lie_around_its_nose_and_those_of_legs_below_the_hips(tmp_path: Path, take: Path) -> None:
    exported(take, tmp_path / "clip", "openpose_25")
    [person] = json.loads(next((tmp_path / "clip").iterdir()).read_text())["people"]
    pose = dict(zip(BODY_25, np.array(person["pose_keypoints_2d"]).reshape(-1, 3), strict=True))
    face = np.array(person["face_keypoints_2d"]).reshape(-1, 3)
    right, left = pose["right_eye"], pose["left_eye"]
    apart = left[0] - right[0]
    assert apart > 0, "the signer's right is at the left of the picture"
    assert right[1] < pose["nose"][1] and pose["right_ear"][0] < right[0]
    assert (np.linalg.norm(face[17:, :2] - pose["nose"][:2], axis=1) < 1.7 * apart).all()
    np.testing.assert_allclose(face[[68, 69], :2], [right[:2], left[:2]])
    assert pose["nose"][1] < pose["neck"][1] < pose["mid_hip"][1]
    assert pose["right_hip"][0] < pose["mid_hip"][0] < pose["left_hip"][0]
    assert not pose["left_knee"].any() and not pose["right_heel"].any(), "legs are below the picture"


def test_dwpose_files_hold_what_the_camera_sees(tmp_path: Path, take: Path, joints: Array) -> None:
    answer = exported(take, tmp_path / "x.npz", "dwpose")
    read = read_dwpose(tmp_path / "x.npz")
    assert np.abs(read.points - Camera().project(joints)).max() < 1e-2 and (read.confidence == 1.0).all()
    with np.load(tmp_path / "x.npz", allow_pickle=False) as file:
        assert file["body"].shape == (FRAMES, 18, 2) and file["size"].tolist() == [1280, 720]
        legs = [9, 10, 12, 13]
        assert np.flatnonzero(file["body_score"][0] == 0.0).tolist() == legs and file["face_score"][0].sum() == 51
    assert any("contour" in w for w in answer["warnings"])


@pytest.mark.parametrize("format", ["openpose_25", "dwpose"])
def test_a_picture_comes_back_near_in_the_picture(
    tmp_path: Path, take: Path, body: BodyModel, joints: Array, format: str
) -> None:
    output = tmp_path / ("x.npz" if format == "dwpose" else "x")
    exported(take, output, format)
    [back] = takes_of(imported(output, output=tmp_path / "out.npz", fps=FPS))
    seen = [Camera().project(x - x[:, NECK : NECK + 1]) for x in (joints50(body, back.sequence.poses), joints)]
    error = np.linalg.norm(seen[0] - seen[1], axis=-1)
    assert error[:, :8].mean() < 20.0 and error[:, HANDS["right"]].mean() < 12.0, "pixels; shoulders are 180 apart"


def test_the_users_camera_decides_what_is_seen(tmp_path: Path, take: Path, body: BodyModel, joints: Array) -> None:
    # from the pelvis, along x as it is, y at half the size, no perspective
    matrix = [[1.0, 0.0, 0.0, 0.0], [0.0, 0.5, 0.0, 0.0], [0.0, 0.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]
    exported(take, tmp_path / "clip", "openpose_25", camera={"matrix": matrix, "width": 400, "height": 200})
    place = joints - body.joints()[0]
    wanted = np.stack([200.0 * (1.0 + place[..., 0]), 100.0 * (1.0 - 0.5 * place[..., 1])], axis=-1)
    assert np.abs(read_openpose(tmp_path / "clip").points - wanted).max() < 1e-4


def test_what_leaves_the_picture_counts_as_not_found_and_is_told(tmp_path: Path, take: Path) -> None:
    close = np.diag([6.0, 6.0, 1.0, 1.0]).tolist()
    answer = exported(take, tmp_path / "clip", "openpose_25", camera={"matrix": close, "width": 400, "height": 400})
    read = read_openpose(tmp_path / "clip")
    assert (read.confidence == 0.0).any() and not read.points[read.confidence == 0.0].any()
    assert any("leave the picture" in w for w in answer["warnings"])


@pytest.mark.parametrize("format", ["skels", "openpose_25", "dwpose"])
def test_a_full_disk_leaves_nothing_behind(
    tmp_path: Path, take: Path, monkeypatch: pytest.MonkeyPatch, format: str
) -> None:
    def full(*given: Any, **more: Any) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    for name in ("SkelsWriter.write", "write_openpose", "write_dwpose"):
        monkeypatch.setattr(f"engine.pose_files.exporting.{name}", full)
    with pytest.raises(EngineError, match="The disk is full"):
        exported(take, tmp_path / "x", format)
    assert [p.name for p in tmp_path.iterdir()] == ["take.npz"]


def test_an_export_that_is_given_up_leaves_nothing_behind(tmp_path: Path, take: Path) -> None:
    def report(stage: str, fraction: float) -> None:
        if stage == "Writing frames" and fraction > 0.8:
            raise Cancelled

    message = {"take": str(take), "output": str(tmp_path / "x"), "format": "openpose_25"}
    with pytest.raises(Cancelled):
        handler("take_export")(message, report)
    assert [p.name for p in tmp_path.iterdir()] == ["take.npz"]


def test_both_ways_are_commands_too(
    tmp_path: Path, take: Path, joints: Array, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["export-take", str(take), "-o", str(tmp_path / "x.skels"), "--scale", "3", "--no-counter"]) == 0
    assert "x.skels: 4 files, 10 frames at 24 a second" in capsys.readouterr().out
    paths = [str(tmp_path / name) for name in ("x.skels", "none.npz")]
    assert main(["import-takes", *paths, "-o", str(tmp_path / "back.npz"), "--fps", "24"]) == 0
    printed = capsys.readouterr()
    assert "back.npz: My take, 10 frames at 24 a second" in printed.out and "Left out: none.npz" in printed.err
    assert Take.load(tmp_path / "back.npz").text == "Lift the hand."
    assert main(["import-takes", paths[1], "-o", str(tmp_path / "out.npz")]) == 1
    assert "No take was imported" in capsys.readouterr().err


def test_frames_are_never_mixed_with_others(tmp_path: Path, take: Path) -> None:
    exported(take, tmp_path / "clip", "openpose_25")
    with pytest.raises(EngineError, match="holds files already"):
        exported(take, tmp_path / "clip", "openpose_18")


def test_an_export_at_another_frame_rate_takes_as_long(tmp_path: Path, take: Path) -> None:
    assert exported(take, tmp_path / "x.skels", "skels", fps=48)["frames"] == 2 * FRAMES - 1


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"format": "bvh"}, "format must be one of"),
        ({"format": "skels", "scale": 0}, "scale must be above 0"),
        ({"format": "skels", "fps": 1000}, "fps must be from 1 to 240"),
        ({"format": "dwpose", "camera": {"matrix": [[1]], "width": 1, "height": 1}}, "4 x 4"),
        ({"format": "dwpose", "camera": {"width": 1}}, "camera needs"),
    ],
)
def test_senseless_exports_are_refused(tmp_path: Path, take: Path, fields: dict[str, Any], message: str) -> None:
    with pytest.raises(EngineError, match=message):
        exported(take, tmp_path / "x", **fields)
    assert [p.name for p in tmp_path.iterdir()] == ["take.npz"]


def test_a_folder_that_is_not_there_is_told(tmp_path: Path, take: Path) -> None:
    for format in ("skels", "openpose_25"):
        with pytest.raises(EngineError, match="doesn't exist"):
            exported(take, tmp_path / "none" / "x", format)
