"""What an evaluation of SignLLM measures, and the whole path by commands, from training files to a report."""

from __future__ import annotations

import json
import re
from pathlib import Path

import numpy as np
import pytest

from tests.engine.skels_kit import FRAMES, signs, write_files

pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")
pytest.importorskip("tensorboard")
pytest.importorskip("sentencepiece")
pytest.importorskip("sacrebleu")
pytest.importorskip("torchmetrics")
pytest.importorskip("matplotlib")

from engine.__main__ import main
from engine.training.plots import Bars, bar_plot
from engine.training.signllm_evaluation import Settings, asked_clips, evaluated, figures_of, stretched
from engine.training.signllm_producers import OtherProducer, Produced, RecordingProducer, StillProducer
from engine.training.signllm_report import About, markdown

MODELS = """
[data]
hands_from_wrists = true
longest = 40
[pose.model]
width = 16
heads = 2
encoder_layers = 1
decoder_layers = 1
feed_forward = 32
pieces = 300
[pose.batch]
samples = 8
[pose.run]
steps = 3
accelerator = "cpu"
"""
GLOSS = MODELS[MODELS.index("[pose.model]") :].replace("pose.", "gloss.")
READER = GLOSS.replace("gloss.", "")


def clip(*words: str) -> np.ndarray:
    return np.concatenate([signs()[word] for word in words]).reshape(-1, 150)


def test_the_recording_itself_errs_nothing() -> None:
    truth = clip("cow", "water")
    found = figures_of(Produced(truth), truth)
    assert (found["DTW"], found["DTW hands"], found["DTW sum"], found["MPJPE"]) == pytest.approx((0, 0, 0, 0), abs=1e-9)
    assert (found["length"], found["ended"]) == (1.0, 1.0)


def test_pace_is_not_held_against_motion_by_warping_and_place_by_nothing() -> None:
    truth = clip("cow", "water")
    slow = np.repeat(truth, 2, axis=0) + np.tile([0.4, -0.1, 0.2], 50)
    found = figures_of(Produced(slow, ended=False), truth)
    assert found["DTW"] == pytest.approx(0.0, abs=1e-9)
    assert found["MPJPE"] > 0.0, "frame by frame a repeated frame isn't one between two"
    assert (found["length"], found["ended"]) == (2.0, 0.0)


def test_an_offset_of_one_joint_is_told_in_millimetres() -> None:
    truth = clip("cow")
    moved = truth.reshape(-1, 50, 3).copy()
    moved[:, 20, 1] += 0.05
    found = figures_of(Produced(moved.reshape(-1, 150)), truth)
    assert found["MPJPE"] == pytest.approx(50.0 / 50)
    assert found["DTW"] <= found["MPJPE"] + 1e-9
    assert found["DTW hands"] <= 0.5 * 50.0 / 21 + 1e-9


def test_stretching_keeps_both_ends_and_straight_lines() -> None:
    line = np.arange(5.0)[:, None] * np.array([1.0, -2.0])
    assert np.allclose(stretched(line, 9)[:, 0], np.arange(9) / 2)
    assert np.allclose(stretched(line, 5), line)
    assert np.allclose(stretched(line[:1], 3), line[:1])


