"""Joint angles of a hand from its 21 landmarks (MediaPipe's order).

The hand has 21 angles inside the ranges of a living hand (`lexicon.synthesis.fingers`), a rotation, a place and a size.
First the scale of z is found on the bones' constant lengths, then a start from the bones' directions, then
Levenberg-Marquardt over all frames at once: x and y weigh 1, z less; the end joint is weakly held to 0.6 of the middle
joint (Rijpkema & Girard 1991 give 2/3), and second differences over time are kept small.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..lexicon.synthesis.fingers import DIP, HIGH, LOW, MCP, PARAMETERS, PIP, RELAXED, SPREAD, THUMB
from ..lexicon.synthesis.frames import apply, transposed, unit
from ..lexicon.synthesis.rig import HAND, WRIST, Rig
from ..rotations import axis_angle_from_matrix, matrix_from_axis_angle
from .least_squares import solve

Array = NDArray[np.floating]

POINTS = 21
PALM = (0, 9)
"""Landmarks whose distance is the palm: wrist and middle knuckle."""
_FINGER_ORDER = (4, 0, 1, 3, 2)
"""SMPL-X's fingers (index, middle, pinky, ring, thumb) in the landmarks' order (thumb, index, ..., pinky)."""
_CHAIN = np.arange(1, 21).reshape(5, 4)
_BONES = np.array([(a, b) for chain in _CHAIN for a, b in zip((0, *chain[:3]), chain, strict=True)])
"""(20, 2) landmarks at the ends of each bone; the first of each four leads from the wrist to the finger's root."""
_ROOTS = _CHAIN[:, 0]
_LENGTH_RANGE = (0.75, 1.35)
_Z_RANGE = (0.35, 2.5)
_TIP_SHARE = 0.9
"""Share of the way to the end of the finger's mesh where landmarks have its tip."""
_Z_WEIGHT = 0.45
_TELLING = 0.7
"""Weight of a right z from which on the bones' directions leave no doubt how fingers are bent."""
_DIP_WEIGHT, _SCALE_WEIGHT = 0.06, 1.0
_REST_WEIGHT = np.array([0.012] * THUMB + [0.03, 0.03, 0.02, 0.02, 0.08])
"""Weak pull to a relaxed hand; stronger for the thumb's turns, which a straight thumb hardly shows."""
_DIP_SHARE = 0.6
_SMOOTH_ANGLES, _SMOOTH_PLACE = 0.2, 0.15
_ITERATIONS = 14
_CURLS, _SHIFTS = (0.4, 0.0, 1.7), (1, -1, 3, -3)
"""Of a search: how bent the hands are that are tried, and how far the neighbours are whose angles are tried."""
_SEARCH = (6, 5, 2)
"""Iterations of its first solution, and of each of those."""
_SEARCH_ITERATIONS = _SEARCH[0] + _SEARCH[1] * len(_CURLS) + _SEARCH[2] * len(_SHIFTS)
_SIZE = PARAMETERS + 7
"""Parameters of a frame: angles (radians), rotation vector of the last step, place, logarithm of the size."""


@dataclass(frozen=True)
class HandFit:
    """N frames of a hand. angles (N, 21) degrees; rotation (N, 3, 3) of the hand's rest axes; wrist (N, 3) in the
    landmarks' unit; residuals (N,): mean distances of the landmarks in shares of the palm, in the picture and in space.
    """

    angles: Array
    rotation: Array
    wrist: Array
    residual_2d: Array
    residual_3d: Array
    z_scale: float


