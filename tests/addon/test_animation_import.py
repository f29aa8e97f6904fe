"""Animated skeletons come into the dictionary: one sign a file, whatever becomes of the others."""

from __future__ import annotations

import types
from pathlib import Path

import bpy
import pytest
from humanoids import arms_down, export, known_motion, make_mixamo, use_importers
from signwright.addon.features.dictionary import animation_import


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


NOT_A_NUMBER = """HIERARCHY
ROOT Hips
{
  OFFSET 0 0 0
  CHANNELS 6 Xposition Yposition Zposition Zrotation Xrotation Yrotation
  End Site
  {
    OFFSET 0 10 0
  }
}
MOTION
Frames: 2
Frame Time: 0.0166667
0 0 0 0 0 0
nan 0 0 0 0 0
"""


def test_a_motion_with_what_is_not_a_number_is_left_out_by_name(wombat: Path) -> None:
    broken = wombat.with_name("broken.bvh")
    broken.write_text(NOT_A_NUMBER)
    import_files(broken, wombat)
    assert "Added: WOMBAT" in report()
    assert any("broken.bvh" in line and "not numbers" in line for line in report())


class Importing:
    """The operator between two events, without Blender's window: its own methods on a stand-in."""

    modal = animation_import.SIGNWRIGHT_OT_import_animation_sign.modal
    cancel = animation_import.SIGNWRIGHT_OT_import_animation_sign.cancel
    _go_on = animation_import.SIGNWRIGHT_OT_import_animation_sign._go_on
    remove_timer = animation_import.SIGNWRIGHT_OT_import_animation_sign.remove_timer

    def __init__(self, files: list[Path], folder: Path) -> None:
        self._conversion = animation_import.Conversion(files, folder)
        self._timer = object()


def test_whatever_goes_wrong_ends_the_import_and_is_not_hidden(addon, tmp_path: Path, monkeypatch) -> None:
    def break_down(_path: Path) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(animation_import, "import_motion", break_down)
    removed: list[object] = []
    manager = types.SimpleNamespace(event_timer_remove=removed.append)
    context = types.SimpleNamespace(window_manager=manager)
    event = types.SimpleNamespace(type="TIMER", value="NOTHING")
    operator = Importing([tmp_path / "a.bvh"], tmp_path / "takes")
    with pytest.raises(ZeroDivisionError):
        operator.modal(context, event)
    assert len(removed) == 1
    assert operator._conversion.job.done
    assert not (tmp_path / "takes").exists()
    assert operator.modal(context, event) == {"CANCELLED"}


def test_a_folder_is_searched_for_animations(wombat: Path) -> None:
    (wombat.parent / "notes.txt").write_text("not a sign")
    bpy.ops.signwright.import_animation_sign(directory=str(wombat.parent))
    assert "Added: WOMBAT" in report()
    assert not any("notes" in line for line in report())


def test_a_folder_without_animations_is_told(addon, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match=r"no \.fbx"):
        bpy.ops.signwright.import_animation_sign(directory=str(tmp_path))
