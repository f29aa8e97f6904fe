"""What a spoken language's words do in signing: the shape of the tables, one module of which each language fills."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True)
class Grammar:
    """Small readable tables of one spoken language; all words in lower case."""

    omitted: frozenset[str] = frozenset()
    """Words that signing leaves out."""
    omitted_unsigned: frozenset[str] = frozenset()
    """Words that signing can do without: signed when the dictionary has them, left out when not."""
    do_support: frozenset[str] = frozenset()
    """Auxiliaries that only carry a question or a negation."""
    perfect: frozenset[str] = frozenset()
    """Auxiliaries that are left out before a participle."""
    participles: frozenset[str] = frozenset()
    auxiliaries: frozenset[str] = frozenset()
    """Words that open a yes/no question when they stand first."""
    subjects: frozenset[str] = frozenset()
    """Pronouns that can follow an auxiliary in a question."""
    clear_subjects: frozenset[str] = frozenset()
    """Those that can only be subjects, so that `do you` asks and `do it` doesn't."""
    question_words: frozenset[str] = frozenset()
    negations: frozenset[str] = frozenset()
    openers: frozenset[str] = frozenset()
    """Greetings and the like: a clause of these before a question is no part of it."""
    conditionals: frozenset[str] = frozenset()
    """Words that open a condition, said with raised brows."""
    compounds: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Words without a sign of their own that are signed by others in a row."""
    read_as: Mapping[tuple[str, ...], tuple[str, ...]] = field(default_factory=dict)
    """Phrases that mean something else than their words."""
    same_as: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Forms that are signed alike, in the order of preference."""
    possessive_before_noun: Mapping[str, str] = field(default_factory=dict)
    """Forms that are a possessive when a noun follows."""
    keep_form: frozenset[str] = frozenset()
    """Words whose lemma would mean something else."""
    determiners: frozenset[str] = frozenset()
    """Words that a noun follows."""
    before_verbs: frozenset[str] = frozenset()
    """Words that a verb follows."""
    endings: tuple[tuple[str, str], ...] = ()
    """Contracted endings after an apostrophe and their words."""
    possessive_ending: str = ""
    contractions: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Whole contractions that no rule covers."""
    titles: frozenset[str] = frozenset()
    """Abbreviations whose full stop ends no sentence, and which a name follows."""
    name_cues: tuple[tuple[str, ...], ...] = ()
    """Words after which a capitalised word is a name."""
    acronyms: frozenset[str] = frozenset()
    """Words that mean something else in capitals (`US`, `IT`)."""
    symbols: Mapping[str, str] = field(default_factory=dict)
    """Symbols and the words that they are read as."""
    units: Mapping[str, int] = field(default_factory=dict)
    """Number words below a hundred."""
    scales: Mapping[str, int] = field(default_factory=dict)
    """Hundred, thousand and so on."""
    ordinals: Mapping[int, str] = field(default_factory=dict)
    ordinal_endings: frozenset[str] = frozenset()
    """What follows the digits of an ordinal number, like `st` in `1st`."""
    and_words: frozenset[str] = frozenset()
    """Words inside a number, like `and` in `a hundred and five`."""
    time_word: str = ""
    """Word that is signed before a time of the day."""
    point_word: str = ""
    """Word between the whole and the decimals of a number."""


def grammar(spoken: str) -> Grammar:
    """The tables of a spoken language; empty ones for a language that nobody has filled yet."""
    if spoken == "en":
        from .english import ENGLISH

        return ENGLISH
    return Grammar()
