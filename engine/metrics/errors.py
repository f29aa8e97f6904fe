"""The errors by which published work judges motion: MPVPE and MPJPE of a tokenizer, DTW-JPE of a generator.

MPVPE and MPJPE are mean distances of vertices and of joints in millimetres, frame by frame, after moving one point onto
its counterpart (whole body: pelvis; hands: wrist; face: neck), and `PA` after the best similarity (Procrustes). DTW-JPE
is the least sum along a warping path of mean distances of joints, in metres and not divided by its length; frames are
aligned at one joint, and for DTW-PA-JPE by the best rigid motion of each pair. Definitions: Lin et al., "One-Stage 3D
Whole-Body Mesh Recovery", CVPR 2023, and Zuo et al., "Signs as Tokens", ICCV 2025.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..skeleton import JOINT_COUNT, JOINT_INDEX, LAYERS
from .alignment import procrustes
from .dtw import dtw_jpe, dtw_pa_jpe
from .points import FACE_JOINTS, SIDES, MeasuredBody

Array = NDArray[np.floating]

REGIONS = ("all", "hands", "face")
ERRORS = ("MPVPE", "PA-MPVPE", "MPJPE", "PA-MPJPE")
DTW_PARTS = ("body", "left_hand", "right_hand")
_MILLIMETRES = 1000.0
_PELVIS, _NECK = JOINT_INDEX["pelvis"], JOINT_INDEX["neck"]
_WRISTS = {side: JOINT_INDEX[f"{side}_wrist"] for side in SIDES}
_TIPS = {"left": range(JOINT_COUNT, JOINT_COUNT + 5), "right": range(JOINT_COUNT + 5, JOINT_COUNT + 10)}


@dataclass(frozen=True)
class Motion:
    """poses (T, 165) axis-angle; expression (T, E) that moves the body's face, `None` for a still one."""

    poses: Array
    expression: Array | None = None

    def __len__(self) -> int:
        return len(self.poses)


def point_errors(predicted: Array, truth: Array, at: tuple[Array, Array]) -> tuple[Array, Array]:
    """(T, K, 3) points in metres to the (T,) mean distances in millimetres, aligned at a point and by Procrustes.

    at: the points (T, 3) of both that are moved onto each other.
    """
    origin_predicted, origin_truth = at
    gap = (predicted - origin_predicted[:, None]) - (truth - origin_truth[:, None])
    best = procrustes(predicted, truth) - truth
    return tuple(_MILLIMETRES * np.linalg.norm(x, axis=-1).mean(axis=-1) for x in (gap, best))  # type: ignore[return-value]


def reconstruction_errors(measured: MeasuredBody, predicted: Motion, truth: Motion) -> dict[tuple[str, str], Array]:
    """(T,) millimetres of every frame by error (`ERRORS`) and region (`REGIONS`); hands: the mean of both.

    Raises `ValueError` when the motions differ in length.
    """
    if len(predicted) != len(truth):
        raise ValueError(f"Motions of {len(predicted)} and {len(truth)} frames can't be compared frame by frame.")
    joints = measured.joints(np.asarray(predicted.poses)), measured.joints(np.asarray(truth.poses))
    result = _joint_errors(*joints)
    skins = (measured.vertices(m.poses, m.expression) for m in (predicted, truth))
    begin, parts = 0, []
    for a, b in zip(*skins, strict=True):
        rows = slice(begin, begin + len(a))
        parts.append(_vertex_errors(measured, (a, b), (joints[0][rows], joints[1][rows])))
        begin += len(a)
    return result | {key: np.concatenate([part[key] for part in parts]) for key in parts[0]}


def _joint_errors(predicted: Array, truth: Array) -> dict[tuple[str, str], Array]:
    """Errors of all 65 joints, of 21 points a hand, and of the joints of the head."""
    chosen: dict[str, list[tuple[list[int], int]]] = {
        "all": [(list(range(predicted.shape[1])), _PELVIS)],
        "hands": [
            ([_WRISTS[side], *(JOINT_INDEX[n] for n in LAYERS[f"{side}_hand"]), *_TIPS[side]], _WRISTS[side])
            for side in SIDES
        ],
        "face": [([JOINT_INDEX[name] for name in FACE_JOINTS], _NECK)],
    }
    result = {}
    for region, groups in chosen.items():
        found = [
            point_errors(predicted[:, points], truth[:, points], (predicted[:, origin], truth[:, origin]))
            for points, origin in groups
        ]
        result["MPJPE", region], result["PA-MPJPE", region] = np.mean(found, axis=0)
    return result


def _vertex_errors(
    measured: MeasuredBody, skins: tuple[Array, Array], joints: tuple[Array, Array]
) -> dict[tuple[str, str], Array]:
    regions = measured.regions
    every = np.arange(skins[0].shape[1])
    chosen = {
        "all": [(every, _PELVIS)],
        "hands": [(regions.left, _WRISTS["left"]), (regions.right, _WRISTS["right"])],
        "face": [(regions.face, _NECK)],
    }
    result = {}
    for region, groups in chosen.items():
        found = [
            point_errors(skins[0][:, points], skins[1][:, points], (joints[0][:, origin], joints[1][:, origin]))
            for points, origin in groups
        ]
        result["MPVPE", region], result["PA-MPVPE", region] = np.mean(found, axis=0)
    return result


@dataclass(frozen=True)
class Warped:
    """One part of one sample: sums along the best path in metres, and the steps of each path."""

    jpe: float
    pa_jpe: float
    steps: int
    pa_steps: int

    @property
    def per_frame(self) -> tuple[float, float]:
        """Mean distances along the paths, in metres."""
        return self.jpe / self.steps, self.pa_jpe / self.pa_steps


def generator_errors(measured: MeasuredBody, predicted: Array, truth: Array) -> dict[str, Warped]:
    """DTW-JPE and DTW-PA-JPE of (N, 165) against (M, 165) poses by part (`DTW_PARTS`).

    Body: the joints of the upper body, aligned at the pelvis; hands: 21 points each, aligned at the wrist.
    """
    ours, theirs = measured.hands(predicted), measured.hands(truth)
    points = {"body": (measured.upper_body(predicted), measured.upper_body(truth))}
    points |= {f"{side}_hand": (ours[side], theirs[side]) for side in SIDES}
    result = {}
    for part, (a, b) in points.items():
        (jpe, steps), (pa_jpe, pa_steps) = dtw_jpe(a, b, root=0), dtw_pa_jpe(a, b)
        result[part] = Warped(jpe, pa_jpe, steps, pa_steps)
    return result


def summarised(samples: Iterable[Mapping[str, Warped]]) -> dict[str, dict[str, float]]:
    """Means over samples by part, `hands` being the mean of left and right: the published sums in metres as `DTW-JPE`
    and `DTW-PA-JPE`, and beside them means along the path in millimetres."""
    rows = list(samples)
    if not rows:
        raise ValueError("There is no sample to average.")
    result = {}
    for part in DTW_PARTS:
        warped = [row[part] for row in rows]
        result[part] = {
            "DTW-JPE": float(np.mean([w.jpe for w in warped])),
            "DTW-PA-JPE": float(np.mean([w.pa_jpe for w in warped])),
            "JPE per frame": _MILLIMETRES * float(np.mean([w.per_frame[0] for w in warped])),
            "PA-JPE per frame": _MILLIMETRES * float(np.mean([w.per_frame[1] for w in warped])),
        }
    left, right = result["left_hand"], result["right_hand"]
    result["hands"] = {name: 0.5 * (left[name] + right[name]) for name in left}
    return result
