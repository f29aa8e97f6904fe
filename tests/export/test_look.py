"""The avatar's look: painting works on any mesh the same way twice, and what ships is small and whole."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.body import EMBEDDED_AVATAR, BodyModel
from export.avatar.look.atlas import ISLANDS, fill_margin, islands, rasterise, skin_uvs
from export.avatar.look.eyes import paint_eye
from export.avatar.look.face import Face, vertex_normals
from export.avatar.look.hair_texture import paint_hair
from export.avatar.look.lashes import quad_grid
from export.avatar.look.noise import fractal_noise, lattice_noise, smoothstep
from export.avatar.look.occlusion import ambient_occlusion, fibonacci_sphere
from export.avatar.look.strokes import Strokes, draw_strokes

ASSETS = EMBEDDED_AVATAR.parent
IMAGES = sorted(ASSETS.glob("avatar_*.jpg")) + sorted(ASSETS.glob("avatar_*.png"))
FACE = Face(
    eyes=(np.array([0.031, 0.0, 0.1]), np.array([-0.031, 0.0, 0.1])),
    eye_radius=0.0155,
    nose_tip=np.zeros(3),
    mouth=np.zeros(3),
    chin=np.zeros(3),
    top=np.zeros(3),
)


def square(size: int = 2) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A flat sheet of size x size quads over the unit square: vertices (N, 3), quads, corner coordinates."""
    line = np.linspace(0, 1, size + 1)
    x, y = (a.ravel() for a in np.meshgrid(line, line))
    vertices = np.stack([x, y, np.zeros_like(x)], axis=1)
    first = (np.arange(size)[:, None] * (size + 1) + np.arange(size)).ravel()
    quads = np.stack([first, first + 1, first + size + 2, first + size + 1], axis=1)
    return vertices, quads, vertices[quads][..., :2]


def patches_at(middles: list[tuple[float, float]]) -> np.ndarray:
    """Corner coordinates (F, 4, 2) of one small square around each middle."""
    corner = 0.004 * np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]])
    return np.array(middles)[:, None, :] + corner


def test_rasterising_gives_each_texel_its_point_on_the_surface() -> None:
    vertices, quads, uvs = square(3)
    texels = rasterise(quads, uvs, 16)
    assert texels.covered.all()
    centre = (np.arange(16) + 0.5) / 16
    points = texels.interpolate(vertices[quads])
    np.testing.assert_allclose(points[:, 0], np.tile(centre, 16), atol=1e-9)
    np.testing.assert_allclose(points[:, 1], np.repeat(centre[::-1], 16), atol=1e-9)


def test_triangles_among_the_quads_are_drawn_too() -> None:
    corners = np.array([[[0.0, 0.0], [1.0, 0.0], [0.0, 1.0], [0.0, 0.0]]])
    texels = rasterise(np.array([[0, 1, 2, -1]]), corners, 16)
    assert texels.covered[-1, 0]
    assert not texels.covered[0, -1]


def test_the_margin_takes_the_nearest_colour() -> None:
    image = np.zeros((4, 4, 1))
    image[:, 0] = 0.7
    covered = np.zeros((4, 4), dtype=bool)
    covered[:, 0] = True
    assert (fill_margin(image, covered) == 0.7).all()


def test_islands_are_found_by_place_and_stay_inside_the_texture() -> None:
    uvs = patches_at([island.centre for island in ISLANDS.values()])
    assert {name: ids.tolist() for name, ids in islands(uvs).items()} == {n: [k] for k, n in enumerate(ISLANDS)}
    moved = skin_uvs(uvs)
    assert moved.min() >= 0
    assert moved.max() <= 1


def test_a_layout_that_is_not_hm08_is_refused() -> None:
    with pytest.raises(ValueError, match="no island"):
        islands(patches_at([(0.95, 0.95)]))
    with pytest.raises(ValueError, match="islands without polygons"):
        islands(patches_at([ISLANDS["head"].centre]))


def test_noise_is_bounded_smooth_and_the_same_every_time() -> None:
    points = np.random.default_rng(1).uniform(-1, 1, size=(4000, 3))
    noise = lattice_noise(points, 0.1, seed=3)
    np.testing.assert_array_equal(noise, lattice_noise(points, 0.1, seed=3))
    assert np.abs(noise).max() <= 1
    assert noise.std() > 0.2
    assert abs(noise.mean()) < 0.1
    assert np.abs(lattice_noise(points + 1e-5, 0.1, seed=3) - noise).max() < 2e-3
    assert np.corrcoef(noise, lattice_noise(points, 0.1, seed=4))[0, 1] < 0.2
    assert np.abs(fractal_noise(points, 0.2, 3, seed=5)).max() <= 1


def test_smoothstep_falls_when_its_ends_are_swapped() -> None:
    x = np.array([0.0, 0.5, 1.0])
    np.testing.assert_allclose(smoothstep(0, 1, x), [0, 0.5, 1])
    np.testing.assert_allclose(smoothstep(1, 0, x), [1, 0.5, 0])


def test_directions_cover_the_sphere_evenly() -> None:
    directions = fibonacci_sphere(200)
    np.testing.assert_allclose(np.linalg.norm(directions, axis=1), 1)
    np.testing.assert_allclose(directions.mean(axis=0), 0, atol=0.01)
    np.testing.assert_allclose(directions.T @ directions / 200, np.eye(3) / 3, atol=0.01)


