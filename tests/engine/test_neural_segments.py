"""Which generated steps sign which retrieved sign."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.soke.segments import CodeSpace, Span, align
from engine.tokenizer.features import PARTS

SIZES = {"body": 40, "left_hand": 60, "right_hand": 60}
Steps = dict[str, NDArray[np.int64]]


@pytest.fixture(scope="module")
def space() -> CodeSpace:
    rng = np.random.default_rng(0)
    return CodeSpace({part: rng.normal(size=(count, 20)) for part, count in SIZES.items()})


def steps(rng: np.random.Generator, count: int) -> Steps:
    return {part: rng.integers(0, size, count) for part, size in SIZES.items()}


def row(*pieces: Steps) -> Steps:
    return {part: np.concatenate([piece[part] for piece in pieces]) for part in PARTS}


@pytest.mark.parametrize("seed", range(5))
def test_signs_are_found_between_ways_of_any_length(space: CodeSpace, seed: int) -> None:
    rng = np.random.default_rng(seed)
    signs = [steps(rng, int(rng.integers(4, 11))) for _ in range(6)]
    pieces: list[Steps] = []
    expected, at = [], 0
    for number, sign in enumerate(signs):
        way = int(rng.integers(0, 4))
        pieces += [steps(rng, way), sign]
        expected.append(Span(number, at + way, at + way + len(sign["body"])))
        at = expected[-1].end
    found = align(row(*pieces, steps(rng, 2)), signs, space)
    assert [s.sign for s in found] == list(range(6))
    for got, wanted in zip(found, expected, strict=True):
        assert abs(got.first - wanted.first) <= 1
        assert abs(got.end - wanted.end) <= 1


def test_a_sign_that_is_not_rendered_gets_no_steps(space: CodeSpace) -> None:
    rng = np.random.default_rng(1)
    first, left_out, last = (steps(rng, 6) for _ in range(3))
    found = align(row(first, last), [first, left_out, last], space)
    assert found == [Span(0, 0, 6), Span(2, 6, 12)]


def test_a_slower_and_a_shortened_rendering_are_still_the_sign(space: CodeSpace) -> None:
    rng = np.random.default_rng(2)
    slow, short = steps(rng, 5), steps(rng, 8)
    stretched = {part: np.repeat(codes, 2) for part, codes in slow.items()}
    trimmed = {part: codes[1:-2] for part, codes in short.items()}
    assert align(row(stretched, steps(rng, 3), trimmed), [slow, short], space) == [Span(0, 0, 10), Span(1, 13, 18)]


def test_motion_that_is_like_no_sign_is_no_sign(space: CodeSpace) -> None:
    rng = np.random.default_rng(3)
    assert align(steps(rng, 12), [steps(rng, 6)], space) == []


def test_without_signs_or_steps_there_are_no_spans(space: CodeSpace) -> None:
    rng = np.random.default_rng(4)
    nothing = steps(rng, 0)
    assert align(steps(rng, 5), [], space) == []
    assert align(nothing, [steps(rng, 5)], space) == []


def test_the_distance_of_codes_is_a_metric_with_a_mean_of_one(space: CodeSpace) -> None:
    every = {part: np.arange(40) for part in PARTS}
    distance = space.between(every, every)
    assert np.allclose(distance, distance.T)
    assert np.allclose(np.diag(distance), 0.0)
    assert 0.8 < distance[~np.eye(40, dtype=bool)].mean() < 1.2
