"""The files of a bundle: what imported checkpoints and our own trained models have in common."""

# pyright: reportMissingImports=false
from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import save_file
from torch import Tensor

from engine.bundle import Bundle, BundleError, Manifest, write_manifest
from engine.bundles import TORCH_GENERATOR
from engine.soke.settings import check_model
from engine.soke.transformer import TransformerConfig
from engine.soke.vocabulary import Vocabulary
from engine.soke.vocabulary_files import PIECES, WORDS
from engine.tokenizer.assembling import STATISTICS
from engine.tokenizer.features import PARTS
from engine.tokenizer.vqvae import VqVae, named_tensors

from .onnx_files import TokenizerPrecision, write_decoder, write_encoder
from .onnx_generator import Source, write_generator
from .onnx_graph import Precision
from .torch_tokenizer import WEIGHTS


@dataclass(frozen=True)
class Formats:
    """Which files a bundle gets. weights: those that torch reads (safetensors).

    generator: precision of the generator's ONNX files, `None` for none of them. tokenizer: of the tokenizer's.
    """

    weights: bool = True
    generator: Precision | None = None
    tokenizer: TokenizerPrecision = "float32"


@contextmanager
def new_bundle(folder: Path) -> Iterator[Path]:
    """A hidden folder beside `folder` to write into; it takes its place at the end, and goes when something fails.

    Raises `BundleError` when there is one of that name.
    """
    if folder.exists():
        raise BundleError(f"{folder.name} exists already. Choose another folder, or remove it.")
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".bundle-") as scratch:
        target = Path(scratch) / "bundle"
        target.mkdir()
        yield target
        shutil.move(target, folder)


def finish(target: Path, manifest: Manifest) -> None:
    """Write the manifest of all files in a folder. Raises `BundleError` for a model that no bundle can hold."""
    names = [path.name for path in target.iterdir()]
    check_model(write_manifest(target, manifest, names))


def write_tokenizer(
    vaes: Mapping[str, VqVae], mean: NDArray[np.floating], std: NDArray[np.floating], target: Path, formats: Formats
) -> dict[str, Any]:
    """Write the VQ-VAE of each part, and mean and spread of the features; what the manifest says of them."""
    for part in PARTS:
        vae = vaes[part].eval()
        write_decoder(vae, target / f"decoder_{part}.onnx", formats.tokenizer)
        write_encoder(vae, target / f"encoder_{part}.onnx", formats.tokenizer)
    if formats.weights:
        save_file(named_tensors({part: vaes[part] for part in PARTS}), target / WEIGHTS)
    np.savez(target / STATISTICS, mean=mean, std=std)
    return {part: asdict(vaes[part].config) for part in PARTS}


def write_generator_files(
    state: Mapping[str, Tensor],
    config: TransformerConfig,
    vocabulary: Vocabulary,
    settings: Mapping[str, Any],
    target: Path,
    formats: Formats,
) -> dict[str, Any]:
    """Write weights under the names of `Transformer` (float32); what the manifest says of them.

    settings: `fusion`, `steps`, `prompt` and the like, as the manifest has them.
    """
    if formats.weights:
        save_file(dict(state), target / TORCH_GENERATOR)
    if formats.generator is not None:
        captions = "sign_to_text" in settings.get("tasks", ())
        arrays = {name: tensor.numpy() for name, tensor in state.items()}
        allowed = {part: vocabulary.allowed_rows(part) for part in PARTS}
        words = vocabulary.text_rows() if captions else ()
        write_generator(Source(arrays, config, allowed, settings["fusion"], words), target, formats.generator)
    return {**asdict(config), **settings, "precision": formats.generator or "float32"}


def write_vocabulary(pieces: bytes, words: Mapping[int, int], target: Path) -> None:
    """Write the sentencepiece model and which of its tokens have which row."""
    (target / PIECES).write_bytes(pieces)
    ids = np.array(sorted(words.items()), dtype=np.int64)
    np.savez_compressed(target / WORDS, tokens=ids[:, 0], rows=ids[:, 1])


def opened(folder: Path, kind: str) -> Bundle:
    """A bundle with all that its manifest says checked. Raises `BundleError`."""
    bundle = Bundle.open(folder, kind)
    check_model(bundle)
    return bundle
