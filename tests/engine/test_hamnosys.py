"""HamNoSys and SiGML: samples written from the published notation, what becomes of them, and meaningless strings."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from engine import requests
from engine.dictionary import library
from engine.dictionary.toml_writer import sign_text
from engine.formats.hamnosys_hands import handshape
from engine.formats.hamnosys_sign import Notated, notated
from engine.formats.hamnosys_symbols import all_symbols, symbol, symbols_of
from engine.formats.notation import coverage, read_notation
from engine.formats.sigml import read_sigml
from engine.generators import registry
from engine.generators.base import EngineError, GenerateRequest
from engine.lexicon.checks import check_sign
from engine.lexicon.handshapes import limit_violations
from engine.lexicon.schemas import validate
from engine.lexicon.toml_source import TomlSource

KNOWN = library.embedded("ASL").handshapes

SAMPLES = {
    # one hand, movement
    "UP": "flathand extfingero palmd moveu",
    "SMALL-RIGHT": "fist extfingero palml mover smallmod",
    "LARGE-OUT": "finger2 extfingeru palml moveo largemod",
    "ARC": "flathand extfingero palmu mover arcu",
    "DIAGONAL": "flathand extfingeruo palmd movedl",
    "ZIGZAG": "finger2 extfingero palmd moved zigzag",
    "CIRCLE": "finger2 extfingero palmd circleo clocku",
    "CIRCLE-SIDE": "flathand extfingero palml circler",
    "SLOW-THEN-FAST": "fist extfingeru palml moveo slow movei fast",
    # wrist, fingers
    "NOD": "fist thumbacrossmod extfingero palmd nodding repeatfromstart",
    "WIGGLE": "finger2345 thumboutmod extfingero palmd fingerplay",
    "TWIST": "finger2345 thumboutmod extfingeru palml twisting repeatfromstartseveral",
    "SWING": "flathand extfingerd palmd swinging",
    # places on the body
    "CHIN": "flathand extfingeru palmu chin touch moveo",
    "FOREHEAD-SIDE": "finger2 extfingerul palml forehead lrat touch",
    "LEFT-SHOULDER": "flathand extfingerl palmd lrat shoulders touch",
    "BESIDE-HEAD": "finger23spread extfingeru palml head lrbeside fingerplay",
    "NEAR-NOSE": "pinch12 extfingeru palml nose close",
    "CHEST-POINT": "finger2345 thumboutmod extfingerl palmr middlefinger fingertip chest touch moveu brushing",
    "ARM": "finger23 extfingerl palmd lowerarm touch repeatfromstart",
    # change of the hand
    "OPEN": "pinchall extfingeru palmd parbegin moveo replace finger2345 thumboutmod parend",
    "TURN": "flathand extfingero palmu replace extfingero palmd",
    "SEQUENCE": "flathand extfingero palmd seqbegin moveu mover moved seqend",
    "AND-BACK": "fist extfingero palmd mover repeatreverse",
    "ON-AND-ON": "flathand extfingero palml moveo arcu repeatcontinueseveral",
    # two hands
    "MIRROR": "symmlr flathand extfingeruo palml mover",
    "PARALLEL": "symmpar flathand extfingero palml mover",
    "BOTH-UP": "symmpar fist extfingero palmd moveu",
    "IN-TURN": "symmlr fist extfingero palml alternatingmotion moveo repeatfromstart",
    "CLAP": "symmlr flathand extfingeruo palml palm touch",
    "ON-PALM": (
        "parbegin finger2 plus flathand thumboutmod parend parbegin extfingerd palmd plus extfingerol palmu parend "
        "parbegin indexfinger fingertip plus palm parend touch chest close moved repeatfromstart"
    ),
    "DIFFERENT": (
        "parbegin fist plus flathand parend parbegin extfingeru palml plus extfingeror palmd parend "
        "parbegin moveu plus moved parend"
    ),
    "BETWEEN": "finger2 extfingeru between extfingerul palml between palmd movel",
}
"""Symbols by name, `ham` left out. Written for these tests."""


def read(text: str) -> Notated:
    return notated([symbol(f"ham{name}") for name in text.split()], KNOWN)


def checked(found: Notated) -> dict[str, Any]:
    """The sign's record, after it has passed all that the dictionary demands."""
    record = {"words": ["x"], "description": "a sign of a test", "reviewed_by": "", **found.record}
    text = sign_text("X", record)
    source = TomlSource(Path("x.toml"), text, tomllib.loads(text))
    validate(source, "sign", depth=1)
    check_sign(source, "X", source.data["X"], {**KNOWN, **found.handshapes})
    for shape in found.handshapes.values():
        assert not limit_violations(shape)
    return source.data["X"]


