"""Decoding: what is chosen among the logits, whatever runs the model."""

from __future__ import annotations

import itertools
from typing import Any, get_args

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from table_runtime import TableRuntime, small_vocabulary

from engine.soke.beam import search
from engine.soke.decoding import GREEDY, Decoded, Variant, decode, decode_text, forced_rows
from engine.soke.runtime import Rows, RuntimeUnfit, head_rows, text_input
from engine.soke.sampling import FREE, Constraint, Sampling, choose, log_softmax
from engine.soke.tracks import FUSED, Track
from engine.soke.vocabulary import END, sign_tags
from engine.tokenizer.features import PARTS

TAGS = sign_tags({"ASL": "en", "CSL": "zh", "DGS": "de"}, by_part=True)
WORDS = small_vocabulary(tags=TAGS)
TEXTS = [text_input(WORDS.input_rows(text, "ASL")) for text in ("hello", "how are you", "", "x")]
LANGUAGES = ["ASL", "DGS", "CSL", "ASL"]
VARIANTS = get_args(Variant)
SAMPLINGS = {
    "greedy": Sampling(),
    "warm": Sampling(temperature=1.3, seed=5),
    "top_k": Sampling(temperature=1.0, top_k=4, seed=6),
    "top_p": Sampling(temperature=0.8, top_p=0.7, seed=7),
    "beam": Sampling(beams=3),
}


def one(runtime: TableRuntime, sampling: Sampling = GREEDY, rule: Constraint | None = None, **options) -> Decoded:
    return decode(runtime, TEXTS[:1], LANGUAGES[:1], sampling, None if rule is None else [rule], **options)[0]


def same(a: Decoded, b: Decoded) -> bool:
    return a.rows == b.rows and np.array_equal(a.margins, b.margins, equal_nan=True) and a.ended == b.ended


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("how", SAMPLINGS)
@pytest.mark.parametrize("end", [-1.0, 3.0])
def test_each_of_a_batch_gets_what_it_gets_alone(variant: Variant, how: str, end: float) -> None:
    runtime, sampling = TableRuntime(WORDS, end=end), SAMPLINGS[how]
    rules = [
        Constraint(max_steps=steps, codes_only=codes)
        for steps, codes in [(12, False), (30, True), (7, True), (1, False)]
    ]
    together = decode(runtime, TEXTS, LANGUAGES, sampling, rules, variant=variant)
    for rows, language, rule, decoded in zip(TEXTS, LANGUAGES, rules, together, strict=True):
        assert same(decoded, decode(runtime, [rows], [language], sampling, [rule], variant=variant)[0])


@pytest.mark.parametrize("variant", VARIANTS)
def test_samples_may_have_their_own_seeds(variant: Variant) -> None:
    runtime = TableRuntime(WORDS, end=-3.0)
    every = [Sampling(temperature=1.0, seed=seed) for seed in range(3)]
    together = decode(runtime, [TEXTS[0]] * 3, ["ASL"] * 3, every, variant=variant)
    assert [d.rows for d in together] == [one(runtime, sampling, variant=variant).rows for sampling in every]
    assert together[0].rows != together[1].rows != together[2].rows


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("seed", range(5))
def test_the_coldest_samples_and_one_beam_are_greedy(variant: Variant, seed: int) -> None:
    runtime = TableRuntime(WORDS, seed)
    greedy = one(runtime, variant=variant)
    for how in (Sampling(temperature=1e-9, seed=3), Sampling(temperature=2.0, top_k=1), Sampling(1.0, top_p=1e-9)):
        assert one(runtime, how, variant=variant).rows == greedy.rows


