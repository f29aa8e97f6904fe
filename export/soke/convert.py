"""Official checkpoints to a bundle: weights as safetensors and ONNX, tables as JSON and NumPy, hashes of it all."""

# pyright: reportMissingImports=false
from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import sentencepiece
import torch
from torch import Tensor

from engine.bundle import Bundle, Manifest
from engine.bundles import KIND
from engine.soke.code_dictionary import FILE as DICTIONARY
from engine.soke.decoding import Variant
from engine.soke.prompt import PromptSettings, Style
from engine.soke.runtime import LAMBDA, MAX_STEPS
from engine.soke.transformer import Transformer
from engine.soke.vocabulary import EXTRA_CODES, SIGN_TAGS, SOURCE_TAGS, Vocabulary, sign_tags
from engine.tokenizer.features import PARTS, SOKE, stored_slice
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
from .model_files import Formats, finish, new_bundle, opened, write_generator_files, write_tokenizer, write_vocabulary
from .unpickling import CheckpointError, load_tensor

LICENCE: Final = "as the licence of the checkpoint that it was made from (the published ones: CC BY-NC-ND 4.0)"
_FPS: Final = 24.0
_STORED: Final = 179
_MAX_JSON_BYTES: Final = 256 << 20
_THEIR_PARTS: Final = {"body": "body", "left_hand": "lhand", "right_hand": "rhand"}
Scale = Literal["both", "encoder", "decoder", "none"]


@dataclass(frozen=True)
class Sources:
    """Files that a bundle is made from. Without `generator` only the tokenizer is imported.

    prompt: how retrieved signs stand in the prompt, `brackets` for checkpoints from before late 2025. variant: how it
    decodes; `None` tells it by the number of tags. scaled: which sides of the model multiply their embeddings by the
    root of the width, which depends on the library that the checkpoint was trained with.
    """

    tokenizer: Path
    mean: Path
    std: Path
    generator: Path | None = None
    language_folder: Path | None = None
    dictionary: Path | None = None
    prompt: Style = "key_word"
    variant: Variant | None = None
    scaled: Scale = "both"
    licence: str = LICENCE


@dataclass(frozen=True)
class Conversion:
    """The bundle, and keys of the checkpoints that are of no use here, by prefix."""

    bundle: Bundle
    ignored: dict[str, int]


def convert(sources: Sources, folder: Path, name: str, formats: Formats | None = None) -> Conversion:
    """Write a bundle. Raises `CheckpointError` when a source is wrong and `BundleError` when the folder exists."""
    formats = formats or Formats()
    with new_bundle(folder) as target:
        weights = read_weights(sources.tokenizer)
        require_parts(weights.tokenizer, sources.tokenizer.name)
        ignored = dict(weights.ignored)
        model: dict[str, Any] = {"features": SOKE.to_json(), "fps": _FPS}
        model["tokenizer"] = _write_tokenizer(weights, sources, target, formats)
        sizes = {part: model["tokenizer"][part]["codes"] for part in PARTS}
        del weights
        if sources.generator is not None:
            model["generator"], more = _write_generator(sources, sources.generator, sizes, target, formats)
            ignored = {key: max(count, more.get(key, 0)) for key, count in {**more, **ignored}.items()}
        if sources.dictionary is not None:
            _write_dictionary(sources.dictionary, sizes, target)
        provenance = _provenance(sources)
        finish(target, Manifest(KIND, name, tuple(SIGN_TAGS), sources.licence, provenance, model))
    return Conversion(opened(folder, KIND), ignored)


def _write_tokenizer(weights: Weights, sources: Sources, target: Path, formats: Formats) -> dict[str, Any]:
    source, vaes = sources.tokenizer.name, {}
    for part in PARTS:
        state = {name: x.float() for name, x in weights.tokenizer[part].items()}
        vaes[part] = VqVae(vqvae_config(part, state, source))
        _fit(vaes[part], state, f"The {part} tokenizer in {source}")
    mean, std = (_read_statistics(path) for path in (sources.mean, sources.std))
    if (std < 0).any():
        raise CheckpointError(f"{sources.std.name} has numbers below zero. Are the files of mean and spread swapped?")
    return write_tokenizer(vaes, mean, std, target, formats)


def _read_statistics(path: Path) -> np.ndarray:
    values = load_tensor(path)
    if values.numel() != _STORED or not values.isfinite().all():
        raise CheckpointError(f"{path.name} doesn't hold a tensor of {_STORED} numbers.")
    return stored_slice(values.reshape(-1).double().numpy())


