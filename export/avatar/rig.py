"""SMPL-X joints and skin weights, summed from MakeHuman's default rig."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from scipy import sparse

from engine.skeleton import JOINT_INDEX, JOINT_NAMES, mirrored_name

from .parts import FloatArray, IntArray

ORIGIN_ABOVE_PELVIS = np.array([0.0, 0.351, -0.012])
"""SMPL-X's neutral body has its pelvis this far from the origin; equal roots make translations interchangeable."""

_MIDLINE = {
    "pelvis": ("root", "pelvis.L", "pelvis.R", "spine05", "spine04"),
    "spine1": ("spine03",),
    "spine2": ("spine02", "breast.L", "breast.R"),
    "spine3": ("spine01",),
    "neck": ("neck01", "neck02", "neck03"),
    "jaw": ("jaw", "special04", "oris01", "oris02", "oris06.L", "oris06.R", "oris07.L", "oris07.R"),
}
_LEFT = {
    "left_hip": ("upperleg01", "upperleg02"),
    "left_knee": ("lowerleg01", "lowerleg02"),
    "left_ankle": ("foot",),
    "left_foot": ("toe",),
    "left_collar": ("clavicle", "shoulder01"),
    "left_shoulder": ("upperarm01", "upperarm02"),
    "left_elbow": ("lowerarm01", "lowerarm02"),
    "left_wrist": ("wrist", "metacarpal"),
    "left_eye_smplhf": ("eye",),
}
_FINGER_NUMBERS = {"thumb": 1, "index": 2, "middle": 3, "ring": 4, "pinky": 5}
_JOINT_HEADS = {
    "pelvis": "spine05", "spine1": "spine03", "spine2": "spine02", "spine3": "spine01", "neck": "neck01",
    "head": "head", "jaw": "jaw", "left_hip": "upperleg01.L", "left_knee": "lowerleg01.L", "left_ankle": "foot.L",
    "left_foot": "toe1-1.L", "left_collar": "clavicle.L", "left_shoulder": "upperarm01.L",
    "left_elbow": "lowerarm01.L", "left_wrist": "wrist.L", "left_eye_smplhf": "eye.L",
}  # fmt: skip


def _joint_of_bone(bone: str) -> str:
    for joint, bones in _MIDLINE.items():
        if bone in bones:
            return joint
    stem, _, side = bone.partition(".")
    if stem.startswith("tongue"):
        return "jaw"
    if stem.startswith("finger"):
        number, _, phalanx = stem.removeprefix("finger").partition("-")
        finger = next(f for f, n in _FINGER_NUMBERS.items() if n == int(number))
        joint = f"left_{finger}{phalanx}"
    else:
        joint = next((j for j, stems in _LEFT.items() if side and stem.startswith(stems)), "head")
    return mirrored_name(joint) if side == "R" else joint


def joint_bones() -> dict[str, str]:
    """The MakeHuman bone whose head is each SMPL-X joint, in joint order."""
    heads = dict(_JOINT_HEADS)
    for finger, number in _FINGER_NUMBERS.items():
        heads |= {f"left_{finger}{k}": f"finger{number}-{k}.L" for k in (1, 2, 3)}
    heads |= {mirrored_name(j): b[:-2] + ".R" for j, b in heads.items() if b.endswith(".L")}
    return {joint: heads[joint] for joint in JOINT_NAMES}


def smplx_weights(bones: Sequence[str], weights: FloatArray) -> FloatArray:
    """Skin weights (N, 55) from MakeHuman's (N, bones)."""
    summing = np.zeros((len(bones), len(JOINT_NAMES)))
    for row, bone in enumerate(bones):
        summing[row, JOINT_INDEX[_joint_of_bone(bone)]] = 1.0
    return weights @ summing


def smooth_thumb_web(bones: Sequence[str], weights: FloatArray, polygons: IntArray, rounds: int = 6) -> FloatArray:
    """Weights (N, bones) without the steps that MakeHuman's have between thumb and palm, which tear the web of a
    thumb laid across a fist. polygons: (F, 4) of the body. Each round takes the mean with the neighbours.
    """
    edges = np.concatenate([polygons[:, [k, (k + 1) % 4]] for k in range(4)])
    ends = np.concatenate([edges, edges[:, ::-1]])
    thumb = weights[:, [bone.startswith("finger1") for bone in bones]].sum(axis=1)
    web = np.intersect1d(np.flatnonzero((thumb > 0.02) & (thumb < 0.98)), polygons)
    links = sparse.csr_matrix((np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(weights), len(weights)))
    links = links[web]
    links = sparse.diags(1.0 / np.asarray(links.sum(axis=1)).ravel()) @ links
    smooth = weights.copy()
    for _ in range(rounds):
        smooth[web] = 0.5 * smooth[web] + 0.5 * (links @ smooth)
    return smooth / smooth.sum(axis=1, keepdims=True)
