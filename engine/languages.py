"""The signed languages: names, the spoken language around each, and what data there is for them.

This table is the one place that knows them; whether one has signs is asked of the lexicon's data folder.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from .generators.base import EngineError

DATA_FOLDER = Path(__file__).parent / "lexicon" / "data"
RULES_FOLDER = Path(__file__).parent / "text" / "rules"
_ALPHABET, _NUMBERS = "_alphabet.toml", "_numbers.toml"


@dataclass(frozen=True)
class Language:
    """A signed language.

    code: what methods, files and settings call it. spoken: ISO 639-1 code of the texts it is made from.
    """

    code: str
    name: str
    spoken: str
    spoken_name: str

    @property
    def folder(self) -> Path:
        """Where its signs lie, if it has any."""
        return DATA_FOLDER / self.code.lower()

    @property
    def signs(self) -> int:
        """How many embedded signs of words it has."""
        return sum(_tables(path) for path in self.folder.glob("*.toml") if not path.name.startswith("_"))

    @property
    def letters(self) -> int:
        """How many letters of its manual alphabet there are."""
        return _tables(self.folder / _ALPHABET)

    @property
    def numbers(self) -> int:
        """How many numbers have a sign of their own."""
        return _tables(self.folder / _NUMBERS)

    @property
    def grammar(self) -> bool:
        """Whether there are rules of its grammar; without them words are signed in the order of the text."""
        return (RULES_FOLDER / f"{self.code.lower()}.toml").is_file()

    @property
    def has_signs(self) -> bool:
        """Whether there is anything to sign with, if only letters."""
        return any(_tables(path) for path in self.folder.glob("*.toml"))


def _tables(path: Path) -> int:
    """How many tables a TOML file has, by its headers: parsing all files takes too long for a greeting."""
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return 0
    return data.count(b"\n[") + data.startswith(b"[")


LANGUAGES: tuple[Language, ...] = (
    Language("ASL", "American Sign Language", "en", "English"),
    Language("CSL", "Chinese Sign Language", "zh", "Chinese"),
    Language("DGS", "German Sign Language", "de", "German"),
    Language("DSGS", "Swiss German Sign Language", "de", "German"),
    Language("LSF-CH", "Swiss French Sign Language", "fr", "French"),
    Language("LIS-CH", "Swiss Italian Sign Language", "it", "Italian"),
    Language("LSA", "Argentine Sign Language", "es", "Spanish"),
    Language("KSL", "Korean Sign Language", "ko", "Korean"),
    Language("TSL", "Turkish Sign Language", "tr", "Turkish"),
)

_BY_CODE = {language.code: language for language in LANGUAGES}


def get(code: str) -> Language:
    """The language of that code, upper or lower case. Raises `EngineError` for one not in the table."""
    language = _BY_CODE.get(str(code).strip().upper())
    if language is None:
        raise EngineError(
            "unknown_language",
            f"There is no signed language called {str(code)[:40]!r} here.",
            f"Choose one of {', '.join(_BY_CODE)}.",
            "choose_language",
        )
    return language


def with_signs() -> tuple[Language, ...]:
    """The languages that there is anything to sign with in."""
    return tuple(language for language in LANGUAGES if language.has_signs)


def require_signs(code: str) -> Language:
    """The language of that code. Raises `EngineError` when it is unknown or has neither signs nor letters."""
    language = get(code)
    if not language.has_signs:
        available = ", ".join(f"{x.name} ({x.code})" for x in with_signs()) or "none yet"
        raise EngineError(
            "no_language_data",
            f"There are no signs of {language.name} ({language.code}) in the dictionary.",
            f"Choose a language that has some: {available}.",
            "choose_language",
        )
    return language
