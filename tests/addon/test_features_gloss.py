"""The gloss line: read from the text, chosen from, edited, and then signed instead of the text."""

from __future__ import annotations

from typing import Any

import bpy
import pytest
from figures import make_rig
from panel import generate, message, refused, timeline
from signwright.addon import pump
from signwright.addon import takes as store
from signwright.addon.features.gloss import state, tokens


@pytest.fixture
def scene(addon) -> bpy.types.Scene:
    """A scene with a text in the panel, that is not to be applied."""
    scene = bpy.context.scene
    scene.signwright.generate.text = "Hello my name Anna"
    scene.signwright.generate.apply_after = False
    return scene


def line() -> str:
    return state.current_line(bpy.context.scene)


def items() -> list[str]:
    return [item.name for item in bpy.context.scene.signwright.gloss.items]


def settings_of_the_take() -> dict[str, Any]:
    """What the engine was asked for, as the fake one notes it."""
    return store.load_take(timeline().takes[-1]).settings


def test_reading_the_text_shows_its_signs(scene):
    assert bpy.ops.signwright.read_text() == {"FINISHED"}
    assert line() == "HELLO MY NAME fs-ANNA"
    assert [(i.name, i.kind, i.words) for i in scene.signwright.gloss.items] == [
        ("HELLO", "sign", "Hello"),
        ("MY", "sign", "my"),
        ("NAME", "sign", "name"),
        ("fs-ANNA", "fingerspell", "Anna"),
    ]
    assert not state.is_edited(scene)
    assert timeline().takes.keys() == []


def test_there_must_be_a_text_to_read(scene):
    scene.signwright.generate.text = " "
    assert "no text to read" in refused(bpy.ops.signwright.read_text)


def test_an_edited_line_is_signed_instead_of_the_text(scene):
    bpy.ops.signwright.read_text()
    bpy.ops.signwright.generate()
    assert settings_of_the_take()["gloss"] == ""
    scene.signwright.gloss.line = "GOOD NAME"
    assert state.is_edited(scene)
    bpy.ops.signwright.generate()
    assert settings_of_the_take()["gloss"] == "GOOD NAME"
    assert line() == "GOOD NAME"


def test_an_edited_line_is_kept_when_the_text_changes(scene):
    bpy.ops.signwright.read_text()
    scene.signwright.gloss.line = "GOOD NAME"
    scene.signwright.generate.text = "Good"
    assert state.is_stale(scene) and state.is_edited(scene)
    bpy.ops.signwright.generate()
    assert settings_of_the_take()["gloss"] == "GOOD NAME"


def test_a_line_that_nobody_edited_follows_the_text(scene):
    bpy.ops.signwright.read_text()
    scene.signwright.generate.text = "Good"
    assert state.is_stale(scene) and not state.is_edited(scene)
    bpy.ops.signwright.generate()
    assert settings_of_the_take()["gloss"] == ""
    assert line() == "GOOD"
    assert not state.is_stale(scene)
    assert not state.has_items(scene)


def test_going_back_gives_the_line_of_the_text_again(scene):
    bpy.ops.signwright.read_text()
    scene.signwright.gloss.line = "GOOD"
    bpy.ops.signwright.reset_gloss()
    assert line() == "HELLO MY NAME fs-ANNA"
    scene.signwright.gloss.line = "GOOD"
    scene.signwright.generate.text = "Hello"
    bpy.ops.signwright.reset_gloss()
    assert line() == "HELLO"
    assert not state.is_edited(scene)


def test_an_emptied_line_lets_the_text_decide(scene):
    bpy.ops.signwright.read_text()
    scene.signwright.gloss.line = ""
    bpy.ops.signwright.generate()
    assert settings_of_the_take()["gloss"] == ""


def test_a_text_or_line_of_a_script_wins_over_that_of_the_panel(scene):
    scene.signwright.gloss.line = "GOOD"
    generate("Hello")
    assert settings_of_the_take()["gloss"] == ""
    bpy.ops.signwright.generate(gloss="NAME", apply=False)
    assert settings_of_the_take()["gloss"] == "NAME"
    assert line() == "GOOD"


