"""Learning what to sign: prompts to LangGloss, the first step of Prompt2LangGloss. Needs torch."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from .. import languages
from ..signllm import gloss_decoding
from ..signllm.model import GlossTransformer, gloss_session
from ..signllm.prompts import templates
from ..signllm.vocabulary import (
    NUMBER,
    PAD,
    SPECIALS,
    SPELL,
    SPELLED,
    START,
    GlossVocabulary,
    TextVocabulary,
    most_glosses,
    parted,
    unmarked,
)
from .signllm_loop import Score
from .signllm_pose import padded


@dataclass(frozen=True)
class GlossSample:
    """rows: of the LangGloss tokens and the end."""

    text: str
    language: str
    rows: tuple[int, ...]


def sequence_score(logits: Tensor, targets: Tensor, smoothing: float = 0.0) -> Score:
    """Cross-entropy of (B, T, V) logits; targets (B, T), `PAD` where nothing counts."""
    losses = functional.cross_entropy(
        logits.transpose(1, 2).float(), targets, ignore_index=PAD, reduction="none", label_smoothing=smoothing
    )
    counts = (targets != PAD).sum(dim=1)
    return Score(losses.sum() / counts.sum(), -losses.sum(dim=1) / counts)


def fed_and_said(rows: Sequence[Sequence[int]]) -> tuple[Tensor, Tensor]:
    """(B, T) tokens that the decoder is fed, and those that it shall say."""
    said, _ = padded(rows)
    fed = torch.cat([torch.full((len(rows), 1), START), said[:, :-1]], dim=1)
    return fed, said


class GlossLoss(nn.Module):
    """A model and its loss."""

    def __init__(self, model: GlossTransformer, smoothing: float) -> None:
        super().__init__()
        self.model = model
        self._smoothing = smoothing

    def forward(self, step: int, tokens: Tensor, lengths: Tensor, fed: Tensor, said: Tensor) -> Score:
        """tokens (B, S) of prompts and how many there are (B,); LangGloss (B, T) fed and to be said."""
        return sequence_score(self.model(tokens, lengths, fed), said, self._smoothing if self.training else 0.0)


@torch.no_grad()
def start_glosses(model: GlossTransformer, text: TextVocabulary, glosses: GlossVocabulary) -> None:
    """Let what says a gloss begin as the word that it is written with: the mean of its pieces' embeddings.

    Glosses are words of the spoken language, so that saying what is read is soon learned for all at once, and for rare
    ones too. Places, repetition and the marks of spelling and numbers are left out.
    """
    for row, token in enumerate(glosses.tokens, SPECIALS):
        code, gloss = parted(token)
        word = unmarked(gloss).removeprefix(SPELLED).removeprefix(NUMBER).replace("-", " ")
        pieces = torch.tensor(text.encode(word, code)[1:-1] or [SPELL], device=model.embedding.weight.device)
        vector = model.embedding.weight[pieces].mean(dim=0)
        model.gloss_out.weight[row] = vector / vector.norm()


class GlossTask:
    """A model's samples, and those that it is watched on; see `signllm_loop.Task`. prompts: share of free prompts."""

    def __init__(
        self, model: GlossTransformer, text: TextVocabulary, glosses: GlossVocabulary, train: Sequence[GlossSample],
        held_out: Sequence[GlossSample], prompts: float, smoothing: float,
    ) -> None:  # fmt: skip
        self._text, self._glosses, self._train, self._held_out, self._prompts = text, glosses, train, held_out, prompts
        start_glosses(model, text, glosses)
        self.module = GlossLoss(model, smoothing)
        sizes = [(len(text.encode(s.text, s.language)), len(s.rows)) for s in train]
        self.sizes = np.array(sizes, np.int64)

    def batch(self, samples: Sequence[int], rng: np.random.Generator) -> tuple[Tensor, ...]:
        """See `signllm_loop.Task`."""
        some = [self._train[i] for i in samples]
        return self._tensors(some, [self._worded(sample, rng) for sample in some])

    def validate(self, count: int) -> dict[str, float]:
        """The loss, and the share of texts whose glosses are all right when decoded greedily."""
        some = self._held_out[:count]
        if not some:
            return {}
        device = self.module.model.gloss_out.weight.device
        losses: list[float] = []
        for first in range(0, len(some), 16):
            part = some[first : first + 16]
            batch = [x.to(device) for x in self._tensors(part, [s.text for s in part])]
            losses += (-self.module(0, *batch).rewards).tolist()
        right = [
            glosses_of(self.module.model, self._text, self._glosses, s.text, s.language) == self._glosses.decode(s.rows)
            for s in some
        ]
        return {"loss": float(np.mean(losses)), "right": float(np.mean(right))}

    def _worded(self, sample: GlossSample, rng: np.random.Generator) -> str:
        if rng.random() >= self._prompts:
            return sample.text
        forms = templates(languages.get(sample.language).spoken)
        return forms[rng.integers(len(forms))].filled(sample.text, sample.language)

    def _tensors(self, samples: Sequence[GlossSample], texts: Sequence[str]) -> tuple[Tensor, ...]:
        tokens = [self._text.encode(text, s.language) for text, s in zip(texts, samples, strict=True)]
        return *padded(tokens), *fed_and_said([s.rows for s in samples])


def glosses_of(
    model: GlossTransformer, text: TextVocabulary, glosses: GlossVocabulary, prompt: str, language: str, beams: int = 1
) -> list[str]:
    """The LangGloss of a prompt."""
    tokens, lengths = (x.to(model.gloss_out.weight.device) for x in padded([text.encode(prompt, language)]))
    longest = min(model.config.longest_gloss - 1, most_glosses(prompt))
    with torch.no_grad():
        session = gloss_session(model, tokens, lengths)
        decoded = gloss_decoding.decode(session, glosses.of_language(language), longest, beams)
    return glosses.decode(decoded.rows)


def worded_prompts(codes: Sequence[str], text_of: Callable[[str], Sequence[str]]) -> Iterator[str]:
    """All templates of the languages, filled, so that the vocabulary of texts knows their words. text_of: some texts of
    a language."""
    for code in codes:
        for form in templates(languages.get(code).spoken):
            yield from (form.filled(text, code) for text in text_of(code))
