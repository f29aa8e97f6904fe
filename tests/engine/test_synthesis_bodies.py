"""Signs on bodies of other shapes: contacts are met, joints keep their ranges."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from synthesis_kit import CHIN, FOREHEAD, TAP, plan

from engine.lexicon.loader import Lexicon
from engine.lexicon.phonology import Posture
from engine.lexicon.synthesis import synthesise
from engine.lexicon.synthesis.stage import stage_for
from engine.lexicon.synthesis.synthesiser import Manner, Performance
from engine.metrics.quality import limit_violations, violations_by_frame
from engine.metrics.reach import REACH_LIMIT, Reached, random_shapes, reach_all


def touching(lexicon: Lexicon, count: int) -> list:
    """Signs spread over the lexicon that touch something."""

    def touches(posture: Posture) -> bool:
        return posture.touch not in (None, "centre")

    signs = [s for s in lexicon.authored.values() if any(map(touches, s.postures))]
    return signs[:: max(len(signs) // count, 1)][:count]


def test_signs_reach_their_contacts_on_bodies_of_any_shape(body, lexicon):
    signs = touching(lexicon, 24)
    results = reach_all(body, lexicon, random_shapes(body, 3, seed=8), signs)
    assert len(results) == 3 * len(signs)
    assert not [r for r in results if r.failed]
    assert np.percentile([r.reach for r in results], 95) < 2.0


def test_a_body_without_correctives_is_signed_with_too(body, lexicon):
    plain = dataclasses.replace(body, pose_blend=None)
    assert not [r for r in reach_all(plain, lexicon, [np.zeros(10)], [CHIN, TAP, FOREHEAD]) if r.failed]


def test_a_miss_a_broken_joint_or_a_lost_number_is_a_failure():
    fine = Reached("X", 0, 1.0, 0.0, 0)
    assert not fine.failed
    assert dataclasses.replace(fine, reach=REACH_LIMIT + 1.0).failed
    assert dataclasses.replace(fine, violations=1).failed
    assert dataclasses.replace(fine, reach=float("nan")).failed


def test_a_joint_beyond_its_range_is_counted(body):
    poses = np.zeros((2, 165))
    assert limit_violations(body, poses) == int(violations_by_frame(body.joints(), poses).sum())
    bent = poses.copy()
    bent[1, 3 * 41 : 3 * 41 + 3] = [0.0, 0.0, 2.6]
    assert limit_violations(body, bent) > limit_violations(body, poses)


def test_shapes_of_a_body_are_measured_once_and_only_the_last_few_are_kept(body):
    shapes = random_shapes(body, 6, seed=3)
    first = stage_for(body, shapes[0])
    assert stage_for(body, [*shapes[0], 0.0, 0.0]) is first
    for betas in shapes[1:]:
        stage_for(body, betas)
    assert stage_for(body, shapes[-1]) is stage_for(body, shapes[-1])
    assert stage_for(body, shapes[0]) is not first


def test_more_shape_values_than_the_body_has_are_refused(body, lexicon):
    with pytest.raises(ValueError, match="betas"):
        synthesise(plan(CHIN), lexicon, body, betas=(0.1,) * 500)


def test_a_taller_body_signs_higher(body, lexicon):
    def height(betas) -> float:
        performance = Performance(stage_for(body, betas), plan(CHIN), lexicon, Manner(), np.random.default_rng(0))
        return float(performance.solved["right"].pose.wrist[1, 1])

    stature = body.joints(np.eye(10)[0])[15, 1] - body.joints()[15, 1]
    assert np.sign(height(np.eye(10)[0] * 2) - height(np.zeros(10))) == np.sign(stature)
