"""Methods that sign texts, as an evaluation compares them: the dictionary, and bundles with more or less retrieval."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Protocol

import numpy as np

from .. import languages
from ..body import BodyModel
from ..generators import registry
from ..generators.base import EngineError, GenerateRequest
from ..gloss import GlossPlan
from ..lexicon.loader import Lexicon, load_language
from ..lexicon.synthesis import synthesise
from ..planning import make_plan
from ..soke.code_dictionary import CodeEntry
from ..soke.model import Model
from ..soke.own_signs import OwnSigns
from ..soke.prompt import Codes
from ..soke.retrieval import Limits
from ..soke.sampling import Constraint, Sampling
from ..soke.wanted import wanted_signs
from ..soke.word_retrieval import WordIndex, retrieve_words
from ..take import PoseSequence
from ..tokenizer.features import PARTS
from .cache import Clip, ClipCache
from .sample_keywords import KEY

_NO_LIMIT = 1 << 20
"""Steps of a prompt's signs: texts are signed whole here."""


class Signer(Protocol):
    """A method that signs texts. name: for the report. runs_on: what computes."""

    @property
    def name(self) -> str:
        """For the report."""
        ...

    @property
    def runs_on(self) -> str:
        """What computes."""
        ...

    def sign(self, clips: Sequence[Clip]) -> list[PoseSequence | None]:
        """Motion for the text of each clip, `None` for a text that can't be signed."""
        ...


@dataclass(frozen=True)
class DictionarySigner:
    """The method `dictionary`: the lexicon's signs by the synthesiser, at its usual pace, varied by the seed."""

    body: BodyModel
    seed: int = 0
    fps: float = 24.0
    name: str = "dictionary"
    runs_on: str = "cpu"

    def sign(self, clips: Sequence[Clip]) -> list[PoseSequence | None]:
        """See `Signer`."""
        return [self._sign(clip) for clip in clips]

    def _sign(self, clip: Clip) -> PoseSequence | None:
        try:
            plan, lexicon = planned(clip)
            return synthesise(plan, lexicon, self.body, fps=self.fps, seed=self.seed)[0]
        except (EngineError, ValueError):
            return None


@dataclass(frozen=True)
class ReconstructionSigner:
    """The recordings themselves as codes of a bundle's tokenizer and back: as near as its generator can come."""

    model: Model
    cache: ClipCache
    label: str
    runs_on: str = "cpu"

    @property
    def name(self) -> str:
        """For the report."""
        return f"{self.label}, codes of the recording"

    def sign(self, clips: Sequence[Clip]) -> list[PoseSequence | None]:
        """See `Signer`."""
        return [self.model.decode(self.model.encode(recorded(self.cache, clip))) for clip in clips]


def recorded(cache: ClipCache, clip: Clip) -> PoseSequence:
    """A clip as motion."""
    poses, expression = cache.layout.poses(np.asarray(cache.features(clip)))
    return PoseSequence(poses, np.zeros((len(poses), 3), np.float32), expression, clip.fps, cache.layout.expression)


@dataclass(frozen=True)
class GeneratorSigner:
    """A bundle's generator. keywords: most retrieved signs in its prompt."""

    model: Model
    keywords: int
    label: str

    @property
    def name(self) -> str:
        """For the report."""
        with_signs = f"{self.keywords} retrieved signs at most" if self.keywords else "no retrieval"
        return f"{self.label}, {with_signs}"

    @property
    def runs_on(self) -> str:
        """What computes."""
        return self.model.runtime.name

    def sign(self, clips: Sequence[Clip]) -> list[PoseSequence | None]:
        """See `Signer`."""
        model, codes = self.model, [clip.language for clip in clips]
        signs = [signs_of(model, clip, self.keywords) if self.keywords else [] for clip in clips]
        retrieved = [[(entry.gloss or entry.key, entry.codes) for entry in own] for own in signs]
        prompt = replace(model.prompt, keywords=self.keywords)
        inputs = model.inputs([clip.text for clip in clips], retrieved, codes, prompt)
        most = int(model.settings.get("steps", 100))
        rule = Constraint(max_steps=most, codes_only=True, longest_hold=model.longest_hold)
        decoded = model.generate(inputs, codes, [Sampling()] * len(clips), [rule] * len(clips))
        return [model.decode(model.codes(one)) for one in decoded]


