"""What is told of the model that made a take."""

from __future__ import annotations

import pytest
from signwright.addon import provenance


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({}, "most likely"),
        ({"temperature": 0.0, "beams": 4}, "most likely of 4 beams"),
        ({"temperature": 0.8}, "temperature 0.8"),
        ({"temperature": 0.8, "top_k": 20, "top_p": 0.9}, "temperature 0.8, top 20, top p 0.9"),
        ({"temperature": "hot", "beams": None}, "most likely"),
    ],
)
def test_how_the_model_chose(options, said):
    assert provenance.how_chosen(options) == said


def test_a_take_of_another_method_has_no_model():
    assert provenance.model({}) == "" and provenance.sampling({"options": {}, "score": 1.0}) == ""


def test_what_was_made_anew_is_told_one_by_one():
    one = {"start": 0.5, "end": 1.25, "parts": ["left_hand"], "seed": 3, "temperature": 0.8, "bundle": "small"}
    every = {"start": 0, "end": 2, "parts": ["body", "left_hand", "right_hand"], "seed": 0}
    assert provenance.edits({"regenerated": [one, every]}) == [
        "Made anew 0.5 to 1.2 s, left hand, seed 3, temperature 0.8, small",
        "Made anew 0.0 to 2.0 s, all, seed 0, most likely",
    ]


@pytest.mark.parametrize("settings", [{"regenerated": 3}, {"regenerated": [3]}, {"regenerated": [{"parts": 1}]}])
def test_nonsense_in_a_foreign_file_does_no_harm(settings):
    assert all(isinstance(line, str) for line in provenance.edits(settings))
