"""The embedded ASL data: complete, consistent, and something a hand can do."""

from __future__ import annotations

from collections import Counter

import pytest

from engine.lexicon.handshapes import JOINT_LIMITS, limit_violations
from engine.lexicon.loader import available_languages, load_language
from engine.lexicon.phonology import FingerPose, Handshape, ThumbPose
from engine.lexicon.places import direction_vector, locations, place_names
from engine.skeleton import JOINT_NAMES

NAMED_IN_THE_ISSUE = [
    "HELLO", "MY", "NAME", "NICE", "MEET", "YOU", "THANK-YOU", "PLEASE", "YES", "NO",
    "WHAT", "WHERE", "WHO", "WHY", "HOW", "WANT", "NEED", "LIKE", "GO", "HOME",
    "SCHOOL", "WORK", "EAT", "DRINK", "FRIEND", "FAMILY", "MOTHER", "FATHER", "GOOD", "BAD",
    "SORRY", "HELP", "DEAF", "SIGN", "LEARN", "UNDERSTAND", "TODAY", "TOMORROW",
]  # fmt: skip

HANDSHAPES_OF_LETTERS = set("ABCDEFGIKLMNOQRSTUVWXY")
MARKS = {"eyes", "nose_tip", "same_ear", "other_ear"} | {
    f"{f}_tip" for f in ("index", "middle", "ring", "pinky", "thumb")
}


@pytest.fixture(scope="module")
def asl():
    return load_language("ASL")


def all_signs(lexicon):
    return [*lexicon.signs.values(), *lexicon.letters.values(), *lexicon.numbers.values()]


def test_asl_is_among_the_embedded_languages():
    assert "ASL" in available_languages()


def test_signs_that_everyone_expects_are_there(asl):
    assert [g for g in NAMED_IN_THE_ISSUE if g not in asl.signs] == []


def test_there_are_enough_signs_and_handshapes(asl):
    assert len(asl.signs) >= 560
    assert len(asl.handshapes) >= 60
    assert set(asl.handshapes) >= HANDSHAPES_OF_LETTERS


def test_the_alphabet_is_complete_and_only_j_and_z_move(asl):
    assert sorted(asl.letters) == list("ABCDEFGHIJKLMNOPQRSTUVWXYZ")
    assert {k for k, s in asl.letters.items() if len(s.postures) > 1} == {"J", "Z"}


def test_numbers_from_zero_to_twenty_are_there(asl):
    assert [n for n in range(21) if str(n) not in asl.numbers] == []


def test_letters_and_signs_have_different_keys(asl):
    assert asl.letters["I"].key == "asl/fs-I"
    assert asl.signs["I"].key == "asl/I"
    assert asl.by_key("asl/HELLO") is asl.signs["HELLO"]


def test_keys_are_unique_over_all_tables(asl):
    counts = Counter(s.key for s in all_signs(asl))
    assert [k for k, n in counts.items() if n > 1] == []


def test_of_the_signs_of_a_word_all_but_one_say_which_sense_they_are(asl):
    counts = Counter(word for sign in asl.signs.values() if not sign.sense for word in sign.words)
    assert [k for k, n in counts.items() if n > 1] == []


def test_senses_of_a_word_differ_and_so_do_descriptions(asl):
    senses = Counter((word, sign.sense) for sign in asl.signs.values() for word in sign.words if sign.sense)
    descriptions = Counter(sign.description for sign in all_signs(asl))
    assert [k for k, n in (*senses.items(), *descriptions.items()) if n > 1] == []


def test_words_are_in_base_form_spelling(asl):
    for sign in asl.signs.values():
        for word in sign.words:
            assert word == word.strip().lower(), sign.gloss


def test_no_sign_claims_a_review_that_never_was(asl):
    assert {s.reviewed_by for s in all_signs(asl)} == {""}


def test_each_sign_says_how_it_is_made_and_where_it_stands(asl):
    for sign in all_signs(asl):
        assert sign.description.endswith("."), sign.gloss
        assert sign.line > 0
        assert sign.file.endswith(".toml")


def test_question_signs_lower_the_brows(asl):
    for gloss in ("WHAT", "WHERE", "WHO", "WHY", "HOW", "WHEN", "WHICH", "HOW-MANY"):
        assert asl.signs[gloss].nonmanual.face.get("brows_down", 0) > 0.5, gloss


def test_negative_signs_shake_the_head(asl):
    for gloss in ("NO", "NOT", "NEVER", "NONE", "DONT-KNOW", "DONT-WANT", "CANNOT"):
        assert asl.signs[gloss].nonmanual.head == "shake", gloss


def test_contacts_name_the_point_of_the_hand_that_touches(asl):
    places = locations()
    surfaces = set(places["body"]) | {f"other.{p}" for p in places["hand"]}
    for sign in all_signs(asl):
        touch = None
        for posture in sign.postures:
            touch = posture.touch or touch
            near = max(map(abs, posture.offset)) < 1.0
            assert not (posture.at in surfaces and near and touch is None), sign.gloss


def test_handshapes_stay_within_what_joints_allow(asl):
    for shape in asl.handshapes.values():
        assert limit_violations(shape) == [], shape.name


def test_an_impossible_handshape_is_noticed():
    straight = FingerPose()
    shape = Handshape("?", "", ThumbPose(abduct=120), FingerPose(mcp=-60), straight, straight, FingerPose(dip=100))
    assert [v.split(" is ")[0] for v in limit_violations(shape)] == ["thumb.abduct", "index.mcp", "pinky.dip"]


def test_limits_cover_each_angle_of_the_table():
    names = {*(f"thumb.{k}" for k in ThumbPose.__dataclass_fields__), *FingerPose.__dataclass_fields__}
    assert set(JOINT_LIMITS) == names


def test_fists_differ_by_the_thumb(asl):
    thumbs = {n: asl.handshapes[n].thumb for n in ("A", "S", "T", "N", "M", "E")}
    assert len(set(thumbs.values())) == 6


def test_places_name_joints_that_exist():
    sides = {"same_", "other_"}
    joints = {n.split("_", 1)[1] if n.startswith(("left_", "right_")) else n for n in JOINT_NAMES}
    for group, places in locations().items():
        for name, place in places.items():
            for key in {*place.get("start", {}), *place.get("height", {})}:
                bare = next((key.removeprefix(s) for s in sides if key.startswith(s)), key)
                assert bare in joints or key in MARKS, (group, name, key)


def test_the_means_of_hand_points_name_points():
    points = locations()["hand"]
    for name, place in points.items():
        assert set(place.get("mean", ())) <= set(points), name


def test_places_of_the_other_hand_can_be_named():
    assert {"chin", "neutral", "other.palm", "other.index_tip"} <= place_names()


@pytest.mark.parametrize(
    ("words", "vector"),
    [
        ("up", (0, 1, 0)),
        ("in", (-1, 0, 0)),
        ("forward-up", (0, 0.5**0.5, 0.5**0.5)),
        ("up-up-in", (-(0.2**0.5), 0.8**0.5, 0)),
    ],
)
def test_direction_words_add_up(words, vector):
    assert direction_vector(words) == pytest.approx(vector)
