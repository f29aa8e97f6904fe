"""The Dictionary panel: searching, keeping signs of one's own, bringing signs in and out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import bpy
import pytest
from fake_dictionary import BUILT_IN
from figures import make_face, make_rig, make_take
from panel import message, refused
from signwright.addon import pump
from signwright.addon.animation import selection
from signwright.addon.animation.apply import apply_take
from signwright.addon.features.dictionary import search
from signwright.addon.paths import dictionary_path

OPS = bpy.ops.signwright


def shown() -> Any:
    return bpy.context.window_manager.signwright.dictionary


def find(query: str = "", scope: str = "ALL") -> list[str]:
    """Search, and the glosses that the list then has."""
    shown().query, shown().scope = query, scope
    assert OPS.search_signs() == {"FINISHED"}
    return shown().signs.keys()


def own() -> list[str]:
    return find(scope="OWN")


@pytest.fixture(autouse=True)
def fresh(addon) -> None:
    """An empty search; the window manager keeps the one of the test before."""
    shown().query, shown().scope, shown().language = "", "ALL", ""
    shown().signs.clear()
    shown().shown = shown().import_report = ""
    shown().active = 0


@pytest.fixture
def animated(addon) -> bpy.types.Object:
    """A signer with an action of five seconds."""
    rig = make_rig()
    make_face(rig)
    bpy.context.scene.signwright.setup.avatar = rig
    apply_take(rig, make_take(), start_frame=1)
    return rig


def files(folder: Path, *names: str) -> list[Path]:
    paths = [folder / name for name in names]
    for path in paths:
        path.write_text("anything")
    return paths


# ---------------------------------------------------------------- searching


def test_a_search_lists_what_it_finds(addon):
    assert find("hello") == ["HELLO"]
    sign = search.active_sign(bpy.context)
    assert (sign.words, sign.licence, sign.own, sign.reviewed_by) == ("hello", "CC0-1.0", False, "")
    assert find("xyzzy") == []
    assert search.active_sign(bpy.context) is None


def test_mistakes_in_the_files_of_own_signs_are_told(addon):
    find("hello")
    assert shown().problems == "asl/mine.toml, line 3: no such handshape."


def test_signs_of_one_word_know_of_each_other(addon):
    assert find("bank") == ["BANK", "RIVERSIDE"]
    assert shown().signs["BANK"].sense == "money"
    assert shown().signs["BANK"].duplicates == "RIVERSIDE"


def test_many_signs_come_a_page_at_a_time(addon):
    assert len(find()) == search.PAGE
    assert shown().total == BUILT_IN
    OPS.search_signs(offset=2 * search.PAGE)
    assert len(shown().signs) == BUILT_IN - 2 * search.PAGE


def test_the_chosen_sign_stays_chosen_while_it_is_found(addon):
    find("n")
    shown().active = shown().signs.find("NAME")
    find("name")
    assert search.active_sign(bpy.context).name == "NAME"


def test_the_language_follows_the_text_panel_unless_another_is_chosen(addon):
    pump.session().wait_ready()
    assert search.language(bpy.context) == "ASL"
    bpy.context.scene.signwright.generate.language = "DGS"
    assert search.language(bpy.context) == "DGS"
    shown().language_menu = "ASL"
    assert (search.language(bpy.context), shown().language_menu) == ("ASL", "ASL")
    shown().language_menu = "TEXT"
    assert search.language(bpy.context) == "DGS"


def test_a_list_of_another_language_is_known_to_be_outdated(addon):
    find()
    assert not search.is_outdated(bpy.context)
    bpy.context.scene.signwright.generate.language = "DGS"
    assert search.is_outdated(bpy.context)


def test_only_the_latest_of_several_searches_fills_the_list(addon):
    pump.session().wait_ready()
    for query in ("h", "he", "hello"):
        shown().query = query
        search.request()
    job = pump.latest("search")
    assert job is not None
    pump.session().run(job)
    pump._tick()
    assert shown().signs.keys() == ["HELLO"]


def test_what_is_found_is_no_part_of_the_blend_or_of_undo(addon, tmp_path):
    bpy.ops.ed.undo_push(message="before")
    bpy.data.objects.new("Mine", None)
    bpy.ops.ed.undo_push(message="after")
    find("hello")
    bpy.ops.ed.undo()
    assert shown().signs.keys() == ["HELLO"]


# ---------------------------------------------------------------- own signs


def test_the_folder_outlives_new_versions_and_another_one_can_be_chosen(addon, tmp_path):
    assert dictionary_path().name == "dictionary"
    assert Path(addon.__file__).parent not in dictionary_path().parents
    addon.paths.preferences().dictionary_folder = str(tmp_path / "Gebärden")
    assert OPS.open_dictionary() == {"FINISHED"}
    assert (tmp_path / "Gebärden").is_dir()
    addon.paths.preferences().dictionary_folder = str(tmp_path / "file" / "folder")
    (tmp_path / "file").write_text("")
    assert "can't be made" in refused(OPS.open_dictionary)
    addon.paths.preferences().dictionary_folder = ""


def test_the_whole_action_becomes_a_sign(animated):
    OPS.save_sign(gloss="MINE", words="mine, my own", licence="CC0-1.0", author="Anna")
    assert message().severity == "INFO"
    assert own() == ["MINE"]
    sign = shown().signs["MINE"]
    assert (sign.words, sign.author, sign.licence, sign.kind) == ("mine, my own", "Anna", "CC0-1.0", "recorded")
    assert sign.seconds == pytest.approx(119 / 24, abs=0.01)


def test_a_part_can_be_given_by_frames(animated):
    OPS.save_sign(gloss="PART", frame_start=25, frame_end=49)
    assert own() == ["PART"]
    assert shown().signs["PART"].seconds == pytest.approx(1.0, abs=0.01)


def test_author_and_licence_come_from_the_preferences(animated, addon):
    settings = addon.paths.preferences()
    settings.author, settings.licence = "Ben", "CC-BY-4.0"
    OPS.save_sign(gloss="MINE")
    own()
    assert (shown().signs["MINE"].author, shown().signs["MINE"].licence) == ("Ben", "CC-BY-4.0")
    settings.author = settings.licence = ""


def test_a_left_handed_signer_is_mirrored(animated):
    bpy.context.scene.signwright.generate.handedness = "left"
    OPS.save_sign(gloss="MINE")
    assert "Mirrored" in message().hint


def test_a_sign_needs_a_gloss_keys_and_some_frames(animated):
    assert "needs a gloss" in refused(lambda: OPS.save_sign(gloss=" "))
    assert "too few" in refused(lambda: OPS.save_sign(gloss="MINE", frame_start=5, frame_end=5))
    animated.animation_data.action = None
    for mesh in (o for o in bpy.data.objects if o.type == "MESH"):
        mesh.data.shape_keys.animation_data.action = None
    assert "no animation" in refused(lambda: OPS.save_sign(gloss="MINE"))
    assert own() == []


def test_a_gloss_that_is_taken_is_replaced_only_when_told_so(animated):
    OPS.save_sign(gloss="MINE")
    assert "already" in refused(lambda: OPS.save_sign(gloss="MINE"))
    assert OPS.save_sign(gloss="MINE", frame_end=49, replace=True) == {"FINISHED"}


def test_no_file_is_left_in_the_working_folder(animated, addon, tmp_path):
    addon.paths.preferences().work_folder = str(tmp_path)
    OPS.save_sign(gloss="MINE")
    refused(lambda: OPS.save_sign(gloss="MINE"))
    assert list(tmp_path.iterdir()) == []
    addon.paths.preferences().work_folder = ""


def test_the_frames_are_those_that_the_user_selected(animated):
    scene = bpy.context.scene
    assert selection.chosen_range(scene, animated) == (1, 120, "whole action")
    scene.use_preview_range = True
    scene.frame_preview_end, scene.frame_preview_start = 60, 20
    assert selection.chosen_range(scene, animated) == (20, 60, "preview range")
    for name, frame in (("a", 30), ("b", 55)):
        scene.timeline_markers.new(name, frame=frame).select = True
    assert selection.chosen_range(scene, animated) == (30, 55, "selected markers")
    points = animated.animation_data.action.layers[0].strips[0].channelbags[0].fcurves[0].keyframe_points
    first, last = points[1], points[3]
    first.select_control_point = last.select_control_point = True
    assert selection.chosen_range(scene, animated) == (first.co.x, last.co.x, "selected keys")


def test_what_is_said_of_an_own_sign_can_be_changed(animated):
    OPS.save_sign(gloss="MINE", words="mine")
    find("mine")
    OPS.edit_sign(sign="MINE", gloss="MY-OWN", words="own", licence="CC0-1.0")
    assert own() == ["MY-OWN"]
    assert shown().signs["MY-OWN"].words == "own"


def test_a_sign_of_the_add_on_gets_an_own_version(addon):
    find("hello")
    assert "can't be changed" in refused(lambda: OPS.edit_sign(sign="HELLO", words="hi"))
    OPS.edit_sign(sign="HELLO", words="hi, hello", copy=True)
    find("hello")
    sign = shown().signs["HELLO"]
    assert (sign.own, sign.replaces, sign.words) == (True, True, "hi, hello")


def test_own_signs_can_be_removed_and_no_others(animated):
    OPS.save_sign(gloss="MINE")
    assert OPS.remove_sign(gloss="MINE") == {"FINISHED"}
    assert own() == []
    assert "Signwright's own" in refused(lambda: OPS.remove_sign(gloss="HELLO"))


# ---------------------------------------------------------------- in and out


def test_an_import_tells_what_became_of_each_file(addon, tmp_path):
    paths = files(tmp_path, "wave.pose", "hello.npz", "bad.sigml")
    elements = [{"name": path.name} for path in paths]
    OPS.import_signs(directory=str(tmp_path), files=elements, licence="CC0-1.0", author="Anna")
    assert message().message == "Signs: 1 added, 1 replaced, 1 left out."
    assert shown().import_report.split("\n") == [
        "Added: WAVE",
        "Replaced: HELLO",
        "Left out: bad.sigml: It holds no sign.",
    ]
    assert own() == ["HELLO", "WAVE"]
    assert shown().signs["WAVE"].licence == "CC0-1.0"
    OPS.copy_import_report()
    assert OPS.import_report.poll()


def test_a_folder_is_imported_whole(addon, tmp_path):
    OPS.import_signs(directory=str(tmp_path))
    assert "1 added" in message().message


def test_a_file_that_is_gone_is_named(addon, tmp_path):
    assert "gone.pose is not there" in refused(lambda: OPS.import_signs(filepath=str(tmp_path / "gone.pose")))


def test_an_import_can_be_cancelled(addon, tmp_path):
    session = pump.session()
    session.wait_ready()
    job = session.submit("signs_import", paths=[str(tmp_path / "slow.zip")])
    pump.set_working(pump.DICTIONARY, job)
    assert not OPS.import_signs.poll()
    OPS.cancel(place="dictionary")
    assert session.run(job, timeout=5.0).cancelled
    assert OPS.import_signs.poll()


def test_own_signs_are_exported(animated, tmp_path):
    for gloss in ("ONE", "TWO"):
        OPS.save_sign(gloss=gloss)
    OPS.export_signs(filepath=str(tmp_path / "all"))
    assert (tmp_path / "all.zip").read_text() == "ONE\nTWO"
    OPS.export_signs(filepath=str(tmp_path / "one.zip"), glosses="TWO")
    assert (tmp_path / "one.zip").read_text() == "TWO"
    assert message().message.startswith("1 sign saved")


def test_files_of_signs_can_be_dropped_onto_the_view(addon):
    handler = bpy.types.SIGNWRIGHT_FH_signs
    assert handler.bl_import_operator == "signwright.import_signs"
    assert {".pose", ".npz", ".sigml", ".zip"} <= set(handler.bl_file_extensions.split(";"))


@pytest.mark.usefixtures("real_engine")
class TestRealEngine:
    """The panel with the engine itself: a sign is saved, found, previewed, inserted, signed and removed."""

    def test_a_sign_goes_its_whole_way(self, addon, tmp_path):
        addon.paths.preferences().dictionary_folder = str(tmp_path / "dictionary")
        bpy.ops.signwright.add_avatar()
        bpy.ops.signwright.generate(text="Hello", apply=True)
        OPS.save_sign(gloss="MY-WAVE", words="wave at you", author="Anna", licence="CC0-1.0", trim=True)
        assert own() == ["MY-WAVE"]
        assert shown().signs["MY-WAVE"].seconds > 0.2
        OPS.preview_sign(gloss="MY-WAVE")
        OPS.stop_preview()
        bpy.context.scene.signwright.generate.text = "wave at you"
        bpy.ops.signwright.read_text()
        assert "MY-WAVE" in bpy.context.scene.signwright.gloss.line
        bpy.ops.signwright.generate(apply=False)
        segment = bpy.context.scene.signwright.timeline.takes[-1].segments["MY-WAVE"]
        assert (segment.origin, segment.author, segment.licence) == ("user", "Anna", "CC0-1.0")
        OPS.export_signs(filepath=str(tmp_path / "mine.zip"))
        OPS.remove_sign(gloss="MY-WAVE")
        assert own() == []
        OPS.import_signs(filepath=str(tmp_path / "mine.zip"))
        assert own() == ["MY-WAVE"]
        addon.paths.preferences().dictionary_folder = ""
