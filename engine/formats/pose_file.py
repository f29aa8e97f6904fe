"""Reader of `.pose` files: landmarks of people over time, as the pose-format project publishes its layout.

Little-endian. Header: version (float), width, height, depth, number of components (ushort); each component: name,
format of a point ("XYZC"), number of points, limbs and colours (ushort), the names of points, limbs (2 ushort), colours
(3 ushort); a text is its length (ushort) and UTF-8. Body of 0.1: frames a second, frames, people (ushort); of 0.2:
frames a second (float), frames (uint), people (ushort); then all coordinates and all confidences (float). Version 0.1
can hold more frames than its field can count, so that their number is told by the file's size.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..generators.base import EngineError

Array = NDArray[np.floating]

MAX_BYTES = 512 << 20
MAX_FRAMES = 20_000
_MAX_POINTS = 4000


@dataclass(frozen=True)
class Component:
    """A named group of points of one person: points (T, P, 3) as the file has them, confidence (T, P), names (P)."""

    name: str
    names: tuple[str, ...]
    points: Array
    confidence: Array


@dataclass(frozen=True)
class Landmarks:
    """A whole file: its first person. width and height in pixels."""

    width: int
    height: int
    fps: float
    components: dict[str, Component]
    people: int

    def __len__(self) -> int:
        return len(next(iter(self.components.values())).points)


class _Cursor:
    """Reads values one after the other and never past the end."""

    def __init__(self, data: bytes) -> None:
        self.data, self.at = data, 0

    def take(self, layout: str) -> tuple[Any, ...]:
        size = struct.calcsize(layout)
        self._need(size)
        values = struct.unpack_from(layout, self.data, self.at)
        self.at += size
        return values

    def text(self) -> str:
        (size,) = self.take("<H")
        self._need(size)
        self.at += size
        return self.data[self.at - size : self.at].decode("utf-8")

    def floats(self, *shape: int) -> Array:
        count = int(np.prod(shape, dtype=np.int64))
        self._need(4 * count)
        values = np.frombuffer(self.data, "<f4", count, self.at).reshape(shape)
        self.at += 4 * count
        return values.astype(np.float64)

    def _need(self, size: int) -> None:
        if self.at + size > len(self.data):
            raise ValueError(f"it ends after {len(self.data)} bytes in the middle of its data")


def read_pose_file(path: Path) -> Landmarks:
    """Read a file of version 0.1 or 0.2. Raises `EngineError`."""
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ValueError(f"it is larger than {MAX_BYTES >> 20} MB")
        return _read(_Cursor(path.read_bytes()))
    except (OSError, ValueError, struct.error) as e:
        raise EngineError("bad_motion", f"{path.name} is no .pose file that can be read: {e}.") from e


def _read(cursor: _Cursor) -> Landmarks:
    version = round(cursor.take("<f")[0], 3)
    if version not in (0.1, 0.2):
        raise ValueError(f"its version is {version:g}; 0.1 and 0.2 can be read")
    width, height, _, count = cursor.take("<4H")
    layout = [_component(cursor) for _ in range(count)]
    points = sum(len(names) for _, names in layout)
    if not layout or not 0 < points <= _MAX_POINTS:
        raise ValueError(f"it has {points} points")
    if version == 0.1:
        fps, _, people = cursor.take("<3H")
        frames = (len(cursor.data) - cursor.at) // max(people * points * 16, 1)
    else:
        fps, frames, people = cursor.take("<fIH")
    if not people:
        raise ValueError("nobody is in it")
    if not 2 <= frames <= MAX_FRAMES:
        raise ValueError(f"it has {frames} frames; from 2 to {MAX_FRAMES} can be read")
    if not (np.isfinite(fps) and 1.0 <= fps <= 1000.0):
        raise ValueError(f"it says that it has {fps:g} frames a second")
    places = cursor.floats(frames, people, points, 3)[:, 0]
    confidence = cursor.floats(frames, people, points)[:, 0]
    sound = np.isfinite(places).all(axis=-1) & np.isfinite(confidence) & (np.abs(places) < 1e6).all(axis=-1)
    places, confidence = np.where(sound[..., None], places, 0.0), np.where(sound, np.clip(confidence, 0.0, 1.0), 0.0)
    components: dict[str, Component] = {}
    start = 0
    for name, names in layout:
        part = slice(start, start + len(names))
        components.setdefault(name, Component(name, names, places[:, part], confidence[:, part]))
        start += len(names)
    return Landmarks(width, height, float(fps), components, people)


def _component(cursor: _Cursor) -> tuple[str, tuple[str, ...]]:
    name, point_format = cursor.text(), cursor.text()
    if point_format != "XYZC":
        raise ValueError(f"{name} has points of the format {point_format!r}; XYZC can be read")
    points, limbs, colours = cursor.take("<3H")
    names = tuple(cursor.text() for _ in range(points))
    cursor.take(f"<{2 * limbs + 3 * colours}H")
    return name, names
