"""The avatar in the `smplx` package: its own reader and skinning agree with ours."""

from pathlib import Path

import numpy as np
import pytest

from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.skeleton import POSE_SIZE

smplx = pytest.importorskip("smplx", reason="the smplx package isn't installed (tests/requirements/torch.txt)")
joint_names = pytest.importorskip("smplx.joint_names", reason="the smplx package isn't installed")
torch = pytest.importorskip("torch", reason="the smplx package needs PyTorch")

pytestmark = pytest.mark.smplx

POSES = 20
TOLERANCE = 1e-5
"""Metres."""


@pytest.fixture(scope="module")
def avatar() -> BodyModel:
    return BodyModel.load(EMBEDDED_AVATAR)


@pytest.fixture(scope="module")
def exported(avatar: BodyModel, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("models")
    (folder / "smplx").mkdir()
    avatar.save_smplx_npz(folder / "smplx" / "SMPLX_NEUTRAL.npz")
    return folder


def create(folder: Path, **options):
    settings = {"model_type": "smplx", "gender": "neutral", "ext": "npz", "num_betas": 10, "num_expression_coeffs": 10}
    return smplx.create(str(folder), **{**settings, "batch_size": POSES, **options})


def as_arguments(poses: np.ndarray, **more: np.ndarray) -> dict:
    parts = np.split(poses, [3, 66, 69, 72, 75, 120], axis=1)
    keys = ("global_orient", "body_pose", "jaw_pose", "leye_pose", "reye_pose", "left_hand_pose", "right_hand_pose")
    given = {**dict(zip(keys, parts, strict=True)), **more}
    return {key: torch.tensor(value, dtype=torch.float32) for key, value in given.items()}


def random_motion() -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(20)
    poses = rng.normal(scale=0.4, size=(POSES, POSE_SIZE)).astype(np.float32)
    trans = rng.normal(size=(POSES, 3)).astype(np.float32)
    return poses, trans, rng.normal(size=10), rng.uniform(size=(POSES, 10))


def test_joints_and_vertices_agree_over_random_poses(avatar: BodyModel, exported: Path) -> None:
    poses, trans, betas, faces = random_motion()
    model = create(exported, use_pca=False, flat_hand_mean=True)
    output = model(**as_arguments(poses, transl=trans, betas=np.tile(betas, (POSES, 1)), expression=faces))
    vertices = output.vertices.detach().numpy()
    joints = output.joints[:, :55].detach().numpy()
    assert np.abs(avatar.skin(poses, trans, betas, faces) - vertices).max() < TOLERANCE
    assert np.abs(avatar.forward_kinematics(poses, trans, betas, faces)[..., :3, 3] - joints).max() < TOLERANCE


def test_keypoints_that_the_package_reads_off_vertices_are_those_points(avatar: BodyModel, exported: Path) -> None:
    output = create(exported, use_pca=False, flat_hand_mean=True)(**as_arguments(np.zeros((POSES, POSE_SIZE))))
    names = joint_names.JOINT_NAMES
    place = dict(zip(names, output.joints[0].detach().numpy(), strict=False))
    joint = dict(zip(names[:55], avatar.joints(), strict=True))
    assert place["nose"][2] > max(joint["left_eye_smplhf"][2], joint["head"][2])
    assert abs(place["nose"][0]) < 0.003
    for side, sign in (("left", 1), ("right", -1)):
        for finger in ("thumb", "index", "middle", "ring", "pinky"):
            last = joint[f"{side}_{finger}3"] - joint[f"{side}_{finger}2"]
            tip = place[f"{side}_{finger}"] - joint[f"{side}_{finger}3"]
            assert 0.01 < np.linalg.norm(tip) < 0.045
            assert tip @ last > 0.8 * np.linalg.norm(tip) * np.linalg.norm(last)
        assert sign * place[f"{side}_ear"][0] > sign * joint[f"{side}_eye_smplhf"][0] + 0.02
        assert np.linalg.norm(place[f"{side}_eye"] - joint[f"{side}_eye_smplhf"]) < 0.03
        assert place[f"{side}_heel"][2] < joint[f"{side}_ankle"][2] < place[f"{side}_big_toe"][2]
        assert sign * place[f"{side}_small_toe"][0] > sign * place[f"{side}_big_toe"][0]


def test_principal_components_and_face_contour_load_too(exported: Path) -> None:
    model = create(exported, use_pca=True, num_pca_comps=12, use_face_contour=True)
    output = model(left_hand_pose=torch.zeros(POSES, 12), right_hand_pose=torch.zeros(POSES, 12))
    assert output.joints.shape == (POSES, 144, 3)
    landmarks = output.joints[0, 76:].detach().numpy()
    # the static landmarks: right side of the face first, as in SMPL-X
    brows = landmarks[:10]
    assert (np.diff(brows[:, 0]) > 0).all()
    assert landmarks[:, 2].min() > 0.0