@dataclass(frozen=True)
class MethodSigner:
    """The method `neural` as users have it, with all that it does beside generating. bundle: its path. mode: `free` or
    `exact`. seed: of the request."""

    bundle: str
    mode: str
    label: str
    seed: int = 0
    runs_on: str = "cpu"

    @property
    def name(self) -> str:
        """For the report."""
        return f"{self.label}, method neural, {self.mode}"

    def sign(self, clips: Sequence[Clip]) -> list[PoseSequence | None]:
        """See `Signer`."""
        return [self._sign(clip) for clip in clips]

    def _sign(self, clip: Clip) -> PoseSequence | None:
        options = {"bundle": self.bundle, "mode": self.mode, "device": "cpu"}
        request = GenerateRequest(clip.text, clip.language, "neural", self.seed, fps=clip.fps, options=options)
        try:
            return registry.get("neural").generate(request, lambda stage, fraction: None).sequence
        except EngineError:
            return None


@dataclass(frozen=True)
class CodesSigner:
    """No generator: the retrieved codes of a text, one sign behind the other, decoded by a bundle's tokenizer."""

    model: Model
    label: str

    @property
    def name(self) -> str:
        """For the report."""
        return f"{self.label}, dictionary's codes in a row"

    @property
    def runs_on(self) -> str:
        """What computes."""
        return "tokenizer only"

    def sign(self, clips: Sequence[Clip]) -> list[PoseSequence | None]:
        """See `Signer`."""
        return [self._sign([entry.codes for entry in signs_of(self.model, clip, _NO_LIMIT)]) for clip in clips]

    def _sign(self, signs: Sequence[Codes]) -> PoseSequence | None:
        if not signs:
            return None
        return self.model.decode({part: [code for codes in signs for code in codes[part]] for part in PARTS})


def signs_of(model: Model, clip: Clip, most: int) -> list[CodeEntry]:
    """The signs that a clip's text asks a bundle's dictionary for, the first ones only.

    Words that were picked for the clip beforehand come in place of those that the text has, where the dictionary knows
    words.
    """
    dictionary = model.dictionary
    if dictionary.by_notation:
        asked = clip.extra.get("retrieved")  # the same, worked out when the corpus was made
        if asked is None:
            asked = [sign.keys for sign in wanted_signs(*planned(clip))]
        return [entry for keys in asked if (entry := dictionary.first(keys)) is not None][:most]
    picked = clip.extra.get(KEY)
    if picked is not None:
        return [entry for word in picked if (entry := dictionary.first((word, word.lower()))) is not None][:most]
    index, own = _word_index(model, clip.language)
    keywords = retrieve_words(clip.text, index, own, Limits(most, most, _NO_LIMIT)).keywords
    return [keyword.entry for keyword in keywords[:most]]


@lru_cache(maxsize=16)
def _word_index(model: Model, code: str) -> tuple[WordIndex, OwnSigns]:
    lexicon = _lexicon(code)
    return WordIndex(model.dictionary, languages.get(code), lexicon, ""), OwnSigns(model, lexicon)


@lru_cache(maxsize=16)
def _lexicon(code: str) -> Lexicon:
    return load_language(code)


def planned(clip: Clip) -> tuple[GlossPlan, Lexicon]:
    """The gloss plan of a clip's text, and the lexicon. Raises `EngineError`."""
    lexicon = _lexicon(clip.language)
    request = GenerateRequest(text=clip.text, language=clip.language)
    return make_plan(request, languages.get(clip.language), lexicon), lexicon
