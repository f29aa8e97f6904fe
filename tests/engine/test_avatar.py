"""The embedded avatar: SMPL-X's rest pose, a symmetric body, arms that keep their volume, a face that moves."""

import numpy as np
import pytest

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.skeleton import EXPRESSION_NAMES, JOINT_INDEX, MIRROR, POSE_SIZE

# Left side, whole degrees: elevation above horizontal, angle forward of +x. Measured on SMPL-X's rest pose.
REST_DIRECTIONS = {
    ("shoulder", "elbow"): (-11, -7),
    ("elbow", "wrist"): (2, -2),
    ("wrist", "middle1"): (-4, -2),
    ("index1", "index2"): (4, 5),
    ("index2", "index3"): (-6, 0),
    ("middle1", "middle2"): (1, -7),
    ("middle2", "middle3"): (-5, -10),
    ("ring1", "ring2"): (3, -11),
    ("ring2", "ring3"): (-4, -17),
    ("pinky1", "pinky2"): (-3, -38),
    ("pinky2", "pinky3"): (-5, -36),
    ("thumb1", "thumb2"): (2, 56),
    ("thumb2", "thumb3"): (-11, 37),
}


@pytest.fixture(scope="module")
def avatar() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)


def pose_of(joint: str, degrees: tuple[float, float, float]) -> np.ndarray:
    pose = np.zeros(POSE_SIZE)
    first = 3 * JOINT_INDEX[joint]
    pose[first : first + 3] = np.radians(degrees)
    return pose


def vertices_of(model: BodyModel, *materials: str) -> np.ndarray:
    wanted = [model.surface.material_names.index(m) for m in materials]
    return np.unique(model.faces[np.isin(model.surface.face_materials, wanted)])


@pytest.mark.parametrize(("ends", "wanted"), REST_DIRECTIONS.items(), ids=map("-".join, REST_DIRECTIONS))
@pytest.mark.parametrize("side", ["left", "right"])
def test_rest_bones_point_as_in_smplx(avatar: BodyModel, side: str, ends, wanted) -> None:
    start, end = (avatar.joints()[JOINT_INDEX[f"{side}_{name}"]] for name in ends)
    x, y, z = (end - start) / np.linalg.norm(end - start) * [1 if side == "left" else -1, 1, 1]
    assert np.degrees(np.arcsin(y)) == pytest.approx(wanted[0], abs=0.5)
    assert np.degrees(np.arctan2(z, x)) == pytest.approx(wanted[1], abs=0.5)


def test_proportions_are_those_of_smplx_neutral_body(avatar: BodyModel) -> None:
    joints = dict(zip(JOINT_INDEX, avatar.joints(), strict=True))
    assert np.linalg.norm(joints["left_shoulder"] - joints["left_elbow"]) == pytest.approx(0.27, abs=0.005)
    assert np.linalg.norm(joints["left_elbow"] - joints["left_wrist"]) == pytest.approx(0.25, abs=0.005)
    skin = avatar.template[vertices_of(avatar, "skin", "suit")]
    assert np.ptp(skin[:, 1]) == pytest.approx(1.70, abs=0.02)
    np.testing.assert_allclose(joints["pelvis"], [0, -0.351, 0.012], atol=0.001)


def test_body_and_joints_are_symmetric(avatar: BodyModel) -> None:
    joints = avatar.joints()
    np.testing.assert_allclose(joints[list(MIRROR)], joints * [-1, 1, 1], atol=1e-5)
    body = avatar.template[vertices_of(avatar, "skin", "suit", "teeth", "tongue")]
    for point in body[::11] * [-1, 1, 1]:
        assert np.abs(body - point).max(axis=1).min() < 1e-4


def test_the_spine_runs_inside_the_trunk(avatar: BodyModel) -> None:
    for name in ("spine1", "spine2", "spine3"):
        x, y, z = avatar.joints()[JOINT_INDEX[name]]
        trunk = avatar.template[(np.abs(avatar.template[:, 0] - x) < 0.03) & (np.abs(avatar.template[:, 1] - y) < 0.02)]
        assert trunk[:, 2].min() + 0.03 < z < trunk[:, 2].max() - 0.03


def test_nothing_hangs_off_joints_that_do_not_carry_it(avatar: BodyModel) -> None:
    assert np.allclose(avatar.weights.sum(axis=1), 1, atol=1e-5)
    eyes = avatar.weights[vertices_of(avatar, "eye")]
    both = eyes[:, [JOINT_INDEX["left_eye_smplhf"], JOINT_INDEX["right_eye_smplhf"]]]
    np.testing.assert_allclose(both.max(axis=1), 1, atol=1e-5)
    hands = avatar.template[:, 0] > 0.8
    below_wrist = [i for name, i in JOINT_INDEX.items() if name.startswith("left_") and i >= 25]
    assert avatar.weights[hands][:, [JOINT_INDEX["left_wrist"], *below_wrist]].sum(axis=1).min() > 0.99


