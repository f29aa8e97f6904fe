"""Torch and ONNX Runtime on one bundle: how far apart they are."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from engine.bundle import Bundle
from engine.bundles import ONNX_GENERATOR, TORCH_GENERATOR
from engine.soke.decoding import Decoded, Variant, decode
from engine.soke.onnx_runtime import OnnxRuntime
from engine.soke.prompt import PromptSettings, encoder_input
from engine.soke.runtime import Heads, Logits, Rows, Runtime, Session
from engine.soke.sampling import Constraint
from engine.soke.torch_runtime import TorchRuntime
from engine.soke.vocabulary import Vocabulary
from engine.soke.vocabulary_files import read_vocabulary
from engine.tokenizer.features import FRAMES_PER_TOKEN, PARTS
from engine.tokenizer.onnx_tokenizer import OnnxTokenizer

from .torch_tokenizer import WEIGHTS, TorchTokenizer

_PROMPTS: Final = {"ASL": "Hello, my name is Anna.", "CSL": "今天我们去学校。", "DGS": "morgen regen im norden ."}
_STEPS: Final = 24
_LENGTHS: Final = (2, 25, 100)


@dataclass(frozen=True)
class Line:
    """One comparison. agrees: as float32 should; reduced precision says how far it is off and isn't wrong by that."""

    what: str
    outcome: str
    agrees: bool


def compare(bundle: Bundle) -> Iterator[Line]:
    """Whatever the bundle has for both runtimes. Raises `BundleError`."""
    if bundle.has(WEIGHTS):
        yield from _tokenizers(TorchTokenizer(bundle), OnnxTokenizer(bundle))
    if bundle.has(TORCH_GENERATOR) and all(bundle.has(name) for name in ONNX_GENERATOR):
        vocabulary = read_vocabulary(bundle)
        yield from _generators(bundle, TorchRuntime.load(bundle, vocabulary), OnnxRuntime(bundle, vocabulary))


def _tokenizers(by_torch: TorchTokenizer, by_onnx: OnnxTokenizer) -> Iterator[Line]:
    rng = np.random.default_rng(0)
    worst, same, count = 0.0, 0, 0
    for length in _LENGTHS:
        codes = {part: rng.integers(0, vae.config.codes, length).tolist() for part, vae in by_torch.parts.items()}
        worst = max(worst, float(np.abs((by_torch.decode(codes) - by_onnx.decode(codes)) / by_torch.std).max()))
        spread = rng.normal(size=(length * FRAMES_PER_TOKEN, by_torch.layout.size))
        features = spread * by_torch.std + by_torch.mean
        ours, theirs = by_onnx.encode(features), by_torch.encode(features)
        for part in PARTS:
            same += int((np.array(ours[part]) == np.array(theirs[part])).sum())
            count += length
    yield Line("tokenizer, decoding", f"largest error {worst:.1e} of normalised features", worst <= 1e-4)
    yield Line("tokenizer, encoding", f"{same} of {count} codes equal", same == count)


def _generators(bundle: Bundle, by_torch: TorchRuntime, by_onnx: OnnxRuntime) -> Iterator[Line]:
    variant: Variant = bundle.manifest.model["generator"].get("variant", "multihead")
    for language in by_torch.vocabulary.languages:
        text = _prompt(bundle, by_torch.vocabulary, language)
        both = _Both(by_torch, by_onnx)
        one, other = (_decoded(runtime, text, language, variant) for runtime in (both, by_onnx))
        equal = sum(a == b for part in PARTS for a, b in zip(one.rows[part], other.rows[part], strict=False))
        count = max(sum(len(x.rows[part]) for part in PARTS) for x in (one, other))
        yield Line(
            f"generator, {language}",
            f"{equal} of {count} tokens equal, largest error of a logit {both.error:.1e}, smallest margin "
            f"{np.nanmin(one.margins):.1e}",
            one.rows == other.rows,
        )


def _prompt(bundle: Bundle, vocabulary: Vocabulary, language: str) -> Rows:
    settings = PromptSettings.of(bundle.manifest.model["generator"])
    return encoder_input(vocabulary, _PROMPTS.get(language, _PROMPTS["ASL"]), [], language, settings)


def _decoded(runtime: Runtime, text: Rows, language: str, variant: Variant) -> Decoded:
    return decode(runtime, [text], [language], constraints=[Constraint(max_steps=_STEPS)], variant=variant)[0]


class _Both:
    """Two runtimes side by side, fed alike; the first one is listened to. error: the largest of a logit so far."""

    def __init__(self, first: Runtime, second: Runtime) -> None:
        self._both = first, second
        self.name, self.vocabulary, self.error = first.name, first.vocabulary, 0.0

    def start(self, inputs: Sequence[Rows], steps: int, heads: Heads = "parts") -> Session:
        """See `Runtime.start`."""
        return _Sessions(self, [runtime.start(inputs, steps, heads) for runtime in self._both])


class _Sessions:
    """The sessions of both."""

    def __init__(self, owner: _Both, sessions: Sequence[Session]) -> None:
        self._owner, self._sessions = owner, sessions

    def step(self, rows: Rows) -> list[Logits]:
        """See `Session.step`."""
        one, other = (session.step(rows) for session in self._sessions)
        errors = (float(np.abs(a - b).max()) for a, b in zip(one, other, strict=True))
        self._owner.error = max(self._owner.error, *errors)
        return one

    def select(self, index: Rows) -> None:
        """See `Session.select`."""
        for session in self._sessions:
            session.select(index)
