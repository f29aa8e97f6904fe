"""What an independent eye sees: `python -m tests.bench.bench_hand_detector [FOLDER]` (needs MediaPipe and Pillow).

Every handshape is held up before the avatar's shoulder as a letter is, palm to the viewer and fingers up, and every ASL
letter as it is signed; both are drawn from the front, the upper body in the background. MediaPipe's hand landmarker
(the model in its wheel, confidence 0.5, one picture at a time) looks for a hand in each. Reported: in how many it finds
one, and of those how many of the four fingers are stretched or bent as the handshape says. A finger is stretched when
its middle and end joint bend by less than 75 degrees together, measured on the 3D landmarks found; fingers that the
handshape bends by 45 to 110 degrees are in between and don't count. The thumb isn't judged. Pictures in which it goes
wrong are written to FOLDER, if one is given. Fingers that point at the camera are hard for any eye (bent hands, G, P).

MediaPipe is no dependency of the project: `build_addon.py bench quality` makes an environment of its own for it where
it can be installed (tests/requirements/detector.txt).
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.lexicon.loader import Lexicon, load_language
from engine.lexicon.phonology import Handshape, Posture, Sign
from engine.review.motion import motion_of
from engine.review.portrait import FRONT, Painter, need_pillow
from engine.review.raster import Camera
from engine.skeleton import JOINT_INDEX

FINGERS = {"index": 5, "middle": 9, "ring": 13, "pinky": 17}
"""First landmark of each finger: knuckle, middle joint, end joint and tip follow each other."""
STRETCHED = 75.0
UNCLEAR = (45.0, 110.0)
_SIZE = (384, 384)
_FPS = 60.0


@dataclass
class Seen:
    """What the detector made of some pictures."""

    pictures: int = 0
    found: int = 0
    fingers: int = 0
    """Fingers that could be judged."""
    right: int = 0
    wrong: list[str] = field(default_factory=list)

    def add(self, name: str, shape: Handshape, landmarks: np.ndarray | None) -> bool:
        """Count one picture; whether all was right."""
        self.pictures += 1
        if landmarks is None:
            self.wrong.append(f"{name}: no hand")
            return False
        self.found += 1
        errors = []
        for finger, first in FINGERS.items():
            pose = getattr(shape, finger)
            said = pose.pip + pose.dip
            if UNCLEAR[0] <= said <= UNCLEAR[1]:
                continue
            self.fingers += 1
            if (said < STRETCHED) == (_bend(landmarks[first : first + 4]) < STRETCHED):
                self.right += 1
            else:
                errors.append(finger)
        if errors:
            self.wrong.append(f"{name}: {', '.join(errors)}")
        return not errors


def _bend(chain: np.ndarray) -> float:
    """Degrees that middle and end joint of (4, 3) landmarks bend together."""
    bones = np.diff(chain, axis=0)
    bones /= np.linalg.norm(bones, axis=1, keepdims=True)
    cosines = np.clip(np.einsum("ij,ij->i", bones[:-1], bones[1:]), -1.0, 1.0)
    return float(np.degrees(np.arccos(cosines)).sum())


class Detector:
    """MediaPipe's hand landmarker."""

    def __init__(self) -> None:
        from mediapipe.python.solutions import hands

        self._hands = hands.Hands(static_image_mode=True, max_num_hands=1, min_detection_confidence=0.5)

    def landmarks(self, picture: np.ndarray) -> np.ndarray | None:
        """(21, 3) landmarks in metres, or None when no hand is found."""
        found = self._hands.process(np.ascontiguousarray(picture)).multi_hand_world_landmarks
        return np.array([[p.x, p.y, p.z] for p in found[0].landmark]) if found else None


def held_up(shape: str) -> Sign:
    """A sign that only shows a handshape, as letters are shown."""
    posture = Posture(shape=shape, at="spelling", palm="forward", fingers="up")
    return Sign(shape, "ASL", (shape,), postures=(posture,))


def look_at(painter: Painter, lexicon: Lexicon, signs: dict[str, Sign], folder: Path | None) -> Seen:
    """Signs of one handshape each."""
    seen, detector = Seen(), Detector()
    hand = painter.body.weights[:, JOINT_INDEX["right_wrist"]] > 0.6
    for name, sign in signs.items():
        sequence, start, end = motion_of(sign, lexicon, painter.body, _FPS)
        frames = slice(round(start * _FPS), round(end * _FPS) + 1)
        poses = sequence.poses[frames]
        at = len(poses) - 1 if len(sign.postures) == 1 else _first_rest(painter.body, poses)
        vertices = painter.body.skin(poses[at : at + 1])[0]
        camera = Camera.look(FRONT, vertices[hand].mean(axis=0) + np.array([0.0, 0.04, 0.0]), 0.42, _SIZE)
        picture = painter.picture(vertices, camera)
        shape = lexicon.handshapes[sign.postures[0].shape or ""]
        if not seen.add(name, shape, detector.landmarks(picture)) and folder:
            need_pillow().Image.fromarray(picture).save(folder / f"{sign.gloss}.png")
    return seen


def _first_rest(body: BodyModel, poses: np.ndarray) -> int:
    """The frame in which the hand of a moving letter is ready to move."""
    wrist = body.forward_kinematics(poses)[:, JOINT_INDEX["right_wrist"], :3, 3]
    return int(np.argmax(np.linalg.norm(np.diff(wrist, axis=0), axis=1) * _FPS < 0.05))


def figures(folder: Path | None = None) -> dict[str, Seen]:
    """What is seen of handshapes and letters."""
    painter, lexicon = Painter(BodyModel.load(EMBEDDED_AVATAR)), load_language("ASL")
    return {
        "handshapes": look_at(painter, lexicon, {name: held_up(name) for name in lexicon.handshapes}, folder),
        "ASL letters": look_at(painter, lexicon, dict(lexicon.letters), folder),
    }


def main(arguments: list[str]) -> None:
    try:
        import mediapipe  # noqa: F401
    except ImportError:
        print("MediaPipe isn't installed in this Python: nothing was looked at.")
        return
    folder = Path(arguments[0]) if arguments else None
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    for name, seen in figures(folder).items():
        print(
            f"{name}: a hand found in {seen.found} of {seen.pictures} pictures; {seen.right} of {seen.fingers} fingers "
            f"as written ({seen.right / max(seen.fingers, 1):.1%})."
        )
        print("  not as written: " + "; ".join(seen.wrong))


if __name__ == "__main__":
    main(sys.argv[1:])
