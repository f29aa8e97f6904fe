"""The user's own dictionary: adding, finding, editing and removing signs, and what can go wrong with its folder."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recordings import recording

from engine import requests
from engine.dictionary import library, lock
from engine.dictionary.store import UserDictionary, good_gloss
from engine.generators.base import EngineError
from engine.lexicon.phonology import Sign
from engine.lexicon.recorded import RecordedSign

ROOT = Path(__file__).resolve().parents[2]


def ask(kind: str, dictionary: Path | str, **message: Any) -> dict[str, Any]:
    """A request as the server hands it over, with a reporter that nobody reads."""
    return requests.handler(kind)({"language": "ASL", "dictionary": str(dictionary), **message}, lambda *told: None)


def add(dictionary: Path, gloss: str, tmp_path: Path, **message: Any) -> dict[str, Any]:
    motion = tmp_path / "recording.npz"
    if not motion.exists():
        recording(motion)
    return ask("sign_add", dictionary, gloss=gloss, motion=str(motion), **message)["sign"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "my signs"


def motion_files(folder: Path) -> list[str]:
    return sorted(p.name for p in (folder / "asl/motion").glob("*"))


# ---------------------------------------------------------------- finding


def test_without_a_dictionary_the_embedded_signs_are_found() -> None:
    found = ask("signs", "", query="thank you")
    assert found["signs"][0]["gloss"] == "THANK-YOU"
    assert (found["signs"][0]["kind"], found["signs"][0]["own"]) == ("written", False)


def test_the_best_match_comes_first_then_words_that_begin_so_then_descriptions() -> None:
    glosses = [s["gloss"] for s in ask("signs", "", query="eat", limit=1000)["signs"]]
    assert glosses[0] == "EAT"
    assert len(glosses) > 1


def test_pages_hold_all_signs_once() -> None:
    total = ask("signs", "", limit=1)["total"]
    seen = [s["gloss"] for at in range(0, total, 100) for s in ask("signs", "", offset=at, limit=100)["signs"]]
    assert len(seen) == total == len(set(seen))


def test_signs_that_render_the_same_word_are_told(folder: Path, tmp_path: Path) -> None:
    sign = add(folder, "HELLO-MINE", tmp_path, words=["hello"])
    assert "HELLO" in sign["duplicates"]


def test_a_language_without_signs_is_empty_not_an_error(folder: Path) -> None:
    found = ask("signs", folder, language="TSL", query="nothing like this")
    assert (found["total"], found["signs"]) == (0, [])


# ---------------------------------------------------------------- adding


def test_an_added_sign_is_found_and_played(folder: Path, tmp_path: Path) -> None:
    sign = add(folder, "good evening", tmp_path, words="good evening, evening", author="Ada", licence="CC0-1.0")
    assert (sign["gloss"], sign["words"], sign["kind"]) == ("GOOD-EVENING", ["good evening", "evening"], "recorded")
    assert (sign["author"], sign["licence"], sign["own"]) == ("Ada", "CC0-1.0", True)
    entry = library.load("ASL", folder).signs["GOOD-EVENING"]
    assert isinstance(entry, RecordedSign)
    assert entry.sequence.duration == pytest.approx(sign["seconds"], abs=0.01)


def test_only_the_chosen_seconds_are_taken(folder: Path, tmp_path: Path) -> None:
    assert add(folder, "CUT", tmp_path, start=0.2, end=0.7, trim=False)["seconds"] == pytest.approx(0.5, abs=0.02)


def test_a_left_handed_recording_is_mirrored(folder: Path, tmp_path: Path) -> None:
    add(folder, "PLAIN", tmp_path)
    add(folder, "MIRRORED", tmp_path, mirror=True)
    signs = library.load("ASL", folder).signs
    plain, mirrored = (signs[g].sequence for g in ("PLAIN", "MIRRORED"))  # type: ignore[union-attr]
    assert np.allclose(plain.poses, mirrored.mirrored().poses, atol=1e-4)
    assert not np.allclose(plain.poses, mirrored.poses, atol=0.1)


def test_an_own_sign_wins_over_the_embedded_one(folder: Path, tmp_path: Path) -> None:
    assert add(folder, "HELLO", tmp_path)["replaces"]
    assert isinstance(library.load("ASL", folder).signs["HELLO"], RecordedSign)


def test_a_recorded_part_of_an_embedded_compound_leaves_the_compound_whole(folder: Path, tmp_path: Path) -> None:
    before = library.load("ASL").authored
    compound = next(sign for sign in before.values() if sign.parts)
    add(folder, compound.parts[0].gloss, tmp_path)
    lexicon = library.load("ASL", folder)
    assert {g for g, s in lexicon.authored.items() if s.parts} == {g for g, s in before.items() if s.parts}
    assert not lexicon.problems


def test_a_taken_name_is_refused_unless_it_is_to_be_replaced(folder: Path, tmp_path: Path) -> None:
    add(folder, "X", tmp_path, words=["first"])
    with pytest.raises(EngineError, match="already"):
        add(folder, "X", tmp_path, words=["second"])
    assert add(folder, "X", tmp_path, words=["second"], replace=True)["words"] == ["second"]
    assert len(motion_files(folder)) == 1, "the replaced motion is gone"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ({"gloss": "  "}, "bad_gloss"),
        ({"gloss": "!!"}, "bad_gloss"),
        ({"start": 5.0, "end": 6.0}, "bad_motion"),
        ({"start": 0.5, "end": 0.5}, "bad_motion"),
        ({"words": [1]}, "bad_request"),
        ({"pos": "sausage"}, "bad_sign"),
        ({"start": "soon"}, "bad_request"),
        ({"mirror": "yes"}, "bad_request"),
        ({"language": "XX"}, "unknown_language"),
    ],
)
def test_a_wrong_request_says_so_and_changes_nothing(
    folder: Path, tmp_path: Path, message: dict[str, Any], code: str
) -> None:
    with pytest.raises(EngineError) as error:
        add(folder, **{"gloss": "X", "tmp_path": tmp_path, **message})
    assert error.value.code == code
    assert not library.load("ASL", folder).signs.keys() - library.load("ASL").signs.keys()
    assert not motion_files(folder)


@pytest.mark.parametrize("content", [b"", b"no zip", b"PK\x03\x04 broken"])
def test_motion_that_is_no_npz_is_refused(folder: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "recording.npz").write_bytes(content)
    with pytest.raises(EngineError) as error:
        add(folder, "X", tmp_path)
    assert error.value.code == "bad_motion"


@pytest.mark.parametrize(
    ("name", "gloss"),
    [
        ("thank you", "THANK-YOU"),
        ("schön", "SCHÖN"),
        ("谢谢", "谢谢"),
        ("a_b/c", "A-B-C"),
        ("--x--", "X"),
        ("fish(1)", "FISH1"),
    ],
)
def test_names_become_glosses(name: str, gloss: str) -> None:
    assert good_gloss(name) == gloss


# ---------------------------------------------------------------- editing and removing


def test_what_is_said_of_a_sign_can_be_changed_and_it_can_be_renamed(folder: Path, tmp_path: Path) -> None:
    add(folder, "OLD-NAME", tmp_path)
    changes = {
        "gloss": "new name",
        "words": ["one", "two"],
        "pos": "noun",
        "reviewed_by": "Grace",
        "licence": "CC-BY-4.0",
    }
    sign = ask("sign_edit", folder, gloss="OLD-NAME", changes=changes)["sign"]
    assert (sign["gloss"], sign["words"], sign["pos"], sign["reviewed_by"]) == (
        "NEW-NAME",
        ["one", "two"],
        "noun",
        "Grace",
    )
    assert "OLD-NAME" not in library.load("ASL", folder).signs
    assert len(motion_files(folder)) == 1


def test_an_embedded_sign_is_copied_before_it_is_changed(folder: Path) -> None:
    with pytest.raises(EngineError) as error:
        ask("sign_edit", folder, gloss="THANK-YOU", changes={"words": ["cheers"]})
    assert error.value.code == "not_own_sign"
    sign = ask("sign_edit", folder, gloss="THANK-YOU", changes={"words": ["cheers"]}, copy=True)["sign"]
    assert (sign["words"], sign["own"], sign["replaces"], sign["kind"]) == (["cheers"], True, True, "written")
    own, built_in = (library.load("ASL", f).signs["THANK-YOU"] for f in (folder, ""))
    assert isinstance(own, Sign) and isinstance(built_in, Sign)
    assert (own.postures, own.nonmanual) == (built_in.postures, built_in.nonmanual)


def test_comments_and_other_records_of_a_file_stay_when_one_is_changed(folder: Path) -> None:
    ask("sign_edit", folder, gloss="YES", changes={"words": ["yep"]}, copy=True)
    path = folder / "asl/own.toml"
    path.rename(folder / "asl/mine.toml")
    path = folder / "asl/mine.toml"
    path.write_text("# My signs, do not lose this.\n\n" + path.read_text() + "\n# And this neither.\n")
    ask("sign_edit", folder, gloss="NO", changes={}, copy=True)
    ask("sign_edit", folder, gloss="YES", changes={"words": ["yeah"]})
    assert library.load("ASL", folder).signs["YES"].words == ("yeah",)
    assert "do not lose this" in path.read_text() and "this neither" in path.read_text()
    ask("signs_remove", folder, glosses=["YES"])
    assert "do not lose this" in path.read_text() and "this neither" in path.read_text()
    assert library.load("ASL", folder).signs["YES"].words == library.load("ASL").signs["YES"].words


def test_a_name_that_another_own_sign_has_is_refused(folder: Path, tmp_path: Path) -> None:
    add(folder, "A-SIGN", tmp_path)
    add(folder, "B-SIGN", tmp_path)
    with pytest.raises(EngineError, match="already"):
        ask("sign_edit", folder, gloss="A-SIGN", changes={"gloss": "B-SIGN"})


def test_removing_brings_the_embedded_sign_back_and_deletes_the_motion(folder: Path, tmp_path: Path) -> None:
    add(folder, "HELLO", tmp_path)
    assert ask("signs_remove", folder, glosses=["HELLO"])["removed"] == ["HELLO"]
    assert isinstance(library.load("ASL", folder).signs["HELLO"], Sign)
    assert not motion_files(folder)


def test_removing_an_embedded_sign_is_refused_and_removes_nothing(folder: Path, tmp_path: Path) -> None:
    add(folder, "MINE", tmp_path)
    with pytest.raises(EngineError) as error:
        ask("signs_remove", folder, glosses=["MINE", "HELLO"])
    assert error.value.code == "not_own_sign"
    assert "MINE" in library.load("ASL", folder).signs and len(motion_files(folder)) == 1


# ---------------------------------------------------------------- trouble


def test_a_damaged_index_is_named_and_never_written_over(folder: Path, tmp_path: Path) -> None:
    add(folder, "X", tmp_path)
    index = folder / "asl/recorded.json"
    index.write_text("{ broken")
    found = ask("signs", folder, query="hello")
    assert found["total"] and "recorded.json" in found["problems"][0]
    with pytest.raises(EngineError) as error:
        add(folder, "Y", tmp_path)
    assert (error.value.code, error.value.fix) == ("dictionary_damaged", "open_dictionary")
    assert index.read_text() == "{ broken"


def test_a_damaged_file_of_written_signs_costs_only_its_own_signs(folder: Path, tmp_path: Path) -> None:
    add(folder, "X", tmp_path)
    (folder / "asl/bad.toml").write_text("[HALF\nwords = ")
    found = ask("signs", folder, own=True)
    assert [s["gloss"] for s in found["signs"]] == ["X"]
    assert "bad.toml" in found["problems"][0]


def test_lost_motion_is_told_when_the_sign_is_played(folder: Path, tmp_path: Path) -> None:
    add(folder, "X", tmp_path)
    for path in (folder / "asl/motion").iterdir():
        path.unlink()
    assert ask("signs", folder, own=True)["signs"][0]["seconds"] == 0.0


def test_a_failed_write_leaves_everything_as_it_was(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    add(folder, "X", tmp_path)
    before = (folder / "asl/recorded.json").read_bytes(), motion_files(folder)

    def full(*names: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(EngineError) as error:
        add(folder, "Y", tmp_path)
    assert error.value.code == "disk_full"
    assert ((folder / "asl/recorded.json").read_bytes(), motion_files(folder)) == before
    assert not list(folder.rglob("*.part"))


def test_many_writers_at_once_lose_nothing(folder: Path, tmp_path: Path) -> None:
    recording(tmp_path / "recording.npz", 0.3)
    glosses = [f"SIGN{i}" for i in range(12)]
    threads = [threading.Thread(target=add, args=(folder, g, tmp_path)) for g in glosses]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert set(json.loads((folder / "asl/recorded.json").read_text())["signs"]) == set(glosses)


def test_a_lock_ends_with_the_process_that_held_it(folder: Path, tmp_path: Path) -> None:
    folder.mkdir()
    code = (
        "import sys, os; from pathlib import Path; from engine.dictionary import lock\n"
        "with lock.writing(Path(sys.argv[1])):\n    os._exit(1)"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    assert subprocess.run([sys.executable, "-c", code, str(folder)], env=env, check=False).returncode == 1
    add(folder, "X", tmp_path)


def test_a_folder_that_another_program_writes_to_is_waited_for_and_then_told(folder: Path) -> None:
    folder.mkdir()
    with lock.writing(folder), pytest.raises(EngineError) as error, lock.writing(folder, wait_s=0.1):
        pass
    assert error.value.code == "dictionary_busy"


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="permissions of POSIX, which root doesn't mind")
def test_a_folder_that_may_not_be_written_to_is_told(folder: Path, tmp_path: Path) -> None:
    folder.mkdir(mode=0o500)
    with pytest.raises(EngineError) as error:
        add(folder, "X", tmp_path)
    assert error.value.code == "no_permission"


def test_all_embedded_signs_survive_being_written_as_own_ones(tmp_path: Path) -> None:
    from engine.dictionary.toml_writer import sign_record, sign_text

    lexicon = library.load("ASL")
    (tmp_path / "asl").mkdir()
    signs = lexicon.authored
    text = "\n".join(sign_text(g, sign_record(s)) for g, s in signs.items())
    (tmp_path / "asl/own.toml").write_text(text, encoding="utf-8")
    again = library.load("ASL", tmp_path)
    assert not again.problems
    for gloss, sign in signs.items():
        copy = again.authored[gloss]
        assert (copy.postures, copy.base, copy.words, copy.nonmanual, copy.repeat, copy.agreement) == (
            sign.postures, sign.base, sign.words, sign.nonmanual, sign.repeat, sign.agreement,
        )  # fmt: skip


def test_the_user_dictionary_needs_a_folder() -> None:
    with pytest.raises(EngineError):
        UserDictionary("  ", "ASL")
