"""Samples for the generator: texts, retrieved signs and codes as rows of the vocabulary, in batches of like length."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, Literal, Protocol

import numpy as np
from numpy.typing import NDArray

from ..soke.prompt import Codes, PromptSettings, encoder_input, joined_input, sign_block, thrice
from ..soke.runtime import Heads
from ..soke.vocabulary import PAD, Vocabulary
from ..tokenizer.features import PARTS
from .config import AugmentConfig, BatchConfig, Variant

Rows = NDArray[np.int64]
IGNORED: Final = -1
"""A target that counts nothing."""
Retrieval = Literal["all", "first", "none"]
"""Which retrieved signs an unchanged sample has: all that fit, the first three (as published), or none."""
PUBLISHED_KEYWORDS: Final = 3


@dataclass(frozen=True, eq=False)
class Sign:
    """An entry of the dictionary: its gloss as the prompt shows it, (S, 3) codes of the parts, and its words."""

    gloss: str
    codes: Rows
    words: tuple[str, ...] = ()

    @property
    def by_part(self) -> Codes:
        """The codes as prompts take them."""
        return {part: self.codes[:, i].tolist() for i, part in enumerate(PARTS)}


@dataclass(frozen=True, eq=False)
class Clip:
    """A signed sentence. codes: (T, 3) of body, left, right hand. signs: keys of the dictionary in signing order.

    places: (key, first step, end step) of signs, where they are known.
    """

    name: str
    text: str
    language: str
    codes: Rows
    signs: tuple[str, ...]
    places: tuple[tuple[str, int, int], ...] = ()


@dataclass(frozen=True)
class Sample:
    """rows: (N, 3) input of the encoder. outputs: (L, 3) rows that the decoder is fed and (L, H) rows that it shall say
    there, `IGNORED` where a head says nothing; one pair, or one a part in the variant *part*."""

    head: Heads
    rows: Rows
    outputs: tuple[tuple[Rows, Rows], ...]

    @property
    def positions(self) -> int:
        """Of the decoder, of the longest output."""
        return max(len(fed) for fed, _ in self.outputs)


@dataclass(frozen=True)
class Batch:
    """B samples padded to arrays. inputs: (B, N, 3). inputs_mask: (B, N), true where there is input. fed: (S, L, 3) and
    targets: (S, L, H) of S sequences, of which sequence k belongs to sample k % B; S is B, or 3 B in the variant
    *part*."""

    head: Heads
    inputs: Rows
    inputs_mask: NDArray[np.bool_]
    fed: Rows
    targets: Rows


@dataclass(frozen=True)
class Draw:
    """What was drawn for a clip in an epoch. drop: of the clip's first step (1), last step (2) or none (0). corrupt:
    share of the codes fed that are replaced, and held: of the steps fed that stay as the one before; by random numbers
    of that seed."""

    clip: Clip
    reverse: bool
    drop: int
    signs: tuple[str, ...]
    corrupt: float = 0.0
    seed: int = 0
    held: float = 0.0


class More(Protocol):
    """Makes further clips for an epoch."""

    def made(self, count: int, rng: np.random.Generator) -> Iterable[Clip]:
        """So many clips, by these random numbers."""
        ...


class Samples:
    """Clips as samples of a model. What can be worked out once is kept."""

    def __init__(
        self,
        clips: Sequence[Clip],
        dictionary: Mapping[str, Sign],
        vocabulary: Vocabulary,
        prompt: PromptSettings,
        variant: Variant,
        more: More | None = None,
    ) -> None:
        self.clips, self._more = clips, more
        self._dictionary, self._vocabulary, self._prompt, self._variant = dictionary, vocabulary, prompt, variant
        self._blocks: dict[str, Rows] = {}
        self._texts: dict[str, list[int]] = {}

    @property
    def stride(self) -> int:
        """Positions of the decoder that a step of a signing takes."""
        return len(PARTS) if self._variant == "flatten" else 1

    def plain(self, retrieval: Retrieval, *, reverse: bool = False) -> list[Draw]:
        """Each clip once, unchanged."""
        kept = {"all": None, "first": PUBLISHED_KEYWORDS, "none": 0}[retrieval]
        return [Draw(clip, reverse, 0, () if reverse else clip.signs[:kept]) for clip in self.clips]

    def drawn(self, augment: AugmentConfig, seed: int, epoch: int) -> list[Draw]:
        """Each clip once, changed as the epoch's random numbers say, and the further ones."""
        rng = np.random.default_rng((seed, epoch))
        count = round(augment.spliced * len(self.clips))
        clips = [*self.clips, *(self._more.made(count, rng) if self._more else ())]
        chance = rng.random((len(clips), 4))
        return [
            Draw(
                clip,
                bool(task < augment.sign_to_text) and number < len(self.clips),
                int(rng.integers(1, 3)) if drop < augment.drop_step and len(clip.codes) > 1 else 0,
                self._kept_signs(clip, augment, keep, rng),
                spoil * augment.corrupt,
                seed := int(rng.integers(1 << 32)),
                augment.held * max(2 * np.random.default_rng((seed, 1)).random() - 1, 0.0),
            )
            for number, (clip, (task, drop, keep, spoil)) in enumerate(zip(clips, chance, strict=True))
        ]

    @staticmethod
    def _kept_signs(clip: Clip, augment: AugmentConfig, chance: float, rng: np.random.Generator) -> tuple[str, ...]:
        if chance < augment.no_keywords:
            return ()
        if chance >= augment.no_keywords + augment.some_keywords:
            return clip.signs
        if rng.random() < augment.first_keywords:
            return clip.signs[:PUBLISHED_KEYWORDS]
        kept = rng.random(len(clip.signs)) < rng.random()
        return tuple(sign for sign, keep in zip(clip.signs, kept, strict=True) if keep)

    def sample(self, draw: Draw) -> Sample:
        """The arrays of a draw."""
        clip = draw.clip
        codes = clip.codes[1:] if draw.drop == 1 else clip.codes[: len(clip.codes) - (draw.drop == 2)]
        rows = self._code_rows(codes)
        if draw.reverse:
            return self._text_sample(clip, rows)
        outputs = self._outputs(clip.language, rows)
        if draw.corrupt or draw.held:
            rng = np.random.default_rng(draw.seed)
            spoilt = [(self._corrupted(fed, draw.corrupt, rng), said) for fed, said in outputs]
            outputs = tuple((held(fed, draw.held, rng, self.stride), said) for fed, said in spoilt)
        return Sample("parts", self._inputs(clip, draw.signs), outputs)

    def _corrupted(self, fed: Rows, share: float, rng: np.random.Generator) -> Rows:
        """Steps that are fed, a share of the codes replaced by others of their part."""
        fed = fed.copy()
        single = bool((fed == fed[:, :1]).all())
        for part, size in self._vocabulary.sizes.items():
            first = self._vocabulary.first_code[part]
            spoilt = (fed >= first) & (fed < first + size) & (rng.random((len(fed), 1 if single else 3)) < share)
            other = first + rng.integers(0, size, (len(fed), 1 if single else 3))
            fed = np.where(spoilt, other, fed)
        return fed

    def _inputs(self, clip: Clip, signs: Sequence[str]) -> Rows:
        prompt, vocabulary = self._prompt, self._vocabulary
        if prompt.style != "fused":
            retrieved = [(self._dictionary[key].gloss, self._dictionary[key].by_part) for key in signs]
            return encoder_input(vocabulary, clip.text, retrieved, clip.language, prompt)
        blocks = [self._block(key) for key in signs[: prompt.keywords]]
        return joined_input(vocabulary, thrice(self._words(clip.text)), blocks, clip.language, prompt.longest)

    def _outputs(self, language: str, rows: Rows) -> tuple[tuple[Rows, Rows], ...]:
        end = np.full((1, len(PARTS)), self._vocabulary.end_row)
        said = np.concatenate([rows, end])
        if self._variant == "flatten":
            flat = np.append(rows.reshape(-1), end[0, 0])
            targets = np.full((len(flat), len(PARTS)), IGNORED)
            targets[np.arange(len(flat)), np.arange(len(flat)) % len(PARTS)] = flat
            return ((self._after(language, "body", thrice(flat)), targets),)
        if self._variant == "part":
            return tuple(self._part_output(language, i, said) for i in range(len(PARTS)))
        return ((self._after(language, "body", said), said),)

    def _part_output(self, language: str, part: int, said: Rows) -> tuple[Rows, Rows]:
        targets = np.full(said.shape, IGNORED)
        targets[:, part] = said[:, part]
        return self._after(language, PARTS[part], thrice(said[:, part])), targets

    def _after(self, language: str, part: str, said: Rows) -> Rows:
        """What is fed when that shall be said: the tag, then what was said before."""
        return np.concatenate([thrice([self._vocabulary.sign_tag_row(language, part)]), said[:-1]])

    def _text_sample(self, clip: Clip, rows: Rows) -> Sample:
        tail = thrice([self._vocabulary.end_row, self._vocabulary.sign_tag_row(clip.language)])
        said = np.array([*self._words(clip.text), self._vocabulary.end_row])
        fed = thrice([self._vocabulary.source_tag_row(clip.language), *said[:-1]])
        return Sample("text", np.concatenate([rows, tail]), ((fed, said[:, None]),))

    def _code_rows(self, codes: Rows) -> Rows:
        return codes + np.array([self._vocabulary.first_code[part] for part in PARTS])

    def _block(self, key: str) -> Rows:
        if key not in self._blocks:
            sign = self._dictionary[key]
            self._blocks[key] = sign_block(self._vocabulary, sign.gloss, sign.by_part, self._prompt.steps)
        return self._blocks[key]

    def _words(self, text: str) -> list[int]:
        if text not in self._texts:
            self._texts[text] = self._vocabulary.word_rows(text)
        return self._texts[text]


