"""A corpus as training files of Prompt2Sign, and such files as arrays that are read at random."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from tests.engine.skels_kit import FPS, sentences, signs, write_files

pytest.importorskip("torch")
pytest.importorskip("tqdm")

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.formats.body50 import TO_PICTURE, joints50
from engine.formats.skels import read_skels
from engine.tokenizer.features import SIGNWRIGHT
from engine.training.cache import CacheWriter, ClipCache
from engine.training.signllm_data import PoseSpace, SkelsFolder
from engine.training.signllm_skels import ABOUT, SkelsError, write_skels


@pytest.fixture
def corpus(tmp_path: Path) -> ClipCache:
    """Four clips of noise: three sentences and an isolated sign."""
    rng = np.random.default_rng(0)
    with CacheWriter(tmp_path / "corpus", SIGNWRIGHT) as writer:
        for number, split in enumerate(("train", "train", "val")):
            motion = np.cumsum(rng.normal(0, 0.02, (21, SIGNWRIGHT.size)), axis=0)
            about = {"text": f"text {number}", "glosses": ("IX-1", "fs-ANNA"), "source": "sentence", "split": split}
            writer.add(motion, name=f"clip{number}", fps=24.0, language="ASL", **about)
        about = {"source": "isolated", "split": "train", "extra": {"words": ["Haus", "Gebäude"]}, "glosses": ("HAUS",)}
        writer.add(motion, name="sign", fps=24.0, language="DGS", **about)
    return ClipCache(tmp_path / "corpus")


def test_the_files_have_the_joints_of_the_clips_their_texts_and_glosses(corpus: ClipCache, tmp_path: Path) -> None:
    counts = write_skels(corpus, tmp_path / "files")
    assert counts == {"ASL": 3, "DGS": 1}
    train = list(read_skels(tmp_path / "files/ASL/train.skels"))
    assert [(c.name, c.text, c.gloss) for c in train] == [(f"clip{i}", f"text {i}", "IX-1 fs-ANNA") for i in (0, 1)]
    poses, _ = SIGNWRIGHT.poses(np.asarray(corpus.features(corpus.clips[1])))
    wanted = joints50(BodyModel.load(EMBEDDED_AVATAR), poses) * TO_PICTURE
    assert np.allclose(train[1].points, wanted, atol=5.1e-5), "five decimals of a ninth of a metre"
    (alone,) = read_skels(tmp_path / "files/DGS/train.skels")
    assert (alone.text, alone.gloss) == ("Haus", "HAUS")
    assert len(list(read_skels(tmp_path / "files/ASL/dev.skels"))) == 1
    assert json.loads((tmp_path / "files" / ABOUT).read_text("utf-8"))["fps"] == 24.0


def test_another_frame_rate_is_made_by_time(corpus: ClipCache, tmp_path: Path) -> None:
    write_skels(corpus, tmp_path / "files", fps=12.0)
    slow = next(read_skels(tmp_path / "files/ASL/train.skels"))
    write_skels(corpus, tmp_path / "fast")
    fast = next(read_skels(tmp_path / "fast/ASL/train.skels"))
    assert (len(slow), len(fast)) == (11, 21)
    assert np.allclose(slow.points, fast.points[::2], atol=2e-4)


def test_writing_goes_on_where_it_was_cut_off_and_never_over_whole_files(corpus: ClipCache, tmp_path: Path) -> None:
    write_skels(corpus, tmp_path / "whole")
    write_skels(corpus, tmp_path / "cut")
    (tmp_path / "cut" / ABOUT).unlink()
    path = tmp_path / "cut/ASL/train.skels"
    wanted = (tmp_path / "whole/ASL/train.skels").read_bytes()
    path.write_bytes(wanted[: len(wanted) * 3 // 4])
    write_skels(corpus, tmp_path / "cut")
    assert path.read_bytes() == wanted
    with pytest.raises(SkelsError, match="already"):
        write_skels(corpus, tmp_path / "whole")


def test_files_are_read_as_numbers_once_and_again_when_they_change(tmp_path: Path) -> None:
    folder = SkelsFolder.read(write_files(tmp_path))
    split = folder.split("ASL", "train")
    plain = list(read_skels(tmp_path / "ASL/train.skels"))
    assert [c.text for c in split.clips] == [c.text for c in plain]
    for clip, wanted in zip(split.clips, plain, strict=True):
        assert np.allclose(split.points(clip), wanted.points.reshape(len(wanted), -1), atol=1e-6)
        assert np.array_equal(split.points(clip, every=3), split.points(clip)[::3])
    kept = tmp_path / "ASL/train.frames.f32"
    before = kept.stat().st_mtime_ns
    folder.split("ASL", "train")
    assert kept.stat().st_mtime_ns == before, "what is kept is used"
    write_files(tmp_path, train=5)
    assert len(folder.split("ASL", "train")) == 5


def test_a_folder_that_does_not_say_its_frame_rate_needs_to_be_told(tmp_path: Path) -> None:
    write_files(tmp_path)
    (tmp_path / ABOUT).unlink()
    with pytest.raises(SkelsError, match="frame rate"):
        SkelsFolder.read(tmp_path)
    assert SkelsFolder.read(tmp_path, fps=25.0).fps == 25.0
    with pytest.raises(SkelsError, match="no training files"):
        SkelsFolder.read(tmp_path / "ASL")
    with pytest.raises(SkelsError, match="TSL"):
        SkelsFolder.read(tmp_path, fps=FPS).chosen(["TSL"])


@pytest.mark.parametrize("from_wrists", [False, True])
def test_what_the_loss_sees_is_a_linear_map_of_normalised_joints(from_wrists: bool) -> None:
    clips = [signs()[word].reshape(-1, 150) for _, words in sentences("train", 8, 0) for word in words]
    space = PoseSpace.of(lambda: iter(clips), 0.01, from_wrists)
    seen = space.into(clips[0])
    assert np.allclose(seen, space.plain.normalised(clips[0]) @ space.matrix.T, atol=1e-4)
    assert np.allclose(space.back(seen), clips[0], atol=1e-5)
    moved = clips[0].copy().reshape(-1, 50, 3)
    moved[:, 8:29] += 0.1
    changed = ~np.isclose(space.into(moved.reshape(-1, 150)), seen, atol=1e-5).all(axis=0).reshape(50, 3).all(axis=1)
    assert changed.sum() == (1 if from_wrists else 21), "a hand that moves as a whole keeps its shape"
