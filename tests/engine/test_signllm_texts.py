"""Texts with glosses and no motion: what is written, what is held out of them, what of a folder is read."""

from __future__ import annotations

from itertools import islice
from pathlib import Path

import pytest

pytest.importorskip("tqdm")

from engine import languages
from engine.generators.base import GenerateRequest
from engine.planning import make_plan
from engine.training.inflections import base_forms, forms_of
from engine.training.sentences import SIGNED, WRITTEN, Sentences
from engine.training.signllm_skels import SkelsError
from engine.training.signllm_texts import GlossedText, TextsConfig, read_texts, write_texts
from engine.training.synthetic import SyntheticConfig, lexicon_of, split_of

TINY = TextsConfig(seed=3, sentences={"ASL": 40, "DGS": 30, "CSL": 30}, letters_only=8)
CODES = tuple(language.code for language in languages.with_signs())


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("texts")
    write_texts(folder, TINY, progress=False)
    return folder


def written(code: str, count: int = 400) -> list[str]:
    return list(islice(Sentences(languages.get(code), lexicon_of(code), 0, WRITTEN), count))


# ---------------------------------------------------------------- what is written


def test_each_text_has_the_glosses_of_its_plan(folder: Path) -> None:
    texts = list(read_texts(folder, CODES))
    assert {one.language for one in texts} == set(CODES)
    for one in texts[::7]:
        language = languages.get(one.language)
        plan = make_plan(GenerateRequest(text=one.text, language=one.language), language, lexicon_of(one.language))
        assert one.gloss.split() == ["".join(gloss.split()) for gloss in plan.glosses]


def test_no_text_that_a_corpus_holds_out_is_written(tmp_path: Path) -> None:
    config = TextsConfig(sentences={"ASL": 60, "DGS": 0, "CSL": 0}, letters_only=0, held_out=0.25)
    counts = write_texts(tmp_path, config, progress=False)
    assert 10 < counts["ASL"] < 50, "about half are held out"
    assert {split_of(one.text, 0.25) for one in read_texts(tmp_path, ["ASL"])} == {"train"}
    assert TextsConfig().held_out == SyntheticConfig().held_out


def test_the_same_seed_writes_the_same_files_and_whole_ones_are_kept(folder: Path, tmp_path: Path) -> None:
    write_texts(tmp_path / "again", TINY, progress=False)
    for path in folder.rglob("*.*"):
        assert (tmp_path / "again" / path.relative_to(folder)).read_bytes() == path.read_bytes()
    with pytest.raises(SkelsError, match="holds texts already"):
        write_texts(folder, TINY, progress=False)


# ---------------------------------------------------------------- words in their forms


def test_forms_lead_back_to_their_base() -> None:
    assert {"gave", "given", "gives", "giving"} <= set(forms_of("give", "en"))
    assert {"gehst", "geht", "ging"} <= set(forms_of("gehen", "de"))
    assert not forms_of("gives", "en")
    assert "axolotl" in base_forms("en")


def test_written_sentences_have_inflected_words_and_ones_without_a_sign() -> None:
    words = {word for text in written("ASL") for word in text.lower().strip(".?!").split()}
    assert any(word.endswith("ing") for word in words)
    signed = {word for sign in lexicon_of("ASL").signs.values() for word in sign.words}
    assert any(f"{word}s" in words for word in signed)
    spelled = [text for text in written("ASL") if text.startswith("What does ") and "mean" in text]
    assert spelled
    for text in spelled:
        word = text.removeprefix("What does ").split()[0]
        plan = make_plan(GenerateRequest(text=text, language="ASL"), languages.get("ASL"), lexicon_of("ASL"))
        assert any(gloss.startswith("fs-") for gloss in plan.glosses), word


@pytest.mark.parametrize("code", CODES)
def test_no_slot_is_left_and_signed_sentences_stay_as_they_are(code: str) -> None:
    assert not any("{" in text or "}" in text for text in written(code))
    first = list(islice(Sentences(languages.get(code), lexicon_of(code), 0), 40))
    assert first == list(islice(Sentences(languages.get(code), lexicon_of(code), 0, SIGNED), 40))
    if lexicon_of(code).signs:
        assert first != written(code, 40)


# ---------------------------------------------------------------- what is read


def test_anybody_s_texts_are_read_without_their_empty_lines(tmp_path: Path) -> None:
    (tmp_path / "ASL").mkdir()
    (tmp_path / "ASL/train.text").write_text("A cow.\n\nWater\n", encoding="utf-8")
    (tmp_path / "ASL/train.gloss").write_text("COW\nHOUSE\n<ASL_WATER>\n", encoding="utf-8")
    assert list(read_texts(tmp_path, ["ASL", "DGS"])) == [
        GlossedText("ASL", "A cow.", "COW"), GlossedText("ASL", "Water", "<ASL_WATER>"),
    ]  # fmt: skip


def test_what_cannot_be_read_is_told_with_its_place(tmp_path: Path) -> None:
    with pytest.raises(SkelsError, match="has no texts of ASL"):
        list(read_texts(tmp_path, ["ASL"]))
    (tmp_path / "ASL").mkdir()
    (tmp_path / "ASL/train.text").write_text("A cow.\nWater\n", encoding="utf-8")
    with pytest.raises(SkelsError, match=r"train\.gloss can't be read"):
        list(read_texts(tmp_path, ["ASL"]))
    (tmp_path / "ASL/train.gloss").write_text("COW\n", encoding="utf-8")
    with pytest.raises(SkelsError, match=r"train\.text has 2 lines and train\.gloss 1"):
        list(read_texts(tmp_path, ["ASL"]))
    (tmp_path / "ASL/train.gloss").write_bytes(b"\xff\xfe\n\n")
    with pytest.raises(SkelsError, match="can't be read"):
        list(read_texts(tmp_path, ["ASL"]))
