"""What a spoken language's words do in signing: the tables in `words/<code>.toml`, explained in `README.md` there."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, get_type_hints

from ..lexicon.schemas import suggest
from ..lexicon.toml_source import LexiconError, TomlSource

WORDS = Path(__file__).parent / "words"
USER_WORDS = "words"
"""Folder of the same tables in a user's dictionary."""

Set = frozenset[str]
Lists = Mapping[str, tuple[str, ...]]
Phrases = Mapping[tuple[str, ...], tuple[str, ...]]
Pairs = tuple[tuple[str, str], ...]
Ways = tuple[tuple[str, ...], ...]
Numbers = Mapping[str, int]


@dataclass(frozen=True)
class Grammar:
    """Small readable tables of one spoken language; all words in lower case."""

    clause_order: str = "svo"
    """Where subject, verb and object stand: `svo`, or `v2` (German: finite verb second, other verbs last)."""
    capital_nouns: bool = False
    """Whether all nouns are written with a capital, so that a capital tells no name."""
    articles: Set = frozenset()
    demonstratives: Set = frozenset()
    """Articles that point when no noun follows: `das ist gut`."""
    copula: Set = frozenset()
    infinitive: Set = frozenset()
    """The word before an infinitive, `to`."""
    imperatives: Set = frozenset()
    """Forms of the copula that order: `be careful`."""
    do_support: Set = frozenset()
    """Auxiliaries that only carry a question or a negation."""
    perfect: Set = frozenset()
    """Auxiliaries of a participle."""
    modals: Set = frozenset()
    auxiliaries: Set = frozenset()
    """Words that open a yes/no question when they stand first, modals and copula included."""
    small: Set = frozenset()
    """Words that signing can do without: signed when the dictionary has them, left out when not."""
    determiners: Set = frozenset()
    """Words that a noun follows."""
    quantifiers: Set = frozenset()
    prepositions: Set = frozenset()
    place_prepositions: Set = frozenset()
    indirect_prepositions: Set = frozenset()
    """Those before the one to whom something is given or said."""
    of_word: str = ""
    """The preposition that joins two noun phrases to one."""
    cent_word: str = ""
    """What the decimals of a sum of money are."""
    phone_words: Set = frozenset()
    """Words after which a number of three digits or more is a telephone number."""
    agent_word: str = ""
    """The preposition before who acts, after a participle: `seen by us`."""
    topic_openers: Ways = ()
    """Phrases that put a topic forward."""
    object_words: Set = frozenset()
    """Articles and the like whose form says that the noun is no subject: `den`, `einem`."""
    conjunctions: Set = frozenset()
    adverbs: Set = frozenset()
    particles: Set = frozenset()
    """Words at the end of a clause that colour it or ask, like 吗."""
    known: Set = frozenset()
    """Words that are only listed so that a text without spaces is cut at the right places."""
    classifiers: Set = frozenset()
    """Measure words between a number or the like and what is counted: 个."""
    question_words: Set = frozenset()
    negations: Set = frozenset()
    negative_infixes: Set = frozenset()
    """Letters inside or at the end of a verb that deny it: `miyor` in `sevmiyorum`."""
    negative_nouns: Set = frozenset()
    """Those of the negations that stand for a noun."""
    negative_determiners: Set = frozenset()
    """Those that stand before one."""
    openers: Set = frozenset()
    """Greetings and the like: a clause of these before a question is no part of it."""
    tag_questions: Set = frozenset()
    """Words that ask for consent after a comma."""
    conditionals: Set = frozenset()
    """Words that open a condition."""
    temporal: Set = frozenset()
    """Words that open a clause that says when."""
    asking: Set = frozenset()
    """Forms of verbs after which such a word opens no condition: `I asked if she comes`."""
    subordinators: Set = frozenset()
    """Words that open a clause of its own in the middle of a sentence."""
    relatives: Set = frozenset()
    subjects: Set = frozenset()
    """Words that can follow an auxiliary in a question."""
    clear_subjects: Set = frozenset()
    """Pronouns that can only be subjects, so that `do you` asks and `do it` doesn't."""
    existential: str = ""
    """Word that means no place before a verb that says that something is there: `there have`."""
    pronouns: Lists = field(default_factory=dict)
    """Pronouns with what they are: person 1, 2 or 3, then any of plural, subject, object, possessive, self, male,
    female, thing."""
    male: Set = frozenset()
    """Nouns that `he` can stand for."""
    female: Set = frozenset()
    either: Set = frozenset()
    """Nouns that `he` and `she` can stand for."""
    male_names: Set = frozenset()
    female_names: Set = frozenset()
    time_words: Set = frozenset()
    """Words that are a time by themselves."""
    time_units: Set = frozenset()
    """Nouns that are a time with one of `time_openers` before or `time_endings` after them."""
    time_openers: Set = frozenset()
    time_endings: Set = frozenset()
    time_prepositions: Set = frozenset()
    """Prepositions that only say that a time follows."""
    clock_openers: Set = frozenset()
    """Prepositions before a time of the day."""
    clock_words: Set = frozenset()
    """What follows the number of a time of the day."""
    compounds: Lists = field(default_factory=dict)
    """Words without a sign of their own that are signed by others in a row."""
    read_as: Phrases = field(default_factory=dict)
    """Phrases that mean something else than their words."""
    same_as: Lists = field(default_factory=dict)
    """Forms that are signed alike, in the order of preference."""
    possessive_before_noun: Mapping[str, str] = field(default_factory=dict)
    """Forms that are a possessive when a noun follows."""
    before_adjective: Mapping[str, str] = field(default_factory=dict)
    """Words that mean another one before an adjective: `too big` is `very big`."""
    keep_form: Set = frozenset()
    """Words whose lemma would mean something else."""
    in_capitals: Mapping[str, str] = field(default_factory=dict)
    """Words that mean another one when they have a capital inside a sentence: the polite `Sie`."""
    separable: Set = frozenset()
    """Particles at the end of a clause that belong to its verb: `an` in `ich rufe dich an`."""
    linking: Set = frozenset()
    """Letters between the parts of compound nouns; without any, compounds aren't taken apart."""
    before_infinitive: Mapping[str, str] = field(default_factory=dict)
    """Words that mean another one with an infinitive: `ich habe zu arbeiten` is `ich muss arbeiten`."""
    participles: Set = frozenset()
    participle_prefix: str = ""
    """What past participles begin with, perhaps after a separable particle: `ge`."""
    participle_endings: Set = frozenset()
    infinitive_endings: Set = frozenset()
    """Endings of the base forms of verbs."""
    after_subject: Mapping[str, str] = field(default_factory=dict)
    """Pronouns that mean another one after a subject: `ihr` is *to her* in `er gibt ihr ein Buch`."""
    verb_endings: Set = frozenset()
    """Endings that no adjective takes, so that `closes` isn't `close`."""
    before_verbs: Set = frozenset()
    """Words that a verb follows."""
    plural_ending: str = ""
    irregular_plurals: Set = frozenset()
    weather: Set = frozenset()
    """Verbs whose subject is nobody (`it rains`)."""
    suffixes: Lists = field(default_factory=dict)
    """Endings that tell what a word is which no table has: noun, verb, adjective, adverb."""
    comparative_ending: str = ""
    superlative_ending: str = ""
    elided: Mapping[str, str] = field(default_factory=dict)
    """What stands before an apostrophe that parts two words, and the word that it is: `l'école`, `dov'è`."""
    endings: Pairs = ()
    """Contracted endings after an apostrophe and their words."""
    possessive_ending: str = ""
    contractions: Lists = field(default_factory=dict)
    """Whole contractions that no rule covers."""
    titles: Set = frozenset()
    """Abbreviations whose full stop ends no sentence, and which a name follows."""
    name_cues: Ways = ()
    """Words after which a capitalised word is a name."""
    acronyms: Set = frozenset()
    """Words that mean something else in capitals (`US`, `IT`)."""
    symbols: Mapping[str, str] = field(default_factory=dict)
    """Symbols and the words that they are read as."""
    years_in_digits: bool = False
    """Whether the digits of a year are read one by one, and not in pairs."""
    units: Numbers = field(default_factory=dict)
    """Number words below a hundred."""
    scales: Numbers = field(default_factory=dict)
    """Hundred, thousand and so on."""
    number_pieces: Mapping[str, str] = field(default_factory=dict)
    """Forms of number words inside of others and what they are alone; without any, number words aren't taken apart."""
    ordinals: Numbers = field(default_factory=dict)
    ordinal_endings: Set = frozenset()
    """What follows the digits of an ordinal number, like `st` in `1st`."""
    and_words: Set = frozenset()
    """Words inside a number, like `and` in `a hundred and five`."""
    time_word: str = ""
    """Word that is signed before a time of the day."""
    group_marks: str = ","
    """Marks between the thousands of a number; if not commas, then a comma comes before the decimals."""
    after_numbers: Set = frozenset()
    """Words that mean what their sign does only after a number: 号 is a day in 5号."""
    after_ordinals: Set = frozenset()
    """Words before which digits with a full stop are an ordinal number: `3. Mai`."""
    point_word: str = ""
    """Word between the whole and the decimals of a number."""

    @property
    def omitted(self) -> Set:
        """Words that carry no meaning of their own; between the words of a dictionary entry they may stand."""
        return self.articles | self.copula | self.infinitive