class HandFitter:
    """Fits one side's hand of a body."""

    def __init__(self, rig: Rig, side: str) -> None:
        self.model, self.arm = rig.hands[side], rig.arms[side]
        self._offsets, self._palm = _measure(rig, side)

    def fit(
        self,
        points: Array,
        confidence: Array,
        follows: NDArray[np.bool_] | None = None,
        depth: float | None = None,
        progress: Callable[[float], None] = lambda done: None,
    ) -> HandFit:
        """points (N, 21, 3): x to the signer's left, y up, z forward, one unit.

        confidence (N, 21). follows (N,): whether a frame follows the one before it in time. depth: weight of z where
        its scale is right; `None` when it may be wrong, so that it is found. progress: gets the fraction that is done;
        what it raises ends the work.
        """
        points, z_scale = self._calibrated(points) if depth is None else (points, 1.0)
        size = float(np.median(_palm_length(points)))
        measured = points / size
        offsets = self._own_lengths(measured)
        weight = np.sqrt(np.clip(confidence, 0.0, 1.0))[..., None] * np.array(
            [1.0, 1.0, _Z_WEIGHT if depth is None else depth]
        )
        rotation, start = self._start(measured, offsets)
        searches = depth is None or depth < _TELLING
        tick = _counted(progress, _ITERATIONS + (_SEARCH_ITERATIONS if searches else 0))
        problem = _Problem(self, offsets, measured, weight, rotation, tick)
        linked = np.ones(len(points), dtype=bool) if follows is None else follows
        begin = problem.search(start) if searches else start
        found = problem.solved(begin, _ITERATIONS, linked)
        error = problem.placed(found) - measured
        sure = np.clip(confidence, 1e-6, 1.0)

        def mean(distance: Array) -> Array:
            return np.sum(distance * sure, axis=1) / np.sum(sure, axis=1)

        return HandFit(
            np.degrees(found[:, :PARAMETERS]),
            problem.rotation(found),
            found[:, PARAMETERS + 3 : PARAMETERS + 6] * size,
            mean(np.linalg.norm(error[..., :2], axis=-1)),
            mean(np.linalg.norm(error, axis=-1)),
            z_scale,
        )

    def _calibrated(self, points: Array) -> tuple[Array, float]:
        """z scaled so that bones keep their lengths best, and by how much.

        With lengths L in palms, a palm of k pixels and a scale s, dx^2 + dy^2 = k^2 L^2 - s^2 dz^2 is linear in k^2 and
        s^2. Where the hand never turns in depth, z tells nothing and stays as it is.
        """
        lengths = np.linalg.norm(self._offsets, axis=-1).reshape(-1)[None]
        bone = points[:, _BONES[:, 1]] - points[:, _BONES[:, 0]]
        flat, deep = np.sum(bone[..., :2] ** 2, axis=-1), bone[..., 2] ** 2
        # each frame has its own distance to the camera, so its own k
        frame = np.maximum(np.sum(flat + deep, axis=1, keepdims=True) / np.sum(lengths**2), 1e-12)
        a, c, square = flat / frame, deep / frame, np.broadcast_to(lengths**2, flat.shape)
        rows = np.stack([square.ravel(), -c.ravel()], axis=1)
        found, *_ = np.linalg.lstsq(rows, a.ravel(), rcond=None)
        squared = found[1] if found[0] > 0.0 else 1.0
        scale = float(np.clip(np.sqrt(max(squared, 1e-9)), *_Z_RANGE)) if c.mean() > 1e-3 else 1.0
        return points * np.array([1.0, 1.0, scale]), scale

    def _own_lengths(self, measured: Array) -> Array:
        """The model's bones (5, 4, 3) with lengths half way to the signer's own."""
        bone = measured[:, _BONES[:, 1]] - measured[:, _BONES[:, 0]]
        size = _palm_length(measured)[:, None]
        own = np.median(np.linalg.norm(bone, axis=-1) / size, axis=0).reshape(5, 4)
        ours = np.linalg.norm(self._offsets, axis=-1)
        factor = np.clip(own / ours, *_LENGTH_RANGE)
        return self._offsets * (0.5 + 0.5 * factor)[..., None]

    def _start(self, measured: Array, offsets: Array) -> tuple[Array, Array]:
        """Rotations (N, 3, 3) and parameters (N, 28) from the palm's best turn and the bones' directions."""
        rest = np.concatenate([np.zeros((1, 3)), offsets[:, 0]])
        seen = measured[:, [0, *_ROOTS]]
        rotation, place, size = _best_turn(rest, seen, np.array([1.5, 0.5, 1.0, 1.0, 1.0, 1.0]))
        chain = apply(transposed(rotation)[:, None], measured[:, _CHAIN.ravel()] - place[:, None]).reshape(-1, 5, 4, 3)
        bones = unit(np.diff(chain, axis=2))
        angles = np.radians(np.clip(self._angles(bones), LOW + 3.0, HIGH - 3.0))
        return rotation, np.concatenate([angles, np.zeros((len(measured), 3)), place, np.log(size)[:, None]], axis=1)

    def _angles(self, bones: Array) -> Array:
        """Angles (N, 21) in degrees of bones' directions (N, 5, 3, 3) in the hand's rest axes."""
        straight, palm, radial = self.arm.fingers, self.arm.palm, self.model.radial
        result = np.broadcast_to(RELAXED, (len(bones), PARAMETERS)).copy()
        fingers = bones[:, 1:]
        for k, finger in enumerate(np.moveaxis(fingers, 1, 0)):
            sign = 1.0 if k < 2 else -1.0
            mcp = np.degrees(np.arctan2(finger[:, 0] @ palm, finger[:, 0] @ straight))
            result[:, MCP[k]] = np.where(mcp < -90.0, 90.0, mcp)
            side = np.degrees(np.arcsin(np.clip(finger[:, 0] @ radial, -1.0, 1.0))) * sign
            result[:, SPREAD[k]] = side * np.cos(np.radians(np.clip(mcp, 0.0, 90.0)))
            result[:, PIP[k]] = _bend(finger[:, 0], finger[:, 1])
            result[:, DIP[k]] = _bend(finger[:, 1], finger[:, 2])
        thumb = bones[:, 0]
        result[:, THUMB] = np.degrees(np.arctan2(thumb[:, 0] @ palm, thumb[:, 0] @ radial))
        result[:, THUMB + 1] = np.degrees(np.arccos(np.clip(thumb[:, 0] @ straight, -1.0, 1.0)))
        result[:, THUMB + 2] = _bend(thumb[:, 0], thumb[:, 1])
        result[:, THUMB + 3] = _bend(thumb[:, 1], thumb[:, 2])
        return result

    def points(self, angles: Array, offsets: Array) -> Array:
        """Landmarks (N, 21, 3) in the hand's rest axes for angles (N, 21) in radians."""
        local = self.model.rotations(np.degrees(angles)).reshape(len(angles), 5, 3, 3, 3)[:, list(_FINGER_ORDER)]
        result = np.zeros((len(angles), POINTS, 3))
        place, turn = np.broadcast_to(offsets[:, 0], (len(angles), 5, 3)), local[:, :, 0]
        result[:, _CHAIN[:, 0]] = place
        for k in (1, 2, 3):
            place = place + apply(turn, np.broadcast_to(offsets[:, k], place.shape))
            result[:, _CHAIN[:, k]] = place
            turn = turn @ local[:, :, k] if k < 3 else turn
        return result


