"""The gloss line and the dictionary, with mouse and keyboard, in the Blender that `test_gui.py` left.

The tests go on from one another, in file order.
"""

from __future__ import annotations

from conftest import Blender
from test_gui import DATA_PATH, over_viewport


def test_reading_the_text_shows_its_signs(blender: Blender) -> None:
    blender.ask("put('generate', 'text', 'Hello my name is Anna')")
    blender.ask("put('generate', 'method', 'dictionary')")
    blender.open_panel("generate", "gloss")
    blender.click(*blender.find("signwright.read_text("))
    blender.wait("'HELLO' in gloss_items() and 'fs-ANNA' in gloss_items()")
    blender.screen.photograph("gloss")


def test_an_edited_line_is_looked_up_and_signed(blender: Blender) -> None:
    blender.enter(blender.find("signwright.gloss.line", DATA_PATH), "GOOD HELLO")
    blender.wait("gloss_items() == ['GOOD', 'HELLO']")
    before = blender.ask("len(takes())")
    blender.click(*blender.find("signwright.generate("))
    blender.wait(f"len(takes()) == {before + 1}")
    assert blender.ask("glosses()") == ["GOOD", "HELLO"]


def test_a_mistake_in_the_line_is_told_at_once(blender: Blender) -> None:
    blender.enter(blender.find("signwright.gloss.line", DATA_PATH), "GOOD HELO")
    blender.wait("report() == 'gloss_line'")
    blender.screen.photograph("mistake")
    blender.click(*blender.find("signwright.reset_gloss("))
    blender.wait("'fs-ANNA' in scene().signwright.gloss.line")


def test_typing_finds_signs(blender: Blender) -> None:
    blender.open_panel("dictionary")
    blender.wait("len(found()) > 20")
    blender.click(*blender.find("dictionary.query", DATA_PATH), times=2)
    blender.type("tha")
    blender.wait("'THANK-YOU' in found() and len(found()) < 20")
    blender.type("nk")
    blender.key("Return")
    blender.wait("found()[0] == 'THANK-YOU'")


def test_a_preview_plays_until_esc_and_leaves_the_animation_as_it_was(blender: Blender) -> None:
    before = blender.ask("action()")
    blender.click(*blender.find("signwright.preview_sign("))
    blender.wait("preview() == 'THANK-YOU' and playing()")
    blender.wait("scene().frame_current > scene().frame_preview_start + 12")
    blender.screen.photograph("preview")
    over_viewport(blender)
    blender.key("Escape")
    blender.wait("not preview() and not playing()")
    assert blender.ask("action()") == before
    assert not blender.ask("scene().use_preview_range")


def test_a_part_of_the_animation_becomes_a_sign(blender: Blender) -> None:
    blender.click(*blender.find("signwright.save_sign("))
    blender.wait("popups()")
    blender.type("MY-GREETING")
    blender.key("Tab")
    blender.type("my greeting")
    blender.key("Return")
    blender.settle()
    blender.screen.photograph("save")
    blender.key("Return")
    blender.wait("report() == 'sign_saved'")
    blender.ask("setattr(bpy.context.window_manager.signwright.dictionary, 'query', 'my greeting')")
    blender.wait("found() == ['MY-GREETING']")


def test_the_own_sign_goes_into_the_line_and_is_signed(blender: Blender) -> None:
    blender.click(*blender.find("signwright.insert_sign("))
    blender.wait("gloss_items() and gloss_items()[-1] == 'MY-GREETING'")
    before = blender.ask("len(takes())")
    blender.open_panel("generate")
    blender.click(*blender.find("signwright.generate("))
    blender.wait(f"len(takes()) == {before + 1}")
    assert blender.ask("glosses()")[-1] == "MY-GREETING"
