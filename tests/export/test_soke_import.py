"""Official checkpoints become bundles that give the published tokens. Needs torch; elsewhere the file is skipped."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sentencepiece")
pytest.importorskip("safetensors")
pytest.importorskip("onnx")

from engine.bundle import Bundle, BundleError  # noqa: E402
from engine.soke.model import Tokenizer  # noqa: E402
from engine.tokenizer.features import CODES, PARTS, SOKE  # noqa: E402
from export.__main__ import main  # noqa: E402
from export.soke.convert import Sources, convert  # noqa: E402
from export.soke.unpickling import CheckpointError  # noqa: E402
from export.soke.verify import verify  # noqa: E402

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "soke"
pytestmark = pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference checkpoint is not beside this checkout")


def sources(**changes: Path | None) -> Sources:
    given = {
        "tokenizer": REFERENCE / "tokenizer.ckpt",
        "mean": REFERENCE / "mean.pt",
        "std": REFERENCE / "std.pt",
        "generator": REFERENCE / "generator.ckpt",
        "language_folder": REFERENCE / "lm",
        "dictionary": REFERENCE / "word2code.json",
    }
    return Sources(**{**given, **changes})


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return convert(sources(), tmp_path_factory.mktemp("bundles") / "small", "Small").bundle


def test_all_reference_cases_agree(bundle: Bundle) -> None:
    outcomes = verify(bundle.folder, REFERENCE / "cases.json", REFERENCE / "expected")
    assert len(outcomes) == 8
    assert [o.tag for o in outcomes if not o.passed] == []


def test_the_command_line_imports_and_verifies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = tmp_path / "bundle"
    stats = ["--stats", str(REFERENCE / "mean.pt"), str(REFERENCE / "std.pt")]
    files = ["--tokenizer-checkpoint", "tokenizer.ckpt", "--checkpoint", "generator.ckpt", "--lm", "lm"]
    files += ["--dictionary", "word2code.json"]
    paths = [str(REFERENCE / f) if not f.startswith("--") else f for f in files]
    assert main(["soke", *paths, *stats, "-o", str(made)]) == 0
    assert "ignored 6 entries of metrics" in capsys.readouterr().out
    cases = ["--cases", str(REFERENCE / "cases.json"), "--expected", str(REFERENCE / "expected")]
    assert main(["verify", str(made), *cases]) == 0
    assert "8 of 8 agree" in capsys.readouterr().out


def test_a_mismatch_is_seen(bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = json.loads((REFERENCE / "cases.json").read_text("utf-8"))[2:3]
    cases[0]["body"][3] += 1
    wrong = tmp_path / "cases.json"
    wrong.write_text(json.dumps(cases), "utf-8")
    arguments = ["--cases", str(wrong), "--expected", str(REFERENCE / "expected")]
    assert main(["verify", str(bundle.folder), *arguments]) == 1
    assert "DIFFER" in capsys.readouterr().out


def test_a_tokenizer_alone_can_be_imported(tmp_path: Path) -> None:
    made = convert(sources(generator=None, language_folder=None), tmp_path / "t", "T").bundle
    features = Tokenizer.load(made).decode({"body": [1, 2, 3], "left_hand": [4, 5], "right_hand": [6]})
    assert features.shape == (12, 133)


@pytest.mark.parametrize("lengths", [(1, 1, 1), (2, 1, 5), (7, 7, 7), (100, 98, 100), (33, 2, 61)])
def test_onnx_runtime_decodes_as_torch_does(bundle: Bundle, lengths: tuple[int, int, int]) -> None:
    pytest.importorskip("onnxruntime")
    from engine.tokenizer.onnx_decoder import OnnxDecoder

    rng = np.random.default_rng(0)
    codes = {p: rng.integers(0, CODES[p] + 3, n).tolist() for p, n in zip(PARTS, lengths, strict=True)}
    by_torch, by_onnx = Tokenizer.load(bundle).decode(codes), OnnxDecoder(bundle, threads=1).decode(codes)
    assert by_onnx.shape == (max(4 * n if n > 1 else 1 for n in lengths), SOKE.size)
    assert np.abs(by_torch - by_onnx).max() < 1e-4


@pytest.mark.parametrize("frames", [4, 40, 64, 400])
def test_onnx_runtime_encodes_as_torch_does(bundle: Bundle, frames: int) -> None:
    onnxruntime = pytest.importorskip("onnxruntime")
    for part, vae in Tokenizer.load(bundle).parts.items():
        session = onnxruntime.InferenceSession(str(bundle.file(f"encoder_{part}.onnx")))
        features = np.random.default_rng(1).normal(size=(2, frames, len(SOKE.columns[part]))).astype(np.float32)
        codes = session.run(None, {"features": features})[0]
        assert np.array_equal(codes, vae.encode(torch.from_numpy(features)).numpy())


def test_a_tokenizer_in_place_of_the_generator_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="has no generator"):
        convert(sources(generator=REFERENCE / "tokenizer.ckpt"), tmp_path / "b", "B")
    assert list(tmp_path.iterdir()) == [], "nothing half made stays"


def test_a_missing_part_is_named(tmp_path: Path) -> None:
    data = torch.load(REFERENCE / "tokenizer.ckpt", weights_only=False, pickle_module=_stubs())
    kept = {k: v for k, v in data["state_dict"].items() if not k.startswith("rhand_vae.")}
    torch.save({"state_dict": kept}, tmp_path / "half.ckpt")
    with pytest.raises(CheckpointError, match="right_hand"):
        convert(sources(tokenizer=tmp_path / "half.ckpt"), tmp_path / "b", "B")


def _stubs():
    from export.soke import unpickling

    return unpickling._PickleModule


@pytest.mark.parametrize("name", ["config.json", "map_ids.pkl", "sentencepiece.bpe.model"])
def test_a_missing_file_of_the_language_model_is_named(tmp_path: Path, name: str) -> None:
    shutil.copytree(REFERENCE / "lm", tmp_path / "lm")
    folder = tmp_path / "lm"
    folder.chmod(0o755)
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        convert(sources(language_folder=folder), tmp_path / "b", "B")


def test_a_changed_file_is_noticed(bundle: Bundle, tmp_path: Path) -> None:
    shutil.copytree(bundle.folder, tmp_path / "copy")
    with (tmp_path / "copy" / "dictionary.json").open("r+b") as file:
        file.write(b"[")
    with pytest.raises(BundleError, match=r"dictionary\.json"):
        Bundle.open(tmp_path / "copy", "soke")


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a\\b", "c:x"])
def test_a_manifest_that_points_outside_is_refused(bundle: Bundle, tmp_path: Path, name: str) -> None:
    shutil.copytree(bundle.folder, tmp_path / "copy")
    manifest = tmp_path / "copy" / "manifest.json"
    data = json.loads(manifest.read_text("utf-8"))
    data["files"][name] = {"bytes": 1, "sha256": ""}
    manifest.write_text(json.dumps(data), "utf-8")
    with pytest.raises(BundleError, match="outside"):
        Bundle.open(tmp_path / "copy", "soke")
