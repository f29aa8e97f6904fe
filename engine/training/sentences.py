"""Everyday sentences made from templates and the words of a lexicon, for a synthetic corpus.

`templates/<spoken language>.toml` has `patterns` with slots like `{noun}`: those under `[slots]` draw from a list
(separated by `|`, else by blanks); `{noun}`, `{verb}`, `{adjective}` draw words of that part of speech and `{any}` any
word of the lexicon; `{name}` a name, common or made of letters that are rare; `{number}` a number; a slot under
`[articles]` a noun of `[genders]` with its article. A slot with a capital begins with one. Every list is drawn from
like a pack of cards, so that each entry comes equally often.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from ..languages import Language
from ..lexicon.loader import Lexicon
from ..lexicon.phonology import Sign

TEMPLATES: Final = Path(__file__).parent / "templates"
_SLOT = re.compile(r"\{(\w+)\}")
_PARTS_OF_SPEECH: Final = ("noun", "verb", "adjective")
_FIRST_WORD: Final = 0.6
"""How often a sign is called by its main word."""
_INVENTED: Final = 0.35
"""Share of names that are made of letters drawn one by one."""
_NUMBERS: Final = ((0.35, 10), (0.65, 31), (0.85, 100), (0.95, 1000), (1.0, 2100))
"""Shares of numbers below a limit, cumulated."""


class Deck:
    """Draws from a list until all were drawn, then shuffles anew."""

    def __init__(self, cards: Sequence[Any], rng: np.random.Generator) -> None:
        if not cards:
            raise ValueError("There is nothing to draw from.")
        self._cards, self._rng = list(cards), rng
        self._left: list[int] = []

    def draw(self) -> Any:
        """The next one."""
        if not self._left:
            self._left = self._rng.permutation(len(self._cards)).tolist()
        return self._cards[self._left.pop()]


@dataclass
class _Slots:
    """The decks of a language by the slot's name."""

    decks: dict[str, Deck]
    articles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    genders: Mapping[str, str] = field(default_factory=dict)


class Sentences:
    """Draws sentences of one language. The same seed gives the same ones."""

    def __init__(self, language: Language, lexicon: Lexicon, seed: int) -> None:
        self._rng = np.random.default_rng([seed, *language.code.encode()])
        self._spoken = language.spoken
        self._letters = Deck([x for x in lexicon.letters if len(x) == 1], self._rng)
        names = _table("letters").get(language.spoken, {}) if not lexicon.signs else _table(language.spoken)["slots"]
        self._names = Deck(_listed(names["names"]), self._rng)
        self._patterns = Deck(["{name}", "{name} {name}", "{name} {number}", "{number}"], self._rng)
        self._slots = _Slots({})
        if lexicon.signs:
            table = _table(language.spoken)
            self._patterns = Deck(table["patterns"]["all"].strip().splitlines(), self._rng)
            self._slots = self._read_slots(table, lexicon)

    def __iter__(self) -> Iterator[str]:
        while True:
            yield self.draw()

    def draw(self) -> str:
        """One sentence."""
        text = _SLOT.sub(lambda match: self._filled(match[1]), self._patterns.draw())
        if self._spoken == "en":
            text = re.sub(r"\b([Aa]) (?=[aeiou])", r"\1n ", text)
        return text[:1].upper() + text[1:]

    def _read_slots(self, table: Mapping[str, Any], lexicon: Lexicon) -> _Slots:
        signs = [sign for sign in lexicon.signs.values() if isinstance(sign, Sign)]
        decks = {name: Deck(_listed(text), self._rng) for name, text in table["slots"].items()}
        for pos in _PARTS_OF_SPEECH:
            decks[pos] = Deck([sign for sign in signs if sign.pos == pos], self._rng)
        decks["any"] = Deck(signs, self._rng)
        genders = {noun: gender for gender, nouns in table.get("genders", {}).items() for noun in nouns.split()}
        articles = table.get("articles", {})
        nouns = Deck(list(genders), self._rng) if genders else None
        decks |= {name: nouns for name in articles if nouns is not None}
        return _Slots(decks, articles, genders)

    def _filled(self, slot: str) -> str:
        name = slot.lower()
        if name == "name":
            return self._name()
        if name == "number":
            return str(self._number())
        card = self._slots.decks[name].draw()
        if isinstance(card, Sign):
            card = self._word(card)
        if name in self._slots.articles:
            card = f"{self._slots.articles[name][self._slots.genders[card]]} {card.capitalize()}"
        return card[:1].upper() + card[1:] if slot != name else card

    def _word(self, sign: Sign) -> str:
        words = sign.words
        word = words[0] if self._rng.random() < _FIRST_WORD else words[int(self._rng.integers(len(words)))]
        return word.capitalize() if self._spoken == "de" and sign.pos == "noun" else word

    def _name(self) -> str:
        if self._rng.random() >= _INVENTED:
            return self._names.draw()
        return "".join(self._letters.draw() for _ in range(int(self._rng.integers(3, 7)))).capitalize()

    def _number(self) -> int:
        drawn = self._rng.random()
        below = next(limit for share, limit in _NUMBERS if drawn < share)
        return int(self._rng.integers(below))


def _listed(text: str) -> list[str]:
    parts = text.split("|") if "|" in text else text.split()
    return [stripped for part in parts if (stripped := part.strip())]


@lru_cache(maxsize=8)
def _table(name: str) -> Mapping[str, Any]:
    with open(TEMPLATES / f"{name}.toml", "rb") as file:
        return tomllib.load(file)
