"""What SignLLM's methods sign of a text: sentences, prompts, LangGloss; and when it ends."""

from __future__ import annotations

import numpy as np
import pytest

from engine.generators.base import EngineError, GenerateRequest
from engine.signllm import free_running
from engine.signllm.counter import Counter
from engine.signllm.script import read, words_of


def script(text: str, language: str = "ASL"):
    return read(GenerateRequest(text=text, language=language))


@pytest.mark.parametrize(
    ("text", "sentences"),
    [
        ("Hello, I am Anna. How are you?", ["Hello, I am Anna.", "How are you?"]),
        ("It costs 3.50 euros! Yes", ["It costs 3.50 euros!", "Yes"]),
        ("Dr. Smith saw J. Doe. He left…", ["Dr. Smith saw J. Doe.", "He left…"]),
        ('He said "go." Then left.', ['He said "go."', "Then left."]),
        ("你好。你叫什么名字？", ["你好。", "你叫什么名字？"]),
        ("one\n\n  two  \n?!\n", ["one", "two"]),
        ("no end", ["no end"]),
    ],
)
def test_each_sentence_is_signed_by_itself_and_knows_its_place(text: str, sentences: list[str]) -> None:
    found = script(text).sentences
    assert [s.text for s in found] == sentences
    assert [text[slice(*s.span)] for s in found] == sentences


def test_of_a_prompt_the_text_in_it_is_signed() -> None:
    text = "How do you say good morning in ASL?"
    made = script(text)
    assert [s.text for s in made.sentences] == ["good morning"]
    assert text[slice(*made.sentences[0].span)] == "good morning"
    assert not made.warnings


def test_a_prompt_may_ask_for_another_language_than_the_chosen_one_which_is_told() -> None:
    made = script("How do you say Katze in DGS?")
    assert made.language == "DGS"
    assert "German Sign Language" in made.warnings[0]
    assert "reads German" in made.warnings[1]


@pytest.mark.parametrize(
    ("text", "code"),
    [("", "empty_text"), (" \n", "empty_text"), ("🐈 !?", "nothing_to_sign"), ("a" * 5000, "text_too_long")],
)
def test_what_cannot_be_signed_is_told(text: str, code: str) -> None:
    with pytest.raises(EngineError) as caught:
        script(text)
    assert caught.value.code == code
    assert caught.value.fix == "edit_text"


def test_lang_gloss_may_be_written_instead_of_a_text() -> None:
    made = script("<DGS_HALLO> <DGS_fs-A> <DGS_fs-B>")
    assert made.language == "DGS"
    assert made.sentences[0].tokens == ("<DGS_HALLO>", "<DGS_fs-A>", "<DGS_fs-B>")
    with pytest.raises(EngineError, match="several languages"):
        script("<DGS_HALLO> <ASL_HELLO>")
    with pytest.raises(EngineError, match="no signed language called 'XX'"):
        script("<XX_HALLO>")


def test_letters_in_a_row_are_one_word() -> None:
    tokens = ("<ASL_HELLO>", "<ASL_fs-A>", "<ASL_fs-N>", "<ASL_IX-1>", "<ASL_fs-X>")
    assert words_of(tokens) == [("HELLO", 0, 1), ("fs-AN", 1, 3), ("IX-1", 3, 4), ("fs-X", 4, 5)]


@pytest.mark.parametrize("frames", [1, 2, 3, 50, 700])
@pytest.mark.parametrize("error", [0.0, 0.33, -0.33])
def test_a_counter_ends_with_its_last_frame_if_it_is_off_by_a_third_of_one(frames: int, error: float) -> None:
    counter = Counter(1)
    ended = [bool(counter.advance(np.array([(t + error) / frames]))[0]) for t in range(1, frames + 1)]
    assert ended.index(True) == frames - 1


def test_a_counter_never_falls_nor_leaves_its_range() -> None:
    counter, values = Counter(1), []
    for said in (0.1, 0.3, 0.2, np.nan, -5.0, 0.5, 7.0):
        counter.advance(np.array([said]))
        values.append(float(counter.value[0]))
    assert values == [0.1, 0.3, 0.3, 0.3, 0.3, 0.5, 1.0]


class Script:
    """A session that says what the counters of its samples are."""

    def __init__(self, *counters: list[float]) -> None:
        self.counters, self.fed, self.at = counters, [], 0

    def step(self, frames: np.ndarray) -> np.ndarray:
        self.fed.append(frames.copy())
        self.at += 1
        rows = [[self.at, c[min(self.at, len(c)) - 1]] for c in self.counters]
        return np.array(rows, np.float32)


def test_each_sample_ends_by_its_own_counter_and_the_batch_with_the_last() -> None:
    session = Script([0.25, 0.5, 0.75, 1.0], [0.5, 1.0])
    made = free_running.run(session, 2, 2, 99)
    assert [len(frames) for frames in made] == [4, 2]
    assert len(session.fed) == 4
    assert made[0][:, 0].tolist() == [1, 2, 3, 4]
    assert all(free_running.ended(frames) for frames in made)


def test_generating_begins_with_a_frame_of_zeros_and_feeds_what_was_made() -> None:
    session = Script([0.2, 0.1, 1.0])
    made = free_running.run(session, 1, 2, 99)[0]
    assert not session.fed[0].any()
    np.testing.assert_array_equal(np.concatenate(session.fed[1:]), made[:-1])
    assert made[1, 1] == np.float32(0.2), "a counter that fell is fed as it was"


def test_generating_stops_at_the_limit_and_says_that_it_did_not_end() -> None:
    made = free_running.run(Script([0.1]), 1, 2, 5)[0]
    assert len(made) == 5
    assert not free_running.ended(made)


def test_what_progress_raises_ends_the_generating() -> None:
    def cancel(done: float) -> None:
        raise KeyboardInterrupt

    session = Script([0.1])
    with pytest.raises(KeyboardInterrupt):
        free_running.run(session, 1, 2, 5, cancel)
    assert len(session.fed) == 1
