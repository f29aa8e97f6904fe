"""Materials of the embedded avatar: made once, packed, and shown by Workbench as by Cycles."""

import shutil
from pathlib import Path

import bpy
import pytest
from signwright.addon.avatar.create import add_avatar
from signwright.addon.avatar.materials import PREFIX, make_materials
from signwright.engine.body import EMBEDDED_AVATAR

ASSETS = EMBEDDED_AVATAR.parent
NAMES = ("skin", "suit", "eye", "teeth", "tongue", "hair", "lash")


def shader_of(material: bpy.types.Material) -> bpy.types.Node:
    return next(n for n in material.node_tree.nodes if n.type == "BSDF_PRINCIPLED")


def base_colour_images(material: bpy.types.Material) -> list[bpy.types.Image]:
    """The images that the base colour is made from."""
    found, nodes = [], [link.from_node for link in shader_of(material).inputs["Base Color"].links]
    while nodes:
        node = nodes.pop()
        found += [node.image] if node.type == "TEX_IMAGE" else []
        nodes += [link.from_node for socket in node.inputs for link in socket.links]
    return found


@pytest.mark.parametrize("name", NAMES)
def test_every_material_is_a_principled_shader_that_reaches_the_output(name: str) -> None:
    material = make_materials([name], ASSETS)[name]
    assert material.name == PREFIX + name
    output = next(n for n in material.node_tree.nodes if n.type == "OUTPUT_MATERIAL")
    assert output.inputs["Surface"].links[0].from_node == shader_of(material)


def test_workbench_shows_the_image_that_colours_the_shader() -> None:
    for name, material in make_materials(["skin", "suit", "hair", "teeth", "tongue"], ASSETS).items():
        active = material.node_tree.nodes.active
        assert active.type == "TEX_IMAGE", name
        assert base_colour_images(material) == [active.image], name


def test_the_eyes_painted_highlight_is_for_workbench_only() -> None:
    eye = make_materials(["eye"], ASSETS)["eye"]
    active = eye.node_tree.nodes.active
    assert "preview" in active.image.name
    assert not active.outputs["Color"].links
    assert active.image not in base_colour_images(eye)


def test_skin_scatters_light_and_eyes_have_a_wet_coat() -> None:
    made = make_materials(NAMES, ASSETS)
    assert shader_of(made["skin"]).inputs["Subsurface Weight"].default_value > 0.1
    assert shader_of(made["eye"]).inputs["Coat Weight"].default_value == 1.0
    assert shader_of(made["hair"]).inputs["Alpha"].links


def test_images_are_packed_and_survive_without_the_assets_folder(tmp_path: Path) -> None:
    copy = tmp_path / "assets"
    shutil.copytree(ASSETS, copy, ignore=shutil.ignore_patterns("*.npz"))
    make_materials(NAMES, copy)
    shutil.rmtree(copy)
    for image in bpy.data.images:
        assert image.packed_file is not None, image.name
        assert str(copy) not in image.filepath
    for material in bpy.data.materials:
        material.use_fake_user = True
    saved = tmp_path / "scene.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(saved))
    bpy.ops.wm.open_mainfile(filepath=str(saved))
    skin = bpy.data.images[PREFIX + "avatar_skin.jpg"]
    assert tuple(skin.size) == (2048, 2048)
    assert len(skin.pixels) > 0


def test_materials_in_the_file_are_used_again_with_the_users_changes() -> None:
    first = make_materials(["skin"], ASSETS)["skin"]
    shader_of(first).inputs["Roughness"].default_value = 0.9
    again = make_materials(["skin"], ASSETS)["skin"]
    assert again == first
    assert shader_of(again).inputs["Roughness"].default_value == pytest.approx(0.9)
    assert len(bpy.data.images) == 1


def test_an_unknown_material_and_a_missing_image_are_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="chrome"):
        make_materials(["chrome"], ASSETS)
    with pytest.raises(FileNotFoundError, match=r"avatar_skin\.jpg"):
        make_materials(["skin"], tmp_path)
    assert PREFIX + "skin" not in bpy.data.materials


def test_the_avatar_wears_its_materials() -> None:
    rig = add_avatar(bpy.context)
    mesh = rig.children[0].data
    names = [material.name.removeprefix(PREFIX) for material in mesh.materials]
    assert sorted(names) == sorted(NAMES)
    counts = dict.fromkeys(names, 0)
    for polygon in mesh.polygons:
        counts[names[polygon.material_index]] += 1
    assert all(counts.values())
    highest = max(mesh.polygons, key=lambda p: p.center.z)
    assert names[highest.material_index] == "hair"
