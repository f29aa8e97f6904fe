"""Retrieval: which signs of a dictionary a text asks for, live, as examples for the generator.

A bundle of ours is asked for all that the gloss plan signs, in signing order; a published one, whose dictionary has
words only, for the words of the text (`word_retrieval`). A text is cut into chunks, each a prompt of its own, at the
ends of sentences and where a sentence is too long for one.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Final, Literal

from ..dictionary.library import is_own
from ..gloss import GlossItem, GlossPlan
from ..lexicon.loader import Lexicon
from ..text.tokens import tokenise
from .code_dictionary import CodeDictionary, CodeEntry
from .wanted import wanted_signs

Fate = Literal["spelled", "model", "left_out"]
OwnCodes = Callable[[GlossItem], CodeEntry]
"""The codes of an item whose sign is the user's own, by the bundle's tokenizer."""

LEAD: Final = 3
"""Steps of the way from or to rest, roughly."""
WAY: Final = 1
"""Steps between two signs, roughly."""
_UNKNOWN: Final = 8
"""Steps of a sign that the dictionary lacks, roughly."""
_SENTENCE_PAUSE: Final = 0.5
"""Seconds of a pause from which on a new sentence begins."""
_LISTED: Final = 8
"""Words that a warning names."""


@dataclass(frozen=True)
class Keyword:
    """A sign that stands in the prompt as an example. index: among all of the text. group: of the letters of one word,
    -1 for other signs. item: number of the plan's item, or of the text's word. whole: gloss of that item. sign: key of
    the lexicon's sign, which the entry may be a form of. on: whether the user lets it in."""

    index: int
    word: str
    gloss: str
    entry: CodeEntry
    text_span: tuple[int, int]
    item: int
    whole: str
    sign: str
    group: int = -1
    own: bool = False
    on: bool = True


@dataclass(frozen=True)
class Other:
    """A word of the text that no example stands for, and what becomes of it."""

    word: str
    gloss: str
    text_span: tuple[int, int]
    fate: Fate


@dataclass(frozen=True)
class Chunk:
    """What one prompt is made of. span: characters of the text. pause: seconds after it. steps: roughly how many it
    takes to sign; `None` where that can't be told, because most of its words have no example."""

    text: str
    span: tuple[int, int]
    keywords: tuple[Keyword, ...]
    pause: float = 0.0
    steps: int | None = None

    @property
    def examples(self) -> list[Keyword]:
        """The keywords that are on."""
        return [k for k in self.keywords if k.on]


@dataclass(frozen=True)
class Retrieved:
    """All that was found for a text."""

    chunks: tuple[Chunk, ...]
    others: tuple[Other, ...] = ()
    warnings: tuple[str, ...] = ()

    @property
    def keywords(self) -> list[Keyword]:
        """Of all chunks, by their index."""
        return [k for chunk in self.chunks for k in chunk.keywords]

    def without(self, off: Iterable[int]) -> Retrieved:
        """With the keywords of these indices switched off."""
        out = set(off)
        chunks = tuple(
            dataclasses.replace(c, keywords=tuple(dataclasses.replace(k, on=k.index not in out) for k in c.keywords))
            for c in self.chunks
        )
        return dataclasses.replace(self, chunks=chunks)


@dataclass(frozen=True)
class Limits:
    """keywords: most of a prompt that the user wants. longest: most that the model takes. steps: most it makes."""

    keywords: int
    longest: int
    steps: int


def retrieve_plan(
    plan: GlossPlan, lexicon: Lexicon, dictionary: CodeDictionary, own: OwnCodes, folder: str, limits: Limits
) -> Retrieved:
    """The signs of a plan. folder: the user's dictionary, whose signs win over the bundle's."""
    items = [item for phrase in plan.phrases for item in phrase.items]
    found: list[Keyword] = []
    others: list[Other] = []
    for sign in wanted_signs(plan, lexicon):
        item = items[sign.item]
        mine = item.sign is not None and is_own(item.sign, folder)
        entry = own(item) if mine else dictionary.first(sign.keys)
        word = _word(plan.text, item)
        if entry is None:
            others.append(Other(word, sign.gloss, sign.text_span, "model"))
            continue
        group = sign.item if item.sign is None else -1
        found.append(
            Keyword(0, word, sign.gloss, entry, sign.text_span, sign.item, item.gloss, sign.keys[-1], group, mine)
        )
    warnings = missing_warning(other.word for other in others)
    chunks, dropped = _chunks(plan, items, found, limits)
    others = passed_over([*others, *_spelled(plan.text, items)], dropped)
    others += _left_out(plan.text, [item.text_span for item in items])
    return Retrieved(chunks, tuple(others), tuple(warnings))


def numbered(keywords: Iterable[Keyword], start: int) -> tuple[Keyword, ...]:
    """The keywords with their indices."""
    return tuple(dataclasses.replace(k, index=i) for i, k in enumerate(keywords, start))


def missing_warning(words: Iterable[str]) -> list[str]:
    """What is said of words without an example."""
    listed = list(dict.fromkeys(words))
    if not listed:
        return []
    more = len(listed) - _LISTED
    shown = ", ".join(listed[:_LISTED]) + (f" and {more} more" if more > 0 else "")
    return [f"The model's dictionary has no sign for {shown}: the model signs that without an example."]


