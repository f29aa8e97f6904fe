"""Loci: places in signing space that stand for persons, and the line of a directional sign between two of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..phonology import Agreement, Locus
from .frames import UP, about, cross

Array = NDArray[np.floating]

SIGNER: Final[Locus] = "1"
ADDRESSEE: Final[Locus] = "2"

_PLACES: Final[dict[Locus, tuple[float, float, float]]] = {
    "1": (0.0, -0.04, 0.36),
    "2": (0.0, -0.02, 0.82),
    "3a": (-0.6, -0.02, 0.58),
    "3b": (0.6, -0.02, 0.58),
    "3c": (-0.85, -0.02, 0.3),
    "3d": (0.85, -0.02, 0.3),
}
"""(left, up, forward) in arm's lengths from the joint at the top of the spine."""
_ACROSS = 0.58
"""A hand goes only so far of a place's way to the side when that lies on the other side of the body."""
_BESIDE = 0.04
"""Arm's lengths that each hand keeps to its own side of a place, as in the citation form."""
_INWARD = 0.8
"""How much a hand that points to the signer comes in from its side."""
_FOLLOWS = 0.6
"""Share of a pointing's turn that the hand's place makes."""
_NEAR = np.array([0.5, 1.0, 0.55])
"""Shares of a place's way from the spine, (left, up, forward), for a hand that points to the signer."""


@dataclass(frozen=True)
class Line:
    """Where a directional sign goes from and to. Both empty: its citation form."""

    source: Locus = ""
    goal: Locus = ""

    @classmethod
    def of(cls, source: Locus, goal: Locus, agreement: Agreement) -> Line:
        """The line of an item: what is left open is filled by the signer and the addressee.

        A backward verb goes from the addressee to the signer in its citation form.
        """
        if not agreement:
            return CITATION
        if not source and not goal:
            return cls(ADDRESSEE, SIGNER) if agreement == "object_subject" else CITATION
        first, second = (ADDRESSEE, SIGNER) if agreement == "object_subject" else (SIGNER, ADDRESSEE)
        source = source or (first if goal != first else second)
        return cls(source, goal or (second if source != second else first))

    def __bool__(self) -> bool:
        return bool(self.goal)

    @property
    def forward(self) -> Array:
        """(3,) unit vector from source to goal, level with the ground; straight ahead in the citation form."""
        if not self:
            return np.array([0.0, 0.0, 1.0])
        way = np.subtract(_PLACES[self.goal], _PLACES[self.source]) * np.array([1.0, 0.0, 1.0])
        if not way.any():  # from somebody to themselves: away from the signer
            way = np.multiply(_PLACES[self.goal], [1.0, 0.0, 1.0])
        return way / np.linalg.norm(way)

    def pointing(self, sign: float) -> Array:
        """(3,) unit vector that a hand (`sign` +1 left, -1 right) points along for `goal`."""
        if self.goal != SIGNER:
            return self.forward
        # a hand that points straight back would need a broken wrist: it comes in from its side
        way = self.forward - np.array([_INWARD * sign, 0.0, 0.0])
        return way / np.linalg.norm(way)

    def turned(self, place: Array, centre: Array) -> Array:
        """(3,) a place in space of a sign that only points: it goes part of the way round to whom it points to."""
        if self.goal == SIGNER:
            return centre + (place - centre) * _NEAR
        if self.source != SIGNER or self.goal == ADDRESSEE:
            return place
        x, _, z = self.forward
        angle = _FOLLOWS * np.arctan2(x, z)
        return centre + about(UP, angle) @ (place - centre)

    def sideways(self, sign: float) -> Array:
        """(3,) unit vector to the side of the hand that moves (`sign` +1 left, -1 right), across the line."""
        ahead = self.forward
        # hands stay on their own sides when the line leads to the signer
        return cross(UP, ahead if ahead[2] > -1e-6 else -ahead) * sign

    def place(self, which: str, sign: float) -> Array:
        """(3,) arm's lengths from the top of the spine to where the hand goes for `source` or `goal`."""
        left, up, forward = _PLACES[self.goal if which == "goal" else self.source]
        if left * sign < 0.0:
            left *= _ACROSS
        return np.array([left, up, forward]) + _BESIDE * self.sideways(sign)


CITATION: Final = Line()

GAZE: Final[dict[Locus, float]] = {"3a": -24.0, "3b": 24.0, "3c": -34.0, "3d": 34.0}
"""Degrees to the signer's left that a look at somebody who isn't the addressee turns."""
