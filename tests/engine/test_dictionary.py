"""The dictionary method from a request to a take."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from engine import __version__
from engine.generators import registry
from engine.generators.base import Cancelled, EngineError, GenerateRequest
from engine.generators.dictionary import take_name
from engine.rotations import mirror_poses
from engine.skeleton import EXPRESSION_NAMES, JOINT_INDEX
from engine.take import Take


def generate(text: str, **fields: object) -> Take:
    request = GenerateRequest.from_message({"text": text, **fields})
    return registry.get("dictionary").generate(request, lambda stage, fraction: None)


@pytest.fixture(scope="module")
def greeting() -> Take:
    return generate("Hello, my name is Anna.", seed=5)


def test_a_take_tells_how_it_was_made(greeting: Take) -> None:
    assert greeting.name == greeting.text == "Hello, my name is Anna."
    assert (greeting.language, greeting.method, greeting.seed) == ("ASL", "dictionary", 5)
    assert greeting.engine_version == __version__
    assert abs((datetime.now(UTC) - datetime.fromisoformat(greeting.created)).total_seconds()) < 60
    chosen = {"speed": 1.0, "handedness": "right", "fps": 24.0, "body_model": "", "mouthing": 1.0}
    assert greeting.settings.items() >= chosen.items()
    assert not {"text", "seed", "dictionary"} & greeting.settings.keys()


def test_segments_tell_what_is_signed_when_and_where_it_came_from(greeting: Take) -> None:
    signed = [s for s in greeting.segments if s.origin != "pause"]
    assert [s.gloss for s in signed] == ["HELLO", "POSS-1", "NAME", "fs-ANNA"]
    assert [s.origin for s in signed] == ["dictionary"] * 3 + ["fingerspelled"]
    assert [greeting.text[slice(*s.text_span)] for s in signed] == ["Hello", "my", "name", "Anna"]
    assert signed[0].source == "asl/HELLO"
    assert signed[0].licence
    assert all(s.start < s.end for s in signed)
    assert all(a.end <= b.start + 1e-6 for a, b in itertools.pairwise(signed))
    assert signed[-1].end <= greeting.sequence.duration + 1e-6


def test_the_same_seed_makes_the_same_take() -> None:
    one, two = generate("Hello.", seed=1), generate("Hello.", seed=1)
    assert np.array_equal(one.sequence.poses, two.sequence.poses)


def test_a_left_handed_take_is_the_mirror_image(greeting: Take) -> None:
    left = generate("Hello, my name is Anna.", seed=5, handedness="left")
    np.testing.assert_allclose(left.sequence.poses, mirror_poses(greeting.sequence.poses), atol=1e-6)
    assert left.settings["handedness"] == "left"


def test_speed_and_frame_rate_are_kept() -> None:
    plain, fast, fine = generate("Hello."), generate("Hello.", speed=2.0), generate("Hello.", fps=60.0)
    assert fast.sequence.duration < 0.8 * plain.sequence.duration
    assert fine.sequence.fps == 60
    assert fine.sequence.duration == pytest.approx(plain.sequence.duration, abs=0.05)


def test_questions_move_the_brows_and_denial_shakes_the_head() -> None:
    def peak(take: Take, unit: str) -> float:
        return float(take.sequence.expression[:, EXPRESSION_NAMES.index(unit)].max())

    def turning(take: Take) -> float:
        head = slice(3 * JOINT_INDEX["head"], 3 * JOINT_INDEX["head"] + 3)
        return float(np.ptp(take.sequence.poses[:, head][:, 1]))

    told, asked, wanted = generate("You like school."), generate("Do you like school?"), generate("Where is school?")
    assert peak(asked, "brows_up") > 0.5 > peak(told, "brows_up")
    assert peak(wanted, "brows_down") > 0.5 > peak(told, "brows_down")
    assert turning(generate("I do not like school.")) > turning(told) + 0.05


def test_progress_goes_forward_and_cancelling_stops_it() -> None:
    seen: list[float] = []
    registry.get("dictionary").generate(GenerateRequest(text="Hello."), lambda s, f: seen.append(f))
    assert seen == sorted(seen)
    assert 0.0 <= seen[0] < seen[-1] <= 1.0

    for stop_at in range(len(seen)):
        count = itertools.count()

        def report(stage: str, fraction: float, count=count, stop_at=stop_at) -> None:
            if next(count) == stop_at:
                raise Cancelled

        with pytest.raises(Cancelled):
            registry.get("dictionary").generate(GenerateRequest(text="Hello."), report)


def test_a_wrong_body_model_is_named(tmp_path) -> None:
    wrong = tmp_path / "SMPLX_WRONG.npz"
    wrong.write_bytes(b"not a model")
    with pytest.raises(EngineError) as error:
        generate("Hello.", body_model=str(wrong))
    assert (error.value.code, error.value.fix) == ("body_model", "load_body")
    assert "SMPLX_WRONG.npz" in error.value.message


def test_the_name_of_a_take_is_the_beginning_of_its_text() -> None:
    assert take_name("  Hello,\n Anna. ") == "Hello, Anna."
    long = take_name("One two three four five six seven eight nine ten eleven")
    assert long == "One two three four five six seven eight…"
    assert len(take_name("x" * 500)) <= 41


def test_a_sign_of_the_users_own_that_no_hands_can_make_is_told(tmp_path: Path) -> None:
    (tmp_path / "asl").mkdir()
    knot = """
[KNOT]
words = ["knot"]
hands = "base"
postures = [{ shape = "5", at = "other.palm", touch = "palm", palm = "down", fingers = "forward" }]
base = [{ shape = "5", at = "other.palm", touch = "palm", palm = "up", fingers = "forward" }]
description = "Each hand lies on the palm of the other one."
reviewed_by = ""
"""
    (tmp_path / "asl" / "mine.toml").write_text(knot, "utf-8")
    with pytest.raises(EngineError, match=r"KNOT.*each hand touches the other") as caught:
        generate("knot", dictionary=str(tmp_path))
    assert (caught.value.code, caught.value.fix) == ("cannot_be_signed", "edit_text")
