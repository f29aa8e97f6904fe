"""Numbers in digits and in words, as number signs, pieces of them, or digit by digit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..gloss import GlossItem
from .elements import Element, Word
from .grammar import Grammar
from .spelling import letters_of, spelled_gloss
from .tokens import Span

if TYPE_CHECKING:
    from ..lexicon.loader import Lexicon
    from ..lexicon.phonology import Sign
    from .matching import SignIndex

_YEARS = range(1100, 2100)
_GROUPS = re.compile(r"[^\d.,:]+")
_MAX_DIGITS = 12
"""Longer ones are read digit by digit, as card numbers are."""


def number_from_words(elements: Sequence[Element], start: int, grammar: Grammar) -> tuple[int, int] | None:
    """Value and end of the number words at `start`, like `two hundred and five`; none when there are none.

    `one two three` is three numbers, since no number is said so.
    """
    forms = [e.form if isinstance(e, Word) and not e.is_name else "" for e in elements[start:]]
    if forms and forms[0] == "a" and len(forms) > 1 and forms[1] in grammar.scales:
        forms[0] = next(word for word, value in grammar.units.items() if value == 1)
    total, position, last_scale = 0, 0, 0
    while (group := _below_hundred(forms, position, grammar)) is not None:
        value, after = group
        hundred = 100
        if after < len(forms) and grammar.scales.get(forms[after]) == hundred and value < hundred:
            value, after = value * hundred, after + 1
            follow = after + 1 if after < len(forms) and forms[after] in grammar.and_words else after
            if (rest := _below_hundred(forms, follow, grammar)) is not None:
                value, after = value + rest[0], rest[1]
        scale = grammar.scales.get(forms[after], 1) if after < len(forms) else 1
        if last_scale and scale >= last_scale:
            break
        total, position = total + value * scale, after + (scale > 1)
        if scale == 1:
            break
        last_scale = scale
        if position + 1 < len(forms) and forms[position] in grammar.and_words:
            if _below_hundred(forms, position + 1, grammar) is None:
                break
            position += 1
    return (total, start + position) if position else None


def _below_hundred(forms: Sequence[str], at: int, grammar: Grammar) -> tuple[int, int] | None:
    if at >= len(forms) or forms[at] not in grammar.units:
        return None
    value = grammar.units[forms[at]]
    if value >= 20 and at + 1 < len(forms) and 0 < grammar.units.get(forms[at + 1], 0) < 10:
        return value + grammar.units[forms[at + 1]], at + 2
    return value, at + 1


class NumberSigner:
    """Turns written numbers into items, as far as the lexicon's number signs reach."""

    def __init__(self, lexicon: Lexicon, index: SignIndex, grammar: Grammar, tens: str = "digits") -> None:
        self._numbers, self._letters = lexicon.numbers, lexicon.letters
        self._index, self._grammar, self._tens = index, grammar, tens

    def items(self, written: str, span: Span, clock_said: bool = False) -> Iterator[GlossItem]:
        """Items of a number as written: `25`, `1,500`, `3.14`, `10:30`, `555-1234`; digits without a sign as words.

        clock_said: whether the text says itself that it is a time of the day: `15:30 Uhr`.
        """
        for item in self._items(written, span, clock_said):
            lacking = [key for key in item.letters if key not in self._numbers] if item.kind == "number" else []
            yield from (self._digit(key, span) for key in item.letters) if lacking else (item,)

    def _digit(self, digit: str, span: Span) -> GlossItem:
        """The sign of one digit, or its word spelled."""
        word = next((word for word, value in self._grammar.units.items() if str(value) == digit), "")
        if digit in self._numbers or not word:
            return number_item((digit,), self._numbers, span)
        letters, _ = letters_of(word, self._letters)
        return GlossItem("fingerspell", spelled_gloss(letters, self._letters), span, None, letters)

    def _items(self, written: str, span: Span, clock_said: bool) -> Iterator[GlossItem]:
        if "/" in written:
            for part in written.split("/"):
                yield from self._integer(part.lstrip("0") or "0", span)
            return
        groups = _GROUPS.split(written)
        if len(groups) > 1:
            yield from (self._digits(group, span) for group in groups)
            return
        if ":" in written:
            yield from self._word("" if clock_said else self._grammar.time_word, span)
            hours, minutes = written.split(":")
            yield from self._integer(str(int(hours)), span)
            if int(minutes):
                yield from self._integer(minutes, span)
            return
        whole, _, decimals = written.replace(",", "").partition(".")
        yield from self._integer(whole, span, grouped="," in written)
        if decimals:
            yield from self._word(self._grammar.point_word, span, spell=True)
            yield self._digits(decimals, span)

    def one_by_one(self, digits: str, span: Span) -> list[GlossItem]:
        """The digits of a telephone number."""
        return [number_item(tuple(digits), self._numbers, span)]

    def ordinal(self, written: str, span: Span) -> list[GlossItem]:
        """Items of an ordinal number without its ending: its own sign, or that of the number."""
        named = (word for word, value in self._grammar.ordinals.items() if written == str(value))
        word = next(named, "")
        return list(self._word(word, span)) or list(self.items(written, span))

    def _integer(self, digits: str, span: Span, grouped: bool = False) -> Iterator[GlossItem]:
        if digits in self._numbers or digits.startswith("0") or len(digits) > _MAX_DIGITS:
            yield self._digits(digits, span)
            return
        value = int(digits)
        if value in _YEARS and not grouped and value % 100:
            if self._grammar.years_in_digits:
                yield number_item(digits, self._numbers, span)
                return
            for part in (digits,) if value // 10 == 200 else (digits[:2], digits[2:]):
                yield self._digits(part, span)
            return
        for word, scale in sorted(self._grammar.scales.items(), key=lambda x: -x[1]):
            if value >= scale and self._index.sign_for(word) is not None:
                if value // scale >= scale:
                    break  # no language counts in thousand thousands: read digit by digit
                yield from self._integer(str(value // scale), span)
                yield from self._word(word, span)
                if value % scale:
                    yield from self._integer(str(value % scale), span)
                return
        yield self._digits(digits, span)

    def _digits(self, digits: str, span: Span) -> GlossItem:
        """A number's own sign; else tens and ones in the order of the language, if there are signs; else its digits."""
        keys: tuple[str, ...] = (digits,) if digits in self._numbers else ()
        if not keys and len(digits) == 2:
            keys = self._tens_and_ones(digits[0], digits[1])
        return number_item(keys or tuple(digits), self._numbers, span)

    def _tens_and_ones(self, tens: str, ones: str) -> tuple[str, ...]:
        orders = {
            "tens ones": (tens + "0", ones),
            "ones tens": (ones, tens + "0"),
            "ones ten ones": ((tens,) if tens != "1" else ()) + ("10", ones),
        }
        keys = tuple(key for key in orders.get(self._tens, ()) if key != "0")
        return keys if all(key in self._numbers for key in keys) else ()

    def _word(self, word: str, span: Span, spell: bool = False) -> Iterator[GlossItem]:
        sign = self._index.sign_for(word) if word else None
        if sign is not None:
            yield GlossItem("sign", sign.gloss, span, sign)
        elif spell and word:
            letters = letters_of(word, self._letters)[0]
            if letters:
                yield GlossItem("fingerspell", spelled_gloss(letters, self._letters), span, None, letters)


def number_item(keys: Sequence[str], numbers: Mapping[str, Sign], span: Span = (0, 0)) -> GlossItem:
    """The item of number signs run through: `#25` for one sign or for digits one by one, `#20-5` for parts."""
    plain = len(keys) == 1 or all(len(key) == 1 for key in keys)
    sign = numbers.get(keys[0]) if len(keys) == 1 else None
    letters = tuple(keys[0]) if sign is not None else tuple(keys)
    return GlossItem("number", "#" + ("" if plain else "-").join(keys), span, sign, letters)
