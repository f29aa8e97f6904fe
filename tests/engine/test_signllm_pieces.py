"""The vocabulary that a training's texts give: pieces, known words, Chinese."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

pytest.importorskip("lightning_fabric")
pytest.importorskip("sentencepiece")

from engine.signllm.model_files import PIECES
from engine.signllm.vocabulary import SPELL, TextVocabulary
from engine.training.pieces import load_pieces, train_pieces
from engine.training.signllm_vocabulary import chinese_words, text_vocabulary

ALONE = SimpleNamespace(is_global_zero=True, barrier=lambda: None)
ENGLISH = ["I like tea.", "Do you like the other cow?", "The other cow likes you!", "tea"] * 3
CHINESE = ["我喜欢猫。", "你喜欢医院吗?", "医院很远。", "猫很小。", "喜欢", "林浩很小。"] * 6


def made(folder: Path, texts: list[str], code: str) -> TextVocabulary:
    return text_vocabulary(ALONE, texts, [code], 400, folder)  # type: ignore[arg-type]


def shown(vocabulary: TextVocabulary, tokens: list[int]) -> list[str]:
    first = len(vocabulary) - vocabulary.pieces.get_piece_size()
    return [vocabulary.pieces.id_to_piece(t - first) if t >= first else f"<{t}>" for t in tokens]  # type: ignore[attr-defined]


def test_a_word_is_the_same_piece_alone_and_in_a_sentence(tmp_path: Path) -> None:
    vocabulary = made(tmp_path, ENGLISH, "ASL")
    assert shown(vocabulary, vocabulary.encode("other", "ASL"))[1:-1] == ["▁other"]
    assert "▁other" in shown(vocabulary, vocabulary.encode("The other cow", "ASL"))


def test_chinese_words_are_pieces_although_no_blanks_are_between_them(tmp_path: Path) -> None:
    vocabulary = made(tmp_path, CHINESE, "CSL")
    assert {"喜欢", "医院", "猫"} <= vocabulary.words
    assert shown(vocabulary, vocabulary.encode("喜欢", "CSL"))[1:-1] == ["▁喜欢"]
    assert shown(vocabulary, vocabulary.encode("我喜欢医院", "CSL"))[1:-1] == ["▁我", "▁喜欢", "▁医院"]
    assert {"喜欢", "医院"} <= chinese_words("CSL")
    assert not chinese_words("ASL")


def test_letters_that_are_often_spelled_are_pieces(tmp_path: Path) -> None:
    vocabulary = made(tmp_path, CHINESE, "CSL")
    assert shown(vocabulary, vocabulary.encode("雪", "CSL"))[1] == f"<{SPELL}>"
    assert shown(vocabulary, vocabulary.encode_spelled("林", "CSL"))[1:-1] == [f"<{SPELL}>", "l", "i", "n"]


def test_a_training_that_goes_on_keeps_its_pieces(tmp_path: Path) -> None:
    first = made(tmp_path, ENGLISH, "ASL")
    before = (tmp_path / PIECES).read_bytes()
    again = made(tmp_path, [*ENGLISH, "More texts, more pieces."], "ASL")
    assert again.encode("tea", "ASL") == first.encode("tea", "ASL")
    assert (tmp_path / PIECES).read_bytes() == before


def test_a_model_for_normalised_texts_carries_no_table_for_it(tmp_path: Path) -> None:
    train_pieces(ENGLISH, 300, tmp_path / "with")
    train_pieces(ENGLISH, 300, tmp_path / "without", normalise=False, letters="ñ")
    sizes = [(tmp_path / name).stat().st_size for name in ("with", "without")]
    assert sizes[0] - sizes[1] > 200_000
    pieces = load_pieces(tmp_path / "without")
    assert pieces.piece_to_id("ñ") != pieces.unk_id()