def test_methods_are_ranked_as_they_shall_be(tmp_path: Path) -> None:
    asked, unit = asked_clips(write_files(tmp_path), Settings(), 6.0, ["ASL", "DGS"])
    assert unit == "metres"
    assert len(asked["ASL"][0].points) % (FRAMES // 2) == 0, "every second frame"
    results = evaluated([RecordingProducer(), OtherProducer(), StillProducer()], asked, 6.0, None)
    recordings, other, still = (result.mean("all", "DTW")[0] for result in results)
    assert recordings == pytest.approx(0.0, abs=1e-9)
    assert min(other, still) > 10.0
    with pytest.raises(ValueError, match="frames a second"):
        asked_clips(tmp_path, Settings(), 5.0, ["ASL"])
    with pytest.raises(ValueError, match="no clips"):
        asked_clips(tmp_path, Settings("nothing"), 6.0, ["ASL"])
    text = markdown(About("files", unit, 6.0, Settings(), {"ASL": 4, "DGS": 4}, "1"), results)
    assert "| recordings | 8 | 0.00 ± 0.00 |" in text
    assert "no model that reads poses was given" in text


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with training files and settings."""
    folder = tmp_path_factory.mktemp("place")
    write_files(folder / "files")
    (folder / "mlsf.toml").write_text('mode = "mlsf"\n' + MODELS, "utf-8")
    (folder / "p2lg.toml").write_text('mode = "prompt2langgloss"\n' + MODELS + GLOSS, "utf-8")
    (folder / "reader.toml").write_text(READER, "utf-8")
    return folder


def run(place: Path, line: str) -> int:
    """A command, with `@name` for a file or folder of that place."""
    return main([part.replace("@", f"{place}/") for part in line.split()])


def test_from_files_to_a_report_with_a_plot(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(place, "train signllm --config @mlsf.toml --data @files -o @mlsf-rl --set pose.loss.kind='rl'") == 0
    assert run(place, "train signllm --config @p2lg.toml --data @files -o @langgloss") == 0
    assert run(place, "train reader --config @reader.toml --data @files -o @reader") == 0
    assert "trained" in capsys.readouterr().out
    line = "evaluate signllm @files --model @mlsf-rl --model @langgloss --reader @reader -o @report --samples 2"
    assert run(place, line) == 0
    text = (place / "report/report.md").read_text("utf-8")
    assert "| MLSF | RL | 1 |" in text
    assert "| Prompt2LangGloss | MSE | 1 |" in text
    report = json.loads((place / "report/report.json").read_text("utf-8"))
    names = [method["name"] for method in report["methods"]]
    assert names[3:] == ["mlsf-rl", "langgloss", "langgloss, glosses given"]
    assert report["clips"] == {"ASL": 2, "DGS": 2}
    assert report["methods"][5]["gloss_errors"]["ASL"]["planned"] == 0.0
    plot = (place / "report/report.svg").read_text("utf-8")
    assert all(name in plot for name in ("recordings", "mlsf-rl", "ASL", "DGS"))


def test_a_training_is_never_begun_over_another(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    line = "train signllm --config @mlsf.toml --data @files -o @mlsf-twice"
    assert run(place, line) == 0
    assert run(place, line) == 1
    assert "--resume" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("train signllm --config @mlsf.toml --data @nowhere -o @x", "no training files"),
        ("train signllm --config @mlsf.toml --data @files -o @x --set data.languages=['TSL']", "TSL"),
        ("train signllm --config @mlsf.toml --data @files -o @x --set pose.lose=3", "lose"),
        ("evaluate signllm @files --model @nowhere -o @x", "no trained model"),
        ("evaluate signllm @files --model @nowhere --reader @nowhere -o @x", "no trained model"),
    ],
)
def test_wrong_commands_say_what_is_wrong(
    place: Path, capsys: pytest.CaptureFixture[str], line: str, message: str
) -> None:
    assert run(place, line) == 1
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("line", ["corpus skels", "corpus texts", "train signllm", "train reader", "evaluate signllm"])
def test_every_command_explains_itself(line: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main([*line.split(), "--help"])
    assert end.value.code == 0
    assert len(capsys.readouterr().out) > 200


def test_a_plot_has_a_bar_and_a_figure_for_each_value(tmp_path: Path) -> None:
    panels = [
        Bars("DTW, mm", ("one", "two"), {"ASL": [(12.0, 1.0), None], "DGS": [(34.5, 0.5), (5.0, 0.0)]}),
        Bars("BLEU-4", ("one", "two"), {"ASL": [(7.25, 0.0)] * 2, "DGS": [None] * 2}, "higher"),
    ]
    path = bar_plot(tmp_path / "plot.svg", panels)
    first = path.read_text("utf-8")
    found = re.findall(r">\s*([\w.,() -]+?)\s*</text>", first)
    assert all(text in found for text in ("12", "34.5", "5", "7.25", "one", "two", "ASL", "DGS"))
    assert "(higher is better)" in found
    bar_plot(path, panels)
    assert path.read_text("utf-8") == first, "the same figures give the same file"
