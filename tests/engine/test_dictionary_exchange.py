"""Bringing signs in and out: SMPL-X files, exported zips, other people's folders, and files that mean harm."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from recordings import recording, waving

from engine import requests
from engine.dictionary import library
from engine.generators.base import Cancelled, EngineError
from engine.lexicon.recorded import RecordedSign
from engine.take import Take


def ask(kind: str, dictionary: Path | str, report: Any = lambda *told: None, **message: Any) -> dict[str, Any]:
    return requests.handler(kind)({"language": "ASL", "dictionary": str(dictionary), **message}, report)


def bring(dictionary: Path, *paths: Path, **message: Any) -> dict[str, Any]:
    return ask("signs_import", dictionary, paths=[str(p) for p in paths], **message)


def why(done: dict[str, Any]) -> str:
    return " ".join(f"{s['what']}: {s['why']}" for s in done["skipped"])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "dictionary"


# ---------------------------------------------------------------- SMPL-X files


def parts(frames: int = 40) -> dict[str, Any]:
    whole = waving(39 / 30).poses
    assert len(whole) == frames
    return {
        "global_orient": whole[:, :3],
        "body_pose": whole[:, 3:66],
        "jaw_pose": whole[:, 66:69],
        "left_hand_pose": whole[:, 75:120],
        "right_hand_pose": whole[:, 120:165],
        "transl": np.zeros((frames, 3)),
        "fps": np.array(30),
    }


def test_smplx_files_of_every_layout_give_the_same_sign(folder: Path, tmp_path: Path) -> None:
    whole = waving(39 / 30).poses
    np.savez(tmp_path / "whole.npz", poses=whole, mocap_frame_rate=30.0, betas=np.ones(16), gender="female")
    np.savez(tmp_path / "smplh.npz", poses=np.delete(whole, np.s_[66:75], axis=1), mocap_framerate=30.0)
    np.savez(tmp_path / "parts.npz", **parts())
    amass = {"root_orient": whole[:, :3], "pose_body": whole[:, 3:66], "pose_hand": whole[:, 75:]}
    np.savez(tmp_path / "amass.npz", **amass, mocap_frame_rate=30.0)
    done = bring(folder, *sorted(tmp_path.glob("*.npz")))
    assert sorted(done["added"]) == ["AMASS", "PARTS", "SMPLH", "WHOLE"] and not done["skipped"]
    assert any("body shape" in w for w in done["warnings"])
    signs = library.load("ASL", folder).signs
    poses = [signs[g].sequence.poses for g in done["added"]]  # type: ignore[union-attr]
    assert all(np.allclose(p, poses[0], atol=1e-5) for p in poses)


def test_a_signer_who_lies_along_another_axis_and_looks_aside_is_put_upright(folder: Path, tmp_path: Path) -> None:
    from engine.rotations import axis_angle_from_matrix, matrix_from_axis_angle

    plain = waving()
    turned = plain.poses.copy()
    z_up = matrix_from_axis_angle([np.pi / 2, 0.0, 0.0])
    aside = matrix_from_axis_angle([0.0, 0.0, 1.1])
    turned[:, :3] = axis_angle_from_matrix(aside @ z_up @ matrix_from_axis_angle(turned[:, :3]))
    np.savez(tmp_path / "a.npz", poses=plain.poses, fps=30.0)
    np.savez(tmp_path / "b.npz", poses=turned, trans=np.full((len(turned), 3), 5.0), fps=30.0)
    bring(folder, tmp_path / "a.npz", tmp_path / "b.npz")
    a, b = (library.load("ASL", folder).signs[g].sequence for g in "AB")  # type: ignore[union-attr]
    assert np.allclose(a.poses, b.poses, atol=1e-4)
    assert np.abs(b.trans).max() < 1e-4


def test_the_way_from_and_to_rest_is_cut_away() -> None:
    from engine.dictionary.recording import trimmed
    from engine.generators import registry
    from engine.generators.base import GenerateRequest

    take = registry.get("dictionary").generate(GenerateRequest("mother"), lambda *told: None)
    segment = next(s for s in take.segments if s.gloss == "MOTHER")
    assert trimmed(take.sequence).duration == pytest.approx(segment.end - segment.start, abs=0.25)


@pytest.mark.parametrize(
    ("arrays", "words"),
    [
        ({"verts": np.zeros((5, 3))}, "verts"),
        ({"poses": np.zeros((5, 72)), "fps": 30.0}, "(5, 72)"),
        ({"poses": np.full((5, 165), np.nan), "fps": 30.0}, "finite"),
        ({"poses": np.zeros((1, 165)), "fps": 30.0}, "1 frames"),
        ({"poses": np.zeros((90, 165)), "fps": 0.0}, "positive"),
        (
            {**{k: v for k, v in parts().items() if k != "left_hand_pose"}, "left_hand_pose": np.zeros((40, 6))},
            "Principal",
        ),
        ({"poses": np.array([{"a": 1}], dtype=object), "fps": 30.0}, "pickle"),
    ],
)
def test_what_a_file_lacks_is_said(folder: Path, tmp_path: Path, arrays: dict[str, Any], words: str) -> None:
    np.savez(tmp_path / "x.npz", **arrays)
    done = bring(folder, tmp_path / "x.npz", recording(tmp_path / "good.npz"))
    assert done["added"] == ["GOOD"], "the bad file didn't stop the good one"
    assert words in why(done) and "x.npz" in why(done)


# ---------------------------------------------------------------- many files


def test_author_licence_and_words_are_given_with_the_import(folder: Path, tmp_path: Path) -> None:
    bring(folder, recording(tmp_path / "a b.npz"), author="Ada", licence="CC0-1.0", words={"a b.npz": ["ab", "ba"]})
    sign = library.load("ASL", folder).signs["A-B"]
    assert (sign.words, sign.author, sign.licence) == (("ab", "ba"), "Ada", "CC0-1.0")
    assert isinstance(sign, RecordedSign) and sign.origin == "a b.npz"


@pytest.mark.parametrize(
    ("how", "added", "replaced", "skipped"),
    [("skip", [], [], 1), ("replace", [], ["X"], 0), ("rename", ["X-2"], [], 0)],
)
def test_duplicates(
    folder: Path, tmp_path: Path, how: str, added: list[str], replaced: list[str], skipped: int
) -> None:
    path = recording(tmp_path / "x.npz")
    bring(folder, path)
    done = bring(folder, path, duplicates=how)
    assert (done["added"], done["replaced"], len(done["skipped"])) == (added, replaced, skipped)


def test_a_folder_gives_all_files_that_can_be_read_and_says_what_goes_through_blender(
    folder: Path, tmp_path: Path
) -> None:
    source = tmp_path / "signs"
    (source / "deep").mkdir(parents=True)
    recording(source / "one.npz")
    recording(source / "deep" / "two.npz")
    (source / "notes.txt").write_text("hello")
    (tmp_path / "walk.fbx").write_bytes(b"Kaydara")
    done = bring(folder, source, tmp_path / "walk.fbx", tmp_path / "missing.npz")
    assert sorted(done["added"]) == ["ONE", "TWO"]
    assert "in Blender" in why(done) and "no such file" in why(done)


def test_a_cancelled_import_keeps_what_was_done(folder: Path, tmp_path: Path) -> None:
    files = [recording(tmp_path / f"s{i}.npz", 0.3) for i in range(5)]
    told: list[float] = []

    def report(stage: str, fraction: float) -> None:
        told.append(fraction)
        if fraction > 0.5:
            raise Cancelled

    with pytest.raises(Cancelled):
        ask("signs_import", folder, report, paths=[str(p) for p in files])
    assert library.load("ASL", folder).signs.keys() >= {"S0", "S1"}
    assert "S4" not in library.load("ASL", folder).signs
    assert told == sorted(told)


# ---------------------------------------------------------------- export


@pytest.fixture
def exported(folder: Path, tmp_path: Path) -> Path:
    bring(folder, recording(tmp_path / "mine.npz"), author="Ada", licence="CC-BY-4.0")
    changes = {"gloss": "GREETING", "author": "Bob", "licence": "CC0-1.0"}
    ask("sign_edit", folder, gloss="HELLO", changes=changes, copy=True)
    ask("signs_export", folder, output=str(tmp_path / "out.zip"))
    return tmp_path / "out.zip"


def test_an_exported_zip_names_authors_and_licences(exported: Path) -> None:
    with zipfile.ZipFile(exported) as archive:
        readme = archive.read("README.md").decode()
        names = archive.namelist()
    assert "| CC-BY-4.0 | Ada | MINE |" in readme and "| CC0-1.0 | Bob | GREETING |" in readme
    assert "asl/recorded.json" in names and "asl/signs.toml" in names


def test_an_exported_zip_comes_back_as_it_was(exported: Path, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other"
    done = bring(other, exported, language="DGS")
    assert sorted(done["added"]) == ["GREETING", "MINE"] and not done["skipped"]
    before, after = library.load("ASL", folder).signs, library.load("ASL", other).signs
    assert np.array_equal(before["MINE"].sequence.poses, after["MINE"].sequence.poses)  # type: ignore[union-attr]
    assert before["GREETING"].postures == after["GREETING"].postures  # type: ignore[union-attr]
    assert (after["MINE"].author, after["MINE"].licence) == ("Ada", "CC-BY-4.0")


def test_somebodys_dictionary_folder_is_imported_like_a_zip(exported: Path, folder: Path, tmp_path: Path) -> None:
    assert sorted(bring(tmp_path / "other", folder)["added"]) == ["GREETING", "MINE"]


def test_own_handshapes_travel_and_never_change_those_that_are_there(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "theirs"
    (source / "asl").mkdir(parents=True)
    shape = '[flat]\ndescription = "another flat hand"\nlike = "bent"\nindex = [30, 30, 30]\n'
    (source / "handshapes.toml").write_text(shape.replace("[flat]", "[Flat9]", 1) + "\n" + shape)
    sign = (
        '[BOARD]\nwords = ["board"]\nhands = "one"\nauthor = "A"\nlicence = "CC0-1.0"\nreviewed_by = ""\n'
        'description = "a board is shown"\npostures = [\n'
        '  { shape = "flat", at = "neutral", palm = "forward", fingers = "up" },\n  { shape = "Flat9" },\n]\n'
    )
    (source / "asl/signs.toml").write_text(sign)
    assert bring(folder, source)["added"] == ["BOARD"]
    lexicon = library.load("ASL", folder)
    assert lexicon.handshapes["flat"] == library.load("ASL").handshapes["flat"]
    shapes = [lexicon.handshapes[str(p.shape)] for p in lexicon.authored["BOARD"].postures]
    assert [s.index.mcp for s in shapes] == [30, 30]
    ask("signs_export", folder, output=str(tmp_path / "out.zip"))
    assert bring(tmp_path / "third", tmp_path / "out.zip")["added"] == ["BOARD"]
    assert not library.load("ASL", tmp_path / "third").problems


def test_signs_without_author_or_licence_are_not_exported(folder: Path, tmp_path: Path) -> None:
    bring(folder, recording(tmp_path / "mine.npz"), author="Ada")
    with pytest.raises(EngineError, match="MINE") as error:
        ask("signs_export", folder, output=str(tmp_path / "out.zip"))
    assert error.value.code == "licence_missing"
    assert not (tmp_path / "out.zip").exists()


def test_only_own_signs_are_exported(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match="no signs of your own"):
        ask("signs_export", folder, output=str(tmp_path / "out.zip"))
    bring(folder, recording(tmp_path / "mine.npz"))
    with pytest.raises(EngineError, match="HELLO"):
        ask("signs_export", folder, glosses=["HELLO"], output=str(tmp_path / "out.zip"))


# ---------------------------------------------------------------- zips that mean harm


def zipped(path: Path, files: dict[str, bytes | str]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def index(motion: str) -> str:
    return json.dumps({"format": 1, "signs": {"X": {"words": ["x"], "motion": motion}}})


@pytest.mark.parametrize(
    "motion", ["../../secret.npz", "/etc/passwd", "motion/../../x.npz", "motion\\..\\x.npz", "x.npz"]
)
def test_a_zip_that_names_motion_elsewhere_is_refused(folder: Path, tmp_path: Path, motion: str) -> None:
    recording(tmp_path / "secret.npz")
    bad = zipped(tmp_path / "bad.zip", {"asl/recorded.json": index(motion), "../../secret.npz": b"x"})
    done = bring(folder, bad)
    assert not done["added"] and "motion" in why(done)


def test_nothing_of_a_zip_is_written_but_signs(folder: Path, tmp_path: Path) -> None:
    motion = recording(tmp_path / "m.npz").read_bytes()
    files = {
        "asl/recorded.json": index("motion/x.npz"),
        "asl/motion/x.npz": motion,
        "../evil.txt": "x",
        "asl/evil.py": "x",
    }
    assert bring(folder, zipped(tmp_path / "mixed.zip", files))["added"] == ["X"]
    assert not list(tmp_path.rglob("evil*"))


def test_a_zip_that_unpacks_to_too_much_is_refused(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from engine.dictionary import containers

    monkeypatch.setattr(containers, "MAX_MEMBER_BYTES", 10_000)
    bomb = zipped(tmp_path / "bomb.zip", {"asl/recorded.json": b"0" * 1_000_000})
    assert "unpacks to more" in why(bring(folder, bomb))
    monkeypatch.setattr(containers, "MAX_MEMBERS", 0)
    assert "too large" in why(bring(folder, bomb))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"junk" * 100])
def test_a_broken_zip_is_skipped(folder: Path, tmp_path: Path, content: bytes) -> None:
    (tmp_path / "x.zip").write_bytes(content)
    assert "x.zip" in why(bring(folder, tmp_path / "x.zip"))


def test_a_zip_with_broken_parts_gives_the_good_ones(folder: Path, tmp_path: Path) -> None:
    motion = recording(tmp_path / "m.npz").read_bytes()
    signs = {g: {"words": ["x"], "motion": f"motion/{g}.npz"} for g in ("GOOD", "BROKEN", "LOST")}
    files = {
        "asl/recorded.json": json.dumps({"format": 1, "signs": signs}),
        "asl/motion/GOOD.npz": motion,
        "asl/motion/BROKEN.npz": motion[:100],
        "dgs/recorded.json": "{",
        "xx/recorded.json": "{}",
    }
    done = bring(folder, zipped(tmp_path / "some.zip", files))
    assert done["added"] == ["GOOD"] and len(done["skipped"]) == 4


# ---------------------------------------------------------------- spoken-to-signed folders


def lexicon_folder(path: Path, rows: list[dict[str, Any]]) -> Path:
    path.mkdir(parents=True, exist_ok=True)
    columns = ["path", "spoken_language", "signed_language", "start", "end", "words", "glosses", "priority"]
    with open(path / "index.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
    return path


def row(path: str, words: str, **more: Any) -> dict[str, Any]:
    usual = {"spoken_language": "de", "signed_language": "gsg", "start": 0, "end": 0, "glosses": "", "priority": 0}
    return {"path": path, "words": words, **usual, **more}


def test_a_lexicon_folder_becomes_many_signs_of_its_own_languages(folder: Path, tmp_path: Path) -> None:
    source = tmp_path / "lexicon"
    (source / "gsg").mkdir(parents=True)
    recording(source / "gsg/a.npz", 2.0)
    rows = [
        row("gsg/a.npz", "Haus", priority=2),
        row("gsg/a.npz", "guten Tag", glosses="GUTEN-TAG", start=500, end=1500),
        row("gsg/a.npz", "hello", signed_language="ase"),
        row("gsg/a.npz", "x", signed_language="bfi"),
        row("gsg/missing.npz", "y"),
        row("../dictionary.npz", "z"),
        row("gsg/a.npz", "w", start="soon"),
    ]
    done = bring(folder, lexicon_folder(source, rows))
    assert sorted(done["added"]) == ["GUTEN-TAG", "HAUS", "HELLO"]
    assert [part for part in ("bfi", "missing", "outside", "milliseconds") if part not in why(done)] == []
    german = library.load("DGS", folder).signs
    assert german["HAUS"].words == ("Haus",)
    assert german["GUTEN-TAG"].sequence.duration == pytest.approx(1.0, abs=0.1)  # type: ignore[union-attr]
    assert "HELLO" in library.load("ASL", folder).signs


def test_a_link_out_of_a_lexicon_folder_is_refused(folder: Path, tmp_path: Path) -> None:
    recording(tmp_path / "secret.npz")
    source = lexicon_folder(tmp_path / "lexicon", [row("link.npz", "x")])
    try:
        (source / "link.npz").symlink_to(tmp_path / "secret.npz")
    except OSError:
        pytest.skip("links can't be made here")
    assert "outside" in why(bring(folder, source))


def test_an_index_without_its_columns_is_told(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "lexicon").mkdir()
    (tmp_path / "lexicon/index.csv").write_bytes("a,b\n1,2\n".encode("utf-16"))
    assert "UTF-8" in why(bring(folder, tmp_path / "lexicon"))
    (tmp_path / "lexicon/index.csv").write_text("a,b\n1,2\n")
    assert "'path'" in why(bring(folder, tmp_path / "lexicon"))


def test_takes_of_our_own_are_imported(folder: Path, tmp_path: Path) -> None:
    Take("x", "", "ASL", "user", waving()).save(tmp_path / "take.npz")
    assert bring(folder, tmp_path / "take.npz")["added"] == ["TAKE"]
