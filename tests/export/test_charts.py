"""The charts show every handshape and letter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.lexicon.loader import load_language

pytest.importorskip("PIL")

from engine.review.portrait import GROUND, Painter
from export import charts


@pytest.fixture(scope="module")
def painter():
    return Painter(BodyModel.load(EMBEDDED_AVATAR))


def test_every_handshape_stands_under_a_heading_once():
    names = [name for group in charts.groups().values() for name in group]
    assert sorted(names) == sorted(load_language("ASL").handshapes)
    assert len(charts.groups()) > 5


def test_letters_that_move_are_drawn_with_their_way(painter):
    asl = load_language("ASL")
    red = {}
    for letter in "AJ":
        picture = charts._letter(painter, asl, asl.letters[letter], (120, 130)).astype(int)
        red[letter] = int(((picture[..., 0] - picture[..., 1]) > 110).sum())
        assert 0.1 < (np.abs(picture - np.array(GROUND) * 255).max(axis=-1) > 12).mean() < 0.7
    assert red["A"] == 0
    assert red["J"] > 30


def test_a_chart_is_a_picture_cut_to_its_content(tmp_path: Path):
    sheet = charts.Sheet("Title", "note", (100, 80), 3)
    for _ in range(4):
        sheet.place()
    sheet.save(tmp_path / "chart.png")
    from PIL import Image

    width, height = Image.open(tmp_path / "chart.png").size
    assert (width, height) == (3 * 116 + 16 + 24, 112 + 2 * 96 + 12)
