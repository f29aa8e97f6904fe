"""What the body does besides: breathing, sway, and trunk and head that go a little with the hands."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ...rotations import matrix_from_axis_angle
from ...skeleton import JOINT_INDEX
from .nonmanual import Face
from .stage import identity_pose

Array = NDArray[np.floating]

_BREATHS = 0.24
"""Breaths a second of a standing, talking adult."""


def trunk(times: Array, hands: Array, face: Face, phase: Array) -> Array:
    """(T, 55, 3, 3) local rotations of spine, neck, head, jaw and eyes; all other joints at rest.

    hands: (T, 3) where the hands are on average, metres from where they rest. phase: (4,) start of the slow waves.
    """
    local = identity_pose(len(times))
    breath = np.sin(2.0 * np.pi * _BREATHS * times + phase[0])
    sway = np.sin(2.0 * np.pi * 0.11 * times + phase[1]) + 0.6 * np.sin(2.0 * np.pi * 0.19 * times + phase[2])
    rock = np.sin(2.0 * np.pi * 0.14 * times + phase[3])
    turn = 7.0 * np.tanh(hands[:, 0] / 0.5)
    lean = 2.2 * np.tanh(np.maximum(hands[:, 2], 0.0) / 0.5)
    zero = np.zeros_like(times)

    def set_joint(name: str, x: Array, y: Array, z: Array) -> None:
        vectors = np.radians(np.stack([x, y, z], axis=1))
        local[:, JOINT_INDEX[name]] = matrix_from_axis_angle(vectors)

    set_joint("spine1", 0.4 * lean + 0.25 * rock, 0.3 * turn, 0.45 * sway)
    set_joint("spine2", 0.3 * lean - 0.25 * breath, 0.3 * turn, 0.25 * sway)
    set_joint("spine3", 0.2 * lean - 0.35 * breath, 0.2 * turn, 0.15 * sway)
    x, y, z = np.degrees(face.head).T
    # the face stays with the addressee: the neck takes back most of what the trunk turns
    set_joint("neck", 0.45 * x + 0.3 * breath - 0.2 * lean, 0.45 * y - 0.3 * turn, 0.45 * z - 0.4 * sway)
    set_joint("head", 0.55 * x + 0.3 * breath - 0.3 * lean, 0.55 * y - 0.25 * turn, 0.55 * z - 0.3 * sway)
    set_joint("jaw", np.degrees(face.jaw[:, 0]), zero, zero)
    # eyes hold their aim while the head moves (vestibulo-ocular reflex), as far as they can
    counter_x = np.clip(np.degrees(face.gaze[:, 0]) - 0.8 * x, -20.0, 20.0)
    counter_y = np.clip(np.degrees(face.gaze[:, 1]) - 0.8 * y, -28.0, 28.0)
    for name in ("left_eye_smplhf", "right_eye_smplhf"):
        set_joint(name, counter_x, counter_y, zero)
    return local
