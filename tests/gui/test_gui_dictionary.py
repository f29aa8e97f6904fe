"""The gloss line and the dictionary, with mouse and keyboard, in the Blender that `test_gui.py` left.

The tests go on from one another, in file order.
"""

from __future__ import annotations

import time

from conftest import Blender
from test_gui import DATA_PATH, over_viewport


def test_reading_the_text_shows_its_signs(blender: Blender) -> None:
    blender.ask("setattr(scene().signwright.generate, 'text', 'Hello my name is Anna')")
    blender.open_panel("signwright.generate.source", DATA_PATH)
    above = blender.find("signwright.generate.apply_after", DATA_PATH)
    blender.click(*blender.open_subpanel(above, "signwright.read_text("))
    blender.wait("'HELLO' in gloss_items() and 'fs-ANNA' in gloss_items()")
    blender.screen.photograph("gloss")


def test_an_edited_line_is_looked_up_and_signed(blender: Blender) -> None:
    blender.click(*blender.find("signwright.gloss.line", DATA_PATH), times=2)
    time.sleep(0.3)
    blender.key("ctrl+a")
    blender.type("GOOD HELLO")
    blender.key("Return")
    blender.wait("gloss_items() == ['GOOD', 'HELLO']")
    before = blender.ask("len(takes())")
    blender.click(*blender.find("signwright.generate("))
    blender.wait(f"len(takes()) == {before + 1}")
    assert blender.ask("glosses()") == ["GOOD", "HELLO"]


def test_a_mistake_in_the_line_is_told_at_once(blender: Blender) -> None:
    blender.click(*blender.find("signwright.gloss.line", DATA_PATH), times=2)
    time.sleep(0.3)
    blender.key("ctrl+a")
    blender.type("GOOD HELO")
    blender.key("Return")
    blender.wait("report() == 'gloss_line'")
    blender.screen.photograph("mistake")
    blender.click(*blender.find("signwright.reset_gloss("))
    blender.wait("'fs-ANNA' in scene().signwright.gloss.line")


def test_typing_finds_signs(blender: Blender) -> None:
    place = blender.open_panel("dictionary.query", DATA_PATH)
    blender.wait("len(found()) > 20")
    blender.click(*place, times=2)
    time.sleep(0.3)
    blender.type("tha")
    blender.wait("'THANK-YOU' in found() and len(found()) < 20")
    blender.type("nk")
    blender.key("Return")
    blender.wait("found()[0] == 'THANK-YOU'")


def test_a_preview_plays_until_esc_and_leaves_the_animation_as_it_was(blender: Blender) -> None:
    before = blender.ask("action()")
    blender.click(*blender.find("signwright.preview_sign("))
    blender.wait("preview() == 'THANK-YOU' and playing()")
    time.sleep(1.0)
    blender.screen.photograph("preview")
    over_viewport(blender)
    blender.key("Escape")
    blender.wait("not preview() and not playing()")
    assert blender.ask("action()") == before
    assert not blender.ask("scene().use_preview_range")


def test_a_part_of_the_animation_becomes_a_sign(blender: Blender) -> None:
    blender.click(*blender.find("signwright.save_sign("))
    time.sleep(1.0)
    blender.type("MY-GREETING")
    blender.key("Tab")
    blender.type("my greeting")
    blender.key("Return")
    time.sleep(0.3)
    blender.screen.photograph("save")
    blender.key("Return")
    blender.wait("report() == 'sign_saved'")
    blender.ask("setattr(bpy.context.window_manager.signwright.dictionary, 'query', 'my greeting')")
    blender.wait("found() == ['MY-GREETING']")


def test_the_own_sign_goes_into_the_line_and_is_signed(blender: Blender) -> None:
    blender.click(*blender.find("signwright.insert_sign("))
    blender.wait("gloss_items() and gloss_items()[-1] == 'MY-GREETING'")
    before = blender.ask("len(takes())")
    blender.open_panel("signwright.generate.source", DATA_PATH)
    blender.click(*blender.find("signwright.generate("))
    blender.wait(f"len(takes()) == {before + 1}")
    assert blender.ask("glosses()")[-1] == "MY-GREETING"
