"""A bundle against reference vectors: the same tokens, and features within a bound."""

# pyright: reportMissingImports=false
from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray

from engine.bundle import Bundle, BundleError
from engine.bundles import KIND
from engine.npz import Npz, NpzError
from engine.soke.code_dictionary import CodeDictionary
from engine.soke.decoding import Decoded, decode
from engine.soke.onnx_runtime import OnnxRuntime
from engine.soke.prompt import PromptSettings, encoder_input
from engine.soke.runtime import Runtime
from engine.soke.sampling import Constraint
from engine.soke.torch_runtime import TorchRuntime
from engine.soke.vocabulary_files import read_vocabulary
from engine.tokenizer.features import PARTS
from engine.tokenizer.onnx_tokenizer import OnnxTokenizer

from .model_files import opened
from .torch_tokenizer import TorchTokenizer

TOLERANCE: Final = 1e-4
"""Largest difference of a feature that counts as equal."""
_MAX_BYTES: Final = 256 << 20
_LANGUAGES: Final = {"how2sign": "ASL", "csl": "CSL", "phoenix": "DGS"}
_THEIR_PARTS: Final = {"body": "body", "left_hand": "lhand", "right_hand": "rhand"}
RuntimeName = Literal["onnx", "torch"]


@dataclass(frozen=True)
class Outcome:
    """One case. error: largest difference of a feature, infinite when the number of frames differs."""

    tag: str
    tokens_equal: bool
    error: float
    smallest_margin: float

    @property
    def passed(self) -> bool:
        """Whether it agrees with the reference."""
        return self.tokens_equal and self.error <= TOLERANCE

    def line(self) -> str:
        """One line for people."""
        tokens = "equal" if self.tokens_equal else "DIFFER"
        return (
            f"{'ok  ' if self.passed else 'FAIL'} {self.tag:20} tokens {tokens:6}  "
            f"largest feature error {self.error:.1e}  smallest margin {self.smallest_margin:.1e}"
        )


class VectorsError(ValueError):
    """Reference vectors that can't be read; the message says which and why."""


def verify(folder: Path, cases: Path, expected: Path, runtime: RuntimeName = "torch") -> Iterator[Outcome]:
    """Run every case of a `cases.json` with its `<tag>.npz`. Raises `BundleError` and `VectorsError`."""
    bundle = opened(folder, KIND)
    if "generator" not in bundle.manifest.model:
        raise BundleError(f"{folder.name} has no generator, only a tokenizer: there is nothing to compare.")
    vocabulary = read_vocabulary(bundle)
    if runtime == "torch":
        generator, tokenizer = TorchRuntime.load(bundle, vocabulary), TorchTokenizer(bundle)
    else:
        generator, tokenizer = OnnxRuntime(bundle, vocabulary), OnnxTokenizer(bundle)
    signs = CodeDictionary.read(bundle)
    for case in _cases(cases):
        decoded = _run(bundle, generator, signs, case)
        codes = _codes(generator, decoded)
        wanted = _features(expected / f"{case['tag']}.npz")
        features = tokenizer.decode(codes)
        same = all(codes[part] == case[_THEIR_PARTS[part]] for part in PARTS)
        error = float(np.abs(features - wanted).max()) if features.shape == wanted.shape else float("inf")
        yield Outcome(case["tag"], same, error, float(np.nanmin(decoded.margins)))


def _run(bundle: Bundle, generator: Runtime, signs: CodeDictionary, case: Mapping[str, Any]) -> Decoded:
    settings = bundle.manifest.model["generator"]
    language = _LANGUAGES[case["src"]]
    retrieved = [(word, signs.entries[word].codes) for word in case["keywords"] or () if word in signs.entries]
    prompt = PromptSettings.of(settings)
    rows = encoder_input(generator.vocabulary, case["text"], retrieved, language, prompt)
    most = [Constraint(max_steps=settings["steps"])]
    return decode(generator, [rows], [language], constraints=most, variant=settings.get("variant", "multihead"))[0]


def _codes(generator: Runtime, decoded: Decoded) -> dict[str, list[int]]:
    """The codes among the generated rows; a part without any is the single code 0."""
    vocabulary = generator.vocabulary
    read = {part: [vocabulary.code_of(part, row) for row in decoded.rows[part]] for part in PARTS}
    return {part: [code for code in codes if code is not None] or [0] for part, codes in read.items()}


def _cases(path: Path) -> list[Mapping[str, Any]]:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError) as e:
        raise VectorsError(f"{path.name} can't be read: {e}") from e
    if not isinstance(data, list) or not data:
        raise VectorsError(f"{path.name} holds no list of cases.")
    for number, case in enumerate(data):
        needed = {"tag", "src", "text", "keywords", *_THEIR_PARTS.values()}
        if not isinstance(case, dict) or not needed <= case.keys() or case["src"] not in _LANGUAGES:
            raise VectorsError(
                f"Case {number} in {path.name} needs {', '.join(sorted(needed))}, "
                f"and src is one of {', '.join(_LANGUAGES)}."
            )
    return data


def _features(path: Path) -> NDArray[Any]:
    try:
        with Npz(path, _MAX_BYTES) as reference:
            return reference.read("feats")
    except NpzError as e:
        raise VectorsError(f"{path.name} can't be read: {e}") from e