def limb_areas(model: BodyModel, vertices: np.ndarray, start: str, end: str, shares: np.ndarray) -> np.ndarray:
    """Cross-section area of a limb of the rest pose after posing, at shares of the way between two joints."""
    a, b = (model.joints()[JOINT_INDEX[j]] for j in (start, end))
    axis = b - a
    along = (model.template - a) @ axis / (axis @ axis)
    away = np.linalg.norm(model.template - a - along[:, None] * axis, axis=1)
    areas = []
    for share in shares:
        ring = (np.abs(along - share) < 0.03) & (away < 0.08)
        points = vertices[ring]
        spread = np.linalg.svd(points - points.mean(axis=0), compute_uv=False) / np.sqrt(len(points))
        areas.append(spread[0] * spread[1])
    return np.array(areas)


@pytest.mark.parametrize("twist", [-90, 90])
@pytest.mark.parametrize(("joint", "start", "end"), [("wrist", "elbow", "wrist"), ("elbow", "elbow", "wrist")])
@pytest.mark.parametrize("side", ["left", "right"])
def test_twist_keeps_the_thickness_of_the_forearm(avatar: BodyModel, side, joint, start, end, twist) -> None:
    shares = np.linspace(0.05, 1.0, 12)
    names = f"{side}_{start}", f"{side}_{end}"
    rest = limb_areas(avatar, avatar.template, *names, shares)
    turned = avatar.skin(pose_of(f"{side}_{joint}", (twist, 0, 0)))[0]
    plain = BodyModel(**{**vars_of(avatar), "pose_blend": None}).skin(pose_of(f"{side}_{joint}", (twist, 0, 0)))[0]
    kept = limb_areas(avatar, turned, *names, shares) / rest
    assert kept.min() > 0.8
    assert kept.min() > (limb_areas(avatar, plain, *names, shares) / rest).min() + 0.05


def vars_of(model: BodyModel) -> dict:
    return {name: value for name, value in vars(model).items() if not name.startswith("_")}


def test_bending_the_elbow_keeps_its_thickness(avatar: BodyModel) -> None:
    bent = avatar.skin(pose_of("left_elbow", (0, -120, 0)))[0]
    joint = avatar.joints()[JOINT_INDEX["left_elbow"]]
    near = np.linalg.norm(avatar.template - joint, axis=1) < 0.06
    behind = near & (avatar.template[:, 2] < joint[2] - 0.02)
    assert np.linalg.norm(bent[behind] - joint, axis=1).min() > 0.015


REGIONS = {
    # metres relative to the middle between the eyes: (lowest, highest) of what a unit moves most
    "brows": (0.005, 0.07),
    "eyes": (-0.035, 0.03),
    "nose": (-0.06, 0.03),
    "mouth": (-0.13, -0.03),
    "cheeks": (-0.11, -0.01),
}
UNIT_REGION = {
    **{n: "mouth" for n in EXPRESSION_NAMES if n.startswith("mouth_")},
    **dict.fromkeys(("smile", "frown", "pucker", "lips_pressed", "tongue_out", "lower_lip_out"), "mouth"),
    **dict.fromkeys(("brows_up", "brows_down", "brows_inner_up"), "brows"),
    **dict.fromkeys(("eyes_wide", "eyes_closed", "squint"), "eyes"),
    "cheek_puff": "cheeks",
    "nose_wrinkle": "nose",
}


def test_every_face_unit_has_its_region() -> None:
    assert set(UNIT_REGION) == set(EXPRESSION_NAMES)


@pytest.mark.parametrize("unit", EXPRESSION_NAMES)
def test_face_units_move_the_right_region_and_nothing_else(avatar: BodyModel, unit: str) -> None:
    assert avatar.expression_names == EXPRESSION_NAMES
    deltas = avatar.expression_directions[:, :, EXPRESSION_NAMES.index(unit)]
    size = np.linalg.norm(deltas, axis=1)
    eyes = avatar.joints()[[JOINT_INDEX["left_eye_smplhf"], JOINT_INDEX["right_eye_smplhf"]]].mean(axis=0)
    assert 0.003 < size.max() < 0.06
    most = avatar.template[size > 0.6 * size.max()]
    low, high = REGIONS[UNIT_REGION[unit]]
    height = most[:, 1].mean() - eyes[1]
    assert low < height < high
    head = JOINT_INDEX["neck"]
    assert size[avatar.template[:, 1] < avatar.joints()[head][1] - 0.02].max(initial=0) < 0.002
    assert size[vertices_of(avatar, "suit", "eye")].max() < 0.001


@pytest.mark.parametrize("unit", EXPRESSION_NAMES)
def test_face_units_do_not_shift_joints(avatar: BodyModel, unit: str) -> None:
    face = np.zeros(len(EXPRESSION_NAMES))
    face[EXPRESSION_NAMES.index(unit)] = 1
    assert np.abs(avatar.joints(expression=face) - avatar.joints()).max() < 1e-4


