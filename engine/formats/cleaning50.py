"""Stages 1 to 4 of Prompt2Sign's way from the picture to space: normalise, prune, interpolate, initialise.

Source: the published description of the Prompt2Sign pipeline (Fang et al. 2024, after Zelinka & Kanis 2020).
Axes are those of the picture: x right, y down, z towards the viewer. A picture doesn't tell which of the two depths a
bone has, so all bones are taken to come forward, as a signer's arms mostly do.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .skeleton50 import BODY, BONES, JOINT_COUNT, NECK, Keypoints, Variant, paths

Array = NDArray[np.floating]

SEEN = 0.3
"""Mean confidence of the body's joints below which a frame is dropped."""
ENOUGH = 0.99
"""Summed confidence at which the window of interpolation stops growing."""
LENGTH_QUANTILE = 0.8
"""Which of a bone's lengths in the picture is taken for its own. The published pipeline takes the median (0.5); as
foreshortening only shortens, a longer one is nearer to the truth."""


class ClipError(ValueError):
    """A clip that can't be lifted; the message says why."""


@dataclass(frozen=True)
class Flat:
    """points (T, 50, 2), confidence (T, 50). frames (T,): which of the clip's frames these are."""

    points: Array
    confidence: Array
    frames: NDArray[np.intp]


def normalised(clip: Keypoints) -> Flat:
    """Stage 1: x and y less their means, both divided by one standard deviation, over the joints that were found.

    Raises `ClipError` for a clip in which nothing was found or nothing is apart.
    """
    found = clip.confidence > 0.0
    if not found.any():
        raise ClipError("nobody is found in any frame")
    seen = clip.points[found]
    spread = float(np.sqrt(np.square(seen - seen.mean(axis=0)).mean()))
    if not np.isfinite(spread) or spread < 1e-9:
        raise ClipError("all its joints lie in one place")
    points = np.where(found[..., None], (clip.points - seen.mean(axis=0)) / spread, 0.0)
    return Flat(points, clip.confidence, np.arange(len(clip)))


def pruned(flat: Flat, seen: float = SEEN) -> Flat:
    """Stage 2: without the frames in which the body is hardly seen. Raises `ClipError` when none is left."""
    kept = flat.confidence[:, : len(BODY)].mean(axis=1) >= seen
    if not kept.any():
        raise ClipError(f"the body is seen in no frame (mean confidence under {seen})")
    return Flat(flat.points[kept], flat.confidence[kept], flat.frames[kept])


def interpolated(flat: Flat, enough: float = ENOUGH) -> Flat:
    """Stage 3: joints as the mean of their neighbours in time, weighted by confidence.

    The window grows by a frame on either side until the weights in it reach `enough`; a joint that is sure of itself
    stays as it is. A joint that is hardly ever seen takes what there is of it, and lies at the neck when it never is.
    """
    points, weight = flat.points.copy(), flat.confidence
    t = np.arange(len(points))
    sums = np.concatenate([np.zeros((1, JOINT_COUNT)), np.cumsum(weight, axis=0)])
    moments = np.concatenate([np.zeros((1, JOINT_COUNT, 2)), np.cumsum(weight[..., None] * flat.points, axis=0)])
    open_ = weight < enough
    for reach in range(1, len(points)):
        if not open_.any():
            break
        low, high = np.maximum(t - reach, 0), np.minimum(t + reach + 1, len(points))
        total = sums[high] - sums[low]
        done = open_ & ((total >= enough) | (reach == len(points) - 1))
        mean = (moments[high] - moments[low]) / np.maximum(total, 1e-12)[..., None]
        points[done] = mean[done]
        open_ &= ~done
    never = sums[-1] <= 0.0
    points[:, never] = points[:, NECK : NECK + 1]
    return Flat(points, weight, flat.frames)


def bone_lengths(
    points: Array, confidence: Array, variant: Variant = "prompt2sign", quantile: float = LENGTH_QUANTILE
) -> Array:
    """(B,) lengths of the bones, those of one id sharing it: a quantile of those in the frames that show them."""
    bones = BONES[variant]
    start, end = (np.array([getattr(b, side) for b in bones]) for side in ("start", "end"))
    length = np.linalg.norm(points[:, end, :2] - points[:, start, :2], axis=-1)
    shown = np.minimum(confidence[:, start], confidence[:, end]) > 0.0
    ids = np.array([b.id for b in bones])
    result = np.zeros(len(bones))
    for number in np.unique(ids):
        same = ids == number
        seen = length[:, same][shown[:, same]]
        result[same] = np.quantile(seen if seen.size else length[:, same], quantile)
    return result


def initialised(flat: Flat, variant: Variant = "prompt2sign", quantile: float = LENGTH_QUANTILE) -> Array:
    """Stage 4: (T, 50, 3) with z = sqrt(L^2 - dx^2 - dy^2) along each bone from the neck on, L its length; 0 where the
    bone looks longer than that."""
    bones, lengths = BONES[variant], bone_lengths(flat.points, flat.confidence, variant, quantile)
    start, end = (np.array([getattr(b, side) for b in bones]) for side in ("start", "end"))
    flat_square = np.square(flat.points[:, end] - flat.points[:, start]).sum(axis=-1)
    depth = np.sqrt(np.maximum(np.square(lengths) - flat_square, 0.0))
    z = depth @ paths(variant).T.astype(float)
    return np.concatenate([flat.points, z[..., None]], axis=-1)
