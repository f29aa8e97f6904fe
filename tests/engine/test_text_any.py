"""Whatever the text, planning it ends in a sound plan or in an error for the user."""

from __future__ import annotations

import json

from hypothesis import given, settings
from hypothesis import strategies as st
from sample_lexicon import sample_lexicon

from engine import languages
from engine.generators.base import EngineError
from engine.gloss_line import format_line, parse_line
from engine.text import plan_text
from engine.text.tokens import normalise, tokenise

LEXICON = sample_lexicon()
WORDS = st.sampled_from(
    [
        *(
            "I",
            "you",
            "don't",
            "can't",
            "what's",
            "What",
            "do",
            "is",
            "the",
            "a",
            "an",
            "to",
            "her",
            "not",
            "my",
            "name",
        ),
        *(
            "nice",
            "meet",
            "thank",
            "have",
            "hundred",
            "and",
            "five",
            "twenty",
            "million",
            "Dr.",
            "Will",
            "US",
            "U.S.A.",
        ),
        *(
            "10:30",
            "1,500",
            "3.14",
            "$5",
            "%",
            "😊",
            "🚀",
            "👩\u200d🚀",
            "мир",
            "שלום",
            "你好",
            "é",
            "\u0301",
            "\u200d",
        ),
        *("...", "?", "!", ",", "\n", "\n\n", "(", ")", "'", "’s", "n't", ":)", "<3", "\ufe0f"),
    ]
)
TEXTS = st.one_of(
    st.text(max_size=80),
    st.text(st.characters(exclude_categories=()), max_size=40),
    st.lists(WORDS, max_size=30).map(" ".join),
    st.lists(WORDS, max_size=30).map("".join),
)


@settings(max_examples=400, deadline=None)
@given(TEXTS)
def test_a_plan_is_sound_or_an_error_is_raised_for_the_user(text: str) -> None:
    try:
        plan = plan_text(text, languages.get("ASL"), LEXICON, word_order="text")
    except EngineError as e:
        assert e.code in ("empty_text", "nothing_to_sign")
        assert e.hint
        return
    assert plan.glosses
    assert len(plan.text) == len(text)
    json.dumps(plan.text, ensure_ascii=False).encode()
    last = 0
    for phrase in plan.phrases:
        assert any(item.kind != "pause" for item in phrase.items)
        for item in phrase.items:
            start, end = item.text_span
            assert 0 <= start < end <= len(text)
            assert start >= last
            last = start
            assert item.kind != "sign" or item.sign is not None
            assert item.kind != "fingerspell" or set(item.letters) <= set(LEXICON.letters)
            assert item.kind != "number" or all(key.isdecimal() for key in item.letters)
            assert item.kind != "pause" or item.seconds > 0
            assert item.mouth == "" or (item.mouth.isalpha() and item.mouth == item.mouth.lower())


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_tokens_lie_in_the_text_in_order_and_do_not_overlap_but_where_one_character_makes_several(text: str) -> None:
    characters, spans = normalise(text)
    assert len(characters) == len(spans)
    last = 0
    for token in tokenise(text):
        assert 0 <= token.span[0] < token.span[1] <= len(text)
        assert token.span[0] >= last
        last = token.span[0]


@settings(max_examples=200, deadline=None)
@given(TEXTS)
def test_a_plan_in_signed_order_is_sound_and_comes_back_from_its_line(text: str) -> None:
    try:
        plan = plan_text(text, languages.get("ASL"), LEXICON)
    except EngineError as e:
        assert e.code in ("empty_text", "nothing_to_sign")
        return
    for phrase in plan.phrases:
        for item in phrase.items:
            assert 0 <= item.text_span[0] < item.text_span[1] <= len(text)
    assert parse_line(format_line(plan), LEXICON, plan.text, reference=plan) == plan
