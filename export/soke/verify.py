"""A bundle against reference vectors: the same tokens, and features within a bound."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from engine.bundle import Bundle
from engine.soke.model import KIND, Generator, read_dictionary
from engine.tokenizer.features import PARTS

TOLERANCE = 1e-4
"""Largest difference of a feature that counts as equal."""
_LANGUAGES = {"how2sign": "ASL", "csl": "CSL", "phoenix": "DGS"}
_THEIR_PARTS = {"body": "body", "left_hand": "lhand", "right_hand": "rhand"}


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


def verify(folder: Path, cases: Path, expected: Path) -> list[Outcome]:
    """Run every case of a `cases.json` with its `<tag>.npz`. Raises `BundleError`, `OSError` or `ValueError`."""
    bundle = Bundle.open(folder, KIND)
    generator, words = Generator(bundle), read_dictionary(bundle)
    outcomes = []
    for case in json.loads(cases.read_text(encoding="utf-8")):
        language = _LANGUAGES[case["src"]]
        retrieved = [(word, words[word]) for word in case["keywords"] or () if word in words]
        decoded = generator.generate([case["text"]], [retrieved], [language])[0]
        codes = generator.codes(decoded)
        features = generator.tokenizer.decode(codes)
        with np.load(expected / f"{case['tag']}.npz", allow_pickle=False) as reference:
            wanted = reference["feats"]
        same = all(codes[part] == case[_THEIR_PARTS[part]] for part in PARTS)
        error = float(np.abs(features - wanted).max()) if features.shape == wanted.shape else float("inf")
        outcomes.append(Outcome(case["tag"], same, error, float(decoded.margins.min())))
    return outcomes
