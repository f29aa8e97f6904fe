"""A corpus as codes, and the dictionary of codes of its isolated signs: what the generator learns from. Needs torch.

The folder has `tokens.npz` (the codes of all clips one after the other, with `start` and `steps` of each clip),
`clips.jsonl` (a line a clip in that order, times in steps of four frames), `dictionary.json` as bundles have it,
`dictionary_residuals.npz` with what its codes lose, and the tokenizer itself (`tokenizer.safetensors`, `model.json`,
`statistics.npz`).
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors.torch import load_file
from tqdm import tqdm

from ..npz import Npz
from ..soke.residuals import FILE as RESIDUALS
from ..soke.residuals import lost, write_residuals
from ..tokenizer.features import FRAMES_PER_TOKEN, PARTS, Layout
from ..tokenizer.vqvae import VqVae, read_parts
from .cache import Clip, ClipCache
from .statistics import Statistics
from .tokenizer_data import whole_clips
from .tokenizer_training import MODEL, STATISTICS, WEIGHTS

Codes = NDArray[np.int64]

TOKENS: Final = "tokens.npz"
CLIPS: Final = "clips.jsonl"
DICTIONARY: Final = "dictionary.json"
_BATCH: Final = 16
_MAX_STATISTICS_BYTES: Final = 1 << 24


@dataclass(frozen=True)
class TrainedTokenizer:
    """What a training wrote."""

    layout: Layout
    fps: float
    statistics: Statistics
    parts: Mapping[str, VqVae]

    @classmethod
    def read(cls, folder: Path) -> TrainedTokenizer:
        """Raises `OSError` or `ValueError` when the folder has no whole tokenizer."""
        about = json.loads((folder / MODEL).read_text(encoding="utf-8"))
        tensors = load_file(folder / WEIGHTS)
        parts = read_parts({part: about["tokenizer"][part] for part in PARTS}, tensors)
        with Npz(folder / STATISTICS, _MAX_STATISTICS_BYTES) as file:
            statistics = Statistics(file.read("mean"), file.read("std"))
        return cls(Layout.from_json(about["features"]), float(about["fps"]), statistics, parts)

    @torch.inference_mode()
    def encode(self, cache: ClipCache, clips: Sequence[Clip], progress: bool = False) -> Iterator[tuple[Clip, Codes]]:
        """The clips, in another order, and (steps, 3) codes of their parts. Raises `ValueError` for another layout."""
        if cache.layout != self.layout:
            raise ValueError("The corpus has other features than the tokenizer was trained on.")
        bar = tqdm(total=len(clips), unit="clip", disable=not progress)
        for some, batch in whole_clips(cache, clips, self.statistics, _BATCH):
            features, lengths = torch.from_numpy(batch.features), torch.from_numpy(batch.lengths)
            codes = torch.stack(
                [self.parts[p].encode(features[..., list(self.layout.columns[p])], lengths) for p in PARTS], dim=-1
            ).numpy()
            for clip, row, length in zip(some, codes, batch.lengths, strict=True):
                yield clip, row[: length // FRAMES_PER_TOKEN]
            bar.update(len(some))
        bar.close()

    @torch.inference_mode()
    def decode(self, codes: Codes) -> NDArray[np.float32]:
        """(steps, 3) codes to (4 steps, F) features."""
        features = np.zeros((FRAMES_PER_TOKEN * len(codes), self.layout.size), np.float32)
        for i, part in enumerate(PARTS):
            decoded = self.parts[part].decode(torch.from_numpy(codes[None, :, i]))
            features[:, list(self.layout.columns[part])] = decoded[0]
        return self.statistics.undone(features).astype(np.float32)


def tokenise(cache: ClipCache, tokenizer_folder: Path, folder: Path, progress: bool = True) -> None:
    """Write the codes of a whole corpus and the dictionary of its isolated signs to a folder."""
    tokenizer = TrainedTokenizer.read(tokenizer_folder)
    folder.mkdir(parents=True, exist_ok=True)
    codes = {clip.name: row for clip, row in tokenizer.encode(cache, cache.clips, progress)}
    clips = [clip for clip in cache.clips if clip.name in codes]
    steps = np.array([len(codes[clip.name]) for clip in clips], dtype=np.int64)
    together = np.concatenate([codes[clip.name] for clip in clips])
    columns: dict[str, Any] = {part: together[:, i].astype(np.uint16) for i, part in enumerate(PARTS)}
    np.savez(folder / TOKENS, start=np.cumsum(steps) - steps, steps=steps, **columns)
    with open(folder / CLIPS, "w", encoding="utf-8") as file:
        for clip in clips:
            file.write(json.dumps(_described(clip, len(codes[clip.name])), ensure_ascii=False) + "\n")
    isolated = [clip for clip in clips if clip.key]
    entries = dictionary((clip, codes[clip.name]) for clip in isolated)
    firsts = {clip.key: clip for clip in reversed(isolated)}
    residuals = {key: _lost(tokenizer, cache, clip, codes[clip.name]) for key, clip in firsts.items()}
    write_residuals(folder / RESIDUALS, residuals)
    (folder / DICTIONARY).write_text(json.dumps(entries, ensure_ascii=False) + "\n", encoding="utf-8")
    if folder != tokenizer_folder:
        for name in (MODEL, WEIGHTS, STATISTICS):
            shutil.copyfile(tokenizer_folder / name, folder / name)


def _lost(tokenizer: TrainedTokenizer, cache: ClipCache, clip: Clip, codes: Codes) -> NDArray[np.floating]:
    """What the codes of an isolated sign lose."""
    first, end = _sign(clip, len(codes))
    frames = slice(first * FRAMES_PER_TOKEN, end * FRAMES_PER_TOKEN)
    truth, decoded = np.asarray(cache.features(clip))[frames], tokenizer.decode(codes)[frames]
    layout = tokenizer.layout
    return lost(layout.poses(truth)[0], layout.poses(decoded)[0], layout.body)


def _sign(clip: Clip, steps: int) -> tuple[int, int]:
    """The steps of an isolated sign without the rest before and after it."""
    return sign_steps(*clip.segments[0][3:], steps) if clip.segments else (0, steps)


def _described(clip: Clip, steps: int) -> dict[str, Any]:
    return {
        "name": clip.name,
        "language": clip.language,
        "source": clip.source,
        "split": clip.split,
        "text": clip.text,
        "glosses": clip.glosses,
        "segments": [
            (gloss, origin, key, *sign_steps(start, end, steps)) for gloss, origin, key, start, end in clip.segments
        ],
        "key": clip.key,
        "retrieved": clip.extra.get("retrieved", []),
    }


def sign_steps(start: int, end: int, steps: int) -> tuple[int, int]:
    """First step of a sign and the one after its last: at least one, and those that lie in its frames by half."""
    first = min(max(round(start / FRAMES_PER_TOKEN), 0), steps - 1)
    return first, min(max(round(end / FRAMES_PER_TOKEN), first + 1), steps)


def dictionary(signs: Iterator[tuple[Clip, Codes]]) -> dict[str, dict[str, Any]]:
    """The entries by key, the rest before and after each sign cut off. Of a sign's clips the first is taken."""
    entries: dict[str, dict[str, Any]] = {}
    for clip, codes in signs:
        if clip.key in entries:
            continue
        first, last = _sign(clip, len(codes))
        parts = {part: codes[first:last, i].tolist() for i, part in enumerate(PARTS)}
        gloss = clip.key.partition("/")[2] or clip.key
        words = clip.extra.get("words", [])
        entries[clip.key] = {**parts, "language": clip.language, "gloss": gloss, "words": words}
    return dict(sorted(entries.items()))