# ---------------------------------------------------------------- symbols


def test_the_table_has_every_symbol_once() -> None:
    table = all_symbols()
    assert len(table) == len(set(table.values())) == 201
    assert (table["hamfist"], table["hamextfingeru"], table["hammoveu"]) == ("\ue000", "\ue020", "\ue080")
    assert (table["hamtouch"], table["hamsymmlr"], table["hampalmul"]) == ("\ue0d1", "\ue0e9", "\ue03f")


def test_characters_and_names_say_the_same() -> None:
    table = all_symbols()
    text = " ".join(table[f"ham{name}"] for name in SAMPLES["CHIN"].split())
    assert notated(symbols_of(text), KNOWN) == read(SAMPLES["CHIN"])


# ---------------------------------------------------------------- samples


@pytest.mark.parametrize("name", SAMPLES)
def test_a_sample_is_understood_whole_and_makes_a_sign_that_can_be_stored(name: str) -> None:
    found = read(SAMPLES[name])
    assert found.unread == []
    checked(found)


def postures(name: str) -> list[dict[str, Any]]:
    """Postures with everything that they take from the one before."""
    state: dict[str, Any] = {}
    result = []
    for posture in checked(read(SAMPLES[name]))["postures"]:
        state = {k: v for k, v in state.items() if k in ("shape", "at", "touch", "palm", "fingers")} | posture
        result.append(dict(state))
    return result


@pytest.mark.parametrize(
    ("name", "offset"),
    [("UP", [0, 13, 0]), ("LARGE-OUT", [0, 0, 23.4]), ("DIAGONAL", [-9.2, -9.2, 0])],
)
def test_movements_go_where_they_point(name: str, offset: list[float]) -> None:
    assert postures(name)[-1]["offset"] == pytest.approx(offset, abs=0.1)


def test_small_and_large_movements_differ() -> None:
    small, large = postures("SMALL-RIGHT")[-1]["offset"][0], postures("LARGE-OUT")[-1]["offset"][2]
    assert small < 8 < 20 < large


@pytest.mark.parametrize(
    ("name", "path", "bulge"),
    [
        ("ARC", "arc", "up"),
        ("ZIGZAG", "zigzag", "out"),
        ("CIRCLE", "circle", "out down"),
        ("CIRCLE-SIDE", "circle", "back down"),
    ],
)
def test_paths(name: str, path: str, bulge: str) -> None:
    assert (postures(name)[-1]["path"], postures(name)[-1]["bulge"]) == (path, bulge)


@pytest.mark.parametrize(
    ("name", "local"), [("NOD", "nod"), ("WIGGLE", "wiggle"), ("TWIST", "twist"), ("SWING", "shake")]
)
def test_movements_inside_the_hand(name: str, local: str) -> None:
    assert postures(name)[-1]["local"] == local


@pytest.mark.parametrize(
    ("name", "at", "touch"),
    [
        ("CHIN", "chin", "fingertips"),
        ("FOREHEAD-SIDE", "forehead_side", "index_tip"),
        ("LEFT-SHOULDER", "shoulder_other", "fingertips"),
        ("CHEST-POINT", "chest", "middle_tip"),
        ("ARM", "other.forearm", "fingertips"),
        ("ON-PALM", "other.palm", "index_tip"),
        ("CLAP", "centre", "palm"),
    ],
)
def test_places_and_contacts(name: str, at: str, touch: str) -> None:
    assert (postures(name)[0]["at"], postures(name)[0]["touch"]) == (at, touch)


