"""How long each gloss takes is found from clips whose cuts nobody knows."""

from __future__ import annotations

import numpy as np
import pytest

from engine.signllm.vocabulary import END, SPECIALS
from engine.training.signllm_durations import durations

TOKENS = SPECIALS + 6
TRUE = np.array([8.0, 12.0, 5.0, 20.0, 9.0, 14.0])


def clips(count: int, noise: float) -> tuple[list[list[int]], list[int]]:
    rng = np.random.default_rng(2)
    lines = [[*(SPECIALS + rng.integers(0, 5, rng.integers(1, 7))).tolist(), END] for _ in range(count)]
    exact = [10.0 + float(sum(TRUE[token - SPECIALS] for token in line[:-1])) for line in lines]
    return lines, [round(x * (1.0 + noise * rng.normal())) for x in exact]


@pytest.mark.parametrize(("noise", "error"), [(0.0, 0.5), (0.1, 2.0)])
def test_durations_come_back_from_the_lengths_of_sentences(noise: float, error: float) -> None:
    found = durations(*clips(400, noise), TOKENS)
    assert np.abs(found[SPECIALS : SPECIALS + 5] - TRUE[:5]).max() < error


def test_a_gloss_of_no_clip_takes_about_as_long_as_the_others() -> None:
    found = durations(*clips(400, 0.0), TOKENS)
    assert TRUE.min() < found[SPECIALS + 5] < TRUE.max()


def test_no_gloss_takes_less_than_a_frame() -> None:
    found = durations([[SPECIALS], [SPECIALS, SPECIALS + 1]] * 5, [30, 10] * 5, TOKENS)
    assert found.min() >= 1.0


def test_clips_without_glosses_are_told() -> None:
    with pytest.raises(ValueError, match="no glosses"):
        durations([[END]], [30], TOKENS)
