"""What is signed for a text: the words, the spelling, the numbers, the pauses."""

from __future__ import annotations

import pytest
from sample_lexicon import sample_lexicon

from engine import languages
from engine.generators.base import EngineError
from engine.gloss import GlossPlan
from engine.text import MAX_CHARACTERS, plan_text

LEXICON = sample_lexicon()


def plan(text: str) -> GlossPlan:
    return plan_text(text, languages.get("ASL"), LEXICON)


def glosses(text: str) -> str:
    return " ".join(plan(text).glosses)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, my name is Anna.", "HELLO MY NAME fs-ANNA"),
        ("my name is anna", "MY NAME fs-ANNA"),
        ("He likes the schools.", "HE LIKE SCHOOL++"),
        ("She went home", "HE GO HOME"),
        ("Children are eating", "CHILD EAT"),
        ("I'm deaf", "ME DEAF"),
        ("We want to learn", "WE WANT LEARN"),
        ("Her friend likes her.", "HIS FRIEND LIKE HE"),
    ],
)
def test_words_are_signed_by_their_base_forms_and_small_words_left_out(text: str, expected: str) -> None:
    assert glosses(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Nice to meet you", "NICE-MEET-YOU"),
        ("It is nice, to meet you", "NICE MEET YOU"),
        ("Thank you very much", "THANK-YOU fs-MUCH"),
        ("I have to go", "ME MUST GO"),
        ("I have a friend", "ME HAVE FRIEND"),
        ("How many children?", "HOW-MANY CHILD"),
        ("I don't want it", "ME DONT-WANT HE"),
    ],
)
def test_the_longest_entry_wins(text: str, expected: str) -> None:
    assert glosses(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I don't understand", "ME NOT UNDERSTAND"),
        ("I don’t understand", "ME NOT UNDERSTAND"),
        ("What's your name", "YOUR NAME WHAT"),
        ("I can't go", "ME CAN NOT GO"),
        ("I've learned", "ME LEARN"),
        ("Do you understand?", "YOU UNDERSTAND"),
        ("What do you do?", "YOU DO WHAT"),
        ("Mother's friend", "MOTHER FRIEND"),
        ("Anna's friend", "fs-ANNA FRIEND"),
        ("How much time does it have?", "HOW fs-MUCH TIME HE HAVE"),
        ("Where does Anna work?", "fs-ANNA WORK WHERE"),
        ("I've got a friend", "ME HAVE FRIEND"),
        ("I would like water", "ME WANT WATER"),
        ("my homework", "MY HOME WORK"),
    ],
)
def test_contractions_and_helping_verbs_are_taken_apart(text: str, expected: str) -> None:
    assert glosses(text) == expected


def test_a_form_with_a_sign_of_its_own_is_not_reduced_to_its_base() -> None:
    assert glosses("good") == "GOOD"
    assert glosses("better") == "BETTER"
    assert glosses("best") == "fs-BEST"


def test_the_part_of_speech_chooses_between_signs_of_one_word() -> None:
    assert glosses("I sign") == "ME SIGN"
    assert glosses("my sign") == "MY SIGN-NOUN"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("José Müller", "fs-JOSE fs-MULLER"),
        ("Cafe\u0301", "fs-CAFE"),
        ("Łódź Straße Ærø", "fs-LODZ fs-STRASSE fs-AERO"),
        ("ﬁne ＦＵＬＬ", "fs-FINE fs-FULL"),
        ("O'Brien", "fs-OBRIEN"),
        ("U.S.A.", "fs-USA"),
        ("in­visible", "fs-INVISIBLE"),
    ],
)
def test_unknown_words_are_spelled_with_diacritics_folded(text: str, expected: str) -> None:
    assert glosses(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("My name is Will.", "MY NAME fs-WILL"),
        ("my name is will", "MY NAME fs-WILL"),
        ("Will you meet Will?", "YOU MEET fs-WILL"),
        ("My name is Hope School and I work", "MY NAME fs-HOPE fs-SCHOOL fs-AND ME WORK"),
        ("Dr. Nice can help", "fs-DR fs-NICE CAN HELP"),
        ("They help us in the US", "fs-THEY HELP WE fs-IN fs-US"),
        ("I work in New York", "ME WORK fs-IN fs-NEW fs-YORK"),
        ("We work for Friend Computers", "WE WORK fs-FOR fs-FRIEND fs-COMPUTERS"),
        ("Nice To Meet You Anna", "NICE-MEET-YOU fs-ANNA"),
        ("I am Deaf", "ME DEAF"),
        ("HELLO, I AM DEAF", "HELLO ME DEAF"),
    ],
)
def test_names_are_spelled_even_when_they_are_words(text: str, expected: str) -> None:
    assert glosses(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("7", "#7"),
        ("seven", "#7"),
        ("twenty five friends", "#25 FRIEND"),
        ("two hundred and five", "#205"),
        ("a thousand", "#1000"),
        ("three million two hundred thousand", "#3200000"),
        ("one two three", "#1 #2 #3"),
        ("nice and five", "NICE fs-AND #5"),
        ("1,500", "#1500"),
        ("1984", "#19 #84"),
        ("2005", "#2005"),
        ("in 2024", "#20 #24"),
        ("007", "#007"),
        ("my 1st school, his 22nd", "MY FIRST SCHOOL HIS #22"),
        ("3.14", "#3 fs-POINT #14"),
        ("10:30", "TIME #10 #30"),
        ("10:00", "TIME #10"),
        ("555-1234", "#555 #1234"),
        ("24/12/2024", "#24 #12 #20 #24"),
        ("5°", "#5 fs-DEGREE"),
        ("10:05", "TIME #10 #05"),
        ("$5.50", "#5 DOLLAR #50 fs-CENT"),
        ("٣ friends", "#3 FRIEND"),
        ("A4", "fs-A #4"),
    ],
)
def test_numbers(text: str, expected: str) -> None:
    assert " ".join(plan(text).glosses) == expected


