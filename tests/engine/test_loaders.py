"""Data sets as they lie on disk become a corpus; what is damaged is told and skipped, and nothing in it can do harm."""

from __future__ import annotations

import dataclasses
import gzip
import json
import os
import pickle
import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

pytest.importorskip("tqdm")

from engine.skeleton import JOINT_INDEX, POSE_SIZE
from engine.tokenizer.features import SIGNWRIGHT, SOKE, Layout, stored_slice
from engine.training import stored
from engine.training.annotations import AnnotationError, read_annotations
from engine.training.cache import LAYOUT, CacheError, CacheWriter, ClipCache
from engine.training.config import CONFIGS, ConfigError, read_config
from engine.training.data_sets import DataConfig, export_corpus, import_corpus
from engine.training.loading import SKIPPED, Limits, SourceConfig, Summary
from engine.training.unpickling import PickleRefused, read_pickle

LANGUAGES = {"how2sign": "ASL", "csl": "CSL", "phoenix": "DGS"}
TEXTS = {"how2sign": 'She said "yes", twice.', "csl": "你好，我叫小明。", "phoenix": "schönes Wetter mit Böen"}


def corpus(
    folder: Path, language: str, text: str, *, fps: float = 24.0, layout: Layout = SOKE, frames: int = 44
) -> ClipCache:
    """Two clips to train on and one to test with, of smooth random motion."""
    rng = np.random.default_rng(5)
    with CacheWriter(folder, layout) as writer:
        for name, split in (("clip-1_a", "train"), ("Ä clip.2", "train"), ("clip 3", "test")):
            motion = np.cumsum(rng.normal(0, 0.03, (frames, layout.size)), axis=0)
            writer.add(motion, name=name, fps=fps, language=language, source="sentence", split=split, text=text)
    return ClipCache(folder)


def on_disk(tmp_path: Path, name: str, **options: Any) -> tuple[ClipCache, Path]:
    """A corpus of ours and the same as the data set `name` stores it."""
    cache = corpus(tmp_path / "ours", LANGUAGES[name], TEXTS[name], **options)
    root = tmp_path / "data set"
    root.mkdir()
    assert export_corpus(cache, name, root) == 3
    return cache, root


def imported(root: Path, folder: Path, name: str = "how2sign", workers: int = 1, **changes: Any) -> Summary:
    source = SourceConfig(name, str(root), **{"splits": ("train", "test"), **changes})  # type: ignore[arg-type]
    return import_corpus(DataConfig((source,), workers=workers), folder)


def frame_files(root: Path, clip: str) -> list[Path]:
    return sorted((p for p in root.rglob("*.pkl") if p.parent.name == clip), key=lambda p: (len(p.name), p.name))


@pytest.mark.parametrize("name", LANGUAGES)
def test_a_corpus_written_as_a_data_set_reads_back_to_the_same_features(tmp_path: Path, name: str) -> None:
    cache, root = on_disk(tmp_path, name, fps=20.0)
    rate = 20.0 if name == "phoenix" else 0.0  # its tables say none
    summary = imported(root, tmp_path / "read", name, fps=rate)
    assert not summary.skipped
    assert [(c.name, c.split, c.text, c.language, c.source) for c in summary.cache.clips] == [
        (c.name, c.split, TEXTS[name], LANGUAGES[name], name) for c in cache.clips
    ]
    for ours, theirs in zip(cache.clips, summary.cache.clips, strict=True):
        assert np.array_equal(cache.features(ours), summary.cache.features(theirs))
        assert theirs.fps == 20.0
    assert np.array_equal(cache.statistics.mean, summary.cache.statistics.mean)


def test_frames_lie_where_the_data_sets_have_them(tmp_path: Path) -> None:
    roots = {name: on_disk(tmp_path / name, name)[1] for name in LANGUAGES if not (tmp_path / name).mkdir()}
    assert (roots["how2sign"] / "train/poses/clip-1_a/clip-1_a_0_3D.pkl").is_file()
    assert (roots["how2sign"] / "how2sign_realigned_train_preprocessed_fps.csv").is_file()
    assert (roots["csl"] / "poses/clip-1_a/000000.pkl").is_file()
    assert (roots["phoenix"] / "clip-1_a/images0001.pkl").is_file()
    frame = pickle.loads((roots["csl"] / "poses/clip-1_a/000000.pkl").read_bytes())
    assert {key: value.shape for key, value in frame.items()} == {k: (n,) for k, n in stored.FIELDS.items()}


