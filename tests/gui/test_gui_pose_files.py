"""Pose files by mouse and keyboard: a take is saved for other tools, dropped onto the view, and back on the avatar.

The tests go on from one another, in file order, in the Blender of the tests before.
"""

from __future__ import annotations

from conftest import Blender
from test_gui import over_viewport, travel

BUTTON_PX = 24
"""From a button of a column to the one under it."""


def test_a_take_is_saved_from_the_menu(blender: Blender) -> None:
    blender.open_panel("timeline")
    x, y = blender.find("signwright.import_takes(")
    blender.click(x, y - BUTTON_PX)
    blender.wait("popups()")
    blender.screen.photograph("export-menu")
    blender.key("p")
    window = blender.wait("browser()")
    path = blender.wait("browser().get('path', '')")
    assert path.endswith(".skels")
    blender.point(window["x"] + window["width"] / 2, window["y"] + window["height"] / 3)
    blender.settle()
    blender.screen.photograph("export")
    blender.key("Return")
    blender.wait("report() == 'exported'")
    blender.wait("not browser()")
    assert blender.ask(f"sorted(p.suffix for p in Path({path!r}).parent.glob(Path({path!r}).stem + '.*'))") == [
        ".files",
        ".gloss",
        ".skels",
        ".text",
    ]
    blender.ask(f"globals().update(saved={path!r})")


def test_a_dropped_file_becomes_a_take_on_the_avatar(blender: Blender) -> None:
    before, count = blender.ask("action()"), blender.ask("len(takes())")
    text = blender.ask("takes()[scene().signwright.timeline.active_take]")
    over_viewport(blender)
    blender.ask("drop(saved)")
    blender.wait("popups()")
    blender.screen.photograph("dropped")
    blender.key("t")  # of the handlers, the one for takes
    blender.settle()
    blender.screen.photograph("import")
    blender.key("Return")
    blender.wait(f"len(takes()) == {count + 1}")
    blender.wait(f"action() not in ('', {before!r})")
    assert blender.ask("report()") == "imported"
    assert blender.ask("takes()[-1]") == text
    assert travel(blender, "right_wrist") > 0.1
    blender.screen.photograph("imported")
