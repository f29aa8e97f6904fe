"""Where a part's joints are for its features: differentiable forward kinematics on the embedded avatar. Needs torch."""

# pyright: reportMissingImports=false
from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ..body import EMBEDDED_AVATAR, BodyModel
from ..skeleton import JOINT_INDEX, JOINT_NAMES, LAYERS, PARENTS
from ..tokenizer.features import Layout

Array = NDArray[np.floating]

_TIP = 0.9
"""A fingertip is so many lengths of the segment before it behind its last joint."""
_ENDS = ("left_eye_smplhf", "right_eye_smplhf", "left_index1", "left_pinky1", "right_index1", "right_pinky1")
"""Joints that show how head and hands are turned."""
_FACE_REACH = 0.02
"""Metres that skin moves for a face unit."""
_SMALL = 1e-12


@lru_cache(maxsize=1)
def rest_joints() -> Array:
    """(55, 3) joints of the embedded avatar at rest, metres."""
    return BodyModel.load(EMBEDDED_AVATAR).joints()


def part_joints(layout: Layout, part: str) -> tuple[str, ...]:
    """Joints of a part that hang together, in the order of its features; those of the face are left out."""
    return layout.body if part == "body" else LAYERS[part]


class JointPositions(nn.Module):
    """Places of a part's joints and ends for its features, relative to what the part hangs on."""

    def __init__(self, joints: Sequence[str], rest: Array) -> None:
        super().__init__()
        self.joints = len(joints)
        parents, offsets = _chain(joints, rest)
        depth: list[int] = []
        for parent in parents:
            depth.append(0 if parent < 0 else depth[parent] + 1)
        self._levels: list[tuple[list[int], list[int]]] = []
        place = {-1: 0}
        for level in range(max(depth) + 1):
            rows = [i for i, d in enumerate(depth) if d == level]
            self._levels.append((rows, [place[parents[i]] for i in rows]))
            place |= {row: k for k, row in enumerate(rows)}
        self.register_buffer("offsets", torch.tensor(offsets, dtype=torch.float32))
        self.points = len(parents)
        self._order = np.argsort([row for rows, _ in self._levels for row in rows]).tolist()

    def forward(self, vectors: Tensor) -> Tensor:
        """(N, 3 J) axis-angle to (N, P, 3) metres: the joints in their order, then the ends."""
        local = rotations(vectors.reshape(len(vectors), self.joints, 3))
        still = torch.eye(3, device=local.device, dtype=local.dtype).expand(len(local), self.points - self.joints, 3, 3)
        local = torch.cat([local, still], dim=1)
        offsets: Tensor = self.get_buffer("offsets")
        turned = torch.eye(3, device=local.device, dtype=local.dtype).expand(len(local), 1, 3, 3)
        at = local.new_zeros(len(local), 1, 3)
        places = []
        for rows, parents in self._levels:
            above = turned[:, parents]
            at = at[:, parents] + (above @ offsets[rows, :, None])[..., 0]
            turned = above @ local[:, rows]
            places.append(at)
        return torch.cat(places, dim=1)[:, self._order]


def _chain(joints: Sequence[str], rest: Array) -> tuple[list[int], Array]:
    """Parent of each joint and end within the list (-1: what the part hangs on), and (P, 3) its offset from there."""
    names = list(joints)
    number = {name: i for i, name in enumerate(names)}
    parents, offsets = [], []
    for name in names:
        above = JOINT_NAMES[PARENTS[JOINT_INDEX[name]]]
        parents.append(number.get(above, -1))
        offsets.append(rest[JOINT_INDEX[name]] - rest[JOINT_INDEX[above]])
    for name in _ENDS:
        above = JOINT_NAMES[PARENTS[JOINT_INDEX[name]]]
        if above in number and name not in number:
            parents.append(number[above])
            offsets.append(rest[JOINT_INDEX[name]] - rest[JOINT_INDEX[above]])
    for name in names:
        if name.endswith("3") and not name.startswith("spine"):
            parents.append(number[name])
            offsets.append(_TIP * offsets[number[name]])
    return parents, np.array(offsets)


def rotations(vectors: Tensor) -> Tensor:
    """(..., 3) axis-angle to (..., 3, 3) by Rodrigues' formula."""
    squared = vectors.square().sum(-1)[..., None, None] + _SMALL
    angle = squared.sqrt()
    x, y, z = vectors.unbind(-1)
    zero = torch.zeros_like(x)
    cross = torch.stack([zero, -z, y, z, zero, -x, -y, x, zero], dim=-1).reshape(*vectors.shape, 3)
    eye = torch.eye(3, device=vectors.device, dtype=vectors.dtype)
    return eye + torch.sin(angle) / angle * cross + (1 - torch.cos(angle)) / squared * (cross @ cross)


def reach_weights(layout: Layout, part: str, spread: Array, power: float) -> Array:
    """(columns of the part,) weights of mean 1: how far a spread of a feature moves what hangs on its joint.

    spread: (columns,) of the features. The reach of a joint is the distance to the farthest joint behind it at rest.
    """
    rest = rest_joints()
    reach = np.full(len(spread), _FACE_REACH)
    joints = [*part_joints(layout, part), *(layout.face if part == "body" else ())]
    for i, name in enumerate(joints):
        below = [j for j in range(len(PARENTS)) if _hangs_on(j, JOINT_INDEX[name])]
        far = max((float(np.linalg.norm(rest[j] - rest[JOINT_INDEX[name]])) for j in below), default=0.0)
        reach[3 * i : 3 * i + 3] = max(far, _FACE_REACH)
    weights = (reach * spread) ** power
    return weights / weights.mean()


def _hangs_on(joint: int, above: int) -> bool:
    while joint >= 0 and joint != above:
        joint = PARENTS[joint]
    return joint == above
