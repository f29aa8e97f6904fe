"""The grammar rules of a signed language: `rules/<code>.toml`, explained in `README.md` there."""

from __future__ import annotations

import dataclasses
import functools
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from ..gloss import MARKS
from ..lexicon.schemas import suggest
from ..lexicon.toml_source import LexiconError, TomlSource

RULES = Path(__file__).parent / "rules"
USER_RULES = "rules"
"""Folder of the same files in a user's dictionary."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(text.split())


ROLES: Final = _words("""
opener conjunction topic time place subject modal negation verb object complement predicate adverb wh particle other
""")
"""What a part of a clause does in it."""
NOUN_PHRASE: Final = _words("determiner possessive number quantifier adjective noun name")
"""Words of a noun phrase that `order` with `of = "noun phrase"` can name."""
KINDS: Final = _words("statement yes_no_question wh_question command exclamation")
FACTS: Final = _words("""
negated condition time_clause tag_question wh_subject perfect plural comparative superlative name clock
""")
TAGS: Final = _words("""
article copula infinitive auxiliary modal empty small and relative conjunction classifier particle time_preposition
""")
POINTS: Final = _words("pronoun possessive owner name verb")
_OF: Final = ("clause", "noun phrase", "sentence")
_SENTENCE_PARTS: Final = ("condition", "time_clause")
_ACTIONS: Final = ("leave_out", "move", "order", "add", "replace", "repeat", "mark", "point")


@dataclass(frozen=True)
class Rule:
    """One rule: an action, where it holds, and examples of it."""

    name: str
    about: str = ""
    examples: tuple[tuple[str, str], ...] = ()
    """Texts with their gloss lines."""
    off: bool = False
    when: tuple[str, ...] = ()
    """What must hold of the clause: kinds, facts, roles that are there (`if` in the file)."""
    unless: tuple[str, ...] = ()
    """What must not."""
    leave_out: tuple[str, ...] = ()
    if_unsigned: bool = False
    """Leave out only what would have to be spelled."""
    move: tuple[str, ...] = ()
    order: tuple[str, ...] = ()
    of: str = "clause"
    add: str = ""
    to: str = ""
    """`start`, `end`, `before X` or `after X`."""
    replace: str = ""
    by: str = ""
    repeat: str = ""
    mark: str = ""
    point: str = ""

    @property
    def reorders(self) -> bool:
        """Whether it changes the order of words, which a user can switch off altogether."""
        return bool(self.move or self.order)


@dataclass(frozen=True)
class Rules:
    """All rules of a signed language in the order in which they are applied."""

    rules: tuple[Rule, ...] = ()
    tens: str = "digits"
    """How numbers from 21 on are put together when they have no sign: `digits`, `tens ones` (20 5), `ones tens` (5 20),
    `ones ten ones` (2 10 5)."""

    def active(self, action: str) -> tuple[Rule, ...]:
        """Rules with that action that are not switched off."""
        return tuple(r for r in self.rules if getattr(r, action) and not r.off)

    def points(self, what: str) -> bool:
        """Whether a pointing rule is on."""
        return any(r.point == what for r in self.active("point"))


def rules(code: str, user_folder: str = "") -> Rules:
    """The rules of a signed language with the user's changes; the general ones when nobody wrote any for it.

    Raises `LexiconError` for a mistake.
    """
    user = Path(user_folder, USER_RULES, f"{code.lower()}.toml") if user_folder else None
    return _rules(code.lower(), user, user.stat().st_mtime_ns if user and user.is_file() else 0)


def has_rules(code: str) -> bool:
    """Whether somebody wrote rules for a signed language."""
    return (RULES / f"{code.lower()}.toml").is_file()


@functools.lru_cache(maxsize=16)
def _rules(code: str, user: Path | None, stamp: int) -> Rules:
    embedded = RULES / f"{code}.toml"
    result = _read(embedded if embedded.is_file() else RULES / "_general.toml", Rules())
    return _read(user, result) if user and stamp else result


def _read(path: Path, before: Rules) -> Rules:
    """A file's rules on top of others: one with the name of an earlier rule changes it where it stands."""
    source = TomlSource.read(path)
    settings = {k: v for k, v in source.data.items() if k != "rules"}
    known = [f.name for f in dataclasses.fields(Rules) if f.name != "rules"]
    for name in settings:
        if name not in known:
            raise LexiconError(f"There is no setting {name!r}.", path, hint=suggest(name, [*known, "rules"]))
    by_name = {rule.name: rule for rule in before.rules}
    for number, record in enumerate(source.data.get("rules", ())):
        rule = _rule(record, by_name, source, _line(source, number))
        by_name[rule.name] = rule
    return dataclasses.replace(before, rules=tuple(by_name.values()), **settings)


