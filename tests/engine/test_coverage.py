"""The coverage figure counts what it says, and the lexicon reaches its goal."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from sample_lexicon import sample_lexicon

from tests.bench.bench_coverage import coverage, figure, read

SEEN, UNSEEN = read("sentences_seen.txt"), read("sentences_unseen.txt")


def test_there_are_300_different_sentences_of_5_to_15_words():
    assert (len(SEEN), len(UNSEEN)) == (150, 150)
    assert len({*SEEN, *UNSEEN}) == 300
    assert {len(s.split()) for s in (*SEEN, *UNSEEN)} <= set(range(5, 16))


def test_function_words_names_and_numbers_are_not_counted():
    found = coverage("ASL", ["The school is to be an old school.", "Yes, Anna and Peter have five."], sample_lexicon())
    assert found.names == 2
    assert found.numbers == 1
    assert found.counted == 5  # school old school; yes and
    assert found.missing == {"old": 1, "and": 1}


def test_contractions_count_as_their_words():
    found = coverage("ASL", ["I don't understand."], sample_lexicon())
    assert (found.counted, found.covered) == (3, 3)


def test_a_name_that_opens_a_sentence_is_told_from_a_word():
    found = coverage("ASL", ["Emma works.", "Work helps."], sample_lexicon())
    assert (found.names, found.counted) == (1, 3)


@pytest.mark.parametrize("half", ["seen", "unseen"])
def test_signs_cover_85_percent_of_everyday_words(half: str):
    assert figure(f"ASL, {half} half").share >= 0.85
