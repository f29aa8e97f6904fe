"""Where hair grows and which way it lies: three fields of curves on the head, combed to a low bun.

The right field spans from the right sideburn over the front hairline to the side parting and its crown; the left
field from the left sideburn to the parting; the nape's field lies under both. All curves end in the bun.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.interpolate import CubicSpline, PchipInterpolator

from ..parts import FloatArray
from .face import MM, Face
from .headmap import HeadMap, polar

HAIRLINE = (
    (0, 66), (14, 67), (26, 66), (36, 62), (45, 54), (53, 43), (60, 30), (65, 19), (69, 9), (72, 3), (77, 5), (84, 9),
    (91, 8), (97, 1), (103, -11), (111, -24), (124, -36), (140, -43), (160, -45), (180, -46),
)  # fmt: skip
"""Azimuth (degrees to either side) and height above the eyes (mm) of the edge of the hair."""
SIDEBURN = 70.0
BEHIND_EAR = 106.0
PARTING_AZIMUTH = 24.0
PARTING_END = (0.13, -0.35)
BUN = (0.0, -1.82)


@dataclass(frozen=True)
class Field:
    """A family of curves. rank s in 0..1 chooses the curve, t in 0..1 runs from its root to the bun."""

    name: str
    _ranks: FloatArray
    _ways: FloatArray
    times: FloatArray

    def at(self, s: FloatArray, t: FloatArray) -> FloatArray:
        """Plane coordinates (N, 2) of places (s, t), each (N,)."""
        ways = PchipInterpolator(self._ranks, self._ways, axis=0)(np.clip(s, 0.0, 1.0))
        result = np.empty((len(s), 2))
        for k in range(len(s)):
            result[k] = CubicSpline(self.times, ways[k], bc_type="natural")(t[k])
        return result


def hairline_height(azimuth: FloatArray) -> FloatArray:
    """Height above the eyes (metres, for a face of scale 1) of the edge of the hair at azimuths in radians."""
    table = np.array(HAIRLINE, dtype=float)
    return PchipInterpolator(np.radians(table[:, 0]), table[:, 1] * MM)(np.clip(np.abs(azimuth), 0, np.pi))


def hairline(head: HeadMap, face: Face, azimuth: FloatArray) -> FloatArray:
    """Plane coordinates (N, 2) of the hairline at azimuths (radians)."""
    level = (face.eyes[0][1] + face.eyes[1][1]) / 2
    return head.at_height(azimuth, level + face.scale / 0.93 * hairline_height(azimuth))


def fields(head: HeadMap, face: Face) -> tuple[Field, Field, Field]:
    """The right, the left and the nape's field."""
    return (_side(head, face, -1), _side(head, face, 1), _nape(head, face))


def fringe(head: HeadMap, face: Face) -> Field:
    """The locks that sweep from the parting over the right of the forehead and behind the ear."""
    front = hairline(head, face, np.radians([PARTING_AZIMUTH]))[0]
    roots = _parting(front)[:4]
    turns = np.radians([-22.0, -52.0, -84.0])
    edge = hairline(head, face, turns)
    ways = []
    for k, root in enumerate(roots):
        back = k / (len(roots) - 1)
        dip = np.array([1.07, 1.05, 0.97]) - 0.16 * back
        swept = edge * dip[:, None]
        behind = polar(np.radians([-134.0]), np.array([1.58 - 0.10 * back]))
        ways.append(np.concatenate([root[None], swept, behind, [BUN]]))
    return Field("fringe", np.linspace(0, 1, len(roots)), np.stack(ways), np.array([0.0, 0.24, 0.42, 0.60, 0.83, 1.0]))


def _side(head: HeadMap, face: Face, side: int) -> Field:
    """One side: roots run along the hairline from the sideburn to the parting, then back along the parting."""
    front = np.radians(side * np.linspace(SIDEBURN, side * PARTING_AZIMUTH, 9))
    edge = hairline(head, face, front)
    parting = _parting(edge[-1])
    roots = np.concatenate([edge, parting])
    ranks = np.concatenate([np.linspace(0, 0.62, len(edge)), np.linspace(0.62, 1, len(parting) + 1)[1:]])
    rise = ranks[:, None]
    over_ear, behind = hairline(head, face, np.radians([side * 88.0, side * 114.0])) * [[0.962], [0.94]]
    crown_side = np.array([0.09 - side * 0.02, -0.66])
    middle = over_ear + _ease(rise) * (crown_side - over_ear)
    middle[:, 0] += side * 0.34 * np.sin(np.pi * ranks) ** 1.2
    middle[:, 1] += 0.02 * np.sin(np.pi * ranks)
    above = np.array([0.03 - side * 0.02, -1.30])
    late = behind + _ease(rise) * (above - behind)
    late[:, 0] += side * 0.22 * np.sin(np.pi * ranks)
    end = np.tile(BUN, (len(ranks), 1)).astype(float)
    return Field("left" if side > 0 else "right", ranks, np.stack([roots, middle, late, end], axis=1),
                 np.array([0.0, 0.45, 0.78, 1.0]))  # fmt: skip


def _parting(front: FloatArray) -> FloatArray:
    steps = np.linspace(0, 1, 6)[1:, None]
    bow = np.array([0.05, 0.0]) * np.sin(np.pi * steps)
    return front + steps * (np.array(PARTING_END) - front) + bow


def _nape(head: HeadMap, face: Face) -> Field:
    azimuth = np.radians(np.linspace(-BEHIND_EAR, -360 + BEHIND_EAR, 15))
    wrapped = np.arctan2(np.sin(azimuth), np.cos(azimuth))
    roots = hairline(head, face, wrapped)
    end = np.tile(BUN, (len(roots), 1)).astype(float)
    middle = roots + 0.5 * (end - roots)
    middle[:, 1] += 0.10 * np.cos(np.linspace(-np.pi / 2, np.pi / 2, len(roots)))
    late = roots + 0.8 * (end - roots)
    return Field("nape", np.linspace(0, 1, len(roots)), np.stack([roots, middle, late, end], axis=1),
                 np.array([0.0, 0.45, 0.78, 1.0]))  # fmt: skip


def _ease(x: FloatArray) -> FloatArray:
    return x * x * (3 - 2 * x)