def test_a_place_that_is_not_touched_is_kept_away_from() -> None:
    assert postures("NEAR-NOSE")[0]["at"] == "nose" and postures("NEAR-NOSE")[0]["offset"][2] > 1
    assert postures("BESIDE-HEAD")[0]["at"] == "beside_head"


@pytest.mark.parametrize(
    ("fingers", "palm", "words"),
    [
        ("o", "d", ("forward", "down")),
        ("o", "l", ("forward", "in")),
        ("u", "l", ("up", "in")),
        ("u", "u", ("up", "back")),
        ("u", "d", ("up", "forward")),
        ("l", "d", ("in", "down")),
        ("l", "l", ("in", "back")),
        ("d", "d", ("down", "back")),
        ("i", "u", ("back", "up")),
        ("ul", "d", ("up-in", "forward")),
    ],
)
def test_the_palm_turns_with_the_fingers(fingers: str, palm: str, words: tuple[str, str]) -> None:
    posture = read(f"flathand extfinger{fingers} palm{palm}").record["postures"][0]
    if fingers != "ul":
        assert (posture["fingers"], posture["palm"]) == words
    else:
        assert posture["fingers"] == words[0] and "forward" in posture["palm"]


def test_the_hand_opens_while_it_moves() -> None:
    first, last = postures("OPEN")[0], postures("OPEN")[-1]
    assert (first["shape"], last["shape"], last["offset"]) == ("O", "5", [0, 0, 13])


@pytest.mark.parametrize(
    ("name", "hands"),
    [
        ("MIRROR", "symmetric"),
        ("BOTH-UP", "symmetric"),
        ("PARALLEL", "base"),
        ("IN-TURN", "alternating"),
        ("CLAP", "symmetric"),
    ],
)
def test_two_hands(name: str, hands: str) -> None:
    assert checked(read(SAMPLES[name]))["hands"] == hands


def test_hands_side_by_side_move_the_same_way() -> None:
    record = checked(read(SAMPLES["PARALLEL"]))
    assert record["postures"][0]["palm"] == "in" and record["base"][0]["palm"] == "out"
    assert record["postures"][1]["offset"][0] > 0 > record["base"][1]["offset"][0]


def test_hands_that_differ_have_postures_of_their_own() -> None:
    record = checked(read(SAMPLES["DIFFERENT"]))
    assert (record["postures"][0]["shape"], record["base"][0]["shape"]) == ("A", "flat")
    assert record["postures"][1]["offset"][1] > 0 > record["base"][1]["offset"][1]


@pytest.mark.parametrize(("name", "count"), [("NOD", 2), ("TWIST", 3)])
def test_repetition_of_the_whole(name: str, count: int) -> None:
    assert checked(read(SAMPLES[name]))["repeat"] == count


def test_repetition_of_a_part() -> None:
    assert "offset" not in postures("AND-BACK")[-1], "and back to where it was"
    assert [p["offset"][2] for p in postures("ON-AND-ON")[1:]] == [13, 26, 39]


# ---------------------------------------------------------------- handshapes

_BASES = (
    *("fist", "flathand", "finger2", "finger23", "finger23spread", "finger2345"),
    *("pinch12", "pinchall", "pinch12open", "cee12", "ceeall", "ceeopen"),
)
_THUMBS = ("", "thumboutmod", "thumbacrossmod", "thumbopenmod")
_BENDS = ("", "fingerbendmod", "fingerhookmod", "doublebent", "doublehooked", "fingerstraightmod")


def test_every_base_with_every_modifier_is_a_shape_that_a_hand_can_make() -> None:
    shapes = set()
    for base in _BASES:
        for thumb in _THUMBS:
            for bend in _BENDS:
                symbols = [symbol(f"ham{n}") for n in (base, thumb, bend) if n]
                shape = handshape(symbols, KNOWN)
                assert shape is not None and not limit_violations(shape), symbols
                shapes.add((shape.thumb, shape.index, shape.middle, shape.ring, shape.pinky))
    assert len(shapes) >= 47


