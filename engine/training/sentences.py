"""Everyday sentences made from templates and the words of a lexicon, for a synthetic corpus.

`templates/<spoken language>.toml` has `patterns` with slots like `{noun}`: those under `[slots]` draw from a list
(separated by `|`, else by blanks), whose entries may have slots, too; `{noun}`, `{verb}`, `{adjective}` draw words of
that part of speech and `{any}` any word of the lexicon; `{name}` a name, common or made of letters that are rare;
`{number}` a number; `{unknown}` a word that has no sign; a slot under `[articles]` a noun of `[genders]` with its
article; one under `[forms]` a form of what another slot draws, which its expression matches. A slot with a capital
begins with one. Every list is drawn from like a pack of cards, so that each entry comes equally often.
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
from ..text import chinese
from .inflections import base_forms, forms_of

TEMPLATES: Final = Path(__file__).parent / "templates"
_SLOT = re.compile(r"\{(\w+)\}")
_PARTS_OF_SPEECH: Final = ("noun", "verb", "adjective")
SIGNED: Final = ("all",)
"""Patterns of the sentences that are synthesised as motion ..."""
WRITTEN: Final = ("all", "written", "written", "written")
"""... and of those that are only read; they say more of how a language is written, and are drawn more often."""
_UNKNOWN: Final = re.compile(r"[^\W\d_]{3,10}")
_HAN: Final = range(0x4E00, 0x9FA6)
_PAIRS: Final = 4000
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
    forms: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    articles: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    genders: Mapping[str, str] = field(default_factory=dict)


class Sentences:
    """Draws sentences of one language. The same seed gives the same ones. patterns: `SIGNED` or `WRITTEN`."""

    def __init__(self, language: Language, lexicon: Lexicon, seed: int, patterns: Sequence[str] = SIGNED) -> None:
        self._rng = np.random.default_rng([seed, *language.code.encode()])
        self._spoken = language.spoken
        self._letters = Deck([x for x in lexicon.letters if len(x) == 1], self._rng)
        names = _table("letters").get(language.spoken, {}) if not lexicon.signs else _table(language.spoken)["slots"]
        self._names = Deck(_listed(names["names"]), self._rng)
        self._patterns = Deck(["{name}", "{name} {name}", "{name} {number}", "{number}"], self._rng)
        self._slots = _Slots({})
        if lexicon.signs:
            table = _table(language.spoken)
            lines = [line for name in patterns for line in table["patterns"][name].strip().splitlines()]
            self._patterns = Deck(lines, self._rng)
            self._slots = self._read_slots(table, lexicon)
            if any("{unknown}" in line.lower() for line in lines):
                self._slots.decks["unknown"] = Deck(self._without_sign(lexicon), self._rng)

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
        forms = {name: (of, expression) for name, (of, expression) in table.get("forms", {}).items()}
        return _Slots(decks, forms, articles, genders)

    def _without_sign(self, lexicon: Lexicon) -> list[str]:
        """Base forms of the spoken language's dictionary that the lexicon lacks; of Chinese, pairs of characters."""
        if self._spoken == chinese.CODE:
            common = list(filter(_is_common, map(chr, _HAN)))
            return ["".join(self._rng.choice(common, 2)) for _ in range(_PAIRS)]
        signed = {word for sign in lexicon.signs.values() if isinstance(sign, Sign) for word in sign.words}
        words = base_forms(self._spoken)
        return [word for word in words if _UNKNOWN.fullmatch(word) and word.lower() not in signed]

    def _filled(self, slot: str) -> str:
        name = slot.lower()
        filled = _SLOT.sub(lambda match: self._filled(match[1]), self._drawn(name))
        return filled[:1].upper() + filled[1:] if slot != name else filled

    def _drawn(self, name: str) -> str:
        if name == "name":
            return self._name()
        if name == "number":
            return str(self._number())
        if name in self._slots.forms:
            of, expression = self._slots.forms[name]
            return self._inflected(self._drawn(of), expression)
        card = self._slots.decks[name].draw()
        if isinstance(card, Sign):
            card = self._word(card)
        if name in self._slots.articles:
            card = f"{self._slots.articles[name][self._slots.genders[card]]} {card.capitalize()}"
        return card

    def _inflected(self, words: str, expression: str) -> str:
        """The first of the words in a form that the expression matches; as it is, where it has none."""
        first, *others = words.split()
        forms = [form for form in forms_of(first, self._spoken) if re.fullmatch(expression, form)]
        return " ".join([forms[int(self._rng.integers(len(forms)))] if forms else first, *others])

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


def _is_common(character: str) -> bool:
    """Whether a Chinese character is one of the 6,763 of GB 2312."""
    return bool(character.encode("gb2312", errors="ignore"))


def _listed(text: str) -> list[str]:
    parts = text.split("|") if "|" in text else text.split()
    return [stripped for part in parts if (stripped := part.strip())]


@lru_cache(maxsize=8)
def _table(name: str) -> Mapping[str, Any]:
    with open(TEMPLATES / f"{name}.toml", "rb") as file:
        return tomllib.load(file)
