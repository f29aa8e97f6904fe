"""The whole path by commands: a data set on disk, a corpus, a tokenizer, codes, a generator, a bundle, a report."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")
pytest.importorskip("tensorboard")
pytest.importorskip("onnxruntime")
pytest.importorskip("sentencepiece")
pytest.importorskip("sacrebleu")
pytest.importorskip("torchmetrics")

from engine.__main__ import main
from engine.tokenizer.features import SOKE, stored_slice
from engine.training.cache import CacheWriter, ClipCache
from engine.training.data_sets import export_corpus
from engine.training.stored import STORED
from engine.training.tokenise import TokenCorpus
from export.__main__ import main as export

WORDS = ("cow", "house", "drink", "water", "mother")
DATA = """
[limits]
shortest_sign = 8

[[source]]
format = "how2sign"
splits = ["train", "val", "test"]

[[source]]
format = "how2sign"
splits = ["train"]
slices = "signs.csv"
"""
TOKENIZER = """
[parts]
body = {codes = 12, width = 16, code_width = 8}
left_hand = {codes = 10, width = 16, code_width = 8}
right_hand = {codes = 10, width = 16, code_width = 8}
[windows]
frames = 32
batch = 4
[run]
steps = 4
accelerator = "cpu"
validate_every = 2
checkpoint_every = 2
"""
GENERATOR = """
[model]
width = 16
encoder_layers = 1
decoder_layers = 1
heads = 2
feed_forward = 32
positions = 256
steps = 20
pieces = 320
[augment]
sign_to_text = 0.2
[batch]
samples = 2
[run]
steps = 4
accelerator = "cpu"
validate_every = 4
checkpoint_every = 2
"""


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a data set in the form of How2Sign, and settings."""
    folder = tmp_path_factory.mktemp("path")
    rng = np.random.default_rng(0)
    with CacheWriter(folder / "ours", SOKE) as writer:
        for number in range(12):
            text = " ".join(rng.choice(WORDS, 3)) + "."
            split = "train" if number < 8 else "val" if number < 10 else "test"
            motion = np.cumsum(rng.normal(0, 0.03, (44, SOKE.size)), axis=0)
            writer.add(motion, name=f"clip{number}", fps=24.0, language="ASL", source="x", split=split, text=text)
    export_corpus(ClipCache(folder / "ours"), "how2sign", folder)
    slices = [f"clip{i},{4 * i},{4 * i + 12},{word}" for i, word in enumerate(WORDS)]
    (folder / "signs.csv").write_text("\n".join(["name,start,end,label", *slices]) + "\n", "utf-8")
    for name, text in (("data", DATA), ("tokenizer", TOKENIZER), ("generator", GENERATOR)):
        (folder / f"{name}.toml").write_text(text, "utf-8")
    return folder


def run(place: Path, line: str) -> int:
    """A command, with `@name` for a file or folder of that place."""
    return main([part.replace("@", f"{place}/") for part in line.split()])


def test_from_a_data_set_to_a_report(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, f"corpus import how2sign={place} --config @data.toml -o @corpus") == 0
    assert run(place, "corpus info @corpus") == 0
    assert "ASL     isolated    train          5 clips" in capsys.readouterr().out
    assert run(place, "train tokenizer --config @tokenizer.toml --data @corpus -o @tokenizer") == 0
    assert run(place, "tokenize @corpus --tokenizer @tokenizer -o @codes") == 0
    assert "17 clips" in capsys.readouterr().out
    assert set(TokenCorpus.read(place / "codes").dictionary) == set(WORDS)
    for variant in ("multihead", "part", "flatten"):
        line = f"train generator --config @generator.toml --data @codes -o @generator-{variant}"
        assert run(place, f"{line} --set model.variant='{variant}'") == 0
        arguments = ["--tokenizer", f"{place}/tokenizer", "--generator", f"{place}/generator-{variant}"]
        arguments += ["--dictionary", f"{place}/codes/dictionary.json", "-o", f"{place}/{variant}"]
        assert export(["trained", *arguments]) == 0
    assert run(place, "evaluate tokenizer @corpus --bundle @multihead -o @report-tokenizer") == 0
    every = "--bundle @multihead --bundle @part --bundle @flatten"
    assert run(place, f"evaluate generator @corpus {every} -o @report --no-dictionary") == 0
    report = json.loads((place / "report/report.json").read_text("utf-8"))
    signed = ("codes of the recording", "no retrieval", "3 retrieved signs at most")
    assert [m["name"] for m in report["methods"]] == [
        f"{variant}, {how}" for variant in ("multihead", "part", "flatten") for how in signed
    ]
    assert report["clips"] == {"ASL": 2}
    assert report["back_translation"]["reader"] == "multihead"


def test_a_training_goes_on_and_never_over_another(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(place, f"corpus import how2sign={place} --config @data.toml -o @corpus2")
    line = "train tokenizer --config @tokenizer.toml --data @corpus2 -o @tokenizer2"
    assert run(place, f"{line} --set run.steps=2") == 0
    capsys.readouterr()
    assert run(place, line) == 1
    assert "--resume" in capsys.readouterr().err
    assert run(place, f"{line} --resume") == 0
    assert "4 steps" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train tokenizer --config @nothing.toml --data @ours -o @x", "tokenizer_soke"),
        ("train tokenizer --config @tokenizer.toml --data @ours -o @x --set run.stepps=3", "stepps"),
        ("train tokenizer --config @tokenizer.toml --data @nowhere -o @x", "no corpus"),
        ("train generator --config @generator.toml --data @ours -o @x", "tokens.npz"),
        ("tokenize @ours --tokenizer @nowhere -o @x", "nowhere"),
        ("corpus import how2sign -o @x", "NAME=FOLDER"),
        ("corpus import bobsl=@ -o @x", "bobsl"),
        ("corpus info @nowhere", "no corpus"),
    ],
)
def test_wrong_commands_say_what_is_wrong(
    place: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    assert run(place, line) == 1
    assert message in capsys.readouterr().err


def test_published_statistics_take_the_place_of_the_corpus_s(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    mean, std = np.random.default_rng(0).uniform(size=(2, STORED))
    np.save(place / "mean.npy", mean)
    np.save(place / "std.npy", std)
    line = f"corpus import how2sign={place} --config @data.toml --statistics @mean.npy @std.npy -o @corpus3"
    assert run(place, line) == 0
    statistics = ClipCache(place / "corpus3").statistics
    assert np.array_equal(statistics.mean, stored_slice(mean))
    assert np.array_equal(statistics.std, stored_slice(std))
    np.save(place / "mean.npy", mean[:7])
    assert run(place, line.replace("@corpus3", "@corpus4")) == 1
    assert "179" in capsys.readouterr().err


def test_a_corpus_is_exported_as_a_data_set(place: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["corpus", "export", str(place / "ours"), "--format", "how2sign", "-o", str(tmp_path / "out")]) == 0
    assert "12 clips as how2sign" in capsys.readouterr().out
    assert (tmp_path / "out/test/poses/clip11/clip11_43_3D.pkl").is_file()
    assert main(["corpus", "export", str(place / "ours"), "--format", "csl", "-o", str(tmp_path / "none")]) == 1
    assert "no sentences of CSL" in capsys.readouterr().err


@pytest.mark.parametrize("line", ["corpus", "corpus import", "train generator", "tokenize", "evaluate tokenizer"])
def test_every_command_explains_itself(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([*line.split(), "--help"])
    assert end.value.code == 0
    assert len(capsys.readouterr().out) > 200
