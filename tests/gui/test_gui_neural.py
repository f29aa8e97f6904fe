"""Variations, the neural method and making a part anew, with mouse and keyboard, in the Blender of the tests before.

The tests go on from one another, in file order.
"""

from __future__ import annotations

import pytest
from conftest import Blender
from test_gui import DATA_PATH

TEXT = "Good morning my friend"


@pytest.fixture
def model(blender: Blender) -> str:
    """Id of a model that can generate. Without one the test is skipped: the zip has none then."""
    found = blender.ask("models()")
    if not found:
        pytest.skip("the zip holds no trained model")
    return found[0]


def generate(blender: Blender, takes: int) -> None:
    """Press the button and wait for so many more takes."""
    before = blender.ask("len(takes())")
    blender.click(*blender.find("signwright.generate("))
    blender.wait(f"len(takes()) == {before + takes}")


def test_several_takes_are_made_at_once(blender: Blender) -> None:
    blender.ask(f"put('generate', 'text', {TEXT!r})")
    blender.ask("put('gloss', 'line', '')")
    blender.ask("put('generate', 'method', 'dictionary')")
    blender.open_panel("generate", "generate_options")
    blender.enter(blender.find("signwright.generate.variations", DATA_PATH), "2")
    blender.wait("scene().signwright.generate.variations == 2")
    generate(blender, 2)
    assert blender.ask("[t.seed for t in scene().signwright.timeline.takes[-2:]]") == ["0", "1"]
    assert blender.ask("scene().signwright.timeline.active_take == len(takes()) - 2")
    blender.enter(blender.find("signwright.generate.variations", DATA_PATH), "1")
    blender.wait("scene().signwright.generate.variations == 1")


def test_the_signs_found_show_by_themselves_and_can_be_left_out(blender: Blender, model: str) -> None:
    blender.ask("put('generate', 'method', 'neural')")
    blender.open_panel("generate", "keywords")
    blender.wait("len(signs_found()) > 2")
    blender.screen.photograph("signs-found")
    first = blender.ask("signs_found()[0]")
    assert first[1]
    blender.click(*blender.find("toggle_keyword(index=0)"))
    blender.wait(f"signs_found()[0] == [{first[0]!r}, False]")


def test_the_model_signs_the_text(blender: Blender, model: str) -> None:
    before = blender.ask("action()")
    generate(blender, 1)
    take = "scene().signwright.timeline.takes[-1]"
    assert blender.ask(f"{take}.method") == "neural"
    assert blender.ask(f"{take}.model")
    blender.wait(f"action() not in ('', {before!r})")
    blender.open_panel("generate", "model", "sampling")
    blender.screen.photograph("model")


def test_a_hand_is_made_anew_as_another_take(blender: Blender, model: str) -> None:
    before, count = blender.ask("action()"), blender.ask("len(takes())")
    blender.ask("put('editing', 'parts', {'left_hand'})")
    blender.open_panel("timeline", "editing")
    blender.screen.photograph("regenerate")
    blender.click(*blender.find("signwright.regenerate("))
    blender.wait(f"len(takes()) == {count + 1}")
    blender.wait(f"action() not in ('', {before!r})")
    assert blender.ask("scene().signwright.timeline.takes[-1].edits")
    blender.screen.photograph("regenerated")
