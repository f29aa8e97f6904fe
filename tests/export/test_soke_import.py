"""Official checkpoints become bundles that give the published tokens. Needs torch; elsewhere the file is skipped."""

from __future__ import annotations

import json
import pickle
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("sentencepiece")
pytest.importorskip("safetensors")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from engine.bundle import Bundle, BundleError  # noqa: E402
from engine.soke.code_dictionary import CodeDictionary  # noqa: E402
from engine.tokenizer.features import SOKE  # noqa: E402
from engine.tokenizer.onnx_tokenizer import OnnxTokenizer  # noqa: E402
from export.__main__ import main  # noqa: E402
from export.soke.convert import Sources, convert  # noqa: E402
from export.soke.model_files import Formats  # noqa: E402
from export.soke.parity import compare  # noqa: E402
from export.soke.unpickling import CheckpointError, load_tensors  # noqa: E402
from export.soke.verify import RuntimeName, VectorsError, verify  # noqa: E402

REFERENCE = Path(__file__).resolve().parents[3] / "shared" / "reference" / "soke"
CASES, EXPECTED = REFERENCE / "cases.json", REFERENCE / "expected"
pytestmark = pytest.mark.skipif(not REFERENCE.is_dir(), reason="the reference checkpoint is not beside this checkout")


def sources(**changes: Any) -> Sources:
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
    folder = tmp_path_factory.mktemp("bundles") / "small"
    return convert(sources(), folder, "Small", Formats(generator="float32")).bundle


@pytest.mark.parametrize("runtime", ["torch", "onnx"])
def test_all_reference_cases_agree(bundle: Bundle, runtime: RuntimeName) -> None:
    outcomes = list(verify(bundle.folder, CASES, EXPECTED, runtime))
    assert len(outcomes) == 8
    assert [o.line() for o in outcomes if not o.passed] == []


def test_torch_and_onnx_runtime_agree(bundle: Bundle) -> None:
    lines = list(compare(bundle))
    assert [line.what for line in lines] == [
        "tokenizer, decoding", "tokenizer, encoding", "generator, ASL", "generator, CSL", "generator, DGS",
    ]  # fmt: skip
    assert [line for line in lines if not line.agrees] == []


