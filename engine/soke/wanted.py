"""Which dictionary entries a gloss plan asks for: one for each sign, letter and digit, in signing order."""

from __future__ import annotations

from dataclasses import dataclass

from ..gloss import GlossItem, GlossPlan, notation
from ..lexicon.loader import Lexicon
from ..lexicon.phonology import Sign


@dataclass(frozen=True)
class WantedSign:
    """keys: of the entries that would do, the best first. item: number of the plan's item, pauses counted."""

    keys: tuple[str, ...]
    gloss: str
    text_span: tuple[int, int]
    item: int
    spelled: bool = False
    """A letter of a fingerspelled word."""


def wanted_signs(plan: GlossPlan, lexicon: Lexicon) -> list[WantedSign]:
    """What a plan's items are made of.

    A sign is looked for as the gloss line writes it (`1-GIVE-2`, `IX-1`), then without repetition, then by its bare
    gloss. Fingerspelling is a sign a letter, a number that has no sign of its own is a sign a digit.
    """
    result: list[WantedSign] = []
    for number, item in enumerate(i for phrase in plan.phrases for i in phrase.items):
        if item.sign is not None:
            result.append(WantedSign(_keys(item, lexicon), item.gloss, item.text_span, number))
        elif item.kind in ("fingerspell", "number"):
            result += _letters(number, item, lexicon)
    return result


def _keys(item: GlossItem, lexicon: Lexicon) -> tuple[str, ...]:
    sign = item.sign
    assert sign is not None
    prefix = sign.key.partition("/")[0]
    placed = notation(sign.gloss, item.source, item.goal, known=lexicon.signs)
    keys = [f"{prefix}/{item.gloss}", f"{prefix}/{placed}"]
    if isinstance(sign, Sign) and sign.to_signer and item.goal == "1":
        keys.append(f"{prefix}/{sign.to_signer}")
    return tuple(dict.fromkeys((*keys, sign.key)))


def _letters(number: int, item: GlossItem, lexicon: Lexicon) -> list[WantedSign]:
    """A sign for each letter or digit that has one, as the synthesiser spells it."""
    table = lexicon.numbers if item.kind == "number" else lexicon.letters
    found = [table.get(letter) or lexicon.letters.get(letter) for letter in item.letters]
    spelled = item.kind == "fingerspell"
    return [WantedSign((s.key,), s.gloss, item.text_span, number, spelled) for s in found if s is not None]
