"""All that is measured once on a body model and reused for every text."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...body import BodyModel
from ...skeleton import JOINT_COUNT, JOINT_INDEX
from ..phonology import Handshape
from ..places import locations
from .collision import BodyField, Shell, hand_samples, hand_shell
from .fingers import RELAXED, parameters
from .landmarks import Landmarks
from .rig import HAND, SIDES, Rig
from .solve import ArmPose, arm_rotations

Array = NDArray[np.floating]


_FEW, _FEWEST = 48, 10
"""Points of a hand."""


class Stage:
    """A body model ready to sign."""

    def __init__(self, body: BodyModel, betas: ArrayLike | None = None) -> None:
        self.body = body
        self.betas = np.asarray([] if betas is None else betas, dtype=np.float64).reshape(-1)
        self.rig = Rig(body.joints(betas), body.rest_vertices(betas), body.faces, body.weights)
        self.landmarks = Landmarks(self.rig, locations())
        self.field = BodyField(self.rig)
        self.samples = {side: hand_samples(self.rig, side) for side in SIDES}
        self.shells: dict[str, Shell] = {side: hand_shell(self.rig, side) for side in SIDES}
        # for every frame, where a coarse answer will do
        self.few = {side: s.first(_FEW) for side, s in self.samples.items()}
        self.fewest = {side: s.first(_FEWEST) for side, s in self.samples.items()}
        self.thin = {side: hand_shell(self.rig, side, 120, 30) for side in SIDES}

    def finger_parameters(self, shapes: list[str | None], handshapes: Mapping[str, Handshape]) -> Array:
        """(K, 21) angles of handshapes by name; `None` is a relaxed hand."""
        table = {name: parameters(handshapes[name]) for name in set(shapes) if name is not None}
        return np.stack([RELAXED if name is None else table[name] for name in shapes])

    def arm_locals(self, side: str, pose: ArmPose, fingers: Array, local: Array) -> Array:
        """Write an arm's and a hand's joint rotations into (N, 55, 3, 3) local rotations; returns the hand's global
        rotation relative to the chest."""
        rotations = arm_rotations(self.rig.arms[side], pose)
        for name in ("collar", "shoulder", "elbow", "wrist"):
            local[:, JOINT_INDEX[f"{side}_{name}"]] = getattr(rotations, name)
        local[:, HAND[side]] = self.rig.hands[side].rotations(fingers)
        return rotations.hand


def identity_pose(count: int) -> Array:
    """(N, 55, 3, 3) local rotations of the rest pose."""
    return np.broadcast_to(np.eye(3), (count, JOINT_COUNT, 3, 3)).copy()


_KEPT = 4
"""Shapes and bodies that are kept measured."""
_stages: OrderedDict[tuple[int, bytes], Stage] = OrderedDict()
_lock = threading.Lock()


def stage_for(body: BodyModel, betas: ArrayLike | None = None) -> Stage:
    """The stage of a body model in a shape (its mean shape when empty), measured when first asked for.

    The last few are kept, and their bodies with them. Raises `ValueError` for more betas than the body has.
    """
    shape = np.trim_zeros(np.asarray([] if betas is None else betas, dtype=np.float64).reshape(-1), "b")
    key = (id(body), shape.tobytes())
    with _lock:
        if key not in _stages:
            _stages[key] = Stage(body, shape)
        _stages.move_to_end(key)
        while len(_stages) > _KEPT:
            _stages.popitem(last=False)
        return _stages[key]
