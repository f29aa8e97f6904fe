"""Animated skeletons come into the dictionary: one sign a file, whatever becomes of the others."""

from __future__ import annotations

from pathlib import Path

import bpy
import pytest
from humanoids import arms_down, export, known_motion, make_mixamo, use_importers


@pytest.fixture
def wombat(addon, tmp_path: Path) -> Path:
    """`wombat.fbx`, a second of motion on a Mixamo skeleton."""
    use_importers()
    rig = make_mixamo(known_motion(30), arms_down(0.0), t_pose_frame=True)
    path = export(rig, tmp_path / "wombat.fbx", 31)
    for obj in list(bpy.data.objects):
        bpy.data.objects.remove(obj)
    return path


def import_files(*paths: Path) -> set[str]:
    files = [{"name": path.name} for path in paths]
    return bpy.ops.signwright.import_animation_sign(
        directory=str(paths[0].parent), files=files, author="Ann", licence="CC0-1.0"
    )


def report() -> list[str]:
    return bpy.context.window_manager.signwright.dictionary.import_report.split("\n")


def test_a_file_becomes_a_sign_of_its_name(wombat: Path) -> None:
    assert import_files(wombat) == {"FINISHED"}
    assert "Added: WOMBAT" in report()
    assert any("T-pose" in line for line in report())
    assert not bpy.data.objects


def test_a_file_that_cannot_be_read_is_told_and_stops_no_other(wombat: Path) -> None:
    junk = wombat.with_name("junk.bvh")
    junk.write_text("no motion")
    import_files(junk, wombat)
    assert "Added: WOMBAT" in report()
    assert any(line.startswith("Left out: junk.bvh") for line in report())


def test_when_nothing_can_be_read_the_reason_is_the_error(wombat: Path) -> None:
    junk = wombat.with_name("junk.bvh")
    junk.write_text("no motion")
    with pytest.raises(RuntimeError, match=r"No sign was added.*junk\.bvh"):
        import_files(junk)


def test_a_folder_is_searched_for_animations(wombat: Path) -> None:
    (wombat.parent / "notes.txt").write_text("not a sign")
    bpy.ops.signwright.import_animation_sign(directory=str(wombat.parent))
    assert "Added: WOMBAT" in report()
    assert not any("notes" in line for line in report())


def test_a_folder_without_animations_is_told(addon, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"no \.fbx"):
        bpy.ops.signwright.import_animation_sign(directory=str(tmp_path))
