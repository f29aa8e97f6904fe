"""What the generator reads: texts, retrieved signs and tags as rows of its vocabulary."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.languages import LANGUAGES
from engine.soke.prompt import PromptSettings, encoder_input, kept_steps, prompt, sign_to_text_input
from engine.soke.vocabulary import END, UNKNOWN, Vocabulary, sign_tags, source_tags
from engine.tokenizer.features import CODES, PARTS

SPOKEN = {language.code: language.spoken for language in LANGUAGES}
OFFICIAL = PromptSettings()
FUSED = PromptSettings("fused", keywords=32, steps=10, longest=512)


class Letters:
    """A text tokenizer for the tests: a piece a letter."""

    def encode(self, text: str) -> list[int]:
        return [3 + ord(c) % 90 for c in text]

    def decode(self, pieces: list[int]) -> str:
        return " ".join(map(str, pieces))

    def get_piece_size(self) -> int:
        return 100


def official() -> Vocabulary:
    return Vocabulary(Letters(), {i: i for i in range(130)}, CODES)


def ours(variant: str = "multihead") -> Vocabulary:
    tags = list(sign_tags(SPOKEN, by_part=variant == "part"))
    settings = {"sizes": {"body": 512, "left_hand": 256, "right_hand": 256}, "sign_tags": tags}
    return Vocabulary.of(Letters(), {i: i for i in range(130)}, {**settings, "source_tags": source_tags(SPOKEN)})


def sign(steps: int, first: int = 0) -> dict[str, list[int]]:
    return {part: list(range(first, first + steps)) for part in PARTS}


def test_settings_that_a_bundle_leaves_out_are_the_published_ones() -> None:
    assert PromptSettings.of({"prompt": "brackets"}) == PromptSettings("brackets", 3, 10, 256)
    assert PromptSettings.of(FUSED.to_json()) == FUSED
    plain = Vocabulary.of(Letters(), {i: i for i in range(130)}, {"sizes": CODES})
    assert plain.languages == ("ASL", "CSL", "DGS")
    assert plain.rows == official().rows


def test_every_language_of_the_engine_has_its_own_tag() -> None:
    words = ours()
    assert words.languages == tuple(SPOKEN)
    assert len({words.sign_tag_row(code) for code in SPOKEN}) == len(SPOKEN)
    assert words.source_tag_row("DGS") == words.source_tag_row("DSGS"), "both are made from German"
    assert words.sign_tag_row("DGS") != words.sign_tag_row("DSGS")


def test_in_the_variant_part_each_part_has_its_own_tag() -> None:
    words = ours("part")
    rows = [words.sign_tag_row("LSF-CH", part) for part in PARTS]
    assert rows == list(range(rows[0], rows[0] + 3))
    assert words.first_code["body"] == ours().first_code["body"] + 2 * len(SPOKEN)


@pytest.mark.parametrize("ask", [Vocabulary.sign_tag_row, Vocabulary.source_tag_row])
def test_a_language_that_the_model_lacks_is_told(ask) -> None:
    with pytest.raises(ValueError, match="KSL"):
        ask(official(), "KSL")


def test_a_text_in_a_language_without_a_tag_is_told() -> None:
    with pytest.raises(ValueError, match="xx"):
        source_tags({"NEW": "xx"})


def test_code_books_of_any_size_lie_behind_the_tags() -> None:
    words = ours()
    assert words.code_of("body", words.first_code["body"] + 511) == 511
    assert words.first_code["left_hand"] == words.first_code["body"] + 512 + 3
    assert words.rows == words.first_code["right_hand"] + 256 + 3
    assert words.code_rows("left_hand", [0, 258, 259, -1])[2:] == [UNKNOWN, UNKNOWN]


def test_text_rows_are_words_and_the_end() -> None:
    words = ours()
    rows = words.text_rows()
    assert END in rows
    assert max(rows) <= Letters().get_piece_size()
    assert words.text_of([*words.word_rows("ab"), END, words.sign_tag_row("ASL")]) == "10 11"


def test_the_published_styles_give_what_the_text_tokenizer_makes_of_the_prompt() -> None:
    words, retrieved = official(), [("hi", sign(12)), ("you", sign(2))]
    for style in ("key_word", "brackets"):
        rows = encoder_input(words, "Hello", retrieved, "ASL", replace(OFFICIAL, style=style))
        written = prompt("Hello", retrieved, "ASL", style=style)
        assert rows[:, 0].tolist() == words.input_rows(written, "ASL")
        assert (rows == rows[:, :1]).all(), "a token of text stands in all three"


def test_fused_steps_take_one_position_each_and_stand_before_the_text() -> None:
    words = ours()
    rows = encoder_input(words, "ab", [("HI", sign(4, first=5))], "ASL", FUSED)
    gloss, text = words.word_rows(" HI"), words.word_rows("ab")
    codes, behind = rows[len(gloss) : len(gloss) + 4], rows[len(gloss) + 4 : -2]
    assert rows[: len(gloss), 1].tolist() == gloss
    assert codes.tolist() == [[words.first_code[part] + c for part in PARTS] for c in range(5, 9)]
    assert behind[:, 0].tolist() == text
    assert rows[-2:, 2].tolist() == [END, words.source_tag_row("ASL")]


def test_a_code_that_a_user_types_is_text() -> None:
    for words, settings in ((official(), OFFICIAL), (ours(), FUSED)):
        rows = encoder_input(words, "<motion_id_7>", [], "ASL", settings)
        assert rows.max() < words.first_code["body"]


@given(st.integers(1, 200), st.integers(1, 40))
def test_kept_steps_are_even_and_have_both_ends(count: int, most: int) -> None:
    kept = kept_steps(count, most)
    assert len(kept) == min(count, most)
    assert kept[0] == 0
    assert most == 1 or kept[-1] == count - 1
    gaps = np.diff(kept)
    assert len(gaps) == 0 or (gaps.min() >= 1 and gaps.max() - gaps.min() <= 1)


@given(st.integers(0, 90), st.lists(st.integers(1, 14), max_size=12), st.integers(12, 120))
def test_a_long_input_keeps_the_text_and_whole_signs_from_the_first_on(
    text: int, signs: list[int], longest: int
) -> None:
    words, settings = ours(), replace(FUSED, longest=longest)
    retrieved = [("G", sign(steps)) for steps in signs]
    rows = encoder_input(words, "a" * text, retrieved, "CSL", settings)
    assert len(rows) <= longest
    assert rows[-2:, 0].tolist() == [END, words.source_tag_row("CSL")]
    kept_text = min(text, longest - 2)
    first = len(rows) - 2 - kept_text
    assert (rows[first:-2, 0] == words.word_rows("a")[0]).all()
    full = encoder_input(words, "a" * text, retrieved, "CSL", replace(FUSED, longest=10_000))
    assert np.array_equal(rows[:first], full[:first])
    lengths = [2 + min(steps, 10) for steps in signs]
    whole = np.cumsum([0, *lengths])
    assert first in whole, "signs are whole"
    more = lengths[whole.tolist().index(first)] if first < whole[-1] else longest
    assert len(rows) + more > longest, "and as many as there is room for"


def test_sign_to_text_reads_steps_and_the_tag_of_the_signed_language() -> None:
    words = ours()
    rows = sign_to_text_input(words, sign(6), "TSL", longest=512)
    assert rows[:-2].tolist() == [[words.first_code[part] + c for part in PARTS] for c in range(6)]
    assert rows[-2:, 1].tolist() == [END, words.sign_tag_row("TSL")]
    assert len(sign_to_text_input(words, sign(60), "TSL", longest=20)) == 20
