"""SignLLM's models: frames with a counter from tokens, LangGloss from prompts."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from engine.signllm.config import (  # noqa: E402
    SIZES,
    GlossTransformerConfig,
    PoseTransformerConfig,
    Size,
    from_settings,
    gloss_sized,
    sized,
)
from engine.signllm.gloss_decoding import circles, decode  # noqa: E402
from engine.signllm.model import (  # noqa: E402
    GlossTransformer,
    PoseTransformer,
    free_run,
    gloss_session,
    shifted,
    waves,
)
from engine.signllm.vocabulary import END, START  # noqa: E402

SMALL = PoseTransformerConfig(30, width=32, heads=4, feed_forward=64, longest_text=12, longest_frames=40, future=3)
TOKENS = torch.tensor([[4, 9, 17, 2, 0, 0], [5, 8, 21, 29, 11, 2]])
LENGTHS = torch.tensor([4, 6])


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    torch.manual_seed(0)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def model() -> PoseTransformer:
    return PoseTransformer(SMALL).eval()


def frames_of(batch: int = 2, length: int = 9) -> torch.Tensor:
    return torch.randn(batch, length, SMALL.frame)


def test_a_counter_of_steps_is_added_to_the_one_fed() -> None:
    torch.manual_seed(4)
    model = PoseTransformer(replace(SMALL, counter_steps=True)).eval()
    frames = frames_of()
    with torch.no_grad():
        model.frame_out.weight.zero_()
        model.frame_out.bias.fill_(0.5)
        made = model(TOKENS, LENGTHS, frames)
    torch.testing.assert_close(made[..., -1], frames[:, :, None, -1].expand(-1, -1, 3) + 0.5 / 64.0)
    assert bool((made[..., :-1] == 0.5).all())


def test_waves_of_the_counter_are_told_apart_where_the_counter_hardly_differs() -> None:
    counters = torch.tensor([[0.0], [0.01], [0.5], [0.51], [1.0]])
    found = waves(counters, 7)
    assert found.shape == (5, 14)
    apart = torch.cdist(found, found) + 9.0 * torch.eye(5)
    assert float(apart.min()) > 1.0
    torch.testing.assert_close(found[4, :2], torch.tensor([0.0, 0.0]), rtol=0.0, atol=1e-4)


@pytest.mark.parametrize("octaves", [0, 5])
def test_a_step_says_what_teacher_forcing_says_with_the_counters_options(octaves: int) -> None:
    model = PoseTransformer(replace(SMALL, counter_waves=octaves, counter_steps=True)).eval()
    frames = frames_of()
    with torch.no_grad():
        memory = model.encode(TOKENS, LENGTHS)
        whole, cache = model.decode(memory, LENGTHS, frames), model.start(memory, LENGTHS, 9)
        for t in range(9):
            torch.testing.assert_close(model.step(frames[:, t], cache), whole[:, t, 0], rtol=0.0, atol=1e-5)


@pytest.mark.parametrize(("size", "millions"), [("tiny", 1), ("40M", 40), ("120M", 120), ("1B", 1000)])
def test_the_named_sizes_have_about_as_many_parameters_as_they_say(size: Size, millions: float) -> None:
    with torch.device("meta"):
        made = PoseTransformer(sized(size, 4000))
    count = sum(p.numel() for p in made.parameters()) / 1e6
    assert abs(count - millions) < (0.08 * millions if millions > 1 else 1.0)


def test_the_smallest_published_size_has_two_layers_on_each_side() -> None:
    assert SIZES["40M"]["encoder_layers"] == SIZES["40M"]["decoder_layers"] == 2


def test_each_frame_predicts_as_many_frames_ahead_as_the_configuration_says(model: PoseTransformer) -> None:
    with torch.no_grad():
        made = model(TOKENS, LENGTHS, frames_of())
    assert made.shape == (2, 9, SMALL.future, SMALL.frame)


def test_a_frame_sees_itself_and_those_before_only(model: PoseTransformer) -> None:
    frames = frames_of()
    changed = frames.clone()
    changed[:, 5:] += 1.0
    with torch.no_grad():
        before, after = model(TOKENS, LENGTHS, frames), model(TOKENS, LENGTHS, changed)
    assert torch.equal(before[:, :5], after[:, :5])
    assert not torch.allclose(before[:, 5:], after[:, 5:])


def test_what_fills_a_short_text_changes_nothing(model: PoseTransformer) -> None:
    frames, other = frames_of(), TOKENS.clone()
    other[0, 4:] = 23
    with torch.no_grad():
        made = model(TOKENS, LENGTHS, frames)
        alone = model(TOKENS[:1, :4], LENGTHS[:1], frames[:1])
        filled = model(other, LENGTHS, frames)
    assert torch.allclose(made[:1], alone, atol=1e-5)
    assert torch.allclose(made, filled, atol=1e-5)


def test_what_is_fed_is_the_mean_pose_and_all_but_the_last_frame() -> None:
    frames = frames_of()
    fed = shifted(frames)
    assert not fed[:, 0].any()
    assert torch.equal(fed[:, 1:], frames[:, :-1])


def test_decoding_by_the_cache_is_the_same_as_decoding_everything_anew(model: PoseTransformer) -> None:
    with torch.no_grad():
        memory = model.encode(TOKENS, LENGTHS)
        fed = frames_of(length=20)
        whole = model.decode(memory, LENGTHS, fed)[:, :, 0]
        cache = model.start(memory, LENGTHS, 20)
        steps = torch.stack([model.step(fed[:, t], cache) for t in range(20)], dim=1)
    assert torch.allclose(steps, whole, atol=1e-5)


def test_what_is_generated_is_what_teacher_forcing_says_of_it(model: PoseTransformer) -> None:
    made = free_run(model, TOKENS, LENGTHS, 15)[1]
    with torch.no_grad():
        said = model(TOKENS[1:], LENGTHS[1:], shifted(made[None]))[0, :, 0]
    assert torch.allclose(said[:, :-1], made[:, :-1], atol=1e-5)


def test_a_batch_generates_what_each_sample_generates_alone(model: PoseTransformer) -> None:
    together = free_run(model, TOKENS, LENGTHS, 15)
    alone = [free_run(model, TOKENS[i : i + 1, :n], LENGTHS[i : i + 1], 15)[0] for i, n in enumerate(LENGTHS)]
    for a, b in zip(together, alone, strict=True):
        assert torch.allclose(a, b, atol=1e-5)


class Counting(PoseTransformer):
    """A model whose counter rises by a thirteenth a frame."""

    def step(self, frame: torch.Tensor, cache: object) -> torch.Tensor:
        made = torch.zeros_like(frame)
        made[:, -1] = frame[:, -1] + 1.0 / 13.0
        return made


def test_the_predicted_counter_alone_ends_the_frames() -> None:
    made = free_run(Counting(SMALL).eval(), TOKENS, LENGTHS, 40)
    assert [len(frames) for frames in made] == [13, 13]
    assert torch.allclose(made[0][:, -1], torch.arange(1, 14) / 13)


def test_a_counter_that_never_gets_there_is_ended_by_the_limit(model: PoseTransformer) -> None:
    with torch.no_grad():
        model.frame_out.weight.zero_()
        model.frame_out.bias.zero_()
    assert [len(frames) for frames in free_run(model, TOKENS, LENGTHS, 7)] == [7, 7]
    assert len(free_run(model, TOKENS[:1], LENGTHS[:1], 1000)[0]) == SMALL.longest_frames


def test_no_gradient_flows_through_generating(model: PoseTransformer) -> None:
    assert not free_run(model, TOKENS, LENGTHS, 3)[0].requires_grad


def gloss_model() -> GlossTransformer:
    return GlossTransformer(GlossTransformerConfig(30, 11, 32, 4, feed_forward=64, longest_text=12, longest_gloss=9))


def test_glosses_by_the_cache_are_the_same_as_by_everything_anew() -> None:
    model = gloss_model().eval()
    fed = torch.tensor([[START, 5, 7, 9], [START, 4, 4, 8]])
    with torch.no_grad():
        whole = model(TOKENS, LENGTHS, fed)
        cache = model.start(model.encode(TOKENS, LENGTHS), LENGTHS, 9)
        steps = torch.stack([model.step(fed[:, t], cache) for t in range(4)], dim=1)
    assert torch.allclose(steps, whole, atol=1e-5)


@torch.no_grad()
def score_of(model: GlossTransformer, rows: tuple[int, ...], allowed: list[int]) -> float:
    fed = torch.tensor([[START, *rows]])
    logits = model(TOKENS[1:], LENGTHS[1:], fed)[0].double()
    keep = torch.tensor(sorted({*allowed, END}))
    chances = torch.full_like(logits, -torch.inf)
    chances[:, keep] = logits[:, keep].log_softmax(dim=-1)
    return float(sum(chances[t, row] for t, row in enumerate((*rows, END)))) / (len(rows) + 1)


def test_the_search_says_the_score_that_the_model_gives_its_tokens() -> None:
    model, allowed = gloss_model().eval(), [4, 6, 7, 10]
    for beams in (1, 3):
        found = decode(gloss_session(model, TOKENS[1:], LENGTHS[1:]), allowed, 8, beams)
        assert set(found.rows) <= set(allowed)
        if found.complete:
            assert found.score == pytest.approx(score_of(model, found.rows, allowed), abs=1e-5)


def test_a_wide_search_finds_the_best_of_all_that_there_are() -> None:
    model, allowed = gloss_model().eval(), [4, 6, 7]
    with torch.no_grad():
        model.gloss_out.bias[END] += 1.0
    there = [rows for n in range(4) for rows in itertools.product(allowed, repeat=n)]
    best = max(there, key=lambda rows: score_of(model, rows, allowed))
    found = decode(gloss_session(model, TOKENS[1:], LENGTHS[1:]), allowed, 3, beams=len(there))
    assert found.rows == best


def test_an_end_before_the_least_length_is_no_choice() -> None:
    model, allowed = gloss_model().eval(), [4, 6, 7]
    with torch.no_grad():
        model.gloss_out.bias[END] += 50.0
    for beams in (1, 4):
        session = gloss_session(model, TOKENS[1:], LENGTHS[1:])
        assert len(decode(session, allowed, 8, beams, least=3).rows) == 3


def test_greedy_decoding_takes_the_likeliest_token_each_time() -> None:
    model, allowed = gloss_model().eval(), [4, 6, 7, 10]
    found = decode(gloss_session(model, TOKENS[1:], LENGTHS[1:]), allowed, 8)
    keep = sorted({*allowed, END})
    fed = [START]
    with torch.no_grad():
        for _ in range(9):
            logits = model(TOKENS[1:], LENGTHS[1:], torch.tensor([fed]))[0, -1, keep]
            fed.append(keep[int(logits.argmax())])
            if fed[-1] == END:
                break
    assert [*found.rows, *([END] if found.complete else [])] == fed[1 : len(found.rows) + 1 + found.complete]


class Spelling:
    """A session that says two tokens in turn for ever; its end is never likely."""

    def step(self, rows: np.ndarray) -> np.ndarray:
        logits = np.zeros((len(rows), 8), np.float32)
        logits[:, END] = -9.0
        logits[np.arange(len(rows)), np.where(rows == 5, 6, 5)] = 9.0
        return logits

    def select(self, index: np.ndarray) -> None:
        del index


@pytest.mark.parametrize("beams", [1, 3])
def test_glosses_that_go_round_in_a_circle_are_given_up(beams: int) -> None:
    found = decode(Spelling(), [5, 6, 7], 40, beams)
    assert not any(circles(found.rows[:n]) for n in range(len(found.rows) + 1))


def test_tokens_in_turn_are_no_circle_until_they_were_said_often_enough() -> None:
    assert decode(Spelling(), [5, 6], 6).rows == (5, 6, 5, 6, 5, 6)


def test_a_circle_is_four_times_the_same_in_a_row() -> None:
    assert circles([9, 4, 4, 4, 4])
    assert circles([9, 4, 5, 4, 5, 4, 5, 4, 5])
    assert not circles([4, 4, 4])
    assert not circles([4, 4, 4, 4, 9])
    assert not circles([])


def test_sizes_that_no_model_can_have_are_told() -> None:
    settings = {**vars(SMALL), "width": 30}
    with pytest.raises(ValueError, match="30 can't be split into 4"):
        from_settings(PoseTransformerConfig, settings)
    with pytest.raises(ValueError, match="heads is 0"):
        from_settings(PoseTransformerConfig, {**settings, "heads": 0})
    with pytest.raises(ValueError, match="counter_waves is -1"):
        from_settings(PoseTransformerConfig, {**settings, "width": 32, "counter_waves": -1})
    with pytest.raises(ValueError, match="counter_steps is neither"):
        from_settings(PoseTransformerConfig, {**settings, "width": 32, "counter_steps": 1})
    with pytest.raises(ValueError, match="sizes of the model must be"):
        from_settings(PoseTransformerConfig, {"pieces": 4})
    assert gloss_sized("tiny", 9, 8).width == sized("tiny", 9).width


def test_generating_is_the_same_each_time(model: PoseTransformer) -> None:
    first, second = (free_run(model, TOKENS, LENGTHS, 12) for _ in range(2))
    assert all(np.array_equal(a, b) for a, b in zip(first, second, strict=True))
