"""Whom a text talks about, where they are in space, and which sign a word gets."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from sample_lexicon import sample_lexicon

from engine import languages
from engine.gloss import GlossItem
from engine.gloss_line import format_line
from engine.lexicon.loader import Lexicon, load_language
from engine.lexicon.phonology import Sign
from engine.text import plan_text

ASL = languages.get("ASL")
EMBEDDED = load_language("ASL")


def line(text: str, lexicon: Lexicon = EMBEDDED) -> str:
    return format_line(plan_text(text, ASL, lexicon))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I give you the book.", "IX-1 1-GIVE-2 BOOK"),
        ("Give me the book!", "[2-GIVE-1 BOOK]cmd"),
        ("She helps him.", "IX-3a 3a-HELP-3b"),
        ("Anna asks me.", "fs-ANNA IX-3a 3a-ASK-1"),
        ("He asks him.", "IX-3a 3a-ASK-3b"),
        ("I want him to help me.", "IX-1 WANT IX-3a 3a-HELP-1"),
        ("I give the book to you.", "IX-1 1-GIVE-2 BOOK"),
    ],
)
def test_directional_verbs_go_from_who_acts_to_whom_it_is_done(text: str, expected: str) -> None:
    assert line(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Anna is here. She works.", "fs-ANNA IX-3a HERE . IX-3a WORK"),
        ("Anna likes Tom. He works.", "fs-ANNA IX-3a LIKE fs-TOM IX-3b . IX-3b WORK"),
        ("My mother works. She is tired.", "POSS-1 MOTHER IX-3a WORK . IX-3a TIRED"),
        ("I have a dog. It is big.", "IX-1 HAVE DOG IX-3a . IX-3a BIG"),
        ("Anna works. Tom works. Anna is tired.", "fs-ANNA IX-3a WORK . fs-TOM IX-3b WORK . fs-ANNA TIRED"),
        ("She loves her dog.", "IX-3a LOVE POSS-3a DOG"),
        ("Anna's dog is old. She loves it.", "fs-ANNA POSS-3a DOG IX-3b OLD . IX-3a LOVE IX-3b"),
        ("My name is Anna.", "POSS-1 NAME fs-ANNA"),
        ("Tom and Anna work.", "fs-TOM IX-3a AND fs-ANNA IX-3b WORK"),
    ],
)
def test_places_are_kept_over_a_text(text: str, expected: str) -> None:
    assert line(text) == expected


def test_more_people_than_places_take_the_oldest_places_again() -> None:
    names = ["Anna", "Tom", "Mary", "John", "Lisa"]
    placed = [w for w in line(" ".join(f"{n} works." for n in names)).split() if w.startswith("IX")]
    assert placed == ["IX-3a", "IX-3b", "IX-3c", "IX-3d", "IX-3a"]


def test_without_a_pointing_sign_pronouns_have_their_own_signs() -> None:
    assert line("She helps me. Anna likes it.", sample_lexicon()) == "HE HELP ME . fs-ANNA LIKE HE"


def test_a_left_out_pronoun_gives_its_words_to_the_verb() -> None:
    text = "Please help me."
    items = plan_text(text, ASL, EMBEDDED).phrases[0].items
    assert [(i.gloss, text[slice(*i.text_span)]) for i in items] == [("PLEASE", "Please"), ("2-HELP-1", "help me")]


# ---------------------------------------------------------------- senses


def with_signs(*signs: Sign) -> Lexicon:
    plain = sample_lexicon()
    return dataclasses.replace(plain, signs={**plain.signs, **{s.gloss: s for s in signs}})


def made(gloss: str, words: tuple[str, ...], **more: object) -> Sign:
    hello = sample_lexicon().signs["HELLO"]
    assert isinstance(hello, Sign)
    return dataclasses.replace(hello, **{"gloss": gloss, "words": words, "pos": "", **more})


def item(text: str, gloss_part: str, lexicon: Lexicon) -> GlossItem:
    items = (i for p in plan_text(text, ASL, lexicon).phrases for i in p.items)
    return next(i for i in items if i.gloss.startswith(gloss_part))


BANKS = with_signs(
    made("BANK-MONEY", ("bank",), pos="noun", sense="keeps money", context=("money", "dollar")),
    made("BANK-RIVER", ("bank",), pos="noun", sense="edge of a river", context=("water", "fish")),
)


def test_the_words_around_choose_the_sense() -> None:
    assert item("The bank has my money.", "BANK", BANKS).gloss == "BANK-MONEY"
    assert item("The bank has water.", "BANK", BANKS).gloss == "BANK-RIVER"


def test_the_clause_before_speaks_for_a_sense_too() -> None:
    assert item("I want water. Where is the bank?", "BANK", BANKS).gloss == "BANK-RIVER"


def test_all_senses_are_offered_the_taken_one_first() -> None:
    assert item("The bank has water.", "BANK", BANKS).choices == ("BANK-RIVER", "BANK-MONEY")
    assert item("My friend.", "FRIEND", BANKS).choices == ()


def test_a_sense_that_needs_a_context_gives_way_without_it() -> None:
    lexicon = with_signs(
        made("RUN-MACHINE", ("run",), pos="verb", context=("machine",)), made("RUN", ("run",), pos="verb")
    )
    assert item("I run.", "RUN", lexicon).gloss == "RUN"
    assert item("I run the machine.", "RUN", lexicon).gloss == "RUN-MACHINE"


def test_a_sign_of_the_users_own_wins() -> None:
    own = made("FRIEND-MINE", ("friend",), pos="noun", file="dictionary/asl/mine.toml")
    friend = made("FRIEND", ("friend",), pos="noun", file=str(Path(languages.DATA_FOLDER) / "asl" / "people.toml"))
    assert item("My friend.", "FRIEND", with_signs(friend, own)).gloss == "FRIEND-MINE"
