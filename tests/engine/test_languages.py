"""The table of signed languages."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import languages
from engine.generators.base import EngineError
from engine.lexicon.loader import available_languages, load_language


def test_codes_are_unique_and_found_in_any_case() -> None:
    codes = [language.code for language in languages.LANGUAGES]
    assert len(set(codes)) == len(codes) == 9
    assert all(languages.get(code.lower()).code == code for code in codes)


def test_what_has_signs_is_what_the_lexicon_has() -> None:
    assert {x.code for x in languages.with_signs()} == set(available_languages())
    assert "ASL" in available_languages()


def test_a_language_gets_signs_by_a_file_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "DATA_FOLDER", tmp_path)
    dgs = languages.get("DGS")
    assert not dgs.has_signs
    dgs.folder.mkdir()
    (dgs.folder / "everyday.toml").touch()
    assert not dgs.has_signs
    (dgs.folder / "everyday.toml").write_text('# Signs.\n\n[GUT]\nwords = ["gut"]\n\n["SCHÖN"]\nwords = [\n"schön"]\n')
    assert dgs.has_signs
    assert (dgs.signs, dgs.letters, dgs.numbers) == (2, 0, 0)


def test_letters_alone_are_something_to_sign_with(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "DATA_FOLDER", tmp_path)
    ksl = languages.get("KSL")
    ksl.folder.mkdir()
    (ksl.folder / "_alphabet.toml").write_text('["ㄱ"]\nwords = ["ㄱ"]\n["ㄴ"]\nwords = ["ㄴ"]\n')
    (ksl.folder / "_numbers.toml").write_text('[1]\nwords = ["일"]\n')
    assert ksl.has_signs
    assert (ksl.signs, ksl.letters, ksl.numbers) == (0, 2, 1)


def test_counts_are_those_of_the_lexicon() -> None:
    asl = languages.get("ASL")
    lexicon = load_language("ASL")
    assert (asl.signs, asl.letters, asl.numbers) == (len(lexicon.signs), len(lexicon.letters), len(lexicon.numbers))
    assert asl.grammar


def test_a_language_without_signs_names_those_that_have_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(languages, "DATA_FOLDER", tmp_path)
    (tmp_path / "asl").mkdir()
    (tmp_path / "asl" / "everyday.toml").write_text("[HELLO]")
    with pytest.raises(EngineError) as error:
        languages.require_signs("KSL")
    assert (error.value.code, error.value.fix) == ("no_language_data", "choose_language")
    assert "Korean Sign Language" in error.value.message
    assert "American Sign Language" in error.value.hint


@pytest.mark.parametrize("code", ["", "English", "BSL", "\0"])
def test_an_unknown_language_names_the_known_ones(code: str) -> None:
    with pytest.raises(EngineError) as error:
        languages.get(code)
    assert (error.value.code, error.value.fix) == ("unknown_language", "choose_language")
    assert "LSF-CH" in error.value.hint