@pytest.mark.parametrize("seed", range(5))
def test_a_search_with_one_beam_is_greedy(seed: int) -> None:
    runtime = TableRuntime(WORDS, seed)
    heads = dict(zip(PARTS, head_rows(WORDS), strict=True))
    track = Track([WORDS.sign_tag_row("ASL")] * 3, FUSED, heads, Constraint(), Sampling(), {})
    found = search(runtime.start(TEXTS[:1], 100), [track], 1, lambda done: None)[0]
    greedy = one(runtime)
    assert found.rows[: found.position - found.ended].T.tolist() == list(greedy.rows.values())


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("how", SAMPLINGS)
def test_the_same_seed_gives_the_same_tokens(variant: Variant, how: str) -> None:
    assert same(*(one(TableRuntime(WORDS), SAMPLINGS[how], variant=variant) for _ in range(2)))


def test_the_most_steps_change_nothing_before_them() -> None:
    runtime, sampling = TableRuntime(WORDS, end=-50.0), Sampling(temperature=1.0, seed=2)
    short, long = (one(runtime, sampling, Constraint(max_steps=n)).rows for n in (5, 20))
    assert {part: rows[:5] for part, rows in long.items()} == short


rows_or_free = st.lists(st.tuples(*(st.integers(-1, 4) for _ in PARTS)), max_size=12)


@settings(deadline=None, max_examples=60)
@given(rows_or_free, st.sampled_from(VARIANTS), st.sampled_from(sorted(SAMPLINGS)), st.booleans())
def test_forced_tokens_are_kept_and_the_rest_is_made(codes: list, variant: Variant, how: str, codes_only: bool) -> None:
    wanted = np.array(codes, np.int64).reshape(-1, 3)
    rule = Constraint(forced_rows(WORDS, wanted), max_steps=14, codes_only=codes_only)
    decoded = one(TableRuntime(WORDS, end=4.0), SAMPLINGS[how], rule, variant=variant)
    for head, part in enumerate(PARTS):
        made = decoded.rows[part]
        kept = np.flatnonzero(wanted[:, head] != FREE)
        assert all(WORDS.code_of(part, made[step]) == wanted[step, head] for step in kept)


@settings(deadline=None, max_examples=40)
@given(st.integers(1, 15), st.integers(0, 15), st.sampled_from(VARIANTS), st.sampled_from(sorted(SAMPLINGS)))
def test_the_length_is_within_its_bounds(longest: int, shortest: int, variant: Variant, how: str) -> None:
    shortest = min(shortest, longest)
    for end in (-9.0, 0.0, 9.0):
        rule = Constraint(min_steps=shortest, max_steps=longest)
        decoded = one(TableRuntime(WORDS, end=end), SAMPLINGS[how], rule, variant=variant)
        assert all(shortest <= len(rows) <= longest for rows in decoded.rows.values())


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("how", SAMPLINGS)
def test_an_exact_length_with_codes_only_has_a_code_for_every_step(variant: Variant, how: str) -> None:
    rule = Constraint(min_steps=9, max_steps=9, codes_only=True)
    decoded = one(TableRuntime(WORDS, end=5.0), SAMPLINGS[how], rule, variant=variant)
    for part in PARTS:
        codes = [WORDS.code_of(part, row) for row in decoded.rows[part]]
        assert len(codes) == 9
        assert all(code is not None and code < WORDS.sizes[part] for code in codes)


def test_the_end_of_the_body_ends_all_and_that_of_a_hand_nothing() -> None:
    class Ends(TableRuntime):
        """The left hand says it is done at once, the body at its fourth step."""

        def start(self, inputs, steps, heads="parts"):
            session = super().start(inputs, steps, heads)
            ordinary, count = session.step, itertools.count()

            def step(rows: Rows):
                logits, position = ordinary(rows), next(count)
                for head, at in ((1, 0), (0, 3)):
                    logits[head][:, END] = 50.0 if position == at else -50.0
                return logits

            session.step = step
            return session

    decoded = one(Ends(WORDS))
    assert [len(rows) for rows in decoded.rows.values()] == [3, 3, 3]
    assert decoded.rows["left_hand"][0] == END
    assert decoded.ended
    assert decoded.margins.shape == (4, 3)


