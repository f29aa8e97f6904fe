"""Directional signs, pointing, plurals, compounds and letters of two hands."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from synthesis_kit import APART, CHIN, NOD, TAP, held, item, joint, perform, plan, sign

from engine.gloss import GlossItem
from engine.lexicon.loader import Lexicon, load_language
from engine.lexicon.phonology import Posture
from engine.lexicon.synthesis import synthesise
from engine.lexicon.synthesis.loci import Line
from engine.lexicon.synthesis.rig import WRIST
from engine.lexicon.synthesis.script import item_beats
from engine.lexicon.synthesis.stage import stage_for
from engine.lexicon.synthesis.synthesiser import Manner, Performance
from engine.metrics.quality import limit_violations, reach_errors
from engine.skeleton import JOINT_INDEX

GIVE = sign(
    "GIVE",
    "one",
    Posture(shape="O_flat", at="source", palm="up", fingers="goal"),
    Posture(at="goal", path="arc", bulge="up"),
    agreement="subject_object",
)
INVITE = sign(
    "INVITE",
    "one",
    Posture(shape="flat", at="source", palm="up", fingers="forward-up"),
    Posture(at="goal"),
    agreement="object_subject",
)
BOTH = sign(
    "BOTH",
    "symmetric",
    Posture(shape="O_flat", at="source", offset=(6, 0, 0), palm="up", fingers="forward"),
    Posture(at="goal", offset=(6, 0, 0)),
    agreement="subject_object",
)
POINT = sign("IX", "one", Posture(shape="1", at="neutral", palm="down", fingers="goal", hold=0.2), agreement="object")
STILL = sign("STILL", "one", Posture(shape="S", at="neutral", palm="forward", fingers="up"))
LIPS = sign("LIPS", "one", Posture(shape="1", at="chin", touch="index_tip", palm="back", fingers="up", hold=0.1))


def way(body, lexicon, what) -> np.ndarray:
    """(2, 3) places of the right hand at the two postures of a sign."""
    return held(perform(body, lexicon, plan(what)), "right_middle1")


def test_a_directional_sign_goes_from_the_signer_to_the_addressee_when_nobody_is_named(body, lexicon):
    start, end = way(body, lexicon, item(GIVE))
    assert end[2] - start[2] > 0.12
    assert abs(end[0] - start[0]) < 0.06


@pytest.mark.parametrize(
    ("source", "goal", "left", "forward"),
    [
        ("1", "2", 0, 1),
        ("2", "1", 0, -1),
        ("1", "3a", -1, 1),
        ("1", "3b", 1, 1),
        ("3b", "1", -1, -1),
        ("3a", "3b", 1, 0),
    ],
)
def test_a_directional_sign_goes_from_its_source_to_its_goal(body, lexicon, source, goal, left, forward):
    start, end = way(body, lexicon, item(GIVE, source=source, goal=goal))
    moved = end - start
    assert moved[0] * left >= 0.06 * abs(left)
    assert moved[2] * forward >= 0.03 * abs(forward)
    assert np.linalg.norm(moved) > 0.1


def test_a_backward_verb_comes_from_the_addressee_to_the_signer(body, lexicon):
    start, end = way(body, lexicon, item(INVITE))
    assert start[2] - end[2] > 0.12


def test_the_line_of_a_directional_sign_is_completed_by_signer_and_addressee():
    assert Line.of("", "", "subject_object") == Line()
    assert Line.of("", "", "object_subject") == Line("2", "1")
    assert Line.of("", "3a", "subject_object") == Line("1", "3a")
    assert Line.of("3b", "", "object_subject") == Line("3b", "1")
    assert Line.of("", "1", "object") == Line("2", "1")
    assert Line.of("2", "", "subject_object") == Line("2", "1")
    assert Line.of("1", "2", "") == Line()


def test_both_hands_of_a_directional_sign_go_along(body, lexicon):
    performance = perform(body, lexicon, plan(item(BOTH, source="1", goal="3a")))
    right, left = (held(performance, f"{side}_middle1") for side in ("right", "left"))
    assert right[1, 0] - right[0, 0] < -0.1
    assert left[1, 0] - left[0, 0] < -0.05
    assert np.linalg.norm(right[1] - left[1]) > 0.06


@pytest.mark.parametrize(("goal", "sideways"), [("2", 0), ("3a", -1), ("3b", 1)])
def test_pointing_goes_to_the_locus_and_the_gaze_follows_it(body, lexicon, goal, sideways):
    sequence, segments = synthesise(plan(item(POINT, goal=goal)), lexicon, body)
    middle = int((segments[0].start + segments[0].end) / 2 * sequence.fps)
    knuckle, tip = (joint(body, sequence, f"right_index{k}")[middle] for k in (1, 3))
    finger = (tip - knuckle) / np.linalg.norm(tip - knuckle)
    assert finger[0] * sideways >= 0.5 * abs(sideways)
    if not sideways:
        assert finger[2] > 0.8
    gaze = np.degrees(sequence.poses[middle, 3 * JOINT_INDEX["left_eye_smplhf"] + 1])
    assert gaze * sideways >= 12.0 * abs(sideways)
    assert abs(gaze) < 6.0 or sideways


def test_a_point_at_oneself_turns_back_to_the_chest(body, lexicon):
    sequence, segments = synthesise(plan(item(POINT, goal="1")), lexicon, body)
    middle = int((segments[0].start + segments[0].end) / 2 * sequence.fps)
    knuckle, tip = (joint(body, sequence, f"right_index{k}")[middle] for k in (1, 3))
    assert tip[2] < knuckle[2]
    assert limit_violations(body, sequence.poses.astype(float)) == 0


def test_a_repetition_is_asked_for_by_the_plan(body, lexicon):
    once, twice = (perform(body, lexicon, plan(item(APART, repeat=n))) for n in (0, 3))
    assert len(twice.beats) - len(once.beats) == 4
    assert len(twice.segments()) == 1


def test_a_still_sign_is_repeated_in_hops_to_the_side(body, lexicon):
    places = held(perform(body, lexicon, plan(item(STILL, repeat=3))), "right_wrist")
    assert (np.diff(places[:, 0]) < -0.03).all()


def test_a_still_contact_is_repeated_off_and_on_again(body, lexicon):
    performance = perform(body, lexicon, plan(item(LIPS, repeat=2)))
    errors = reach_errors(performance)
    assert len(errors) == 2
    assert max(errors) < 2.0
    place = held(performance, "right_index3")
    assert np.linalg.norm(place[1] - place[0]) > 0.025


def test_a_compound_runs_through_its_parts_in_one_flow(body, lexicon):
    parts = (CHIN, TAP)
    compound = dataclasses.replace(sign("COMPOUND", "one"), postures=(), parts=parts)
    _, segments = synthesise(plan(compound), lexicon, body)
    _, apart = synthesise(plan(*parts), lexicon, body)
    assert [s.gloss for s in segments] == ["COMPOUND"]
    assert segments[0].end - segments[0].start < 0.8 * (apart[1].end - apart[0].start)
    assert max(reach_errors(perform(body, lexicon, plan(compound)))) < 2.0


TWO_HANDED = sign(
    "fs-A",
    "base",
    Posture(shape="1", at="other.thumb_tip", touch="index_tip", palm="back", fingers="in"),
    base=(Posture(shape="5", at="centre", palm="back", fingers="in-up"),),
)
MIRRORED = sign("fs-B", "symmetric", Posture(shape="O", at="centre", offset=(7, 0, 0), palm="in", fingers="up"))
LONG = sign("fs-SCH", "one", Posture(shape="5", at="spelling", palm="forward", fingers="up"))


def two_handed(lexicon: Lexicon) -> Lexicon:
    return dataclasses.replace(lexicon, letters={**lexicon.letters, "A": TWO_HANDED, "B": MIRRORED, "SCH": LONG})


def test_letters_may_take_both_hands(body, lexicon):
    performance = perform(body, two_handed(lexicon), plan(item("AB")))
    errors = reach_errors(performance)
    assert len(errors) == 1
    assert max(errors) < 2.0
    line = performance.timeline
    letters = [b for b, beat in enumerate(performance.beats) if beat.item == 0]
    posed = performance.stage.rig.forward(performance.local(0.5 * (line.arrive + line.release)[letters])[0])
    wrists = {side: posed.position[:, WRIST[side]] for side in ("left", "right")}
    assert np.abs(wrists["left"][-1] * [-1, 1, 1] - wrists["right"][-1]).max() < 0.02


def test_a_double_letter_of_two_hands_meets_twice(body, lexicon):
    assert len(reach_errors(perform(body, two_handed(lexicon), plan(item("AA"))))) == 2


def test_letters_may_have_several_characters(body, lexicon):
    spelled = dataclasses.replace(item("SCH"), letters=("SCH", "O", "N"))
    performance = perform(body, two_handed(lexicon), plan(spelled))
    assert sum(beat.item == 0 for beat in performance.beats) == 3


def test_mouthing_has_a_strength(body, lexicon):
    loud, soft, none = (
        synthesise(plan(item(CHIN, mouth="mama")), lexicon, body, mouthing=m)[0].expression.max()
        for m in (1.0, 0.5, 0.0)
    )
    silent = synthesise(plan(CHIN), lexicon, body)[0].expression.max()
    assert none == silent
    assert loud >= soft


def test_without_variation_seeds_change_no_rhythm(body, lexicon):
    one, two = (synthesise(plan(CHIN, APART), lexicon, body, seed=s, variation=0.0)[1] for s in (1, 2))
    assert one == two
    lively, other = (synthesise(plan(CHIN, APART), lexicon, body, seed=s, variation=1.0)[1] for s in (1, 2))
    assert lively != other


def test_contacts_are_met_on_other_shapes_of_the_body(body, lexicon):
    betas = np.random.default_rng(5).normal(0.0, 1.5, 10)
    stage = stage_for(body, betas)
    assert stage is stage_for(body, list(betas))
    performance = Performance(stage, plan(CHIN, TAP), lexicon, Manner(), np.random.default_rng(0))
    performance.correct_contacts()
    assert max(reach_errors(performance)) < 2.0
    plain, shaped = (synthesise(plan(CHIN), lexicon, body, betas=b)[0] for b in ((), tuple(betas)))
    assert len(plain) != len(shaped) or not np.allclose(plain.poses, shaped.poses, atol=1e-3)


def test_a_nodding_hand_repeats_its_nod(body, lexicon):
    _, once = synthesise(plan(NOD), lexicon, body)
    _, often = synthesise(plan(item(NOD, repeat=4)), lexicon, body)
    assert often[0].end - often[0].start > 1.3 * (once[0].end - once[0].start)


def test_hands_may_touch_each_other_in_turn_but_not_both_at_once(body, lexicon):
    up, down = {"palm": "up", "fingers": "in-forward"}, {"palm": "down", "fingers": "in-forward"}
    turns = sign(
        "TURNS",
        "base",
        Posture(shape="flat", at="other.back", touch="palm", **down),
        Posture(at="centre", offset=(0, 0, 2)),
        base=(
            Posture(shape="flat", at="centre", **down),
            Posture(at="other.back", touch="palm"),
        ),
    )
    errors = reach_errors(perform(body, lexicon, plan(turns)))
    assert len(errors) == 2
    assert max(errors) < 3.0
    both = dataclasses.replace(
        turns, postures=turns.postures[:1], base=(Posture(shape="flat", at="other.palm", touch="palm", **up),)
    )
    with pytest.raises(ValueError, match="TURNS"):
        perform(body, lexicon, plan(both))


def test_variation_moves_free_hands_a_little_and_contacts_not_at_all(body, lexicon):
    def middle(what, seed: int, variation: float) -> np.ndarray:
        manner = Manner(variation=variation)
        return (
            Performance(stage_for(body), plan(what), lexicon, manner, np.random.default_rng(seed))
            .solved["right"]
            .pose.wrist[1]
        )

    for what, least, most in ((STILL, 0.002, 0.06), (LIPS, 0.0, 1e-9)):
        places = np.array([middle(what, seed, 1.0) for seed in range(4)])
        assert least <= np.linalg.norm(places - places.mean(axis=0), axis=1).max() <= most
    assert np.array_equal(middle(STILL, 1, 0.0), middle(STILL, 2, 0.0))


def test_varied_hands_of_a_sign_stay_together(body, lexicon):
    manner = Manner(variation=1.0)
    for seed in range(3):
        performance = Performance(stage_for(body), plan(APART), lexicon, manner, np.random.default_rng(seed))
        left, right = (performance.solved[side].pose.wrist[1] for side in ("left", "right"))
        assert np.abs(left * [-1, 1, 1] - right).max() < 0.01


def test_fingers_open_for_the_next_letter_before_the_hand_moves_on(body, lexicon):
    performance = perform(body, lexicon, plan("SB"))
    track = performance.tracks["right"]
    release = performance.timeline.release[performance.solved["right"].targets.beats[1]]

    def bend(time: float) -> float:
        local = performance.local(np.array([time]))[0]
        return float(np.degrees(np.arccos((np.trace(local[0, JOINT_INDEX["right_index2"]]) - 1) / 2)))

    held_bend = bend(release - 0.045)
    assert bend(release) < held_bend - 1.0
    assert track.spelled.any()


@pytest.mark.parametrize(("pointing", "own"), [("IX", "I"), ("POSS", "MY"), ("SELF", "MYSELF")])
def test_pointing_at_the_signer_is_the_sign_that_touches_the_chest(pointing: str, own: str) -> None:
    lexicon = load_language("ASL")
    pointed = GlossItem("sign", f"{pointing}-1", sign=lexicon.signs[pointing], goal="1")
    plain = GlossItem("sign", own, sign=lexicon.signs[own])
    assert item_beats(0, pointed, lexicon) == item_beats(0, plain, lexicon)
    away = dataclasses.replace(pointed, goal="3a")
    assert item_beats(0, away, lexicon) != item_beats(0, plain, lexicon)
