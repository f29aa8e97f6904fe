"""German Sign Language: its letters, numbers and signs; the manual alphabets of Switzerland and Argentina."""

from __future__ import annotations

import pytest

from engine.lexicon.loader import Lexicon, load_language
from engine.lexicon.phonology import Sign
from engine.text.spelling import letters_of

LATIN = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
LETTERS = {
    "DGS": LATIN | {"Ä", "Ö", "Ü", "ẞ", "SCH"},
    "DSGS": LATIN | {"Ä", "Ö", "Ü", "CH", "SCH"},
    "LSF-CH": LATIN,
    "LIS-CH": LATIN,
    "LSA": LATIN | {"Ñ", "LL", "RR"},
}
COUNTED_FROM_THE_THUMB = ("DGS", "DSGS", "LSF-CH", "LIS-CH")
EVERYDAY = """
hallo tschüss danke bitte ja nein nicht gut ich du wir mein dein wer was wo wann mutter vater kind familie freund
heute morgen gestern jetzt jahr uhr sehen sagen geben helfen zeigen besuchen essen trinken schlafen arbeiten lernen
müssen mögen wissen haus auto buch brot kaffee hund katze groß klein traurig freude gehörlos gebärdensprache deutsch
"""


@pytest.fixture(scope="module")
def dgs() -> Lexicon:
    return load_language("DGS")


def form(sign: Sign) -> tuple[object, ...]:
    return sign.hands, sign.postures, sign.base, tuple(p.gloss for p in sign.parts), sign.repeat


def everything(lexicon: Lexicon) -> list[Sign]:
    return [*lexicon.authored.values(), *lexicon.letters.values(), *lexicon.numbers.values()]


def test_there_are_enough_signs(dgs: Lexicon) -> None:
    assert len(dgs.signs) >= 160


@pytest.mark.parametrize("code", LETTERS)
def test_alphabets_are_complete(code: str) -> None:
    assert set(load_language(code).letters) == LETTERS[code]


@pytest.mark.parametrize("word", EVERYDAY.split())
def test_everyday_words_have_a_sign(dgs: Lexicon, word: str) -> None:
    assert any(word in sign.words for sign in dgs.signs.values())


def test_glosses_are_in_capitals_and_descriptions_are_sentences(dgs: Lexicon) -> None:
    for sign in everything(dgs):
        assert sign.gloss.startswith("fs-") or sign.gloss == sign.gloss.upper()
        assert sign.description.endswith("."), sign.gloss
        assert sign.reviewed_by == "", sign.gloss


def test_a_word_has_one_sign_for_each_part_of_speech(dgs: Lexicon) -> None:
    seen: dict[tuple[str, str], str] = {}
    for sign in dgs.signs.values():
        for word in sign.words:
            assert seen.setdefault((word, sign.pos), sign.gloss) == sign.gloss


@pytest.mark.parametrize("code", LETTERS)
def test_no_two_letters_and_no_two_numbers_look_alike(code: str) -> None:
    lexicon = load_language(code)
    for table in (lexicon.letters, lexicon.numbers):
        seen: dict[object, str] = {}
        for key, sign in table.items():
            assert seen.setdefault(form(sign), key) == key


def test_no_two_signs_are_made_alike(dgs: Lexicon) -> None:
    seen: dict[object, str] = {}
    for gloss, sign in dgs.authored.items():
        assert seen.setdefault(form(sign), gloss) == gloss


@pytest.mark.parametrize(
    ("code", "spoken", "word", "letters"),
    [
        ("DGS", "de", "Schule", "SCH U L E"),
        ("DGS", "de", "Tisch", "T I SCH"),
        ("DGS", "de", "Straße", "S T R A ẞ E"),
        ("DGS", "de", "Müller", "M Ü L L E R"),
        ("DGS", "de", "Bach", "B A C H"),
        ("DGS", "de", "Café", "C A F E"),
        ("DSGS", "de", "Bäche", "B Ä CH E"),
        ("DSGS", "de", "Tschüss", "T SCH Ü S S"),
        ("LSF-CH", "fr", "Zoé", "Z O E"),
        ("LIS-CH", "it", "perché", "P E R C H E"),
        ("LSA", "es", "España", "E S P A Ñ A"),
        ("LSA", "es", "calle", "C A LL E"),
        ("LSA", "es", "perro", "P E RR O"),
    ],
)
def test_words_are_spelled_with_the_letters_of_their_alphabet(code: str, spoken: str, word: str, letters: str) -> None:
    assert letters_of(word, load_language(code).letters, spoken) == (tuple(letters.split()), "")


@pytest.mark.parametrize("code", COUNTED_FROM_THE_THUMB)
def test_numbers_go_to_ten_and_count_from_the_thumb(code: str) -> None:
    numbers = load_language(code).numbers
    assert set(numbers) == {str(n) for n in range(11)}
    assert [numbers[str(n)].postures[0].shape for n in range(1, 6)] == ["A_thumb", "L", "3", "4", "5"]


@pytest.mark.parametrize("code", COUNTED_FROM_THE_THUMB)
def test_from_six_on_the_other_hand_shows_five(code: str) -> None:
    numbers = load_language(code).numbers
    for n in range(1, 6):
        more = numbers[str(5 + n)]
        assert more.hands == "base"
        assert more.base[0].shape == "5"
        assert more.postures == numbers[str(n)].postures


def test_umlauts_are_the_moved_letter(dgs: Lexicon) -> None:
    for umlaut, letter in zip("ÄÖÜ", "AOU", strict=True):
        assert {p.shape for p in dgs.letters[umlaut].postures} == {dgs.letters[letter].postures[0].shape}
        assert len(dgs.letters[umlaut].postures) > 1


def test_question_signs_lower_the_brows(dgs: Lexicon) -> None:
    for gloss in ("WER", "WAS", "WO", "WANN", "WIE-VIEL"):
        assert dgs.signs[gloss].nonmanual.face.get("brows_down", 0) > 0.5, gloss  # type: ignore[union-attr]


def test_signs_are_mouthed(dgs: Lexicon) -> None:
    pointed = {"pronoun", "determiner"}
    silent = [s.gloss for s in dgs.authored.values() if not s.nonmanual.mouth and s.pos not in pointed]
    for gloss in silent:  # what the mouth does instead is in the face, or the sign is a gesture
        assert dgs.authored[gloss].nonmanual.face, gloss


@pytest.mark.parametrize("gloss", ["GEBEN", "HELFEN", "SAGEN", "ZEIGEN", "BESUCHEN", "SCHICKEN", "EINLADEN", "ANRUFEN"])
def test_directional_verbs_agree(dgs: Lexicon, gloss: str) -> None:
    assert dgs.authored[gloss].agreement
