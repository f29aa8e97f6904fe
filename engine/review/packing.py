"""Arrays in few bytes for the review page: whole numbers, deflated, as base64 text.

The page reads them with the browser's own `DecompressionStream`, so nothing has to be loaded from anywhere.
"""

from __future__ import annotations

import base64
import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..body import BodyModel
from ..lexicon.synthesis.frames import vertex_normals
from ..skeleton import JOINT_COUNT, PARENTS
from ..take import PoseSequence
from .portrait import ASSETS, CUT_OUT, TEXTURES

ROTATION_STEPS = 8192.0
"""Steps a radian: a step is 0.007 degrees, and 16 bits reach 4 radians."""
TRANSLATION_STEPS = 16384.0
"""Steps a metre."""
FACE_STEPS = 127.0
UV_RANGE = 2.0
_INFLUENCES = 4
"""Joints that move one vertex at most; the rest of its weights are given to them."""
_CLIP_JOINTS = tuple(
    j for j in range(JOINT_COUNT) if j not in (1, 2, 4, 5, 7, 8, 10, 11)
)  # legs stand still while signing


def packed(array: NDArray[Any]) -> str:
    """An array's bytes, little-endian, deflated, in base64."""
    little = np.ascontiguousarray(array).astype(array.dtype.newbyteorder("<"))
    return base64.b64encode(zlib.compress(little.tobytes(), 9)).decode("ascii")


def clip(sequence: PoseSequence) -> dict[str, Any]:
    """A motion: frame count, rate, and all its channels as differences from frame to frame."""
    frames = len(sequence)
    rotations = sequence.poses.reshape(frames, JOINT_COUNT, 3)[:, _CLIP_JOINTS].reshape(frames, -1)
    channels = np.concatenate(
        [
            _steps(rotations, ROTATION_STEPS),
            _steps(sequence.trans, TRANSLATION_STEPS),
            _steps(np.clip(sequence.expression, 0.0, 1.0), FACE_STEPS),
        ],
        axis=1,
    )
    # differences wrap around in 16 bits, as the sums that undo them do
    changes = np.diff(channels, axis=0, prepend=np.zeros((1, channels.shape[1]), dtype=np.int16))
    return {"frames": frames, "fps": sequence.fps, "data": packed(changes.T)}


def _steps(values: NDArray[Any], steps: float) -> NDArray[np.int16]:
    return np.clip(np.rint(values * steps), -32768, 32767).astype(np.int16)


def figure(body: BodyModel) -> dict[str, Any]:
    """The avatar for the page: skinned mesh, textures, skeleton, face units.

    A corner that has several texture places becomes several vertices. Triangles are sorted by material.
    """
    surface = body.surface
    assert surface is not None  # the page shows the embedded avatar
    order = np.argsort(surface.face_materials, kind="stable")
    uv = np.rint(surface.face_uvs[order] / UV_RANGE * 65535).astype(np.uint16)
    corners = np.concatenate([body.faces[order][..., None], uv], axis=-1).reshape(-1, 3)
    unique, index = np.unique(corners, axis=0, return_inverse=True)
    source = unique[:, 0].astype(np.int64)
    points = body.template.astype(np.float64)
    low, high = points.min(axis=0), points.max(axis=0)
    joints, weights = _influences(body.weights)
    moving, deltas, scale = _faces(body)
    place = np.full(body.vertex_count, 65535, dtype=np.uint16)
    place[moving] = np.arange(len(moving))
    counts = np.bincount(surface.face_materials, minlength=len(surface.material_names))
    return {
        "vertices": len(unique),
        "position": packed(np.rint((points - low) / (high - low) * 65535).astype(np.uint16)[source]),
        "low": low.tolist(),
        "size": (high - low).tolist(),
        "normal": packed(np.rint(vertex_normals(points, body.faces) * 127).astype(np.int8)[source]),
        "uv": packed(unique[:, 1:].astype(np.uint16)),
        "uvRange": UV_RANGE,
        "joints": packed(joints[source]),
        "weights": packed(weights[source]),
        "morph": packed(place[source]),
        "morphCount": len(moving),
        "morphDeltas": packed(deltas),
        "morphScale": scale,
        "units": deltas.shape[0],
        "index": packed(index.reshape(-1).astype(np.uint32)),
        "parts": [
            {"material": name, "triangles": int(n), "cutOut": name in CUT_OUT, "texture": TEXTURES[name]}
            for name, n in zip(surface.material_names, counts, strict=True)
        ],
        "textures": {file: _data_url(file) for file in sorted(set(TEXTURES.values()) - {""})},
        "restJoints": body.joints().astype(np.float64).round(6).tolist(),
        "parents": list(PARENTS),
        "clipJoints": list(_CLIP_JOINTS),
        "steps": {"rotation": ROTATION_STEPS, "translation": TRANSLATION_STEPS, "face": FACE_STEPS},
    }


def _influences(weights: NDArray[Any]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Joints and weights (V, 4), the weights in 255ths that add up to 255."""
    strongest = np.argsort(-weights, axis=1)[:, :_INFLUENCES]
    share = np.take_along_axis(weights, strongest, axis=1).astype(np.float64)
    whole = np.rint(share / share.sum(axis=1, keepdims=True) * 255).astype(np.int64)
    whole[:, 0] += 255 - whole.sum(axis=1)
    return strongest.astype(np.uint8), whole.astype(np.uint8)


def _faces(body: BodyModel) -> tuple[NDArray[np.integer], NDArray[np.int8], list[float]]:
    """Vertices (M,) that the face moves, offsets (units, M, 4) in steps, and metres a step of each unit."""
    directions = body.expression_directions.astype(np.float64)
    moving = np.flatnonzero(np.abs(directions).max(axis=(1, 2)) > 5e-5)
    offsets = directions[moving].transpose(2, 0, 1)
    scale = np.maximum(np.abs(offsets).max(axis=(1, 2)), 1e-6) / 127.0
    steps = np.zeros((*offsets.shape[:2], 4), dtype=np.int8)
    steps[..., :3] = np.rint(offsets / scale[:, None, None])
    return moving, steps, scale.tolist()


def _data_url(file: str) -> str:
    kind = "png" if file.endswith(".png") else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode((ASSETS / file).read_bytes()).decode('ascii')}"
