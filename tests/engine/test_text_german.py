"""German text on its way to DGS: number words, compounds, verbs in two pieces, capitals, word order."""

from __future__ import annotations

import pytest

from engine import languages
from engine.gloss import GlossPlan
from engine.gloss_line import format_line
from engine.lexicon.loader import Lexicon, load_language
from engine.text import plan_text
from engine.text.grammar import grammar
from engine.text.morphology import compound_parts, number_pieces


@pytest.fixture(scope="module")
def dgs() -> Lexicon:
    return load_language("DGS")


def plan(text: str, lexicon: Lexicon) -> GlossPlan:
    return plan_text(text, languages.get(lexicon.language), lexicon)


def line(text: str, lexicon: Lexicon) -> str:
    return format_line(plan(text, lexicon))


@pytest.mark.parametrize(
    ("text", "glosses"),
    [
        ("Der Hund sieht eine Katze.", "HUND KATZE SEHEN"),
        ("Ich lese heute ein Buch.", "HEUTE IX-1 BUCH LESEN"),
        ("Gestern habe ich Brot gegessen.", "GESTERN IX-1 BROT ESSEN"),
        ("Das Kind hat die Katze gesehen.", "KIND KATZE SEHEN"),
        ("Ich weiß das nicht.", "[IX-1 DIESER WISSEN NICHT]neg"),
        ("Ich trinke keinen Kaffee.", "[IX-1 KAFFEE TRINKEN NICHT]neg"),
        ("Wo ist die Katze?", "[KATZE WO]wh"),
        ("Wie heißt du?", "[IX-2 NAME WAS]wh"),
        ("Hast du Hunger?", "[IX-2 HUNGER]q"),
        ("Ich muss morgen arbeiten.", "MORGEN IX-1 ARBEITEN MÜSSEN"),
        ("Ich möchte einen Kaffee trinken.", "IX-1 KAFFEE TRINKEN MÖGEN"),
        ("Es regnet.", "REGEN"),
        ("Die Bücher sind groß.", "BUCH++ GROSS"),
        ("Ich helfe dir.", "IX-1 1-HELFEN-2"),
        ("Mein Name ist Anna.", "POSS-1 NAME fs-ANNA"),
        ("Hallo, ich bin gehörlos.", "HALLO , IX-1 GEHÖRLOS"),
    ],
)
def test_sentences_are_put_into_the_order_of_dgs(dgs: Lexicon, text: str, glosses: str) -> None:
    assert line(text, dgs) == glosses


@pytest.mark.parametrize(
    ("text", "glosses"),
    [
        ("12,50 Euro", "#12 fs-KOMMA #50 fs-EURO"),
        ("1.500 Euro", "#1500 fs-EURO"),
        ("1.500,25 Euro", "#1500 fs-KOMMA #25 fs-EURO"),
        ("15:30 Uhr", "#15 #30 UHR"),
        ("Um 15.30 Uhr komme ich.", "#15 #30 UHR IX-1 KOMMEN"),
        ("Am 3. Mai 2024", "#3 fs-MAI #20 #24"),
        ("Am 3.5.2024", "#3 #5 #20 #24"),
        ("Ich bin 30. Du bist 31.", "IX-1 #30 . IX-2 #31"),
    ],
)
def test_numbers_are_read_with_the_marks_of_german(dgs: Lexicon, text: str, glosses: str) -> None:
    assert line(text, dgs) == glosses


@pytest.mark.parametrize(
    ("text", "sign"),
    [
        ("Ich rufe dich morgen an.", "ANRUFEN"),
        ("Er steht um sieben Uhr auf.", "AUFSTEHEN"),
        ("Komm her!", "KOMMEN"),
        ("Ich mache die Tür auf.", "ÖFFNEN"),
        ("Du hast mich angerufen.", "ANRUFEN"),
    ],
)
def test_a_verb_and_its_particle_are_one_sign(dgs: Lexicon, text: str, sign: str) -> None:
    items = [i for p in plan(text, dgs).phrases for i in p.items]
    assert [i.sign.gloss for i in items if i.sign is not None and i.sign.pos == "verb"] == [sign]
    assert not any(i.kind == "fingerspell" for i in items)


@pytest.mark.parametrize(
    ("word", "digits"),
    [
        ("einundzwanzig", "21"),
        ("siebenundneunzig", "97"),
        ("hundert", "100"),
        ("dreihundertfünfundzwanzig", "325"),
        ("zweitausendsieben", "2007"),
        ("einhundertelf", "111"),
    ],
)
def test_number_words_are_numbers(dgs: Lexicon, word: str, digits: str) -> None:
    assert line(f"{word} Katzen", dgs) == f"#{digits} KATZE"


