"""Free prompts: "How do you say good morning in ASL?" is the text "good morning", to be signed in ASL.

`prompt_templates/<spoken language>.toml` has `[names]`, what each signed language is called in that language, and
`templates` with `{text}` and, where a language is named, `{language}`. They make the prompts of the training, and read
those of users. A template reads a prompt that is it from begin to end; a plain sentence is none and stays as it is.
"""

from __future__ import annotations

import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from .. import languages

FOLDER: Final = Path(__file__).parent / "prompt_templates"
_OPENING, _CLOSING = "\"'“”„«‹‘「『", "\"'“”»›’」』"
_ENDS: Final = "?!. ？。！"
_BOUND: Final = 12_000
"""Characters up to which a prompt is read; longer ones are plain texts."""


@dataclass(frozen=True)
class Prompt:
    """What a prompt asks for. language: code of the signed language; the one chosen where the prompt names none.

    spoken: ISO 639-1 code of the template's language; empty for a plain sentence.
    """

    text: str
    language: str
    spoken: str = ""


@dataclass(frozen=True)
class Template:
    """One way to ask."""

    form: str
    spoken: str
    pattern: re.Pattern[str]

    @property
    def names_language(self) -> bool:
        """Whether the prompt says in which language to sign."""
        return "{language}" in self.form

    def filled(self, text: str, language: str) -> str:
        """The prompt for a text in a signed language (its code); in quotes where its end would be the prompt's."""
        if text[-1:] in _ENDS and self.form.rstrip(_ENDS).endswith("{text}"):
            text = f'"{text}"'
        return self.form.format(text=text, language=names(self.spoken)[language][0])


def read(prompt: str, language: str) -> Prompt:
    """What a prompt asks for. language: code of the chosen signed language, whose spoken one is tried first."""
    line = " ".join(unicodedata.normalize("NFC", prompt).split())
    if len(line) <= _BOUND:
        first = languages.get(language).spoken
        for spoken in sorted(spoken_languages(), key=lambda code: code != first):
            for template in templates(spoken):
                match = template.pattern.fullmatch(line)
                text = _unquoted(match["text"]) if match else ""
                if match and text:
                    named = _codes(spoken)[_key(match["language"])] if template.names_language else language
                    return Prompt(text, named, spoken)
    return Prompt(prompt, language)


def examples(language: str) -> list[str]:
    """The templates of a signed language (its code) filled with an example, for people."""
    spoken = languages.get(language).spoken
    return [template.filled(_table(spoken)["example"], language) for template in templates(spoken)]


def spoken_languages() -> tuple[str, ...]:
    """ISO 639-1 codes of the languages that there are templates in."""
    return tuple(sorted(path.stem for path in FOLDER.glob("*.toml")))


@lru_cache(maxsize=32)
def templates(spoken: str) -> tuple[Template, ...]:
    """The templates of a spoken language, those that say most first: the signed language, then the longest."""
    named = "|".join(sorted((_loose(name) for name in _codes_spelled(spoken)), key=len, reverse=True))
    made = []
    for form in _table(spoken)["templates"]:
        parts = re.split(r"(\{text\}|\{language\})", form.rstrip(_ENDS))
        slots = {"{text}": "(?P<text>.+?)", "{language}": f"(?P<language>{named})"}
        pattern = "".join(slots.get(part) or _loose(part) for part in parts)
        made.append(Template(form, spoken, re.compile(rf"{pattern}\s*[?!.？。！]*", re.IGNORECASE)))
    return tuple(sorted(made, key=lambda made: (not made.names_language, -len(made.form))))


@lru_cache(maxsize=32)
def names(spoken: str) -> Mapping[str, tuple[str, ...]]:
    """What each signed language (by code) is called in a spoken one, the full name first."""
    return {code: tuple(called) for code, called in _table(spoken)["names"].items()}


def _codes_spelled(spoken: str) -> list[str]:
    return [name for called in names(spoken).values() for name in called]


@lru_cache(maxsize=32)
def _codes(spoken: str) -> Mapping[str, str]:
    """Signed language by what it is called."""
    return {_key(name): code for code, called in names(spoken).items() for name in called}


def _key(name: str) -> str:
    return " ".join(name.split()).casefold().replace("i\u0307", "i")  # of the dotted capital of Turkish


def _loose(text: str) -> str:
    """A pattern of a template's own words, with any blanks and any kind of apostrophe."""
    return re.sub("['’]", "['’]", re.escape(text).replace(r"\ ", r"\s+"))


def _unquoted(text: str) -> str:
    text = text.strip()
    while len(text) > 2 and text[0] in _OPENING and text[-1] in _CLOSING:
        text = text[1:-1].strip()
    return text


@lru_cache(maxsize=32)
def _table(spoken: str) -> dict:
    with (FOLDER / f"{spoken}.toml").open("rb") as file:
        return tomllib.load(file)
