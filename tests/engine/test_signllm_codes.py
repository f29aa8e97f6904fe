"""Tokens begin as what their isolated signs look like."""

from __future__ import annotations

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("lightning_fabric")

from engine.formats.skels import VALUES  # noqa: E402
from engine.signllm.config import PoseTransformerConfig  # noqa: E402
from engine.signllm.model import PoseTransformer  # noqa: E402
from engine.signllm.vocabulary import END, SPECIALS  # noqa: E402
from engine.training.signllm_codes import components, start_codes  # noqa: E402
from engine.training.signllm_pose import PoseSample  # noqa: E402

FIRST = SPECIALS + 2
COUNT = FIRST + 9


def a_clip(sign: int, seed: int, frames: int) -> PoseSample:
    """A clip of one sign: its own curve, with a little that differs from clip to clip."""
    curve = np.random.default_rng(sign).normal(size=(2, VALUES))
    time = np.linspace(0.0, np.pi, frames)[:, None]
    made = np.sin(time) * curve[0] + np.cos(time) * curve[1]
    made += 0.05 * np.random.default_rng((sign, seed)).normal(size=made.shape)
    return PoseSample((SPECIALS, FIRST + sign, END), frames, lambda: made.astype(np.float32))


def a_model(width: int = 16) -> PoseTransformer:
    torch.manual_seed(0)
    return PoseTransformer(PoseTransformerConfig(COUNT, width=width, heads=2, feed_forward=8, longest_frames=40))


def clips() -> list[PoseSample]:
    sentence = PoseSample((SPECIALS, FIRST, FIRST + 1, END), 20, lambda: np.ones((20, VALUES), np.float32))
    return [a_clip(sign, seed, 12 + 5 * seed) for sign in range(6) for seed in (0, 1)] + [sentence]


def test_tokens_with_a_clip_of_their_own_begin_as_its_code_and_others_small() -> None:
    model, before = a_model(), a_model().embedding.weight.detach()
    assert start_codes(model, clips(), FIRST) == 6
    after = model.embedding.weight.detach()
    torch.testing.assert_close(after[:FIRST], before[:FIRST])
    torch.testing.assert_close(after[FIRST + 6 :], 0.3 * before[FIRST + 6 :])
    assert float(after[FIRST : FIRST + 6].std()) == pytest.approx(1.0, abs=0.1)


def test_signs_that_look_alike_have_codes_that_are_alike() -> None:
    rows = np.random.default_rng(0).normal(size=(5, 30))
    rows = np.concatenate([rows, rows[:1] + 0.01])
    codes = components(rows, 8)
    apart = np.linalg.norm(codes[:, None] - codes, axis=-1)
    assert apart[0, 5] < 0.1 * np.sort(apart[0])[2]


def test_codes_have_the_width_of_the_model_also_where_there_are_fewer_components() -> None:
    codes = components(np.random.default_rng(0).normal(size=(5, 30)), 8)
    assert codes.shape == (5, 8)
    assert np.abs(codes[:, 5:]).max() == 0.0
    assert components(np.ones((3, 4)), 2).tolist() == [[0.0, 0.0]] * 3


def test_without_isolated_signs_nothing_changes() -> None:
    model, before = a_model(), a_model().embedding.weight.detach()
    assert start_codes(model, [clips()[-1]], FIRST) == 0
    torch.testing.assert_close(model.embedding.weight.detach(), before)
