"""A model that reads poses back into texts, to compare what methods sign (back-translation). Needs torch.

A transformer that recognises glosses (connectionist temporal classification, Graves et al. 2006) and translates,
learned together as in Sign Language Transformers (Camgoz et al. 2020); trained on the same files as what it reads.
"""

# pyright: reportMissingImports=false
from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from ..formats.skels import VALUES
from ..npz import Npz, NpzError
from ..signllm import gloss_decoding
from ..signllm.config import GlossTransformerConfig, from_settings
from ..signllm.model import GlossTransformer, TorchGlosses
from ..signllm.vocabulary import END, SPECIALS, normalised
from .pieces import load_pieces
from .signllm_config import ReaderConfig
from .signllm_gloss import fed_and_said, sequence_score
from .signllm_loop import Score
from .signllm_pose import Frames, padded
from .statistics import Statistics

ABOUT: Final = "reader.json"
WEIGHTS: Final = "reader.safetensors"
PIECES: Final = "sentencepiece.model"
STATISTICS: Final = "statistics.npz"
_MAX_STATISTICS_BYTES: Final = 1 << 20
_BLANK: Final = 0
_REACH: Final = 5
"""Frames that one position of the encoder sees before attention."""


class PoseReader(GlossTransformer):
    """Frames (B, T, 150) to tokens of a text. Its `pieces` are the signed languages, its `glosses` the tokens."""

    def __init__(self, config: GlossTransformerConfig, recognised: int) -> None:
        """recognised: how many glosses the encoder tells apart."""
        super().__init__(config)
        self.frames_in = nn.Conv1d(VALUES, config.width, _REACH, padding=_REACH // 2)
        self.recognised = nn.Linear(config.width, recognised + 1)

    def read(self, languages: Tensor, frames: Tensor, lengths: Tensor) -> Tensor:
        """The memory (B, T, width) of frames in the languages (B,), of which the first (B,) lengths count."""
        x = self.frames_in(frames.transpose(1, 2)).transpose(1, 2) + self.embedding(languages)[:, None]
        x = self.encoder.placed(x)
        mask = (torch.arange(frames.shape[1], device=lengths.device) < lengths[:, None])[:, None, None]
        for layer in self.encoder.layers:
            x = layer(x, mask)
        return self.encoder.norm(x)

    def said(self, memory: Tensor, lengths: Tensor, fed: Tensor) -> Tensor:
        """Logits (B, L, tokens) after each of the (B, L) tokens fed."""
        return self.gloss_out(self._decoded(self.gloss_embedding(fed), memory, lengths))


class ReaderLoss(nn.Module):
    """A model and its loss: translating, and recognising with its weight. noise: on frames, in their spreads."""

    def __init__(self, model: PoseReader, config: ReaderConfig) -> None:
        super().__init__()
        self.model, self._config = model, config

    def forward(
        self, step: int, languages: Tensor, frames: Tensor, lengths: Tensor, fed: Tensor, said: Tensor,
        glosses: Tensor, gloss_lengths: Tensor,
    ) -> Score:  # fmt: skip
        """See `PoseReader`; (B, L) text tokens fed and to be said; (B, G) glosses from 1 on and how many there are."""
        if self.training and self._config.noise:
            frames = frames + self._config.noise * torch.randn_like(frames)
        memory = self.model.read(languages, frames, lengths)
        smoothing = self._config.label_smoothing if self.training else 0.0
        score = sequence_score(self.model.said(memory, lengths, fed), said, smoothing)
        if not (self._config.ctc and self.training):
            return score
        chances = self.model.recognised(memory).float().log_softmax(dim=-1).transpose(0, 1)
        recognised = functional.ctc_loss(chances, glosses, lengths, gloss_lengths, _BLANK, zero_infinity=True)
        return Score(score.loss + self._config.ctc * recognised, score.rewards)


@dataclass(frozen=True, eq=False)
class ReaderSample:
    """rows: of the text's tokens and the end. glosses: numbers from 1 on. count, read: see `PoseSample`; frames are
    normalised plainly."""

    language: int
    rows: tuple[int, ...]
    glosses: tuple[int, ...]
    count: int
    read: Callable[[], Frames]


class ReaderTask:
    """A model's samples, and those that it is watched on; see `signllm_loop.Task`."""

    def __init__(
        self, config: ReaderConfig, model: PoseReader, train: Sequence[ReaderSample], held_out: Sequence[ReaderSample]
    ) -> None:
        self._train, self._held_out = train, held_out
        self.module = ReaderLoss(model, config)
        self.sizes = np.array([(s.count, len(s.rows)) for s in train], np.int64)

    def batch(self, samples: Sequence[int], rng: np.random.Generator) -> tuple[Tensor, ...]:
        """See `signllm_loop.Task`; nothing is drawn here."""
        return _tensors([self._train[i] for i in samples])

    def validate(self, count: int) -> dict[str, float]:
        """Loss of the text, share of its tokens that are right with all before given, and error rate of glosses."""
        some, model = self._held_out[:count], self.module.model
        losses: list[float] = []
        right = tokens = 0
        found: list[str] = []
        there: list[str] = []
        for first in range(0, len(some), 16):
            languages, frames, lengths, fed, said, wanted, counts = (
                x.to(model.gloss_out.weight.device) for x in _tensors(some[first : first + 16])
            )
            memory = model.read(languages, frames, lengths)
            logits = model.said(memory, lengths, fed)
            losses += (-sequence_score(logits, said).rewards).tolist()
            right += int(((logits.argmax(dim=-1) == said) & (said != 0)).sum())
            tokens += int((said != 0).sum())
            found += [" ".join(map(str, row)) for row in _recognised(model, memory, lengths)]
            there += [" ".join(map(str, row[:n].tolist())) for row, n in zip(wanted, counts, strict=True)]
        if not losses:
            return {}
        figures = {"loss": float(np.mean(losses)), "right": right / max(tokens, 1)}
        return figures | {"gloss_error": gloss_error(found, there)}


def _tensors(samples: Sequence[ReaderSample]) -> tuple[Tensor, ...]:
    frames, lengths = _padded_frames([s.read() for s in samples])
    languages = torch.tensor([s.language for s in samples])
    return languages, frames, lengths, *fed_and_said([s.rows for s in samples]), *padded([s.glosses for s in samples])


def _padded_frames(clips: Sequence[Frames]) -> tuple[Tensor, Tensor]:
    result = np.zeros((len(clips), max(map(len, clips)), VALUES), np.float32)
    for place, clip in zip(result, clips, strict=True):
        place[: len(clip)] = clip
    return torch.from_numpy(result), torch.tensor([len(clip) for clip in clips])


def _recognised(model: PoseReader, memory: Tensor, lengths: Tensor) -> list[list[int]]:
    """By sample the glosses, from 1 on, that the encoder recognises: the best of each frame, repetitions as one."""
    best = model.recognised(memory).argmax(dim=-1)
    rows = [row[:n].tolist() for row, n in zip(best, lengths, strict=True)]
    return [[gloss for gloss, _ in groupby(row) if gloss != _BLANK] for row in rows]


def gloss_error(found: Sequence[str], there: Sequence[str]) -> float:
    """Error rate of glosses with blanks between them: edits to the right ones, a gloss of these (word error rate)."""
    from torchmetrics.functional.text import word_error_rate  # pyright: ignore[reportMissingImports]

    return float(word_error_rate(list(found), list(there)))


# ---------------------------------------------------------------- a trained one


@dataclass(frozen=True)
class Reader:
    """A trained model. fps: of the poses that it reads. tokens: pieces of the text after the specials."""

    model: PoseReader
    pieces: Any
    languages: tuple[str, ...]
    glosses: tuple[str, ...]
    statistics: Statistics
    fps: float
    about: dict[str, Any]

    @torch.no_grad()
    def read(self, clips: Sequence[NDArray[Any]], language: str, beams: int = 1) -> list[tuple[str, list[str]]]:
        """Texts, and recognised glosses, of (T, 150) clips at the reader's frame rate, in the files' unit.

        Of a clip that is longer than those it was trained on only the beginning is read.
        """
        result = []
        for clip in clips:
            frames, lengths = _padded_frames([self.statistics.normalised(clip[: self.model.config.longest_text])])
            memory = self.model.read(torch.tensor([self.languages.index(language)]), frames, lengths)
            longest = self.model.config.longest_gloss - 1
            session = TorchGlosses(self.model, self.model.start(memory, lengths, longest + 1))
            choices = range(SPECIALS, SPECIALS + self.pieces.get_piece_size())
            rows = gloss_decoding.decode(session, choices, longest, beams).rows
            found = _recognised(self.model, memory, lengths)[0]
            text = self.pieces.decode([row - SPECIALS for row in rows if row >= SPECIALS])
            result.append((text, [self.glosses[gloss - 1] for gloss in found]))
        return result

    def save(self, folder: Path) -> None:
        """Write the files beside the pieces."""
        save_file({k: v.detach().cpu().contiguous() for k, v in self.model.state_dict().items()}, folder / WEIGHTS)
        self.statistics.save(folder / STATISTICS)
        about = {**self.about, "sizes": asdict(self.model.config), "languages": self.languages, "fps": self.fps}
        text = json.dumps(about | {"glosses": self.glosses}, indent=1, ensure_ascii=False)
        (folder / ABOUT).write_text(text + "\n", encoding="utf-8")

    @classmethod
    def load(cls, folder: Path) -> Reader:
        """Raises `ValueError` when the folder holds no reader."""
        try:
            about = json.loads((folder / ABOUT).read_text(encoding="utf-8"))
            glosses = tuple(about.pop("glosses"))
            model = PoseReader(from_settings(GlossTransformerConfig, about["sizes"]), len(glosses)).eval()
            model.load_state_dict(load_file(folder / WEIGHTS))
            with Npz(folder / STATISTICS, _MAX_STATISTICS_BYTES) as file:
                statistics = Statistics(file.read("mean"), file.read("std"))
            pieces = load_pieces(folder / PIECES)
            return cls(model, pieces, tuple(about["languages"]), glosses, statistics, float(about["fps"]), about)
        except (OSError, NpzError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as e:
            raise ValueError(f"{folder} holds no model that reads poses (see `train reader`): {e}") from e


def text_rows(pieces: Any, text: str, longest: int) -> tuple[int, ...]:
    """Tokens of a text and the end."""
    return (*(SPECIALS + piece for piece in pieces.encode(normalised(text))[: longest - 1]), END)
