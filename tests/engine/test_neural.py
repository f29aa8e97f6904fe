"""The neural method: a text to a take by a model, with the dictionary's signs as examples. Random weights."""
# ruff: noqa: F401, F811 - fixtures are imported

from __future__ import annotations

import copy
import dataclasses
import json
import shutil
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from tests.engine.neural_kit import OURS, THEIRS, TOKENIZER, model, models, options, quiet  # isort: skip

from engine.bundle import MANIFEST
from engine.dictionary import editing
from engine.dictionary.store import UserDictionary
from engine.generators import registry
from engine.generators.base import Cancelled, EngineError, GenerateRequest, takes
from engine.skeleton import EXPRESSION_NAMES, JOINT_INDEX, LAYERS
from engine.soke import opening, performance, tasks
from engine.soke.model import Model
from engine.soke.motion import joint_speeds, joints_of
from engine.take import PoseSequence, Take

TEXT = "Hello, my name is Anna. I like the old book."


def request(models: str, text: str = TEXT, bundle: str = OURS, **fields: Any) -> GenerateRequest:
    chosen = options(bundle, **fields.pop("options", {}))
    return GenerateRequest(text=text, method="neural", models=models, options=chosen, **fields)


def made(wanted: GenerateRequest) -> Take:
    return registry.get("neural").generate(wanted, quiet)


def test_a_text_becomes_a_take_that_says_what_made_it(models: str) -> None:
    take = made(request(models))
    assert take.method == "neural"
    assert take.text == TEXT
    assert take.settings["gloss_line"] == "HELLO , POSS-1 NAME fs-ANNA . IX-1 LIKE OLD BOOK"
    assert take.settings["bundle"] == OURS
    assert len(take.settings["bundle_sha256"]) == 64
    assert take.settings["runtime"] == "onnx-cpu"
    assert models not in str(take.settings)
    assert {s.origin for s in take.segments} == {"generated"}


def test_the_same_seed_gives_the_same_take_and_another_one_another(models: str) -> None:
    sampled = {"temperature": 1.0}
    one, again, other = (made(request(models, seed=s, options=sampled)) for s in (3, 3, 4))
    assert np.array_equal(one.sequence.poses, again.sequence.poses)
    assert one.sequence.poses.shape != other.sequence.poses.shape or not np.allclose(
        one.sequence.poses, other.sequence.poses
    )


def test_legs_and_root_are_at_rest(models: str) -> None:
    poses = made(request(models)).sequence.poses.reshape(-1, 55, 3)
    legs = [JOINT_INDEX[n] for n in LAYERS["body"] if "hip" in n or "knee" in n or "foot" in n or n == "pelvis"]
    assert not poses[:, legs].any()


@pytest.mark.parametrize("fps", [12.0, 24.0, 30.0, 60.0])
def test_the_frame_rate_is_as_asked_and_the_time_stays(models: str, fps: float) -> None:
    take, usual = made(request(models, fps=fps)), made(request(models))
    assert take.sequence.fps == fps
    assert abs(take.sequence.duration - usual.sequence.duration) <= 0.5 / fps + 0.5 / 24


def test_twice_the_speed_takes_half_the_time(models: str) -> None:
    quick, usual = made(request(models, speed=2.0)), made(request(models))
    assert quick.sequence.duration == pytest.approx(usual.sequence.duration / 2, abs=0.05)
    assert quick.segments[-1].end == pytest.approx(usual.segments[-1].end / 2, abs=0.05)


