"""Makes a small body model with dense pose correctives, in the files that users have."""

from __future__ import annotations

from pathlib import Path

import figures
import numpy as np
from signwright.engine.skeleton import JOINT_COUNT, PARENTS

_RING = 6


def write_body(path: Path, *, correctives: bool = True, strength: float = 0.002) -> Path:
    """A body of one small prism around each joint, as a plain SMPL-X `.npz`; `strength` of correctives in metres."""
    rng = np.random.default_rng(7)
    joints = figures.rest_joints()
    angle = 2 * np.pi * np.arange(_RING) / _RING
    ring = 0.02 * np.stack([np.cos(angle), np.zeros(_RING), np.sin(angle)], axis=1)
    vertices = (joints[:, None] + ring).reshape(-1, 3)
    count = len(vertices)
    fan = np.array([(0, k, k + 1) for k in range(1, _RING - 1)])
    faces = (fan + _RING * np.arange(JOINT_COUNT)[:, None, None]).reshape(-1, 3)
    owner = np.repeat(np.arange(JOINT_COUNT), _RING)
    weights = np.zeros((count, JOINT_COUNT))
    weights[np.arange(count), owner] = 0.7
    weights[np.arange(count), np.maximum(np.array(PARENTS)[owner], 0)] += 0.3
    regressor = (owner == np.arange(JOINT_COUNT)[:, None]) / _RING
    arrays = {
        "v_template": vertices,
        "f": faces,
        "shapedirs": rng.normal(scale=0.003, size=(count, 3, 20)),
        "J_regressor": regressor,
        "kintree_table": np.array([[4294967295, *PARENTS[1:]], range(JOINT_COUNT)]),
        "weights": weights,
        "hands_componentsl": np.eye(45),
        "hands_componentsr": np.eye(45),
        "hands_meanl": np.zeros(45),
        "hands_meanr": np.zeros(45),
    }
    if correctives:
        arrays["posedirs"] = rng.normal(scale=strength, size=(count, 3, 486))
    np.savez(path, **arrays)
    return path
