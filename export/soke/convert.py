"""Official checkpoints to a bundle: weights as safetensors, tables as JSON and NumPy, a manifest with hashes."""

# pyright: reportMissingImports=false
from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import save_file
from torch import Tensor

from engine.bundle import Bundle, Manifest, write_manifest
from engine.soke.runtime import LAMBDA, MAX_STEPS
from engine.soke.vocabulary import EXTRA_CODES, SIGN_TAGS
from engine.tokenizer.features import CODES, PARTS, stored_slice
from engine.tokenizer.vqvae import VqVae

from .checkpoint import (
    LanguageFolder,
    Weights,
    our_generator,
    read_language_folder,
    read_weights,
    require_parts,
    transformer_config,
    vqvae_config,
)
from .onnx_files import write_decoder, write_encoder
from .unpickling import CheckpointError

KIND = "soke"
_LICENCE = "as the licence of the checkpoint that it was made from (the published ones: CC BY-NC-ND 4.0)"


@dataclass(frozen=True)
class Sources:
    """Files that a bundle is made from. Without `generator` only the tokenizer is imported."""

    tokenizer: Path
    mean: Path
    std: Path
    generator: Path | None = None
    language_folder: Path | None = None
    dictionary: Path | None = None
    prompt: str = "key_word"
    """How retrieved signs stand in the prompt: `key_word`, or `brackets` for checkpoints from before late 2025."""


@dataclass(frozen=True)
class Conversion:
    """The bundle, and keys of the checkpoints that are of no use here, by prefix."""

    bundle: Bundle
    ignored: dict[str, int]


def convert(sources: Sources, folder: Path, name: str) -> Conversion:
    """Write a bundle. Raises `CheckpointError` when a source is wrong; the folder must not exist yet."""
    if folder.exists():
        raise CheckpointError(f"{folder.name} exists already. Choose another folder, or remove it.")
    weights = read_weights(sources.tokenizer)
    require_parts(weights.tokenizer, sources.tokenizer.name)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".bundle-") as scratch:
        target = Path(scratch) / "bundle"
        target.mkdir()
        model: dict[str, Any] = {"tokenizer": _write_tokenizer(weights, sources, target)}
        ignored = dict(weights.ignored)
        if sources.generator is not None:
            model["generator"], more = _write_generator(sources, target)
            ignored |= more
        if sources.dictionary is not None:
            _write_dictionary(sources.dictionary, target)
        manifest = Manifest(KIND, name, tuple(SIGN_TAGS), _LICENCE, _provenance(sources), model)
        write_manifest(target, manifest, [p.name for p in target.iterdir()])
        shutil.move(target, folder)
    return Conversion(Bundle.open(folder, KIND), ignored)


def _write_tokenizer(weights: Weights, sources: Sources, target: Path) -> dict[str, Any]:
    configs = {part: vqvae_config(part, weights.tokenizer[part], sources.tokenizer.name) for part in PARTS}
    tensors = {f"{part}.{k}": v.float().contiguous() for part in PARTS for k, v in weights.tokenizer[part].items()}
    save_file(tensors, target / "tokenizer.safetensors")
    for part, config in configs.items():
        vae = VqVae(config)
        vae.load_state_dict({k: v.float() for k, v in weights.tokenizer[part].items()})
        write_decoder(vae, target / f"decoder_{part}.onnx")
        write_encoder(vae, target / f"encoder_{part}.onnx")
    mean, std = (_read_statistics(path) for path in (sources.mean, sources.std))
    np.savez(target / "statistics.npz", mean=mean, std=std)
    return {part: asdict(config) for part, config in configs.items()}


def _read_statistics(path: Path) -> np.ndarray:
    try:
        values = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as e:  # torch raises whatever it meets in a foreign file
        raise CheckpointError(f"{path.name} holds no tensor: {e}") from e
    if not isinstance(values, Tensor) or values.numel() != 179:
        raise CheckpointError(f"{path.name} doesn't hold a tensor of 179 numbers.")
    return stored_slice(values.reshape(-1).double().numpy())


def _write_generator(sources: Sources, target: Path) -> tuple[dict[str, Any], dict[str, int]]:
    assert sources.generator is not None
    if sources.language_folder is None:
        raise CheckpointError("A generator needs the language-model folder that belongs to it.")
    folder = read_language_folder(sources.language_folder)
    weights = read_weights(sources.generator)
    source = sources.generator.name
    if not weights.generator:
        raise CheckpointError(
            f"{source} has no generator in it (no key begins with lm.). Is it a tokenizer checkpoint?"
        )
    config = transformer_config(weights.generator, folder.settings, source)
    tensors = {k: v.float() for k, v in our_generator(weights.generator, config, source).items()}
    _check_rows(config.vocabulary, folder, source)
    save_file(tensors, target / "generator.safetensors")
    shutil.copyfile(folder.pieces, target / "sentencepiece.model")
    ids = np.array(sorted(folder.words.items()), dtype=np.int64)
    np.savez_compressed(target / "words.npz", tokens=ids[:, 0], rows=ids[:, 1])
    settings = {"fusion": LAMBDA, "steps": MAX_STEPS, "prompt": sources.prompt, "sizes": dict(CODES)}
    return {**asdict(config), **settings}, weights.ignored


def _check_rows(rows: int, folder: LanguageFolder, source: str) -> None:
    codes = sum(size + EXTRA_CODES for size in CODES.values())
    wanted = len(folder.words) + len(SIGN_TAGS) + codes
    if rows != wanted:
        raise CheckpointError(
            f"The generator in {source} has {rows} rows; {len(folder.words)} words, {len(SIGN_TAGS)} tags and {codes} "
            f"code tokens make {wanted}. Does the language-model folder belong to another checkpoint?"
        )


def _write_dictionary(path: Path, target: Path) -> None:
    """`word2code.json` under our part names, checked."""
    names = {"body": "body", "lhand": "left_hand", "rhand": "right_hand"}
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        words = {str(w): {ours: _codes(entry[t]) for t, ours in names.items()} for w, entry in data.items()}
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise CheckpointError(f"{path.name} is no dictionary of words and codes: {e}.") from e
    (target / "dictionary.json").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")


def _codes(values: Any) -> list[int]:
    if not isinstance(values, list) or not all(isinstance(v, int) and v >= 0 for v in values):
        raise ValueError("codes must be lists of whole numbers")
    return values


def _provenance(sources: Sources) -> str:
    files: Mapping[str, Path | None] = vars(sources)
    names = [path.name for key, path in files.items() if isinstance(path, Path) and key not in ("mean", "std")]
    return f"Imported from {', '.join(names)}."