@pytest.mark.parametrize("how", SAMPLINGS)
def test_hands_of_the_variant_part_become_as_long_as_the_body_when_they_need_codes(how: str) -> None:
    for seed, end in itertools.product(range(3), (1.0, 3.0, 50.0)):
        runtime = TableRuntime(WORDS, seed, end=end)
        decoded = one(runtime, SAMPLINGS[how], Constraint(max_steps=20, codes_only=True), variant="part")
        body = decoded.rows["body"]
        assert [len(rows) for rows in decoded.rows.values()] == [len(body)] * 3
        assert decoded.ended == (len(body) < 20)
        assert all(WORDS.code_of(part, row) is not None for part in PARTS[1:] for row in decoded.rows[part])
        assert len(decoded.log_probabilities) == len(body) + decoded.ended or not body


def test_a_body_of_the_variant_part_lasts_until_the_last_forced_step_of_a_hand() -> None:
    forced = np.full((7, 3), FREE)
    forced[4, 2] = 1
    rule = Constraint(forced_rows(WORDS, forced), max_steps=20, codes_only=True)
    decoded = one(TableRuntime(WORDS, end=50.0), rule=rule, variant="part")
    assert [len(rows) for rows in decoded.rows.values()] == [5, 5, 5]
    assert WORDS.code_of("right_hand", decoded.rows["right_hand"][4]) == 1


class Stuck(TableRuntime):
    """It always finds its step of the code 2 the likeliest, the right hand's code 3 next, and never an end."""

    def start(self, inputs, steps, heads="parts"):
        session = super().start(inputs, steps, heads)
        ordinary = session.step

        def step(rows: Rows):
            logits = ordinary(rows)
            for part, own, rows_of in zip(PARTS, logits, head_rows(self.vocabulary), strict=True):
                own[:] = np.minimum(own, 0.0) - (50.0 if part == "right_hand" else 100.0)
                own[:, np.searchsorted(rows_of, self.vocabulary.first_code[part] + 2)] = 50.0
                own[:, np.searchsorted(rows_of, END)] = -500.0
            right, rows_of = self.vocabulary.first_code["right_hand"], head_rows(self.vocabulary)[2]
            logits[2][:, np.searchsorted(rows_of, right + 3)] = 0.0
            return logits

        session.step = step
        return session


@pytest.mark.parametrize("variant", ["multihead", "flatten"])
@pytest.mark.parametrize("how", SAMPLINGS)
def test_a_step_is_held_no_longer_than_allowed(variant: Variant, how: str) -> None:
    for longest, wanted in ((0, [2] * 12), (1, [2, 3] * 6), (3, [2, 2, 2, 3] * 3)):
        rule = Constraint(None, 12, 12, codes_only=True, longest_hold=longest)
        decoded = one(Stuck(WORDS), SAMPLINGS[how], rule, variant=variant)
        assert [WORDS.code_of("right_hand", row) for row in decoded.rows["right_hand"]] == wanted
        for part in PARTS[:2]:
            assert {WORDS.code_of(part, row) for row in decoded.rows[part]} == {2}, "only the cheapest part moves"


@pytest.mark.parametrize("how", SAMPLINGS)
def test_a_forced_hold_stays_however_long_it_is(how: str) -> None:
    forced = forced_rows(WORDS, np.full((8, 3), 1))
    rule = Constraint(forced, 8, 9, codes_only=True, longest_hold=2)
    decoded = one(Stuck(WORDS), SAMPLINGS[how], rule)
    assert [rows[:8] for rows in decoded.rows.values()] == forced.T.tolist()


def test_a_limit_that_nothing_reaches_changes_nothing() -> None:
    for seed in range(5):
        runtime = TableRuntime(WORDS, seed, end=-2.0)
        free, limited = (one(runtime, rule=Constraint(longest_hold=longest)) for longest in (0, 30))
        assert same(free, limited)


@pytest.mark.parametrize(("variant", "fed"), [("multihead", 6), ("part", 18), ("flatten", 18)])
def test_a_variant_runs_as_many_positions_as_it_should(variant: Variant, fed: int) -> None:
    runtime = TableRuntime(WORDS, end=-50.0)
    one(runtime, rule=Constraint(max_steps=6), variant=variant)
    assert runtime.fed == fed


