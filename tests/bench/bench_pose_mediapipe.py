"""`.pose` files as a real estimator makes them: `python -m tests.bench.bench_pose_mediapipe` (needs MediaPipe, Pillow).

Signs of ours are drawn from the front, 15 pictures a second; MediaPipe Holistic (its models come with its wheel)
measures landmarks in them; they are fitted as an imported file is, and compared with the motion that was drawn. Unlike
`bench_pose` this has the errors of a real detector: depth that is guessed, fingers that are hidden by the other
hand. A drawn avatar is no filmed person, for whom the detector was made: take it for a test of conventions and
of the order of magnitude.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "engine"))

from pose_maker import BODY_NAMES, HAND_NAMES, signed

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.formats.pose import HANDS, fit_landmarks
from engine.formats.pose_file import Component, Landmarks
from engine.review.portrait import FRONT, Painter
from engine.review.raster import Camera
from engine.rotations import angle_between, quaternion_from_axis_angle, quaternion_from_matrix
from engine.skeleton import JOINT_INDEX
from engine.take import PoseSequence

TEXTS = ("thank you", "mother", "book")
_FPS, _SIZE = 15.0, (640, 640)
_COMPONENTS = {
    "POSE_LANDMARKS": ("pose_landmarks", BODY_NAMES),
    HANDS["left"]: ("left_hand_landmarks", HAND_NAMES),
    HANDS["right"]: ("right_hand_landmarks", HAND_NAMES),
}


def seen_by_mediapipe(motion: PoseSequence, painter: Painter) -> Landmarks:
    """What MediaPipe Holistic measures in pictures of a motion, in the units of a `.pose` file."""
    from mediapipe.python.solutions.holistic import Holistic

    camera = Camera.look(FRONT, np.array([0.0, 0.12, 0.0]), 1.35, _SIZE)
    points = {name: np.zeros((len(motion), len(names), 3)) for name, (_, names) in _COMPONENTS.items()}
    confidence = {name: np.zeros(p.shape[:2]) for name, p in points.items()}
    with Holistic(static_image_mode=False, model_complexity=1) as detector:
        for t in range(len(motion)):
            picture = painter.picture(painter.body.skin(motion.poses[t : t + 1])[0], camera)
            found = detector.process(np.ascontiguousarray(picture))
            for name, (attribute, _) in _COMPONENTS.items():
                if (part := getattr(found, attribute)) is not None:
                    points[name][t] = [[p.x * _SIZE[0], p.y * _SIZE[1], p.z] for p in part.landmark]
                    body = "POSE" in name
                    confidence[name][t] = [p.visibility for p in part.landmark] if body else 1.0
    components = {
        name: Component(name, tuple(names), points[name], confidence[name]) for name, (_, names) in _COMPONENTS.items()
    }
    return Landmarks(*_SIZE, motion.fps, components, 1)


def rows() -> Iterator[tuple[str, str]]:
    """What was drawn, and how well it was found again."""
    body = BodyModel.load(EMBEDDED_AVATAR)
    painter = Painter(body)
    wrists = [JOINT_INDEX["left_wrist"], JOINT_INDEX["right_wrist"]]
    for text in TEXTS:
        motion = signed(text, _FPS)
        fit = fit_landmarks(seen_by_mediapipe(motion, painter))
        if fit.residual_2d is None or fit.residual_3d is None:
            yield text.upper(), "no hand was found"
            continue
        a, b = (quaternion_from_axis_angle(s.poses.reshape(len(s), 55, 3)[:, 25:]) for s in (motion, fit.sequence))
        true, found = (body.forward_kinematics(s.poses)[:, wrists] for s in (motion, fit.sequence))
        turned = angle_between(quaternion_from_matrix(true[..., :3, :3]), quaternion_from_matrix(found[..., :3, :3]))
        fingers, hand = (np.degrees(angle).mean() for angle in (angle_between(a, b), turned))
        away = 100.0 * np.linalg.norm(true[..., :3, 3] - found[..., :3, 3], axis=-1).mean()
        yield (
            text.upper(),
            f"residual {fit.residual_2d:.1f} % of the palm in the picture, {fit.residual_3d:.1f} % in space; fingers "
            f"{fingers:.0f}°, hand {hand:.0f}°, wrist {away:.0f} cm off",
        )


def main() -> None:
    """Print the rows."""
    for what, figure in rows():
        print(f"{what}: {figure}")


if __name__ == "__main__":
    main()
