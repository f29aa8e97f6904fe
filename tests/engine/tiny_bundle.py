"""A small bundle with random weights, for tests: what it signs makes no sense, but all of it works.

Needs torch, onnx, onnxruntime, safetensors and sentencepiece.
"""

from __future__ import annotations

import io
import itertools
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece
import torch
from safetensors.torch import save_file

from engine import languages
from engine.bundle import Bundle, Manifest, write_manifest
from engine.bundles import KIND
from engine.dictionary import library
from engine.soke.transformer import Transformer, TransformerConfig
from engine.soke.vocabulary import END, UNKNOWN, Vocabulary, sign_tags, source_tags
from engine.tokenizer.features import PARTS, SIGNWRIGHT, SOKE, Layout
from engine.tokenizer.vqvae import VqVae, VqVaeConfig
from export.soke.onnx_files import write_decoder, write_encoder
from export.soke.onnx_generator import Source, write_generator

SIZES = {"body": 48, "left_hand": 40, "right_hand": 40}
ALL = {language.code: language.spoken for language in languages.LANGUAGES}
PUBLISHED = {code: ALL[code] for code in ("ASL", "CSL", "DGS")}
STEPS = 60
_WIDTH, _HEADS, _LAYERS = 32, 4, 2
_WORDS = {"hello": 5, "name": 6, "tea": 4, "bank (river)": 5, "bank (money)": 6, "thank you": 5, "drink": 7}


def make(folder: Path, name: str = "tiny", *, published: bool = False, generator: bool = True, seed: int = 0) -> Path:
    """Write a bundle and return its folder: of our kind, or in the published layout with words as its dictionary."""
    target = folder / name
    target.mkdir(parents=True)
    torch.manual_seed(seed)
    layout = SOKE if published else SIGNWRIGHT
    model: dict[str, Any] = {"features": layout.to_json(), "fps": 24.0, "tokenizer": _write_tokenizer(target, layout)}
    spoken = PUBLISHED if published else ALL
    if generator:
        model["generator"] = _write_generator(target, spoken, published)
    words = _words() if published else _signs()
    (target / "dictionary.json").write_text(json.dumps(words, ensure_ascii=False), encoding="utf-8")
    manifest = Manifest(KIND, f"Random {name}", tuple(spoken), "CC0-1.0", "Random weights, for tests.", model)
    write_manifest(target, manifest, [p.name for p in target.iterdir()])
    return target


def opened(folder: Path) -> Bundle:
    """The bundle of a folder."""
    return Bundle.open(folder, KIND)


def _write_tokenizer(target: Path, layout: Layout) -> dict[str, Any]:
    rng = np.random.default_rng(3)
    np.savez(target / "statistics.npz", mean=rng.normal(0.0, 0.1, layout.size), std=rng.uniform(0.05, 0.3, layout.size))
    configs = {part: VqVaeConfig(len(layout.columns[part]), SIZES[part], 16, 8) for part in PARTS}
    tensors = {}
    for part, config in configs.items():
        vae = VqVae(config).eval()
        vae.quantizer.codebook.normal_()
        write_decoder(vae, target / f"decoder_{part}.onnx")
        write_encoder(vae, target / f"encoder_{part}.onnx")
        tensors |= {f"{part}.{key}": value.contiguous() for key, value in vae.state_dict().items()}
    save_file(tensors, target / "tokenizer.safetensors")
    return {part: asdict(config) for part, config in configs.items()}


def _write_generator(target: Path, spoken: dict[str, str], published: bool) -> dict[str, Any]:
    pieces = _write_pieces(target)
    # words, the tags of all of mBART's languages and its mask
    count = pieces.get_piece_size() + 27
    rows = np.arange(count)
    np.savez_compressed(target / "words.npz", tokens=rows, rows=rows)
    settings: dict[str, Any] = {
        "fusion": 0.4,
        "steps": STEPS,
        "prompt": "key_word" if published else "fused",
        "keywords": 3 if published else 32,
        "keyword_steps": 10,
        "longest_input": 256 if published else 512,
        "variant": "multihead",
        "sizes": SIZES,
        "sign_tags": list(sign_tags(spoken)),
        "source_tags": source_tags(spoken),
        "tasks": ["text_to_sign"] if published else ["text_to_sign", "sign_to_text"],
    }
    vocabulary = Vocabulary.of(pieces, dict(zip(rows.tolist(), rows.tolist(), strict=True)), settings)
    config = TransformerConfig(vocabulary.rows, _WIDTH, _LAYERS, _LAYERS, _HEADS, 64, 600)
    generator = Transformer(config).eval()
    with torch.no_grad():
        # so flat that sampling has a choice
        generator.embedding.weight.mul_(0.3)
        generator.output_bias.normal_()
        generator.output_bias[END] = -1.0
        generator.output_bias[UNKNOWN] = -5.0
    state = {key: value.contiguous() for key, value in generator.state_dict().items()}
    save_file(state, target / "generator.safetensors")
    allowed = {part: vocabulary.allowed_rows(part) for part in PARTS}
    captions = "sign_to_text" in settings["tasks"]
    source = Source(
        {key: value.numpy() for key, value in state.items()},
        config,
        allowed,
        words=vocabulary.text_rows() if captions else (),
    )
    write_generator(source, target)
    return {**asdict(config), **settings}


def _write_pieces(target: Path) -> Any:
    texts = [word for sign in library.load("ASL").signs.values() for word in sign.words]
    model = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(texts), model_writer=model, vocab_size=200, hard_vocab_limit=False, minloglevel=2
    )
    (target / "sentencepiece.model").write_bytes(model.getvalue())
    pieces = sentencepiece.SentencePieceProcessor()
    pieces.LoadFromSerializedProto(model.getvalue())
    return pieces


def _words() -> dict[str, Any]:
    return {word: _codes(word, steps) for word, steps in _WORDS.items()}


def _signs() -> dict[str, Any]:
    """Every sign, letter and number of every language."""
    result: dict[str, Any] = {}
    for code in ALL:
        lexicon = library.load(code)
        entries = itertools.chain(lexicon.signs.values(), lexicon.letters.values(), lexicon.numbers.values())
        for entry in entries:
            steps = 2 if entry.gloss.startswith("fs-") else 3 + len(entry.gloss) % 4
            more = {"language": code, "gloss": entry.gloss, "words": list(entry.words)}
            result[entry.key] = {**_codes(entry.key, steps), **more}
    return result


def _codes(key: str, steps: int) -> dict[str, list[int]]:
    rng = np.random.default_rng(list(key.encode()))
    return {part: rng.integers(0, size, steps).tolist() for part, size in SIZES.items()}
