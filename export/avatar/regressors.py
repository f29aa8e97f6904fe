"""The joint regressor: each joint as a fixed mean of vertices, for every body shape."""

from __future__ import annotations

import numpy as np
from scipy.optimize import nnls
from scipy.spatial import KDTree

from .parts import FloatArray, IntArray

_CANDIDATES = 160
_SUM_WEIGHT = 10.0
_TOLERANCE = 5e-4
"""Metres that a joint may lie off at rest."""
_RIDGE = 2e-4
"""Metres; keeps the weights spread over a ring of vertices instead of three."""


def joint_regressor(
    vertices: FloatArray, joints: FloatArray, directions: FloatArray, joint_directions: FloatArray, allowed: IntArray
) -> FloatArray:
    """Rows (55, V), not negative, each summing to 1.

    vertices (V, 3) and joints (55, 3) at rest; directions (V, 3, S) and joint_directions (55, 3, S) how the body shapes
    move both. Only `allowed` vertices are used. Non-negative least squares (Lawson and Hanson 1974) over the template
    and one unit of each shape.
    """
    regressor = np.zeros((len(joints), len(vertices)))
    tree = KDTree(vertices[allowed])
    for j, joint in enumerate(joints):
        goal = np.concatenate([np.zeros((3, 1)), joint_directions[j]], axis=1)
        count = min(_CANDIDATES, len(allowed))
        while True:
            # by distance, not by count: left and right must get alike candidates
            radius = tree.query(joint, k=count)[0].max() + 1e-6
            near = allowed[np.sort(tree.query_ball_point(joint, radius))]
            samples = np.concatenate([(vertices[near] - joint)[:, :, None], directions[near]], axis=2)
            row = _fit(samples, goal)
            if np.linalg.norm(row @ samples[:, :, 0]) < _TOLERANCE or count == len(allowed):
                break
            # deep in the trunk: the nearest vertices all lie to one side
            count = min(2 * count, len(allowed))
        regressor[j, near] = row
    return regressor


def _fit(samples: FloatArray, goal: FloatArray) -> FloatArray:
    """Weights (n,), not negative, with sum 1, that bring samples (n, 3, S) to the goal (3, S)."""
    count = len(samples)
    system = np.concatenate([samples.reshape(count, -1).T, np.full((1, count), _SUM_WEIGHT), _RIDGE * np.eye(count)])
    found = nnls(system, np.concatenate([goal.ravel(), [_SUM_WEIGHT], np.zeros(count)]))[0]
    return found / found.sum()
