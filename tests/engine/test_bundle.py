"""A folder of a model is believed only as far as it was checked."""

from __future__ import annotations

import copy
import json
import os
from pathlib import Path
from typing import Any

import pytest

from engine import bundles
from engine.bundle import MANIFEST, Bundle, BundleError, Manifest, write_manifest
from engine.soke.settings import check_model
from engine.tokenizer.features import SIGNWRIGHT, SOKE

TOKENIZER = {
    "body": {"features": 43, "codes": 96, "width": 512, "code_width": 512},
    "left_hand": {"features": 45, "codes": 192, "width": 512, "code_width": 512},
    "right_hand": {"features": 45, "codes": 192, "width": 512, "code_width": 512},
}
GENERATOR = {
    "vocabulary": 19_504, "width": 1024, "encoder_layers": 12, "decoder_layers": 12, "heads": 16, "feed_forward": 4096,
    "positions": 1024, "scale_encoder": True, "scale_decoder": True, "fusion": 0.4, "steps": 100, "prompt": "key_word",
    "sizes": {"body": 96, "left_hand": 192, "right_hand": 192},
}  # fmt: skip
MODEL: dict[str, Any] = {"features": SOKE.to_json(), "fps": 24.0, "tokenizer": TOKENIZER, "generator": GENERATOR}


def made(folder: Path, **changes: Any) -> Path:
    """A bundle of two files, its manifest's fields changed."""
    folder.mkdir()
    (folder / "a.onnx").write_bytes(b"weights")
    (folder / "b.json").write_text("{}", "utf-8")
    write_manifest(folder, Manifest("soke", "Test", ("ASL",), "CC0-1.0", "made by a test", MODEL), ["a.onnx", "b.json"])
    data = json.loads((folder / MANIFEST).read_text("utf-8"))
    data = {key: value for key, value in {**data, **changes}.items() if value is not ...}
    (folder / MANIFEST).write_text(json.dumps(data), "utf-8")
    return folder


def test_a_bundle_that_was_written_is_opened(tmp_path: Path) -> None:
    bundle = Bundle.open(made(tmp_path / "b"), "soke")
    check_model(bundle)
    assert bundle.file("a.onnx").read_bytes() == b"weights"
    assert bundle.has("b.json")
    assert not bundle.has("c")
    with pytest.raises(BundleError, match=r"lacks c; it has: a\.onnx, b\.json"):
        bundle.file("c")


def test_a_bundle_of_another_kind_is_told(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="for 'soke', not for 'other'"):
        Bundle.open(made(tmp_path / "b"), "other")


FILE = {"bytes": 7, "sha256": "0" * 64}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"format": 2}, "another version"),
        ({"format": ...}, "lacks format"),
        ({"licence": ...}, "lacks licence"),
        ({"more": 1}, "unknown fields more"),
        ({"name": 3}, "name is no text"),
        ({"kind": ["soke"]}, "kind is no text"),
        ({"licence": None}, "licence is no text"),
        ({"languages": "ASL"}, "languages"),
        ({"languages": [1]}, "languages"),
        ({"model": []}, "model holds no fields"),
        ({"files": []}, "files"),
        ({"files": {str(i): FILE for i in range(300)}}, "up to 256"),
        ({"files": {"a": 1}}, "bytes and sha256"),
        ({"files": {"a": {**FILE, "url": "x"}}}, "bytes and sha256"),
        ({"files": {"a": {**FILE, "bytes": True}}}, "no whole number"),
        ({"files": {"a": {**FILE, "bytes": -1}}}, "no whole number"),
        ({"files": {"a": {**FILE, "bytes": 1 << 60}}}, "larger than 32 GB"),
        ({"files": {"a": {**FILE, "sha256": "xyz"}}}, "64 digits"),
        ({"files": {"a": {**FILE, "sha256": None}}}, "64 digits"),
    ],
    ids=str,
)
def test_a_wrong_manifest_is_told(tmp_path: Path, changes: dict[str, Any], told: str) -> None:
    with pytest.raises(BundleError, match=told):
        Bundle.open(made(tmp_path / "b", **changes), "soke")


@pytest.mark.parametrize(
    "name",
    [
        "",
        "..",
        "../x",
        "a/../../x",
        "/etc/passwd",
        "a\\b",
        "c:x",
        "a//b",
        "./a",
        "a/",
        "nul",
        "CON.txt",
        "a\n",
        "a\0",
        "x?",
    ],
)
def test_files_outside_of_the_folder_are_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(BundleError, match="outside of its folder"):
        Bundle.open(made(tmp_path / "b", files={name: FILE}), "soke")


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b"[" * 200_000, b'{"format": 1e999999}'], ids=range(7)
)
def test_a_manifest_that_cannot_be_read_is_told(tmp_path: Path, content: bytes) -> None:
    (tmp_path / MANIFEST).write_bytes(content)
    with pytest.raises(BundleError, match=rf"{MANIFEST} in {tmp_path.name} (can't be read|is wrong)"):
        Bundle.open(tmp_path, "soke")