def test_a_sample_that_is_done_is_fed_no_more() -> None:
    runtime = TableRuntime(WORDS, end=-50.0)
    decode(runtime, TEXTS[:2], LANGUAGES[:2], constraints=[Constraint(max_steps=3), Constraint(max_steps=10)])
    assert runtime.fed == 13


@pytest.mark.parametrize("seed", range(4))
def test_enough_beams_find_the_most_likely_of_all(seed: int) -> None:
    words = small_vocabulary(3, 2)
    runtime = TableRuntime(words, seed, end=1.0)
    found = one(runtime, Sampling(beams=200), Constraint(min_steps=2, max_steps=2, codes_only=True))
    heads = [[words.first_code[part] + code for code in range(words.sizes[part])] for part in PARTS]
    scores = [
        one(runtime, rule=Constraint(np.array(steps), max_steps=2, codes_only=True)).score
        for steps in itertools.product(itertools.product(*heads), repeat=2)
    ]
    assert found.score == pytest.approx(max(scores))


def test_more_beams_than_one_find_what_is_likelier_than_greedy() -> None:
    rule = Constraint(min_steps=8, max_steps=8)
    better = [
        one(TableRuntime(WORDS, s), Sampling(beams=6), rule).score - one(TableRuntime(WORDS, s), rule=rule).score
        for s in range(8)
    ]
    assert np.mean(better) > 0.02


def test_probabilities_are_those_of_the_model_whatever_is_allowed() -> None:
    runtime = TableRuntime(WORDS, end=2.0)
    free = one(runtime, rule=Constraint(max_steps=5, min_steps=5, codes_only=True))
    steps = np.array(list(free.rows.values())).T
    forced = one(runtime, rule=Constraint(steps, max_steps=5, codes_only=True))
    assert np.array_equal(free.log_probabilities, forced.log_probabilities[:5])
    assert np.isinf(forced.margins[:5]).all()
    assert free.log_probability == pytest.approx(free.log_probabilities.sum())


def test_what_was_forced_is_no_choice() -> None:
    runtime = TableRuntime(WORDS, end=2.0)
    free = one(runtime, rule=Constraint(max_steps=5, min_steps=5, codes_only=True))
    assert free.chosen == (pytest.approx(free.log_probability, abs=1e-9), 5)
    steps = np.array(list(free.rows.values())).T
    steps[3] = FREE
    total, count = one(runtime, rule=Constraint(steps, min_steps=5, max_steps=5, codes_only=True)).chosen
    assert count == 1
    assert total == pytest.approx(free.log_probabilities[3].sum())
    steps[3] = np.array(list(free.rows.values())).T[3]
    assert one(runtime, rule=Constraint(steps, min_steps=5, max_steps=5, codes_only=True)).chosen == (0.0, 0)


def test_sampling_follows_the_probabilities() -> None:
    logits = np.log(np.array([0.5, 0.3, 0.15, 0.05]))
    uniforms = (np.arange(4000) + 0.5) / 4000

    def shares(sampling: Sampling) -> Any:
        chosen = [choose(logits, sampling, u) for u in uniforms]
        return pytest.approx([chosen.count(i) / len(uniforms) for i in range(4)], abs=5e-4)

    assert shares(Sampling(1.0)) == [0.5, 0.3, 0.15, 0.05]
    assert shares(Sampling(0.5)) == [0.25 / 0.365, 0.09 / 0.365, 0.0225 / 0.365, 0.0025 / 0.365]
    assert shares(Sampling(1.0, top_k=2)) == [0.625, 0.375, 0.0, 0.0]
    assert shares(Sampling(1.0, top_p=0.81)) == [0.5 / 0.95, 0.3 / 0.95, 0.15 / 0.95, 0.0]
    assert shares(Sampling(1.0, top_p=0.79)) == [0.625, 0.375, 0.0, 0.0]


