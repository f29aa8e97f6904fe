"""The gloss line says all that a plan says, and reading it back gives the same plan."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sample_lexicon import sample_lexicon

from engine import languages
from engine.generators.base import EngineError
from engine.gloss import FACE_MARKS, GlossItem, GlossPhrase, GlossPlan, sign_item
from engine.gloss_line import format_line, parse_line
from engine.lexicon.loader import Lexicon, load_language
from engine.lexicon.phonology import NonManual, Posture, Sign
from engine.skeleton import EXPRESSION_NAMES
from engine.text import plan_text
from engine.text.numerals import number_item
from engine.text.spelling import spelled_gloss

ASL = languages.get("ASL")
EMBEDDED = load_language("ASL")
SEEN = (Path(__file__).parents[1] / "data" / "sentences_seen.txt").read_text("utf-8").splitlines()


def made_lexicon() -> Lexicon:
    """The sample lexicon with directional signs, glosses that look like places, and letters of several characters."""
    plain = sample_lexicon()
    hello = plain.signs["HELLO"]
    assert isinstance(hello, Sign)
    goal = Posture("flat", "goal", palm="down", fingers="forward")
    extra = {
        gloss: dataclasses.replace(hello, gloss=gloss, words=(gloss.lower(),), postures=(goal,), agreement=agreement)
        for gloss, agreement in {
            "IX": "object",
            "POSS": "object",
            "GIVE": "subject_object",
            "ASK": "subject_object",
        }.items()
    }
    odd = {
        g: dataclasses.replace(hello, gloss=g, words=(g.lower(),)) for g in ("GIVE-2", "1-GIVE", "HELLO-2", "FS-1", "7")
    }
    letter = plain.letters["A"]
    letters = {**plain.letters, **{k: dataclasses.replace(letter, gloss=f"fs-{k}") for k in ("SCH", "CH", "Ä")}}
    return dataclasses.replace(plain, signs={**plain.signs, **extra, **odd}, letters=letters)


LEXICON = made_lexicon()
PLACES = st.sampled_from(["", "1", "2", "3a", "3b", "3c", "3d"])


@st.composite
def sign_items(draw: st.DrawFn) -> GlossItem:
    sign = LEXICON.signs[draw(st.sampled_from(sorted(LEXICON.signs)))]
    more = {"source": draw(PLACES), "goal": draw(PLACES)} if getattr(sign, "agreement", "") else {}
    repeat = draw(st.sampled_from([0, 0, 2, 3, 6]))
    return sign_item(sign, mouth=sign.words[0].replace(" ", ""), known=LEXICON.signs, repeat=repeat, **more)


def spelled(letters: list[str]) -> GlossItem:
    return GlossItem("fingerspell", spelled_gloss(letters, LEXICON.letters), letters=tuple(letters))


ITEMS = st.one_of(
    sign_items(),
    st.lists(st.sampled_from(sorted(LEXICON.letters)), min_size=1, max_size=8).map(spelled),
    st.sampled_from(sorted(LEXICON.numbers)).map(lambda n: number_item((n,), LEXICON.numbers)),
    st.text("0123456789", min_size=3, max_size=12).map(lambda n: number_item(tuple(n), LEXICON.numbers)),
    st.just(number_item(("20", "5"), LEXICON.numbers)),
)
PAUSES = st.one_of(st.sampled_from([0.25, 0.6, 0.9]), st.integers(1, 29_000).map(lambda n: n / 1000)).map(
    lambda seconds: GlossItem("pause", "PAUSE", seconds=seconds)
)
FACES = st.one_of(
    st.sampled_from([NonManual(), *FACE_MARKS.values()]),
    st.builds(
        NonManual,
        face=st.dictionaries(st.sampled_from(EXPRESSION_NAMES), st.floats(0.0, 1.0), max_size=3),
        head=st.sampled_from(["", "nod", "shake", "tilt", "tilt_back", "forward", "down", "turn"]),
        mouth=st.sampled_from(["", "pah"]),
        gaze=st.sampled_from(["", "up", "up-out"]),
    ),
)


@st.composite
def phrases(draw: st.DrawFn) -> GlossPhrase:
    items = draw(st.lists(ITEMS, min_size=1, max_size=5))
    kind = draw(st.sampled_from(["statement", "yes_no_question", "wh_question", "command"]))
    if draw(st.booleans()):
        items.append(draw(PAUSES))
    return GlossPhrase(tuple(items), kind, draw(st.booleans()), draw(FACES))


def without_mouths(plan: GlossPlan) -> GlossPlan:
    """A line alone doesn't say what is mouthed."""
    bare = [
        dataclasses.replace(p, items=tuple(dataclasses.replace(i, mouth="") for i in p.items)) for p in plan.phrases
    ]
    return dataclasses.replace(plan, phrases=tuple(bare))


