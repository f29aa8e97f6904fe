"""Makes `.pose` files of known motion: our own signs, seen by a camera and measured as MediaPipe Holistic would.

x and y in pixels, z without unit: depth over the picture's width, times a factor that is as wrong as theirs. Noise is
in shares of the palm. Written from the published layout of the format, so that the reader is tested against it.
"""

from __future__ import annotations

import io
import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.generators import registry
from engine.generators.base import GenerateRequest
from engine.skeleton import JOINT_INDEX
from engine.take import PoseSequence

Array = NDArray[np.floating]
WIDTH, HEIGHT = 640, 480
SHOULDERS_BEHIND = 0.05
FOCAL, DISTANCE = 900.0, 1.9
BODY_NAMES = [
    "NOSE",
    "LEFT_EYE_INNER",
    "LEFT_EYE",
    "LEFT_EYE_OUTER",
    "RIGHT_EYE_INNER",
    "RIGHT_EYE",
    "RIGHT_EYE_OUTER",
    "LEFT_EAR",
    "RIGHT_EAR",
    "MOUTH_LEFT",
    "MOUTH_RIGHT",
    "LEFT_SHOULDER",
    "RIGHT_SHOULDER",
    "LEFT_ELBOW",
    "RIGHT_ELBOW",
    "LEFT_WRIST",
    "RIGHT_WRIST",
    "LEFT_PINKY",
    "RIGHT_PINKY",
    "LEFT_INDEX",
    "RIGHT_INDEX",
    "LEFT_THUMB",
    "RIGHT_THUMB",
    "LEFT_HIP",
    "RIGHT_HIP",
    "LEFT_KNEE",
    "RIGHT_KNEE",
    "LEFT_ANKLE",
    "RIGHT_ANKLE",
    "LEFT_HEEL",
    "RIGHT_HEEL",
    "LEFT_FOOT_INDEX",
    "RIGHT_FOOT_INDEX",
]
HAND_NAMES = [
    "WRIST",
    "THUMB_CMC",
    "THUMB_MCP",
    "THUMB_IP",
    "THUMB_TIP",
    "INDEX_FINGER_MCP",
    "INDEX_FINGER_PIP",
    "INDEX_FINGER_DIP",
    "INDEX_FINGER_TIP",
    "MIDDLE_FINGER_MCP",
    "MIDDLE_FINGER_PIP",
    "MIDDLE_FINGER_DIP",
    "MIDDLE_FINGER_TIP",
    "RING_FINGER_MCP",
    "RING_FINGER_PIP",
    "RING_FINGER_DIP",
    "RING_FINGER_TIP",
    "PINKY_MCP",
    "PINKY_PIP",
    "PINKY_DIP",
    "PINKY_TIP",
]


@dataclass
class Measured:
    """What a camera saw: points (T, P, 3) and confidence (T, P) by component."""

    points: dict[str, Array]
    confidence: dict[str, Array] = field(default_factory=dict)
    names: dict[str, list[str]] = field(default_factory=dict)
    fps: float = 25.0

    def save(self, path: Path, version: float = 0.1) -> Path:
        """Write the file."""
        out = io.BytesIO()
        out.write(struct.pack("<f4H", version, WIDTH, HEIGHT, 1000, len(self.points)))
        for name in self.points:
            _text(out, name)
            _text(out, "XYZC")
            out.write(struct.pack("<3H", len(self.names[name]), 1, 1))
            for point in self.names[name]:
                _text(out, point)
            out.write(struct.pack("<5H", 0, 1, 255, 0, 0))
        frames = len(next(iter(self.points.values())))
        layout = ("<3H", round(self.fps), frames, 1) if version == 0.1 else ("<fIH", self.fps, frames, 1)
        out.write(struct.pack(*layout))
        for arrays in (self.points, self.confidence):
            out.write(np.concatenate(list(arrays.values()), axis=1).astype("<f4").tobytes())
        path.write_bytes(out.getvalue())
        return path


def signed(text: str, fps: float = 25.0, language: str = "ASL") -> PoseSequence:
    """Motion of a text."""
    request = GenerateRequest(text, language=language, fps=fps, mouthing=0.0, variation=0.0)
    return registry.get("dictionary").generate(request, lambda *told: None).sequence


