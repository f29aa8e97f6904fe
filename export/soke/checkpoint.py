"""The published layout of SOKE checkpoints, taken apart into our modules' weights."""

# pyright: reportMissingImports=false
from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.soke.transformer import POSITION_OFFSET, TransformerConfig
from engine.tokenizer.features import PARTS, SOKE
from engine.tokenizer.vqvae import VqVaeConfig
from engine.training.unpickling import read_pickle

from .unpickling import CheckpointError, load_tensors

_PARTS = {"body": ("vae.", "motion_vae."), "left_hand": ("hand_vae.",), "right_hand": ("rhand_vae.",)}
"""Prefixes of each part's weights, the present one first."""
_LM = "lm.language_model.main_lm."
_MAX_WORDS_BYTES = 64 << 20
_LAYER = re.compile(r"\.layers\.(\d+)\.")


@dataclass(frozen=True)
class Weights:
    """What a checkpoint held. ignored: prefixes of keys that are of no use here, with how many there were."""

    tokenizer: dict[str, dict[str, Tensor]]
    """By part; empty when the checkpoint has no tokenizer."""
    generator: dict[str, Tensor]
    """As the published model names them, the prefix left out; empty when the checkpoint has no generator."""
    ignored: dict[str, int]


def read_weights(path: Path) -> Weights:
    """Read a checkpoint of the generator or of the tokenizer. Raises `CheckpointError`."""
    data = load_tensors(path)
    state = data.get("state_dict")
    if not isinstance(state, Mapping):
        raise CheckpointError(f"{path.name} has no state_dict; it has: {', '.join(map(str, list(data)[:12]))}.")
    tensors = {str(k): v for k, v in state.items() if isinstance(v, Tensor)}
    tokenizer: dict[str, dict[str, Tensor]] = {}
    used: set[str] = set()
    for part, prefixes in _PARTS.items():
        for prefix in prefixes:
            found = {k[len(prefix) :]: v for k, v in tensors.items() if k.startswith(prefix)}
            if found and part not in tokenizer:
                tokenizer[part] = _vqvae_only(found)
                used |= {prefix + k for k in tokenizer[part]}
    generator = {k[len(_LM) :]: v for k, v in tensors.items() if k.startswith(_LM)}
    used |= {_LM + k for k in generator}
    ignored: dict[str, int] = {}
    for key in tensors.keys() - used:
        ignored[key.split(".")[0]] = ignored.get(key.split(".")[0], 0) + 1
    return Weights(tokenizer, generator, ignored)