def test_shapes_that_there_are_keep_their_names() -> None:
    names = [
        handshape([symbol(f"ham{n}") for n in text.split()], KNOWN)
        for text in ("fist", "flathand thumboutmod", "finger2 pinky")
    ]
    assert [shape and shape.name for shape in names] == ["A", "flat_thumb", "I"]


def test_single_fingers_can_be_chosen_and_bent() -> None:
    horns = handshape([symbol(f"ham{n}") for n in ("finger23", "indexfinger", "pinky")], KNOWN)
    assert horns and horns.index.pip == horns.pinky.pip == 0 and horns.middle.pip > 60
    bent = handshape([symbol(f"ham{n}") for n in ("finger2345", "middlefinger", "fingerbendmod")], KNOWN)
    assert bent and bent.middle.mcp > 60 and bent.ring.mcp == bent.index.mcp == 0


# ---------------------------------------------------------------- what is not understood


def test_unknown_symbols_are_told_and_the_rest_is_kept() -> None:
    found = notated([symbol("hamfist"), symbol("hamsausage"), *symbols_of("\ue029\uf123"), symbol("hammoveu")], KNOWN)
    assert found.unread == ["hamsausage", "U+F123"]
    assert checked(found)["postures"][0]["shape"] == "A"


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from([*all_symbols(), "hamnonsense", "U+1234"]), max_size=60))
def test_any_string_of_symbols_makes_a_sign(names: list[str]) -> None:
    found = notated([symbol(n) for n in names], KNOWN)
    checked(found)
    assert len(found.record["postures"]) <= 12


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_read(text: str) -> None:
    checked(notated(symbols_of(text), KNOWN))


def test_thousands_of_brackets_do_no_harm() -> None:
    for name in ("hamparbegin", "hamseqbegin", "hamfusionbegin"):
        checked(notated([symbol(name)] * 5000 + [symbol("hamfist")], KNOWN))


# ---------------------------------------------------------------- SiGML

HNS = """<?xml version="1.0" encoding="utf-8"?>
<sigml>
  <hns_sign gloss="good day">
    <hamnosys_nonmanual>
      <hnm_mouthpicture picture="gu:t"/><hnm_head tag="NO"/><hnm_eyebrows tag="RB"/><hnm_shoulder tag="UB"/>
    </hamnosys_nonmanual>
    <hamnosys_manual><hamflathand/><hamextfingeru/><hampalmd/><hamchin/><hamtouch/><hammoveo/></hamnosys_manual>
  </hns_sign>
  <hns_sign gloss="second"><hamnosys_manual><hamfist/><hamextfingero/><hampalml/></hamnosys_manual></hns_sign>
</sigml>
"""

GESTURAL = """<sigml><hamgestural_sign gloss="TWO">
  <sign_nonmanual><mouthing_tier><mouth_picture picture="SOn"/></mouthing_tier></sign_nonmanual>
  <sign_manual both_hands="true" lr_symm="true">
    <handconfig handshape="finger2" thumbpos="out" mainbend="hooked" extfidir="uo" palmor="l"/>
    <location_bodyarm location="chest" side="right_at" contact="close"/>
    <rpt_motion repetition="fromstart">
      <par_motion>
        <directedmotion direction="o" size="small" curve="u"/>
        <tgt_motion><changeposture/><handconfig handshape="flat"/></tgt_motion>
      </par_motion>
    </rpt_motion>
  </sign_manual>
</hamgestural_sign></sigml>
"""


def test_signs_by_tags_are_read_with_their_faces() -> None:
    first, second = read_sigml(HNS.encode(), "x.sigml")
    assert (first.gloss, second.gloss) == ("good day", "second")
    assert first.nonmanual == {"mouth": "gut", "head": "nod", "face": {"brows_up": 0.7}}
    assert first.unread == ["hnm_shoulder UB"]
    assert checked(notated(first.symbols, KNOWN))["postures"][0]["at"] == "chin"