@settings(max_examples=300, deadline=None)
@given(st.lists(phrases(), min_size=1, max_size=4))
def test_any_plan_comes_back_from_its_line(made: list[GlossPhrase]) -> None:
    plan = GlossPlan("", "ASL", tuple(made))
    line = format_line(plan)
    assert "\n" not in line
    assert without_mouths(parse_line(line, LEXICON)) == without_mouths(plan)
    assert format_line(parse_line(line, LEXICON)) == line


@pytest.mark.parametrize("sentence", SEEN)
def test_an_unchanged_line_gives_the_very_plan_of_the_text(sentence: str) -> None:
    plan = plan_text(sentence, ASL, EMBEDDED)
    assert parse_line(format_line(plan), EMBEDDED, plan.text, reference=plan) == plan


@settings(max_examples=300, deadline=None)
@given(st.one_of(st.text(max_size=60), st.lists(st.sampled_from("[ ] ]q ]wh,neg HELLO hello 1-GIVE-2 BOOK++ + - fs- fs-ANNA # #25 , . ... … ? ?? ! / (0.4s) (x) IX-9 smile=2".split(" ")), max_size=12).map(" ".join)))  # fmt: skip  # noqa: E501, SIM905
def test_whatever_is_typed_is_read_or_told_with_a_remedy(line: str) -> None:
    try:
        plan = parse_line(line, LEXICON)
    except EngineError as e:
        assert (e.code, e.fix) == ("gloss_line", "edit_text")
        assert e.hint
        return
    assert any(item.kind != "pause" for phrase in plan.phrases for item in phrase.items)
    assert parse_line(format_line(plan), LEXICON) == dataclasses.replace(plan, warnings=())


# ---------------------------------------------------------------- what is written


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("hello friend", "HELLO FRIEND"),
        ("Thank-You", "THANK-YOU"),
        ("ix-1 1-give-2", "IX-1 1-GIVE-2"),
        ("HELLO, FRIEND.", "HELLO , FRIEND ."),
        ("YOU GO ?", "[YOU GO]q ."),
        ("YOU GO WHERE??", "[YOU GO WHERE]wh ."),
        ("GO!", "[GO]cmd ."),
        ("[YOU GO]Q,NEG", "[YOU GO]q,neg"),
        ("[TIME]t YOU GO", "[TIME]t / YOU GO"),
        ("HELLO … FRIEND", "HELLO ... FRIEND"),
        ("HELLO ( 0.40 s ) FRIEND", "HELLO (0.4s) FRIEND"),
        ("7", "7"),
        ("25", "#25"),
        ("fs-anna", "fs-ANNA"),
        ("fs-s-c-h", "fs-S-C-H"),
        ("fs-SCHA", "fs-SCHA"),
        ("x-GIVE-2", "x-GIVE-2"),
        ("GIVE-2", "GIVE-2"),
        ("[HELLO]q/FRIEND", "[HELLO]q / FRIEND"),
        ("[HELLO]smile=0.5,head=nod", "[HELLO]smile=0.5,head=nod"),
    ],
)
def test_people_may_write_loosely(typed: str, read: str) -> None:
    assert format_line(parse_line(typed, LEXICON)) == read


def test_letters_without_a_handshape_of_their_own_are_spelled_plainly_and_noted() -> None:
    plan = parse_line("fs-ÖÉ fs-Ä fs-O'Neal fs-s-c-h", LEXICON)
    assert format_line(plan) == "fs-OE fs-Ä fs-ONEAL fs-S-C-H"
    assert len(plan.warnings) == 1
    assert plan.warnings[0].startswith("fs-ÖÉ is spelled fs-OE")


def test_a_hint_to_spell_a_word_can_be_followed() -> None:
    for typed in ("ANNA", "x-Änne", "A1", "don’t"):
        with pytest.raises(EngineError) as error:
            parse_line(typed, LEXICON)
        spelling = error.value.hint.split("write ")[-1].removesuffix(".")
        assert parse_line(spelling, LEXICON).warnings == ()