def _line(source: TomlSource, number: int) -> int:
    lines = [i for i, line in enumerate(source.text.splitlines(), 1) if line.replace(" ", "") == "[[rules]]"]
    return lines[number] if number < len(lines) else 0


def _rule(record: dict[str, Any], known: dict[str, Rule], source: TomlSource, line: int) -> Rule:
    name = record.get("name")

    def fail(message: str, hint: str = "") -> None:
        raise LexiconError(f"{name}: {message}" if name else message, source.path, line, hint)

    if not isinstance(name, str) or not name:
        fail("A rule has no name.", 'Add name = "...".')
    values: dict[str, Any] = {}
    fields = {f.name: f for f in dataclasses.fields(Rule)}
    for key, value in record.items():
        field = "when" if key == "if" else key
        if field not in fields or key == "when":
            fail(f"there is no entry {key!r}.", suggest(key, [*(set(fields) - {"when"}), "if"]))
        if field == "examples":
            if not all(isinstance(e, list) and len(e) == 2 for e in value):
                fail("an example is a text and its gloss line.", 'Write examples = [["text", "GLOSS LINE"]].')
            values[field] = tuple((str(a), str(b)) for a, b in value)
        elif isinstance(fields[field].default, bool):
            values[field] = bool(value)
        elif not isinstance(value, str):
            fail(f"{key} must be one string.")
        else:
            words = tuple(value.split())
            values[field] = words if isinstance(fields[field].default, tuple) else " ".join(words)
    rule = dataclasses.replace(known.get(str(name), Rule(str(name))), **values)
    _check(rule, fail)
    return rule


def _check(rule: Rule, fail: Any) -> None:
    actions = [a for a in _ACTIONS if getattr(rule, a)]
    if len(actions) > 1 and actions != ["move", "mark"]:
        fail(f"it does {' and '.join(actions)} at once.", "Make a rule of each.")
    if not actions:
        fail("it does nothing.", f"Give it one of: {', '.join(_ACTIONS)}.")
    if rule.of not in _OF:
        fail(f"of can't be {rule.of!r}.", suggest(rule.of, _OF))
    words = NOUN_PHRASE if rule.of == "noun phrase" else _SENTENCE_PARTS if rule.of == "sentence" else ROLES
    conditions = [*KINDS, *FACTS, *ROLES]
    for key, known in {
        "leave_out": TAGS, "move": words, "order": words, "when": conditions, "unless": conditions
    }.items():  # fmt: skip
        for word in getattr(rule, key):
            if word not in known:
                fail(f"{key.replace('when', 'if')} can't be {word!r}.", suggest(word, known))
    for key, known in {"mark": MARKS, "point": POINTS, "replace": FACTS, "repeat": FACTS}.items():
        value = getattr(rule, key)
        if value and value not in known:
            fail(f"{key} can't be {value!r}.", suggest(value, known))
    if (rule.move or rule.add) and not _is_place(rule.to):
        fail(f"to can't be {rule.to!r}.", "It is start, end, before X or after X, where X is a part of the clause.")
    if rule.replace and not rule.by:
        fail("what is replaced needs by = a gloss.")


def _is_place(to: str) -> bool:
    side, _, what = to.partition(" ")
    return to in ("start", "end") or (side in ("before", "after") and what in (*ROLES, *NOUN_PHRASE, *FACTS))
