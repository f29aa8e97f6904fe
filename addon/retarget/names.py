"""Which bone of a humanoid skeleton is which joint: by names where rigs agree, by the hierarchy where they don't.

Rigs agree on what they call hands, feet, head and fingers; "shoulder" is the collarbone for one and the upper arm for
the other. So only the ends are found by name, and what lies between them by the chain that leads to them. No bpy here.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

_PREFIX = re.compile(
    r"^(mixamorig\d*|character\d*|bip\d*|cc_base|valvebiped|def|org|rig|armature)[\W_]+", re.IGNORECASE
)
_TOKEN = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_SIDES = {"left": "left", "l": "left", "lft": "left", "right": "right", "r": "right", "rgt": "right"}
_FINGERS = {
    "thumb": "thumb", "index": "index", "pointer": "index", "middle": "middle", "mid": "middle", "ring": "ring",
    "pinky": "pinky", "pinkie": "pinky", "little": "pinky", "pink": "pinky",
}  # fmt: skip
_HAND = {"hand", "wrist"}
_FOOT = {"foot", "ankle"}
_NO_JOINT = {"twist", "roll", "end", "nub", "tip", "ik", "pole", "target", "helper", "ctrl", "control", "share", "prop"}
_PALM_BONES = {"metacarpal", "meta", "carpal", "palm"}
_JOINED = re.compile(r"(fore|lower|upper|up)(arm|leg)|(left|right)(?=[a-z])", re.IGNORECASE)


class NoHumanoid(ValueError):
    """A skeleton in which the joints that signing needs can't be found; the message says which and what there is."""


@dataclass(frozen=True)
class BoneName:
    """What a bone's name tells."""

    side: str
    words: frozenset[str]

    @classmethod
    def read(cls, name: str) -> BoneName:
        """Take a name apart: `mixamorig:LeftHandIndex1`, `DEF-f_index.01.L`, `hand_r`, `Bip01 L Forearm`."""
        plain = _PREFIX.sub("", name.rsplit(":", 1)[-1])
        spaced = _JOINED.sub(lambda m: f" {m[0]} ", plain)
        words = [w.lower() for w in _TOKEN.findall(spaced)]
        side = next((_SIDES[w] for w in words if w in _SIDES), "")
        return cls(side, frozenset(w for w in words if w not in _SIDES))

    @property
    def finger(self) -> str:
        """The finger that it belongs to, or empty."""
        return next((_FINGERS[w] for w in sorted(self.words) if w in _FINGERS), "")


@dataclass(frozen=True)
class Humanoid:
    """Bones of a humanoid skeleton by what they are.

    joints: SMPL-X joint name -> bone, for pelvis, limbs, head and fingers as far as they are there. spine: bones from
    above the pelvis up to the chest. neck: bones between chest and head.
    """

    joints: Mapping[str, str]
    spine: tuple[str, ...]
    neck: tuple[str, ...]
    missing: tuple[str, ...] = field(default=())
    """Parts that the skeleton doesn't have, in words for the user."""


def find_humanoid(parents: Mapping[str, str | None]) -> Humanoid:
    """Find the joints in a skeleton given as bone -> parent. Raises `NoHumanoid` without two arms and a head."""
    return _Finder(parents).find()