def measured(
    sequence: PoseSequence,
    *,
    noise: float = 0.0,
    z_noise: float = 0.0,
    z_factor: float = 1.0,
    betas: Array | None = None,
    seed: int = 0,
) -> Measured:
    """What a camera at the height of the chest measures of a motion, signed by a body of the shape `betas`."""
    body, rng = BodyModel.load(EMBEDDED_AVATAR), np.random.default_rng(seed)
    transforms = body.forward_kinematics(sequence.poses, sequence.trans, betas=betas)
    joints, tips = transforms[..., :3, 3], _tips(body, transforms, betas)
    palm = float(np.linalg.norm(joints[0, JOINT_INDEX["left_middle1"]] - joints[0, JOINT_INDEX["left_wrist"]]))
    groups = {"POSE_LANDMARKS": (_body(joints), BODY_NAMES)}
    for side in ("left", "right"):
        groups[f"{side.upper()}_HAND_LANDMARKS"] = (_hand(joints, tips, side), HAND_NAMES)
    result = Measured({}, fps=sequence.fps)
    for name, (points, names) in groups.items():
        middle = points[:, :1, 2] if "HAND" in name else joints[:, [JOINT_INDEX["pelvis"]], 2]
        depth = points[..., 2] - middle
        points = points + rng.normal(0.0, noise * palm, points.shape) * [1.0, 1.0, 0.0]
        away = FOCAL / (DISTANCE - points[..., 2])
        x, y = WIDTH / 2 + points[..., 0] * away, HEIGHT / 2 - (points[..., 1] - 0.15) * away
        z = -(depth + rng.normal(0.0, z_noise * palm, depth.shape)) * FOCAL / DISTANCE / WIDTH * z_factor
        result.points[name] = np.stack([x, y, z], axis=-1)
        result.confidence[name] = np.ones(points.shape[:2])
        result.names[name] = list(names)
    return result


def _hand(joints: Array, tips: dict[str, Array], side: str) -> Array:
    points = [joints[:, JOINT_INDEX[f"{side}_wrist"]]]
    for finger in ("thumb", "index", "middle", "ring", "pinky"):
        points += [joints[:, JOINT_INDEX[f"{side}_{finger}{k}"]] for k in (1, 2, 3)]
        points.append(tips[f"{side}_{finger}"])
    return np.stack(points, axis=1)


def _body(joints: Array) -> Array:
    """The 33 points; those of the face are set on the head, feet are left where the ankles are."""

    def at(name: str) -> Array:
        return joints[:, JOINT_INDEX[name]].copy()

    left_eye, right_eye, head = at("left_eye_smplhf"), at("right_eye_smplhf"), at("head")
    side, mid = (left_eye - right_eye), (left_eye + right_eye) / 2
    up = mid - head
    up -= side * np.sum(up * side, axis=1, keepdims=True) / np.sum(side * side, axis=1, keepdims=True)
    forward = np.cross(side, np.array([0.0, 1.0, 0.0]))
    forward /= np.linalg.norm(forward, axis=1, keepdims=True)
    nose, mouth = mid + 0.05 * forward - [0.0, 0.04, 0.0], mid + 0.03 * forward - [0.0, 0.08, 0.0]
    ears = [mid + s * 1.15 * side - 0.08 * forward for s in (1, -1)]
    eyes = [left_eye] * 3 + [right_eye] * 3
    limbs = [at(f"{s}_{n}") for n in ("shoulder", "elbow", "wrist") for s in ("left", "right")]
    fingers = [at(f"{s}_{n}") for n in ("pinky1", "index1", "thumb2") for s in ("left", "right")]
    for shoulder in limbs[:2]:  # MediaPipe's depth has them too far back
        shoulder[:, 2] -= SHOULDERS_BEHIND
    legs = [at(f"{s}_{n}") for n in ("hip", "knee", "ankle", "ankle", "foot") for s in ("left", "right")]
    points = [nose, *eyes, *ears, mouth + 0.3 * side, mouth - 0.3 * side, *limbs, *fingers, *legs]
    return np.stack(points, axis=1)


def _tips(body: BodyModel, transforms: Array, betas: Array | None) -> dict[str, Array]:
    """Middles of the last phalanx's outer part, by the mesh's own vertices."""
    rest, joints = body.rest_vertices(betas), body.joints(betas)
    bone = np.argmax(body.weights, axis=1)
    found = {}
    for side in ("left", "right"):
        for finger in ("thumb", "index", "middle", "ring", "pinky"):
            j = JOINT_INDEX[f"{side}_{finger}3"]
            axis = joints[j] - joints[j - 1]
            mine = rest[bone == j] - joints[j]
            along = mine @ (axis / np.linalg.norm(axis))
            tip = mine[along > 0.75 * along.max()].mean(axis=0)
            found[f"{side}_{finger}"] = transforms[:, j, :3, 3] + transforms[:, j, :3, :3] @ tip
    return found


def _text(out: io.BytesIO, text: str) -> None:
    data = text.encode()
    out.write(struct.pack("<H", len(data)) + data)
