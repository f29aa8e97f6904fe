"""The models that are there, the requests about them, and the command line."""
# ruff: noqa: F401, F811 - fixtures are imported

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.engine.neural_kit import OURS, models, options, quiet  # isort: skip

from engine import bundles
from engine.__main__ import main
from engine.description import description
from engine.generators.base import EngineError
from engine.requests import handler
from engine.take import Take


@pytest.fixture
def damaged(models: str, tmp_path: Path) -> str:
    """A copy of the models: one file is cut, one folder is empty, one has a file changed in place."""
    folder = tmp_path / "models"
    shutil.copytree(models, folder)
    (folder / "ours" / "decoder_body.onnx").write_bytes(b"short")
    (folder / "empty").mkdir()
    (folder / ".half").mkdir()
    words = folder / "theirs" / "dictionary.json"
    words.write_bytes(words.read_bytes().replace(b"hello", b"hallo"))
    return str(folder)


def test_models_are_listed_with_what_is_known_of_them(models: str) -> None:
    listed = {b["id"]: b for b in description(models)["bundles"] if not b["embedded"]}
    assert set(listed) == {"own/ours", "own/theirs", "own/tokenizer"}
    ours = listed["own/ours"]
    assert ours["languages"][:3] == ["ASL", "CSL", "DGS"]
    assert ours["generator"] and ours["dictionary"] and ours["captions"] and not ours["problem"]
    assert ours["signs"] > 1000
    assert ours["bytes"] > 100_000
    assert ours["settings"]["keywords"] == 32
    assert not listed["own/tokenizer"]["generator"]
    assert not listed["own/theirs"]["captions"]


def test_damaged_models_are_listed_with_their_problem(damaged: str) -> None:
    listed = {b["id"]: b for b in description(damaged)["bundles"] if not b["embedded"]}
    assert set(listed) == {"own/ours", "own/theirs", "own/tokenizer", "own/empty"}
    assert "decoder_body.onnx" in listed["own/ours"]["problem"]
    assert "manifest.json" in listed["own/empty"]["problem"]
    # a change that keeps the size is found when the files are read
    assert listed["own/theirs"]["problem"] == ""
    with pytest.raises(EngineError) as raised:
        bundles.verified(bundles.choose("own/theirs", damaged))
    assert raised.value.code == "bundle_damaged"
    assert "dictionary.json" in raised.value.message


def test_the_method_tells_whether_it_can_be_used(models: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.bundles.EMBEDDED", tmp_path / "none")
    able = {m["name"]: m for m in description(models)["methods"]}["neural"]
    assert able["usable"] and able["bundles"] and "ASL" in able["languages"]
    unable = {m["name"]: m for m in description("")["methods"]}["neural"]
    assert not unable["usable"] and unable["languages"] == []
    assert "export soke" in unable["problem"]


def test_the_default_model_is_one_that_knows_the_language(models: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.bundles.EMBEDDED", Path(models) / "none")
    assert bundles.choose("", models, "ASL").id == "own/ours"
    assert bundles.choose("", models, "TSL").id == "own/ours"
    assert bundles.choose("ours", models).id == "own/ours"
    assert bundles.choose(str(Path(models) / "theirs")).folder.name == "theirs"


def test_the_request_bundles_looks_anew(models: str) -> None:
    answer = handler("bundles")({"models": models}, quiet)
    assert answer["runtime"]["name"] in ("base", "torch")
    assert answer["devices"][0]["id"] == "cpu"
    with pytest.raises(EngineError):
        handler("bundles")({"models": 3}, quiet)


def test_keywords_are_shown_before_generating(models: str) -> None:
    message: dict[str, Any] = {"text": "Hello, my name is Anna.", "models": models, "options": options(off=[1])}
    answer = handler("keywords")(message, quiet)
    assert answer["bundle"] == OURS
    assert [k["gloss"] for k in answer["keywords"]][:3] == ["HELLO", "POSS-1", "NAME"]
    assert [k["on"] for k in answer["keywords"]][:3] == [True, False, True]
    first = answer["keywords"][0]
    assert (first["word"], first["entry"], first["source"]) == ("Hello", "asl/HELLO", "bundle")
    assert first["text_span"] == [0, 5]
    assert {"word": "Anna", "gloss": "fs-ANNA", "text_span": [18, 22], "fate": "spelled"} in answer["others"]


def test_generate_writes_every_variation(models: str, tmp_path: Path) -> None:
    message = {"text": "Hello.", "method": "neural", "models": models, "options": options(), "variations": 2}
    answer = handler("generate")({**message, "output": str(tmp_path / "a.npz")}, quiet)
    assert [Path(v["path"]).name for v in answer["variations"]] == ["a.npz", "a-2.npz"]
    assert answer["runtime"] == "onnx-cpu"
    for variation in answer["variations"]:
        take = Take.load(variation["path"])
        assert (take.seed, len(take.sequence)) == (variation["seed"], variation["frames"])
        assert variation["score"] == take.settings["score"]


def test_other_methods_have_variations_too(tmp_path: Path) -> None:
    answer = handler("generate")(
        {"text": "Hello", "method": "dictionary", "variations": 2, "output": str(tmp_path / "a.npz")}, quiet
    )
    assert [v["score"] for v in answer["variations"]] == [None, None]
    first, second = (Take.load(v["path"]).sequence.poses for v in answer["variations"])
    assert first.shape != second.shape or not np.array_equal(first, second)


def test_the_command_line_generates_and_edits(models: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    a, b = str(tmp_path / "a.npz"), str(tmp_path / "b.npz")
    chosen = ["--models", models, "--bundle", "ours"]
    assert main(["generate", "Hello.", "--method", "neural", "--temperature", "0.5", *chosen, "-o", a]) == 0
    assert capsys.readouterr().out.startswith("HELLO\n")
    assert main(["regenerate", a, "--range", "1.0", "2.0", "--parts", "left_hand", *chosen, "-o", b]) == 0
    assert "seam at 1.00 s" in capsys.readouterr().out
    assert main(["keywords", "Hello, book.", "--without", "1", *chosen]) == 0
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].split()[:3] == ["0", "HELLO", "asl/HELLO"]
    assert printed[1].startswith("-  1 BOOK")


def test_the_command_line_lists_models(damaged: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["bundles", "--models", damaged]) == 0
    printed = capsys.readouterr()
    assert "own/tokenizer" in printed.out
    assert "own/ours can't be used" in printed.err