def test_a_gloss_of_the_dictionary_wins_over_a_place() -> None:
    ((sign,), (placed,)) = (parse_line(w, LEXICON).phrases[0].items for w in ("GIVE-2", "x-GIVE-2"))
    assert (sign.sign.gloss, sign.goal) == ("GIVE-2", "")
    assert (placed.sign.gloss, placed.goal) == ("GIVE", "2")


@pytest.mark.parametrize(
    ("line", "position", "hint"),
    [
        ("HELLO FREIND", 7, "Did you mean FRIEND?"),
        ("anna", 1, "fs-ANNA"),
        ("HELLO-3a", 1, "Write HELLO."),
        ("HELLO fs-мир", 7, "A B C"),
        ("HELLO #x", 7, "0, 1, 2"),
        ("HELLO #", 7, "20"),
        ("[HELLO", 1, "Put ] and its mark"),
        ("HELLO ]q", 7, "Put [ before"),
        ("[HELLO [YOU]q ]q", 8, "Close the first"),
        ("[HELLO]qq", 7, "Did you mean q?"),
        ("[HELLO]smile=3", 7, "smile"),
        ("BOOKS++++++++", 1, "spell"),
        ("HELLO+++++++++", 1, "Six times is the most: HELLO+++++."),
        ("1-GIVE-2++++++", 1, "Six times is the most: 1-GIVE-2+++++."),
        ("fs-", 1, "Write them after fs-"),
        ("HELLO (99999s)", 7, "up to 30 seconds"),
        ("HELLO (0s)", 7, "up to 30 seconds"),
        ("🚀", 1, "Take it out"),
        ("-", 1, "Take it out"),
        ("[HELLO]gaze=sideways", 7, "up, down, forward"),
        ("[HELLO]mouth=<x>", 7, "mouth=pah"),
        ("[HELLO]head=up", 7, "nod"),
        ("HELLO []q", 7, "take it out"),
        ("HELLO [ , ]q", 7, "take it out"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_a_remedy(line: str, position: int, hint: str) -> None:
    with pytest.raises(EngineError) as error:
        parse_line(line, LEXICON)
    assert f"at character {position}," in error.value.message
    assert hint in error.value.hint


@pytest.mark.parametrize("line", ["", "  ", ". , ...", "[]q"])
def test_a_line_without_signs_says_so(line: str) -> None:
    with pytest.raises(EngineError) as error:
        parse_line(line, LEXICON)
    assert error.value.code == "gloss_line"


def test_a_line_of_unreasonable_length_is_refused() -> None:
    with pytest.raises(EngineError, match="12,000"):
        parse_line("HELLO " * 3000, LEXICON)


# ---------------------------------------------------------------- what an edit keeps


def edited(text: str, change) -> tuple[GlossPlan, GlossPlan]:
    plan = plan_text(text, ASL, EMBEDDED)
    return plan, parse_line(change(format_line(plan)), EMBEDDED, text, reference=plan)


def words_of(plan: GlossPlan) -> list[tuple[str, str]]:
    return [(i.gloss, plan.text[slice(*i.text_span)]) for p in plan.phrases for i in p.items if i.kind != "pause"]


def test_what_stays_keeps_its_words_and_its_mouthing() -> None:
    _, after = edited("My old dog is sleeping.", lambda line: line.replace("DOG", "CAT"))
    assert words_of(after) == [("POSS-1", "My"), ("OLD", "old"), ("CAT", ""), ("SLEEP", "sleeping")]
    assert after.phrases[0].items[3].mouth == "sleeping"


def test_moved_and_repeated_signs_keep_their_words_too() -> None:
    _, after = edited("The book is new.", lambda line: "NEW BOOK++")
    assert words_of(after) == [("NEW", "new"), ("BOOK++", "book")]


def test_another_choice_keeps_the_words_and_the_choices() -> None:
    text = "The wind is cold."
    before = plan_text(text, ASL, EMBEDDED)
    item = before.phrases[0].items[-1]
    assert len(item.choices) > 1
    other = item.choices[1]
    _, after = edited(text, lambda line: line.replace(item.gloss, other))
    chosen = after.phrases[0].items[-1]
    assert (chosen.gloss, chosen.text_span, chosen.mouth) == (other, item.text_span, item.mouth)
    assert chosen.choices[0] == other
    assert set(chosen.choices) == set(item.choices)
