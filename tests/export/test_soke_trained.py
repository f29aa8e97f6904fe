"""What was trained here becomes a bundle that both runtimes read alike. Needs torch; elsewhere the file is skipped."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for package in ("sentencepiece", "safetensors", "onnx", "onnxruntime", "lightning_fabric"):
    pytest.importorskip(package)

from safetensors.torch import save_file  # noqa: E402

from engine.bundle import BundleError  # noqa: E402
from engine.soke.decoding import Variant  # noqa: E402
from engine.soke.model import Model  # noqa: E402
from engine.soke.sampling import Constraint, Sampling  # noqa: E402
from engine.tokenizer.features import PARTS, SIGNWRIGHT  # noqa: E402
from engine.tokenizer.vqvae import VqVae, VqVaeConfig  # noqa: E402
from engine.training.config import AugmentConfig, GeneratorConfig, ModelConfig, PromptConfig, RunConfig  # noqa: E402
from engine.training.generator_corpus import training_data  # noqa: E402
from engine.training.generator_training import GeneratorTraining  # noqa: E402
from export.soke.model_files import Formats  # noqa: E402
from export.soke.parity import compare  # noqa: E402
from export.soke.trained import TrainedSources, convert_trained  # noqa: E402

SIZES = {"body": 12, "left_hand": 9, "right_hand": 9}
NAMES = ("CAT", "DOG", "EAT", "FISH", "GO")
CONFIG = GeneratorConfig(
    ModelConfig(16, 1, 2, 2, 32, positions=96, steps=30, pieces=300, codebooks=True),
    PromptConfig("fused", 8, 10, 64),
    AugmentConfig(sign_to_text=0.5),
    run=RunConfig(steps=2, accelerator="cpu", seed=7),
)


def write_tokenizer(folder: Path) -> None:
    torch.manual_seed(0)
    vaes = {p: VqVae(VqVaeConfig(len(SIGNWRIGHT.columns[p]), SIZES[p], 8, 8)) for p in PARTS}
    for vae in vaes.values():
        vae.quantizer.codebook.normal_()
    save_file(
        {f"{p}.{k}": v for p, vae in vaes.items() for k, v in vae.state_dict().items()},
        folder / "tokenizer.safetensors",
    )
    about = {"features": SIGNWRIGHT.to_json(), "fps": 24.0, "tokenizer": {p: asdict(v.config) for p, v in vaes.items()}}
    (folder / "model.json").write_text(json.dumps(about), "utf-8")
    np.savez(folder / "statistics.npz", mean=np.zeros(SIGNWRIGHT.size), std=np.ones(SIGNWRIGHT.size))


def write_codes(folder: Path) -> None:
    """A folder as `tokenize` writes it."""
    rng = np.random.default_rng(0)
    most = list(SIZES.values())
    entries = {
        f"asl/{name}": dict(zip(PARTS, rng.integers(0, most, (4, 3)).T.tolist(), strict=True))
        | {"language": "ASL", "gloss": name, "words": [name.lower()]}
        for name in NAMES
    }
    lines, codes = [], []
    for number in range(12):
        names = [NAMES[i] for i in rng.integers(0, len(NAMES), 3)]
        codes.append(np.concatenate([np.array([entries[f"asl/{n}"][p] for p in PARTS]).T for n in names]))
        segments = [[n, "dictionary", f"asl/{n}", 4 * i, 4 * i + 4] for i, n in enumerate(names)]
        about = {
            "name": f"c{number}",
            "language": "ASL",
            "source": "sentence",
            "split": "val" if number > 9 else "train",
        }
        about |= {"text": " ".join(names).lower(), "glosses": names, "segments": segments, "key": ""}
        lines.append(about | {"retrieved": [["asl/none", f"asl/{n}"] for n in names]})
    steps = np.array([len(c) for c in codes])
    together = np.concatenate(codes)
    columns = {part: together[:, i].astype(np.uint16) for i, part in enumerate(PARTS)}
    np.savez(folder / "tokens.npz", start=np.cumsum(steps) - steps, steps=steps, **columns)
    (folder / "clips.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    (folder / "dictionary.json").write_text(json.dumps(entries), "utf-8")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> TrainedSources:
    root = tmp_path_factory.mktemp("trained")
    tokens = root / "tokens"
    tokens.mkdir()
    write_tokenizer(tokens)
    write_codes(tokens)
    return TrainedSources(tokens, train(tokens, root / "generator"), tokens / "dictionary.json")


def train(tokens: Path, folder: Path, variant: Variant = "multihead") -> Path:
    config = replace(CONFIG, model=replace(CONFIG.model, variant=variant))
    data = training_data(tokens, config, folder, "python -m engine train generator")
    GeneratorTraining(data, config, folder).run()
    return folder


def test_both_runtimes_say_the_same(trained: TrainedSources, tmp_path: Path) -> None:
    bundle = convert_trained(trained, tmp_path / "bundle", "Small", Formats(generator="float32"))
    lines = list(compare(bundle))
    assert [line for line in lines if not line.agrees] == []
    assert any(line.what.startswith("generator") for line in lines)


@pytest.mark.parametrize("variant", ["part", "flatten"])
def test_the_ablations_become_bundles_that_sign(trained: TrainedSources, tmp_path: Path, variant: Variant) -> None:
    sources = replace(trained, generator=train(trained.tokenizer, tmp_path / "generator", variant))
    bundle = convert_trained(sources, tmp_path / "bundle", "Small", Formats(generator="float32"))
    assert bundle.manifest.model["generator"]["variant"] == variant
    assert [line for line in compare(bundle) if not line.agrees] == []
    model = Model.open(bundle, "cpu")
    sign = model.dictionary.entries["asl/CAT"]
    inputs = model.inputs(["cat"] * 2, [[(sign.gloss, sign.codes)], []], ["ASL"] * 2)
    rules = [Constraint(min_steps=3, max_steps=9, codes_only=True)] * 2
    for decoded in model.generate(inputs, ["ASL"] * 2, [Sampling()] * 2, rules):
        codes = model.codes(decoded)
        assert {len(own) for own in codes.values()} == {len(decoded.rows["body"])}
        assert 3 <= len(codes["body"]) <= 9
        assert len(model.decode(codes)) == 4 * len(codes["body"])


def test_weights_take_two_bytes_in_the_onnx_files(trained: TrainedSources, tmp_path: Path) -> None:
    onnx = pytest.importorskip("onnx")
    bundle = convert_trained(trained, tmp_path / "bundle", "Small", Formats(generator="float32"))
    for name in ("generator_encoder.onnx", "generator_decoder.onnx"):
        tensors = onnx.load(bundle.file(name)).graph.initializer
        large = [x.data_type for x in tensors if np.prod(x.dims) >= 1024 and x.data_type != onnx.TensorProto.INT64]
        assert large
        assert set(large) == {onnx.TensorProto.FLOAT16}


def test_the_bundle_says_where_it_comes_from(trained: TrainedSources, tmp_path: Path) -> None:
    manifest = convert_trained(trained, tmp_path / "bundle", "Small", Formats(generator="float32")).manifest
    assert (manifest.licence, manifest.languages, manifest.name) == ("CC0-1.0", ("ASL",), "Small")
    for wanted in ("no signer was recorded", "python -m engine train generator", "Seed 7", "10 sentence clips"):
        assert wanted in manifest.provenance


def test_a_bundle_knows_how_long_its_clips_hold_a_step(trained: TrainedSources, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens"
    shutil.copytree(trained.tokenizer, tokens)
    table = dict(np.load(tokens / "tokens.npz"))
    for part in PARTS:
        table[part][:7] = 1
    np.savez(tokens / "tokens.npz", **table)
    sources = TrainedSources(tokens, train(tokens, tmp_path / "generator"))
    model = Model.open(convert_trained(sources, tmp_path / "bundle", "Small", Formats(generator="float32")), "cpu")
    assert model.longest_hold == 7


def test_a_bundle_without_torchs_weights_generates_and_decodes(trained: TrainedSources, tmp_path: Path) -> None:
    formats = Formats(weights=False, generator="float32")
    model = Model.open(convert_trained(trained, tmp_path / "bundle", "Small", formats), "cpu")
    assert model.runtime.name.startswith("onnx")
    sign = model.dictionary.entries["asl/CAT"]
    inputs = model.inputs(["cat"], [[(sign.gloss, sign.codes)]], ["ASL"])
    decoded = model.generate(inputs, ["ASL"], [Sampling()], [Constraint(min_steps=5, max_steps=5, codes_only=True)])
    assert len(model.decode(model.codes(decoded[0]))) == 20


def test_a_generator_of_another_tokenizer_is_refused(trained: TrainedSources, tmp_path: Path) -> None:
    about = json.loads((trained.tokenizer / "model.json").read_text("utf-8"))
    other = tmp_path / "other"
    other.mkdir()
    vaes = {p: VqVae(VqVaeConfig(**{**about["tokenizer"][p], "codes": 5})) for p in PARTS}
    save_file(
        {f"{p}.{k}": v for p, vae in vaes.items() for k, v in vae.state_dict().items()}, other / "tokenizer.safetensors"
    )
    about["tokenizer"] = {p: asdict(vae.config) for p, vae in vaes.items()}
    (other / "model.json").write_text(json.dumps(about), "utf-8")
    (other / "statistics.npz").write_bytes((trained.tokenizer / "statistics.npz").read_bytes())
    with pytest.raises(BundleError, match="another tokenizer"):
        convert_trained(TrainedSources(other, trained.generator), tmp_path / "bundle", "x", Formats())
    with pytest.raises(BundleError, match="no dictionary"):
        convert_trained(TrainedSources(other, None, trained.dictionary), tmp_path / "bundle", "x", Formats())
    assert not (tmp_path / "bundle").exists()
