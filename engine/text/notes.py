"""What a text holds that can't be signed, gathered into a few clear sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..languages import Language
from .tokens import script_of

if TYPE_CHECKING:
    from ..lexicon.loader import Lexicon

_SHOWN = 5


class Notes:
    """Collects what was left out of one text."""

    def __init__(self) -> None:
        self._symbols: dict[str, None] = {}
        self._words: dict[str, dict[str, None]] = {}

    def symbol(self, text: str) -> None:
        """An emoji or a symbol without a sign."""
        self._symbols[text] = None

    def letters(self, word: str, missing: str) -> None:
        """A word with letters that the alphabet of the hand lacks."""
        self._words.setdefault(script_of(missing[0]), {})[word] = None

    def warnings(self, language: Language, lexicon: Lexicon) -> tuple[str, ...]:
        """The sentences for the user."""
        lines = []
        if not lexicon.signs:
            lines.append(f"The dictionary has only the letters of {language.name}: every word is fingerspelled.")
        for script, words in self._words.items():
            lines.append(
                f"Letters in {script} script were left out, since {language.code} has no handshapes for them: "
                f"{_listed(words)}."
            )
        if self._symbols:
            lines.append(f"Emoji and symbols without a sign were left out: {_listed(self._symbols)}.")
        return tuple(lines)


def _listed(items: dict[str, None]) -> str:
    shown = list(items)[:_SHOWN]
    more = len(items) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