def test_a_model_says_how_it_is_meant_to_be_used_and_the_take_how_it_was(models: str, tmp_path: Path) -> None:
    assert made(request(models)).settings["options"]["mode"] == "free"
    shutil.copytree(Path(models) / Path(OURS).name, tmp_path / "exact")
    manifest = json.loads((tmp_path / "exact" / MANIFEST).read_text(encoding="utf-8"))
    manifest["model"]["generator"]["mode"] = "exact"
    (tmp_path / "exact" / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")

    def mode(**chosen: Any) -> str:
        wanted = request(str(tmp_path), bundle="own/exact", options=chosen)
        return made(wanted).settings["options"]["mode"]

    assert mode() == "exact"
    assert mode(mode="free") == "free"
    assert mode(off=[0]) == "free", "a sign without an example is the model's to make"


def test_the_mouth_says_the_words_at_their_signs_as_strongly_as_asked(models: str) -> None:
    exact = {"mode": "exact"}
    silent, spoken = (made(request(models, "I like the book.", mouthing=m, options=exact)) for m in (0.0, 1.0))
    change = spoken.sequence.expression - silent.sequence.expression
    changed = {EXPRESSION_NAMES[i] for i in np.flatnonzero(np.abs(change).max(axis=0) > 1e-6)}
    assert any(name.startswith("mouth_") for name in changed)
    assert all(name.startswith("mouth_") or name == "smile" for name in changed)
    times = np.flatnonzero(change.max(axis=1) > 0.1) / spoken.sequence.fps
    within = [any(s.start - 0.3 <= t <= s.end + 0.3 for s in spoken.segments) for t in times]
    assert len(times) > 0
    assert all(within)
    joints = np.abs(spoken.sequence.poses - silent.sequence.poses).reshape(-1, 55, 3).max(axis=(0, 2))
    assert set(np.flatnonzero(joints)) <= {JOINT_INDEX["jaw"]}


def test_a_left_handed_signer_is_the_mirror_image(models: str) -> None:
    left, right = made(request(models, handedness="left")), made(request(models))
    assert np.allclose(left.sequence.poses, right.sequence.mirrored().poses, atol=1e-6)


def test_variations_are_different_takes_and_the_first_is_the_plain_one(models: str) -> None:
    method = registry.get("neural")
    several = takes(method, request(models, variations=3, seed=7), quiet)
    assert [take.seed for take in several] == [7, 8, 9]
    assert np.array_equal(several[0].sequence.poses, made(request(models, seed=7)).sequence.poses)
    assert len({take.sequence.poses.tobytes() for take in several}) == 3
    assert len({take.name for take in several}) == 3


def test_exact_keeps_the_retrieved_codes_and_their_order(models: str, model: Model) -> None:
    take = made(request(models, options={"mode": "exact"}))
    signs = [s for s in take.segments if s.source]
    assert [s.gloss for s in signs] == ["HELLO", "POSS-1", "NAME", "fs-ANNA", "IX-1", "LIKE", "OLD", "BOOK"]
    assert [s.source for s in signs][:3] == ["asl/HELLO", "asl/MY", "asl/NAME"]
    assert all(a.end <= b.start + 1e-6 for a, b in pairwise(signs))
    hello = model.dictionary.entries["asl/HELLO"]
    assert signs[0].end - signs[0].start == pytest.approx(hello.steps * model.step_seconds)
    # the middle of a sign looks as its codes do wherever they stand
    alone = model.decode({part: [*codes] * 3 for part, codes in hello.codes.items()})
    middle = round((signs[0].start + signs[0].end) / 2 * 24)
    same = joints_of(alone)[hello.steps * 4 + hello.steps * 2]
    assert np.abs(np.abs((joints_of(take.sequence)[middle] * same).sum(axis=-1)) - 1.0).max() < 0.05


def test_exact_signs_get_longer_with_the_length(models: str) -> None:
    usual = made(request(models, options={"mode": "exact"}))
    long = made(request(models, options={"mode": "exact", "length": 1.5}))
    assert long.sequence.duration == pytest.approx(1.5 * usual.sequence.duration, rel=0.15)


def test_the_length_is_met_step_for_step(models: str) -> None:
    text = "Hello."
    usual, short = made(request(models, text)), made(request(models, text, options={"length": 0.5}))
    assert len(short.sequence) == pytest.approx(0.5 * len(usual.sequence), abs=4)


def test_chunks_are_joined_without_a_jump(models: str) -> None:
    take = made(request(models, options={"mode": "exact"}))
    alone = [made(request(models, text, options={"mode": "exact"})) for text in ("Hello, my name is Anna.",)]
    fastest = max(joint_speeds(one.sequence).max() for one in alone)
    between = next(s for s in take.segments if s.gloss == "IX-1").start
    frames = slice(round(between * 24) - 20, round(between * 24) + 4)
    assert joint_speeds(take.sequence)[frames].max() < 2.0 * fastest


def test_a_bundle_in_the_published_layout_finds_words(models: str) -> None:
    take = made(request(models, "Hello! I drink tea at the bank of the river.", THEIRS, options={"mode": "exact"}))
    assert [s.source for s in take.segments if s.source] == ["hello", "drink", "tea", "bank (river)"]
    assert [w for w in take.warnings if "no sign for" in w] == [
        "The model's dictionary has no sign for river: the model signs that without an example."
    ]
    assert take.settings["gloss_line"] == ""
    assert take.sequence.expression_names[0] == "expression0"


def test_words_without_an_example_are_told(models: str) -> None:
    take = made(request(models, "My elephant drinks tea.", THEIRS))
    assert any("no sign for elephant" in w for w in take.warnings)


def test_progress_goes_on_and_cancelling_stops_within_a_step(models: str) -> None:
    seen: list[float] = []

    def report(stage: str, fraction: float) -> None:
        seen.append(fraction)
        if stage == "Generating" and sum(f > 0.2 for f in seen) > 3:
            raise Cancelled

    with pytest.raises(Cancelled):
        registry.get("neural").generate(request(models), report)
    assert seen == sorted(seen)
    assert sum(f > 0.2 for f in seen) == 4


@pytest.mark.parametrize(
    ("bundle", "fields", "code", "fix"),
    [
        ("nowhere", {}, "unknown_bundle", "choose_bundle"),
        (TOKENIZER, {}, "bundle_damaged", "choose_bundle"),
        (THEIRS, {"language": "TSL"}, "bundle_language", "choose_language"),
        (OURS, {"text": "  "}, "empty_text", "edit_text"),
        (THEIRS, {"text": "!!"}, "nothing_to_sign", "edit_text"),
        (OURS, {"options": {"temprature": 1}}, "bad_request", ""),
        (OURS, {"options": {"temperature": -1}}, "bad_request", ""),
        (OURS, {"options": {"off": [-1]}}, "bad_request", ""),
        (OURS, {"options": {"beams": 3, "temperature": 1.0}}, "bad_request", ""),
    ],
)
def test_what_cannot_be_done_is_said(models: str, bundle: str, fields: dict[str, Any], code: str, fix: str) -> None:
    with pytest.raises(EngineError) as raised:
        made(request(models, bundle=bundle, **fields))
    assert (raised.value.code, raised.value.fix) == (code, fix)


def test_without_a_model_the_method_says_how_to_get_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("engine.bundles.EMBEDDED", tmp_path / "none")
    with pytest.raises(EngineError) as raised:
        made(GenerateRequest(text="Hello", method="neural", models=str(tmp_path)))
    assert (raised.value.code, raised.value.fix) == ("no_model", "open_models")
    assert registry.get("neural").languages() == ()


def test_each_variation_says_how_it_was_chosen(models: str) -> None:
    wanted = request(models, "Hello.", options={"temperature": 0.0, "beams": 2})
    takes = registry.get("neural").generate_all(dataclasses.replace(wanted, variations=2), quiet)  # pyright: ignore[reportAttributeAccessIssue]
    chosen = [take.settings["options"] for take in takes]
    assert [(c["temperature"], c["beams"]) for c in chosen] == [(0.0, 2), (0.8, 1)]
    assert not np.array_equal(takes[0].sequence.poses[:8], takes[1].sequence.poses[:8])


def test_a_wanted_card_that_is_not_there_is_told_and_the_processor_does_it(models: str) -> None:
    take = made(request(models, options={"device": "cuda"}))
    assert any("graphics card can't be used" in w for w in take.warnings)


def test_when_the_graphics_card_fails_the_processor_takes_over(models: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = request(models, "Hello.")
    task = tasks.task_of(wanted, opening.opened_for(wanted), quiet)
    plain = performance.perform(task, lambda done: None)[0]

    def out_of_memory(*given: Any) -> None:
        raise RuntimeError("CUDA out of memory.\nTried to allocate")

    broken = copy.copy(task.model)
    runtime = SimpleNamespace(name="torch-cuda", vocabulary=task.model.vocabulary, start=out_of_memory)
    monkeypatch.setattr(broken, "_runtime", runtime)
    task.opened = dataclasses.replace(task.opened, model=broken)
    again = performance.perform(task, lambda done: None)[0]
    assert np.array_equal(again.sequence.poses, plain.sequence.poses)
    assert "The graphics card failed (CUDA out of memory.); the processor did it." in task.warnings


def recorded(folder: Path, frames: int, swing: float) -> None:
    """A sign HELLO of the user's own."""
    poses = np.zeros((frames, 165))
    poses[:, 3 * JOINT_INDEX["right_shoulder"] + 2] = swing * np.sin(np.linspace(0.0, np.pi, frames))
    still = np.zeros((frames, len(EXPRESSION_NAMES)))
    take = Take("x", "", "", "imported", PoseSequence(poses, np.zeros((frames, 3)), still, 24.0))
    record = {"words": ["hello"], "origin": "keyframes", "licence": "CC-BY-4.0", "author": "Anna"}
    editing.add_recorded(UserDictionary(folder, "ASL"), "HELLO", take, record, trim=False, replace=True)


def test_own_signs_are_put_into_codes_when_they_are_needed_and_again_when_they_change(
    models: str, model: Model, tmp_path: Path
) -> None:
    recorded(tmp_path, 25, 1.0)
    take = made(request(models, "Hello.", dictionary=str(tmp_path), options={"mode": "exact"}))
    hello = take.segments[0]
    assert (hello.source, hello.author, hello.licence) == ("asl/HELLO", "Anna", "CC-BY-4.0")
    assert hello.end - hello.start == pytest.approx(7 * model.step_seconds)
    recorded(tmp_path, 49, 1.0)
    longer = made(request(models, "Hello.", dictionary=str(tmp_path), options={"mode": "exact"})).segments[0]
    assert longer.end - longer.start == pytest.approx(13 * model.step_seconds)


def test_written_own_signs_are_synthesised_first(models: str, tmp_path: Path) -> None:
    folder = tmp_path / "asl"
    folder.mkdir()
    (folder / "own.toml").write_text(
        '[ZORB]\nwords = ["zorb"]\nhands = "one"\ndescription = "A wave of the hand."\nreviewed_by = ""\npostures = [\n'
        '  { shape = "B", at = "temple", touch = "fingertips", palm = "forward-down-in", fingers = "up-in" },\n'
        '  { at = "beside_head", offset = [3, 0, 14], palm = "forward-in", fingers = "up" },\n]\n'
    )
    wanted = request(models, "Zorb.", dictionary=str(tmp_path))
    found = tasks.task_of(wanted, opening.opened_for(wanted), quiet).retrieved.keywords
    assert [(k.entry.key, k.own) for k in found] == [("asl/ZORB", True)]
    assert 2 <= found[0].entry.steps <= 12
