"""The tokenizer gives by ONNX Runtime what it gives by torch. Needs torch; elsewhere the file is skipped."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytest.importorskip("safetensors")

from engine.bundle import Bundle, BundleError, Manifest, write_manifest  # noqa: E402
from engine.tokenizer.features import PARTS, SIGNWRIGHT, SOKE, Layout  # noqa: E402
from engine.tokenizer.onnx_tokenizer import OnnxTokenizer  # noqa: E402
from engine.tokenizer.vqvae import VqVae, VqVaeConfig  # noqa: E402
from export.soke.model_files import Formats, write_tokenizer  # noqa: E402
from export.soke.onnx_files import TokenizerPrecision  # noqa: E402
from export.soke.torch_tokenizer import TorchTokenizer  # noqa: E402

CODES = {"body": 20, "left_hand": 30, "right_hand": 25}
TOLERANCE = 1e-4


def made(folder: Path, layout: Layout, precision: TokenizerPrecision = "float32") -> Bundle:
    """A bundle with a random tokenizer."""
    folder.mkdir()
    torch.manual_seed(0)
    vaes = {part: VqVae(VqVaeConfig(len(layout.columns[part]), CODES[part], 24, 12)).eval() for part in PARTS}
    for vae in vaes.values():
        vae.quantizer.codebook.normal_()
    rng = np.random.default_rng(0)
    mean, std = rng.normal(size=layout.size), rng.uniform(0.1, 0.5, layout.size)
    model = {"features": layout.to_json(), "fps": 24.0}
    model["tokenizer"] = write_tokenizer(vaes, mean, std, folder, Formats(tokenizer=precision))
    manifest = Manifest("soke", "Test", ("ASL",), "CC0-1.0", "made by a test", model)
    return write_manifest(folder, manifest, [path.name for path in folder.iterdir()])


@pytest.fixture(scope="module", params=[SOKE, SIGNWRIGHT], ids=["soke", "signwright"])
def bundle(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Bundle:
    return made(tmp_path_factory.mktemp("tokenizer") / "bundle", request.param)


@pytest.fixture(scope="module")
def tokenizers(bundle: Bundle) -> tuple[TorchTokenizer, OnnxTokenizer]:
    return TorchTokenizer(bundle), OnnxTokenizer(bundle, threads=1)


@settings(max_examples=15, deadline=None)
@given(lengths=st.tuples(*[st.integers(1, 101)] * 3), seed=st.integers(0, 99))
def test_decoding_agrees_at_every_length(
    tokenizers: tuple[TorchTokenizer, OnnxTokenizer], lengths: tuple[int, int, int], seed: int
) -> None:
    rng = np.random.default_rng(seed)
    codes = {p: rng.integers(0, CODES[p] + 3, n).tolist() for p, n in zip(PARTS, lengths, strict=True)}
    by_torch, by_onnx = (tokenizer.decode(codes) for tokenizer in tokenizers)
    assert by_onnx.shape == (max(4 * n if n > 1 else 1 for n in lengths), tokenizers[0].layout.size)
    assert np.abs(by_torch - by_onnx).max() < TOLERANCE


@settings(max_examples=10, deadline=None)
@given(frames=st.integers(4, 403), seed=st.integers(0, 99))
def test_encoding_agrees_at_every_length(
    tokenizers: tuple[TorchTokenizer, OnnxTokenizer], frames: int, seed: int
) -> None:
    features = np.random.default_rng(seed).normal(size=(frames, tokenizers[0].layout.size))
    by_torch, by_onnx = (tokenizer.encode(features) for tokenizer in tokenizers)
    assert by_onnx == by_torch
    assert {len(codes) for codes in by_onnx.values()} == {frames // 4}


def test_a_part_of_one_code_is_the_mean_pose(tokenizers: tuple[TorchTokenizer, OnnxTokenizer]) -> None:
    _, tokenizer = tokenizers
    features = tokenizer.decode({"body": [3, 4], "left_hand": [5], "right_hand": [6, 7, 8]})
    left = list(tokenizer.layout.columns["left_hand"])
    assert np.allclose(features[:, left], tokenizer.mean[left])


@pytest.mark.parametrize("shape", [(3, 133), (8, 12), (133,)])
def test_features_that_cannot_be_encoded_are_told(
    tokenizers: tuple[TorchTokenizer, OnnxTokenizer], shape: tuple[int, ...]
) -> None:
    with pytest.raises(ValueError, match="Features are"):
        tokenizers[1].encode(np.zeros(shape))


def test_half_precision_is_half_as_large_and_near(tmp_path: Path) -> None:
    full, half = made(tmp_path / "full", SOKE), made(tmp_path / "half", SOKE, "float16")
    sizes = [b.manifest.files["decoder_body.onnx"].bytes for b in (full, half)]
    assert sizes[1] < 0.65 * sizes[0]
    rng = np.random.default_rng(0)
    codes = {part: rng.integers(0, CODES[part], 40).tolist() for part in PARTS}
    exact, rounded = (OnnxTokenizer(b, threads=1) for b in (full, half))
    error = np.abs(exact.decode(codes) - rounded.decode(codes)).max()
    assert 0 < error < 0.01
    features = exact.mean + rng.normal(size=(160, SOKE.size)) * exact.std
    one, other = exact.encode(features), rounded.encode(features)
    assert np.mean([np.equal(one[part], other[part]).mean() for part in PARTS]) > 0.9


def test_statistics_of_another_size_are_told(tmp_path: Path) -> None:
    bundle = made(tmp_path / "b", SOKE)
    other = replace(bundle.manifest, model={**bundle.manifest.model, "features": SIGNWRIGHT.to_json()})
    with pytest.raises(BundleError, match=r"statistics\.npz"):
        OnnxTokenizer(Bundle(bundle.folder, other))


def test_a_layout_that_is_none_is_told(tmp_path: Path) -> None:
    bundle = made(tmp_path / "b", SOKE)
    other = replace(bundle.manifest, model={**bundle.manifest.model, "features": ["neck"]})
    with pytest.raises(BundleError, match="layout of features"):
        OnnxTokenizer(Bundle(bundle.folder, other))
