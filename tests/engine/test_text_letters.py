"""Text for sign languages of which only the letters are known: what asks and denies, elided words, numbers."""

from __future__ import annotations

import pytest

from engine import languages
from engine.gloss_line import format_line
from engine.lexicon.loader import load_language
from engine.text import plan_text


def line(text: str, code: str) -> str:
    return format_line(plan_text(text, languages.get(code), load_language(code)))


@pytest.mark.parametrize(
    ("code", "text", "glosses"),
    [
        ("LSF-CH", "L'école", "fs-L fs-ECOLE"),
        ("LSF-CH", "Je n'aime pas aujourd'hui.", "[fs-JE fs-N fs-AIME fs-PAS fs-AUJOURDHUI]neg"),
        ("LSF-CH", "Je m'appelle Anna.", "fs-JE fs-M fs-APPELLE fs-ANNA"),
        ("LIS-CH", "l'amico", "fs-L fs-AMICO"),
        ("LIS-CH", "Dov'è la scuola?", "[fs-DOV fs-E fs-LA fs-SCUOLA]wh"),
    ],
)
def test_elided_words_are_parted_at_the_apostrophe(code: str, text: str, glosses: str) -> None:
    assert line(text, code) == glosses


@pytest.mark.parametrize("text", ["뭐예요?", "누구세요?"])
def test_korean_question_words_ask_in_their_polite_forms(text: str) -> None:
    assert line(text, "KSL").endswith("]wh")


@pytest.mark.parametrize("text", ["Seni sevmiyorum.", "Gelmedi.", "Gitmeyecek.", "Gelmeyeceğim."])
def test_turkish_verbs_deny_by_their_ending(text: str) -> None:
    assert line(text, "TSL").endswith("]neg")


@pytest.mark.parametrize("text", ["Geldi.", "Gömüyor.", "Komedi güzel."])
def test_letters_of_a_turkish_stem_deny_nothing(text: str) -> None:
    assert not line(text, "TSL").endswith("]neg")


@pytest.mark.parametrize("code", ["LSF-CH", "LIS-CH", "LSA", "TSL"])
def test_a_comma_comes_before_the_decimals_and_a_stop_between_thousands(code: str) -> None:
    assert line("1.500", code) == "#1500"
    assert line("3,5", code).startswith("#3 fs-V") or line("3,5", code) == "#3 fs-COMA #5"