def test_a_corpus_of_our_own_layout_keeps_arms_hands_and_jaw(tmp_path: Path) -> None:
    cache, root = on_disk(tmp_path, "csl", layout=SIGNWRIGHT)
    read = imported(root, tmp_path / "read", "csl").cache
    ours, _ = SIGNWRIGHT.poses(cache.features(cache.clips[0]))
    theirs, face = SOKE.poses(read.features(read.clips[0]))
    columns = [3 * JOINT_INDEX[name] + k for name in SOKE.joints for k in range(3)]
    assert np.array_equal(ours[:, columns], theirs[:, columns])
    assert not face.any()


def test_faster_recordings_are_resampled_by_time(tmp_path: Path) -> None:
    """Every second frame of 48 a second is a frame of 24 a second."""
    cache, root = on_disk(tmp_path, "how2sign", fps=48.0, frames=101)
    read = imported(root, tmp_path / "read").cache
    assert [(c.frames, c.fps) for c in read.clips] == [(51, 24.0)] * 3
    assert np.allclose(read.features(read.clips[0]), cache.features(cache.clips[0])[::2], atol=1e-5)


@settings(max_examples=25, deadline=None)
@given(hnp.arrays(np.float32, (3, stored.STORED), elements=st.floats(-3, 3, width=32)))
def test_stored_frames_and_poses_say_the_same(values: np.ndarray) -> None:
    values[:, 159:169] = 0.0  # the shape isn't kept
    poses, expression = stored.poses_of(values)
    assert np.array_equal(stored.stored_of(poses, expression), values)
    assert np.array_equal(SOKE.features(poses, expression), stored_slice(values))
    assert poses.shape == (3, POSE_SIZE)


# what is damaged


def rewritten(change: Callable[[dict[str, Any]], Any]) -> Callable[[Path], None]:
    def damage(path: Path) -> None:
        path.write_bytes(pickle.dumps(change(pickle.loads(path.read_bytes()))))

    return damage


class _Evil:
    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, ("harm",)


