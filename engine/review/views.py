"""Where to look at a hand from."""

from __future__ import annotations

import numpy as np

from ..body import BodyModel
from ..skeleton import JOINT_INDEX
from .raster import Array

HAND_VIEWS = {
    "palm": np.array([[0.0, 0.0, 1.0], [-1.0, 0.0, 0.0], [0.0, -1.0, 0.0]]),
    "thumb": np.array([[0.0, 0.82, 0.57], [-1.0, 0.0, 0.0], [0.0, -0.57, 0.82]]),
    "back": np.array([[0.0, 0.0, -1.0], [-1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]),
}
"""Camera axes that look at the right hand of the resting body (fingers -x, palm -y, thumb +z), fingers up."""


def hand_middle(body: BodyModel) -> Array:
    """(3,) the middle of the resting right hand."""
    return body.joints()[JOINT_INDEX["right_middle1"]] + np.array([-0.015, 0.0, 0.01])