def test_the_command_line_imports_reports_and_verifies(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    made = tmp_path / "bundle"
    stats = ["--stats", str(REFERENCE / "mean.pt"), str(REFERENCE / "std.pt")]
    files = ["--tokenizer-checkpoint", "tokenizer.ckpt", "--checkpoint", "generator.ckpt", "--lm", "lm"]
    files += ["--dictionary", "word2code.json"]
    paths = [str(REFERENCE / f) if not f.startswith("--") else f for f in files]
    assert main(["soke", *paths, *stats, "-o", str(made)]) == 0
    said = capsys.readouterr().out
    assert "ignored 6 entries of metrics" in said
    assert "ignored 15 entries of _losses" in said
    assert "381 of 381 codes equal" in said
    assert not (made / "generator_decoder.onnx").exists(), "only when asked for, as it is large"
    assert main(["verify", str(made), "--cases", str(CASES), "--expected", str(EXPECTED)]) == 0
    assert "8 of 8 agree" in capsys.readouterr().out


def test_the_manifest_tells_where_the_weights_came_from(bundle: Bundle) -> None:
    manifest = bundle.manifest
    assert "CC BY-NC-ND" in manifest.licence
    for name in ("tokenizer.ckpt", "generator.ckpt", "word2code.json"):
        assert f"{name} (SHA-256 " in manifest.provenance
    assert manifest.languages == ("ASL", "CSL", "DGS")


def test_sizes_are_those_of_the_weights(bundle: Bundle) -> None:
    model = bundle.manifest.model
    assert {k: v["codes"] for k, v in model["tokenizer"].items()} == {"body": 96, "left_hand": 192, "right_hand": 192}
    assert {k: v["features"] for k, v in model["tokenizer"].items()} == {"body": 43, "left_hand": 45, "right_hand": 45}
    generator = model["generator"]
    assert (generator["width"], generator["encoder_layers"], generator["decoder_layers"]) == (64, 2, 2)
    assert generator["variant"] == "multihead"


def test_a_mismatch_is_seen(bundle: Bundle, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cases = json.loads(CASES.read_text("utf-8"))[2:3]
    cases[0]["body"][3] += 1
    wrong = tmp_path / "cases.json"
    wrong.write_text(json.dumps(cases), "utf-8")
    arguments = ["--cases", str(wrong), "--expected", str(EXPECTED), "--runtime", "onnx"]
    assert main(["verify", str(bundle.folder), *arguments]) == 1
    assert "DIFFER" in capsys.readouterr().out


@pytest.mark.parametrize("content", ["", "{}", "[]", '[{"tag": "x"}]', "[" * 100_000])
def test_cases_that_cannot_be_read_are_told(bundle: Bundle, tmp_path: Path, content: str) -> None:
    (tmp_path / "cases.json").write_text(content, "utf-8")
    with pytest.raises(VectorsError, match=r"cases\.json"):
        list(verify(bundle.folder, tmp_path / "cases.json", EXPECTED))


def test_a_tokenizer_alone_decodes_the_dictionary(tmp_path: Path) -> None:
    made = convert(sources(generator=None, language_folder=None), tmp_path / "t", "T").bundle
    assert "generator" not in made.manifest.model
    signs, tokenizer = CodeDictionary.read(made), OnnxTokenizer(made, threads=1)
    assert set(signs.entries) == set(json.loads((REFERENCE / "word2code.json").read_text("utf-8")))
    for entry in signs.entries.values():
        features = tokenizer.decode(entry.codes)
        assert features.shape == (4 * entry.steps if entry.steps > 1 else 1, SOKE.size)
        poses, _ = tokenizer.layout.poses(features)
        assert np.isfinite(poses).all()
    with pytest.raises(BundleError, match="no generator"):
        list(verify(made.folder, CASES, EXPECTED))


def changed(path: Path, source: Path, change: Callable[[dict[str, Any]], None]) -> Path:
    """A checkpoint with its weights changed."""
    state = dict(load_tensors(source)["state_dict"])
    change(state)
    torch.save({"state_dict": state}, path)
    return path


def without(prefix: str) -> Callable[[dict[str, Any]], None]:
    def change(state: dict[str, Any]) -> None:
        for key in [k for k in state if k.startswith(prefix)]:
            del state[key]

    return change


@pytest.mark.parametrize(
    ("prefix", "told"),
    [
        ("vae.", "tokenizer of body"),
        ("hand_vae.", "tokenizer of left_hand"),
        ("rhand_vae.", "tokenizer of right_hand"),
        ("rhand_vae.quantizer", "quantizer.codebook"),
        ("rhand_vae.decoder.model.0", "decoder.model.0.weight"),
    ],
)
def test_a_missing_part_of_the_tokenizer_is_named(tmp_path: Path, prefix: str, told: str) -> None:
    path = changed(tmp_path / "half.ckpt", REFERENCE / "tokenizer.ckpt", without(prefix))
    with pytest.raises(CheckpointError, match=told):
        convert(sources(tokenizer=path), tmp_path / "b", "B")
    assert [x.name for x in tmp_path.iterdir()] == ["half.ckpt"], "nothing half made stays"


LM = "lm.language_model.main_lm."


@pytest.mark.parametrize(
    ("prefix", "told"),
    [
        ("lm.", "has no generator"),
        (f"{LM}model.shared", "model.shared.weight"),
        (f"{LM}final_logits_bias", "final_logits_bias"),
        (f"{LM}model.decoder.layers.1.encoder_attn.k_proj", "layers.1.encoder_attn.k_proj"),
    ],
)
def test_a_missing_part_of_the_generator_is_named(tmp_path: Path, prefix: str, told: str) -> None:
    path = changed(tmp_path / "half.ckpt", REFERENCE / "generator.ckpt", without(prefix))
    with pytest.raises(CheckpointError, match=told):
        convert(sources(generator=path), tmp_path / "b", "B")


def test_weights_of_another_shape_are_told(tmp_path: Path) -> None:
    def change(state: dict[str, Any]) -> None:
        state[f"{LM}model.decoder.layers.0.fc1.weight"] = torch.zeros(3, 64)

    path = changed(tmp_path / "odd.ckpt", REFERENCE / "generator.ckpt", change)
    with pytest.raises(CheckpointError, match=r"The generator in odd\.ckpt doesn't fit.*feed\.wide"):
        convert(sources(generator=path), tmp_path / "b", "B")


def test_a_tokenizer_in_place_of_the_generator_is_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="has no generator"):
        convert(sources(generator=REFERENCE / "tokenizer.ckpt"), tmp_path / "b", "B")


def test_swapped_statistics_are_told(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="swapped"):
        convert(sources(mean=REFERENCE / "std.pt", std=REFERENCE / "mean.pt"), tmp_path / "b", "B")


def test_a_tokenizer_of_another_age_is_read(tmp_path: Path) -> None:
    def change(state: dict[str, Any]) -> None:
        for key in [k for k in state if k.startswith("vae.")]:
            state[f"motion_{key}"] = state.pop(key).half()

    path = changed(tmp_path / "old.ckpt", REFERENCE / "tokenizer.ckpt", change)
    made = convert(sources(tokenizer=path, generator=None), tmp_path / "b", "B").bundle
    assert made.manifest.model["tokenizer"]["body"]["codes"] == 96


@pytest.mark.parametrize("name", ["config.json", "map_ids.pkl", "sentencepiece.bpe.model"])
def test_a_missing_file_of_the_language_model_is_named(tmp_path: Path, name: str) -> None:
    folder = copied(tmp_path)
    (folder / name).unlink()
    with pytest.raises(CheckpointError, match=name):
        convert(sources(language_folder=folder), tmp_path / "b", "B")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("config.json", b"{"),
        ("config.json", b"[]"),
        ("config.json", b"{}"),
        ("map_ids.pkl", b"junk"),
        ("map_ids.pkl", pickle.dumps([1, 2])),
        ("map_ids.pkl", pickle.dumps({0: 0, 1: 1, 2: 2, 3: 5})),
        ("map_ids.pkl", pickle.dumps({i: i for i in range(50)})),
        ("map_ids.pkl", b"cos\nsystem\n(S'true'\ntR."),
        ("sentencepiece.bpe.model", b"junk"),
    ],
)
def test_a_damaged_file_of_the_language_model_is_told(tmp_path: Path, name: str, content: bytes) -> None:
    folder = copied(tmp_path)
    (folder / name).write_bytes(content)
    with pytest.raises(CheckpointError, match=f"{name}|language-model folder"):
        convert(sources(language_folder=folder), tmp_path / "b", "B")