def test_a_mistake_in_the_line_is_told_with_its_place_and_the_nearest_sign(scene):
    scene.signwright.gloss.line = "MY HELO"
    text = refused(bpy.ops.signwright.check_gloss)
    assert "HELO (character 4)" in text and "HELLO is near" in text
    assert line() == "MY HELO"


def test_checking_a_line_shows_its_signs(scene):
    scene.signwright.gloss.line = "MY  NAME\nBANK"
    assert not state.has_items(scene)
    bpy.ops.signwright.check_gloss()
    assert items() == ["MY", "NAME", "BANK"]
    assert state.has_items(scene)


def test_a_line_in_small_letters_is_written_anew_so_that_its_signs_can_be_chosen(scene):
    bpy.ops.signwright.read_text()
    scene.signwright.gloss.line = "my bank"
    bpy.ops.signwright.check_gloss()
    assert line() == "MY BANK"
    assert state.is_edited(scene) and state.has_items(scene)
    bpy.ops.signwright.choose_sign(index=1, gloss="RIVERSIDE")
    assert line() == "MY RIVERSIDE"


def test_another_sign_of_a_word_can_be_chosen(scene):
    scene.signwright.generate.text = "my bank"
    bpy.ops.signwright.read_text()
    choices = scene.signwright.gloss.items[1].choices
    assert [(c.name, c.sense) for c in choices] == [("BANK", "money"), ("RIVERSIDE", "of a river")]
    bpy.ops.signwright.choose_sign(index=1, gloss="RIVERSIDE")
    assert line() == "MY RIVERSIDE"
    assert state.is_edited(scene)


def test_signs_can_be_moved_and_taken_out(scene):
    bpy.ops.signwright.read_text()
    bpy.ops.signwright.edit_gloss_item(index=0, change="LATER")
    assert line() == "MY HELLO NAME fs-ANNA"
    bpy.ops.signwright.check_gloss()
    bpy.ops.signwright.edit_gloss_item(index=3, change="EARLIER")
    assert line() == "MY HELLO fs-ANNA NAME"
    bpy.ops.signwright.check_gloss()
    bpy.ops.signwright.edit_gloss_item(index=0, change="REMOVE")
    assert line() == "HELLO fs-ANNA NAME"
    bpy.ops.signwright.check_gloss()
    refused(lambda: bpy.ops.signwright.edit_gloss_item(index=0, change="EARLIER"))


def test_an_outdated_item_changes_nothing(scene):
    bpy.ops.signwright.read_text()
    scene.signwright.gloss.line = "GOOD"
    assert "has changed" in refused(lambda: bpy.ops.signwright.choose_sign(index=0, gloss="NAME"))
    assert line() == "GOOD"


def test_a_sign_goes_after_the_marked_one_or_to_the_end(scene):
    bpy.ops.signwright.insert_sign(gloss="GOOD")
    assert line() == "GOOD"
    bpy.ops.signwright.read_text()
    bpy.ops.signwright.gloss_item(index=1)
    bpy.ops.signwright.insert_sign(gloss="GOOD")
    assert line() == "HELLO MY GOOD NAME fs-ANNA"


def test_a_long_line_is_edited_as_a_text_block(scene):
    scene.signwright.generate.text = "hello my name " * 200
    bpy.ops.signwright.read_text()
    bpy.ops.signwright.gloss_block()
    block = scene.signwright.gloss.block
    assert len(line()) > 2000 and not state.is_edited(scene)
    block.from_string("GOOD\nNAME\n")
    assert state.is_edited(scene)
    bpy.ops.signwright.generate()
    assert settings_of_the_take()["gloss"] == "GOOD NAME"
    bpy.ops.signwright.gloss_block()
    assert scene.signwright.gloss.line == "GOOD NAME"