DAMAGES: dict[str, tuple[Callable[[Path], Any], str]] = {
    "cut off": (lambda path: path.write_bytes(path.read_bytes()[:-200]), "damaged"),
    "empty": (lambda path: path.write_bytes(b""), "damaged"),
    "malicious": (lambda path: path.write_bytes(pickle.dumps(_Evil())), "asks for"),
    "malicious inside": (rewritten(lambda frame: frame | {"smplx_shape": _Evil()}), "asks for"),
    "no dict": (rewritten(lambda frame: [1, 2]), "list"),
    "a key missing": (rewritten(lambda f: {k: v for k, v in f.items() if k != "smplx_expr"}), "lacks smplx_expr"),
    "wrong length": (rewritten(lambda frame: frame | {"smplx_body_pose": np.zeros(62)}), "62 values"),
    "text": (rewritten(lambda frame: frame | {"smplx_jaw_pose": np.array(["a", "b", "c"])}), "smplx_jaw_pose"),
    "not a number": (rewritten(lambda frame: frame | {"smplx_jaw_pose": np.array([0, np.nan, 0])}), "not finite"),
    "too large": (rewritten(lambda frame: frame | {"smplx_jaw_pose": np.array([0, 1e6, 0])}), "no angle"),
    "huge": (lambda path: path.write_bytes(b"\0" * (stored.MAX_FRAME_BYTES + 1)), "bytes"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_frame_costs_its_clip_only_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, damage: str
) -> None:
    monkeypatch.chdir(tmp_path)
    cache, root = on_disk(tmp_path, "how2sign")
    spoil, expected = DAMAGES[damage]
    victim = frame_files(root, "clip-1_a")[7]
    spoil(victim)
    summary = imported(root, tmp_path / "read")
    assert [c.name for c in summary.cache.clips] == ["Ä clip.2", "clip 3"]
    (skipped,) = summary.skipped
    assert (skipped.name, skipped.reason, skipped.file) == ("clip-1_a", "damaged frame", victim.name)
    assert expected in skipped.detail
    assert any(victim.name in line for line in summary.lines())
    assert json.loads((tmp_path / "read" / SKIPPED).read_text("utf-8"))["name"] == "clip-1_a"
    assert not (tmp_path / "harm").exists()
    assert np.array_equal(summary.cache.features(summary.cache.clips[0]), cache.features(cache.clips[1]))


def remove_frame(root: Path) -> None:
    frame_files(root, "clip-1_a")[9].unlink()


def keep_few(root: Path) -> None:
    for path in frame_files(root, "clip-1_a")[20:]:
        path.unlink()


def write_many(root: Path) -> None:
    frame = frame_files(root, "clip-1_a")[0]
    for number in range(500):
        (frame.parent / f"clip-1_a_{number}_3D.pkl").write_bytes(frame.read_bytes())


def empty_folder(root: Path) -> None:
    for path in frame_files(root, "clip-1_a"):
        path.unlink()


def remove_folder(root: Path) -> None:
    empty_folder(root)
    (root / "train/poses/clip-1_a").rmdir()


def frame_twice(root: Path) -> None:
    frame = frame_files(root, "clip-1_a")[3]
    frame.with_name("clip-1_a_003_3D.pkl").write_bytes(frame.read_bytes())


def odd_rate(root: Path) -> None:
    table = root / "how2sign_realigned_train_preprocessed_fps.csv"
    table.write_text(table.read_text("utf-8").replace("24.0", "0", 1), "utf-8")


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (remove_frame, "frame missing"), (keep_few, "too short"), (write_many, "too long"),
        (empty_folder, "no frames"), (remove_folder, "no folder"), (frame_twice, "frame twice"),
        (odd_rate, "frame rate"),
    ],
)  # fmt: skip
def test_an_incomplete_clip_is_skipped_with_its_reason(
    tmp_path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    _, root = on_disk(tmp_path, "how2sign")
    spoil(root)
    summary = imported(root, tmp_path / "read")
    assert [(s.name, s.reason) for s in summary.skipped] == [("clip-1_a", reason)]
    assert len(summary.cache) == 2


def test_other_files_among_the_frames_are_passed_over(tmp_path: Path) -> None:
    _, root = on_disk(tmp_path, "how2sign")
    (root / "train/poses/clip-1_a/.DS_Store").write_bytes(b"x")
    (root / "train/poses/clip-1_a/other_7_3D.pkl").write_bytes(b"x")
    assert not imported(root, tmp_path / "read").skipped


def test_nothing_to_read_is_an_error_that_says_why(tmp_path: Path) -> None:
    _, root = on_disk(tmp_path, "how2sign", frames=10)
    with pytest.raises(CacheError, match=r"None of 3 recordings .* 10 frames"):
        imported(root, tmp_path / "read")
    with pytest.raises(AnnotationError, match="no table of the texts of train"):
        imported(tmp_path / "ours", tmp_path / "read2")
    with pytest.raises(AnnotationError, match="no folder"):
        imported(tmp_path / "nowhere", tmp_path / "read3")


def test_a_name_that_leads_out_of_the_folder_is_refused(tmp_path: Path) -> None:
    _, root = on_disk(tmp_path, "csl")
    (root / "csl_daily_train.csv").write_text("name,text\n../../ours,x\n", "utf-8")
    with pytest.raises(AnnotationError, match="leads out"):
        imported(root, tmp_path / "read", "csl")


# going on


def test_an_import_that_was_cut_off_goes_on(tmp_path: Path) -> None:
    _, root = on_disk(tmp_path, "how2sign")
    remove_frame(root)
    whole = imported(root, tmp_path / "whole").cache
    cut = imported(root, tmp_path / "cut").cache.folder
    (cut / LAYOUT).unlink()
    lines = (cut / "clips.jsonl").read_text("utf-8").splitlines(keepends=True)
    (cut / "clips.jsonl").write_text(lines[0] + lines[1][:20], "utf-8")
    for path in frame_files(root, "Ä clip.2"):  # isn't read again
        path.unlink()
    summary = imported(root, cut)
    assert [s.name for s in summary.skipped] == ["clip-1_a"]
    assert np.array_equal(summary.cache.frames, whole.frames)
    assert summary.cache.clips == whole.clips


def test_going_on_with_other_settings_is_refused(tmp_path: Path) -> None:
    _, root = on_disk(tmp_path, "how2sign")
    folder = imported(root, tmp_path / "read").cache.folder
    with pytest.raises(CacheError, match="holds a corpus already"):
        imported(root, folder)
    (folder / LAYOUT).unlink()
    with pytest.raises(CacheError, match="other settings"):
        imported(root, folder, splits=("train",))


def test_several_processes_read_the_same(tmp_path: Path) -> None:
    _, root = on_disk(tmp_path, "how2sign")
    remove_frame(root)
    one, two = (imported(root, tmp_path / str(n), workers=n) for n in (1, 2))
    assert np.array_equal(one.cache.frames, two.cache.frames)
    assert (one.cache.clips, one.skipped) == (two.cache.clips, two.skipped)


# isolated signs


def test_isolated_signs_are_slices_with_a_label(tmp_path: Path) -> None:
    cache, root = on_disk(tmp_path, "csl")
    (root / "signs.csv").write_text(
        "name,start,end,label\nclip-1_a,4,24,你好\nclip 3,0,3,短\nÄ clip.2,30,99,x\n", "utf-8"
    )
    summary = imported(root, tmp_path / "read", "csl", slices="signs.csv")
    (clip,) = summary.cache.clips
    assert (clip.key, clip.source, clip.frames, clip.glosses) == ("你好", "isolated", 20, ("你好",))
    assert np.array_equal(summary.cache.features(clip), cache.features(cache.clips[0])[4:24])
    assert {s.reason for s in summary.skipped} == {"too short", "slice"}


def test_sentences_say_which_isolated_signs_their_texts_ask_for(tmp_path: Path) -> None:
    """Both come from one data set: whole recordings from one source, slices of them from another."""
    _, root = on_disk(tmp_path, "how2sign")
    (root / "signs.csv").write_text("name,start,end,label\nclip-1_a,4,24,say\nclip 3,9,29,cow\n", "utf-8")
    sources = tuple(SourceConfig("how2sign", str(root), ("train", "test"), slices=s) for s in ("", "signs.csv"))
    cache = import_corpus(DataConfig(sources), tmp_path / "read").cache
    assert [c.extra["retrieved"] for c in cache.clips if not c.key] == [[["say"]]] * 3
    assert [c.key for c in cache.clips if c.key] == ["say", "cow"]


@pytest.mark.parametrize(
    ("row", "message"), [("nobody,0,9,A", "no recording"), ("clip 3,9,9,A", "start before its end")]
)
def test_a_wrong_slice_is_an_error(tmp_path: Path, row: str, message: str) -> None:
    _, root = on_disk(tmp_path, "csl")
    (root / "signs.csv").write_text(f"name,start,end,label\n{row}\n", "utf-8")
    with pytest.raises(AnnotationError, match=message):
        imported(root, tmp_path / "read", "csl", slices="signs.csv")


# texts


def written(path: Path, data: bytes | str) -> Path:
    path.write_bytes(data if isinstance(data, bytes) else data.encode("utf-8"))
    return path


def test_tables_of_texts_are_read_in_the_kinds_that_the_field_has(tmp_path: Path) -> None:
    record = {"name": "a/1", "text": "Grüße", "gloss": "GRUSS"}
    info = {"info": [{"name": "S1", "label_char": ["你", "好"], "label_gloss": ["你", "好"]}]}
    tables = {
        "comma.csv": '﻿SENTENCE_NAME,SENTENCE,fps\na/1,"Grüße, du",29.97\n',
        "tab.csv": 'SENTENCE_NAME\tSENTENCE\na/1\tsay "hi\n',
        "bar.csv": "name|video|start|end|speaker|orth|translation\na/1|x|-1|-1|s|GRUSS|Grüße\n",
        "list.json": json.dumps([record]),
        "named.json": json.dumps({"a/1": "Grüße"}),
        "lines.jsonl": json.dumps(record) + "\n",
        "phoenix14t.train": gzip.compress(pickle.dumps([record])),
        "csl.pkl": pickle.dumps(info),
    }
    rows = {name: read_annotations(written(tmp_path / name, data))[0] for name, data in tables.items()}
    assert (rows["comma.csv"].text, rows["comma.csv"].fps) == ("Grüße, du", 29.97)
    assert rows["tab.csv"].text == 'say "hi'
    for name in ("bar.csv", "list.json", "lines.jsonl", "phoenix14t.train"):
        assert (rows[name].name, rows[name].text, rows[name].gloss) == ("a/1", "Grüße", "GRUSS")
    assert rows["named.json"].text == "Grüße"
    assert (rows["csl.pkl"].text, rows["csl.pkl"].gloss) == ("你好", "你 好")


@pytest.mark.parametrize(
    "data", [b"", b"a,b\n1,2\n", b"\xff\xfe\x00", b"name,fps\nx,fast\n", pickle.dumps(_Evil()), b"\x1f\x8bxx", b"\x80"]
)
def test_what_is_no_table_of_texts_is_refused(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(AnnotationError, match=r"texts\.csv"):
        read_annotations(written(tmp_path / "texts.csv", data))


def test_a_table_of_all_splits_says_the_split_of_each(tmp_path: Path) -> None:
    _, root = on_disk(tmp_path, "csl")
    for path in root.glob("csl_daily_*.csv"):
        path.unlink()
    table = written(root / "csl_daily.csv", "name,text,split\nclip-1_a,x,train\nclip 3,y,test\n")
    read = imported(root, tmp_path / "read", "csl", fps=24.0).cache
    assert [(c.name, c.split) for c in read.clips] == [("clip-1_a", "train"), ("clip 3", "test")]
    written(table, "name,text\nclip-1_a,x\n")
    with pytest.raises(AnnotationError, match="split"):
        imported(root, tmp_path / "read2", "csl")


# pickles


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("numpy_1", [False, True])
def test_arrays_of_both_numpys_and_plain_containers_are_read(protocol: int, numpy_1: bool) -> None:
    given_ = {
        "floats": np.arange(6, dtype=np.float32).reshape(2, 3),
        "columns": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big": np.arange(3, dtype=">i4"),
        "flags": np.array([True, False]),
        "empty": np.zeros((0, 3)),
        "names": np.array(["ä", "bc"]),
        "scalar": np.float64(2.5),
        "plain": ("x", [1, None], {2.0: b"y"}, {3}, True),
    }
    data = pickle.dumps(given_, protocol)
    if numpy_1:
        data = data.replace(b"numpy._core", b"numpy.core") if protocol < 4 else data
    read = read_pickle(data)
    assert read["plain"] == given_["plain"]
    for name in set(given_) - {"plain"}:
        assert np.array_equal(read[name], given_[name])
        assert read[name].dtype == given_[name].dtype


def with_array(shape: tuple[int, ...], data: bytes, code: str = "f4") -> bytes:
    """A pickle of an array whose header says what it likes."""

    class Array:
        def __reduce__(self) -> tuple[Any, ...]:
            return (
                np.zeros(0).__reduce__()[0], (np.ndarray, (0,), b"b"), (1, shape, np.dtype(code), False, data),
            )  # fmt: skip

    return pickle.dumps(Array(), 4)


@pytest.mark.parametrize(
    "data",
    [
        with_array((1 << 60,), b"\0" * 4),
        with_array((2,), b"\0" * 4),
        with_array((-1, -1), b"\0" * 4),
        with_array((1,), [object], "O"),  # type: ignore[arg-type]
        with_array((1,), b"\0" * 8, "f4,f4"),
        pickle.dumps(np.array([1j])),
        pickle.dumps(np.array(["2020-01-01"], dtype="M8[D]")),
        pickle.dumps(_Evil()),
        pickle.dumps(os.system),
        pickle.dumps(dataclasses.replace),
        b"\x80\x04r\xff\xff\xff\x7fN.",  # a memo of 16 GB in the unpickler in C
        b"cbuiltins\nbytes\n(I1000000000000\ntR.",
        b"cnumpy\nndarray\n(I1000000000000\ntR(dVshape\nI1\nsb.",
        b"\x80\x02" + b"(" * 100_000,
        b"\x80\x04" + b"]" + b"\x8c\x01a" * 3,
        b"\x80\x04Pid\n.",
        b"\x80\x04\x82\x01.",
        struct.pack("<B", 0x80),
        b"not a pickle",
    ],
)
def test_what_is_no_array_or_plain_value_is_refused(data: bytes) -> None:
    with pytest.raises(PickleRefused):
        read_pickle(data)


def test_a_file_cannot_change_what_it_may_call() -> None:
    slots = b"N}X\x05\x00\x00\x00_callK\x01s\x86"  # (None, {"_call": 1})
    for state in (slots, b"}"):
        with pytest.raises(PickleRefused, match="changes what it may only call"):
            read_pickle(b"\x80\x02cnumpy\ndtype\n" + state + b"b.")
    assert read_pickle(pickle.dumps(np.arange(3.0))).tolist() == [0, 1, 2]


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=60), st.integers(0, 400), st.integers(0, 255))
def test_any_damage_to_a_pickle_is_told_as_such(noise: bytes, at: int, byte: int) -> None:
    whole = bytearray(pickle.dumps({"a": np.arange(40.0), "b": [1, "x"]}))
    whole[at % len(whole)] = byte
    for data in (bytes(whole), noise, bytes(whole[: at % len(whole)]) + noise):
        try:
            read_pickle(data)
        except PickleRefused:
            continue


# settings


def test_the_published_settings_come_along(tmp_path: Path) -> None:
    config = read_config(CONFIGS / "data_soke.toml", DataConfig)
    assert config.limits == Limits(40, 400, 24.0)
    with pytest.raises(ConfigError, match="No folder"):
        config.with_roots({})
    with pytest.raises(ConfigError, match="nothing"):
        config.with_roots({"nothing": "x"})
    _, root = on_disk(tmp_path, "phoenix")
    placed = config.with_roots({"phoenix": str(root)})
    assert [s.format for s in placed.source] == ["phoenix"]
    changed = read_config(CONFIGS / "data_soke.toml", DataConfig, ["workers=3"])
    assert changed.workers == 3
