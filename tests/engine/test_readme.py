"""What the README says of the languages is what there is."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.languages import LANGUAGES, Language

README = (Path(__file__).resolve().parents[2] / "README.md").read_text("utf-8")


@pytest.mark.parametrize("language", LANGUAGES, ids=lambda x: x.code)
def test_the_table_of_languages_has_the_numbers_of_the_dictionary(language: Language) -> None:
    signs, grammar = (f"{language.signs:,}" if language.signs else "–"), ("yes" if language.grammar else "–")
    cells = (
        f"{language.name} ({language.code})",
        language.spoken_name,
        signs,
        language.letters,
        language.numbers,
        grammar,
    )
    row = f"| {' | '.join(map(str, cells))} |"
    assert row in README, f"the README should have: {row}"
