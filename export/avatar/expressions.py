"""The face units, combined from the CC0 face-unit targets (named after ARKit's blend shapes)."""

from __future__ import annotations

import numpy as np

from engine.skeleton import EXPRESSION_NAMES

from .parts import FloatArray
from .source import Source


def _both(*names: str, amount: float = 1.0) -> dict[str, float]:
    return {f"{name}{side}": amount for name in names for side in ("Left", "Right")}


RECIPES: dict[str, dict[str, float]] = {
    "smile": _both("mouthSmile") | _both("cheekSquint", amount=0.5),
    "frown": _both("mouthFrown", amount=1.2) | {"mouthShrugLower": 0.4},
    "pucker": {"mouthPucker": 1.0},
    "lips_pressed": _both("mouthPress") | {"mouthRollLower": 0.5, "mouthRollUpper": 0.5},
    "brows_up": _both("browOuterUp", amount=1.4) | {"browInnerUp": 1.4},
    "brows_down": _both("browDown", amount=1.4),
    "brows_inner_up": {"browInnerUp": 1.6},
    "eyes_wide": _both("eyeWide", amount=1.2),
    "eyes_closed": _both("eyeBlink"),
    "cheek_puff": {"cheekPuff": 1.2},
    "nose_wrinkle": _both("noseSneer", amount=1.2),
    "mouth_A": {"jawOpen": 0.75},
    "mouth_E": {"jawOpen": 0.25}
    | _both("mouthStretch", amount=0.5)
    | _both("mouthUpperUp", "mouthLowerDown", amount=0.3),
    "mouth_I": {"jawOpen": 0.1} | _both("mouthStretch", "mouthSmile", amount=0.5),
    "mouth_O": {"jawOpen": 0.45, "mouthFunnel": 0.8},
    "mouth_U": {"jawOpen": 0.15, "mouthPucker": 0.9, "mouthFunnel": 0.3},
    "mouth_M": {"mouthRollLower": 0.7, "mouthRollUpper": 0.7} | _both("mouthPress", amount=0.5),
    "mouth_F": {"mouthRollLower": 1.0, "jawOpen": 0.08} | _both("mouthUpperUp", amount=0.5),
    "mouth_L": {"jawOpen": 0.35, "tongueOut": 0.2},
    "squint": _both("eyeSquint", "cheekSquint"),
    "tongue_out": {"tongueOut": 1.0, "jawOpen": 0.3},
    "lower_lip_out": {"mouthShrugLower": 1.2},
}


def expression_directions(source: Source, adult: FloatArray) -> FloatArray:
    """Deltas (N, 3, 22) in decimetres, in `EXPRESSION_NAMES` order."""
    columns = []
    for name in EXPRESSION_NAMES:
        total = np.zeros_like(adult)
        for unit, amount in RECIPES[name].items():
            total += amount * source.face_unit(unit)
        columns.append(total)
    return np.stack(columns, axis=2)
