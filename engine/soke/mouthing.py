"""Mouthing on motion that a model made: the words of the gloss plan, at the times at which their signs were found.

The codes of a whole body hold little of the lips. Where the model has the avatar's face units, the mouth shapes of the
synthesiser are put over its face; all else of the face stays the model's.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from ..gloss import GlossPlan
from ..languages import Language
from ..lexicon.synthesis.nonmanual import Signed, Span, mouthed
from ..skeleton import EXPRESSION_NAMES, JOINT_INDEX
from ..take import PoseSequence

Seconds = tuple[float, float]
_JAW = 3 * JOINT_INDEX["jaw"]


def with_mouthing(
    sequence: PoseSequence, plan: GlossPlan, spans: Mapping[int, Seconds], language: Language, strength: float
) -> PoseSequence:
    """The motion with its mouth. spans: begin and end of the plan's items, pauses counted, that were found in it.

    strength: of mouthed words, 0 to 1; mouth gestures that belong to a sign are made in full. A sequence with other
    face units than the avatar's comes back as it is.
    """
    if sequence.expression_names != EXPRESSION_NAMES or not spans:
        return sequence
    count = sum(len(phrase.items) for phrase in plan.phrases)
    items = [Span(*spans[i]) if i in spans else None for i in range(count)]
    signed = Signed(plan, items, [], sequence.duration, language.spoken, strength)
    units, jaw = mouthed(signed, sequence.expression, np.arange(len(sequence)) / sequence.fps)
    poses = sequence.poses.copy()
    poses[:, _JAW] = np.maximum(poses[:, _JAW], jaw)
    return replace(sequence, poses=poses, expression=units)