def test_what_may_not_be_is_never_sampled() -> None:
    logits = np.array([-np.inf, 0.0, -np.inf, 0.0, -np.inf])
    assert {choose(logits, Sampling(5.0), u) for u in (0.0, 0.4999999, 0.5, 1 - 2**-53)} == {1, 3}


def test_the_lowest_row_wins_a_tie() -> None:
    assert choose(np.zeros(5), Sampling(), 0.9) == 0
    assert choose(np.zeros(5), Sampling(1.0, top_k=1), 0.9) == 0


@pytest.mark.parametrize("heads", [1, 5])
def test_log_probabilities_sum_to_one(heads: int) -> None:
    assert np.exp(log_softmax(np.linspace(-500, 900, heads))).sum() == pytest.approx(1.0)


def test_a_model_that_overflows_is_told() -> None:
    with pytest.raises(RuntimeUnfit, match="float32"):
        log_softmax(np.array([np.nan, 1.0]))


def test_progress_is_told_and_may_cancel() -> None:
    runtime, told = TableRuntime(WORDS, end=-50.0), []
    one(runtime, rule=Constraint(max_steps=4), progress=told.append)
    assert told == [0.25, 0.5, 0.75, 1.0]

    def cancel(done: float) -> None:
        raise KeyboardInterrupt

    before = runtime.fed
    with pytest.raises(KeyboardInterrupt):
        one(runtime, progress=cancel)
    assert runtime.fed == before + 1


@pytest.mark.parametrize("beams", [1, 3])
def test_signs_become_words_up_to_the_end(beams: int) -> None:
    runtime = TableRuntime(WORDS, end=4.0)
    every = decode_text(runtime, TEXTS, "ASL", Sampling(beams=beams), longest=20)
    rows = set(WORDS.text_rows())
    assert all(set(d.rows["text"]) <= rows and END not in d.rows["text"] for d in every)
    assert any(d.ended for d in every)
    for text, decoded in zip(TEXTS, every, strict=True):
        assert decode_text(runtime, [text], "ASL", Sampling(beams=beams), longest=20)[0].rows == decoded.rows


def test_a_runtime_without_words_says_so() -> None:
    with pytest.raises(RuntimeUnfit, match="words"):
        decode_text(TableRuntime(WORDS, text=False), TEXTS, "ASL", longest=5)


@pytest.mark.parametrize(
    "wrong",
    [
        {"temperature": -1.0},
        {"temperature": float("nan")},
        {"top_k": -1},
        {"top_p": 0.0},
        {"top_p": 1.5},
        {"beams": 0},
        {"beams": 2, "temperature": 1.0},
        {"seed": -1},
    ],
    ids=str,
)
def test_a_sampling_that_can_not_be_is_refused(wrong: dict) -> None:
    with pytest.raises(ValueError):
        Sampling(**wrong)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"min_steps": 5, "max_steps": 4}, "at least 5"),
        ({"max_steps": 0}, "at most 0"),
        ({"forced": np.zeros(3, np.int64)}, "shape"),
        ({"forced": np.full((5, 3), FREE), "max_steps": 4}, "5 steps"),
    ],
    ids=str,
)
def test_a_constraint_that_can_not_be_is_refused(wrong: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Constraint(**wrong)


@pytest.mark.parametrize("row", [END, 100, 10**6, WORDS.first_code["left_hand"]])
def test_a_row_that_the_part_never_has_can_not_be_forced(row: int) -> None:
    forced = np.full((3, 3), FREE)
    forced[2, 0] = row
    with pytest.raises(ValueError, match=f"Step 2 of body can't be row {row}"):
        one(TableRuntime(WORDS), rule=Constraint(forced))


def test_an_unknown_variant_is_told() -> None:
    with pytest.raises(ValueError, match="flatten"):
        one(TableRuntime(WORDS), variant="sideways")


def test_no_text_gives_nothing() -> None:
    assert decode(TableRuntime(WORDS), [], []) == []
