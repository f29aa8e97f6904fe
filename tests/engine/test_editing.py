"""A part of a take is made anew, and all else stays bit for bit. Random weights."""
# ruff: noqa: F401, F811 - fixtures are imported

from __future__ import annotations

import copy
import dataclasses
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.engine.neural_kit import OURS, model, models, options, quiet  # isort: skip

from engine.generators.base import EngineError, GenerateRequest
from engine.requests import handler
from engine.skeleton import JOINT_INDEX, JOINT_NAMES, LAYERS
from engine.soke import regeneration, requests
from engine.soke.editing import joints_of_parts
from engine.soke.model import Model
from engine.soke.motion import joint_speeds
from engine.soke.opening import Opened, opened_for
from engine.take import PoseSequence, Segment, Take
from engine.tokenizer.features import PARTS

FPS = 30.0


def smooth_motion(frames: int = 121, seed: int = 0) -> PoseSequence:
    """Every joint but the legs swings slowly."""
    from engine.skeleton import EXPRESSION_NAMES

    rng = np.random.default_rng(seed)
    t = np.arange(frames)[:, None] / FPS
    rates, phases = rng.uniform(0.2, 0.6, (2, 165))
    poses = 0.3 * np.sin(2 * np.pi * (rates * t + phases))
    for name in ("pelvis", *(n for n in JOINT_NAMES if "hip" in n or "knee" in n or "ankle" in n or "foot" in n)):
        poses[:, 3 * JOINT_INDEX[name] : 3 * JOINT_INDEX[name] + 3] = 0.05
    face = 0.5 + 0.3 * np.sin(t + rng.uniform(0, 6, (1, len(EXPRESSION_NAMES))))
    return PoseSequence(poses, 0.02 * np.sin(t + np.arange(3)), face, FPS)


