"""The signs of ASL on the avatar: all can be made, directional ones go where they should."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator

import numpy as np
import pytest

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.gloss import GlossItem, GlossPhrase, GlossPlan
from engine.lexicon.loader import Lexicon, load_language
from engine.lexicon.phonology import Locus, Sign
from engine.lexicon.synthesis import synthesise
from engine.skeleton import JOINT_INDEX

DIRECTIONAL = [
    "GIVE", "HELP", "ASK", "SHOW", "TELL", "SEND", "SEE", "LOOK", "VISIT", "MEET", "PAY", "TEACH", "INFORM", "CALL",
    "EMAIL", "INVITE", "TAKE", "COPY", "BORROW", "LEND", "HATE", "BOTHER", "BLAME", "ANSWER", "FOLLOW", "INTERVIEW",
]  # fmt: skip
FORWARD, BACKWARD = ("GIVE", "ASK", "HELP", "LOOK", "LEND"), ("TAKE", "INVITE", "COPY", "BORROW")


@pytest.fixture(scope="module")
def body() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)


@pytest.fixture(scope="module")
def asl() -> Lexicon:
    return load_language("ASL")


def plan(*items: GlossItem) -> GlossPlan:
    return GlossPlan("", "ASL", (GlossPhrase(items),))


def item(sign: Sign, source: Locus = "", goal: Locus = "") -> GlossItem:
    return GlossItem("sign", sign.gloss, sign=sign, source=source, goal=goal)


def wrists(body: BodyModel, lexicon: Lexicon, *items: GlossItem) -> list[np.ndarray]:
    """(T, 2, 3) metres of the left and right wrist during each item."""
    sequence, segments = synthesise(plan(*items), lexicon, body)
    joints = body.forward_kinematics(sequence.poses.astype(np.float64))[:, :, :3, 3]
    both = joints[:, [JOINT_INDEX["left_wrist"], JOINT_INDEX["right_wrist"]]]
    return [both[int(s.start * sequence.fps) : int(s.end * sequence.fps) + 1] for s in segments]


def way(moved: np.ndarray) -> np.ndarray:
    """(3,) metres that the right wrist goes from the first to the last third of a sign."""
    third = max(len(moved) // 3, 1)
    return moved[-third:, 1].mean(axis=0) - moved[:third, 1].mean(axis=0)


def batches(signs: Iterable[Sign], size: int) -> Iterator[tuple[Sign, ...]]:
    iterator = iter(signs)
    while batch := tuple(itertools.islice(iterator, size)):
        yield batch


def test_every_sign_can_be_made(body, asl):
    for batch in batches(asl.signs.values(), 60):
        sequence, segments = synthesise(plan(*map(item, batch)), asl, body, fps=12.0)
        assert [s.gloss for s in segments] == [s.gloss for s in batch]
        assert np.isfinite(sequence.poses).all()
        assert max(s.end - s.start for s in segments) < 3.5


def test_many_verbs_are_directional(asl):
    assert [g for g in DIRECTIONAL if not asl.signs[g].agreement] == []
    assert sum(s.pos == "verb" and bool(s.agreement) for s in asl.signs.values()) >= 20


def test_pointing_signs_go_to_their_object(asl):
    assert {g: asl.signs[g].agreement for g in ("IX", "POSS", "SELF")} == dict.fromkeys(
        ("IX", "POSS", "SELF"), "object"
    )


@pytest.mark.parametrize(("glosses", "direction"), [(FORWARD, 1), (BACKWARD, -1)])
def test_without_places_verbs_go_between_the_signer_and_the_addressee(body, asl, glosses, direction):
    moved = wrists(body, asl, *(item(asl.signs[g]) for g in glosses))
    for gloss, frames in zip(glosses, moved, strict=True):
        assert way(frames)[2] * direction > 0.02, gloss


@pytest.mark.parametrize("gloss", ["GIVE", "ASK", "HELP", "LEND", "LOOK"])
def test_with_places_verbs_go_from_one_to_the_other(body, asl, gloss):
    sign = asl.signs[gloss]
    to_left, to_right = wrists(body, asl, item(sign, "3a", "3b"), item(sign, "3b", "3a"))
    assert way(to_left)[0] > 0.05 > -0.05 > way(to_right)[0]


def test_compounds_run_through_signs_that_are_no_compounds(asl):
    compounds = [s for s in asl.signs.values() if s.parts]
    assert len(compounds) >= 30
    for sign in compounds:
        assert not any(part.parts for part in sign.parts), sign.gloss


def test_signs_that_do_something_end_in_the_person_who_does_it(asl):
    for gloss in ("TEACHER", "STUDENT", "WRITER", "DRIVER", "LAWYER", "THIEF"):
        assert asl.signs[gloss].parts[-1].gloss == "PERSON-AGENT"
