"""Many small non-linear least-squares problems at once, one a frame, by Levenberg-Marquardt (Marquardt 1963)."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.floating]
Errors = Callable[[Array], Array]
"""Parameters (N, n) to residuals (N, m)."""
Slopes = Callable[[Array], Array]
"""Parameters (N, n) to the residuals' derivatives (N, m, n)."""
Step = Callable[[Array, Array], Array]
"""Parameters (N, n) and a step (N, n) to the new parameters."""


def solve(
    errors: Errors,
    slopes: Slopes,
    start: Array,
    *,
    step: Step = np.add,
    smooth: Array | None = None,
    follows: NDArray[np.bool_] | None = None,
    iterations: int = 12,
    tick: Callable[[], None] = lambda: None,
) -> Array:
    """Parameters (N, n) that make each frame's sum of squares small.

    smooth (n,): weight of each parameter's second difference over time, 0 for none; in each iteration a frame is pulled
    half way to where its neighbours of the iteration before would have it (damped block Jacobi: all the way would let
    neighbours overshoot by turns). follows (N,): whether a frame follows the one before it in time. step: how a step is
    applied, for parameters that don't add up, like rotations. tick: called before each iteration; what it raises ends
    the work.
    """
    x = np.array(start, dtype=np.float64)
    weight = np.zeros(x.shape[1]) if smooth is None else np.sqrt(12.0) * np.asarray(smooth)
    inside = _inside(len(x), follows) if weight.any() else np.zeros(len(x), dtype=bool)
    damping = np.full(len(x), 1e-3)
    eye = np.eye(x.shape[1])
    for _ in range(iterations):
        tick()
        target = _between_neighbours(x)
        pull = np.where(inside[:, None], weight, 0.0)

        def cost_of(r: Array, at: Array, target: Array = target, pull: Array = pull) -> Array:
            return np.sum(r * r, axis=1) + np.sum((pull * (at - target)) ** 2, axis=1)

        r, j = errors(x), slopes(x)
        cost = cost_of(r, x)
        normal = np.einsum("nmi,nmj->nij", j, j, optimize=True) + (pull**2)[:, :, None] * eye
        gradient = np.einsum("nmi,nm->ni", j, r, optimize=True) + pull**2 * (x - target)
        scale = np.maximum(np.einsum("nii->ni", normal), 1e-9)
        delta = -np.linalg.solve(normal + (damping[:, None] * scale)[:, :, None] * eye, gradient[..., None])[..., 0]
        tried = step(x, delta)
        better = cost_of(errors(tried), tried) < cost
        x = np.where(better[:, None], tried, x)
        damping = np.where(better, np.maximum(damping * 0.3, 1e-7), np.minimum(damping * 8.0, 1e6))
    return x


def _inside(count: int, follows: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
    """(N,) frames with two neighbours on either side."""
    inside = np.zeros(count, dtype=bool)
    if count >= 5:
        linked = np.ones(count, dtype=bool) if follows is None else follows
        inside[2:-2] = linked[1:-3] & linked[2:-2] & linked[3:-1] & linked[4:]
    return inside


def _between_neighbours(x: Array) -> Array:
    """Half way to where a frame's second differences are smallest, given its two neighbours on either side."""
    target = x.copy()
    if len(x) >= 5:
        target[2:-2] = 0.5 * x[2:-2] + (4.0 * (x[1:-3] + x[3:-1]) - x[:-4] - x[4:]) / 12.0
    return target
