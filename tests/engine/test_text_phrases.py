"""What is asked, told, ordered and denied."""

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
        ("See you later!", "statement"),
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


@pytest.mark.parametrize("text", ["I don't like it", "I never eat", "I cannot go", "Nobody likes it", "No!"])
def test_words_that_deny_make_the_phrase_a_denial(text: str) -> None:
    (phrase,) = phrases(text)
    assert phrase.negated


def test_a_question_can_deny_as_well() -> None:
    (phrase,) = phrases("Don't you like school?")
    assert phrase.kind == "yes_no_question"
    assert phrase.negated


def test_a_condition_raises_the_brows() -> None:
    condition, told = phrases("If you go home, I work.")
    assert condition.nonmanual.face["brows_up"] > 0.5
    assert not told.nonmanual.face


def test_only_the_clause_that_denies_is_denied() -> None:
    first, second = phrases("I like school, not work.")
    assert not first.negated
    assert second.negated
