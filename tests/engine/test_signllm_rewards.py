"""Which samples the reinforcement loss draws, and which batches the Priority Learning Channel skips."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")

from engine.training.signllm_config import PoseLossConfig
from engine.training.signllm_rewards import Drawing

REWARDS = np.array([-0.2, -0.5, -1.0, -2.0])


def drawing(**settings) -> Drawing:
    made = Drawing(4, PoseLossConfig(**settings))
    made.reward(np.arange(4), REWARDS)
    return made


def test_squared_errors_draw_each_sample_once() -> None:
    made = drawing(kind="mse")
    assert sorted(made.order(np.random.default_rng(0))) == [0, 1, 2, 3]


@pytest.mark.parametrize("eta", [-2.0, 1.0, 3.0])
def test_rewards_draw_by_their_exponential(eta: float) -> None:
    made = Drawing(4000, PoseLossConfig("rl", eta=eta))
    made.reward(np.arange(4000), np.tile(REWARDS, 1000))
    wanted = np.exp(eta * REWARDS) / np.exp(eta * REWARDS).sum()
    assert np.allclose(made.chances()[:4] * 1000, wanted)
    found = np.bincount(made.order(np.random.default_rng(0)) % 4, minlength=4) / 4000
    assert np.allclose(found, wanted, atol=0.03)
    assert (found[0] > found[3]) == (eta > 0.0), "a positive eta prefers what is signed well"


def test_a_sample_not_seen_yet_has_the_mean_reward() -> None:
    made = Drawing(3, PoseLossConfig("rl", eta=1.0))
    assert np.allclose(made.chances(), 1 / 3)
    made.reward(np.array([0, 1]), np.array([-1.0, -3.0]))
    assert np.allclose(np.log(made.chances()) - np.log(made.chances()[2]), [1.0, -1.0, 0.0])


def test_the_channel_skips_batches_below_the_running_median() -> None:
    made = drawing(kind="rl_plc", window=4)
    assert not made.skips(-1.0), "nothing to compare with yet"
    assert not made.skips(-2.0)
    assert made.skips(-1.6), "the median is -1.5"
    assert not made.skips(-1.5)
    assert [made.skips(-5.0) for _ in range(3)] == [True] * 3, "those that were skipped count too"
    assert not made.skips(-4.9), "so that the median comes down"
    for kind in ("mse", "rl"):
        other = drawing(kind=kind, window=2)
        assert not any(other.skips(reward) for reward in (-1.0, -2.0, -9.0, -9.5))


def test_about_half_of_like_batches_are_skipped() -> None:
    made, rng = drawing(kind="rl_plc", window=50), np.random.default_rng(0)
    assert 0.4 < np.mean([made.skips(r) for r in rng.normal(size=2000)]) < 0.6


def test_a_drawing_goes_on_from_its_state() -> None:
    made = drawing(kind="rl_plc", window=3)
    for reward in (-1.0, -2.0, -3.0):
        made.skips(reward)
    again = Drawing(4, PoseLossConfig("rl_plc", window=3))
    again.restore(made.state())
    assert np.array_equal(made.chances(), again.chances())
    assert [made.skips(-2.5), made.skips(-1.9)] == [again.skips(-2.5), again.skips(-1.9)]
    with pytest.raises(ValueError, match="4 samples"):
        Drawing(5, PoseLossConfig("rl")).restore(made.state())