@pytest.fixture(scope="module")
def take(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A take of four seconds with a text and two segments."""
    path = tmp_path_factory.mktemp("takes") / "take.npz"
    segments = (
        Segment("HELLO", 0.2, 1.4, "dictionary", (0, 5), "asl/HELLO"),
        Segment("BOOK", 1.6, 3.5, "dictionary", (7, 11), "asl/BOOK"),
    )
    settings = {"gloss_line": "HELLO BOOK"}
    Take("Hello", "Hello, book", "ASL", "dictionary", smooth_motion(), segments, settings=settings).save(path)
    return path


def anew(take: Path, models: str, **fields: Any) -> tuple[dict[str, Any], Take]:
    output = take.with_name("out.npz")
    chosen = options(OURS, **fields.pop("options", {}))
    message = {"take": str(take), "output": str(output), "models": models, "options": chosen, **fields}
    answer = handler("regenerate")(message, quiet)
    return answer, Take.load(output)


def changed(before: Take, after: Take) -> NDArray[np.bool_]:
    """(T, 55) which joints differ in any bit."""
    differs = before.sequence.poses != after.sequence.poses
    return differs.reshape(len(before.sequence), 55, 3).any(axis=2)


def test_only_the_frames_of_the_range_change(take: Path, models: str) -> None:
    before = Take.load(take)
    _, after = anew(take, models, start=1.0, end=2.0)
    frames = np.flatnonzero(changed(before, after).any(axis=1))
    assert (frames.min(), frames.max()) == (30, 60)
    for name in ("trans", "expression"):
        outside = np.r_[0:30, 61:121]
        assert np.array_equal(getattr(before.sequence, name)[outside], getattr(after.sequence, name)[outside])


@pytest.mark.parametrize("parts", [["left_hand"], ["right_hand"], ["body"], ["left_hand", "body"]])
def test_only_the_joints_of_the_parts_change(take: Path, models: str, model: Model, parts: list[str]) -> None:
    before = Take.load(take)
    _, after = anew(take, models, start=1.0, end=2.0, parts=parts)
    joints = {JOINT_NAMES[j] for j in np.flatnonzero(changed(before, after).any(axis=0))}
    assert joints == set(joints_of_parts(model.layout, parts))
    face_kept = np.array_equal(before.sequence.expression, after.sequence.expression)
    assert face_kept == ("body" not in parts)
    assert np.array_equal(before.sequence.trans, after.sequence.trans)


def test_legs_and_root_are_never_touched(take: Path, models: str) -> None:
    before = Take.load(take)
    _, after = anew(take, models)
    kept = [JOINT_INDEX[name] for name in LAYERS["body"][:3] if name != "spine1"]
    assert not changed(before, after)[:, kept].any()


def test_no_joint_jumps_at_the_seams_and_their_speed_is_told(take: Path, models: str) -> None:
    before = Take.load(take)
    answer, after = anew(take, models, start=1.0, end=2.0)
    assert [round(seam["time"], 2) for seam in answer["seams"]] == [1.0, 2.03]
    speeds, own = joint_speeds(after.sequence), joint_speeds(before.sequence).max()
    for seam, frame in zip(answer["seams"], (30, 61), strict=True):
        near = speeds[frame - 2 : frame + 2]
        assert seam["velocity"] == pytest.approx(near.max(), rel=1e-6)
        assert seam["velocity"] < 4.0 * own
        assert seam["joint"] in JOINT_NAMES


def test_a_whole_take_has_no_seams(take: Path, models: str) -> None:
    answer, after = anew(take, models)
    assert answer["seams"] == []
    assert len(after.sequence) == 121


def test_locked_keys_are_kept_bit_for_bit(take: Path, models: str) -> None:
    before = Take.load(take)
    locks = [{"frame": 40}, {"frame": 50, "joints": ["left_wrist", "left_index1"]}, {"frame": 5}]
    answer, after = anew(take, models, start=1.0, end=2.0, locks=locks)
    assert answer["locked"] == 2
    differs = changed(before, after)
    assert not differs[40].any()
    assert np.array_equal(before.sequence.expression[40], after.sequence.expression[40])
    wrist, finger = JOINT_INDEX["left_wrist"], JOINT_INDEX["left_index1"]
    assert not differs[50, [wrist, finger]].any()
    assert differs[50, JOINT_INDEX["right_wrist"]]


def test_other_seeds_give_other_takes_and_the_same_the_same(take: Path, models: str) -> None:
    answer, first = anew(take, models, start=1.0, end=2.0, variations=3, seed=5)
    assert [v["seed"] for v in answer["variations"]] == [5, 6, 7]
    several = [Take.load(v["path"]).sequence.poses for v in answer["variations"]]
    assert len({poses.tobytes() for poses in several}) == 3
    assert all(v["seams"] and v["score"] < 0 for v in answer["variations"])
    _, again = anew(take, models, start=1.0, end=2.0, seed=5)
    assert np.array_equal(first.sequence.poses, again.sequence.poses)


@pytest.mark.parametrize(("length", "frames"), [(0.5, 16), (2.0, 62)])
def test_the_range_gets_longer_and_the_rest_moves(take: Path, models: str, length: float, frames: int) -> None:
    before = Take.load(take)
    _, after = anew(take, models, start=1.0, end=2.0, length=length)
    assert len(after.sequence) == 121 - 31 + frames
    assert np.array_equal(after.sequence.poses[:30], before.sequence.poses[:30])
    assert np.array_equal(after.sequence.poses[30 + frames :], before.sequence.poses[61:])
    moved = (frames - 31) / FPS
    assert after.segments[1].end == pytest.approx(before.segments[1].end + moved)


def test_segments_that_the_range_touches_are_generated_now(take: Path, models: str) -> None:
    _, after = anew(take, models, start=2.0, end=3.0)
    assert [(s.gloss, s.origin) for s in after.segments] == [("HELLO", "dictionary"), ("BOOK", "generated")]
    told = after.settings["regenerated"]
    assert [t["parts"] for t in told] == [list(PARTS)]
    assert told[0]["bundle"] == OURS


def test_another_text_takes_the_place_of_what_was_there(take: Path, models: str) -> None:
    _, after = anew(take, models, start=1.5, text="Thank you")
    assert [(s.gloss, s.origin) for s in after.segments] == [("HELLO", "dictionary"), ("Thank you", "generated")]


def test_imported_motion_without_a_text_can_be_edited(tmp_path: Path, models: str) -> None:
    path = tmp_path / "import.npz"
    Take("import", "", "", "imported", smooth_motion()).save(path)
    _, after = anew(path, models, start=1.0, end=2.0)
    assert np.array_equal(after.sequence.poses[:30], smooth_motion().poses[:30])
    assert after.segments[0].origin == "generated"


def test_a_left_handed_take_is_edited_as_its_mirror_image(tmp_path: Path, models: str, model: Model) -> None:
    path = tmp_path / "left.npz"
    motion = smooth_motion()
    Take("left", "", "ASL", "dictionary", motion, settings={"handedness": "left"}).save(path)
    _, left = anew(path, models, start=1.0, end=2.0, parts=["left_hand"])
    joints = {JOINT_NAMES[j] for j in np.flatnonzero(changed(Take.load(path), left).any(axis=0))}
    assert joints == set(LAYERS["left_hand"])
    right = tmp_path / "right.npz"
    Take("right", "", "ASL", "dictionary", motion.mirrored()).save(right)
    _, mirrored = anew(right, models, start=1.0, end=2.0, parts=["right_hand"])
    assert np.allclose(mirrored.sequence.mirrored().poses, left.sequence.poses, atol=1e-6)


@pytest.mark.parametrize("fps", [12.0, 24.0, 25.0, 60.0])
def test_takes_of_any_frame_rate_are_edited(tmp_path: Path, models: str, fps: float) -> None:
    path = tmp_path / "take.npz"
    Take("take", "", "ASL", "imported", smooth_motion().resampled(fps)).save(path)
    before = Take.load(path)
    _, after = anew(path, models, start=1.0, end=2.0)
    frames = np.flatnonzero(changed(before, after).any(axis=1)) / fps
    assert (frames.min(), frames.max()) == (pytest.approx(1.0), pytest.approx(2.0))


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"start": 3.0, "end": 2.0}, "bad_request"),
        ({"start": -1.0}, "bad_request"),
        ({"parts": ["feet"]}, "bad_request"),
        ({"parts": ["left_hand"], "length": 2.0}, "bad_request"),
        ({"locks": [{"frame": 900}]}, "bad_request"),
        ({"locks": [{"frame": 3, "joints": ["nose"]}]}, "bad_request"),
        ({"take": "nowhere.npz"}, "take_damaged"),
        ({"take": None}, "bad_request"),
        ({"length": 4.0}, "range_too_long"),
    ],
)
def test_what_cannot_be_edited_is_said(take: Path, models: str, fields: dict[str, Any], code: str) -> None:
    message = {"take": str(take), "output": str(take.with_name("out.npz")), "models": models, "options": options()}
    with pytest.raises(EngineError) as raised:
        handler("regenerate")({**message, **fields}, quiet)
    assert raised.value.code == code


def test_a_motion_is_read_as_text(take: Path, models: str) -> None:
    answer = handler("caption")({"take": str(take), "models": models, "options": options()}, quiet)
    assert isinstance(answer["text"], str)
    assert answer["language"] == "ASL"
    assert answer["score"] < 0


@pytest.fixture
def failing_card(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every model is on a graphics card, and that has too little memory."""

    def out_of_memory(*given: Any) -> None:
        raise RuntimeError("CUDA out of memory.\nTried to allocate")

    def on_the_card(request: GenerateRequest, **defaults: Any) -> Opened:
        opened = opened_for(request, **defaults)
        broken = copy.copy(opened.model)
        broken._runtime = cast(
            Any, SimpleNamespace(name="torch-cuda", vocabulary=broken.vocabulary, start=out_of_memory)
        )
        return dataclasses.replace(opened, model=broken)

    for module in (regeneration, requests):
        monkeypatch.setattr(module, "opened_for", on_the_card)


_TOOK_OVER = "The graphics card failed (CUDA out of memory.); the processor did it."


def test_when_the_graphics_card_fails_the_processor_edits(take: Path, models: str, failing_card: None) -> None:
    _, after = anew(take, models, start=1.0, end=2.0)
    assert _TOOK_OVER in after.warnings
    assert after.settings["runtime"] == after.settings["regenerated"][0]["runtime"] == "onnx-cpu"
    assert changed(Take.load(take), after).any()


def test_when_the_graphics_card_fails_the_processor_reads(take: Path, models: str, failing_card: None) -> None:
    answer = handler("caption")({"take": str(take), "models": models, "options": options()}, quiet)
    assert answer["warnings"] == [_TOOK_OVER]


def test_each_variation_says_how_it_was_chosen(take: Path, models: str) -> None:
    answer, _ = anew(take, models, start=1.0, end=2.0, variations=2, options={"temperature": 0.0, "beams": 2})
    told = [Take.load(v["path"]).settings["regenerated"][0] for v in answer["variations"]]
    assert [(t["temperature"], t["beams"]) for t in told] == [(0.0, 2), (0.8, 1)]


def test_a_range_that_is_too_long_is_told_with_how_long_it_may_be(take: Path, models: str) -> None:
    with pytest.raises(EngineError, match=r"makes 10\.0 seconds at most") as raised:
        anew(take, models, length=4.0)
    assert "one range after the other" in raised.value.hint


def test_a_model_that_reads_no_signs_says_so(take: Path, models: str) -> None:
    with pytest.raises(EngineError) as raised:
        handler("caption")({"take": str(take), "models": models, "options": options("own/theirs")}, quiet)
    assert (raised.value.code, raised.value.fix) == ("no_captions", "choose_bundle")
