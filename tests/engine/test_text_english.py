"""English that is easily misread, with the embedded American Sign Language."""

from __future__ import annotations

import pytest

from engine import languages
from engine.gloss_line import format_line
from engine.lexicon.loader import load_language
from engine.text import plan_text

LEXICON = load_language("ASL")
ASL = languages.get("ASL")


def line(text: str) -> str:
    return format_line(plan_text(text, ASL, LEXICON))


@pytest.mark.parametrize("text", ["You must not go.", "You mustn't go."])
def test_what_is_forbidden_is_more_than_needless(text: str) -> None:
    assert line(text) == "IX-2 FORBID GO"
    assert line("You don't have to go.") == "[IX-2 NEED NOT GO]neg"


def test_not_stays_before_the_amount_that_it_denies() -> None:
    assert line("Not all birds can fly.") == "[NOT ALL BIRD CAN FLY]neg"
    assert line("Not everybody likes it.").startswith("[NOT EVERYBODY LIKE")


def test_only_small_numbers_after_at_are_a_clock() -> None:
    assert line("Call me at 8.") == "[TIME #8 CALL-1]cmd"
    assert "TIME" not in line("Call me at 555-0199.")


def test_an_email_address_breaks_nothing() -> None:
    assert "fs-TOM" in line("Write to tom@example.com.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I wish you luck.", "IX-1 HOPE IX-2 LUCKY"),
        ("I feel fine, but I have to pay a fine.", "IX-1 FEEL FINE , BUT IX-1 NEED PAY COST"),
        ("My left shoe is red.", "POSS-1 LEFT-DIRECTION SHOES RED"),
        ("I left home.", "IX-1 LEAVE HOME"),
        ("You are right.", "IX-2 RIGHT"),
        ("I don't mind.", "IX-1 FINE"),
        ("Watch out!", "[CAREFUL]excl"),
        ("I used to smoke.", "IX-1 PAST SMOKE"),
    ],
)
def test_words_with_several_senses(text: str, expected: str) -> None:
    assert line(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The glass was broken by the boy.", "BOY BREAK GLASS"),
        ("He was seen by us.", "WE SEE-3a"),
        ("I go by bus.", "IX-1 GO BUS"),
    ],
)
def test_who_acts_comes_first_in_a_passive(text: str, expected: str) -> None:
    assert line(text) == expected


@pytest.mark.parametrize(
    ("text", "digits"),
    [
        ("Call 911.", "#911"),
        ("My number is 5550199.", "#5550199"),
        ("My phone number is 12345.", "#12345"),
    ],
)
def test_telephone_numbers_are_said_digit_by_digit(text: str, digits: str) -> None:
    assert digits in line(text).strip("[]cmd").split()


def test_amounts_are_no_telephone_numbers() -> None:
    assert "HUNDRED" in line("Call 200 people.")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It costs $12.50.", "IX-3a COST #12 DOLLAR #50 CENT"),
        ("It costs $5.", "IX-3a COST #5 DOLLAR"),
    ],
)
def test_a_sum_of_money_has_its_cents_last(text: str, expected: str) -> None:
    assert line(text) == expected


def test_her_before_another_owner_is_the_one_who_is_shown_something() -> None:
    assert "POSS-3b" not in line("He showed her his house.")


def test_thanked_is_signed() -> None:
    assert "THANK-YOU" in line("She thanked him.")
