"""Differences between Blender versions live in one module, and its functions work in the version that runs."""

from __future__ import annotations

import re
from pathlib import Path

import bpy
import figures
import pytest
from signwright.addon import compat

ROOT = Path(__file__).resolve().parents[2]
SOURCES = [p for folder in ("addon", "blender_scenes") for p in sorted((ROOT / folder).rglob("*.py"))]


@pytest.mark.parametrize("mark", [r"bpy\.app\.version\b", "BLENDER_EEVEE", "media_type", "compositing_node_group"])
def test_only_compat_knows_versions(mark):
    knowing = {p.relative_to(ROOT).as_posix() for p in SOURCES if re.search(mark, p.read_text("utf-8"))}
    assert knowing <= {"addon/compat.py"}


def test_eevee_is_an_engine_of_this_version():
    bpy.context.scene.render.engine = compat.EEVEE
    assert bpy.context.scene.render.engine == compat.EEVEE


def test_video_then_pictures_can_be_asked_for():
    scene = bpy.context.scene
    compat.set_video_output(scene)
    assert scene.render.image_settings.file_format == "FFMPEG"
    compat.set_image_output(scene, alpha=True)
    assert scene.render.image_settings.file_format == "PNG"
    assert scene.render.image_settings.color_mode == "RGBA"


def test_a_slot_belongs_to_its_owner():
    rig, other = figures.make_rig("A"), figures.make_rig("B")
    action = bpy.data.actions.new("Both")
    first = compat.slot_of(action, rig, create=True)
    second = compat.slot_of(action, other, create=True)
    assert first.handle != second.handle
    assert compat.slot_of(action, rig).handle == first.handle
    compat.assign_action(rig, action, first)
    rig.name = "Renamed"
    assert compat.slot_of(action, rig).handle == first.handle


def test_the_bundled_font_is_there():
    assert compat.bundled_font().is_file()
