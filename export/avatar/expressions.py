"""The face units, combined from the CC0 face-unit targets (named after ARKit's blend shapes)."""

from __future__ import annotations

import numpy as np

from engine.skeleton import EXPRESSION_NAMES

from .linear_mesh import neighbour_mean
from .parts import FloatArray, IntArray
from .source import Source


def _both(*names: str, amount: float = 1.0) -> dict[str, float]:
    return {f"{name}{side}": amount for name in names for side in ("Left", "Right")}


RECIPES: dict[str, dict[str, float]] = {
    "smile": _both("mouthSmile", amount=0.9) | _both("cheekSquint", amount=0.45) | _both("mouthUpperUp", amount=0.25),
    "frown": _both("mouthFrown", amount=1.3) | {"mouthShrugLower": 0.5},
    "pucker": {"mouthPucker": 1.25},
    "lips_pressed": _both("mouthPress", amount=0.6) | {"mouthRollLower": 0.8, "mouthRollUpper": 0.8},
    "brows_up": _both("browOuterUp", amount=1.1) | {"browInnerUp": 1.4} | _both("eyeWide", amount=0.35),
    "brows_down": _both("browDown", amount=1.7) | _both("eyeSquint", amount=0.3),
    "brows_inner_up": {"browInnerUp": 1.9},
    "eyes_wide": _both("eyeWide", amount=1.1),
    "eyes_closed": _both("eyeBlink"),
    "cheek_puff": {"cheekPuff": 1.1},
    "nose_wrinkle": _both("noseSneer", amount=1.5) | _both("browDown", amount=0.4),
    "mouth_A": {"jawOpen": 0.8} | _both("mouthUpperUp", amount=0.3),
    "mouth_E": {"jawOpen": 0.22} | _both("mouthStretch", amount=0.5) | _both("mouthUpperUp", amount=0.6),
    "mouth_I": {"jawOpen": 0.1}
    | _both("mouthStretch", "mouthSmile", amount=0.5)
    | _both("mouthUpperUp", amount=0.6)
    | _both("mouthLowerDown", amount=0.25),
    "mouth_O": {"jawOpen": 0.36, "mouthFunnel": 0.9, "mouthPucker": 0.45},
    "mouth_U": {"jawOpen": 0.05, "mouthPucker": 1.1, "mouthFunnel": 0.5},
    "mouth_M": {"mouthRollLower": 0.9, "mouthRollUpper": 0.9},
    "mouth_F": {"mouthRollLower": 1.2, "jawOpen": 0.06} | _both("mouthUpperUp", amount=0.9),
    "mouth_L": {"jawOpen": 0.4} | _both("mouthUpperUp", amount=0.4),
    "squint": _both("eyeSquint", amount=0.7) | _both("cheekSquint", amount=0.8) | _both("eyeBlink", amount=0.25),
    "tongue_out": {"tongueOut": 1.0, "jawOpen": 0.35},
    "lower_lip_out": {"mouthShrugLower": 1.5, "mouthPucker": 0.2},
}
"""Amounts above 1 make the movement large enough to read at the distance of a signing video."""


TONGUE: dict[str, tuple[float, float]] = {"tongue_out": (0.17, -0.05), "mouth_L": (0.11, 0.11)}
"""How far the tip of the tongue goes forward and up besides, in decimetres; the root stays."""

LIDS_UP = 2.4
"""The upper lid must rise enough to leave the iris in view."""
SOFT_CORNERS = ("smile", "mouth_E", "mouth_I")
_CORNER_REACH, _CORNER_ROUNDS = 0.16, 12
"""Decimetres about the corners of the mouth in which these units are evened out, and how often: added up, the units
fold the skin there."""
NEGLIGIBLE = 2e-3
"""Decimetres: lids alone follow the eyes, not the whole face."""


def expression_directions(source: Source, adult: FloatArray, body: IntArray, tongue: IntArray) -> FloatArray:
    """Deltas (N, 3, 22) in decimetres, in `EXPRESSION_NAMES` order.

    body: polygons of the skin. tongue: ids of its vertices.
    """
    depth = adult[tongue, 2]
    share = ((depth - depth.min()) / (depth.max() - depth.min()))[:, None] ** 2
    mean = neighbour_mean(len(adult), body)
    corners = [adult[np.linalg.norm(source.face_unit(f"mouthSmile{s}"), axis=1).argmax()] for s in ("Left", "Right")]
    softness = np.zeros((len(adult), 1))
    skin = np.unique(body)
    away = np.min([np.linalg.norm(adult[skin] - corner, axis=1) for corner in corners], axis=0)
    softness[skin, 0] = np.exp(-0.5 * (away / _CORNER_REACH) ** 2)
    columns = []
    for name in EXPRESSION_NAMES:
        total = np.zeros_like(adult)
        for unit, amount in RECIPES[name].items():
            total += amount * source.face_unit(unit)
        if name in TONGUE:
            forward, up = TONGUE[name]
            total[tongue] += share * [0.0, up, forward]
        for _ in range(_CORNER_ROUNDS if name in SOFT_CORNERS else 0):
            total += 0.5 * softness * (mean @ total - total)
        columns.append(total)
    return np.stack(columns, axis=2)


def gaze_directions(source: Source, eyes: IntArray) -> FloatArray:
    """Deltas (N, 3, 4) in decimetres of the lids as the left eye looks up and down, then the right eye.

    eyes: ids of the eyeballs' vertices, which turn with their joints instead.
    """
    ways = (("Up", LIDS_UP), ("Down", 1.0))
    units = [amount * source.face_unit(f"eyeLook{way}{side}") for side in ("Left", "Right") for way, amount in ways]
    result = np.stack(units, axis=2)
    result[eyes] = 0.0
    result[np.abs(result).max(axis=(1, 2)) < NEGLIGIBLE] = 0.0
    return result