def test_a_huge_manifest_is_not_read(tmp_path: Path) -> None:
    with (tmp_path / MANIFEST).open("wb") as file:
        file.truncate(1 << 40)
    with pytest.raises(BundleError, match="larger than 4 MB"):
        Bundle.open(tmp_path, "soke")


def test_a_folder_without_manifest_is_no_bundle(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="is no bundle"):
        Bundle.open(tmp_path, "soke")


def test_missing_cut_and_changed_files_are_told(tmp_path: Path) -> None:
    missing, cut, changed = (made(tmp_path / name) for name in ("missing", "cut", "changed"))
    (missing / "a.onnx").unlink()
    (cut / "a.onnx").write_bytes(b"wei")
    (changed / "a.onnx").write_bytes(b"WEIGHTS")
    with pytest.raises(BundleError, match=r"lacks a\.onnx"):
        Bundle.open(missing, "soke")
    with pytest.raises(BundleError, match="has 3 bytes, its manifest says 7"):
        Bundle.open(cut, "soke")
    with pytest.raises(BundleError, match="hash is not the manifest's"):
        Bundle.open(changed, "soke")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no pipes in folders")
def test_a_pipe_is_no_file_of_a_bundle(tmp_path: Path) -> None:
    folder = made(tmp_path / "b")
    (folder / "a.onnx").unlink()
    os.mkfifo(folder / "a.onnx")
    with pytest.raises(BundleError, match="no plain file"):
        Bundle.open(folder, "soke")


def test_published_and_own_layouts_are_models(tmp_path: Path) -> None:
    for name, layout in (("soke", SOKE), ("own", SIGNWRIGHT)):
        tokenizer = {part: {**sizes, "features": len(layout.columns[part])} for part, sizes in TOKENIZER.items()}
        model = {**MODEL, "features": layout.to_json(), "tokenizer": tokenizer}
        check_model(Bundle.open(made(tmp_path / name, model=model), "soke"))


def test_a_tokenizer_alone_is_a_model_and_needs_no_layout(tmp_path: Path) -> None:
    check_model(Bundle.open(made(tmp_path / "b", model={"tokenizer": TOKENIZER}), "soke"))


def changed(path: str, value: Any) -> dict[str, Any]:
    """The model with one setting changed, or without it."""
    model = copy.deepcopy(MODEL)
    *parents, name = path.split(".")
    inner = model
    for parent in parents:
        inner = inner[parent]
    if value is ...:
        del inner[name]
    else:
        inner[name] = value
    return model


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        ("tokenizer", ..., "tokenizer is missing"),
        ("tokenizer.body", 3, "body is missing"),
        ("tokenizer.left_hand", ..., "left_hand is missing"),
        ("tokenizer.body.codes", "96", "codes is '96'"),
        ("tokenizer.body.codes", 0, "codes is 0"),
        ("tokenizer.body.codes", 1 << 40, "codes is"),
        ("tokenizer.body.width", 1 << 30, "width is"),
        ("tokenizer.body.features", 44, "44 features, and the layout 43"),
        ("features", {"body": []}, "layout of features"),
        ("features", {**SOKE.to_json(), "body": ["tail"]}, "tail"),
        ("fps", 0, "fps is 0"),
        ("fps", "24", "fps is '24'"),
        ("fps", float("nan"), "fps is nan"),
        ("generator", [], "generator is missing or holds no fields"),
        ("generator.width", ..., "width is None"),
        ("generator.width", 1e3, "width is 1000.0"),
        ("generator.width", 1 << 20, "width is"),
        ("generator.vocabulary", 1 << 40, "vocabulary is"),
        ("generator.decoder_layers", True, "decoder_layers is True"),
        ("generator.heads", 7, "can't be split into 7 heads"),
        ("generator.scale_encoder", 1, "scale_encoder"),
        ("generator.fusion", ..., "fusion is None"),
        ("generator.fusion", 0.7, "not within"),
        ("generator.fusion", True, "no number"),
        ("generator.steps", ..., "steps is None"),
        ("generator.steps", 10**9, "steps is"),
        ("generator.keywords", -1, "keywords is -1"),
        ("generator.prompt", "other", "prompt is 'other'"),
        ("generator.prompt", ["key_word"], "prompt is"),
        ("generator.variant", "x", "variant is 'x'"),
        ("generator.sizes", ..., "sizes is missing"),
        ("generator.sizes.body", 95, "95 codes for body, the tokenizer 96"),
        ("generator.sign_tags", "en_ASL", "sign_tags"),
        ("generator.sign_tags", ["x"] * 2000, "sign_tags"),
        ("generator.source_tags", ["x"], "source_tags"),
        ("generator.source_tags", {"ASL": 1}, "source_tags"),
        ("generator.tasks", {}, "tasks"),
    ],
)
def test_a_setting_that_no_model_has_is_told(tmp_path: Path, path: str, value: Any, told: str) -> None:
    folder = made(tmp_path / "b", model=changed(path, value))
    with pytest.raises(BundleError, match=told):
        check_model(Bundle.open(folder, "soke"))
    assert told.split()[0] in bundles._listed(folder, "b", embedded=False).problem, "the panel's list tells it too"
