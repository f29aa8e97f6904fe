"""A text in another language than the one it is signed from is told, and one in the right language never."""

from __future__ import annotations

import pytest

from engine import languages
from engine.lexicon.loader import load_language
from engine.text import plan_text

WRONG = [
    ("ASL", "Guten Morgen, ich heiße Anna und wohne in Berlin.", "German", "German Sign Language"),
    ("ASL", "Bonjour, je m'appelle Anna et je viens de France.", "French", "Swiss French Sign Language"),
    ("ASL", "Buenos días, me llamo Ana y vengo de España.", "Spanish", "Argentine Sign Language"),
    ("DGS", "My brother would like to eat something with his friends tomorrow.", "English", "American Sign Language"),
]
RIGHT = [
    ("ASL", "Hello, my name is Anna. Nice to meet you!"),
    ("ASL", "Bartholomew, Wilhelmina, Xanthippe and Zbigniew met Quetzalcoatl in Reykjavik."),
    ("ASL", "Supercalifragilistic quarks hadronise asymptotically."),
    ("ASL", "Qwrtz plmkn zxcvb hjklp bnmqw."),
    ("DGS", "Ich heiße Anna und wohne in Berlin."),
    ("DGS", "Wilhelmina, Xaver, Zbigniew und Reykjavik."),
    ("CSL", "你好，我的名字是安娜。"),
]


def warned(code: str, text: str) -> list[str]:
    plan = plan_text(text, languages.get(code), load_language(code))
    return [warning for warning in plan.warnings if "seems to be" in warning]


@pytest.mark.parametrize(("code", "text", "spoken", "name"), WRONG)
def test_another_language_is_named_with_what_to_choose(code: str, text: str, spoken: str, name: str) -> None:
    (warning,) = warned(code, text)
    assert f"seems to be {spoken}" in warning
    assert f"Choose {name}" in warning


@pytest.mark.parametrize(("code", "text"), RIGHT)
def test_the_right_language_names_and_rare_words_are_no_matter(code: str, text: str) -> None:
    assert warned(code, text) == []


def test_three_words_are_too_few_to_tell() -> None:
    assert warned("ASL", "Guten Morgen, Anna.") == []
