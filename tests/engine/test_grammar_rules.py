"""The rules of each signed language do what their examples say, and a user can change them."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine import languages
from engine.generators.base import EngineError
from engine.gloss_line import format_line
from engine.lexicon.loader import load_language
from engine.lexicon.toml_source import LexiconError
from engine.text import plan_text
from engine.text.grammar import grammar
from engine.text.rules import has_rules, rules
from export.grammar_tables import DOCUMENT, document

CODES = [x.code for x in languages.LANGUAGES if has_rules(x.code)]
EXAMPLES = [(code, rule.name, *e) for code in CODES for rule in rules(code).rules for e in rule.examples]
LEXICA = {code: load_language(code) for code in CODES}


def line(text: str, code: str = "ASL", **more) -> str:
    return format_line(plan_text(text, languages.get(code), LEXICA[code], **more))


@pytest.mark.parametrize(("code", "rule", "text", "expected"), EXAMPLES, ids=[f"{e[0]} {e[1]}" for e in EXAMPLES])
def test_every_example_of_a_rule_holds(code: str, rule: str, text: str, expected: str) -> None:
    assert line(text, code) == expected


def test_every_rule_is_explained_and_has_an_example() -> None:
    for code in CODES:
        for rule in rules(code).rules:
            assert rule.about.endswith("."), (code, rule.name)
            assert rule.examples or rule.off, (code, rule.name)


def test_the_page_of_rules_is_up_to_date() -> None:
    assert DOCUMENT.read_text("utf-8") == document(), "Run `python -m export.grammar_tables`."


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("The man who lives in the house that burned saw her yesterday.", "YESTERDAY"),
        ("The cat that I found ran away yesterday.", "YESTERDAY"),
    ],
)
def test_an_unsure_clause_keeps_the_order_of_the_text(text: str, expected: str) -> None:
    assert line(text).split()[-1] == expected


def test_the_order_of_the_text_can_be_kept_and_face_and_head_stay() -> None:
    assert line("I saw a movie yesterday.", word_order="text") == "IX-1 SEE MOVIE YESTERDAY"
    assert line("Where do you live?", word_order="text") == "[WHERE IX-2 LIVE]wh"
    assert line("I will stay home if it rains.", word_order="text") == "IX-1 FUTURE STAY HOME , [IF RAIN]cond"


# ---------------------------------------------------------------- the user's own rules and words


def user_file(folder: Path, name: str, text: str) -> str:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return str(folder)


def test_a_user_switches_a_rule_off_by_its_name(tmp_path: Path) -> None:
    folder = user_file(tmp_path, "rules/asl.toml", '[[rules]]\nname = "time first"\noff = true\n')
    assert line("I saw a movie yesterday.", dictionary=folder) == "IX-1 SEE MOVIE YESTERDAY"


def test_a_user_changes_and_adds_rules(tmp_path: Path) -> None:
    folder = user_file(
        tmp_path,
        "rules/asl.toml",
        """
        [[rules]]
        name = "time first"
        to = "end"
        [[rules]]
        name = "verb last"
        order = "subject object verb time"
        """,
    )
    assert line("Yesterday I saw a movie.", dictionary=folder) == "IX-1 MOVIE SEE YESTERDAY"


def test_a_user_adds_and_takes_out_words(tmp_path: Path) -> None:
    text = 'small = "-of gadzooks"\n[same_as]\ndawg = "dog"\nmom = ""\n'
    folder = user_file(tmp_path, "words/en.toml", text)
    assert line("My dawg, gadzooks!", dictionary=folder) == "[POSS-1 DOG]excl"
    assert grammar("en", folder).small == (grammar("en").small | {"gadzooks"}) - {"of"}
    assert "mom" not in grammar("en", folder).same_as
    assert line("My dawg.") == "POSS-1 fs-DAWG"


def test_a_changed_file_is_read_again(tmp_path: Path) -> None:
    import os

    folder = user_file(tmp_path, "rules/asl.toml", '[[rules]]\nname = "time first"\noff = true\n')
    assert line("I slept yesterday.", dictionary=folder) == "IX-1 SLEEP YESTERDAY"
    user_file(tmp_path, "rules/asl.toml", '[[rules]]\nname = "time first"\noff = false\n')
    os.utime(tmp_path / "rules/asl.toml", (2e9, 2e9))
    assert line("I slept yesterday.", dictionary=folder) == "YESTERDAY IX-1 SLEEP"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[[rules]]\nabout = "x"\n', "no name"),
        ('[[rules]]\nname = "a"\nmove = "tme"\nto = "start"\n', "Did you mean 'time'?"),
        ('[[rules]]\nname = "a"\nmove = "time"\nto = "up"\n', "to can't be 'up'"),
        ('[[rules]]\nname = "a"\nmvoe = "time"\n', "Did you mean 'move'?"),
        ('[[rules]]\nname = "a"\n', "does nothing"),
        ('[[rules]]\nname = "a"\nmark = "neg"\nadd = "NOT"\nto = "end"\n', "at once"),
        ('[[rules]]\nname = "a"\nmark = "negg"\n', "Did you mean 'neg'?"),
        ('\n\n[[rules]]\nname = "a"\nmark = "negg"\n', "line 3"),
        ("[[rules]\n", "not valid TOML"),
        ('ten = "digits"\n', "Did you mean 'tens'?"),
    ],
)
def test_a_mistake_in_a_rule_names_file_line_and_remedy(tmp_path: Path, text: str, said: str) -> None:
    folder = user_file(tmp_path, "rules/asl.toml", text)
    with pytest.raises(LexiconError) as error:
        rules("ASL", folder)
    assert said in str(error.value)
    assert "asl.toml" in str(error.value)
    with pytest.raises(EngineError) as told:
        line("Hello.", dictionary=folder)
    assert (told.value.code, told.value.fix) == ("rules_damaged", "open_dictionary")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('artikles = "a"\n', "Did you mean 'articles'?"),
        ("articles = 3\n", "must be one string"),
        ('same_as = "a"\n', "must be a table"),
        ('units = "one=eins"\n', "eins"),
        ('[naming]\ntitels = "mr"\n', "Did you mean 'titles'?"),
    ],
)
def test_a_mistake_in_a_word_table_is_told(tmp_path: Path, text: str, said: str) -> None:
    folder = user_file(tmp_path, "words/en.toml", text)
    with pytest.raises(LexiconError) as error:
        grammar("en", folder)
    assert said in str(error.value)


@pytest.mark.parametrize(
    ("rule", "text", "expected"),
    [
        ('order = "noun adjective"\nof = "noun phrase"', "I have a big dog.", "IX-1 HAVE DOG BIG"),
        ('order = "noun adjective"\nof = "noun phrase"', "I have two big dogs.", "IX-1 HAVE #2 DOG BIG"),
        ('add = "FINISH"\nto = "end"\nif = "perfect"', "I have eaten.", "IX-1 EAT FINISH"),
        ('add = "FINISH"\nto = "after verb"\nif = "perfect"', "I have eaten an apple.", "IX-1 EAT FINISH APPLE"),
        ('add = "NO-SUCH-SIGN"\nto = "end"', "I eat.", "IX-1 EAT"),
        ('move = "negation"\nto = "end"', "I do not eat meat.", "[IX-1 EAT MEAT NOT]neg"),
        ('order = "object subject"', "I eat meat.", "MEAT IX-1 EAT"),
        ('leave_out = "modal"', "I can swim.", "IX-1 SWIM"),
        ('mark = "rh"\nif = "wh_question"', "Why?", "[WHY]wh,rh"),
        ('move = "object"\nto = "start"\nmark = "t"', "I eat meat.", "[MEAT]t / IX-1 EAT"),
        ('move = "time"\nto = "end"\nunless = "place"', "I work tomorrow.", "IX-1 WORK TOMORROW"),
    ],
)
def test_actions_of_rules(tmp_path: Path, rule: str, text: str, expected: str) -> None:
    folder = user_file(tmp_path, "rules/asl.toml", f'[[rules]]\nname = "mine"\n{rule}\n')
    assert line(text, dictionary=folder) == expected
