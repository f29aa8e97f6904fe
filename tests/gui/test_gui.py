"""A user's first minutes, with mouse and keyboard: open the tab, add the avatar, type, Generate, Apply, undo, cancel.

The tests go on from one another, in file order, in one Blender.
"""

from __future__ import annotations

from conftest import Blender

TEXT = "Hello my name is Anna"
DATA_PATH = "ctrl+alt+shift+c"


def over_viewport(blender: Blender) -> None:
    region = blender.ask("region('WINDOW')")
    blender.point(region["x"] + region["width"] * 0.35, region["y"] + region["height"] * 0.4)
    blender.settle()


def travel(blender: Blender, bone: str) -> float:
    """How far a bone's head moves over the scene's frames, metres."""
    frames = "list(range(scene().frame_start, scene().frame_end + 1, 6))"
    places = blender.ask(f"bone_places({bone!r}, {frames})")
    return max(max(p[i] for p in places) - min(p[i] for p in places) for i in range(3))


def test_n_and_a_click_open_the_tab(blender: Blender) -> None:
    over_viewport(blender)
    if blender.ask("sidebar()['width']") <= 1:
        blender.key("n")
        blender.wait("sidebar()['width'] > 1")
    region = blender.ask("sidebar()")
    for y in range(int(region["y"] + region["height"]) - 20, int(region["y"]), -15):
        if blender.ask("sidebar()['category']") == "Signwright":
            break
        blender.click(region["x"] + region["width"] - 8, y)
    blender.wait("sidebar()['category'] == 'Signwright'")
    blender.wait("engine_ready()")
    blender.screen.photograph("tab")


def test_a_click_adds_the_avatar(blender: Blender) -> None:
    blender.click(*blender.find("signwright.add_avatar("))
    blender.wait("len(rigs()) == 1")
    assert blender.ask("action()") == ""


def test_typed_text_lands_in_the_panel(blender: Blender) -> None:
    blender.enter(blender.find("signwright.generate.text", DATA_PATH), TEXT)
    blender.wait(f"scene().signwright.generate.text == {TEXT!r}")


def test_generate_makes_a_take_and_keeps_blender_responsive(blender: Blender) -> None:
    blender.click(*blender.find("signwright.generate("))
    blender.wait(f"takes() == [{TEXT!r}]")
    blender.screen.photograph("generated")


def test_apply_keys_the_avatar_and_its_hands_move(blender: Blender) -> None:
    before = blender.ask("action()")
    blender.click(*blender.find("signwright.apply_take("))
    blender.wait(f"action() not in ('', {before!r})")
    assert travel(blender, "right_wrist") > 0.1
    assert travel(blender, "right_index3") > 0.1
    assert travel(blender, "pelvis") < 0.05
    blender.screen.photograph("applied")


def test_ctrl_z_takes_the_motion_back_and_redo_brings_it_again(blender: Blender) -> None:
    applied = blender.ask("action()")
    over_viewport(blender)
    blender.key("ctrl+z")
    blender.wait(f"action() != {applied!r}")
    assert blender.ask("takes()") == [TEXT]
    blender.key("ctrl+shift+z")
    blender.wait(f"action() == {applied!r}")
    assert travel(blender, "right_wrist") > 0.1


def test_esc_cancels_a_long_generate_and_the_next_one_works(blender: Blender) -> None:
    words = "computer quartz zebra "
    blender.ask(f"put('generate', 'text', {words * 80!r})")
    place = blender.find("signwright.generate(")
    blender.click(*place)
    blender.wait("generating()")
    over_viewport(blender)
    blender.key("Escape")
    blender.wait("not generating()")
    assert blender.ask("report()") == "cancelled"
    assert blender.ask("takes()") == [TEXT]
    blender.ask("put('generate', 'text', 'Good')")
    blender.click(*blender.find("signwright.generate("))
    blender.wait(f"takes() == [{TEXT!r}, 'Good']")