def test_occlusion_is_open_sky_on_a_plane_half_at_a_wall_and_dark_under_a_lid() -> None:
    grid = np.stack([a.ravel() for a in np.meshgrid(np.linspace(-0.3, 0.3, 301), np.linspace(-0.3, 0.3, 301))], axis=1)
    plane = np.insert(grid, 1, 0.0, axis=1)
    wall = np.insert(grid + np.array([0.0, 0.3]), 2, 0.0, axis=1)
    lid = plane + np.array([0.0, 0.02, 0.0])
    point, up = np.array([[0.0, 0.0, 0.006]]), np.array([[0.0, 1.0, 0.0]])

    def light(*occluders: np.ndarray) -> float:
        return float(ambient_occlusion(point, up, np.concatenate(occluders), directions=300)[0])

    open_sky = light(plane)  # the lowest directions are lost to the grid's coarseness
    assert open_sky > 0.88
    assert light(plane, wall) == pytest.approx(0.5 * open_sky, abs=0.06)
    assert light(plane, lid) < 0.05


def test_strokes_cover_where_they_run_and_nowhere_else() -> None:
    paths = np.array([[[0.25, 0.5], [0.5, 0.5], [0.75, 0.5]]])
    cover = draw_strokes(64, Strokes(paths, np.array([3.0]), np.array([1.0])))
    assert cover[31:33, 20].min() > 0.5
    assert cover[31:33, 44].max() > cover[31:33, 52].min()
    assert cover[:26].max() == cover[38:].max() == 0
    assert cover.max() <= 1


def test_a_sheet_of_quads_becomes_a_grid_in_order() -> None:
    vertices, quads, _ = square(4)
    shuffled = np.random.default_rng(2).permutation(quads)
    grid = quad_grid(shuffled)
    assert grid.shape == (5, 5)
    steps = [np.linalg.norm(np.diff(vertices[grid], axis=k), axis=2) for k in (0, 1)]
    np.testing.assert_allclose(np.concatenate([s.ravel() for s in steps]), 0.25)
    with pytest.raises(ValueError, match="sheet"):
        quad_grid(quads[[0, 3]])


def test_normals_point_out_of_a_sheet_seen_from_the_front() -> None:
    vertices, quads, _ = square(2)
    np.testing.assert_allclose(vertex_normals(vertices, quads), np.tile([0, 0, 1], (9, 1)))


def test_the_eye_has_a_dark_pupil_a_light_white_and_a_highlight_only_in_the_preview() -> None:
    plain, preview = paint_eye(FACE, 128), paint_eye(FACE, 128, highlight=True)
    assert plain[60:68, 60:68].max() < 0.15
    assert plain[64, 10].min() > 0.6
    brighter = np.argwhere((preview - plain).min(axis=2) > 0.5)
    assert len(brighter) > 3
    assert (brighter[:, 0].mean() < 64) and (brighter[:, 1].mean() < 64)
    assert min(plain.min(), preview.min()) >= 0
    assert max(plain.max(), preview.max()) <= 1


def test_hair_wraps_and_is_ragged_at_the_root_only() -> None:
    hair = paint_hair(128)
    assert hair.min() >= 0
    assert hair.max() <= 1
    roots, lengths = hair[126, :, 3], hair[70:110, :, 3]
    assert (roots < 0.1).any()
    assert (lengths > 0.99).all()
    seam = np.abs(hair[:, 0, :3] - hair[:, -1, :3]).mean()
    assert seam <= np.abs(np.diff(hair[..., :3], axis=1)).mean(axis=(0, 2)).max()
    np.testing.assert_array_equal(hair, paint_hair(128))


def test_the_images_that_ship_are_small_square_and_not_blank() -> None:
    assert len(IMAGES) == 6
    assert sum(path.stat().st_size for path in IMAGES) < 1_500_000
    for path in IMAGES:
        image = Image.open(path)
        assert image.width == image.height, path.name
        assert image.width & (image.width - 1) == 0, path.name
        assert np.asarray(image.convert("RGBA").convert("L")).std() > 4, path.name


def mean_colour(model: BodyModel, material: str, image: Path) -> np.ndarray:
    """Mean sRGB colour (3,) of an image at the middles of a material's faces."""
    surface = model.surface
    assert surface is not None
    chosen = surface.face_materials == surface.material_names.index(material)
    middles = surface.face_uvs[chosen].mean(axis=1)
    pixels = np.asarray(Image.open(image).convert("RGB"), dtype=float) / 255
    rows, columns = ((1 - middles[:, 1]) * len(pixels)).astype(int), (middles[:, 0] * len(pixels)).astype(int)
    return pixels[rows, columns].mean(axis=0)


def test_the_avatars_faces_fall_on_the_right_parts_of_its_images() -> None:
    avatar = BodyModel.load(EMBEDDED_AVATAR)
    skin = mean_colour(avatar, "skin", ASSETS / "avatar_skin.jpg")
    suit = mean_colour(avatar, "suit", ASSETS / "avatar_suit.jpg")
    teeth = mean_colour(avatar, "teeth", ASSETS / "avatar_mouth.jpg")
    tongue = mean_colour(avatar, "tongue", ASSETS / "avatar_mouth.jpg")
    assert skin[0] > skin[1] > skin[2]
    assert suit[2] > suit[0]
    assert skin.mean() > suit.mean() + 0.2
    assert teeth[1] > tongue[1]
