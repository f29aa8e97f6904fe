"""A mistake in a sign file is reported with its file, its line, and how to mend it."""

from __future__ import annotations

from pathlib import Path

import pytest

from engine.lexicon.loader import LexiconError, load_language
from engine.lexicon.toml_source import TomlSource

GOOD = """# a user's own signs

[WAVE]
words = ["wave"]
hands = "one"
postures = [
  # first high, with a brace in the comment: {
  { shape = "5", at = "neutral", palm = "forward", fingers = "up" },
  { at = "chin", touch = "palm", offset = [0, 2, 0], palm = "back", hold = 0.2 },
]
nonmanual = { face = { smile = 0.5 }, head = "nod" }
description = "A hand, waving: palm forward [then back]."
reviewed_by = ""

[TAP]
words = ["tap"]
hands = "base"
postures = [{ shape = "1", at = "other.palm", touch = "index_tip", palm = "down", fingers = "forward" }]
base = [{ shape = "flat", at = "centre", palm = "up", fingers = "forward" }]
description = "An index finger on a palm."
reviewed_by = ""
"""


def folder(tmp_path: Path, text: str, name: str = "mine.toml") -> Path:
    (tmp_path / "asl").mkdir(exist_ok=True)
    (tmp_path / "asl" / name).write_text(text, encoding="utf-8")
    return tmp_path


def error(tmp_path: Path, text: str) -> LexiconError:
    lexicon = load_language("ASL", [folder(tmp_path, text)])
    assert "HELLO" in lexicon.signs, "a mistake of the user's must not take the embedded signs away"
    (problem,) = lexicon.problems
    assert problem.file == tmp_path / "asl" / "mine.toml"
    return problem


def line_with(text: str, part: str) -> int:
    return next(i for i, line in enumerate(text.splitlines(), 1) if part in line)


def test_a_good_file_loads(tmp_path):
    signs = load_language("ASL", [folder(tmp_path, GOOD)]).signs
    assert signs["WAVE"].postures[1].offset == (0.0, 2.0, 0.0)
    assert signs["TAP"].line == line_with(GOOD, "[TAP]")
    assert "HELLO" in signs


def test_a_users_sign_replaces_the_embedded_one(tmp_path):
    root = folder(tmp_path, GOOD.replace("[WAVE]", "[HELLO]"))
    assert load_language("ASL", [root]).signs["HELLO"].words == ("wave",)


def test_a_users_handshape_can_build_on_an_embedded_one(tmp_path):
    (tmp_path / "handshapes.toml").write_text('[mine]\ndescription = "bent five"\nlike = "5"\nindex = [40, 0, 0, 5]\n')
    root = folder(tmp_path, GOOD.replace('shape = "5"', 'shape = "mine"'))
    lexicon = load_language("ASL", [root])
    assert lexicon.handshapes["mine"].index.mcp == 40
    assert lexicon.handshapes["mine"].ring == lexicon.handshapes["5"].ring


@pytest.mark.parametrize(
    ("good", "bad", "says"),
    [
        ('shape = "5"', 'shape = "5_clow"', "'5_claw'"),
        ('at = "chin"', 'at = "chinn"', "'chin'"),
        ('touch = "palm"', 'touch = "plam"', "'palm'"),
        ('at = "other.palm"', 'at = "other.plm"', "'other.palm'"),
        ('palm = "back"', 'palm = "bakc"', "'back'"),
        ('palm = "back"', 'palm = "up-down"', "contradicts itself"),
        ('palm = "back"', 'palm = "up"', "along one line"),
        ('palm = "back"', 'plam = "back"', "'palm'"),
        ("hold = 0.2", "hold = 20", "20"),
        ("hold = 0.2", 'hold = "long"', "number"),
        ("offset = [0, 2, 0]", "offset = [0, 2]", "3 items"),
        ("smile = 0.5", "smil = 0.5", "'smile'"),
        ('head = "nod"', 'head = "nodd"', "'nod'"),
        ('hands = "base"', 'hands = "both"', "'symmetric'"),
        ('hands = "one"', 'hands = "base"', "Add base"),
        ('words = ["tap"]', "words = []", "at least 1"),
        ('description = "An index finger on a palm."', 'descriptoin = "An index finger on a palm."', "'description'"),
        ('base = [{ shape = "flat", ', "base = [{ ", "no shape"),
        ("[TAP]", "[tap]", "capitals"),
    ],
)
def test_a_mistake_is_reported_where_it_stands(tmp_path, good, bad, says):
    text = GOOD.replace(good, bad, 1)
    assert text != GOOD
    caught = error(tmp_path, text)
    assert caught.line == line_with(text, bad)
    assert says in str(caught)
    assert f"mine.toml, line {caught.line}" in str(caught)


