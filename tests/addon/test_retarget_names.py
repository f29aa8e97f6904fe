"""Joints are found in the skeletons that people have, whatever they call their bones."""

from __future__ import annotations

import pytest
from signwright.addon.retarget.names import BoneName, NoHumanoid, find_humanoid

FINGERS = ("thumb", "index", "middle", "ring", "pinky")


def chain(*names: str, under: str | None = None) -> dict[str, str | None]:
    """Bones hanging from one another."""
    return dict(zip(names, (under, *names), strict=False))


def body(trunk, arm, leg, finger, palms: str = "") -> dict[str, str | None]:
    """A skeleton: names of the trunk from the hips to the head, of an arm and a leg by side, of a finger's bones."""
    bones = chain(*trunk)
    chest = trunk[-3]
    for side in ("left", "right"):
        names = arm(side)
        bones |= chain(*names, under=chest)
        bones |= chain(*leg(side), under=trunk[0])
        for f in FINGERS:
            own = finger(side, f)
            bones |= chain(*([palms.format(f=f, s=side[0])] if palms and f != "thumb" else []), *own, under=names[-1])
    return bones


_RIGIFY_ARM = ("shoulder.@", "upper_arm.@", "upper_arm.@.001", "forearm.@", "forearm.@.001", "hand.@")

SKELETONS = {
    "Mixamo": body(
        [f"mixamorig:{n}" for n in ("Hips", "Spine", "Spine1", "Spine2", "Neck", "Head")],
        lambda s: [f"mixamorig:{s.title()}{n}" for n in ("Shoulder", "Arm", "ForeArm", "Hand")],
        lambda s: [f"mixamorig:{s.title()}{n}" for n in ("UpLeg", "Leg", "Foot", "ToeBase")],
        lambda s, f: [f"mixamorig:{s.title()}Hand{f.title()}{k}" for k in (1, 2, 3, 4)],
    ),
    "Unreal": body(
        ["pelvis", "spine_01", "spine_02", "spine_03", "neck_01", "head"],
        lambda s: [f"{n}_{s[0]}" for n in ("clavicle", "upperarm", "lowerarm", "hand")],
        lambda s: [f"{n}_{s[0]}" for n in ("thigh", "calf", "foot", "ball")],
        lambda s, f: [f"{f}_0{k}_{s[0]}" for k in (1, 2, 3)],
        palms="{f}_metacarpal_{s}",
    ),
    "Rigify": body(
        ["DEF-spine", "DEF-spine.001", "DEF-spine.002", "DEF-spine.003", "DEF-spine.004", "DEF-head"],
        lambda s: [f"DEF-{n}".replace("@", s[0].upper()) for n in _RIGIFY_ARM],
        lambda s: [f"DEF-{n}.{s[0].upper()}" for n in ("thigh", "shin", "foot", "toe")],
        lambda s, f: [f"DEF-{f if f == 'thumb' else 'f_' + f}.0{k}.{s[0].upper()}" for k in (1, 2, 3)],
    ),
    "BVH": body(
        ["Hips", "Chest", "Chest2", "Neck", "Head"],
        lambda s: [f"{s.title()}{n}" for n in ("Collar", "Shoulder", "Elbow", "Wrist")],
        lambda s: [f"{s.title()}{n}" for n in ("Hip", "Knee", "Ankle")],
        lambda s, f: [f"{s.title()}Finger{f.title()}{k}" for k in (0, 1, 2)],
    ),
    "VRM": body(
        ["hips", "spine", "chest", "upperChest", "neck", "head"],
        lambda s: [f"{s}{n}" for n in ("Shoulder", "UpperArm", "LowerArm", "Hand")],
        lambda s: [f"{s}{n}" for n in ("UpperLeg", "LowerLeg", "Foot", "Toes")],
        lambda s, f: [
            f"{s}{(f if f != 'pinky' else 'little').title()}{n}"
            for n in (("Metacarpal", "Proximal", "Distal") if f == "thumb" else ("Proximal", "Intermediate", "Distal"))
        ],
    ),
    "Biped": body(
        ["Bip01", "Bip01 Spine", "Bip01 Spine1", "Bip01 Neck", "Bip01 Head"],
        lambda s: [f"Bip01 {s[0].upper()} {n}" for n in ("Clavicle", "UpperArm", "Forearm", "ForeTwist", "Hand")],
        lambda s: [f"Bip01 {s[0].upper()} {n}" for n in ("Thigh", "Calf", "Foot", "Toe0")],
        lambda s, f: [f"Bip01 {s[0].upper()} {f.title()}{k}" for k in ("", 1, 2)],
    ),
}


@pytest.mark.parametrize("kind", SKELETONS)
def test_all_joints_of_arms_hands_and_head_are_found(kind: str) -> None:
    found = find_humanoid(SKELETONS[kind])
    assert found.missing == ()
    for side in ("left", "right"):
        for part in ("collar", "shoulder", "elbow", "wrist", "hip", "knee", "ankle"):
            assert f"{side}_{part}" in found.joints
    assert len(set(found.joints.values())) == len(found.joints), "no bone is two joints"


def test_shoulder_is_the_collarbone_for_mixamo_and_the_upper_arm_for_bvh() -> None:
    assert find_humanoid(SKELETONS["Mixamo"]).joints["left_collar"] == "mixamorig:LeftShoulder"
    assert find_humanoid(SKELETONS["BVH"]).joints["left_shoulder"] == "LeftShoulder"


def test_bones_of_the_palm_are_no_finger_joints_but_that_of_the_thumb_is() -> None:
    assert find_humanoid(SKELETONS["Unreal"]).joints["left_index1"] == "index_01_l"
    assert find_humanoid(SKELETONS["VRM"]).joints["right_thumb1"] == "rightThumbMetacarpal"


def test_of_a_split_limb_the_upper_bone_counts() -> None:
    assert find_humanoid(SKELETONS["Rigify"]).joints["right_elbow"] == "DEF-forearm.R"
    assert find_humanoid(SKELETONS["Biped"]).joints["right_elbow"] == "Bip01 R Forearm"


def test_spine_and_neck_lie_between_hips_chest_and_head() -> None:
    found = find_humanoid(SKELETONS["VRM"])
    assert (found.spine, found.neck) == (("spine", "chest", "upperChest"), ("neck",))


def test_what_is_missing_is_told() -> None:
    bones = {b: p for b, p in SKELETONS["Unreal"].items() if "ring" not in b}
    assert find_humanoid(bones).missing == ("left ring finger", "right ring finger")


@pytest.mark.parametrize(
    ("name", "side", "words"),
    [
        ("mixamorig:LeftHandIndex1", "left", {"hand", "index", "1"}),
        ("DEF-f_index.01.L", "left", {"f", "index", "01"}),
        ("hand_r", "right", {"hand"}),
        ("Bip01 L Forearm", "left", {"forearm"}),
        ("RHumerus", "right", {"humerus"}),
        ("Spine1", "", {"spine", "1"}),
    ],
)
def test_names_are_taken_apart(name: str, side: str, words: set[str]) -> None:
    assert BoneName.read(name) == BoneName(side, frozenset(words))


def test_a_skeleton_without_hands_is_refused_with_some_of_its_bones() -> None:
    with pytest.raises(NoHumanoid, match=r"left hand and the right hand and the head.*tail1"):
        find_humanoid(chain("root", "tail1", "tail2"))


def test_a_skeleton_that_hangs_from_itself_is_refused() -> None:
    with pytest.raises(NoHumanoid, match="own ancestor"):
        find_humanoid({"a": "b", "b": "a"})
