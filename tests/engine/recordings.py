"""Recordings for tests: short motion of one hand that comes from rest, signs, and goes back."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from engine.skeleton import EXPRESSION_NAMES, JOINT_INDEX
from engine.take import PoseSequence, Take

FPS = 30.0


def waving(seconds: float = 1.0, fps: float = FPS) -> PoseSequence:
    """The right forearm is up and waves; nothing of it is rest."""
    frames = round(seconds * fps) + 1
    poses = np.zeros((frames, 55, 3), np.float32)
    poses[:, JOINT_INDEX["right_elbow"], 1] = 1.2
    poses[:, JOINT_INDEX["right_shoulder"], 0] = 0.4 * np.sin(np.arange(frames) / fps * 6.0)
    return PoseSequence(
        poses.reshape(frames, 165), np.zeros((frames, 3)), np.zeros((frames, len(EXPRESSION_NAMES))), fps
    )


def recording(path: Path, seconds: float = 1.0) -> Path:
    """A take's file with `waving`."""
    Take(path.stem, "", "ASL", "imported", waving(seconds)).save(path)
    return path
