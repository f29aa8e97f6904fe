"""What becomes of the user's signs when a write fails, and when files are damaged or mean harm."""

from __future__ import annotations

import io
import json
import os
import struct
import tracemalloc
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recordings import recording, waving

from engine import requests
from engine.dictionary import containers
from engine.dictionary.store import UserDictionary
from engine.generators import registry
from engine.generators.base import EngineError, GenerateRequest
from engine.take import Take, TakeError


def ask(kind: str, dictionary: Path | str, **message: Any) -> dict[str, Any]:
    return requests.handler(kind)({"language": "ASL", "dictionary": str(dictionary), **message}, lambda *told: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "my signs"


# ---------------------------------------------------------------- writes that fail


def failing(monkeypatch: pytest.MonkeyPatch, name: str, at: int) -> None:
    """The call of `os.<name>` with this number fails, like on a full disk; calls before and after it work."""
    real, calls = getattr(os, name), iter(range(1_000))

    def call(*arguments: Any) -> Any:
        if next(calls) == at:
            raise OSError(28, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(os, name, call)


def content(folder: Path) -> dict[str, bytes]:
    files = (p for p in folder.rglob("*") if p.is_file() and p.suffix in (".toml", ".json", ".npz", ".part"))
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


@pytest.mark.parametrize("name", ["fsync", "replace"])
@pytest.mark.parametrize("kind", ["recorded instead of written", "written instead of recorded"])
def test_a_sign_is_kept_whichever_write_fails_when_it_is_replaced(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, name: str
) -> None:
    ask("sign_edit", folder, gloss="BOOK", changes={"words": ["book"]}, copy=True)
    if kind == "recorded instead of written":
        ask("sign_edit", folder, gloss="HELLO", changes={"words": ["hello"]}, copy=True)
        new = {"kind": "sign_add", "gloss": "HELLO", "motion": str(recording(tmp_path / "x.npz")), "replace": True}
    else:
        ask("sign_add", folder, gloss="HELLO", motion=str(recording(tmp_path / "x.npz")))
        ask("sign_edit", tmp_path / "theirs", gloss="HELLO", changes={"words": ["hello"]}, copy=True)
        new = {"kind": "signs_import", "paths": [str(tmp_path / "theirs")], "duplicates": "replace"}
    before = content(folder)
    at = 0
    for at in range(20):
        with monkeypatch.context() as patch:
            failing(patch, name, at)
            try:
                ask(dictionary=folder, **new)
                break
            except EngineError as e:
                assert e.code == "disk_full"
        assert content(folder) == before
    assert at >= 2, "all writes were made to fail"
    dictionary = UserDictionary(folder, "ASL")
    assert {*dictionary.recorded(), *dictionary.written()} == {"BOOK", "HELLO"}
    assert ("HELLO" in dictionary.recorded()) == (kind == "recorded instead of written")


def test_a_crash_between_two_writes_loses_no_sign(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("sign_edit", folder, gloss="HELLO", changes={"words": ["hello"]}, copy=True)
    motion, seen, real = recording(tmp_path / "x.npz"), [], os.replace

    def replace(*arguments: Any) -> None:
        real(*arguments)
        dictionary = UserDictionary(folder, "ASL")
        seen.append("HELLO" in dictionary.recorded() or "HELLO" in dictionary.written())

    monkeypatch.setattr(os, "replace", replace)
    ask("sign_add", folder, gloss="HELLO", motion=str(motion), replace=True)
    assert len(seen) >= 3 and all(seen)


# ---------------------------------------------------------------- files that are damaged or mean harm


def npz(**arrays: Any) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **{"poses": waving().poses, "mocap_frame_rate": 30.0, **arrays})
    return file.getvalue()


def patched(offset: int, new: bytes) -> bytes:
    """A motion file with other bytes at a place of every entry of its table of contents."""
    data = bytearray(npz())
    entry = data.find(b"PK\x01\x02")
    while entry >= 0:
        data[entry + offset : entry + offset + len(new)] = new
        entry = data.find(b"PK\x01\x02", entry + 4)
    return bytes(data)


def garbled() -> bytes:
    data = bytearray(npz())
    data[200:600] = bytes(b ^ 0xFF for b in data[200:600])
    return bytes(data)


def claiming(*shape: int) -> bytes:
    """A motion file without data whose header claims an array of a shape."""
    header, file = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(header, {"descr": "<f8", "fortran_order": False, "shape": shape})
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("poses.npy", header.getvalue())
    return file.getvalue()


def zipped(**files: bytes | str) -> bytes:
    """A dictionary as a zip: its index, its written signs, the motion of one sign."""
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(
                {"index": "asl/recorded.json", "signs": "asl/signs.toml"}.get(name, "asl/motion/e.npz"), data
            )
    return file.getvalue()


INDEX = json.dumps({"format": 1, "signs": {"EVIL": {"words": ["evil"], "motion": "motion/e.npz"}}})
BAD_MOTION: dict[str, Callable[[], bytes]] = {
    "garbled": garbled,
    "encrypted": lambda: patched(8, b"\x01"),
    "unknown compression": lambda: patched(10, struct.pack("<H", 99)),
    "12 TiB claimed": lambda: claiming(10**10, 165),
    "more than a number of elements": lambda: claiming(10**30, 0),
    "one number for all": lambda: npz(poses=np.float64(3.0)),
    "poses of text": lambda: npz(poses=np.array([["a"] * 165] * 5)),
    "complex poses": lambda: npz(poses=waving().poses.astype(complex)),
    "a rate of text": lambda: npz(mocap_frame_rate=np.array(["fast"])),
    "two rates": lambda: npz(mocap_frame_rate=np.array([24.0, 30.0])),
    "no frame": lambda: npz(poses=np.zeros((0, 55, 3))),
}
BAD_FILES: dict[str, Callable[[], bytes]] = {
    **{f"{name}.npz": make for name, make in BAD_MOTION.items()},
    "a body of one number.npz": lambda: npz(poses=np.array("x"), body_pose=np.float64(3.0)),
    "garbled motion.zip": lambda: zipped(index=INDEX, motion=garbled()),
    "12 TiB of motion.zip": lambda: zipped(index=INDEX, motion=claiming(10**10, 165)),
    "deep json.zip": lambda: zipped(index="[" * 200_000 + "]" * 200_000),
    "deep toml.zip": lambda: zipped(signs="a = " + "[" * 100_000 + "]" * 100_000),
}


@pytest.mark.parametrize("name", BAD_FILES)
def test_a_bad_file_does_not_stop_the_others(folder: Path, tmp_path: Path, name: str) -> None:
    bad = tmp_path / name
    bad.write_bytes(BAD_FILES[name]())
    paths = [recording(tmp_path / "first.npz"), bad, recording(tmp_path / "last.npz")]
    done = ask("signs_import", folder, paths=[str(p) for p in paths])
    assert sorted(done["added"]) == ["FIRST", "LAST"]
    assert [name in s["what"] and len(s["why"]) > 10 for s in done["skipped"]] == [True]


@pytest.mark.parametrize("name", BAD_MOTION)
def test_bad_motion_is_an_error_with_its_name_and_takes_no_memory(folder: Path, tmp_path: Path, name: str) -> None:
    bad = tmp_path / "bad.npz"
    bad.write_bytes(BAD_MOTION[name]())
    tracemalloc.start()
    try:
        with pytest.raises(EngineError, match=r"bad\.npz"):
            ask("sign_add", folder, gloss="X", motion=str(bad))
        with pytest.raises(TakeError):
            Take.load(bad)
        assert tracemalloc.get_traced_memory()[1] < 20 << 20
    finally:
        tracemalloc.stop()


def test_a_folder_of_too_many_files_is_not_walked_to_its_end(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for i in range(30):
        (tmp_path / "many" / f"{i}").mkdir(parents=True)
    walked: list[Path] = []
    real = Path.rglob

    def rglob(self: Path, pattern: str) -> Any:
        for path in real(self, pattern):
            walked.append(path)
            yield path

    monkeypatch.setattr(Path, "rglob", rglob)
    monkeypatch.setattr(containers, "MAX_MEMBERS", 5)
    with pytest.raises(EngineError, match="more than 5"):
        containers.FolderContainer(tmp_path / "many").names()
    assert len(walked) == 6


@pytest.mark.parametrize("damage", ["missing", "cut off", "one frame"])
def test_a_sign_whose_recording_is_damaged_is_named_when_it_is_to_be_signed(
    folder: Path, tmp_path: Path, damage: str
) -> None:
    ask("sign_add", folder, gloss="BOOK", motion=str(recording(tmp_path / "x.npz")))
    motion = next((folder / "asl/motion").iterdir())
    if damage == "missing":
        motion.unlink()
    elif damage == "cut off":
        motion.write_bytes(motion.read_bytes()[:100])
    else:
        motion.write_bytes(npz(poses=np.zeros((1, 165))))
    with pytest.raises(EngineError, match="BOOK") as error:
        registry.get("dictionary").generate(
            GenerateRequest("", gloss="BOOK", dictionary=str(folder)), lambda *told: None
        )
    assert (error.value.code, error.value.fix) == ("sign_damaged", "open_dictionary")
    assert str(motion) in error.value.hint


def test_files_of_ones_own_that_are_nested_too_deeply_are_told(folder: Path, tmp_path: Path) -> None:
    ask("sign_edit", folder, gloss="BOOK", changes={"words": ["tome"]}, copy=True)
    (folder / "asl/recorded.json").write_text("[" * 200_000 + "]" * 200_000)
    (folder / "asl/deep.toml").write_text("a = " + "[" * 100_000 + "]" * 100_000)
    (folder / "rules").mkdir()
    (folder / "rules/asl.toml").write_text("a = " + "[" * 100_000 + "]" * 100_000)
    found = ask("signs", folder, own=True)
    assert [s["gloss"] for s in found["signs"]] == ["BOOK"]
    assert sorted(name for name in ("recorded.json", "deep.toml") for p in found["problems"] if name in p) == [
        "deep.toml",
        "recorded.json",
    ]
    with pytest.raises(EngineError, match=r"rules.asl\.toml") as error:
        ask("plan", folder, text="tome")
    assert error.value.code == "rules_damaged"
    (folder / "rules/asl.toml").unlink()
    planned = ask("plan", folder, text="tome")
    assert planned["gloss_line"] == "BOOK"
    assert "deep.toml" in " ".join(planned["warnings"])
    with pytest.raises(EngineError) as error:
        ask("sign_add", folder, gloss="X", motion=str(recording(tmp_path / "x.npz")))
    assert error.value.code == "dictionary_damaged"


@pytest.mark.parametrize("name", ["two rates", "a rate of text", "garbled", "12 TiB claimed"])
def test_a_list_of_signs_bears_a_damaged_recording(folder: Path, tmp_path: Path, name: str) -> None:
    ask("sign_add", folder, gloss="X", motion=str(recording(tmp_path / "x.npz")))
    next((folder / "asl/motion").iterdir()).write_bytes(BAD_MOTION[name]())
    assert [s["seconds"] for s in ask("signs", folder, own=True)["signs"]] == [0.0]


def test_a_review_is_not_taken_over_from_a_file(folder: Path, tmp_path: Path) -> None:
    theirs = tmp_path / "theirs"
    motion = str(recording(tmp_path / "x.npz"))
    ask("sign_add", theirs, gloss="MINE", motion=motion, description="A wave.", reviewed_by="Eve")
    ask("sign_edit", theirs, gloss="BOOK", changes={"words": ["book"], "reviewed_by": "Eve"}, copy=True)
    assert {s["reviewed_by"] for s in ask("signs", theirs, own=True)["signs"]} == {"Eve"}
    ask("signs_import", folder, paths=[str(theirs)])
    signs = {s["gloss"]: s for s in ask("signs", folder, own=True)["signs"]}
    assert {s["reviewed_by"] for s in signs.values()} == {""}
    assert signs["MINE"]["description"] == "A wave. (Reviewed by Eve according to theirs.)"
    assert signs["BOOK"]["description"].endswith("(Reviewed by Eve according to theirs.)")