def grammar(spoken: str, user_folder: str = "") -> Grammar:
    """The tables of a spoken language with the user's changes to them; empty ones for a language that has none.

    Raises `LexiconError` for a mistake in a table.
    """
    user = Path(user_folder, USER_WORDS, f"{spoken}.toml") if user_folder else None
    return _grammar(spoken, user, user.stat().st_mtime_ns if user and user.is_file() else 0)


@lru_cache(maxsize=16)
def _grammar(spoken: str, user: Path | None, stamp: int) -> Grammar:
    values: dict[str, Any] = {}
    embedded = WORDS / f"{spoken}.toml"
    for path in (embedded, *([user] if user and stamp else [])):
        if path.is_file():
            _merge(values, TomlSource.read(path))
    return Grammar(**values)


_TYPES = {f.name: get_type_hints(Grammar)[f.name] for f in dataclasses.fields(Grammar)}
_TABLES = (Lists, Phrases, Pairs, Mapping[str, str])


def _merge(values: dict[str, Any], source: TomlSource) -> None:
    """Add a file's tables to the values of a grammar's fields."""
    for name, value in source.data.items():
        if name in _TYPES:
            _merge_field(values, name, value, source, ())
        elif isinstance(value, dict):  # a heading that only groups fields
            for key, inner in value.items():
                if key not in _TYPES:
                    hint = suggest(key, _TYPES)
                    raise LexiconError(f"There is no table {key!r}.", source.path, source.line_of(name, (key,)), hint)
                _merge_field(values, key, inner, source, (name,))
        else:
            raise LexiconError(f"There is no table {name!r}.", source.path, hint=suggest(name, _TYPES))


