"""BLEU and ROUGE of back-translated texts, as sign-language work reports them. Needs sacrebleu and torchmetrics."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

ORDERS: Final = (1, 2, 3, 4)
_TOKENIZERS: Final = {"zh": "zh", "ja": "char"}
"""sacrebleu's tokenizers for languages written without spaces; 13a splits the others."""
_UNSPACED: Final = re.compile(r"[⺀-鿿豈-﫿぀-ヿ]|[^\W⺀-鿿豈-﫿぀-ヿ]+|[^\w\s]")


@dataclass(frozen=True)
class TextScores:
    """bleu: BLEU-1 to BLEU-4 of the corpus, 0 to 100. rouge_l: mean F1 of the longest common subsequence, 0 to 100.
    tokenizer: what sacrebleu split the texts with, its version with it."""

    bleu: tuple[float, float, float, float]
    rouge_l: float
    tokenizer: str
    samples: int


def text_scores(predicted: Sequence[str], truth: Sequence[str], language: str) -> TextScores:
    """Scores of texts in a spoken language (ISO 639-1). Raises `ValueError` when there is nothing to compare."""
    from sacrebleu.metrics import BLEU  # pyright: ignore[reportMissingImports]

    if not truth or len(predicted) != len(truth):
        raise ValueError(f"{len(predicted)} texts can't be compared with {len(truth)}.")
    tokenizer = _TOKENIZERS.get(language, "13a")
    metrics = [BLEU(max_ngram_order=order, tokenize=tokenizer, lowercase=True) for order in ORDERS]
    bleu = tuple(metric.corpus_score(list(predicted), [list(truth)]).score for metric in metrics)
    return TextScores(bleu, _rouge_l(predicted, truth), str(metrics[-1].get_signature()), len(truth))  # type: ignore[arg-type]


def _rouge_l(predicted: Sequence[str], truth: Sequence[str]) -> float:
    from torchmetrics.functional.text import rouge_score  # pyright: ignore[reportMissingImports]

    found = rouge_score(
        list(predicted), list(truth), rouge_keys="rougeL", tokenizer=words, normalizer=lambda text: text.lower()
    )
    return 100.0 * float(found["rougeL_fmeasure"])


def words(text: str) -> list[str]:
    """What ROUGE counts: words, marks, and each character of a script that is written without spaces."""
    return _UNSPACED.findall(text)
