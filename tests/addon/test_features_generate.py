"""Generating: the take that comes of it, and everything that can go wrong on the way."""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import bpy
import pytest
from panel import generate, message, refused, scene_data, takes, timeline
from signwright.addon import engine_process, engine_session, pump
from signwright.addon.features.generate import choices


@pytest.fixture
def alive_and_untouched(addon) -> Iterator[None]:
    """Whatever goes wrong: nothing of the user's changes, and the next Generate works."""
    bpy.data.objects.new("Mine", None)
    before = scene_data()
    yield
    assert scene_data() == before
    assert takes() == []
    assert generate("Hello again") == {"FINISHED"}
    assert takes() == ["Hello again"]
    assert pump.current_report() is None


def test_generating_makes_a_take_and_nothing_else(addon):
    before = scene_data()
    assert generate("Hello Anna", seed=3) == {"FINISHED"}
    item = timeline().takes[0]
    assert (item.name, item.text, item.language, item.method) == ("Hello Anna", "Hello Anna", "ASL", "dictionary")
    assert [(s.name, s.origin, s.words) for s in item.segments] == [
        ("HELLO", "dictionary", "Hello"),
        ("fs-ANNA", "fingerspelled", "Anna"),
    ]
    assert item.duration == pytest.approx(1.0, abs=0.01)
    assert not item.reviewed
    after = scene_data()
    assert {kind for kind in after if after[kind] != before[kind]} == {"texts"}


def test_what_the_panel_says_is_used_where_a_script_says_nothing(addon):
    chosen = bpy.context.scene.signwright.generate
    chosen.text, chosen.language, chosen.apply_after = "Hello from the panel", "DGS", False
    bpy.ops.signwright.generate()
    item = timeline().takes[0]
    assert (item.text, item.language) == ("Hello from the panel", "DGS")


def test_a_text_block_is_signed_whole(addon):
    text = bpy.data.texts.new("Speech")
    text.write("Hello Anna.\nNice to meet you.")
    chosen = bpy.context.scene.signwright.generate
    chosen.source, chosen.text_block = "BLOCK", text
    bpy.ops.signwright.generate(apply=False)
    assert timeline().takes[0].text == "Hello Anna.\nNice to meet you."


def test_takes_with_one_name_are_told_apart(addon):
    for _ in range(3):
        generate("Hello", take_name="Greeting")
    assert takes() == ["Greeting", "Greeting 2", "Greeting 3"]


def test_no_file_is_left_in_the_working_folder(addon, tmp_path):
    addon.paths.preferences().work_folder = str(tmp_path)
    generate("Hello")
    refused(lambda: generate("bad_file"))
    assert [p.name for p in tmp_path.glob("signwright-*")] == []


@pytest.mark.parametrize("text", ["", "   ", "\n\t"])
def test_an_empty_text_is_asked_for(alive_and_untouched, text):
    assert "no text to sign" in refused(lambda: generate(text))
    assert message().fix == "edit_text"


def test_an_engine_that_dies_in_the_middle(alive_and_untouched):
    assert "exit code 9" in refused(lambda: generate("die"))
    assert "Nothing in your scene changed" in message().hint
    assert message().fix == "open_log"


def test_an_engine_that_is_killed_between_two_requests(alive_and_untouched):
    pump.session().wait_ready()
    pid = pump.session().pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + 5.0
    while pump.session().running and time.monotonic() < deadline:
        pump.session().tick()
        time.sleep(0.01)
    assert not pump.session().running


def test_garbage_on_the_pipe(alive_and_untouched):
    assert "can't be read" in refused(lambda: generate("garbage"))
    assert message().code == "engine_died"


def test_a_full_disk(alive_and_untouched):
    assert "disk is full" in refused(lambda: generate("full"))
    assert message().fix == "choose_folder"


def test_a_take_that_was_not_written(alive_and_untouched):
    assert "can't be read" in refused(lambda: generate("no_file"))


def test_a_take_that_is_damaged(alive_and_untouched):
    assert "not a take" in refused(lambda: generate("bad_file"))


