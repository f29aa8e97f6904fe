"""BLEU and ROUGE are those of sacrebleu and of the plain definition, in scripts with and without spaces."""

from __future__ import annotations

import math
from collections import Counter

import pytest

pytest.importorskip("sacrebleu")
pytest.importorskip("torchmetrics")

from engine.metrics.tables import table
from engine.metrics.text import text_scores, words


def plain_bleu(predicted: list[list[str]], truth: list[list[str]], order: int) -> float:
    """Papineni et al. 2002 over a corpus, one reference, no smoothing."""
    logs = 0.0
    for n in range(1, order + 1):
        hits = total = 0
        for p, t in zip(predicted, truth, strict=True):
            grams, others = (Counter(tuple(x[i : i + n]) for i in range(len(x) - n + 1)) for x in (p, t))
            hits, total = hits + sum((grams & others).values()), total + sum(grams.values())
        logs += math.log(hits / total) / order
    ours, theirs = sum(map(len, predicted)), sum(map(len, truth))
    return 100 * math.exp(logs + min(0.0, 1 - theirs / ours))


def plain_rouge_l(predicted: list[str], truth: list[str]) -> float:
    rows = [[0] * (len(truth) + 1) for _ in range(len(predicted) + 1)]
    for i, p in enumerate(predicted):
        for j, t in enumerate(truth):
            rows[i + 1][j + 1] = rows[i][j] + 1 if p == t else max(rows[i][j + 1], rows[i + 1][j])
    common = rows[-1][-1]
    return 200 * common / (len(predicted) + len(truth)) if common else 0.0


@pytest.mark.parametrize(
    ("language", "predicted", "truth"),
    [
        (
            "en",
            ["the cat sat on the mat today", "we go home now then"],
            ["the cat sat on a mat today", "we go home now"],
        ),
        ("de", ["morgen regnet es im norden viel"], ["morgen regnet es im süden viel"]),
    ],
)
def test_spaced_texts(language: str, predicted: list[str], truth: list[str]) -> None:
    found = text_scores(predicted, truth, language)
    split = [[text.split() for text in texts] for texts in (predicted, truth)]
    for order in range(1, 4):
        assert found.bleu[order - 1] == pytest.approx(plain_bleu(*split, order), abs=1e-6)
    rouge = [plain_rouge_l(p, t) for p, t in zip(*split, strict=True)]
    assert found.rouge_l == pytest.approx(sum(rouge) / len(rouge), abs=1e-3)
    assert "tok:13a" in found.tokenizer
    assert found.samples == len(truth)


def test_chinese_is_split_into_characters() -> None:
    predicted, truth = ["你好吗今天天气很好"], ["你好今天天气很好吗"]
    found = text_scores(predicted, truth, "zh")
    split = [[list(text) for text in texts] for texts in (predicted, truth)]
    for order in (1, 2, 3, 4):
        assert found.bleu[order - 1] == pytest.approx(plain_bleu(*split, order), abs=1e-6)
    assert found.rouge_l == pytest.approx(plain_rouge_l(split[0][0], split[1][0]), abs=1e-3)
    assert "tok:zh" in found.tokenizer


def test_equal_texts_score_full_and_empty_ones_nothing() -> None:
    texts = ["Where do you live now?", "I am from the north of Spain."]
    assert text_scores(texts, texts, "en").bleu == pytest.approx((100.0,) * 4)
    assert text_scores(texts, texts, "en").rouge_l == pytest.approx(100.0)
    nothing = text_scores(["", ""], texts, "en")
    assert nothing.bleu == (0.0,) * 4
    assert nothing.rouge_l == 0.0


def test_texts_that_cannot_be_paired_are_refused() -> None:
    with pytest.raises(ValueError, match="2 texts"):
        text_scores(["a", "b"], ["a"], "en")
    with pytest.raises(ValueError, match="0 texts"):
        text_scores([], [], "en")


def test_words_are_words_marks_and_single_characters() -> None:
    assert words("Hi, 你好OK don't") == ["Hi", ",", "你", "好", "OK", "don", "'", "t"]


def test_tables_align_numbers_and_escape_bars() -> None:
    assert table(("a", "n"), [("x|y", 1.234), ("z", None)], digits=1) == (
        "| a | n |\n| --- | ---: |\n| x\\|y | 1.2 |\n| z | - |"
    )
    with pytest.raises(ValueError, match="cell"):
        table(("a",), [("x", "y")])
