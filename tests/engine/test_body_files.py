"""Body-model files: users' SMPL-X files load, wrong and damaged ones are refused by name, none can run code."""

import os
from pathlib import Path

import numpy as np
import pytest
from user_bodies import as_chumpy, as_sparse_columns, body_arrays, foreign_classes, write_npz, write_pickle

from engine.__main__ import main
from engine.body import EMBEDDED_AVATAR, BodyModel, BodyModelError


def test_npz_and_pickle_of_one_body_skin_alike(tmp_path: Path) -> None:
    arrays = body_arrays()
    poses = np.random.default_rng(1).normal(scale=0.4, size=(3, 165))
    with foreign_classes() as (chumpy, sparse):
        content = {
            **arrays,
            "shapedirs": as_chumpy(chumpy, arrays["shapedirs"]),
            "J_regressor": as_sparse_columns(sparse, arrays["J_regressor"]),
        }
        pickled = write_pickle(tmp_path / "SMPLX_MALE.pkl", content)
    from_npz = BodyModel.load(write_npz(tmp_path / "SMPLX_MALE.npz", arrays))
    from_pickle = BodyModel.load(pickled)
    assert from_pickle.gender == from_npz.gender == "male"
    np.testing.assert_allclose(
        from_pickle.skin(poses, betas=np.ones(10)), from_npz.skin(poses, betas=np.ones(10)), atol=1e-6
    )


def test_python_2_pickles_load(tmp_path: Path) -> None:
    arrays = body_arrays()
    pickled = write_pickle(tmp_path / "SMPLX_NEUTRAL.pkl", arrays, protocol=0)
    assert BodyModel.load(pickled).vertex_count == len(arrays["v_template"])


def test_square_sparse_matrices_are_not_transposed(tmp_path: Path) -> None:
    arrays = body_arrays(correctives=False)
    count = 55
    arrays = {
        **arrays,
        "v_template": arrays["v_template"][:count],
        "shapedirs": arrays["shapedirs"][:count],
        "weights": arrays["weights"][:count],
        "f": arrays["f"][: count - 2],
    }
    regressor = np.triu(np.ones((55, count)))
    regressor /= regressor.sum(axis=1, keepdims=True)
    with foreign_classes() as (_, sparse):
        pickled = write_pickle(tmp_path / "a.pkl", {**arrays, "J_regressor": as_sparse_columns(sparse, regressor)})
    np.testing.assert_allclose(BodyModel.load(pickled).joint_regressor, regressor, atol=1e-6)


def test_full_files_take_expressions_from_behind_300_shapes(tmp_path: Path) -> None:
    arrays = body_arrays(shapes=400, correctives=False)
    model = BodyModel.load(write_npz(tmp_path / "SMPLX_FEMALE.npz", arrays))
    np.testing.assert_allclose(model.shape_directions, arrays["shapedirs"][:, :, :10], atol=1e-7)
    np.testing.assert_allclose(model.expression_directions, arrays["shapedirs"][:, :, 300:310], atol=1e-7)


def test_files_without_correctives_or_hand_means_load(tmp_path: Path) -> None:
    arrays = {k: v for k, v in body_arrays(correctives=False).items() if not k.startswith("hands_")}
    model = BodyModel.load(write_npz(tmp_path / "locked_head.npz", arrays))
    assert model.pose_blend is None
    assert not model.hand_means.any()


def test_object_arrays_beside_the_numbers_do_no_harm(tmp_path: Path) -> None:
    extra = np.array({"pelvis": 0, "left_hip": 1}, dtype=object)
    path = write_npz(tmp_path / "SMPLX_NEUTRAL.npz", {**body_arrays(), "joint2num": extra})
    assert BodyModel.load(path).gender == "neutral"


def test_the_exported_avatar_is_a_plain_smplx_file_that_moves_alike(tmp_path: Path) -> None:
    path = tmp_path / "SMPLX_NEUTRAL.npz"
    assert main(["export-body", str(path)]) == 0
    avatar, exported = BodyModel.load(EMBEDDED_AVATAR), BodyModel.load(path)
    poses = np.random.default_rng(4).normal(scale=0.3, size=(2, 165))
    betas, face = np.linspace(-1, 1, 10), np.linspace(0, 1, 10)
    np.testing.assert_allclose(
        exported.skin(poses, None, betas, face), avatar.skin(poses, None, betas, face), atol=1e-6
    )
    assert exported.surface is None


