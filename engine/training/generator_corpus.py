"""A folder of codes (see `tokenise`) as what a generator is trained on, and the settings that go with its model."""

# pyright: reportMissingImports=false
from __future__ import annotations

import json
import math
import os
import platform
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from safetensors.numpy import load_file

from ..languages import LANGUAGES
from ..soke.prompt import PromptSettings
from ..soke.vocabulary import MBART_TAGS, Pieces, Vocabulary, sign_tags, source_tags
from ..tokenizer.features import PARTS
from .config import GeneratorConfig
from .generator_data import Clip, Samples, Sign
from .generator_training import TrainingData
from .pieces import load_pieces, train_pieces
from .splicing import Splices
from .tokenise import TokenCorpus
from .tokenizer_training import MODEL, WEIGHTS

PIECES: Final = "sentencepiece.model"
SETTINGS: Final = "generator.json"
ABOUT: Final = "about.json"
"""How the model was trained, for its bundle's manifest."""
_THEN: Final = " ; "
_USUAL_HOLDS: Final = 0.999


def training_data(folder: Path, config: GeneratorConfig, output: Path, command: str = "") -> TrainingData:
    """Read a folder of codes. The text's vocabulary, the model's settings and notes on the training are written to the
    output's folder, where they aren't there already.

    command: with which it was started. Raises `OSError` or `ValueError` when the folder isn't whole.
    """
    corpus = TokenCorpus.read(folder)
    if not (output / PIECES).exists():
        train_pieces(_texts(corpus), config.model.pieces, output / PIECES)
    settings = {**generator_settings(config, _sizes(folder)), "longest_hold": longest_hold(corpus)}
    _write(output / SETTINGS, settings)
    _note(output / ABOUT, notes_on(corpus, config, command))
    vocabulary = stored_vocabulary(output)
    dictionary = signs_of(corpus)
    clips = {split: list(clips_of(corpus, dictionary, split, config.model.steps)) for split in ("train", "val")}
    if not clips["train"]:
        raise ValueError(f"{folder} has no clips to train on of at most {config.model.steps} steps.")
    more = Splices(clips["train"], dictionary, config.model.steps) if config.augment.spliced else None
    shared = (dictionary, vocabulary, PromptSettings.of(settings), config.model.variant)
    held_out = [clip for clip in clips["val"] if clip.text]
    return TrainingData(
        Samples(clips["train"], *shared, more), Samples(held_out, *shared), vocabulary, codebooks_of(folder)
    )


def generator_settings(config: GeneratorConfig, sizes: dict[str, int]) -> dict[str, Any]:
    """What a bundle's manifest says of its generator, the transformer's sizes left out. sizes: of the code books."""
    spoken = {language.code: language.spoken for language in LANGUAGES}
    prompt, model = config.prompt, config.model
    tasks = ["text_to_sign", *(["sign_to_text"] if config.augment.sign_to_text else [])]
    return {
        **PromptSettings(prompt.style, prompt.keywords, prompt.steps, prompt.longest).to_json(),
        "fusion": model.fusion,
        "steps": model.steps,
        "variant": model.variant,
        "sizes": sizes,
        "sign_tags": list(sign_tags(spoken, by_part=model.variant == "part")),
        "source_tags": source_tags(spoken),
        "tasks": tasks,
    }


def longest_hold(corpus: TokenCorpus) -> int:
    """Steps in a row with the same code of every part: as many as all but one in a thousand of the holds have in the
    clips that are trained on."""
    holds = [_holds(corpus.of(number)) for number, about in enumerate(corpus.clips) if about["split"] == "train"]
    return math.ceil(np.quantile(np.concatenate(holds), _USUAL_HOLDS)) if holds else 0


def _holds(codes: NDArray[np.int64]) -> NDArray[np.int64]:
    """(T, 3) codes to the lengths of the runs of equal steps."""
    changes = np.flatnonzero((codes[1:] != codes[:-1]).any(axis=1)) + 1
    return np.diff(np.concatenate([[0], changes, [len(codes)]]))


