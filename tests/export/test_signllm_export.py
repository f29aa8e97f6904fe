"""`python -m export signllm`: trained models of SignLLM become bundles that say what torch says."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for package in ("sentencepiece", "safetensors", "onnx", "onnxruntime"):
    pytest.importorskip(package)

sys.path.insert(0, str(Path(__file__).parents[1] / "engine"))
import tiny_signllm  # noqa: E402

from engine.bundle import Bundle  # noqa: E402
from engine.signllm import torch_files  # noqa: E402
from engine.signllm.bundled import Model  # noqa: E402
from engine.signllm.model import free_run  # noqa: E402
from export.__main__ import main  # noqa: E402
from export.signllm.convert import convert, rounded  # noqa: E402
from export.signllm.parity import compare  # noqa: E402


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folders as `train signllm` writes them: `mlsf` with a group a language, and `prompt2langgloss`."""
    root = tmp_path_factory.mktemp("trained")
    for seed, code in enumerate(("ASL", "DGS")):
        torch_files.save(tiny_signllm.mlsf(root / "pieces" / code, code, seed), root / "mlsf" / code)
    torch_files.save(tiny_signllm.prompt2langgloss(root / "pieces"), root / "prompt2langgloss")
    return root


def test_a_trained_model_comes_back_from_its_folder(trained: Path) -> None:
    first = torch_files.load(trained / "prompt2langgloss")
    torch_files.save(first, trained / "again")
    second = torch_files.load(trained / "again")
    assert second.mode == "prompt2langgloss"
    assert second.glosses == first.glosses
    assert second.text.encode("I like Anna", "DGS") == first.text.encode("I like Anna", "DGS")
    for a, b in ((first.pose, second.pose), (first.gloss, second.gloss)):
        assert a is not None and b is not None
        assert a.config == b.config
        assert all(torch.equal(x, y) for x, y in zip(a.state_dict().values(), b.state_dict().values(), strict=True))


def test_one_command_makes_a_bundle_of_every_group(trained: Path, tmp_path: Path, capsys) -> None:
    assert main(["signllm", str(trained / "mlsf"), "-o", str(tmp_path)]) == 0
    assert main(["signllm", str(trained / "prompt2langgloss"), "-o", str(tmp_path), "--note", "For a test."]) == 0
    assert sorted(p.name for p in tmp_path.iterdir()) == ["mlsf-asl", "mlsf-dgs", "prompt2langgloss"]
    said = capsys.readouterr().out
    assert said.count("equal ") == 4 and "DIFFER" not in said
    bundle = Bundle.open(tmp_path / "prompt2langgloss", "signllm")
    assert bundle.manifest.languages == ("ASL", "DGS")
    assert bundle.manifest.licence == "CC0-1.0"
    assert "python -m tests" in bundle.manifest.provenance and bundle.manifest.provenance.endswith("For a test.")


def test_a_bundle_is_no_larger_than_its_weights_in_half_precision(trained: Path, tmp_path: Path) -> None:
    model = torch_files.load(trained / "mlsf" / "ASL")
    bundle = convert(model, tmp_path / "b")
    weights = 2 * sum(p.numel() for p in model.pose.parameters())
    onnx = sum(file.bytes for name, file in bundle.manifest.files.items() if name.endswith(".onnx"))
    assert onnx < 1.2 * weights + 60_000


def test_the_bundle_signs_a_text_as_torch_does(trained: Path, tmp_path: Path) -> None:
    model = torch_files.load(trained / "mlsf" / "ASL")
    made = Model(convert(model, tmp_path / "b"))
    tokens = model.text.encode("I like Anna.", "ASL")
    assert made.text.encode("I like Anna.", "ASL") == tokens
    frames = free_run(model.pose, torch.tensor([tokens]), torch.tensor([len(tokens)]), 60)[0].numpy()
    signing = made.sign([tokens], lambda done: None)[0]
    assert signing.complete
    wanted = frames[:, :-1] * model.std + model.mean
    np.testing.assert_allclose(signing.points.reshape(len(frames), -1), wanted, atol=1e-4)


def test_a_difference_between_bundle_and_model_is_told(trained: Path, tmp_path: Path) -> None:
    model = torch_files.load(trained / "mlsf" / "ASL")
    bundle = convert(model, tmp_path / "b")
    assert all(line.agrees for line in compare(model, bundle))
    with torch.no_grad():
        model.pose.frame_out.bias[0] += 0.01
    assert not all(line.agrees for line in compare(model, bundle))


def test_weights_are_rounded_to_what_is_stored() -> None:
    layer = rounded(torch.nn.Linear(3, 3))
    assert torch.equal(layer.weight, layer.weight.half().float())


def test_bytes_are_half_as_large_and_what_they_say_is_what_torch_says_with_them(trained: Path, tmp_path: Path) -> None:
    for group in ("mlsf/ASL", "prompt2langgloss"):
        sizes = []
        for precision in ("float32", "int8-stored"):
            model = torch_files.load(trained / group)
            bundle = convert(model, tmp_path / precision / group, precision=precision)
            assert [line for line in compare(model, bundle) if not line.agrees] == []
            matrices = ("encoder.onnx", "decoder.onnx")
            sizes.append(sum(f.bytes for name, f in bundle.manifest.files.items() if name.endswith(matrices)))
        assert sizes[1] < 0.8 * sizes[0], "the graph itself is a large part of these tiny models"


@pytest.mark.parametrize("precision", ["float16", "int8"])
def test_smaller_bundles_can_be_made(trained: Path, tmp_path: Path, precision: str) -> None:
    """What they say differs a little, so that the command doesn't fail for it."""
    assert main(["signllm", str(trained / "mlsf" / "ASL"), "-o", str(tmp_path), "--onnx", precision]) == 0


def test_what_is_no_trained_model_is_told(trained: Path, tmp_path: Path, capsys) -> None:
    assert main(["signllm", str(tmp_path), "-o", str(tmp_path / "out")]) == 1
    assert "holds no trained model of SignLLM" in capsys.readouterr().err
    broken = tmp_path / "broken"
    torch_files.save(torch_files.load(trained / "mlsf" / "ASL"), broken)
    (broken / "pose.safetensors").write_bytes(b"no weights")
    assert main(["signllm", str(broken), "-o", str(tmp_path / "out")]) == 1
    assert str(broken) in capsys.readouterr().err


def test_a_bundle_that_is_there_is_not_written_over(trained: Path, tmp_path: Path, capsys) -> None:
    assert main(["signllm", str(trained / "mlsf" / "ASL"), "-o", str(tmp_path)]) == 0
    assert main(["signllm", str(trained / "mlsf" / "ASL"), "-o", str(tmp_path)]) == 1
    assert "mlsf-asl exists already" in capsys.readouterr().err


def test_a_model_that_does_not_say_how_it_was_made_is_not_bundled(trained: Path, tmp_path: Path, capsys) -> None:
    folder = tmp_path / "silent"
    torch_files.save(torch_files.load(trained / "mlsf" / "ASL"), folder)
    path = folder / "signllm.json"
    about = json.loads(path.read_text("utf-8"))
    del about["command"]
    path.write_text(json.dumps(about), "utf-8")
    assert main(["signllm", str(folder), "-o", str(tmp_path / "out")]) == 1
    assert "'command' is missing" in capsys.readouterr().err
    assert not list((tmp_path / "out").iterdir())
