"""What goes into SignLLM's models: texts in pieces and letters, LangGloss with its fallbacks."""

from __future__ import annotations

import pytest

from engine.signllm.vocabulary import (
    END,
    SPECIALS,
    SPELL,
    GlossVocabulary,
    TextVocabulary,
    is_lang_gloss,
    known_words,
    lang_gloss,
    lang_glosses,
    most_glosses,
    normalised,
    parted,
    spaced,
)

ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"


class WordPieces:
    """A piece for each of some words, letters and bytes, as sentencepiece has them."""

    def __init__(self, *words: str) -> None:
        letters = "abcdefghijklmnopqrstuvwxyzäöüß"
        self.pieces = ["<unk>", *(f"▁{w}" for w in words), *letters, *(f"<0x{b:02X}>" for b in range(256))]

    def encode(self, text: str) -> list[int]:
        return [self.piece_to_id(f"▁{word}") for word in text.split()]

    def piece_to_id(self, piece: str) -> int:
        return self.pieces.index(piece) if piece in self.pieces else 0

    def unk_id(self) -> int:
        return 0

    def get_piece_size(self) -> int:
        return len(self.pieces)


TEXTS = ["I like tea.", "You like tea!", "I see Anna", "you see me"]


@pytest.fixture
def vocabulary() -> TextVocabulary:
    words = known_words(map(normalised, TEXTS), 2)
    return TextVocabulary(WordPieces("i", "like", "tea", "you", "see"), words, ("ASL", "DGS"))


def shown(vocabulary: TextVocabulary, tokens: list[int]) -> list[str]:
    first = SPECIALS + len(vocabulary.codes)
    pieces = vocabulary.pieces.pieces  # type: ignore[attr-defined]
    return [pieces[t - first] if t >= first else f"<{t}>" for t in tokens]


def test_a_text_has_its_language_before_it_and_an_end(vocabulary: TextVocabulary) -> None:
    tokens = vocabulary.encode("I like tea", "DGS")
    assert shown(vocabulary, tokens) == [f"<{SPECIALS + 1}>", "▁i", "▁like", "▁tea", f"<{END}>"]


def test_words_that_were_rare_in_training_are_given_letter_by_letter(vocabulary: TextVocabulary) -> None:
    tokens = vocabulary.encode("I see Anna", "ASL")
    assert shown(vocabulary, tokens)[1:-1] == ["▁i", "▁see", f"<{SPELL}>", "a", "n", "n", "a"]
    assert vocabulary.unknown("I see Anna Müller") == ["anna", "müller"]


def test_unknown_words_of_other_scripts_are_given_in_the_letters_that_spell_them(vocabulary: TextVocabulary) -> None:
    assert shown(vocabulary, vocabulary.encode("林浩", "ASL"))[1:-1] == [
        f"<{SPELL}>", "l", "i", "n", f"<{SPELL}>", "h", "a", "o",
    ]  # fmt: skip
    assert len(vocabulary.encode("각", "ASL")) == 3 + 3 * len("ㄱ".encode()), "three letters in their bytes"


def test_a_known_word_can_be_spelled_too(vocabulary: TextVocabulary) -> None:
    spelled = vocabulary.encode_spelled("Tea", "ASL")
    assert shown(vocabulary, spelled) == [f"<{SPECIALS}>", f"<{SPELL}>", "t", "e", "a", f"<{END}>"]
    assert spelled != vocabulary.encode("Tea", "ASL")
    with pytest.raises(ValueError, match="doesn't know KSL"):
        vocabulary.encode_spelled("tea", "KSL")


def test_a_text_means_no_more_glosses_than_it_has_letters_and_a_few() -> None:
    assert most_glosses("Anna") == most_glosses("anna!?") == 12
    assert most_glosses("林浩 빵") == 6 + 3 + 8
    assert most_glosses("🐈") == 8


def test_any_text_at_all_has_tokens(vocabulary: TextVocabulary) -> None:
    for text in ("", "日本 🐈 Ωμέγα", "\ud7ff\u0000", "x" * 5000, "<ASL_HELLO> </s>"):
        tokens = vocabulary.encode(text, "ASL")
        assert tokens[-1] == END
        assert len(tokens) <= 256
        assert all(0 <= token < len(vocabulary) for token in tokens)


def test_case_and_blanks_make_no_difference(vocabulary: TextVocabulary) -> None:
    assert vocabulary.encode("  i LIKE\n tea", "ASL") == vocabulary.encode("I like tea", "ASL")