def test_a_number_with_a_sign_carries_it_and_others_are_signed_by_their_digits() -> None:
    (known,) = plan("12").phrases[0].items
    (unknown,) = plan("25").phrases[0].items
    assert (known.kind, known.sign) == ("number", LEXICON.numbers["12"])
    assert (unknown.kind, unknown.sign, unknown.letters) == ("number", None, ("2", "5"))


def test_hundreds_are_signed_in_pieces_when_the_lexicon_has_the_signs() -> None:
    lexicon = sample_lexicon()
    hundred = LEXICON.numbers["1"]
    signs = {**lexicon.signs, "HUNDRED": type(hundred)("HUNDRED", "ASL", ("hundred",), "one", hundred.postures)}
    rich = type(lexicon)("ASL", {}, signs, lexicon.letters, lexicon.numbers)
    assert plan_text("305", languages.get("ASL"), rich).glosses == ("#3", "HUNDRED", "#5")


def test_every_item_knows_its_place_in_the_text_as_typed() -> None:
    text = "Cafe\u0301 — don't help\u00a0me, 1,500!"
    spans = [text[slice(*i.text_span)] for p in plan(text).phrases for i in p.items]
    assert spans == ["Cafe\u0301", "—", "n't", "help", "me", ",", "1,500"]


def test_marks_become_pauses_between_phrases_and_none_at_the_end() -> None:
    pauses = [i.seconds for p in plan("Hello, Anna. Go home... Yes!").phrases for i in p.items if i.kind == "pause"]
    assert len(pauses) == 3
    comma, stop, dots = pauses
    assert 0.1 < comma < stop < dots


def test_full_stops_in_abbreviations_and_wrapped_lines_end_no_sentence() -> None:
    assert len(plan("Dr. Smith").phrases) == 1
    assert len(plan("see example.com").phrases) == 1
    assert len(plan("Hello my\nfriend").phrases) == 1
    assert len(plan("Hello\n\nfriend").phrases) == 2
    assert len(plan("Hello\nFriend").phrases) == 2


@pytest.mark.parametrize("text", ["", "   ", "\n\t", "\u200b\u200f", "\x00"])
def test_an_empty_text_says_so(text: str) -> None:
    with pytest.raises(EngineError) as error:
        plan(text)
    assert (error.value.code, error.value.fix) == ("empty_text", "edit_text")
    assert error.value.hint


def test_a_text_that_is_too_long_names_the_limit_and_says_to_split_it() -> None:
    plan("a b " * (MAX_CHARACTERS // 4))
    with pytest.raises(EngineError) as error:
        plan("x" * 10_000)
    assert (error.value.code, error.value.fix) == ("text_too_long", "edit_text")
    assert "10,000" in error.value.message
    assert "2,000" in error.value.message
    assert "Split" in error.value.hint


@pytest.mark.parametrize("text", ["🚀🎉", "...", "!?", "Привет, мир!", "مرحبا بالعالم", "你好", "\ud800", "the"])
def test_a_text_with_nothing_to_sign_says_so(text: str) -> None:
    with pytest.raises(EngineError) as error:
        plan(text)
    assert (error.value.code, error.value.fix) == ("nothing_to_sign", "edit_text")


def test_of_mixed_scripts_the_latin_part_is_signed_and_the_rest_reported() -> None:
    result = plan("Hello мир and שלום and 你好 friend")
    assert result.glosses == ("HELLO", "fs-AND", "fs-AND", "FRIEND")
    report = " ".join(result.warnings)
    for word in ("мир", "Cyrillic", "שלום", "Hebrew", "你好", "Chinese"):
        assert word in report


def test_right_to_left_text_with_latin_words_keeps_its_order() -> None:
    result = plan("\u202bمرحبا Anna שלום help\u202c")
    assert result.glosses == ("fs-ANNA", "HELP")
    assert len(result.warnings) == 2


def test_emoji_that_a_face_can_say_are_said_and_others_reported() -> None:
    happy = plan("Hello 😊")
    assert happy.phrases[0].nonmanual.face["smile"] > 0.3
    assert not happy.warnings
    other = plan("Hello 🚀 👩‍🚀 🇫🇷 1️⃣")
    assert other.glosses == ("HELLO", "#1")
    assert "🚀" in other.warnings[0]
    assert "👩‍🚀" in other.warnings[0]


@pytest.mark.parametrize(
    ("text", "unit"), [("Hello :)", "smile"), ("Hello :-( my friend", "frown"), ("You <3", "smile")]
)
def test_emoticons_are_said_by_the_face_as_well(text: str, unit: str) -> None:
    result = plan(text)
    assert result.phrases[0].nonmanual.face[unit] > 0.3
    assert not result.warnings


def test_marks_that_only_look_like_emoticons_are_marks() -> None:
    result = plan("My friends (one:Dan):D 10:30")
    assert "smile" not in result.phrases[0].nonmanual.face


def test_an_emoji_after_the_sentence_belongs_to_it() -> None:
    assert plan("Hello. 😢").phrases[0].nonmanual.face["frown"] > 0.3


def test_lone_surrogates_do_not_reach_the_plan() -> None:
    result = plan("Hello \ud800!")
    assert result.text == "Hello \ufffd!"
    result.text.encode()


def test_words_are_mouthed() -> None:
    items = plan("Thank you, José").phrases
    assert items[0].items[0].mouth == "thankyou"
    assert items[1].items[0].mouth == "josé"
