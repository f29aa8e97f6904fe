"""Places of `locations.toml` on a body: points of the skin bound to the skeleton, and places in space.

The definitions are found on the rest mesh once: a start blended from joints and marks, then the outermost hit of a
ray, bound to the face that it hits, so that the point follows the skin.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...skeleton import JOINT_INDEX
from .rig import SIDES, Rig, Skin, arm_joints, other_side

Array = NDArray[np.floating]

_TIPS = {"left": (5361, 4933, 5058, 5169, 5286), "right": (8079, 7669, 7794, 7905, 8022)}
_TIP_NAMES = ("thumb", "index", "middle", "ring", "pinky")

MARKS = {
    "nose_tip": 9120,
    "left_ear": 6,
    "right_ear": 616,
    **{f"{side}_{f}_tip": v for side, tips in _TIPS.items() for f, v in zip(_TIP_NAMES, tips, strict=True)},
}
"""Vertices of SMPL-X's topology that other software relies on, too."""

RAY_LENGTH = 0.30


class Landmarks:
    """All places on one body, found when first asked for."""

    def __init__(self, rig: Rig, places: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> None:
        """places: the parsed `locations.toml` with its tables `body`, `space` and `hand`."""
        self.rig = rig
        self._places = places
        self._skins: dict[tuple[str, str, str], Skin] = {}
        self._soup: dict[str, tuple[NDArray[np.integer], Array]] = {}

    def is_space(self, name: str) -> bool:
        """Whether a place is in the space before the body."""
        return name in self._places["space"]

    def bone(self, name: str, side: str) -> str:
        """Joint that carries a place on the body as the hand of `side` sees it."""
        return self._full_name(self._places["body"][name]["bone"], side, "body")

    def body(self, name: str, side: str) -> Skin:
        """A place on the body as the hand of `side` sees it."""
        return self._get("body", name, side)

    def hand(self, name: str, side: str) -> Skin:
        """A point of the hand or arm of `side`."""
        return self._get("hand", name, side)

    def space(self, name: str, side: str) -> Array:
        """(3,) place in the space before the resting body."""
        place = self._places["space"][name]
        out, up, forward = place.get("arm", (0.0, 0.0, 0.0))
        arm = self.rig.arms[side]
        return self._start(place, side) + arm.length * np.array([out * arm.sign, up, forward])

    def _get(self, group: str, name: str, side: str) -> Skin:
        key = (group, name, side)
        if key not in self._skins:
            self._skins[key] = self._find(group, name, side)
        return self._skins[key]

    def _find(self, group: str, name: str, side: str) -> Skin:
        place = self._places[group][name]
        if "mean" in place:
            return Skin.join([self.hand(p, side) for p in place["mean"]]).mean()
        if "ray" not in place:
            marks = [MARKS.get(self._full_name(n, side, group)) for n in place["start"]]
            if len(marks) == 1 and marks[0] is not None:
                return self.rig.bind(np.array([[marks[0]]]), np.ones((1, 1)))
            joint = JOINT_INDEX[self._full_name(place["bone"], side, group)]
            return self.rig.bind_point(self._start(place, side, group), joint)
        start = self._start(place, side, group)
        hit = self._cast(start, self._ray(place["ray"], group, side), side if group == "hand" else "body")
        if hit is None:
            raise ValueError(
                f"The place {group}.{name} isn't on this body model: a ray from its start meets no skin within "
                f"{RAY_LENGTH * 100:.0f} cm. Check `start` and `ray` in locations.toml, or that the model is whole."
            )
        return self.rig.bind(hit[0][None], hit[1][None])

    def _ray(self, ray: list[float], group: str, side: str) -> Array:
        arm = self.rig.arms[side]
        if group == "hand":
            hand = self.rig.hands[side]
            vector = ray[0] * arm.fingers + ray[1] * arm.palm + ray[2] * hand.radial
        else:
            vector = np.array([ray[0] * arm.sign, ray[1], ray[2]])
        return vector / np.linalg.norm(vector)

    def _full_name(self, name: str, side: str, group: str) -> str:
        if group == "hand":
            return f"{side}_{name}"
        return name.replace("same_", f"{side}_").replace("other_", f"{other_side(side)}_")

    def _start(self, place: Mapping[str, Any], side: str, group: str = "body") -> Array:
        point = self._blend(place["start"], side, group)
        if "height" in place:
            point[1] = self._blend(place["height"], side, group)[1]
        return point

    def _blend(self, blend: Mapping[str, float], side: str, group: str) -> Array:
        return np.sum([w * self._point(self._full_name(n, side, group)) for n, w in blend.items()], axis=0)

    def _point(self, name: str) -> Array:
        if name == "eyes":
            return 0.5 * (self._point("left_eye_smplhf") + self._point("right_eye_smplhf"))
        if name in MARKS:
            return self.rig.vertices[MARKS[name]]
        return self.rig.joints[JOINT_INDEX[name]]

    def _faces(self, part: str) -> tuple[NDArray[np.integer], Array]:
        """Faces that a ray may hit, and their corners (F, 3, 3): one arm, or the body without its arms."""
        if part not in self._soup:
            if part == "body":
                limbs = [j for side in SIDES for j in arm_joints(side)[1:]]
                keep = ~np.isin(self.rig.bone, limbs)
            else:
                keep = np.isin(self.rig.bone, arm_joints(part))
            faces = self.rig.faces[keep[self.rig.faces].all(axis=1)]
            self._soup[part] = faces, self.rig.vertices[faces]
        return self._soup[part]

    def _cast(self, start: Array, ray: Array, part: str) -> tuple[NDArray[np.integer], Array] | None:
        """Vertices (3,) and barycentric weights (3,) of the outermost face on a ray (Moeller & Trumbore 1997)."""
        faces, corners = self._faces(part)
        away = corners[:, 0] - start
        along = away @ ray
        near = np.abs(along - RAY_LENGTH / 2) < RAY_LENGTH / 2 + 0.05
        near &= np.sum(away**2, axis=1) - along**2 < 0.05**2
        faces, corners = faces[near], corners[near]
        a, b = corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0]
        p = np.cross(ray, b)
        determinant = np.sum(a * p, axis=1)
        safe = np.where(np.abs(determinant) < 1e-15, 1.0, determinant)
        t0 = start - corners[:, 0]
        u = np.sum(t0 * p, axis=1) / safe
        q = np.cross(t0, a)
        v = q @ ray / safe
        distance = np.sum(b * q, axis=1) / safe
        hit = (np.abs(determinant) > 1e-15) & (u >= -1e-6) & (v >= -1e-6) & (u + v <= 1 + 1e-6)
        hit &= (distance > 0.0) & (distance <= RAY_LENGTH)
        if not hit.any():
            return None
        i = int(np.argmax(np.where(hit, distance, -1.0)))
        return faces[i], np.array([1.0 - u[i] - v[i], u[i], v[i]])
