"""The chunks of a text are one performance: the hands don't sink to rest between them, and no joint jumps."""

from __future__ import annotations

import numpy as np
import pytest

from engine.skeleton import EXPRESSION_NAMES, JOINT_INDEX
from engine.soke.joining import Piece, brought_to_rest, join, piece_of, signing_range
from engine.soke.motion import joint_speeds, joints_of
from engine.take import PoseSequence

FPS = 24.0
LIFTED = 1.2


def raised_and_lowered(side: str = "right", still: int = 6, way: int = 12, held: int = 20) -> PoseSequence:
    """An arm that goes up, stays there with a small movement, and goes down again."""
    up = 0.5 - 0.5 * np.cos(np.pi * np.arange(1, way + 1) / way)
    lift = np.concatenate([np.zeros(still), up, np.ones(held), up[::-1], np.zeros(still)])
    poses = np.zeros((len(lift), 165))
    poses[:, 3 * JOINT_INDEX[f"{side}_shoulder"] + 2] = LIFTED * lift
    poses[:, 3 * JOINT_INDEX[f"{side}_elbow"] + 1] = 0.2 * lift * np.sin(np.arange(len(lift)) / 3)
    still_face = np.zeros((len(lift), len(EXPRESSION_NAMES)))
    return PoseSequence(poses, np.zeros((len(lift), 3)), still_face, FPS)


def lift(sequence: PoseSequence, side: str = "right") -> np.ndarray:
    return 2.0 * np.arccos(np.clip(np.abs(joints_of(sequence)[:, JOINT_INDEX[f"{side}_shoulder"], 0]), 0.0, 1.0))


def test_the_range_of_signing_is_found_without_knowing_any_sign() -> None:
    first, end = signing_range(raised_and_lowered())
    assert 6 < first < 18
    assert 38 < end < 50


@pytest.mark.parametrize("off", [-4, 0, 3])
def test_hands_stay_up_between_chunks(off: int) -> None:
    one = raised_and_lowered()
    pieces = [piece_of(one, 18 - off, 38 + off, 0.6), piece_of(one, 18 - off, 38 + off)]
    whole, placed = join(pieces)
    between = slice(placed[0].end - 2, placed[1].start + 2)
    assert lift(whole)[between].min() > 0.75 * LIFTED
    assert joint_speeds(whole)[between].max() < joint_speeds(one).max()


def test_the_first_begins_and_the_last_ends_at_rest_bit_for_bit() -> None:
    one, other = raised_and_lowered(), raised_and_lowered("left")
    whole, placed = join([piece_of(one, 18, 38), piece_of(other, 18, 38)])
    assert np.array_equal(whole.poses[:30], one.poses[:30])
    assert np.array_equal(whole.poses[-20:], other.poses[-20:])
    assert placed[1].start + (placed[1].end - placed[1].first) == len(whole)


def test_a_motion_without_an_end_is_brought_to_rest() -> None:
    endless = raised_and_lowered(held=60)
    result = brought_to_rest(endless, 40)
    assert np.array_equal(result.poses[:40], endless.poses[:40])
    assert np.allclose(result.poses[-6:], endless.poses[0], atol=1e-6)
    assert joint_speeds(result)[38:].max() < 2.0 * joint_speeds(endless).max()


def test_a_pause_in_the_text_makes_the_way_longer() -> None:
    one = raised_and_lowered()
    lengths = [len(join([Piece(one, 18, 38, pause), Piece(one, 18, 38)])[0]) for pause in (0.0, 0.6)]
    assert lengths[1] - lengths[0] == pytest.approx(0.4 * 0.6 * FPS, abs=1)


def test_steps_are_told_in_seconds_of_the_whole() -> None:
    one = raised_and_lowered()
    _, placed = join([Piece(one, 16, 40), Piece(one, 16, 40)])
    begin, end = placed[1].seconds(4, 10, FPS)
    assert begin == pytest.approx(placed[1].start / FPS)
    assert end - begin == pytest.approx(24 / FPS)
