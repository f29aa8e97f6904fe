"""Chinese Sign Language: its letters, numbers and signs; the manual alphabets of Korean and Turkish Sign Language."""

from __future__ import annotations

import numpy as np
import pytest
from pypinyin import Style, lazy_pinyin
from pypinyin.constants import PINYIN_DICT

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.gloss import GlossItem, GlossPhrase, GlossPlan
from engine.lexicon.loader import Lexicon, load_language
from engine.lexicon.phonology import Sign
from engine.lexicon.synthesis import synthesise
from engine.text.spelling import letters_of

TWO_LETTERS = {"ZH", "CH", "SH", "NG"}
EVERYDAY = """
你好 谢谢 对不起 再见 请 我 你 他 什么 谁 哪里 多少 不 没有 爸爸 妈妈 今天 明天 昨天 看 喜欢 帮助 聋人 手语
"""
LATIN = set("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
TURKISH = set("ABCÇDEFGĞHIİJKLMNOÖPRSŞTUÜVYZ")
JAMO = set("ㄱㄲㄴㄷㄸㄹㅁㅂㅃㅅㅆㅇㅈㅉㅊㅋㅌㅍㅎㅏㅐㅑㅒㅓㅔㅕㅖㅗㅘㅙㅚㅛㅜㅝㅞㅟㅠㅡㅢㅣ")


@pytest.fixture(scope="module")
def csl() -> Lexicon:
    return load_language("CSL")


@pytest.fixture(scope="module")
def ksl() -> Lexicon:
    return load_language("KSL")


@pytest.fixture(scope="module")
def tsl() -> Lexicon:
    return load_language("TSL")


def form(sign: Sign) -> tuple[object, ...]:
    return sign.hands, sign.postures, sign.base


def test_there_are_enough_signs_numbers_and_letters(csl: Lexicon) -> None:
    assert len(csl.signs) >= 200
    assert set(csl.letters) == LATIN | TWO_LETTERS | {"Ü"}
    assert {str(n) for n in range(21)} <= set(csl.numbers)


@pytest.mark.parametrize("word", EVERYDAY.split())
def test_everyday_words_have_a_sign(csl: Lexicon, word: str) -> None:
    assert any(word in sign.words for sign in csl.signs.values())


def test_glosses_are_chinese_and_descriptions_english(csl: Lexicon) -> None:
    for gloss, sign in csl.signs.items():
        assert gloss == "IX" or not gloss.isascii()
        assert sum(c.isascii() for c in sign.description) > 0.9 * len(sign.description), gloss


def test_no_two_letters_and_no_two_numbers_look_alike(csl: Lexicon, ksl: Lexicon, tsl: Lexicon) -> None:
    for table in (csl.letters, csl.numbers, ksl.letters, ksl.numbers, tsl.letters, tsl.numbers):
        seen: dict[object, str] = {}
        for key, sign in table.items():
            assert seen.setdefault(form(sign), key) == key


def test_every_syllable_of_chinese_is_spelled(csl: Lexicon) -> None:
    syllables = {s for code in PINYIN_DICT for s in lazy_pinyin(chr(code), style=Style.NORMAL, v_to_u=True)}
    assert len(syllables) > 400
    for syllable in syllables:
        letters, missing = letters_of(syllable, csl.letters)
        assert not missing, syllable
        assert "".join(letters).lower() == "".join(c for c in syllable if c.isalpha()).replace("ê", "e"), syllable


@pytest.mark.parametrize(
    ("word", "letters"),
    [
        ("中国", "ZH O NG G U O"),
        ("上海", "SH A NG H A I"),
        ("长城", "CH A NG CH E NG"),
        ("女", "N Ü"),
        ("银行", "Y I N H A NG"),
        ("很高", "H E N G A O"),
    ],
)
def test_the_two_letter_shapes_are_one_letter_and_never_join_syllables(csl: Lexicon, word: str, letters: str) -> None:
    assert letters_of(word, csl.letters, "zh") == (tuple(letters.split()), "")


def test_hangul_is_spelled_letter_by_letter(ksl: Lexicon) -> None:
    assert set(ksl.letters) == JAMO
    assert letters_of("한국", ksl.letters, "ko") == (tuple("ㅎㅏㄴㄱㅜㄱ"), "")
    assert letters_of("꽃닭", ksl.letters, "ko") == (tuple("ㄲㅗㅊㄷㅏㄹㄱ"), "")
    assert letters_of("의사", ksl.letters, "ko") == (tuple("ㅇㅢㅅㅏ"), "")


def test_every_hangul_syllable_is_spelled(ksl: Lexicon) -> None:
    assert not any(letters_of(chr(code), ksl.letters, "ko")[1] for code in range(0xAC00, 0xD7A4))


def test_turkish_has_its_29_letters_and_two_kinds_of_i(tsl: Lexicon) -> None:
    assert set(tsl.letters) == TURKISH
    assert letters_of("ışık", tsl.letters, "tr") == (tuple("IŞIK"), "")
    assert letters_of("istanbul", tsl.letters, "tr") == (("İ", *"STANBUL"), "")
    assert letters_of("çağrı öğün", tsl.letters, "tr") == (tuple("ÇAĞRIÖĞÜN"), "")


def test_turkish_letters_are_mostly_two_handed(tsl: Lexicon) -> None:
    one = {key for key, sign in tsl.letters.items() if sign.hands == "one"}
    assert one == set("CILOPUV")


@pytest.mark.parametrize("code", ["CSL", "KSL", "TSL"])
def test_numbers_reach_ten(code: str) -> None:
    assert {str(n) for n in range(11)} <= set(load_language(code).numbers)


@pytest.mark.parametrize(("code", "letters"), [("CSL", "ZH O NG"), ("KSL", "ㅎ ㅏ ㄴ"), ("TSL", "A L İ")])
def test_a_spelled_word_moves_the_hands_that_its_letters_need(code: str, letters: str) -> None:
    lexicon = load_language(code)
    keys = tuple(letters.split())
    item = GlossItem("fingerspell", "fs-" + "-".join(keys), letters=keys)
    sequence, segments = synthesise(
        GlossPlan("", code, (GlossPhrase((item,)),)), lexicon, BodyModel.load(EMBEDDED_AVATAR), fps=24.0
    )
    assert np.isfinite(sequence.poses).all()
    assert len(segments) == 1


def test_directional_verbs_have_a_goal(csl: Lexicon) -> None:
    assert csl.authored["给"].agreement == "subject_object"
    assert {g for g, s in csl.authored.items() if s.agreement} >= {"给", "帮助", "教", "告诉", "看", "IX"}


def test_parents_are_father_and_mother(csl: Lexicon) -> None:
    assert [part.gloss for part in csl.authored["父母"].parts] == ["爸爸", "妈妈"]
