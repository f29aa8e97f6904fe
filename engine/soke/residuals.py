"""What the codes of a dictionary's signs lose, put back where the generated motion renders these signs.

A code tells the pose of a whole body roughly, and for the same codes in much the same way: hands come out near the
place where a sign has them, not at it. So each entry of a dictionary may keep, beside its codes, by what turns the
joints of the body differ from what is decoded of them. Where a generated step renders a step of an entry, by the
alignment of `segments`, these turns are put on top, the less the more the generated code differs from the entry's.
Motion that renders nothing stays the generator's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from ..bundle import Bundle, BundleError
from ..npz import Npz, NpzError
from ..rotations import axis_angle_from_quaternion, conjugate, multiply, quaternion_from_axis_angle
from ..skeleton import JOINT_COUNT, JOINT_INDEX, POSE_SIZE
from ..take import PoseSequence
from ..tokenizer.features import FRAMES_PER_TOKEN
from .segments import CodeSpace, Span, Steps

Array = NDArray[np.floating]

FILE: Final = "dictionary_residuals.npz"
RATE: Final = 2
"""Turns of a joint in a step."""
_FRAMES: Final = FRAMES_PER_TOKEN // RATE
_LIKE: Final = 0.25
"""Distance of two codes, in mean distances of all, at which an entry's turns count by 1/e."""
_HANN: Final = np.hanning(9)[1:-1] / np.hanning(9)[1:-1].sum()
"""Shares of neighbouring frames, so that turns come and go without a jump."""
_MAX_BYTES: Final = 128 << 20


def lost(truth: Array, decoded: Array, joints: Sequence[str]) -> Array:
    """(RATE steps, J, 3) rotation vectors that turn decoded joints into the true ones, each the mean of its frames.

    truth, decoded: (4 steps, 165) axis-angle poses. joints: names of the J.
    """
    columns = [JOINT_INDEX[name] for name in joints]
    true, made = (quaternion_from_axis_angle(x.reshape(-1, JOINT_COUNT, 3)[:, columns]) for x in (truth, decoded))
    turns = axis_angle_from_quaternion(multiply(conjugate(made), true))
    return turns.reshape(-1, _FRAMES, len(columns), 3).mean(axis=1)


def write_residuals(path: Path, entries: Mapping[str, Array]) -> None:
    """Write the turns (RATE steps, J, 3) of each entry, in the order of the entries' keys."""
    rows = [np.asarray(entries[key], np.float16) for key in sorted(entries)]
    start = np.cumsum([0, *(len(row) for row in rows)], dtype=np.int64)
    np.savez_compressed(path, start=start, turns=np.concatenate(rows))


def read_residuals(bundle: Bundle, steps: Mapping[str, int], joints: Sequence[str]) -> dict[str, Array]:
    """The turns of each entry of a bundle's dictionary; none where the bundle has no such file.

    steps: of each entry. joints: of the body in the tokenizer's layout. Raises `BundleError` for a damaged file.
    """
    if not bundle.has(FILE):
        return {}
    try:
        with Npz(bundle.file(FILE), _MAX_BYTES) as file:
            start, turns = file.read("start"), file.read("turns")
    except NpzError as e:
        raise BundleError(f"{FILE} in {bundle.folder.name} can't be read: {e}") from e
    keys = sorted(steps)
    wanted = np.cumsum([0, *(RATE * steps[key] for key in keys)])
    if start.tolist() != wanted.tolist() or turns.shape != (wanted[-1], len(joints), 3) or not np.isfinite(turns).all():
        raise BundleError(f"{FILE} in {bundle.folder.name} doesn't belong to its dictionary.")
    return {key: turns[a:b] for key, a, b in zip(keys, wanted[:-1], wanted[1:], strict=True)}


def put_back(
    sequence: PoseSequence,
    made: Steps,
    spans: Sequence[Span],
    examples: Sequence[tuple[Steps, Array | None]],
    joints: Sequence[str],
    space: CodeSpace,
) -> PoseSequence:
    """The decoded motion with what the codes of its signs lose.

    made: the generated steps that it was decoded of. spans: where they render the examples. examples: codes and turns
    of each, `None` for one without. joints: those that the turns are of.
    """
    turns = np.zeros((len(made["body"]) * RATE, len(joints), 3))
    for span in spans:
        codes, own = examples[span.sign]
        at = np.array(span.rendered, np.int64)
        shown = np.flatnonzero(at >= 0)
        if own is None or not len(shown):
            continue
        ours, theirs = np.asarray(made["body"])[span.first + shown], np.asarray(codes["body"])[at[shown]]
        weight = np.exp(-np.square(space.apart("body", ours, theirs) / _LIKE))
        for k in range(RATE):
            turns[(span.first + shown) * RATE + k] = weight[:, None, None] * own[at[shown] * RATE + k]
    if not turns.any():
        return sequence
    return _turned(sequence, _smoothed(turns.repeat(_FRAMES, axis=0)[: len(sequence)]), joints)


def _smoothed(turns: Array) -> Array:
    """(T, J, 3), each frame the weighted mean of those around it, nothing outside of them."""
    half = len(_HANN) // 2
    wide = np.pad(turns, ((half, half), (0, 0), (0, 0)))
    return sum(share * wide[i : i + len(turns)] for i, share in enumerate(_HANN))  # type: ignore[return-value]


def _turned(sequence: PoseSequence, turns: Array, joints: Sequence[str]) -> PoseSequence:
    columns = [JOINT_INDEX[name] for name in joints]
    poses = sequence.poses.reshape(-1, JOINT_COUNT, 3).astype(np.float64)
    turned = multiply(quaternion_from_axis_angle(poses[:, columns]), quaternion_from_axis_angle(turns))
    poses[:, columns] = axis_angle_from_quaternion(turned)
    return replace(sequence, poses=poses.reshape(-1, POSE_SIZE))