def test_an_engine_that_cannot_be_started(alive_and_untouched, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(pump, "engine_command", lambda _python, _log: ["/nowhere/python"])
        assert "couldn't be started" in refused(lambda: generate("Hello"))
    assert "Python" in message().hint


def test_a_python_that_is_no_python(alive_and_untouched, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(pump, "engine_command", lambda _python, _log: [sys.executable, "-c", "raise SystemExit(3)"])
        assert "exit code 3" in refused(lambda: generate("Hello"))


def test_a_profile_that_cannot_be_written(alive_and_untouched, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    with monkeypatch.context() as patch:
        patch.setenv("BLENDER_USER_RESOURCES", str(tmp_path / "file"))
        assert "can't write to its own folder" in refused(lambda: generate("Hello"))


def test_a_working_folder_that_is_gone(alive_and_untouched, addon, tmp_path):
    addon.paths.preferences().work_folder = str(tmp_path / "gone")
    assert "is not there" in refused(lambda: generate("Hello"))
    assert message().fix == "choose_folder"
    addon.paths.preferences().work_folder = ""


def test_a_working_folder_with_spaces_and_letters_of_any_script(addon, tmp_path):
    folder = tmp_path / "Mein Ordner – 手話 ünï"
    folder.mkdir()
    addon.paths.preferences().work_folder = str(folder)
    assert generate("Hello") == {"FINISHED"}
    assert list(folder.iterdir()) == []


def test_cancelling_leaves_everything_as_it_was(alive_and_untouched):
    pump.session().wait_ready()
    job = pump.session().submit("generate", text="slow", output="unused.npz")
    pump.set_generating(job)
    assert bpy.ops.signwright.cancel() == {"FINISHED"}
    pump.session().run(job, timeout=5.0)
    assert job.cancelled
    assert pump.session().running
    assert not bpy.ops.signwright.cancel.poll()


def test_an_engine_that_does_not_hear_the_cancel_is_ended(alive_and_untouched, monkeypatch):
    monkeypatch.setattr(engine_session, "CANCEL_GRACE", 0.2)
    session = pump.session()
    session.wait_ready()
    job = session.submit("generate", text="deaf", output="unused.npz")
    session.cancel(job)
    session.run(job, timeout=5.0)
    assert job.cancelled
    assert not session.running


def test_a_second_generate_waits_for_the_first(addon):
    pump.set_generating(pump.session().submit("generate", text="slow", output="unused.npz"))
    assert not bpy.ops.signwright.generate.poll()


def test_loading_a_file_cancels_the_request(addon, tmp_path):
    path = tmp_path / "empty.blend"
    bpy.ops.wm.save_as_mainfile(filepath=str(path))
    job = pump.session().submit("generate", text="slow", output="unused.npz")
    pump.set_generating(job)
    bpy.ops.wm.open_mainfile(filepath=str(path))
    assert pump.generating() is None
    assert pump.session().run(job, timeout=5.0).cancelled


def test_progress_and_time_to_go_are_known(addon):
    session = pump.session()
    job = session.submit("generate", text="slow", output="unused.npz")
    deadline = time.monotonic() + 10.0
    while job.eta is None and time.monotonic() < deadline:
        session.tick()
        time.sleep(0.01)
    assert job.stage == "signing"
    assert 0.0 < job.fraction < 1.0
    assert job.eta is not None and job.eta > 0.0
    session.cancel(job)
    session.run(job, timeout=5.0)


def test_the_languages_and_methods_of_the_engine_can_be_chosen(addon):
    chosen = bpy.context.scene.signwright.generate
    assert chosen.language_menu == "ASL"
    pump.session().wait_ready()
    chosen.language_menu = "DGS"
    assert chosen.language == "DGS"
    chosen.language = "XYZ"
    assert chosen.language_menu == "XYZ"


@pytest.mark.parametrize(
    ("signs", "letters", "numbers", "grammar", "said"),
    [
        (1560, 26, 29, True, "X: 1,560 signs, alphabet, numbers"),
        (1, 26, 0, False, "X: 1 sign, alphabet; in the word order of the text"),
        (0, 30, 0, False, "X: fingerspelling only"),
        (0, 30, 11, False, "X: fingerspelling and numbers only"),
        (0, 0, 0, False, "X: no signs yet, nothing can be generated"),
    ],
)
def test_the_panel_says_how_much_of_a_language_is_covered(signs, letters, numbers, grammar, said):
    entry = {"name": "X", "signs": signs, "letters": letters, "numbers": numbers, "grammar": grammar}
    assert choices.coverage(entry) == said


@pytest.mark.usefixtures("real_engine")
class TestRealEngine:
    """Texts that people really type, against the engine itself."""

    def test_texts_of_all_kinds_are_signed_or_refused_with_a_reason(self):
        texts = {
            "Hello 😀 friend": True,
            "😀😀": False,
            "שלום Hello": None,
            "שלום עולם": None,
            "Hello 你好 мир": None,
            "\u202eHello\u202c": True,
            "word " * 2000: False,
            "a\0b": None,
        }
        for text, works in texts.items():
            count = len(takes())
            try:
                generate(text)
            except RuntimeError:
                assert works is not True, text[:20]
                assert message().message and message().hint, text[:20]
                assert len(takes()) == count
            else:
                assert works is not False, text[:20]
                assert len(takes()) == count + 1
        assert generate("Hello") == {"FINISHED"}

    def test_ten_thousand_characters_are_refused_with_the_limit(self):
        assert "10,000 characters" in refused(lambda: generate("ab cd efg " * 1000))
        assert message().fix == "edit_text"

    def test_an_unknown_language_is_refused_with_the_choice(self):
        assert "no signed language called 'XYZ'" in refused(lambda: generate("Hello", language="XYZ"))
        assert message().fix == "choose_language"
        assert generate("Hello", language="ASL") == {"FINISHED"}

    def test_an_unknown_method_is_refused(self):
        refused(lambda: generate("Hello", method="telepathy"))
        assert message().fix == "choose_method"

    def test_it_works_without_online_access(self):
        assert not bpy.app.online_access
        assert generate("Hello") == {"FINISHED"}

    def test_the_engine_test_tells_how_long_it_took(self):
        assert bpy.ops.signwright.test_engine() == {"FINISHED"}
        assert "HELLO in" in pump.test_result()

    def test_the_takes_run_at_the_frame_rate_of_the_scene(self):
        bpy.context.scene.render.fps = 30
        generate("Hello")
        assert timeline().takes[0].fps == 30.0
        assert bpy.context.scene.render.fps == 30

    @pytest.mark.skipif(sys.platform == "win32", reason="needs a shell with ulimit")
    def test_a_disk_that_runs_full_while_it_writes(self, monkeypatch):
        def limited(python: str, log: Path) -> list[str]:
            command = engine_process.engine_command(python, log)
            return ["sh", "-c", 'ulimit -f 1; exec "$@"', "sh", *command]

        with monkeypatch.context() as patch:
            patch.setattr(pump, "engine_command", limited)
            assert "disk is full" in refused(lambda: generate("Hello"))
        bpy.ops.signwright.restart_engine()
        assert generate("Hello") == {"FINISHED"}