def test_signs_by_attributes_are_read_the_same_way() -> None:
    (sign,) = read_sigml(GESTURAL.encode(), "x.sigml")
    record = checked(notated(sign.symbols, KNOWN))
    assert sign.nonmanual["mouth"] == "shon"
    assert (record["hands"], record["repeat"], record["postures"][0]["shape"]) == ("symmetric", 2, "L_bent")
    assert record["postures"][1]["path"] == "arc"
    assert "hamflat" in notated(sign.symbols, KNOWN).unread, "a handshape that the notation doesn't have is told"


def test_hamnosys_characters_inside_of_xml_are_read() -> None:
    text = '<sigml><hns_sign gloss="x"><hamnosys_manual>\ue000\ue029\ue03c</hamnosys_manual></hns_sign></sigml>'
    (sign,) = read_sigml(text.encode(), "x.sigml")
    assert [s.name for s in sign.symbols] == ["hamfist", "hamextfingero", "hampalmd"]


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE s [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><sigml><hns_sign gloss="&b;"/></sigml>',
        '<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]><sigml>&x;</sigml>',
        "<a>" * 200 + "</a>" * 200,
        "<sigml>",
        "<sigml/>",
        "",
    ],
)
def test_xml_that_is_broken_empty_or_harmful_is_refused(text: str) -> None:
    with pytest.raises(EngineError, match=r"x\.sigml"):
        read_sigml(text.encode(), "x.sigml")


def test_the_usual_document_type_line_is_accepted() -> None:
    line = '<!DOCTYPE sigml SYSTEM "http://example.org/sigml.dtd">'
    assert len(read_sigml(HNS.replace("<sigml>", line + "<sigml>", 1).encode(), "x.sigml")) == 2


# ---------------------------------------------------------------- into the dictionary


def hns_file(path: Path) -> Path:
    table = all_symbols()
    lines = [f"{name}\t{''.join(table[f'ham{n}'] for n in text.split())}" for name, text in SAMPLES.items()]
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_a_text_file_of_signs_is_read_and_its_coverage_told(tmp_path: Path) -> None:
    signs = read_notation(hns_file(tmp_path / "all.hns"), KNOWN)
    total = coverage(signs)
    assert (total.signs, total.whole, total.share) == (len(SAMPLES), len(SAMPLES), 1.0)
    assert f"{len(SAMPLES)} of {len(SAMPLES)} signs" in str(total)


def test_imported_signs_are_written_ones_that_can_be_played(tmp_path: Path) -> None:
    folder = tmp_path / "dictionary"
    message = {"language": "DGS", "dictionary": str(folder), "paths": [str(hns_file(tmp_path / "all.hns"))]}
    done = requests.handler("signs_import")(message, lambda *told: None)
    assert sorted(done["added"]) == sorted(SAMPLES) and not done["skipped"]
    lexicon = library.load("DGS", folder)
    assert not lexicon.problems
    assert set(SAMPLES) <= lexicon.authored.keys()
    assert {"CHIN"} == {
        s["gloss"]
        for s in requests.handler("signs")({**message, "query": "chin", "own": True}, lambda *t: None)["signs"]
    }


@pytest.mark.parametrize("name", ["CHIN", "ON-PALM", "PARALLEL", "OPEN"])
def test_samples_can_be_synthesised(tmp_path: Path, name: str) -> None:
    folder = tmp_path / "dictionary"
    message = {"language": "ASL", "dictionary": str(folder), "paths": [str(hns_file(tmp_path / "all.hns"))]}
    requests.handler("signs_import")({**message, "duplicates": "replace"}, lambda *told: None)
    request = GenerateRequest("", gloss=name, dictionary=str(folder))
    take = registry.get("dictionary").generate(request, lambda *told: None)
    assert take.sequence.duration > 0.3
