"""What is asked, told and denied, and what face and head do with it."""

from __future__ import annotations

import pytest
from sample_lexicon import sample_lexicon

from engine import languages
from engine.gloss import GlossPhrase
from engine.text import plan_text

LEXICON = sample_lexicon()


def phrases(text: str) -> tuple[GlossPhrase, ...]:
    return plan_text(text, languages.get("ASL"), LEXICON).phrases


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("I like school.", "statement"),
        ("Do you like school?", "yes_no_question"),
        ("You like school?", "yes_no_question"),
        ("What is your name?", "wh_question"),
        ("You want what?", "wh_question"),
        ("Do you know who I meet?", "yes_no_question"),
        ("Hello, what is your name?", "statement wh_question"),
        ("Hello! What is your name?", "statement wh_question"),
        ("When I work, do you help?", "statement yes_no_question"),
        ("Do you like school, work, home?", "yes_no_question yes_no_question yes_no_question"),
        ("Go home!", "command"),
        ("Please help me.", "command"),
        ("Don't go.", "command"),
        ("Work is good.", "statement"),
        ("Hello!", "statement"),
    ],
)
def test_marks_and_word_order_tell_the_kind(text: str, kinds: str) -> None:
    assert " ".join(p.kind for p in phrases(text)) == kinds


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("what is your name", "wh_question"),
        ("are you deaf", "yes_no_question"),
        ("do you like school", "yes_no_question"),
        ("do it", "command"),
        ("have a friend", "command"),
        ("what is your name.", "statement"),
    ],
)
def test_a_text_without_marks_may_be_a_question_all_the_same(text: str, kind: str) -> None:
    assert [p.kind for p in phrases(text)] == [kind]


def test_brows_rise_for_yes_no_and_fall_for_wh_questions() -> None:
    (yes_no,), (wh,), (told,) = phrases("Are you deaf?"), phrases("Where is school?"), phrases("I am deaf.")
    assert yes_no.nonmanual.face["brows_up"] > 0.5
    assert "brows_down" not in yes_no.nonmanual.face
    assert wh.nonmanual.face["brows_down"] > 0.5
    assert "brows_up" not in wh.nonmanual.face
    assert not told.nonmanual.face
    assert not told.nonmanual.head


@pytest.mark.parametrize("text", ["I don't like it", "I never eat", "I cannot go", "Nobody likes it", "No!"])
def test_denying_shakes_the_head(text: str) -> None:
    (phrase,) = phrases(text)
    assert phrase.negated
    assert phrase.nonmanual.head == "shake"


def test_a_denied_question_has_both() -> None:
    (phrase,) = phrases("Don't you like school?")
    assert phrase.kind == "yes_no_question"
    assert phrase.nonmanual.head == "shake"
    assert phrase.nonmanual.face["brows_up"] > 0.5


def test_only_the_clause_that_denies_is_denied() -> None:
    first, second = phrases("I like school, not work.")
    assert not first.negated
    assert second.negated


def test_an_emoji_does_not_override_the_face_of_a_question() -> None:
    (phrase,) = phrases("Are you deaf 😠?")
    assert phrase.nonmanual.face["brows_up"] > 0.5
    assert phrase.nonmanual.face["lips_pressed"] > 0
