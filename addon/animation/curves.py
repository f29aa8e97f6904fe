"""Writing f-curves in bulk and reading them back."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import compat
from .channels import LOCATION, ROTATION, ChannelGroup
from .keys import CurveKeys, ErrorMeasure, Tolerance, reduce_keys, rotation_error, tangents, vector_error

_LINEAR = 1
_BEZIER = 2
_ALIGNED = 3
"""Numbers of Blender's enums `interpolation` and `handle_type`, for `foreach_set`; a test compares them by name."""

_MILLIMETRES = 1000.0
_BATCH_VALUES = 100_000
"""Frames times groups that are reduced at once: about 50 MB."""


def write_full(bag: Any, groups: Iterable[ChannelGroup], frames: NDArray[np.floating]) -> None:
    """One key per frame, joined by straight lines."""
    count = len(frames)
    points = np.empty((count, 2), dtype=np.float32)
    points[:, 0] = frames
    linear = np.full(count, _LINEAR, dtype=np.int32)
    for group in groups:
        for index, column in enumerate(group.values.T):
            points[:, 1] = column
            curve = _new_curve(bag, group, index)
            curve.keyframe_points.add(count)
            curve.keyframe_points.foreach_set("co", points.ravel())
            curve.keyframe_points.foreach_set("interpolation", linear)
            _deselect(curve.keyframe_points)
            curve.update()


def write_reduced(
    bag: Any,
    groups: list[ChannelGroup],
    frames: NDArray[np.floating],
    tolerance: Tolerance,
    metre: float,
    exact: Mapping[str, Collection[int]] | None = None,
) -> None:
    """As few keys as the tolerance allows, joined by Bezier curves.

    metre: in the units of locations. exact: name of a group -> numbers of the frames that it is keyed on in any case.
    """
    measures: dict[str, tuple[ErrorMeasure, float]] = {
        ROTATION: (rotation_error, float(np.radians(tolerance.degrees))),
        LOCATION: (vector_error, tolerance.millimetres * metre / _MILLIMETRES),
    }
    for alike in _batches(groups, len(frames)):
        error, bound = measures.get(alike[0].kind, (vector_error, tolerance.weight))
        values = np.stack([group.values for group in alike], axis=1)
        wanted = np.zeros(values.shape[:2], dtype=bool)
        for g, group in enumerate(alike):
            wanted[list((exact or {}).get(group.name, ())), g] = True
        mask = reduce_keys(values, error, bound, wanted)
        slopes = tangents(values)
        for g, group in enumerate(alike):
            at = np.flatnonzero(mask[:, g])
            for index in range(values.shape[2]):
                _write_bezier(bag, group, index, CurveKeys(frames[at], values[at, g, index], slopes[at, g, index]))


def _batches(groups: list[ChannelGroup], frames: int) -> Iterator[list[ChannelGroup]]:
    """Groups of one kind together, few enough at a time that a long take doesn't fill the memory."""
    size = max(_BATCH_VALUES // frames, 1)
    for kind in dict.fromkeys(group.kind for group in groups):
        alike = [group for group in groups if group.kind == kind]
        for start in range(0, len(alike), size):
            yield alike[start : start + size]


def _write_bezier(bag: Any, group: ChannelGroup, index: int, keys: CurveKeys) -> None:
    count = len(keys.frames)
    left, right = keys.handles()
    aligned = np.full(count, _ALIGNED, dtype=np.int32)
    curve = _new_curve(bag, group, index)
    points = curve.keyframe_points
    points.add(count)
    points.foreach_set("co", keys.points())
    points.foreach_set("interpolation", np.full(count, _BEZIER, dtype=np.int32))
    points.foreach_set("handle_left_type", aligned)
    points.foreach_set("handle_right_type", aligned)
    points.foreach_set("handle_left", left)
    points.foreach_set("handle_right", right)
    _deselect(points)
    curve.update()


def _deselect(points: Any) -> None:
    """New keys come selected; but selected ones are those that the user means."""
    none = np.zeros(len(points), dtype=bool)
    for part in ("select_control_point", "select_left_handle", "select_right_handle"):
        points.foreach_set(part, none)


def _new_curve(bag: Any, group: ChannelGroup, index: int) -> Any:
    curve = bag.fcurves.new(group.path, index=index if group.is_array else 0)
    curve.group = bag.groups.get(group.name) or bag.groups.new(group.name)
    return curve


def copy_curves(bag: Any, curves: Iterable[Any]) -> None:
    """Copy f-curves with all that belongs to them, in groups of the same names."""
    for curve in curves:
        group = curve.group
        copied = compat.copy_curve(bag, curve)
        if group is not None:
            copied.group = bag.groups.get(group.name) or bag.groups.new(group.name)
            copied.group.lock = group.lock


def curves_by_path(bag: Any) -> dict[str, dict[int, Any]]:
    """Data path -> component -> f-curve."""
    found: dict[str, dict[int, Any]] = {}
    for curve in bag.fcurves if bag is not None else ():
        found.setdefault(curve.data_path, {})[curve.array_index] = curve
    return found


def sample(curve: Any, frames: NDArray[np.floating]) -> NDArray[np.floating]:
    """Values of an f-curve at these frames."""
    evaluate = curve.evaluate
    return np.array([evaluate(f) for f in frames.tolist()])