def test_chinese_is_parted_into_the_words_that_are_known() -> None:
    texts = [spaced(text, {"喜欢", "电话"}) for text in ("我喜欢你", "我喜欢茶", "我的电话")]
    assert texts == ["我 喜欢 你", "我 喜欢 茶", "我 的 电话"]
    vocabulary = TextVocabulary(WordPieces("我", "喜欢", "你"), known_words(texts, 2), ("CSL",))
    assert vocabulary.words == {"我", "喜欢"}
    assert vocabulary.unknown("我喜欢电话75次") == ["电", "话", "75", "次"]
    assert shown(vocabulary, vocabulary.encode("我喜欢", "CSL"))[1:-1] == ["▁我", "▁喜欢"]
    assert shown(vocabulary, vocabulary.encode("喜欢", "CSL"))[1:-1] == ["▁喜欢"], "alone as in a sentence"


def test_what_is_not_chinese_has_its_blanks_already() -> None:
    for text in ("how are you?", "wie geht's dir", "안녕 하세요", "3 tage"):
        assert spaced(text, {"you"}) == text


def test_a_vocabulary_comes_back_from_what_is_stored_of_it(vocabulary: TextVocabulary) -> None:
    again = TextVocabulary.from_settings(vocabulary.pieces, vocabulary.settings)
    assert again.encode("I see Anna", "DGS") == vocabulary.encode("I see Anna", "DGS")
    with pytest.raises(ValueError, match="words is no list of texts"):
        TextVocabulary.from_settings(vocabulary.pieces, {"languages": ["ASL"], "words": "a"})


def test_a_language_that_it_has_not_is_told(vocabulary: TextVocabulary) -> None:
    with pytest.raises(ValueError, match="doesn't know KSL; it knows ASL, DGS"):
        vocabulary.encode("tea", "KSL")


def test_a_gloss_carries_its_language() -> None:
    assert lang_gloss("ASL", "THANK_YOU") == "<ASL_THANK_YOU>"
    assert parted("<LSF-CH_fs-É>") == ("LSF-CH", "fs-É")
    assert is_lang_gloss("<ASL_HELLO> <ASL_IX-3a>")
    assert not is_lang_gloss("HELLO <ASL_NAME>")
    assert not is_lang_gloss("")
    with pytest.raises(ValueError, match="no gloss with a language"):
        parted("HELLO")


def test_a_spelled_word_is_a_token_a_letter_with_the_letters_of_the_alphabet() -> None:
    assert lang_glosses("ASL", ["HELLO", "fs-AB", "#25"], ALPHABET) == [
        "<ASL_HELLO>", "<ASL_fs-A>", "<ASL_fs-B>", "<ASL_#25>",
    ]  # fmt: skip
    assert lang_glosses("DGS", ["fs-SCHA"], [*ALPHABET, "SCH"]) == ["<DGS_fs-SCH>", "<DGS_fs-A>"]


@pytest.fixture
def glosses() -> GlossVocabulary:
    digits = " ".join(f"<ASL_#{digit}>" for digit in range(10))
    lines = ["<ASL_HELLO> <ASL_GIVE> <ASL_1-GIVE-2>", "<DGS_HAUS> <DGS_fs-SCH>", digits]
    return GlossVocabulary.of_lines(lines, {"ASL": ALPHABET, "DGS": ALPHABET})


def test_lang_gloss_tokens_go_in_and_come_out(glosses: GlossVocabulary) -> None:
    line = "<ASL_HELLO> <ASL_1-GIVE-2> <DGS_HAUS> <ASL_fs-A>"
    rows = glosses.encode(line)
    assert rows[-1] == END
    assert glosses.decode(rows) == line.split()
    assert glosses.codes == ("ASL", "DGS")
    assert len(glosses) == SPECIALS + len(glosses.tokens)


@pytest.mark.parametrize(
    ("token", "known"),
    [
        ("<ASL_GIVE++>", ["<ASL_GIVE>"]),
        ("<ASL_2-GIVE-3a>", ["<ASL_GIVE>"]),
        ("<ASL_#42>", ["<ASL_#4>", "<ASL_#2>"]),
        ("<ASL_CAT>", ["<ASL_fs-C>", "<ASL_fs-A>", "<ASL_fs-T>"]),
        ("<DGS_SCHAF>", ["<DGS_fs-SCH>", "<DGS_fs-A>", "<DGS_fs-F>"]),
        ("<DGS_#7>", []),
        ("<KSL_집>", []),
    ],
)
def test_what_a_vocabulary_lacks_is_signed_plain_in_digits_or_letters(
    glosses: GlossVocabulary, token: str, known: list[str]
) -> None:
    assert glosses.known(token) == known


def test_rows_of_a_language_are_those_of_its_tokens(glosses: GlossVocabulary) -> None:
    rows = glosses.of_language("DGS")
    assert {parted(token)[0] for token in glosses.decode(rows)} == {"DGS"}
    assert len(rows) == len(ALPHABET) + 2


def test_glosses_come_back_from_what_is_stored_of_them(glosses: GlossVocabulary) -> None:
    assert GlossVocabulary.from_settings(glosses.settings) == glosses
    with pytest.raises(ValueError, match="no gloss with a language"):
        GlossVocabulary.from_settings(["HELLO"])