def _vqvae_only(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Without what only training needs, like the sums of the moving averages."""
    return {k: v for k, v in state.items() if k.startswith(("encoder.", "decoder.")) or k == "quantizer.codebook"}


def vqvae_config(part: str, state: Mapping[str, Tensor], source: str) -> VqVaeConfig:
    """Sizes by the weights. Raises `CheckpointError` that says what is missing or doesn't fit."""
    try:
        codes, code_width = state["quantizer.codebook"].shape
        width, features, _ = state["encoder.model.0.weight"].shape
    except KeyError as e:
        raise CheckpointError(f"The {part} tokenizer in {source} lacks {e.args[0]}.") from e
    wanted = len(SOKE.columns[part])
    if features != wanted:
        raise CheckpointError(f"The {part} tokenizer in {source} has {features} features, not {wanted}.")
    return VqVaeConfig(features, codes, width, code_width)


def transformer_config(state: Mapping[str, Tensor], settings: Mapping[str, Any], source: str) -> TransformerConfig:
    """Sizes by the weights; of the LM folder's settings only the number of heads is needed."""
    try:
        vocabulary, width = state["model.shared.weight"].shape
        positions = state["model.encoder.embed_positions.weight"].shape[0] - POSITION_OFFSET
        feed_forward = state["model.encoder.layers.0.fc1.weight"].shape[0]
    except KeyError as e:
        raise CheckpointError(f"The generator in {source} lacks {e.args[0]}.") from e
    heads = settings.get("encoder_attention_heads")
    if type(heads) is not int or heads < 1:
        raise CheckpointError("config.json of the language model doesn't say encoder_attention_heads.")
    if width % heads:
        raise CheckpointError(f"A width of {width} can't be split into {heads} heads: is config.json of another model?")
    layers = {side: _layers(state, side) for side in ("encoder", "decoder")}
    return TransformerConfig(vocabulary, width, layers["encoder"], layers["decoder"], heads, feed_forward, positions)


def _layers(state: Mapping[str, Tensor], side: str) -> int:
    numbers = (int(m[1]) for k in state if k.startswith(f"model.{side}.") and (m := _LAYER.search(k)))
    return 1 + max(numbers, default=0)


def our_generator(state: Mapping[str, Tensor], config: TransformerConfig, source: str) -> dict[str, Tensor]:
    """The published weights under our names: q, k and v joined, tied matrices once. Raises `CheckpointError`."""

    def take(name: str) -> Tensor:
        try:
            return state[name]
        except KeyError as e:
            raise CheckpointError(f"The generator in {source} lacks {name}.") from e

    result = {"embedding.weight": take("model.shared.weight"), "output_bias": take("final_logits_bias").reshape(-1)}
    for side, layers in (("encoder", config.encoder_layers), ("decoder", config.decoder_layers)):
        result[f"{side}.positions.weight"] = take(f"model.{side}.embed_positions.weight")
        for kind in ("weight", "bias"):
            result[f"{side}.embedding_norm.{kind}"] = take(f"model.{side}.layernorm_embedding.{kind}")
            result[f"{side}.norm.{kind}"] = take(f"model.{side}.layer_norm.{kind}")
            for n in range(layers):
                result |= _layer(take, f"model.{side}.layers.{n}.", f"{side}.layers.{n}.", kind, side == "decoder")
    return {k: v.contiguous() for k, v in result.items()}


def _layer(take: Callable[[str], Tensor], theirs: str, ours: str, kind: str, crosses: bool) -> dict[str, Tensor]:
    def joined(attention: str, names: str) -> Tensor:
        return torch.cat([take(f"{theirs}{attention}.{n}_proj.{kind}") for n in names])

    result = {
        f"{ours}attention.qkv.{kind}": joined("self_attn", "qkv"),
        f"{ours}attention.out.{kind}": take(f"{theirs}self_attn.out_proj.{kind}"),
        f"{ours}attention_norm.{kind}": take(f"{theirs}self_attn_layer_norm.{kind}"),
        f"{ours}feed_norm.{kind}": take(f"{theirs}final_layer_norm.{kind}"),
        f"{ours}feed.wide.{kind}": take(f"{theirs}fc1.{kind}"),
        f"{ours}feed.narrow.{kind}": take(f"{theirs}fc2.{kind}"),
    }
    if crosses:
        result |= {
            f"{ours}cross.q.{kind}": take(f"{theirs}encoder_attn.q_proj.{kind}"),
            f"{ours}cross.kv.{kind}": joined("encoder_attn", "kv"),
            f"{ours}cross.out.{kind}": take(f"{theirs}encoder_attn.out_proj.{kind}"),
            f"{ours}cross_norm.{kind}": take(f"{theirs}encoder_attn_layer_norm.{kind}"),
        }
    return result


@dataclass(frozen=True)
class LanguageFolder:
    """What the published language-model folder holds besides weights."""

    settings: dict[str, Any]
    words: dict[int, int]
    """Token id -> row."""
    pieces: Path


def read_language_folder(folder: Path) -> LanguageFolder:
    """Read `config.json`, `map_ids.pkl` and `sentencepiece.bpe.model`. Raises `CheckpointError`."""
    needed = ("config.json", "map_ids.pkl", "sentencepiece.bpe.model")
    missing = [name for name in needed if not (folder / name).is_file()]
    if missing:
        raise CheckpointError(f"The language-model folder {folder.name} lacks {', '.join(missing)}.")
    try:
        settings = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as e:
        raise CheckpointError(f"config.json in {folder.name} can't be read: {e}.") from e
    if not isinstance(settings, dict):
        raise CheckpointError(f"config.json in {folder.name} holds no settings.")
    return LanguageFolder(settings, _read_words(folder / "map_ids.pkl"), folder / "sentencepiece.bpe.model")


def _read_words(path: Path) -> dict[int, int]:
    try:
        if path.stat().st_size > _MAX_WORDS_BYTES:
            raise ValueError(f"it has more than {_MAX_WORDS_BYTES >> 20} MB")
        words = {int(token): int(row) for token, row in read_pickle(path.read_bytes()).items()}
    except (AttributeError, TypeError, ValueError) as e:
        raise CheckpointError(f"{path.name} is no table of token ids and rows: {e}.") from e
    if sorted(words.values()) != list(range(len(words))) or not {0, 1, 2, 3} <= words.keys():
        raise CheckpointError(f"{path.name} doesn't number the rows from 0 on, specials first.")
    return words


def require_parts(tokenizer: Mapping[str, Any], source: str) -> None:
    """Raises `CheckpointError` when a part of the tokenizer is missing."""
    missing = [part for part in PARTS if part not in tokenizer]
    if missing:
        prefixes = ", ".join(_PARTS[part][0] for part in missing)
        raise CheckpointError(
            f"{source} lacks the tokenizer of {' and '.join(missing)} (keys that begin with {prefixes})."
        )
