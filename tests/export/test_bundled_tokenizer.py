"""A bundle's tokenizer becomes what trainings read again. Needs torch; elsewhere the file is skipped."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
for package in ("sentencepiece", "safetensors", "onnx", "onnxruntime", "lightning_fabric"):
    pytest.importorskip(package)

from engine.bundle import Bundle, BundleError, Manifest, write_manifest  # noqa: E402
from engine.bundles import KIND  # noqa: E402
from engine.tokenizer.features import PARTS, SIGNWRIGHT  # noqa: E402
from engine.tokenizer.vqvae import VqVae, VqVaeConfig  # noqa: E402
from engine.training.tokenise import TrainedTokenizer  # noqa: E402
from export.__main__ import main  # noqa: E402
from export.soke.bundled_tokenizer import write_training_folder  # noqa: E402
from export.soke.model_files import Formats, finish, new_bundle, opened, write_tokenizer  # noqa: E402
from export.soke.onnx_files import TokenizerPrecision  # noqa: E402

VAES = {part: VqVaeConfig(len(SIGNWRIGHT.columns[part]), 12, 8, 8) for part in PARTS}
RNG = np.random.default_rng(3)
MEAN, STD = RNG.normal(size=SIGNWRIGHT.size), RNG.uniform(0.5, 2.0, SIGNWRIGHT.size)


def a_bundle(folder: Path, formats: Formats) -> tuple[Bundle, dict[str, VqVae]]:
    torch.manual_seed(1)
    vaes = {part: VqVae(config) for part, config in VAES.items()}
    for vae in vaes.values():
        vae.quantizer.codebook.normal_()
    with new_bundle(folder) as target:
        model = {"features": SIGNWRIGHT.to_json(), "fps": 24.0}
        model["tokenizer"] = write_tokenizer(vaes, MEAN, STD, target, formats)
        finish(target, Manifest(KIND, "Small", ("ASL",), "CC0-1.0", "", model))
    return opened(folder, KIND), vaes


@pytest.mark.parametrize(
    ("weights", "precision", "error"), [(True, "float32", 0.0), (False, "float32", 0.0), (False, "float16", 2e-3)]
)
def test_the_weights_come_back_whatever_files_hold_them(
    tmp_path: Path, weights: bool, precision: TokenizerPrecision, error: float
) -> None:
    bundle, vaes = a_bundle(tmp_path / "bundle", Formats(weights=weights, tokenizer=precision))
    assert main(["tokenizer", str(bundle.folder), "-o", str(tmp_path / "tokenizer")]) == 0
    found = TrainedTokenizer.read(tmp_path / "tokenizer")
    assert (found.layout, found.fps) == (SIGNWRIGHT, 24.0)
    np.testing.assert_array_equal(found.statistics.mean, MEAN)
    np.testing.assert_array_equal(found.statistics.std, STD)
    for part in PARTS:
        assert asdict(found.parts[part].config) == asdict(VAES[part])
        for name, tensor in vaes[part].state_dict().items():
            torch.testing.assert_close(found.parts[part].state_dict()[name], tensor, rtol=0.0, atol=error)


def test_a_tokenizer_that_is_there_is_kept(tmp_path: Path) -> None:
    bundle, _ = a_bundle(tmp_path / "bundle", Formats())
    target = tmp_path / "tokenizer"
    target.mkdir()
    (target / "tokenizer.safetensors").write_bytes(b"mine")
    assert main(["tokenizer", str(bundle.folder), "-o", str(target)]) == 1
    assert [path.name for path in target.iterdir()] == ["tokenizer.safetensors"]
    assert (target / "tokenizer.safetensors").read_bytes() == b"mine"


def test_weights_that_are_missing_are_named(tmp_path: Path) -> None:
    bundle, _ = a_bundle(tmp_path / "bundle", Formats(weights=False))
    model = json.loads(json.dumps(dict(bundle.manifest.model)))
    model["tokenizer"]["body"]["codes"] = 13
    manifest = Manifest(**{**vars(bundle.manifest), "model": model})
    changed = write_manifest(bundle.folder, manifest, list(bundle.manifest.files))
    with pytest.raises(BundleError, match="codebook"):
        write_training_folder(changed, tmp_path / "tokenizer")
    assert not (tmp_path / "tokenizer").exists()