@pytest.mark.parametrize("word", ["achtung", "eins", "hundertmal", "einheit", "zwei"])
def test_other_words_are_not_taken_for_numbers(word: str) -> None:
    assert number_pieces(word, grammar("de")) == []


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("apfelbaum", "apfel baum"),
        ("kinderbuch", "kinder buch"),
        ("schlafzimmer", "schlaf zimmer"),
        ("straßenlampe", "straße lampe"),
        ("kaffeetasse", "kaffee tasse"),
        ("kindergarten", ""),
        ("großmutter", ""),
        ("xyz", ""),
    ],
)
def test_compounds_are_made_of_nouns_and_verbs_that_have_a_sign(dgs: Lexicon, word: str, parts: str) -> None:
    words = {w for s in dgs.signs.values() if s.pos in ("noun", "verb") for w in s.words}
    assert compound_parts(word, grammar("de"), words.__contains__) == tuple(parts.split())


def test_a_compound_is_signed_by_its_parts(dgs: Lexicon) -> None:
    assert line("Der Apfelbaum ist groß.", dgs) == "APFEL BAUM GROSS"


def test_a_compound_with_an_unknown_part_is_spelled(dgs: Lexicon) -> None:
    assert "fs-KINDERGARTEN" in line("Der Kindergarten ist groß.", dgs)


def test_sch_is_one_letter(dgs: Lexicon) -> None:
    (item,) = plan("Schule", dgs).phrases[0].items
    assert item.letters == ("SCH", "U", "L", "E")


@pytest.mark.parametrize(
    ("text", "place"),
    [("Ich sehe Sie.", "2"), ("Ich sehe sie.", "3a"), ("Ich sehe dich.", "2"), ("Wo ist Ihr Hund?", "2")],
)
def test_the_polite_form_is_the_addressee(dgs: Lexicon, text: str, place: str) -> None:
    goals = {i.goal for p in plan(text, dgs).phrases for i in p.items}
    assert place in goals


def test_ihr_after_a_subject_is_her(dgs: Lexicon) -> None:
    items = [i for p in plan("Er gibt ihr ein Buch.", dgs).phrases for i in p.items]
    give = next(i for i in items if i.sign is not None and i.sign.gloss == "GEBEN")
    assert (give.source, give.goal) == ("3a", "3b")


def test_nouns_with_capitals_are_no_names(dgs: Lexicon) -> None:
    assert not any(
        i.kind == "fingerspell" for p in plan("Kinder mögen Hunde und Katzen.", dgs).phrases for i in p.items
    )


def test_a_language_of_letters_only_spells_all_as_written() -> None:
    lexicon = load_language("DSGS")
    result = plan("Ich rufe dich an.", lexicon)
    assert [i.gloss for p in result.phrases for i in p.items if i.kind != "pause"] == [
        "fs-ICH",
        "fs-RUFE",
        "fs-DICH",
        "fs-AN",
    ]
    assert any("fingerspelled" in warning for warning in result.warnings)


@pytest.mark.parametrize(
    ("code", "text", "kind"),
    [
        ("LSF-CH", "Où est la gare ?", "wh_question"),
        ("LIS-CH", "Perché?", "wh_question"),
        ("LSA", "¿Sos Ana?", "yes_no_question"),
    ],
)
def test_questions_of_other_languages_are_marked(code: str, text: str, kind: str) -> None:
    assert plan(text, load_language(code)).phrases[-1].kind == kind


def test_digits_without_a_sign_are_spelled_as_words() -> None:
    assert line("Tengo 57 perros.", load_language("LSA")) == "fs-TENGO #5 fs-SIETE fs-PERROS"


@pytest.mark.parametrize(
    ("text", "glosses"),
    [
        ("Du wohnst in Berlin.", "fs-BERLIN IX-2 fs-WOHNEN"),
        ("Du darfst gehen.", "IX-2 GEHEN fs-DÜRFEN"),
        ("Der Hund beißt.", "HUND fs-BEIẞEN"),
        ("Ich habe heute zu arbeiten.", "HEUTE IX-1 ARBEITEN MÜSSEN"),
        ("Ich bleibe, wenn es morgen regnet.", "[MORGEN REGEN]cond , IX-1 fs-BLEIBEN"),
    ],
)
def test_verbs_are_signed_by_what_they_mean_and_spelled_in_their_base_form(
    dgs: Lexicon, text: str, glosses: str
) -> None:
    assert line(text, dgs) == glosses
