"""From a gloss plan to motion: contacts, timing, rest, face, spelling."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from synthesis_kit import (
    APART,
    CHIN,
    CIRCLE,
    FOREHEAD,
    NOD,
    PEDAL,
    TAP,
    WHEELS,
    at,
    held,
    item,
    joint,
    perform,
    plan,
    sign,
    unit,
)

from engine.gloss import GlossItem, GlossPlan
from engine.lexicon.phonology import NonManual
from engine.lexicon.synthesis import synthesise
from engine.lexicon.synthesis.visemes import visemes
from engine.metrics.quality import Depths, limit_violations, reach_errors, wrist_kinematics
from engine.rotations import angle_between, quaternion_from_axis_angle
from engine.skeleton import EXPRESSION_NAMES, JOINT_INDEX
from engine.take import PoseSequence


@pytest.mark.parametrize("what", [CHIN, FOREHEAD, TAP], ids=lambda s: s.gloss)
def test_contacts_are_reached_on_the_posed_skin(body, lexicon, what):
    errors = reach_errors(perform(body, lexicon, plan(what)))
    assert errors
    assert max(errors) < 2.0


def test_contacts_hold_in_the_midst_of_a_sentence_too(body, lexicon):
    errors = reach_errors(perform(body, lexicon, plan(APART, CHIN, TAP, FOREHEAD, "BO", TAP, kind="yes_no_question")))
    assert len(errors) == 6
    assert max(errors) < 2.5


@pytest.mark.parametrize("what", [CHIN, FOREHEAD, TAP, APART, PEDAL], ids=lambda s: s.gloss)
def test_no_joint_leaves_its_range_and_no_wrist_is_too_fast(body, lexicon, what):
    sequence, _ = synthesise(plan(what), lexicon, body, fps=48)
    poses = sequence.poses.astype(float)
    peak, jerk = wrist_kinematics(body, poses, 48)
    assert limit_violations(body, poses) == 0
    assert 0.5 < peak < 3.0
    assert jerk < 400.0


def test_hands_stay_out_of_head_and_trunk(body, lexicon):
    sequence, _ = synthesise(plan(CHIN, TAP, FOREHEAD, NOD), lexicon, body)
    head, trunk, _ = Depths(body).deepest(sequence.poses[::3])
    assert head < 8.0
    assert trunk < 8.0


def test_motion_has_no_jumps(body, lexicon):
    sequence, _ = synthesise(plan(CHIN, APART, "LOX", TAP, CIRCLE), lexicon, body, fps=96)
    q = quaternion_from_axis_angle(sequence.poses.reshape(len(sequence), -1, 3))
    assert np.degrees(angle_between(q[1:], q[:-1])).max() < 14.0
    assert np.abs(np.diff(sequence.expression, axis=0)).max() < 0.3


def test_a_signer_starts_and_ends_with_the_hands_before_the_belly(body, lexicon):
    sequence, _ = synthesise(plan(TAP), lexicon, body)
    height = {name: joint(body, sequence, name)[:, 1] for name in ("left_hip", "spine2")}
    ends = [0, -1]
    for side in ("left", "right"):
        shoulder, elbow, hand = (joint(body, sequence, f"{side}_{n}")[ends] for n in ("shoulder", "elbow", "middle1"))
        assert (hand[:, 1] > height["left_hip"][ends]).all(), side
        assert (hand[:, 1] < height["spine2"][ends]).all(), side
        assert (np.abs(hand[:, 0]) < 0.12).all(), side
        assert (np.degrees(np.arctan2(shoulder[:, 1] - elbow[:, 1], np.abs(elbow - shoulder)[:, 0])) > 60.0).all(), side
        assert (joint(body, sequence, f"{side}_wrist")[:, 1].max() > hand[0, 1] + 0.08).all(), side
    first, last = sequence.poses[0, 66:], sequence.poses[-1, 66:]
    assert np.abs(first - last)[9:].max() < 0.05
    _, trunk, hands = Depths(body).deepest(sequence.poses[ends])
    assert trunk < 3.0
    assert hands < 3.0
    assert limit_violations(body, sequence.poses[ends].astype(float)) == 0


def test_a_one_handed_sign_leaves_the_other_hand_at_rest(body, lexicon):
    sequence, _ = synthesise(plan(CHIN), lexicon, body)
    assert np.ptp(joint(body, sequence, "left_wrist"), axis=0).max() < 0.06


def test_the_other_hand_goes_to_rest_while_a_word_is_spelled_and_comes_back(body, lexicon):
    def lowest(word: str) -> float:
        sequence, segments = synthesise(plan(TAP, word, TAP), lexicon, body)
        return float(joint(body, sequence, "left_wrist")[at(sequence, segments[1]), 1].min())

    alone, _ = synthesise(plan(CHIN), lexicon, body)
    rest = float(joint(body, alone, "left_wrist")[0, 1])
    assert abs(lowest("ANNA") - rest) < 0.03
    assert lowest("AN") > rest + 0.05
    assert max(reach_errors(perform(body, lexicon, plan(TAP, "ANNA", TAP)))) < 2.5


def test_symmetric_hands_mirror_each_other(body, lexicon):
    sequence, segments = synthesise(plan(APART), lexicon, body)
    frames = at(sequence, segments[0])
    # the hands don't rest mirrored, and still come from there at first
    left, right = (joint(body, sequence, f"{s}_wrist")[frames][4:] for s in ("left", "right"))
    assert np.abs(left * [-1, 1, 1] - right).max() < 0.01


def test_alternating_hands_go_opposite_ways(body, lexicon):
    sequence, segments = synthesise(plan(PEDAL), lexicon, body)
    frames = at(sequence, segments[0])
    left, right = (joint(body, sequence, f"{s}_wrist")[frames, 1] for s in ("left", "right"))
    assert np.corrcoef(left[4:], right[4:])[0, 1] < -0.5


def test_hands_that_circle_in_turn_are_half_a_turn_apart(body, lexicon):
    sequence, segments = synthesise(plan(WHEELS), lexicon, body)
    frames = at(sequence, segments[0])
    left, right = (joint(body, sequence, f"{s}_wrist")[frames][8:] for s in ("left", "right"))
    for axis in (1, 2):
        assert np.corrcoef(left[:, axis], right[:, axis])[0, 1] < -0.9


def test_signs_and_letters_take_human_times(body, lexicon):
    _, segments = synthesise(plan(CHIN, FOREHEAD, APART, "ANTON"), lexicon, body)
    for segment in segments[:3]:
        assert 0.3 < segment.end - segment.start < 1.2
    assert 0.15 < (segments[3].end - segments[3].start) / 5 < 0.32


def test_segments_follow_the_plan_without_overlap(body, lexicon):
    items = (item(CHIN, text_span=(0, 4)), item("BO", text_span=(5, 7)), item(TAP, text_span=(8, 11)))
    sequence, segments = synthesise(plan(*items), lexicon, body)
    assert [s.gloss for s in segments] == ["CHIN", "fs-BO", "TAP"]
    assert [s.origin for s in segments] == ["dictionary", "fingerspelled", "dictionary"]
    assert [s.text_span for s in segments] == [(0, 4), (5, 7), (8, 11)]
    assert segments[0].source == "asl/CHIN"
    assert all(a.end <= b.start for a, b in itertools.pairwise(segments))
    assert segments[-1].end < sequence.duration


def test_speed_scales_the_time(body, lexicon):
    slow, normal, fast = (synthesise(plan(CHIN, TAP), lexicon, body, speed=s)[0].duration for s in (0.5, 1.0, 1.5))
    assert slow > 1.5 * normal
    assert fast < 0.85 * normal


def test_even_great_haste_stays_humanly_possible(body, lexicon):
    sequence, _ = synthesise(plan(CHIN, FOREHEAD, TAP), lexicon, body, fps=60, speed=10.0)
    assert wrist_kinematics(body, sequence.poses.astype(float), 60)[0] < 3.6


def test_seeds_change_the_rhythm_but_not_the_contacts(body, lexicon):
    one, two = (synthesise(plan(CHIN, TAP), lexicon, body, seed=s)[0] for s in (1, 2))
    again, _ = synthesise(plan(CHIN, TAP), lexicon, body, seed=1)
    assert len(one) != len(two) or not np.allclose(one.poses, two.poses)
    assert np.array_equal(one.poses, again.poses)
    for seed in (1, 2):
        assert max(reach_errors(perform(body, lexicon, plan(CHIN, TAP), seed=seed))) < 2.0


def test_the_same_motion_at_any_frame_rate(body, lexicon):
    coarse, _ = synthesise(plan(CHIN), lexicon, body, fps=24)
    fine, _ = synthesise(plan(CHIN), lexicon, body, fps=48)
    assert abs(coarse.duration - fine.duration) < 0.06
    count = min(len(coarse), (len(fine) + 1) // 2)
    a, b = (joint(body, s, "right_wrist") for s in (coarse, fine))
    assert np.abs(a[:count] - b[::2][:count]).max() < 0.01


def test_brows_rise_for_a_yes_no_question_and_fall_for_a_wh_question(body, lexicon):
    asked, segments = synthesise(plan(CHIN, APART, kind="yes_no_question"), lexicon, body)
    inside = slice(at(asked, segments[0]).start + 4, at(asked, segments[-1]).stop - 4)
    assert unit(asked, "brows_up")[inside].min() > 0.6
    assert unit(asked, "brows_up")[[0, -1]].max() < 0.1
    which, segments = synthesise(plan(CHIN, APART, kind="wh_question"), lexicon, body)
    assert unit(which, "brows_down")[at(which, segments[1])].max() > 0.6
    told, _ = synthesise(plan(CHIN, APART), lexicon, body)
    assert max(unit(told, "brows_up").max(), unit(told, "brows_down").max()) < 0.1


def head_turn(sequence: PoseSequence) -> np.ndarray:
    return np.degrees(sequence.poses[:, 3 * JOINT_INDEX["head"] + 1])


def test_the_head_shakes_when_a_phrase_is_negated(body, lexicon):
    negated, segments = synthesise(plan(CHIN, APART, negated=True), lexicon, body)
    turn = head_turn(negated)[at(negated, segments[0]).start : at(negated, segments[1]).stop]
    assert turn.max() > 3.0
    assert turn.min() < -3.0
    told, _ = synthesise(plan(CHIN, APART), lexicon, body)
    assert np.ptp(head_turn(told)) < 0.5 * np.ptp(turn)


def test_a_nod_of_the_head_and_a_face_last_as_long_as_their_sign(body, lexicon):
    smiling = sign("SMILING", "one", *CHIN.postures, nonmanual=NonManual(face={"smile": 0.4}, head="nod"))
    sequence, segments = synthesise(plan(APART, smiling, APART), lexicon, body)
    smile = unit(sequence, "smile")
    assert smile[at(sequence, segments[1])].max() == pytest.approx(0.4, abs=0.02)
    assert smile[: int(segments[0].end * 24) - 6].max() < 0.05
    nod = np.degrees(sequence.poses[:, 3 * JOINT_INDEX["head"]])
    assert nod[at(sequence, segments[1])].max() > 3.0


def test_words_are_mouthed_and_the_signs_own_mouth_wins(body, lexicon):
    spoken, segments = synthesise(plan(item(CHIN, mouth="mama")), lexicon, body)
    assert unit(spoken, "mouth_M")[at(spoken, segments[0])].max() > 0.4
    assert unit(spoken, "mouth_A").max() > 0.3
    own = sign("OWN", "one", *CHIN.postures, nonmanual=NonManual(mouth="fff"))
    kept, _ = synthesise(plan(item(own, mouth="mama")), lexicon, body)
    assert unit(kept, "mouth_F").max() > 0.4
    assert unit(kept, "mouth_A").max() == 0.0


def test_letters_become_mouth_shapes():
    assert [name for name, _ in visemes("fish")] == ["mouth_F", "mouth_I", "mouth_U"]
    assert [name for name, _ in visemes("Home")] == ["mouth_O", "mouth_M"]
    assert visemes("42!") == []


@pytest.mark.parametrize(
    ("spoken", "word", "shapes"),
    [
        ("de", "schön", "UOL"),
        ("de", "Mutter", "MULA"),
        ("de", "Wein", "FAIL"),
        ("fr", "bonjour", "MOU"),
        ("it", "ciao", "UAO"),
        ("es", "vivo", "MIMO"),
        ("tr", "şey", "UEI"),
        ("zh", "xuexi", "UEI"),
        ("zh", "mao", "MAO"),
        ("ko", "엄마", "OMA"),
        ("ko", "봄", "MOM"),
        ("en", "mother", "MOLE"),
        ("nl", "moe", "MOE"),
    ],
)
def test_every_spoken_language_has_its_own_mouth_shapes(spoken, word, shapes):
    assert "".join(name[-1] for name, _ in visemes(word, spoken)) == shapes


def test_smiles_are_gentle_and_yield_to_mouthing(body, lexicon):
    beaming = sign("BEAMING", "one", *CHIN.postures, nonmanual=NonManual(face={"smile": 1.0}))
    silent, _ = synthesise(plan(beaming), lexicon, body)
    assert unit(silent, "smile").max() == pytest.approx(0.5, abs=0.02)
    spoken, segments = synthesise(plan(item(beaming, mouth="nice")), lexicon, body)
    mouths = np.max([unit(spoken, n) for n in EXPRESSION_NAMES if n.startswith("mouth_")], axis=0)
    assert mouths.max() > 0.3
    assert (unit(spoken, "smile") + mouths)[at(spoken, segments[0])].max() < 0.75


def test_the_elbow_hangs_below_the_shoulder_when_the_hand_is_at_the_head(body, lexicon):
    for gloss in ("HELLO", "KNOW", "THINK", "DEAF"):
        sequence, segments = synthesise(plan(lexicon.signs[gloss]), lexicon, body)
        shoulder, elbow = (
            joint(body, sequence, f"right_{n}")[at(sequence, segments[0])] for n in ("shoulder", "elbow")
        )
        assert (elbow[:, 1] < shoulder[:, 1]).all(), gloss


def test_eyes_blink_every_few_seconds(body, lexicon):
    sequence, _ = synthesise(plan(*[CHIN, TAP, APART] * 4), lexicon, body)
    closed = unit(sequence, "eyes_closed") > 0.5
    blinks = np.flatnonzero(np.diff(closed.astype(int)) == 1) / 24.0
    assert len(blinks) >= 2
    assert np.diff(np.concatenate([[0.0], blinks, [sequence.duration]])).max() < 6.0


def test_a_gaze_word_turns_the_eyes(body, lexicon):
    looking = sign("LOOKING", "one", *CHIN.postures, nonmanual=NonManual(gaze="in-down"))
    sequence, segments = synthesise(plan(looking), lexicon, body)
    eye = np.degrees(sequence.poses[:, 3 * JOINT_INDEX["left_eye_smplhf"] :][:, :3])
    middle = int((segments[0].start + segments[0].end) / 2 * 24)
    assert eye[middle, 0] > 8.0
    assert eye[middle, 1] > 8.0


def test_a_double_letter_bounces_outward(body, lexicon):
    double, single = (perform(body, lexicon, plan(letters)) for letters in ("LL", "LC"))
    hops = held(double, "right_middle1")
    assert hops[0, 0] - hops[1, 0] > 0.02
    line = double.timeline
    between = np.linspace(line.arrive[1], line.arrive[2], 20)
    height = double.stage.rig.forward(double.local(between)[0]).position[:, JOINT_INDEX["right_middle1"], 1]
    assert height.max() > max(hops[:, 1]) + 0.005
    assert abs(np.diff(held(single, "right_wrist")[:, 0])[0]) < 0.02


@pytest.mark.parametrize(("moving", "still", "tip"), [("J", "I", "right_pinky3"), ("Z", "D", "right_index3")])
def test_j_and_z_are_drawn_in_the_air(body, lexicon, moving, still, tip):
    def length(letter: str) -> float:
        performance = perform(body, lexicon, plan(letter))
        beats = [b for b, beat in enumerate(performance.beats) if beat.item == 0]
        line = performance.timeline
        times = np.linspace(line.arrive[beats[0]], line.release[beats[-1]], 40)
        posed = performance.stage.rig.forward(performance.local(times)[0])
        return float(np.linalg.norm(np.diff(posed.position[:, JOINT_INDEX[tip]], axis=0), axis=1).sum())

    assert length(moving) > 0.08
    assert length(still) < 0.03


def test_words_that_cannot_be_spelled_are_refused_with_a_reason(body, lexicon):
    with pytest.raises(ValueError, match="alphabet has no sign"):
        synthesise(plan("§§"), lexicon, body)


def test_local_movements_move_the_hand_and_nothing_else(body, lexicon):
    sequence, segments = synthesise(plan(NOD), lexicon, body, fps=48)
    frames = at(sequence, segments[0])
    middle = slice(frames.start + 14, frames.stop - 4)
    wrist = joint(body, sequence, "right_wrist")[middle]
    tip = joint(body, sequence, "right_middle1")[middle]
    assert np.ptp(tip, axis=0).max() > 0.025
    assert np.ptp(wrist, axis=0).max() < 0.02


def test_circles_turn_as_often_as_told(body, lexicon):
    performance = perform(body, lexicon, plan(CIRCLE))
    track = performance.tracks["right"]
    times = np.linspace(track.arrive[1], track.arrive[2], 200)
    posed = performance.stage.rig.forward(performance.local(times)[0])
    wrist = posed.position[:, JOINT_INDEX["right_wrist"]]
    flat = (wrist - wrist.mean(axis=0))[:, [0, 2]]
    angle = np.unwrap(np.arctan2(flat[:, 1], flat[:, 0]))
    assert abs(abs(angle[-1] - angle[0]) / (2 * np.pi) - 2.0) < 0.25
    assert np.ptp(wrist[:, 2]) == pytest.approx(0.12, abs=0.03)


def test_long_pauses_bring_the_hands_to_rest_and_short_ones_do_not(body, lexicon):
    def lowest_between(seconds: float) -> float:
        pause = GlossItem("pause", "pause", seconds=seconds)
        sequence, segments = synthesise(plan(CHIN, pause, CHIN), lexicon, body)
        own = [s for s in segments if s.gloss == "CHIN"]
        between = slice(int(own[0].end * 24), int(own[1].start * 24) + 1)
        return float(joint(body, sequence, "right_wrist")[between, 1].min())

    assert lowest_between(1.6) < lowest_between(0.3) - 0.1


def test_progress_is_told_and_can_stop_the_work(body, lexicon):
    told: list[float] = []
    synthesise(plan(CHIN), lexicon, body, report=lambda stage, done: told.append(done))
    assert told == sorted(told)
    assert told[-1] == pytest.approx(1.0)

    def stop(stage: str, done: float) -> None:
        if done > 0.2:
            raise InterruptedError

    with pytest.raises(InterruptedError):
        synthesise(plan(CHIN), lexicon, body, report=stop)


def test_an_empty_plan_is_a_short_rest(body, lexicon):
    sequence, segments = synthesise(GlossPlan("", "ASL", ()), lexicon, body)
    assert segments == ()
    assert 0.3 < sequence.duration < 3.0


def test_long_texts_are_worked_out_in_parts_without_seams(body, lexicon):
    sequence, _ = synthesise(plan(*[CHIN, APART, TAP] * 9), lexicon, body, fps=30)
    assert len(sequence) > 500
    q = quaternion_from_axis_angle(sequence.poses.reshape(len(sequence), -1, 3))
    step = np.degrees(angle_between(q[1:], q[:-1]))
    assert step[478:482].max() < 30.0