def test_base_postures_without_a_base_hand_are_reported(tmp_path):
    caught = error(tmp_path, GOOD.replace('hands = "base"', 'hands = "symmetric"'))
    assert "base has no meaning" in str(caught)
    assert caught.line == line_with(GOOD, "base = [")


def test_a_missing_field_is_reported_at_its_record(tmp_path):
    caught = error(tmp_path, GOOD.replace('words = ["tap"]\n', ""))
    assert "TAP: words is missing" in str(caught)
    assert caught.line == line_with(GOOD, "[TAP]")


def test_base_postures_must_match_in_number(tmp_path):
    two = 'base = [{ shape = "flat", at = "centre", palm = "up", fingers = "forward" }, { palm = "up" }]'
    text = "\n".join(two if line.startswith("base") else line for line in GOOD.splitlines())
    assert "as many as postures" in str(error(tmp_path, text))


def test_broken_toml_names_its_line(tmp_path):
    text = GOOD.replace('hands = "one"', "hands = one")
    caught = error(tmp_path, text)
    assert caught.line == line_with(text, "hands = one")


def test_a_gloss_given_twice_in_one_file_is_an_error(tmp_path):
    caught = error(tmp_path, GOOD + GOOD.replace("[TAP]", "[TAP-2]"))
    assert "only one record" in str(caught)


def test_a_gloss_given_twice_in_two_files_names_both(tmp_path):
    folder(tmp_path, GOOD, "first.toml")
    caught = error(tmp_path, GOOD)
    assert "first.toml, line 3" in str(caught)
    assert "WAVE" in str(caught)


def test_a_file_that_is_not_text_is_an_error(tmp_path):
    root = folder(tmp_path, "")
    (root / "asl" / "mine.toml").write_bytes(b"\xff\xfe\x00[")
    (problem,) = load_language("ASL", [root]).problems
    assert "UTF-8" in str(problem)


def test_an_unknown_language_says_which_there_are():
    with pytest.raises(LexiconError, match="There are: ASL"):
        load_language("XYZ")


@pytest.mark.parametrize(
    ("record", "says", "line"),
    [
        ("index = [130, 0, 0]", "index.mcp is 130 degrees", 3),
        ('like = "55"', "no handshape '55'", 3),
        ('like = "mine"', "like itself", 3),
        ("index = [0, 0]", "index", 3),
        ("indx = [0, 0, 0]", "'index'", 3),
    ],
)
def test_handshapes_are_checked(tmp_path, record, says, line):
    (tmp_path / "handshapes.toml").write_text(f'[mine]\ndescription = "a hand of mine"\n{record}\n')
    (problem,) = load_language("ASL", [tmp_path]).problems
    assert says in str(problem)
    assert (problem.file.name, problem.line) == ("handshapes.toml", line)


def test_lines_are_found_inside_of_nested_values(tmp_path):
    path = tmp_path / "x.toml"
    path.write_text(GOOD, encoding="utf-8")
    source = TomlSource.read(path)
    assert source.line_of("WAVE", ("postures", 1, "hold")) == line_with(GOOD, "hold = 0.2")
    assert source.line_of("WAVE", ("nonmanual", "face", "smile")) == line_with(GOOD, "smile")
    assert source.line_of("WAVE", ("no", "such", "key")) == line_with(GOOD, "[WAVE]")
