"""From a request to what is signed: `plan`, edited gloss lines, the user's own signs, languages with letters only."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from plain_addon import addon_module
from recordings import recording

from engine import languages, requests
from engine.dictionary import library
from engine.generators import registry
from engine.generators.base import EngineError, GenerateRequest
from engine.lexicon.loader import Lexicon
from engine.take import Take


def ask(kind: str, **message: Any) -> dict[str, Any]:
    return requests.handler(kind)(message, lambda *told: None)


def generate(**fields: Any) -> Take:
    return registry.get("dictionary").generate(GenerateRequest.from_message(fields), lambda *told: None)


def test_plan_answers_with_line_items_and_choices() -> None:
    answer = ask("plan", text="The wind is cold.")
    assert answer["gloss_line"] == "WIND COLD"
    wind, cold = answer["items"]
    assert (wind["gloss"], wind["kind"], wind["text_span"], wind["choices"]) == ("WIND", "sign", [4, 8], [])
    assert cold["choices"][0]["gloss"] == "COLD"
    assert all(c["sense"] and c["description"] for c in cold["choices"])
    assert answer["warnings"] == []
    json.dumps(answer)


def test_the_items_stand_in_the_line_as_they_are_told() -> None:
    answer = ask("plan", text="Do you give Anna the books on Monday at 10:30, or not?")
    at = 0
    for item in answer["items"]:
        at = answer["gloss_line"].index(item["gloss"], at) + len(item["gloss"])


@pytest.mark.parametrize("typed", ["hello book", "HELLO,BOOK", "[HELLO]q/BOOK", "fs-ann,[fs-Bo]q"])
def test_every_item_of_a_loosely_written_line_has_its_place_in_the_line_of_the_answer(typed: str) -> None:
    tokens = addon_module("features.gloss.tokens")
    answer = ask("plan", text="", gloss=typed)
    glosses = [item["gloss"] for item in answer["items"]]
    assert len(glosses) == 2
    assert [answer["gloss_line"][slice(*span)] for span in tokens.spans(answer["gloss_line"], glosses)] == glosses


def test_a_choice_of_a_directional_sign_keeps_its_places() -> None:
    items = ask("plan", text="I call you.")["items"]
    called = next(i for i in items if i["choices"])
    assert called["gloss"] in [c["gloss"] for c in called["choices"]]
    assert called["gloss"].endswith("-2")


def test_plan_reads_the_line_that_the_user_wrote() -> None:
    answer = ask("plan", text="The wind is cold.", gloss="[cold WIND]q")
    assert answer["gloss_line"] == "[COLD WIND]q"
    assert [i["text_span"] for i in answer["items"]] == [[12, 16], [4, 8]]
    with pytest.raises(EngineError) as error:
        ask("plan", text="The wind is cold.", gloss="WNID")
    assert (error.value.code, error.value.fix) == ("gloss_line", "edit_text")


def test_plan_keeps_the_order_of_the_text_when_asked() -> None:
    assert ask("plan", text="Where do you live?", word_order="text")["gloss_line"] == "[WHERE IX-2 LIVE]wh"


def test_a_gloss_line_needs_no_text_and_a_text_beside_it_is_a_caption_only() -> None:
    assert ask("plan", text="", gloss="HELLO")["gloss_line"] == "HELLO"
    assert ask("plan", text="🚀", gloss="HELLO")["gloss_line"] == "HELLO"
    take = generate(text="", gloss="HELLO")
    assert (take.text, take.name, take.settings["gloss_line"]) == ("", "HELLO", "HELLO")
    with pytest.raises(EngineError, match="empty"):
        ask("plan", text="", gloss=" ")


def test_generate_tells_the_line(tmp_path: Path) -> None:
    answer = ask("generate", text="Hello.", output=str(tmp_path / "x.npz"))
    assert answer["gloss_line"] == "HELLO"
    assert Take.load(tmp_path / "x.npz").settings["gloss_line"] == "HELLO"


def test_a_take_made_again_from_its_line_is_the_same() -> None:
    first = generate(text="I give you a book.", seed=3)
    again = generate(text="I give you a book.", seed=3, gloss=first.settings["gloss_line"])
    assert again.segments == first.segments
    assert (again.sequence.poses == first.sequence.poses).all()


# ---------------------------------------------------------------- the user's own signs

WRITTEN = """
[HELLO]
words = ["hello"]
hands = "one"
postures = [{ shape = "B", at = "forehead_side", touch = "fingertips", palm = "down", fingers = "in-up" }]
description = "My own hello."
reviewed_by = ""
author = "Me"
licence = "CC0-1.0"
"""


def own_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "mine"
    (folder / "asl").mkdir(parents=True)
    (folder / "asl" / "mine.toml").write_text(WRITTEN, encoding="utf-8")
    return folder


def test_own_signs_win_and_say_where_they_came_from(tmp_path: Path) -> None:
    folder = own_folder(tmp_path)
    motion = tmp_path / "recording.npz"
    recording(motion)
    added = {"gloss": "GADZOOKS", "motion": str(motion), "author": "Ann", "licence": "CC-BY-4.0"}
    ask("sign_add", language="ASL", dictionary=str(folder), **added)
    hello, gadzooks, _ = generate(text="Hello gadzooks friend", dictionary=str(folder)).segments
    assert (hello.origin, hello.source, hello.author) == ("user", "asl/HELLO", "Me")
    assert (gadzooks.origin, gadzooks.source) == ("user", "asl/GADZOOKS")
    assert (gadzooks.author, gadzooks.licence, gadzooks.fit_residual) == ("Ann", "CC-BY-4.0", None)
    assert generate(text="Hello").segments[0].origin == "dictionary"


def test_a_mistake_in_an_own_file_is_a_warning(tmp_path: Path) -> None:
    folder = own_folder(tmp_path)
    (folder / "asl" / "wrong.toml").write_text("[HELLO-2]\nwords = 3\n", encoding="utf-8")
    answer = ask("plan", text="Hello", dictionary=str(folder))
    assert answer["gloss_line"] == "HELLO"
    assert "wrong.toml" in answer["warnings"][0]


def test_an_own_rule_with_a_mistake_is_an_error_that_opens_the_dictionary(tmp_path: Path) -> None:
    folder = own_folder(tmp_path)
    (folder / "rules").mkdir()
    (folder / "rules" / "asl.toml").write_text('[[rules]]\nname = "x"\nmark = "y"\n', encoding="utf-8")
    with pytest.raises(EngineError) as error:
        ask("plan", text="Hello", dictionary=str(folder))
    assert error.value.fix == "open_dictionary"


# ---------------------------------------------------------------- letters only


@pytest.mark.parametrize(
    ("code", "text", "line"),
    [
        ("LSF-CH", "Bonjour Élise", "fs-BONJOUR fs-ELISE"),
        ("LSA", "Hola, Muñoz", "fs-HOLA , fs-MUÑOZ"),
        ("TSL", "iyi Işık", "fs-İYİ fs-IŞIK"),
        ("KSL", "안녕", "fs-ㅇㅏㄴㄴㅕㅇ"),
        ("DSGS", "Schöne Grüße", "fs-SCHÖNE fs-GRÜSSE"),
    ],
)
def test_a_language_with_letters_only_spells_and_says_so(code: str, text: str, line: str) -> None:
    answer = ask("plan", text=text, language=code)
    assert answer["gloss_line"] == line
    assert "only the letters" in answer["warnings"][0]


def test_a_language_with_nothing_names_those_that_have_something(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(library, "load", lambda code, folder: Lexicon(code, {}, {}))
    monkeypatch.setattr(languages, "DATA_FOLDER", tmp_path)
    with pytest.raises(EngineError) as error:
        ask("plan", text="Hello", language="KSL")
    assert (error.value.code, error.value.fix) == ("no_language_data", "choose_language")