class _Finder:
    def __init__(self, parents: Mapping[str, str | None]) -> None:
        self._parents = parents
        self._names = {bone: BoneName.read(bone) for bone in parents}
        self._depth = {bone: len(self._up(bone)) for bone in parents}

    def find(self) -> Humanoid:
        hands = {side: self._end(side, _HAND) for side in ("left", "right")}
        head = self._named({"head"})
        lacking = [f"{side} hand" for side, bone in hands.items() if bone is None] + ([] if head else ["head"])
        if lacking:
            some = ", ".join(list(self._parents)[:8])
            raise NoHumanoid(f"The skeleton has no bone for the {' and the '.join(lacking)}. Its bones: {some} …")
        left, right, top = hands["left"], hands["right"], head
        assert left and right and top
        chest = self._common(left, right)
        feet = {side: self._end(side, _FOOT) for side in ("left", "right")}
        pelvis = self._pelvis(feet, chest)
        joints = {"pelvis": pelvis, "head": top}
        for side, hand in (("left", left), ("right", right)):
            joints |= self._limb(side, hand, chest, ("wrist", "elbow", "shoulder", "collar"), required=3)
            joints |= self._fingers(side, hand)
        for side, foot in feet.items():
            if foot is not None:
                joints |= self._limb(side, foot, pelvis, ("ankle", "knee", "hip"), required=3)
        joints |= self._face(top)
        spine = tuple(reversed(self._between(chest, pelvis)))
        neck = tuple(reversed(self._between(top, chest)[1:]))
        return Humanoid(joints, spine, neck, self._missing(joints, feet))

    def _missing(self, joints: Mapping[str, str], feet: Mapping[str, str | None]) -> tuple[str, ...]:
        fingers = [
            f"{side} {finger} finger" if finger != "thumb" else f"{side} thumb"
            for side in ("left", "right")
            for finger in ("thumb", "index", "middle", "ring", "pinky")
            if f"{side}_{finger}1" not in joints
        ]
        return (*fingers, *(f"{side} leg" for side, foot in feet.items() if foot is None))

    def _up(self, bone: str) -> list[str]:
        """Ancestors, the nearest first. Raises `NoHumanoid` for a loop."""
        chain: list[str] = []
        parent = self._parents[bone]
        while parent is not None:
            if parent in chain:
                raise NoHumanoid(f"The bone {parent} is its own ancestor.")
            chain.append(parent)
            parent = self._parents[parent]
        return chain

    def _candidates(self, words: set[str], side: str = "") -> list[str]:
        found = (b for b, n in self._names.items() if n.side == side and n.words & words and not n.words & _NO_JOINT)
        return sorted((b for b in found if not self._names[b].finger), key=lambda b: self._depth[b])

    def _named(self, words: set[str], side: str = "") -> str | None:
        return next(iter(self._candidates(words, side)), None)

    def _end(self, side: str, words: set[str]) -> str | None:
        """A hand or foot: among bones so named the one that fingers hang from, else the topmost."""
        found = self._candidates(words, side)
        holders = [b for b in found if any(self._names[c].finger and b in self._up(c) for c in self._parents)]
        return next(iter(holders or found), None)

    def _common(self, a: str, b: str) -> str:
        others = self._up(b)
        shared = next((bone for bone in self._up(a) if bone in others), None)
        if shared is None:
            raise NoHumanoid(f"The bones {a} and {b} don't belong to one body.")
        return shared

    def _pelvis(self, feet: Mapping[str, str | None], chest: str) -> str:
        if feet["left"] and feet["right"]:
            return self._common(feet["left"], feet["right"])
        above = [chest, *self._up(chest)]
        named = [b for b in above if self._names[b].words & {"hips", "hip", "pelvis"}]
        return named[0] if named else above[-1]

    def _between(self, bone: str, top: str) -> list[str]:
        """The bone and its ancestors below `top`, the nearest first."""
        chain = [bone, *self._up(bone)]
        return chain[: chain.index(top)] if top in chain else chain

    def _limb(self, side: str, end: str, root: str, names: Sequence[str], required: int) -> dict[str, str]:
        """Joints of an arm or leg, from its end up to the trunk."""
        chain = self._whole(self._between(end, root))
        if len(chain) < required:
            raise NoHumanoid(f"Between {root} and {end} there are too few bones for a limb: {', '.join(chain)}.")
        return {f"{side}_{name}": bone for name, bone in zip(names, chain, strict=False)}

    def _whole(self, chain: list[str]) -> list[str]:
        """The chain without twist bones, and of bones that share a limb's segment only the uppermost."""
        chain = [b for b in chain if not self._names[b].words & {"twist", "roll"}]
        result: list[str] = []
        for bone in chain:
            words = {w for w in self._names[bone].words if not w.isdigit()}
            if result and words == {w for w in self._names[result[-1]].words if not w.isdigit()}:
                result[-1] = bone
            else:
                result.append(bone)
        return result

    def _fingers(self, side: str, hand: str) -> dict[str, str]:
        joints = {}
        below = [b for b in self._parents if hand in self._up(b)]
        for finger in ("thumb", "index", "middle", "ring", "pinky"):
            bones = [b for b in below if self._names[b].finger == finger and not self._names[b].words & _NO_JOINT]
            if finger != "thumb":
                bones = [b for b in bones if not self._names[b].words & _PALM_BONES] or bones
            bones.sort(key=lambda b: self._depth[b])
            joints |= {f"{side}_{finger}{k}": bone for k, bone in zip((1, 2, 3), bones, strict=False)}
        return joints

    def _face(self, head: str) -> dict[str, str]:
        found = {"jaw": self._named({"jaw"})}
        found |= {f"{side}_eye_smplhf": self._named({"eye"}, side) for side in ("left", "right")}
        return {joint: bone for joint, bone in found.items() if bone is not None and head in self._up(bone)}