def _merge_field(values: dict[str, Any], name: str, value: Any, source: TomlSource, group: tuple[str, ...]) -> None:
    kind, before = _TYPES[name], values.get(name)
    wanted_type = dict if kind in _TABLES else {Ways: list, bool: bool}.get(kind, str)
    if not isinstance(value, wanted_type):
        wanted = {dict: "a table", list: "a list of strings", bool: "true or false", str: "one string"}[wanted_type]
        raise LexiconError(f"{name} must be {wanted}.", source.path, source.line_of((group or (name,))[0]))
    try:
        values[name] = _merged(kind, before, value)
    except ValueError as e:
        raise LexiconError(f"{name}: {e}.", source.path, source.line_of((group or (name,))[0])) from e


def _merged(kind: Any, before: Any, value: Any) -> Any:
    """A field's value with what a file says on top; words after a minus and empty entries are taken out."""
    if kind in (str, bool):
        return value
    if kind == Set:
        words = value.split()
        removed = {w for w in words if w.startswith("-")}
        return ((before or frozenset()) | set(words) - removed) - {w[1:] for w in removed}
    if kind == Ways:
        return (*(before or ()), *(tuple(cue.split()) for cue in value))
    if kind == Numbers:
        pairs = (entry.rsplit("=", 1) for entry in value.split())
        return {**(before or {}), **{word: int(number) for word, number in pairs}}
    entries: dict[Any, Any] = dict(before or {})
    for key, text in value.items():
        words = str(text).split()
        entry_key = tuple(key.split()) if kind == Phrases else key
        if words:
            entries[entry_key] = tuple(words) if kind in (Lists, Phrases) else " ".join(words)
        else:
            entries.pop(entry_key, None)
    return tuple(entries.items()) if kind == Pairs else entries