def lid_gap(model: BodyModel, unit: str) -> float:
    """Height of the open left eye in metres: how far a ray net from the front still meets the eyeball first."""
    face = np.zeros(len(EXPRESSION_NAMES))
    if unit:
        face[EXPRESSION_NAMES.index(unit)] = 1
    vertices = model.rest_vertices(expression=face)
    eye = model.joints()[JOINT_INDEX["left_eye_smplhf"]]
    skin = model.faces[model.surface.face_materials == model.surface.material_names.index("skin")]
    near = skin[(np.abs(vertices[skin] - eye).max(axis=(1, 2)) < 0.035)]
    ball = vertices[vertices_of(model, "eye")]
    radius = np.ptp(ball[ball[:, 0] > 0][:, 0]) / 2
    heights = np.linspace(-0.012, 0.012, 97)
    seen = 0
    for height in heights:
        front = eye[2] + np.sqrt(max(radius**2 - height**2, 0))
        seen += not covered(vertices[near], eye[0], eye[1] + height, front - 0.002)
    return seen * (heights[1] - heights[0])


def covered(triangles: np.ndarray, x: float, y: float, behind: float) -> bool:
    """Whether a triangle crosses the line (x, y) before the depth `behind`."""
    a, b, c = (triangles[:, k] for k in range(3))
    d = (b[:, 1] - c[:, 1]) * (a[:, 0] - c[:, 0]) + (c[:, 0] - b[:, 0]) * (a[:, 1] - c[:, 1])
    d = np.where(np.abs(d) < 1e-14, np.inf, d)
    u = ((b[:, 1] - c[:, 1]) * (x - c[:, 0]) + (c[:, 0] - b[:, 0]) * (y - c[:, 1])) / d
    v = ((c[:, 1] - a[:, 1]) * (x - c[:, 0]) + (a[:, 0] - c[:, 0]) * (y - c[:, 1])) / d
    depth = u * a[:, 2] + v * b[:, 2] + (1 - u - v) * c[:, 2]
    return bool(((u >= 0) & (v >= 0) & (u + v <= 1) & (depth > behind)).any())


def test_eyes_close_fully_and_open_wider(avatar: BodyModel) -> None:
    rest = lid_gap(avatar, "")
    assert 0.005 < rest < 0.014
    assert lid_gap(avatar, "eyes_closed") == 0
    assert lid_gap(avatar, "eyes_wide") > 1.25 * rest
    assert 0 < lid_gap(avatar, "squint") < 0.7 * rest


def test_mouthing_units_differ_visibly(avatar: BodyModel) -> None:
    names = [n for n in EXPRESSION_NAMES if n.startswith("mouth_")]
    columns = [avatar.expression_directions[:, :, EXPRESSION_NAMES.index(n)] for n in names]
    for i, first in enumerate(columns):
        for second in columns[:i]:
            assert np.linalg.norm(first - second, axis=1).max() > 0.004


def test_lids_follow_the_eyes(avatar: BodyModel) -> None:
    assert avatar.pose_blend is not None
    for degrees, direction in ((15, -1), (-15, 1)):
        moved = avatar.skin(pose_of("left_eye_smplhf", (degrees, 0, 0)))[0] - avatar.template
        skin = vertices_of(avatar, "skin")
        lids = skin[
            np.linalg.norm(avatar.template[skin] - avatar.joints()[JOINT_INDEX["left_eye_smplhf"]], axis=1) < 0.03
        ]
        assert direction * moved[lids, 1][np.argmax(np.abs(moved[lids, 1]))] > 0.0015


def test_shapes_do_what_their_names_say(avatar: BodyModel) -> None:
    def height(name: str, amount: float) -> float:
        betas = np.zeros(len(avatar.shape_names))
        betas[avatar.shape_names.index(name)] = amount
        return float(np.ptp(avatar.rest_vertices(betas)[:, 1]))

    assert len(avatar.shape_names) == 10
    assert height("height", 1) > height("height", 0) + 0.03
    assert height("masculinity", 1) > height("masculinity", -1)
    betas = np.zeros(10)
    betas[avatar.shape_names.index("hand_scale")] = 2

    def hand(joints: np.ndarray) -> float:
        return float(np.linalg.norm(joints[JOINT_INDEX["left_middle3"]] - joints[JOINT_INDEX["left_wrist"]]))

    assert hand(avatar.joints(betas)) > 1.03 * hand(avatar.joints())


def test_materials_and_layout_cover_every_face(avatar: BodyModel) -> None:
    surface = avatar.surface
    assert {"skin", "suit", "eye", "teeth", "tongue", "hair"} <= set(surface.material_names)
    assert surface.face_materials.max() < len(surface.material_names)
    quads = avatar.faces[: 2 * surface.quad_count]
    assert (quads[::2, 0] == quads[1::2, 0]).all()
    assert (quads[::2, 2] == quads[1::2, 1]).all()
    assert np.isfinite(surface.face_uvs).all()
    assert np.unique(avatar.faces).size == avatar.vertex_count


def test_the_shipped_file_stays_small() -> None:
    assert EMBEDDED_AVATAR.stat().st_size < 2.5e6
