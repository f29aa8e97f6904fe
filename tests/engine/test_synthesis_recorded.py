"""Recorded signs between written ones: played as they are, with smooth ways to and from them."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import numpy as np
import pytest
from synthesis_kit import APART, CHIN, TAP, item, perform, plan

from engine.generators.base import EngineError
from engine.gloss import GlossItem, GlossPlan
from engine.lexicon.recorded import RecordedSign
from engine.lexicon.synthesis import synthesise
from engine.metrics.quality import reach_errors
from engine.rotations import (
    angle_between,
    axis_angle_from_quaternion,
    conjugate,
    multiply,
    quaternion_from_axis_angle,
    quaternion_from_matrix,
)
from engine.skeleton import EXPRESSION_NAMES, JOINT_COUNT, JOINT_INDEX
from engine.take import PoseSequence, Take

UPPER = [
    JOINT_INDEX[n] for n in ("spine3", "neck", "head", "left_shoulder", "right_shoulder", "left_elbow", "right_wrist")
]


@pytest.fixture(scope="module")
def take(body, lexicon) -> PoseSequence:
    """A sign's own motion at 60 fps with a nod and a smile, cut out while the hands move."""
    sequence, segments = synthesise(plan(APART), lexicon, body, fps=60, seed=3)
    part = slice(int(segments[0].start * 60), int(segments[0].end * 60) - 6)
    poses, expression = sequence.poses[part].copy(), sequence.expression[part].copy()
    poses[:, 3 * JOINT_INDEX["head"]] += np.linspace(0.0, 0.3, len(poses))
    expression[:, EXPRESSION_NAMES.index("smile")] = 0.4
    return PoseSequence(poses, np.zeros((len(poses), 3)), expression, 60.0)


def recorded(folder: Path, sequence: PoseSequence, gloss: str = "WAVE", **more) -> RecordedSign:
    path = folder / f"{gloss.lower()}.npz"
    Take(name=gloss, text="", language="ASL", method="imported", sequence=sequence).save(path)
    return RecordedSign(gloss, "ASL", (gloss.lower(),), path, **more)


@pytest.fixture(scope="module")
def wave(tmp_path_factory, take) -> RecordedSign:
    return recorded(tmp_path_factory.mktemp("motion"), take, author="Ana", licence="CC0-1.0", origin="archive")


def rotations(sequence: PoseSequence) -> np.ndarray:
    return quaternion_from_axis_angle(sequence.poses.reshape(len(sequence), JOINT_COUNT, 3).astype(float))


def played(body, lexicon, what: GlossPlan, take: PoseSequence, **more) -> tuple[float, np.ndarray]:
    """When the recording begins in a motion, and (T, J) degrees between both from there on."""
    performance = perform(body, lexicon, what, speed=more.get("speed", 1.0))
    beat = next(b for b, beat in enumerate(performance.beats) if beat.clip is not None)
    begin, end = performance.timeline.arrive[beat], performance.timeline.release[beat]
    times = np.linspace(begin, end, len(take))
    local = performance.local(times)[0]
    return begin, np.degrees(angle_between(quaternion_from_matrix(local), rotations(take)))


PLANS = {
    "from and to rest": lambda wave: plan(wave),
    "between written signs": lambda wave: plan(CHIN, wave, TAP),
    "two in a row": lambda wave: plan(wave, wave),
    "between spelling": lambda wave: plan("LO", wave, "AB"),
    "repeated": lambda wave: plan(item(wave, repeat=2), CHIN),
    "with pauses": lambda wave: plan(wave, GlossItem("pause", "pause", seconds=0.4), wave, APART),
    "before a long pause": lambda wave: plan(wave, GlossItem("pause", "pause", seconds=1.5), CHIN),
}


@pytest.mark.parametrize("make", PLANS.values(), ids=PLANS)
def test_neither_angles_nor_their_speed_jump(body, lexicon, wave, make):
    fps = 480
    sequence, _ = synthesise(make(wave), lexicon, body, fps=fps)
    speed = angular_speed(rotations(sequence), fps)
    # quick letters reach 1100 degrees a second, too, and gain 60 a frame
    assert np.linalg.norm(speed, axis=-1).max() < 1200.0
    assert np.abs(np.diff(speed, axis=0)).max() < 70.0


def angular_speed(q: np.ndarray, fps: float) -> np.ndarray:
    """(T - 1, J, 3) degrees a second."""
    return np.degrees(axis_angle_from_quaternion(multiply(conjugate(q[:-1]), q[1:]))) * fps


