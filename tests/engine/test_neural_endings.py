"""What is told of sentences that the model cut or hurried through."""

from __future__ import annotations

import numpy as np
import pytest

from engine.soke.code_dictionary import CodeEntry
from engine.soke.decoding import Decoded
from engine.soke.endings import endings
from engine.soke.retrieval import Chunk, Keyword
from engine.tokenizer.features import PARTS

TEXT = "I love you."
MOST = 100


def chunk(*steps: int) -> Chunk:
    """A sentence whose signs have so many steps."""
    entries = [CodeEntry(f"asl/{i}", dict.fromkeys(PARTS, (0,) * n), "ASL", f"{i}") for i, n in enumerate(steps)]
    return Chunk(TEXT, (0, len(TEXT)), tuple(Keyword(i, "", "", e, (0, 0), i, "", "") for i, e in enumerate(entries)))


def decoded(steps: int, ended: bool = True) -> Decoded:
    return Decoded(dict.fromkeys(PARTS, [0] * steps), np.zeros((steps, 3)), np.zeros((steps, 3)), ended)


def told(given: Chunk, made: Decoded, *, sampled: bool = False, signs: bool = True) -> list[str]:
    return endings([given], [made], MOST, 1 / 6, sampled=sampled, signs=signs)


def test_a_sentence_that_ends_in_time_is_not_worth_a_word() -> None:
    for steps in (13, 20, 60):
        assert told(chunk(5, 6), decoded(steps)) == []
    assert told(chunk(), decoded(2)) == []


def test_a_sentence_that_was_cut_is_told_with_what_may_help() -> None:
    (warning,) = told(chunk(5, 6), decoded(21, ended=False))
    assert TEXT in warning
    assert "no end" in warning
    assert "temperature above 0" in warning, "without sampling another seed changes nothing"
    assert "Another seed" in told(chunk(5, 6), decoded(21, ended=False), sampled=True)[0]


def test_the_model_s_own_limit_is_told_as_that() -> None:
    (warning,) = told(chunk(5, 6), decoded(MOST, ended=False))
    assert "17 seconds at most" in warning
    assert "Split" in warning


def test_signs_that_are_missing_are_told() -> None:
    (warning,) = told(chunk(20, 24), decoded(22))
    assert "took 3.7 s" in warning
    assert "about 8.3 s" in warning
    assert "some are missing" in warning


def test_entries_that_are_recorded_alone_tell_nothing_of_a_sentence_s_length() -> None:
    assert told(chunk(20, 24), decoded(22), signs=False) == []


@pytest.mark.parametrize("steps", [37, 38])
def test_haste_begins_where_no_clip_was_as_short(steps: int) -> None:
    assert bool(told(chunk(20, 24), decoded(steps))) == (steps < 0.75 * 50)
