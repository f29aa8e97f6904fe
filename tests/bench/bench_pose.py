"""How well `.pose` files of MediaPipe Holistic are fitted, on motion that is known: our own signs seen by a camera.

    python tests/bench/bench_pose.py

Signers have random body shapes; x and y get noise of 1.5 or 3 % of the palm, z three times as much and a wrong scale.
Printed for each amount: mean distance of the fitted hand from the landmarks in percent of the palm, in the picture and
in space; mean angle between the fitted and the true rotation of finger joints and of the hand; distance of the wrist;
processor time for a frame with two hands. Real recordings have errors of a kind that noise doesn't imitate (swapped
fingers, blur), so that these figures are what the method can do, not what a given file will give.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests/engine")]

from pose_maker import measured, signed  # noqa: E402

from engine.body import EMBEDDED_AVATAR, BodyModel  # noqa: E402
from engine.formats.pose import fit_landmarks  # noqa: E402
from engine.formats.pose_file import read_pose_file  # noqa: E402
from engine.rotations import angle_between, quaternion_from_axis_angle, quaternion_from_matrix  # noqa: E402
from engine.skeleton import JOINT_INDEX  # noqa: E402

TEXTS = ("I love you", "Anna", "water", "book", "quick", "thank you", "where")
LEVELS = ((0.0, 0.0, 1.0), (0.015, 0.045, 0.7), (0.03, 0.09, 1.4))
"""Noise in the picture and in depth, in shares of the palm, and the factor by which z is wrong."""
_WRISTS = [JOINT_INDEX["left_wrist"], JOINT_INDEX["right_wrist"]]


@dataclass(frozen=True)
class Fit:
    """Means over all texts at one amount of noise."""

    noise_percent: float
    residual_2d_percent: float
    residual_3d_percent: float
    finger_degrees: float
    hand_degrees: float
    wrist_cm: float
    frame_ms: float


def measure() -> list[Fit]:
    """The figures for each amount of noise."""
    motions = [signed(text) for text in TEXTS]
    return [_level(motions, *level) for level in LEVELS]


def residuals() -> Iterator[tuple[str, str, str]]:
    """Rows for the table of all figures: what, its figure, and what is wanted."""
    for fit in measure():
        figure = (
            f"residual {fit.residual_2d_percent:.1f} % of the palm in the picture, {fit.residual_3d_percent:.1f} % in "
            f"space; fingers {fit.finger_degrees:.1f}°, hand {fit.hand_degrees:.1f}°, wrist {fit.wrist_cm:.1f} cm off; "
            f"{fit.frame_ms:.0f} ms a frame"
        )
        yield f".pose files, noise of {fit.noise_percent:g} % of the palm", figure, "5 % and 12 %"


def _level(motions: list, noise: float, z_noise: float, z_factor: float) -> Fit:
    body = BodyModel.load(EMBEDDED_AVATAR)
    rows, frames, spent = [], 0, 0.0
    with tempfile.TemporaryDirectory() as folder:
        for i, motion in enumerate(motions):
            betas = np.random.default_rng(i).normal(size=5) if noise else None
            seen = measured(motion, noise=noise, z_noise=z_noise, z_factor=z_factor, betas=betas, seed=i)
            landmarks = read_pose_file(seen.save(Path(folder) / "a.pose"))
            began = time.process_time()
            fit = fit_landmarks(landmarks)
            spent, frames = spent + time.process_time() - began, frames + len(motion)
            a, b = (quaternion_from_axis_angle(s.poses.reshape(len(s), 55, 3)[:, 25:]) for s in (motion, fit.sequence))
            true, found = (body.forward_kinematics(s.poses)[:, _WRISTS] for s in (motion, fit.sequence))
            turned = angle_between(
                quaternion_from_matrix(true[..., :3, :3]), quaternion_from_matrix(found[..., :3, :3])
            )
            away = np.linalg.norm(true[..., :3, 3] - found[..., :3, 3], axis=-1)
            angles = np.degrees(angle_between(a, b)).mean(), np.degrees(turned).mean()
            rows.append((fit.residual_2d, fit.residual_3d, *angles, 100.0 * away.mean()))
    means = np.mean(np.array(rows, dtype=float), axis=0)
    return Fit(100.0 * noise, *map(float, means), 1000.0 * spent / frames)


def main() -> None:
    """Print the table."""
    print(f"{len(TEXTS)} signed texts, 25 frames a second, both hands\n")
    print("noise %   residual 2D %   3D %   fingers deg   hand deg   wrist cm   ms a frame")
    for fit in measure():
        print(
            f"{fit.noise_percent:7.1f}   {fit.residual_2d_percent:13.1f}   {fit.residual_3d_percent:4.1f}"
            f"   {fit.finger_degrees:11.1f}   {fit.hand_degrees:8.1f}   {fit.wrist_cm:8.1f}   {fit.frame_ms:10.1f}"
        )


if __name__ == "__main__":
    main()