@dataclass(frozen=True)
class TokenCorpus:
    """A tokenised corpus. clips: their descriptions as in `clips.jsonl`. codes: (M, 3) of all clips in order."""

    clips: tuple[dict[str, Any], ...]
    codes: Codes
    start: Codes
    steps: Codes
    dictionary: Mapping[str, Mapping[str, Any]]

    @classmethod
    def read(cls, folder: Path) -> TokenCorpus:
        """Raises `OSError`, `NpzError` or `ValueError` for a folder that isn't one."""
        with Npz(folder / TOKENS, 1 << 32) as file:
            codes = np.stack([file.read(part).astype(np.int64) for part in PARTS], axis=1)
            start, steps = file.read("start"), file.read("steps")
        with open(folder / CLIPS, encoding="utf-8") as file:
            clips = tuple(json.loads(line) for line in file)
        if len(clips) != len(start) or (len(start) and int(start[-1] + steps[-1]) != len(codes)):
            raise ValueError(f"{TOKENS} and {CLIPS} in {folder} don't belong together.")
        entries = json.loads((folder / DICTIONARY).read_text(encoding="utf-8"))
        return cls(clips, codes, start, steps, entries)

    def of(self, number: int) -> Codes:
        """(steps, 3) codes of a clip."""
        return self.codes[self.start[number] : self.start[number] + self.steps[number]]
