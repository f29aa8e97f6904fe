"""Motion from OpenPose folders, DWPose files and `.skels`, and their way into the user's dictionary."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.dictionary.readers import motion_of, readers
from engine.formats.body50 import TO_PICTURE, Camera, joints50
from engine.formats.dwpose import write_dwpose
from engine.formats.motion50 import FPS, read_openpose_motion, read_skels_motions
from engine.formats.openpose import write_openpose
from engine.formats.skeleton50 import HANDS
from engine.formats.skels import SkelsWriter
from engine.generators.base import EngineError
from engine.skeleton import JOINT_INDEX, POSE_SIZE

Array = NDArray[np.floating]


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)


@pytest.fixture(scope="module")
def poses() -> Array:
    """(T, 165) a right arm that lifts its hand before the chest."""
    poses = np.zeros((16, POSE_SIZE))
    for side, sign in (("left", 1.0), ("right", -1.0)):
        poses[:, 3 * JOINT_INDEX[f"{side}_shoulder"] + 2] = -sign * 1.1
    poses[:, 3 * JOINT_INDEX["right_elbow"] + 1] = np.linspace(0.3, 1.9, len(poses))
    return poses


@pytest.fixture(scope="module")
def joints(body: BodyModel, poses: Array) -> Array:
    return joints50(body, poses)


def test_an_openpose_folder_becomes_motion_in_the_picture_exact_to_a_few_percent(
    tmp_path: Path, body: BodyModel, joints: Array
) -> None:
    write_openpose(Camera().sees(joints), tmp_path / "clip", "clip")
    motion = read_openpose_motion(tmp_path / "clip")
    sequence = motion.take.sequence
    assert (len(sequence), sequence.fps, motion.take.name) == (len(joints), FPS, "clip")
    assert any("frame rate" in note for note in motion.notes)
    got = joints50(body, sequence.poses)
    flat = [(x - x[:, 1:2])[..., :2] for x in (got, joints)]
    wide = np.linalg.norm(joints[:, 2] - joints[:, 5], axis=-1).mean()
    missed = np.linalg.norm(flat[0] - flat[1], axis=-1).mean(axis=0) / wide
    assert missed[:8].mean() < 0.1 and missed[HANDS["right"]].mean() < 0.2


def test_clips_of_skels_become_motions_in_space(tmp_path: Path, body: BodyModel, joints: Array) -> None:
    with SkelsWriter(tmp_path / "a.skels", gloss=True) as writer:
        writer.write(joints * TO_PICTURE * 5.0, "Lift the hand.", "clip 1", "LIFT")
    [(clip, motion)] = list(read_skels_motions(tmp_path / "a.skels"))
    assert (clip.gloss, motion.take.text, motion.take.name) == ("LIFT", "Lift the hand.", "clip 1")
    gap = joints50(body, motion.take.sequence.poses) - joints
    assert np.linalg.norm(gap - gap[:, 1:2], axis=-1).mean() < 0.008, "metres"
    assert motion.fit_residual is not None and motion.fit_residual < 3.0, "percent of the palm"


def test_the_dictionary_takes_them_in(tmp_path: Path, joints: Array) -> None:
    seen = Camera().sees(joints)
    write_openpose(seen, tmp_path / "WAVE", "WAVE")
    write_dwpose(seen, tmp_path / "wave.npz", (1280, 720))
    with SkelsWriter(tmp_path / "two.skels") as writer:
        writer.write(joints * TO_PICTURE, "", "FIRST")
        writer.write(joints * TO_PICTURE, "", "SECOND")
    found = []
    for path in (tmp_path / "WAVE", tmp_path / "two.skels"):
        for file, reader in readers(path):
            assert callable(reader), reader
            found += [incoming.gloss for incoming in reader(file)]  # pyright: ignore[reportAttributeAccessIssue]
    assert found == ["WAVE", "FIRST", "SECOND"]
    assert len(motion_of(tmp_path / "wave.npz").take.sequence) == len(joints)


def test_a_folder_without_anybody_is_told(tmp_path: Path, joints: Array) -> None:
    (tmp_path / "x_keypoints.json").write_text('{"people": []}')
    with pytest.raises(EngineError, match="Nobody is found"):
        read_openpose_motion(tmp_path)
