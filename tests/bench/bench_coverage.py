"""Share of the running words of everyday text that a lexicon has signs for: `python -m tests.bench.bench_coverage`.

What counts. A text is planned with `plan_text`; a running word is covered when a sign of the plan stands for it (its
place in the text lies in the sign's). Contractions count as their words (`don't`: do, not). Not counted at all:

- words that the signed language leaves out by its grammar (`_OMITTED`: articles, copula, `to`, `of`, auxiliaries, dummy
  subjects ...), whether or not a lexicon has a sign for them;
- numbers, and names, which are spelled: a capitalised word that doesn't open the sentence, or one that opens it
  and that the dictionary of base forms doesn't know or knows with a capital only. Days, months and feasts aren't
  names. German capitals tell nothing, so there names count as words.

The lists are fixed here, so that no table of the planner can better the figure; a word that the plan drops without
being on them counts as missing. Chinese is counted in characters, because it is written without spaces.

The unseen half of the English sentences measures, it doesn't teach: its missing words are never printed, and who writes
signs doesn't look at it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from engine import languages
from engine.gloss import GlossPlan
from engine.lexicon.loader import Lexicon, load_language
from engine.text import plan_text
from engine.text.lemmas import lemma

DATA = Path(__file__).parents[1] / "data"
TEXTS = {
    "ASL, seen half": ("ASL", "sentences_seen.txt"),
    "ASL, unseen half": ("ASL", "sentences_unseen.txt"),
    "DGS": ("DGS", "sentences_de.txt"),
    "CSL": ("CSL", "sentences_zh.txt"),
}
"""Signed language and sentences of each figure."""
SEEN = frozenset(("ASL, seen half", "DGS", "CSL"))
"""Figures whose missing words may be looked at."""


def _listed(words: str) -> frozenset[str]:
    return frozenset(words.split())


_OMITTED = {
    "en": "a an the am is are was were be been being to of at by as than that would shall will do does did have has had"
    " it there so just let up out off into some any 's 'm 're 'd 've 'll",
    "de": "der die das den dem des ein eine einen einem einer eines bin bist ist sind seid war waren zu es habe hast"
    " hat haben habt hatte hatten werde wird werden schon an am im in auf zum zur dass",
    "zh": "的 了 着 过 吗 呢 吧 是 个 只 件 家 地 得 们 在 把 被 很 就 又",
}
_NUMBERS = _listed("""
zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen
eighteen nineteen twenty thirty forty fifty sixty seventy eighty ninety hundred thousand million
null eins zwei drei vier fünf sechs sieben acht neun zehn zwanzig 一 二 三 四 五 六 七 八 九 十 两
""")
_CALENDAR = _listed("""
monday tuesday wednesday thursday friday saturday sunday january february march april may june july august
september october november december christmas easter
""")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_ENDING = re.compile(r"(n['’]t|['’](?:s|m|re|ve|ll|d))$", re.IGNORECASE)


@dataclass
class Coverage:
    """What was counted in a text."""

    covered: int = 0
    counted: int = 0
    names: int = 0
    numbers: int = 0
    missing: Counter[str] = field(default_factory=Counter)
    """Base forms that no sign stands for."""

    @property
    def share(self) -> float:
        """Covered share of the counted words."""
        return self.covered / max(self.counted, 1)


def coverage(code: str, sentences: list[str], lexicon: Lexicon | None = None) -> Coverage:
    """Coverage of sentences by a signed language's lexicon, the embedded one if none is given."""
    lexicon = lexicon or load_language(code)
    language = languages.get(code)
    result = Coverage()
    for sentence in sentences:
        _count(result, sentence, plan_text(sentence, language, lexicon), language.spoken)
    return result


def read(file: str) -> list[str]:
    """The sentences of a file in `tests/data`."""
    return (DATA / file).read_text("utf-8").splitlines()


def figure(name: str) -> Coverage:
    """The coverage of one of `TEXTS`."""
    code, file = TEXTS[name]
    return coverage(code, read(file))


def _count(result: Coverage, sentence: str, plan: GlossPlan, spoken: str) -> None:
    signed = [i.text_span for p in plan.phrases for i in p.items if i.kind == "sign"]
    omitted = _listed(_OMITTED[spoken])
    denied = any(p.negated for p in plan.phrases)
    for word, span, opens in _words(sentence, spoken):
        form = word.lower()
        base = lemma(form, spoken)
        if form in _NUMBERS:
            result.numbers += 1
        elif _is_name(word, opens, spoken):
            result.names += 1
        elif form not in omitted:
            result.counted += 1
            if _within(span, signed) or (form == "not" and denied):
                result.covered += 1
            else:
                result.missing[base] += 1


def _within(span: tuple[int, int], spans: list[tuple[int, int]]) -> bool:
    return any(start <= span[0] and span[1] <= end for start, end in spans)


def _is_name(word: str, opens: bool, spoken: str) -> bool:
    low = word.lower()
    if spoken != "en" or not word[0].isupper() or low == "i" or low in _CALENDAR:
        return False
    return not opens or _is_no_word(low)


def _is_no_word(form: str) -> bool:
    """Whether the dictionary of base forms has never heard of a word, or knows it with a capital only."""
    from simplemma.strategies import DictionaryLookupStrategy

    base = DictionaryLookupStrategy().get_lemma(form, "en")
    return base is None or base[:1].isupper()


def _words(sentence: str, spoken: str) -> Iterator[tuple[str, tuple[int, int], bool]]:
    """Words (characters of Chinese), each with its place and whether it opens the sentence."""
    for number, match in enumerate(_WORD.finditer(sentence)):
        start, end = match.span()
        if spoken == "zh":
            yield from ((c, (start + k, start + k + 1), False) for k, c in enumerate(match[0]))
            continue
        ending = _ENDING.search(match[0]) if spoken == "en" else None
        if ending is None:
            yield match[0], (start, end), number == 0
            continue
        cut = start + ending.start()
        stem = {"ca": "can", "wo": "will"}.get(sentence[start:cut].lower(), sentence[start:cut])
        yield stem, (start, cut), number == 0
        last = ending[0].lower().replace("’", "'")
        yield "not" if last == "n't" else last, (cut, end), False


def main() -> None:
    known = {x.code for x in languages.with_signs()}
    for name, (code, _) in TEXTS.items():
        if code not in known:
            print(f"{name}: the lexicon has no signs yet.")
            continue
        found = figure(name)
        unit = "characters" if code == "CSL" else "words"
        print(
            f"{name}: {found.share:.1%} of {found.counted} {unit}; besides, {found.names} names and "
            f"{found.numbers} numbers."
        )
        if name in SEEN:
            print("  missing: " + ", ".join(f"{w} {n}" if n > 1 else w for w, n in found.missing.most_common()))


if __name__ == "__main__":
    main()