def test_the_avatar_is_exported_to_npz_only(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export-body", str(tmp_path / "SMPLX_NEUTRAL.pkl")]) == 1
    assert "isn't an .npz file" in capsys.readouterr().err


@pytest.mark.parametrize("key", ["v_template", "f", "shapedirs", "J_regressor", "kintree_table", "weights"])
def test_a_missing_key_is_named(tmp_path: Path, key: str) -> None:
    arrays = body_arrays()
    del arrays[key]
    with pytest.raises(BodyModelError, match=f"'{key}' is missing"):
        BodyModel.load(write_npz(tmp_path / "body.npz", arrays))


@pytest.mark.parametrize(
    ("key", "wrong"),
    [
        ("v_template", np.zeros((275, 2))),
        ("shapedirs", np.zeros((274, 3, 20))),
        ("shapedirs", np.zeros((275, 3, 8))),
        ("J_regressor", np.zeros((24, 275))),
        ("weights", np.zeros((275, 24))),
        ("posedirs", np.zeros((275, 3, 207))),
        ("hands_meanl", np.zeros(12)),
    ],
)
def test_a_wrong_shape_is_named(tmp_path: Path, key: str, wrong: np.ndarray) -> None:
    with pytest.raises(BodyModelError, match=key) as caught:
        BodyModel.load(write_npz(tmp_path / "body.npz", {**body_arrays(), key: wrong}))
    assert "body.npz" in str(caught.value)


def test_other_models_are_recognised(tmp_path: Path) -> None:
    smpl = {**body_arrays(), "kintree_table": np.zeros((2, 24), dtype=int)}
    with pytest.raises(BodyModelError, match="24 joints: an SMPL model"):
        BodyModel.load(write_npz(tmp_path / "SMPL.npz", smpl))


@pytest.mark.parametrize(
    ("key", "change", "complaint"),
    [
        ("v_template", lambda a: np.where(a > 0, np.nan, a), "aren't finite"),
        ("f", lambda a: a + 1000, "there are 275 vertices"),
        ("weights", lambda a: a * 2, "don't sum to 1"),
        ("kintree_table", lambda a: a[:, ::-1], "joint tree"),
    ],
)
def test_impossible_values_are_named(tmp_path: Path, key: str, change, complaint: str) -> None:
    arrays = body_arrays()
    with pytest.raises(BodyModelError, match=complaint):
        BodyModel.load(write_npz(tmp_path / "body.npz", {**arrays, key: change(arrays[key])}))


def test_broken_and_foreign_files_are_refused(tmp_path: Path) -> None:
    cut = tmp_path / "cut.npz"
    cut.write_bytes(EMBEDDED_AVATAR.read_bytes()[:5000])
    text = tmp_path / "text.pkl"
    text.write_text("hello")
    for path in (cut, text, tmp_path / "absent.npz", write_pickle(tmp_path / "list.pkl", [1, 2])):
        with pytest.raises(BodyModelError, match=path.name):
            BodyModel.load(path)
    with pytest.raises(BodyModelError, match=r"\.npz or \.pkl"):
        BodyModel.load(tmp_path / "body.fbx")


class _Attack:
    def __init__(self, marker: Path) -> None:
        self._marker = marker

    def __reduce__(self):
        return os.mkdir, (str(self._marker),)


def test_a_pickle_that_wants_to_run_code_is_refused(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    path = write_pickle(tmp_path / "SMPLX_NEUTRAL.pkl", {**body_arrays(), "extra": _Attack(marker)})
    with pytest.raises(BodyModelError, match="refused"):
        BodyModel.load(path)
    assert not marker.exists()


def test_code_hidden_in_an_npz_is_refused(tmp_path: Path) -> None:
    marker = tmp_path / "ran"
    hidden = np.array([_Attack(marker)], dtype=object)
    path = write_npz(tmp_path / "SMPLX_NEUTRAL.npz", {**body_arrays(), "extra": hidden})
    with pytest.raises(BodyModelError, match="refused"):
        BodyModel.load(path)
    assert not marker.exists()


def test_an_avatar_of_another_version_says_so(tmp_path: Path) -> None:
    with np.load(EMBEDDED_AVATAR) as data:
        newer = {**data, "format": np.array("signwright-avatar-99")}
    with pytest.raises(BodyModelError, match="signwright-avatar-99"):
        BodyModel.load(write_npz(tmp_path / "avatar.npz", newer))