class Batches:
    """One epoch as batches of samples of like length; a data set of torch in all but name."""

    def __init__(
        self, samples: Samples, draws: Sequence[Draw], config: BatchConfig, rng: np.random.Generator, warm: int = 0
    ) -> None:
        """warm: batches at the beginning in which the long ones are let in little by little."""
        self._samples, self._draws, self._config = samples, draws, config
        self._sizes = [self._size(samples.sample(draw)) for draw in draws]
        groups = [group for reverse in (False, True) for group in self._grouped(reverse, rng)]
        rank = np.argsort(np.argsort([max(self._sizes[i][1] for i in group) for group in groups]))
        order = np.maximum(rng.random(len(groups)) * len(groups), rank / max(len(groups), 1) * warm)
        self._batches = [groups[i] for i in np.argsort(order, kind="stable")]

    def __len__(self) -> int:
        return len(self._batches)

    def __getitem__(self, number: int) -> Batch:
        return collated([self._samples.sample(self._draws[i]) for i in self._batches[number]])

    def __iter__(self) -> Iterator[Batch]:
        return (self[number] for number in range(len(self)))

    def _size(self, sample: Sample) -> tuple[int, int]:
        """Positions of the input, and steps of the output."""
        stride = self._samples.stride if sample.head == "parts" else 1
        return len(sample.rows), -(-sample.positions // stride)

    def _grouped(self, reverse: bool, rng: np.random.Generator) -> Iterator[list[int]]:
        """Draws of one task, the longest last; neighbours in length are mixed so that epochs differ."""
        chosen = [i for i, draw in enumerate(self._draws) if draw.reverse == reverse]
        size = {i: self._sizes[i][1] + self._sizes[i][0] / 4 + rng.random() * 4 for i in chosen}
        group: list[int] = []
        for i in sorted(chosen, key=lambda i: size[i]):
            if group and not self._fits([*group, i]):
                yield group
                group = []
            group.append(i)
        if group:
            yield group

    def _fits(self, group: Sequence[int]) -> bool:
        if len(group) > self._config.samples:
            return False
        inputs, steps = (max(self._sizes[i][k] for i in group) for k in (0, 1))
        return not self._config.tokens or len(group) * (inputs + steps) <= self._config.tokens


def held(fed: Rows, share: float, rng: np.random.Generator, stride: int = 1) -> Rows:
    """(L, 3) rows that are fed, a share of the steps replaced by the one before; the tag at the beginning stays.

    stride: rows of a step.
    """
    if not share:
        return fed
    steps = -(-(len(fed) - 1) // stride)
    moves = rng.random(steps) >= share
    moves[:1] = True
    shown = np.maximum.accumulate(np.where(moves, np.arange(steps), 0))
    rows = 1 + shown[:, None] * stride + np.arange(stride)
    return fed[np.append(0, rows.reshape(-1)[: len(fed) - 1])]


def collated(samples: Sequence[Sample]) -> Batch:
    """Samples of one head as one batch, padded behind."""
    count, longest = len(samples), max(len(x.rows) for x in samples)
    inputs = np.full((count, longest, len(PARTS)), PAD, dtype=np.int64)
    mask = np.zeros((count, longest), dtype=np.bool_)
    for k, sample in enumerate(samples):
        inputs[k, : len(sample.rows)] = sample.rows
        mask[k, : len(sample.rows)] = True
    sequences = [pair for turn in zip(*(x.outputs for x in samples), strict=True) for pair in turn]
    steps, heads = max(len(fed) for fed, _ in sequences), sequences[0][1].shape[1]
    fed = np.full((len(sequences), steps, len(PARTS)), PAD, dtype=np.int64)
    targets = np.full((len(sequences), steps, heads), IGNORED, dtype=np.int64)
    for k, (rows, said) in enumerate(sequences):
        fed[k, : len(rows)] = rows
        targets[k, : len(said)] = said
    return Batch(samples[0].head, inputs, mask, fed, targets)