def _word(text: str, item: GlossItem) -> str:
    begin, end = item.text_span
    if text[begin:end].strip():
        return text[begin:end]
    words = item.sign.words if item.sign is not None else ()
    return words[0] if words else "".join(item.letters) or item.gloss


def _spelled(text: str, items: Sequence[GlossItem]) -> list[Other]:
    spelled = [item for item in items if item.kind == "fingerspell"]
    return [Other(_word(text, item), item.gloss, item.text_span, "spelled") for item in spelled]


def _left_out(text: str, spans: Sequence[tuple[int, int]]) -> list[Other]:
    """Words of the text that the plan doesn't sign."""
    covered = {at for begin, end in spans for at in range(begin, end)}
    words = (token for token in tokenise(text) if token.kind == "word")
    return [Other(text[slice(*w.span)], "", w.span, "left_out") for w in words if not covered & set(range(*w.span))]


def _chunks(
    plan: GlossPlan, items: Sequence[GlossItem], found: Sequence[Keyword], limits: Limits
) -> tuple[tuple[Chunk, ...], list[Keyword]]:
    """The prompts of a plan, and the keywords that are over the number that the user wants."""
    chunks: list[Chunk] = []
    dropped: list[Keyword] = []
    for sentence in _sentences(plan):
        groups = _fitting(sentence.phrases, found, limits)
        for group in groups:
            kept, over = within([k for k in found if k.item in group], limits.keywords)
            dropped += over
            # a whole sentence has its marks and the words that aren't signed, too
            span = sentence.span if len(groups) == 1 else _span([items[i] for i in group])
            text = plan.text[slice(*span)].strip() or " ".join(_word("", items[i]) for i in group)
            keywords = numbered(kept, sum(len(c.keywords) for c in chunks))
            pause = sentence.pause if group is groups[-1] else 0.0
            chunks.append(Chunk(text, span, keywords, pause, _steps(group, found)))
    return tuple(chunks), dropped


def within(keywords: Sequence[Keyword], limit: int) -> tuple[list[Keyword], list[Keyword]]:
    """The first keywords up to the limit, and the others; the letters of a word stay together."""
    kept: list[Keyword] = []
    over: list[Keyword] = []
    for _, group in groupby(keywords, lambda k: (k.item, k.group)):
        together = list(group)
        (kept if len(kept) + len(together) <= limit else over).extend(together)
    return kept, over


def passed_over(others: Sequence[Other], dropped: Sequence[Keyword]) -> list[Other]:
    """The others with the words of keywords that were over the limit; a word whose letters were isn't spelled."""
    spans = {k.text_span for k in dropped if k.group >= 0}
    left = [other for other in others if not (other.fate == "spelled" and other.text_span in spans)]
    words = {k.text_span: Other(k.word, "" if k.group >= 0 else k.gloss, k.text_span, "model") for k in dropped}
    return [*left, *words.values()]


@dataclass(frozen=True)
class _Sentence:
    """phrases: numbers of the items of each, without pauses. span: characters of the text. pause: seconds after it."""

    phrases: list[list[int]]
    span: tuple[int, int]
    pause: float


def _sentences(plan: GlossPlan) -> list[_Sentence]:
    result: list[_Sentence] = []
    phrases: list[list[int]] = []
    number, begin = 0, 0
    for phrase in plan.phrases:
        phrases.append([])
        for item in phrase.items:
            if item.kind != "pause":
                phrases[-1].append(number)
            elif item.seconds >= _SENTENCE_PAUSE and any(phrases):
                end = max(item.text_span[1], begin)
                result.append(_Sentence([p for p in phrases if p], (begin, end), item.seconds))
                phrases, begin = [[]], end
            number += 1
    if any(phrases):
        result.append(_Sentence([p for p in phrases if p], (begin, len(plan.text)), 0.0))
    return result


def _fitting(phrases: list[list[int]], found: Sequence[Keyword], limits: Limits) -> list[list[int]]:
    """Groups of items that fit a prompt: the sentence, else runs of its phrases, else runs of their items."""
    whole = [i for phrase in phrases for i in phrase]
    if _fits(whole, found, limits):
        return [whole]
    pieces: list[list[int]] = []
    for phrase in phrases:
        pieces += [phrase] if _fits(phrase, found, limits) else [[i] for i in phrase]
    groups = [pieces[0]]
    for piece in pieces[1:]:
        if _fits([*groups[-1], *piece], found, limits):
            groups[-1] = [*groups[-1], *piece]
        else:
            groups.append(piece)
    return groups


def _fits(items: Sequence[int], found: Sequence[Keyword], limits: Limits) -> bool:
    return _steps(items, found) <= limits.steps and sum(k.item in items for k in found) <= limits.longest


def _steps(items: Sequence[int], found: Sequence[Keyword]) -> int:
    """Roughly how many steps items take to sign."""
    own = [k for k in found if k.item in items]
    unknown = len(set(items) - {k.item for k in own})
    return 2 * LEAD + sum(k.entry.steps + (WAY if k.group < 0 else 0) for k in own) + unknown * _UNKNOWN


def _span(items: Sequence[GlossItem]) -> tuple[int, int]:
    spans = [item.text_span for item in items if item.text_span[1] > item.text_span[0]]
    return (min(s[0] for s in spans), max(s[1] for s in spans)) if spans else (0, 0)
