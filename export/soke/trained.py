"""Our trained tokenizer and generator to a bundle."""

# pyright: reportMissingImports=false
from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor

from engine.bundle import Bundle, BundleError, Manifest
from engine.bundles import KIND
from engine.soke.code_dictionary import FILE as DICTIONARY
from engine.soke.residuals import FILE as RESIDUALS
from engine.soke.transformer import TransformerConfig
from engine.tokenizer.features import PARTS
from engine.training.checkpoints import LATEST, CheckpointUnfit, read_checkpoint
from engine.training.config import ModelConfig
from engine.training.generator_corpus import ABOUT, PIECES, SETTINGS, all_words, stored_vocabulary
from engine.training.tokenise import TrainedTokenizer

from .model_files import Formats, finish, new_bundle, opened, write_generator_files, write_tokenizer, write_vocabulary

LICENCE: Final = "CC0-1.0"
_PREFIX: Final = "model."
"""Of the transformer's weights in a checkpoint, which is one of the whole loss."""


@dataclass(frozen=True)
class TrainedSources:
    """Folders of the trained tokenizer and of the generator, and a dictionary of codes. Without `generator` the bundle
    is of the tokenizer alone."""

    tokenizer: Path
    generator: Path | None = None
    dictionary: Path | None = None
    licence: str = LICENCE
    note: str = ""
    """What else the bundle says of where it comes from."""
    mode: str = "free"
    """How it is meant to be used: `exact` keeps the dictionary's signs code for code."""


def convert_trained(sources: TrainedSources, folder: Path, name: str, formats: Formats) -> Bundle:
    """Write a bundle. The generator's weights are rounded to float16 first, so that every runtime has the same ones.

    Raises `BundleError` when a source is wrong or the folder exists, and `OSError` when a source is missing.
    """
    with new_bundle(folder) as target:
        try:
            tokenizer = TrainedTokenizer.read(sources.tokenizer)
        except (ValueError, KeyError, TypeError, RuntimeError) as e:
            raise BundleError(f"{sources.tokenizer} has no trained tokenizer: {e}") from e
        statistics = tokenizer.statistics
        model: dict[str, Any] = {"features": tokenizer.layout.to_json(), "fps": tokenizer.fps}
        model["tokenizer"] = write_tokenizer(tokenizer.parts, statistics.mean, statistics.std, target, formats)
        sizes = {part: model["tokenizer"][part]["codes"] for part in PARTS}
        languages, provenance = (), sources.note
        if sources.generator is not None:
            made, about = _write_generator(sources.generator, sizes, target, formats)
            model["generator"] = {**made, "mode": sources.mode}
            languages = tuple(about["languages"])
            provenance = " ".join(filter(None, (_provenance(about), sources.note)))
        if sources.dictionary is not None:
            found = _write_dictionary(sources.dictionary, sizes, target)
            languages = languages or found
            residuals = sources.dictionary.with_name(RESIDUALS)
            if residuals.is_file():
                shutil.copyfile(residuals, target / RESIDUALS)
        finish(target, Manifest(KIND, name, languages, sources.licence, provenance, model))
    return opened(folder, KIND)


def _write_generator(
    folder: Path, sizes: Mapping[str, int], target: Path, formats: Formats
) -> tuple[dict[str, Any], dict[str, Any]]:
    """The generator's files; what the manifest says of it, and what its training noted."""
    try:
        checkpoint = read_checkpoint(folder / LATEST)
    except CheckpointUnfit as e:
        raise BundleError(str(e)) from e
    settings = json.loads((folder / SETTINGS).read_text(encoding="utf-8"))
    about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
    if settings["sizes"] != dict(sizes):
        raise BundleError(f"The generator in {folder} was trained on codes of another tokenizer.")
    vocabulary = stored_vocabulary(folder)
    model = ModelConfig(**checkpoint["config"]["model"])
    shape = (model.width, model.encoder_layers, model.decoder_layers, model.heads, model.feed_forward)
    config = TransformerConfig(vocabulary.rows, *shape, model.positions)
    state = {key.removeprefix(_PREFIX): rounded(value) for key, value in checkpoint["weights"].items()}
    pieces = (folder / PIECES).read_bytes()
    write_vocabulary(pieces, all_words(vocabulary.pieces), target)
    place = checkpoint["place"]
    about = {**about, "steps": place["step"], "seconds": place["seconds"]}
    return write_generator_files(state, config, vocabulary, settings, target, formats), about


def rounded(tensor: Tensor) -> Tensor:
    """Weights as float32 numbers that float16 has too."""
    return tensor.to(torch.float16).float().contiguous()


def _write_dictionary(path: Path, sizes: Mapping[str, int], target: Path) -> tuple[str, ...]:
    """The dictionary, checked; the languages that it has."""
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        for key, entry in entries.items():
            codes = np.array([entry[part] for part in PARTS])
            if codes.ndim != 2 or not codes.size or (codes < 0).any() or (codes.max(axis=1) >= [*sizes.values()]).any():
                raise ValueError(f"{key} has no codes of this tokenizer")
        languages = tuple(sorted({entry["language"] for entry in entries.values()}))
    except (ValueError, KeyError, TypeError, AttributeError) as e:
        raise BundleError(f"{path.name} is no dictionary of this tokenizer: {e}.") from e
    short = json.dumps(entries, ensure_ascii=False, separators=(",", ":"))
    (target / DICTIONARY).write_text(short, encoding="utf-8")
    return languages


def _provenance(about: Mapping[str, Any]) -> str:
    counts = ", ".join(f"{count} {source}" for source, count in sorted(about["clips"].items()))
    return (
        f"Trained by Signwright's own code on motion synthesised from written signs ({counts} clips); no signer was "
        f"recorded. Command: {about['command']}. Seed {about['seed']}, {about['steps']} steps, "
        f"{about['seconds'] / 60:.0f} minutes on {about['machine']}."
    )