@pytest.mark.parametrize("make", [PLANS["from and to rest"], PLANS["between written signs"]])
def test_recorded_joints_play_as_they_were_recorded(body, lexicon, wave, take, make):
    _, away = played(body, lexicon, make(wave), take)
    assert away[:, UPPER].max() < 0.1


def test_speed_retimes_a_recording(body, lexicon, wave, take):
    _, slow = synthesise(plan(wave), lexicon, body, speed=0.5, variation=0.0)
    _, fast = synthesise(plan(wave), lexicon, body, speed=1.5, variation=0.0)
    assert slow[0].end - slow[0].start > 2.0 * (fast[0].end - fast[0].start)
    assert played(body, lexicon, plan(wave), take, speed=1.5)[1][:, UPPER].max() < 0.1


def test_a_recording_keeps_its_length_at_any_frame_rate(body, lexicon, wave, take):
    for fps in (24.0, 30.0):
        _, segments = synthesise(plan(CHIN, wave), lexicon, body, fps=fps, variation=0.0)
        length = segments[1].end - segments[1].start
        assert take.duration < length < take.duration + 0.5


def test_the_recorded_face_is_played_and_fades(body, lexicon, wave):
    sequence, segments = synthesise(plan(CHIN, wave, CHIN), lexicon, body)
    smile = sequence.expression[:, EXPRESSION_NAMES.index("smile")]
    middle = [int((s.start + s.end) / 2 * sequence.fps) for s in segments]
    assert smile[middle[1]] == pytest.approx(0.4, abs=0.02)
    assert smile[middle[0]] < 0.1
    assert np.abs(np.diff(smile)).max() < 0.12


def test_segments_say_where_a_recording_came_from(body, lexicon, wave):
    _, segments = synthesise(plan(CHIN, wave, dataclasses.replace(wave, origin="keyframes"), TAP), lexicon, body)
    assert [s.gloss for s in segments] == ["CHIN", "WAVE", "WAVE", "TAP"]
    assert [s.origin for s in segments] == ["dictionary", "imported", "user", "dictionary"]
    assert (segments[1].author, segments[1].licence, segments[1].source) == ("Ana", "CC0-1.0", "asl/WAVE")
    assert all(a.end <= b.start for a, b in itertools.pairwise(segments))


def test_contacts_next_to_a_recording_are_exact(body, lexicon, wave):
    assert max(reach_errors(perform(body, lexicon, plan(CHIN, wave, TAP, wave, CHIN)))) < 2.0


def test_what_was_not_recorded_goes_on_as_written(body, lexicon, take, tmp_path):
    poses = take.poses.copy()
    right = [JOINT_INDEX[f"right_{n}"] for n in ("collar", "shoulder", "elbow", "wrist")] + list(range(40, 55))
    kept = np.isin(np.arange(JOINT_COUNT), right)
    poses.reshape(len(poses), JOINT_COUNT, 3)[:, ~kept] = 0.0
    hand = dataclasses.replace(take, poses=poses, expression=np.zeros_like(take.expression))
    one = recorded(tmp_path, hand)
    sequence, _ = synthesise(plan(item(one, mouth="mama")), lexicon, body)
    place = body.forward_kinematics(sequence.poses)[:, JOINT_INDEX["left_wrist"], :3, 3]
    assert np.ptp(place, axis=0).max() < 0.06
    assert sequence.expression[:, EXPRESSION_NAMES.index("mouth_M")].max() > 0.3
    both, _ = synthesise(plan(one, recorded(tmp_path, take, "TWO"), one), lexicon, body, fps=240)
    assert np.linalg.norm(angular_speed(rotations(both), 240), axis=-1).max() < 1200.0


def test_legs_and_pelvis_stay_the_signers(body, lexicon, take, tmp_path):
    poses = take.poses.copy()
    poses[:, :9] = 1.0
    sequence, _ = synthesise(plan(recorded(tmp_path, dataclasses.replace(take, poses=poses))), lexicon, body)
    assert np.abs(sequence.poses[:, :9]).max() == 0.0


def test_a_recording_without_motion_is_refused_by_name(body, lexicon, take, tmp_path):
    single = dataclasses.replace(take, poses=take.poses[:1], trans=take.trans[:1], expression=take.expression[:1])
    with pytest.raises(EngineError, match="WAVE"):
        synthesise(plan(recorded(tmp_path, single)), lexicon, body)


def test_a_missing_motion_file_is_told(body, lexicon, tmp_path):
    gone = RecordedSign("GONE", "ASL", ("gone",), tmp_path / "gone.npz")
    with pytest.raises(EngineError, match="GONE"):
        synthesise(plan(gone), lexicon, body)