def notes_on(corpus: TokenCorpus, config: GeneratorConfig, command: str) -> dict[str, Any]:
    """What a bundle shall say of the training."""
    clips = [about for about in corpus.clips if about["split"] == "train"]
    present = {about["language"] for about in clips}
    return {
        "command": command,
        "seed": config.run.seed,
        "clips": dict(Counter(about["source"] for about in clips)),
        "languages": [language.code for language in LANGUAGES if language.code in present],
        "machine": f"{platform.machine()}, {config.run.accelerator}, {config.run.threads or os.cpu_count()} threads",
    }


def _write(path: Path, content: dict[str, Any]) -> None:
    """Write a file of the training, unless a training that is resumed has it already."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def _note(path: Path, notes: dict[str, Any]) -> None:
    """Write the notes on a training; where it goes on by another command, that one is added."""
    if path.exists():
        former = json.loads(path.read_text(encoding="utf-8"))["command"]
        commands = former.split(_THEN)
        notes = {**notes, "command": former if notes["command"] in commands else former + _THEN + notes["command"]}
        path.unlink()
    _write(path, notes)


def stored_vocabulary(output: Path) -> Vocabulary:
    """The vocabulary of a training by what lies in its folder."""
    pieces = load_pieces(output / PIECES)
    settings = json.loads((output / SETTINGS).read_text(encoding="utf-8"))
    return Vocabulary.of(pieces, all_words(pieces), settings)


def all_words(pieces: Pieces) -> dict[int, int]:
    """Token id -> row of a model that keeps every piece, and every tag of mBART and its mask."""
    return {token: token for token in range(pieces.get_piece_size() + len(MBART_TAGS) + 2)}


def signs_of(corpus: TokenCorpus) -> dict[str, Sign]:
    """The dictionary of a folder of codes."""
    return {
        key: Sign(
            entry.get("gloss") or key,
            np.stack([np.array(entry[part], dtype=np.int64) for part in PARTS], axis=1),
            tuple(entry.get("words", ())),
        )
        for key, entry in corpus.dictionary.items()
    }


def clips_of(corpus: TokenCorpus, dictionary: dict[str, Sign], split: str, most_steps: int) -> Iterator[Clip]:
    """The clips of a split that aren't longer than the model can say. An isolated sign's text is its main word."""
    for number, about in enumerate(corpus.clips):
        if about["split"] != split or not 0 < corpus.steps[number] <= most_steps:
            continue
        wanted = [next((key for key in keys if key in dictionary), None) for keys in about["retrieved"]]
        signs = tuple(key for key in wanted if key is not None)
        text = about["text"] or _main_word(about, dictionary)
        places = _places(about["segments"], wanted)
        yield Clip(about["name"], text, about["language"], corpus.of(number), signs, places)


def codebooks_of(folder: Path) -> dict[str, np.ndarray]:
    """By part the vectors of the tokenizer's code book."""
    tensors = load_file(folder / WEIGHTS)
    return {part: tensors[f"{part}.quantizer.codebook"].astype(np.float32) for part in PARTS}


def _sizes(folder: Path) -> dict[str, int]:
    about = json.loads((folder / MODEL).read_text(encoding="utf-8"))
    return {part: int(about["tokenizer"][part]["codes"]) for part in PARTS}


def _main_word(about: dict[str, Any], dictionary: dict[str, Sign]) -> str:
    entry = dictionary.get(about["key"])
    return entry.words[0] if entry and entry.words else ""


def _places(segments: Sequence[Sequence[Any]], wanted: Sequence[str | None]) -> tuple[tuple[str, int, int], ...]:
    """Where each retrieved sign was signed; nothing where it isn't one segment a sign, as in fingerspelling."""
    if len(segments) != len(wanted):
        return ()
    return tuple((key, int(s[3]), int(s[4])) for key, s in zip(wanted, segments, strict=True) if key is not None)


def _texts(corpus: TokenCorpus) -> Iterator[str]:
    """What the vocabulary is made from: texts that are trained on, and the dictionary's glosses and words."""
    for about in corpus.clips:
        if about["split"] == "train":
            yield about["text"]
    for entry in corpus.dictionary.values():
        yield f" {entry.get('gloss', '')}"
        yield from entry.get("words", ())
