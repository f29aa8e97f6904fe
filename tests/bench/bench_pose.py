"""How closely `.pose` files are fitted: `python -m tests.bench.bench_pose`.

A signed sentence is written as MediaPipe Holistic would measure it (`tests/engine/pose_maker.py`: a camera's picture of
the avatar's joints and fingertips), with noise in the picture of 0, 2 and 10 percent of the palm's length and three
times as much in depth, and depth off by a factor of 1.6; then it is read back and fitted. Residual: mean distance of the
fitted hands' landmarks from the measured ones in percent of the palm, in the picture and in space, which holds the
noise too. Error: mean angle between the fitted and the true finger joints of the right hand. Times are processor time.
"""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from pose_maker import measured, signed

from engine.formats.pose import fit_landmarks
from engine.formats.pose_file import read_pose_file
from engine.rotations import angle_between, quaternion_from_axis_angle
from engine.skeleton import JOINT_INDEX

TEXT = "Hello, my friend wants water."
NOISES = (0.0, 0.02, 0.1)
Z_FACTOR = 1.6
_HAND = slice(JOINT_INDEX["right_index1"], JOINT_INDEX["right_index1"] + 15)


def residuals() -> Iterator[tuple[str, str, str]]:
    """For each noise: what was fitted, the figure, the goal."""
    truth = signed(TEXT)
    for noise in NOISES:
        landmarks = measured(truth, noise=noise, z_noise=3.0 * noise, z_factor=Z_FACTOR)
        with tempfile.TemporaryDirectory() as folder:
            began = time.process_time()
            fit = fit_landmarks(read_pose_file(landmarks.save(Path(folder) / "signed.pose")))
            milliseconds = 1000.0 * (time.process_time() - began) / len(truth)
        made, true = (
            quaternion_from_axis_angle(s.poses.reshape(len(s), -1, 3)[:, _HAND]) for s in (fit.sequence, truth)
        )
        error = float(np.degrees(angle_between(made, true)).mean())
        figure = (
            f"{fit.residual_2d:.1f} % of the palm in the picture, {fit.residual_3d:.1f} % in space; fingers off by "
            f"{error:.1f}°; {milliseconds:.0f} ms a frame"
        )
        yield f"`.pose` file, noise {noise:.0%} of the palm", figure, "5 %, 12 %" if noise == NOISES[1] else ""


def main() -> None:
    for what, figure, _ in residuals():
        print(f"{what}: {figure}")


if __name__ == "__main__":
    main()