class _Problem:
    """The residuals of one clip: landmarks, end joints, and weak pulls to rest."""

    def __init__(
        self,
        fitter: HandFitter,
        offsets: Array,
        measured: Array,
        weight: Array,
        rotation: Array,
        tick: Callable[[], None],
    ) -> None:
        self._fitter, self._offsets, self._tick = fitter, offsets, tick
        self._measured, self._weight, self._turn = measured, weight, rotation
        self._low, self._high = np.radians(LOW + 1.0), np.radians(HIGH - 1.0)
        self._rest = np.radians(RELAXED)

    def search(self, start: Array) -> Array:
        """The best of several starts for each frame: a finger seen end-on can fit bent and stretched alike.

        Besides the bones' directions a relaxed hand, a flat hand and a fist are tried, then what neighbours found.
        """
        first, curled, near_by = _SEARCH
        best = self.solved(start, first)
        for curl in _CURLS:
            other = start.copy()
            other[:, :PARAMETERS] = self._rest
            other[:, MCP] = other[:, PIP] = 0.6 * curl
            other[:, DIP] = 0.4 * curl
            best = self._better(best, self.solved(other, curled))
        for shift in _SHIFTS:
            near = np.clip(np.arange(len(best)) + shift, 0, len(best) - 1)
            other = best.copy()
            other[:, :PARAMETERS] = best[near, :PARAMETERS]
            best = self._better(best, self.solved(other, near_by))
        return best

    def solved(self, start: Array, iterations: int, follows: NDArray[np.bool_] | None = None) -> Array:
        """Levenberg-Marquardt from a start; smooth over time when it is told which frames follow each other."""
        smooth = None
        if follows is not None:
            smooth = np.concatenate(
                [np.full(PARAMETERS, _SMOOTH_ANGLES), np.zeros(3), np.full(3, _SMOOTH_PLACE), [0.5]]
            )
        return solve(
            self.errors,
            self.slopes,
            start,
            step=self.step,
            smooth=smooth,
            follows=follows,
            iterations=iterations,
            tick=self._tick,
        )

    def _better(self, a: Array, b: Array) -> Array:
        cost = [np.sum(self.errors(x) ** 2, axis=1) for x in (a, b)]
        return np.where((cost[1] < cost[0])[:, None], b, a)

    def rotation(self, x: Array) -> Array:
        """(N, 3, 3) rotation of the hand."""
        return matrix_from_axis_angle(x[:, PARAMETERS : PARAMETERS + 3]) @ self._turn

    def placed(self, x: Array) -> Array:
        """Landmarks (N, 21, 3) of the fitted hand, in palms."""
        return self._place(x, self._fitter.points(x[:, :PARAMETERS], self._offsets))

    def _place(self, x: Array, points: Array) -> Array:
        size = np.exp(x[:, -1])[:, None, None]
        return size * (points @ transposed(self.rotation(x))) + x[:, None, PARAMETERS + 3 : PARAMETERS + 6]

    def errors(self, x: Array) -> Array:
        """Residuals (N, 63 + 4 + 21 + 1)."""
        error = ((self.placed(x) - self._measured) * self._weight).reshape(len(x), -1)
        end = _DIP_WEIGHT * (x[:, DIP] - _DIP_SHARE * x[:, PIP])
        rest = _REST_WEIGHT * (x[:, :PARAMETERS] - self._rest)
        return np.concatenate([error, end, rest, _SCALE_WEIGHT * x[:, -1:]], axis=1)

    def slopes(self, x: Array) -> Array:
        """Derivatives (N, 89, 28) of `errors`."""
        n = len(x)
        points = self._fitter.points(x[:, :PARAMETERS], self._offsets)
        placed = self._place(x, points)
        j = np.zeros((n, POINTS, 3, _SIZE))
        step = 1e-4
        size_turn = np.exp(x[:, -1])[:, None, None] * transposed(self.rotation(x))
        for k in range(5):  # fingers don't move one another: one angle of each at a time
            columns = [*(4 * f + k for f in range(4) if k < 4), THUMB + k]
            moved = x[:, :PARAMETERS].copy()
            moved[:, columns] += step
            change = (self._fitter.points(moved, self._offsets) - points) @ size_turn / step
            for column in columns:
                first = 1 if column >= THUMB else 5 + 4 * (column // 4)
                j[:, first : first + 4, :, column] = change[:, first : first + 4]
        arm = placed - x[:, None, PARAMETERS + 3 : PARAMETERS + 6]
        for axis in range(3):  # d(w x p)/dw at w = 0 is the cross product with the axis
            j[..., PARAMETERS + axis] = np.cross(np.eye(3)[axis], arm)
            j[..., axis, PARAMETERS + 3 + axis] = 1.0
        j[..., -1] = arm
        j *= self._weight[..., None]
        priors = np.zeros((4 + PARAMETERS + 1, _SIZE))
        priors[np.arange(4), DIP], priors[np.arange(4), PIP] = _DIP_WEIGHT, -_DIP_WEIGHT * _DIP_SHARE
        priors[4 + np.arange(PARAMETERS), np.arange(PARAMETERS)] = _REST_WEIGHT
        priors[-1, -1] = _SCALE_WEIGHT
        return np.concatenate([j.reshape(n, -1, _SIZE), np.broadcast_to(priors, (n, *priors.shape))], axis=1)

    def step(self, x: Array, delta: Array) -> Array:
        """Angles stay inside their ranges; the turn is applied before the one there is."""
        result = x + delta
        result[:, :PARAMETERS] = np.clip(result[:, :PARAMETERS], self._low, self._high)
        turn = slice(PARAMETERS, PARAMETERS + 3)
        result[:, turn] = axis_angle_from_matrix(
            matrix_from_axis_angle(delta[:, turn]) @ matrix_from_axis_angle(x[:, turn])
        )
        result[:, -1] = np.clip(result[:, -1], -0.7, 0.7)
        return result


def _counted(progress: Callable[[float], None], whole: int) -> Callable[[], None]:
    """Called `whole` times, tells the fraction that is done each time."""
    done = iter(range(whole))
    return lambda: progress(next(done) / whole)


def _measure(rig: Rig, side: str) -> tuple[Array, float]:
    """The bones of a body's hand (5, 4, 3), landmarks' finger order, in palms: wrist to root, then three bones."""
    first, joints = HAND[side].start, rig.joints
    offsets = np.zeros((5, 4, 3))
    for row, finger in enumerate(_FINGER_ORDER):
        chain = [WRIST[side], *(first + 3 * finger + k for k in range(3))]
        offsets[row, :3] = np.diff(joints[chain], axis=0)
        offsets[row, 3] = _tip(rig, chain[3]) - joints[chain[3]]
    palm = float(np.linalg.norm(offsets[2, 0]))
    return offsets / palm, palm


def _tip(rig: Rig, joint: int) -> Array:
    """Where landmarks have the tip of the finger whose end joint is `joint`."""
    bone = unit(rig.joints[joint] - rig.joints[joint - 1])
    own = rig.vertices[rig.bone == joint] - rig.joints[joint]
    along = own @ bone
    end = own[along > np.quantile(along, 0.93)].mean(axis=0)
    return rig.joints[joint] + _TIP_SHARE * end


def _palm_length(points: Array) -> Array:
    return np.maximum(np.linalg.norm(points[:, PALM[1]] - points[:, PALM[0]], axis=-1), 1e-9)


def _bend(a: Array, b: Array) -> Array:
    """Degrees between unit vectors (N, 3)."""
    return np.degrees(np.arccos(np.clip(np.sum(a * b, axis=-1), -1.0, 1.0)))


def _best_turn(rest: Array, seen: Array, weight: Array) -> tuple[Array, Array, Array]:
    """Rotations (N, 3, 3), places (N, 3) and sizes (N,) that take points (P, 3) to (N, P, 3) best (Umeyama 1991)."""
    w = weight / weight.sum()
    from_mean, to_mean = w @ rest, np.einsum("p,npx->nx", w, seen)
    a, b = rest - from_mean, seen - to_mean[:, None]
    u, s, vt = np.linalg.svd(np.einsum("p,npi,pj->nij", w, b, a))
    flip = np.ones((len(seen), 3))
    flip[:, 2] = np.linalg.det(u @ vt)
    rotation = (u * flip[:, None]) @ vt
    size = np.sum(s * flip, axis=1) / np.sum(w[:, None] * a**2)
    size = np.clip(size, 0.5, 2.0)
    return rotation, to_mean - size[:, None] * apply(rotation, np.broadcast_to(from_mean, to_mean.shape)), size
