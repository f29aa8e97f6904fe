"""One sign at a time: its motion, and hands in their handshapes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..body import BodyModel
from ..generators.base import EngineError
from ..gloss import GlossItem, GlossPhrase, GlossPlan
from ..lexicon.loader import Lexicon
from ..lexicon.recorded import Entry
from ..lexicon.synthesis import synthesise
from ..lexicon.synthesis.rig import HAND
from ..lexicon.synthesis.stage import stage_for
from ..rotations import axis_angle_from_matrix
from ..skeleton import POSE_SIZE
from ..take import PoseSequence
from .raster import Array


def plan_of(sign: Entry) -> GlossPlan:
    """A plan of one sign."""
    item = GlossItem("sign", sign.gloss, sign=sign)
    return GlossPlan(sign.gloss, sign.language, (GlossPhrase((item,)),))


def motion_of(sign: Entry, lexicon: Lexicon, body: BodyModel, fps: float) -> tuple[PoseSequence, float, float]:
    """A sign from rest to rest, and the seconds from which to which it is signed.

    Raises `EngineError` for a sign that is written so that it can't be signed, or whose recording is gone.
    """
    try:
        sequence, segments = synthesise(plan_of(sign), lexicon, body, fps=fps)
    except ValueError as e:
        raise EngineError("unsignable", f"{sign.gloss} can't be signed: {e}", "Mend the sign's record.") from e
    return sequence, segments[0].start, segments[-1].end


def hands_in(names: Sequence[str], lexicon: Lexicon, body: BodyModel, side: str = "right") -> Array:
    """(N, V, 3) meshes whose hand on one side has the handshapes named; all else is at rest."""
    stage = stage_for(body)
    rotations = stage.rig.hands[side].rotations(stage.finger_parameters(list(names), lexicon.handshapes))
    poses = np.zeros((len(names), POSE_SIZE))
    poses.reshape(len(names), -1, 3)[:, HAND[side]] = axis_angle_from_matrix(rotations)
    return body.skin(poses)