def copied(folder: Path) -> Path:
    shutil.copytree(REFERENCE / "lm", folder / "lm", copy_function=shutil.copyfile)
    (folder / "lm").chmod(0o755)
    return folder / "lm"


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("[]", "no dictionary"),
        ('{"tea": []}', "'tea'"),
        ('{"tea": {"body": [1], "lhand": [1]}}', "rhand for 'tea'"),
        ('{"tea": {"body": [1], "lhand": [1], "rhand": [-1]}}', "rhand for 'tea'"),
        ('{"tea": {"body": [1], "lhand": [1], "rhand": []}}', "rhand for 'tea'"),
        ('{"tea": {"body": [96], "lhand": [1], "rhand": [1]}}', "another tokenizer"),
    ],
)
def test_a_wrong_dictionary_is_told(tmp_path: Path, content: str, told: str) -> None:
    path = tmp_path / "words.json"
    path.write_text(content, "utf-8")
    with pytest.raises(CheckpointError, match=told):
        convert(sources(generator=None, dictionary=path), tmp_path / "b", "B")


def test_a_folder_that_exists_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "b").mkdir()
    with pytest.raises(BundleError, match="exists already"):
        convert(sources(), tmp_path / "b", "B")


def test_a_bundle_from_before_there_were_layouts_is_read_as_published(bundle: Bundle, tmp_path: Path) -> None:
    folder = shutil.copytree(bundle.folder, tmp_path / "old")
    manifest = json.loads((folder / "manifest.json").read_text("utf-8"))
    del manifest["model"]["features"], manifest["model"]["fps"]
    for name in (
        "keywords",
        "keyword_steps",
        "longest_input",
        "variant",
        "sign_tags",
        "source_tags",
        "tasks",
        "dropout",
    ):
        manifest["model"]["generator"].pop(name, None)
    (folder / "manifest.json").write_text(json.dumps(manifest), "utf-8")
    assert OnnxTokenizer(Bundle.open(folder, "soke"), threads=1).layout == SOKE
    assert all(outcome.passed for outcome in verify(folder, CASES, EXPECTED, "onnx"))