def test_the_line_is_kept_in_the_blend(scene, tmp_path):
    bpy.ops.signwright.read_text()
    scene.signwright.gloss.line = "GOOD NAME"
    bpy.ops.wm.save_as_mainfile(filepath=str(tmp_path / "gloss.blend"))
    bpy.ops.wm.open_mainfile(filepath=str(tmp_path / "gloss.blend"))
    assert line() == "GOOD NAME"
    assert state.is_edited(bpy.context.scene)


def test_a_line_that_was_typed_is_looked_up_while_blender_goes_on(scene, monkeypatch):
    pump.session().wait_ready()
    state.check(scene)
    scene.signwright.gloss.line = "MY NAME"
    state.check(scene)
    scene.signwright.gloss.line = "GOOD"
    state.check(scene)
    job = pump.latest(pump.GLOSS)
    assert job is not None
    pump.session().run(job)
    pump._tick()
    assert items() == ["GOOD"]
    scene.signwright.gloss.line = "HELO"
    state.check(scene)
    job = pump.latest(pump.GLOSS)
    assert job is not None
    pump.session().run(job)
    pump._tick()
    assert message().code == "bad_gloss"
    assert pump.current_report(pump.GLOSS) is not None and pump.current_report(pump.TEXT) is None


def test_the_options_reach_the_engine(scene):
    chosen = scene.signwright.generate
    chosen.word_order, chosen.mouthing, chosen.variation = "text", 0.25, 0.0
    bpy.ops.signwright.generate()
    asked = settings_of_the_take()
    assert (asked["word_order"], asked["mouthing"], asked["variation"]) == ("text", 0.25, 0.0)


def test_the_body_shape_reaches_the_engine_and_a_take_for_another_one_is_known(addon):
    from signwright.addon.features.setup.avatar import shape_keys, skeleton_fits
    from signwright.addon.features.timeline.panel import is_for_another_shape

    bpy.ops.signwright.add_avatar()
    rig = bpy.context.scene.signwright.setup.avatar
    key = shape_keys(rig)[1][1]
    assert skeleton_fits(rig)
    key.value = 1.5
    assert not skeleton_fits(rig)
    bpy.ops.signwright.fit_skeleton()
    assert skeleton_fits(rig)
    generate("Hello")
    assert settings_of_the_take()["betas"][1] == 1.5
    item = timeline().takes[0]
    assert not is_for_another_shape(item, rig)
    key.value = 0.0
    assert is_for_another_shape(item, rig)


def test_a_foreign_rig_has_no_shape(addon):
    bpy.context.scene.signwright.setup.avatar = make_rig()
    generate("Hello")
    assert settings_of_the_take()["betas"] == []


@pytest.mark.parametrize(
    ("glosses", "line", "found"),
    [
        (["A", "A"], "A B A", ["A", "A"]),
        (["MY", "NAME"], "[MY NAME]wh .", ["MY", "NAME"]),
        (["BOOK"], "BOOK-SHOP BOOK", ["BOOK"]),
        (["1-GIVE-2", "BOOK++"], "1-GIVE-2 BOOK++", ["1-GIVE-2", "BOOK++"]),
        (["", "HELLO"], ". HELLO", [None, "HELLO"]),
        (["谢谢"], "谢谢 !", ["谢谢"]),
        (["HELLO", "BOOK"], "[HELLO]q / BOOK", ["HELLO", "BOOK"]),
    ],
)
def test_items_are_found_in_the_line(glosses, line, found):
    spans = tokens.spans(line, glosses)
    assert [line[slice(*span)] if span else None for span in spans] == found


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("MY OLD BOOK", "MY BOOK"),
        ("[OLD]q . BOOK", "BOOK"),
        ("MY , [OLD ,]t,smile=0.5 / BOOK", "MY , / BOOK"),
        ("OLD (0.4s) [BOOK]wh", "[BOOK]wh"),
        ("[OLD BOOK]q", "[BOOK]q"),
        ("[MY OLD]q", "[MY]q"),
        ("OLD .", ""),
    ],
)
def test_a_sign_is_taken_out_with_the_brackets_and_pauses_that_it_leaves_empty(before, after):
    (span,) = tokens.spans(before, ["OLD"])
    assert span is not None
    assert tokens.without(before, span) == after
