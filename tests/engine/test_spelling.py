"""Which letters of the hand spell a word."""

from __future__ import annotations

import pytest

from engine.text.spelling import letters_of, mouthing, spelled_gloss, written_letters

LATIN = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZ")


def keys(word: str, extra: str = "", spoken: str = "") -> str:
    return "-".join(letters_of(word, LATIN | set(extra.split()), spoken)[0])


@pytest.mark.parametrize(
    ("word", "extra", "spelled"),
    [
        ("Schuh", "SCH", "SCH-U-H"),
        ("Tschüss", "SCH CH Ü", "T-SCH-Ü-S-S"),
        ("llama", "LL", "LL-A-M-A"),
        ("zhang", "ZH NG", "ZH-A-NG"),
        ("Müller", "", "M-U-L-L-E-R"),
        ("Müller", "Ü", "M-Ü-L-L-E-R"),
        ("Straße", "", "S-T-R-A-S-S-E"),
        ("Muñoz", "Ñ", "M-U-Ñ-O-Z"),
        ("O'Brien-Smith", "", "O-B-R-I-E-N-S-M-I-T-H"),
    ],
)
def test_the_longest_key_is_taken_and_what_is_missing_is_folded(word: str, extra: str, spelled: str) -> None:
    assert keys(word, extra) == spelled


def test_turkish_has_two_letters_i() -> None:
    assert keys("ırmak izin", "İ", "tr") == "I-R-M-A-K-İ-Z-İ-N"
    assert keys("izin", "", "tr") == "I-Z-I-N"
    assert keys("izin", "İ", "en") == "I-Z-I-N"


def test_korean_syllables_are_taken_apart_as_far_as_the_alphabet_needs() -> None:
    alphabet = frozenset("ㄱㄴㅂㅅㅇㅎㅏㅗㅣㅐ")
    assert letters_of("한", alphabet)[0] == ("ㅎ", "ㅏ", "ㄴ")
    assert letters_of("괜", alphabet)[0] == ("ㄱ", "ㅗ", "ㅐ", "ㄴ")
    assert letters_of("값", alphabet)[0] == ("ㄱ", "ㅏ", "ㅂ", "ㅅ")
    assert letters_of("강", alphabet)[0] == ("ㄱ", "ㅏ", "ㅇ")
    assert letters_of("문", alphabet) == (("ㄴ",), "ㅁㅜ")


def test_letters_that_nobody_can_spell_are_told() -> None:
    assert letters_of("aмb", LATIN) == (("A", "B"), "М")


def test_a_spelled_gloss_parts_letters_that_could_be_read_otherwise() -> None:
    alphabet = LATIN | {"SCH"}
    assert spelled_gloss(("SCH", "U", "H"), alphabet) == "fs-SCHUH"
    assert spelled_gloss(("S", "C", "H"), alphabet) == "fs-S-C-H"


def test_mouthing_has_the_letters_as_the_language_writes_them() -> None:
    assert mouthing("Schöne Grüße!", "de") == "schönegrüße"
    assert mouthing("你好", "zh") == "nihao"


@pytest.mark.parametrize(
    ("word", "letters"),
    [
        ("anna", "anna"), ("straße", "straße"), ("josé", "josé"), ("林浩", "linhao"), ("吕", "lü"), ("银行", "yinhang"),
        ("빵", "ㅃㅏㅇ"), ("값", "ㄱㅏㅄ"), ("ᄂ", "ㄴ"), ("", ""),
    ],
)  # fmt: skip
def test_a_word_is_written_with_letters_that_a_hand_can_spell(word: str, letters: str) -> None:
    assert written_letters(word) == letters