def _write_generator(
    sources: Sources, path: Path, sizes: Mapping[str, int], target: Path, formats: Formats
) -> tuple[dict[str, Any], dict[str, int]]:
    if sources.language_folder is None:
        raise CheckpointError("A generator needs the language-model folder that belongs to it.")
    folder = read_language_folder(sources.language_folder)
    weights = read_weights(path)
    if not weights.generator:
        raise CheckpointError(
            f"{path.name} has no generator in it (no key begins with lm.). Is it a tokenizer checkpoint?"
        )
    config = transformer_config(weights.generator, folder.settings, path.name)
    scaled = {f"scale_{side}": sources.scaled in ("both", side) for side in ("encoder", "decoder")}
    config = replace(config, **scaled)
    tags = _sign_tags(config.vocabulary, len(folder.words), sizes, path.name)
    state = {name: x.float() for name, x in our_generator(weights.generator, config, path.name).items()}
    with torch.device("meta"):
        model = Transformer(config)
    _fit(model, state, f"The generator in {path.name}")
    pieces = folder.pieces.read_bytes()
    write_vocabulary(pieces, folder.words, target)
    variant = sources.variant or ("part" if len(tags) > len(SIGN_TAGS) else "multihead")
    settings = {
        "fusion": LAMBDA,
        "steps": MAX_STEPS,
        **replace(PromptSettings(), style=sources.prompt).to_json(),
        "variant": variant,
        "sizes": dict(sizes),
        "sign_tags": list(tags),
        "source_tags": dict(SOURCE_TAGS),
        "tasks": ["text_to_sign"],
    }
    vocabulary = Vocabulary.of(_pieces(pieces, folder), folder.words, settings)
    written = write_generator_files(state, config, vocabulary, settings, target, formats)
    return written, weights.ignored


def _fit(model: torch.nn.Module, state: Mapping[str, Tensor], what: str) -> None:
    """Put weights into a model. Raises `CheckpointError` that says which are missing or of another shape."""
    try:
        model.load_state_dict(dict(state), assign=True)
    except RuntimeError as e:
        reasons = [line.strip() for line in str(e).splitlines()[1:4]]
        raise CheckpointError(f"{what} doesn't fit: {' '.join(reasons)}") from e


def _pieces(data: bytes, folder: LanguageFolder) -> Any:
    pieces = sentencepiece.SentencePieceProcessor()
    try:
        pieces.LoadFromSerializedProto(data)
    except RuntimeError as e:
        raise CheckpointError(f"{folder.pieces.name} is no sentencepiece model: {e}") from e
    return pieces


def _sign_tags(rows: int, words: int, sizes: Mapping[str, int], source: str) -> tuple[str, ...]:
    """Tags by the number of rows: one for each language, or in the variant *part* one for each part of each."""
    codes = sum(size + EXTRA_CODES for size in sizes.values())
    spoken = {code: tag.partition("_")[0] for code, tag in SIGN_TAGS.items()}
    whole, by_part = sign_tags(spoken), sign_tags(spoken, by_part=True)
    for tags in (whole, by_part):
        if rows == words + len(tags) + codes:
            return tags
    raise CheckpointError(
        f"The generator in {source} has {rows} rows; {words} words, {len(whole)} or {len(by_part)} tags and {codes} "
        f"code tokens make {words + len(whole) + codes} or {words + len(by_part) + codes}. Does the language-model "
        "folder, or the tokenizer, belong to another checkpoint?"
    )


def _write_dictionary(path: Path, sizes: Mapping[str, int], target: Path) -> None:
    """`word2code.json` under our part names, checked."""
    if path.stat().st_size > _MAX_JSON_BYTES:
        raise CheckpointError(f"{path.name} is larger than {_MAX_JSON_BYTES >> 20} MB.")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as e:
        raise CheckpointError(f"{path.name} can't be read: {e}.") from e
    if not isinstance(data, dict):
        raise CheckpointError(f"{path.name} is no dictionary of words and codes.")
    words = {word: _codes_of(word, entry, sizes, path.name) for word, entry in data.items()}
    (target / DICTIONARY).write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")


def _codes_of(word: str, entry: Any, sizes: Mapping[str, int], source: str) -> dict[str, list[int]]:
    result = {}
    for part, theirs in _THEIR_PARTS.items():
        values = entry.get(theirs) if isinstance(entry, dict) else None
        if not isinstance(values, list) or not values or not all(type(v) is int and v >= 0 for v in values):
            raise CheckpointError(f"{source} has no list of codes under {theirs} for {word!r}.")
        if max(values) >= sizes[part]:
            raise CheckpointError(
                f"{source} has the code {max(values)} for {theirs} of {word!r}, and the tokenizer {sizes[part]} codes. "
                "Does it belong to another tokenizer?"
            )
        result[part] = values
    return result


def _provenance(sources: Sources) -> str:
    """Names and hashes of the files that weights came from."""
    files = [path for path in (sources.tokenizer, sources.generator, sources.dictionary) if path is not None]
    told = []
    for path in dict.fromkeys(files):
        with path.open("rb") as file:
            told.append(f"{path.name} (SHA-256 {hashlib.file_digest(file, 'sha256').hexdigest()})")
    return f"Imported from {', '.join(told)}."
