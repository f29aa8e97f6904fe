"""Reviewing signs: fingerprints, the page, verdicts and how they are merged."""

from __future__ import annotations

import base64
import dataclasses
import json
import re
import shutil
import zlib
from pathlib import Path

import numpy as np
import pytest

from engine.__main__ import main
from engine.body import EMBEDDED_AVATAR, BodyModel
from engine.generators.base import EngineError
from engine.lexicon.loader import DATA, load_language
from engine.lexicon.toml_source import LexiconError
from engine.review import packing
from engine.review.merge import merge, read_verdicts
from engine.review.records import fingerprint, records
from engine.review.source_edit import quoted, set_reviewers

OWN = """# My signs. This comment stays.

[OWN-SIGN]   # made on a Sunday
words = ["own sign"]
hands = "one"
postures = [
  { shape = "A", at = "chest", palm = "back", fingers = "up" },   # the fist
]
description = "A fist before the chest."
reviewed_by = ""   # nobody yet

[OTHER-SIGN]
words = ["other sign"]
hands = "one"
postures = [{ shape = "B", at = "chest", palm = "back", fingers = "up" }]
description = "A flat hand before the chest."
reviewed_by = "Zoë"
"""


@pytest.fixture(scope="module")
def asl():
    return load_language("ASL")


@pytest.fixture
def dictionary(tmp_path: Path) -> Path:
    folder = tmp_path / "own"
    (folder / "asl").mkdir(parents=True)
    (folder / "asl" / "mine.toml").write_text(OWN, encoding="utf-8")
    return folder


def verdict_file(path: Path, *verdicts: dict[str, str], reviewer: str = "Anna Bell") -> Path:
    data = {"format": "signwright-verdicts", "version": 1, "reviewer": reviewer, "verdicts": list(verdicts)}
    path.write_text(json.dumps(data), encoding="utf-8")
    return path


def verdict(
    dictionary: Path, key: str, ruling: str = "accept", comment: str = "", fingerprint: str = ""
) -> dict[str, str]:
    known = {r.key: r for r in records(load_language("ASL", [dictionary]))}
    return {"key": key, "verdict": ruling, "comment": comment, "hash": known[key].fingerprint}


# ---- what there is to review


def test_signs_letters_and_numbers_are_there_to_review(asl):
    keys = [r.key for r in records(asl)]
    assert len(keys) == len(set(keys)) == len(asl.signs) + len(asl.letters) + len(asl.numbers)
    assert {"asl/HELLO", "asl/fs-A", "asl/#7"} <= set(keys)


def test_asking_for_a_sign_that_is_not_there_is_an_error(asl):
    with pytest.raises(EngineError, match="NO-SUCH"):
        records(asl, ["HELLO", "NO-SUCH"])


def test_a_fingerprint_changes_with_the_sign_and_not_with_its_reviewer_or_place(asl):
    hello = asl.signs["HELLO"]
    assert fingerprint(hello) == fingerprint(dataclasses.replace(hello, reviewed_by="Anna", line=7, file="x.toml"))
    moved = dataclasses.replace(hello.postures[0], offset=(1.0, 0.0, 0.0))
    assert fingerprint(hello) != fingerprint(dataclasses.replace(hello, postures=(moved, *hello.postures[1:])))
    assert fingerprint(hello) != fingerprint(dataclasses.replace(hello, words=("goodbye",)))


# ---- the page


def test_motion_is_packed_within_a_hundredth_of_a_degree(asl):
    from engine.review.motion import motion_of

    sequence, _, _ = motion_of(asl.signs["HELLO"], asl, BodyModel.load(EMBEDDED_AVATAR), 24.0)
    packed = packing.clip(sequence)
    changes = np.frombuffer(zlib.decompress(base64.b64decode(packed["data"])), "<i2").reshape(-1, packed["frames"])
    channels = np.cumsum(changes, axis=1, dtype=np.int16).T
    joints = len(packing._CLIP_JOINTS)
    rotations = channels[:, : 3 * joints].reshape(-1, joints, 3) / packing.ROTATION_STEPS
    given = sequence.poses.reshape(len(sequence), 55, 3)[:, packing._CLIP_JOINTS]
    assert np.degrees(np.abs(rotations - given)).max() < 0.01


def test_the_page_holds_all_it_needs_and_nothing_can_end_its_data_early(tmp_path: Path, capsys, dictionary: Path):
    (dictionary / "asl" / "evil.toml").write_text(
        OWN.replace("OWN-SIGN", "EVIL").replace("OTHER-SIGN", "EVIL-2").replace('"A fist', '"</script><b>A fist'),
        encoding="utf-8",
    )
    command = [
        "review",
        "-o",
        str(tmp_path / "out"),
        "--dictionary",
        str(dictionary),
        "--signs",
        "HELLO",
        "fs-A",
        "#7",
        "EVIL",
    ]
    assert main(command) == 0
    assert "4 signs" in capsys.readouterr().out
    html = (tmp_path / "out" / "review.html").read_text(encoding="utf-8")
    data = json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.S)[1])
    assert [s["gloss"] for s in data["signs"]] == ["HELLO", "fs-A", "7", "EVIL"]
    assert data["signs"][3]["description"].startswith("</script>")
    assert html.count("<script") == 4
    assert not re.search(r"""(?:src|href)\s*=\s*["']?(?:https?:)?//""", html)
    assert "/*" not in html[: html.index("<style>")]


def test_contact_sheets_show_signs_with_their_status(tmp_path: Path, capsys):
    image = pytest.importorskip("PIL.Image")
    assert main(["review", "-o", str(tmp_path), "--signs", "YES", "--contact-sheet"]) == 0
    sheet = np.asarray(image.open(tmp_path / "contact_sheet_01.png").convert("RGB"), dtype=float)
    assert "contact_sheet_01.png" in capsys.readouterr().out
    sweater = np.abs(sheet - (50, 90, 115)).max(axis=-1) < 40
    assert 0.005 < sweater.mean() < 0.5


# ---- verdicts


def test_accepting_puts_the_name_into_the_source_and_changes_nothing_else(dictionary: Path, tmp_path: Path, capsys):
    file = verdict_file(tmp_path / "v.json", verdict(dictionary, "asl/OWN-SIGN"))
    assert main(["review", "--merge", str(file), "--dictionary", str(dictionary)]) == 0
    text = (dictionary / "asl" / "mine.toml").read_text(encoding="utf-8")
    assert text == OWN.replace('reviewed_by = ""   # nobody', 'reviewed_by = "Anna Bell"   # nobody')
    assert "asl/OWN-SIGN" in capsys.readouterr().out


def test_a_second_reviewer_is_added_to_the_first_once(dictionary: Path, tmp_path: Path):
    for _ in range(2):
        file = verdict_file(tmp_path / "v.json", verdict(dictionary, "asl/OTHER-SIGN"))
        merge(read_verdicts(file), [dictionary])
    assert load_language("ASL", [dictionary]).signs["OTHER-SIGN"].reviewed_by == "Zoë, Anna Bell"


def test_a_verdict_on_a_sign_that_changed_since_is_refused(dictionary: Path, tmp_path: Path, capsys):
    old = verdict(dictionary, "asl/OWN-SIGN")
    path = dictionary / "asl" / "mine.toml"
    changed = OWN.replace('shape = "A"', 'shape = "S"')
    path.write_text(changed, encoding="utf-8")
    file = verdict_file(tmp_path / "v.json", old, verdict(dictionary, "asl/OTHER-SIGN"))
    assert main(["review", "--merge", str(file), "--dictionary", str(dictionary)]) == 1
    assert "it has changed since" in capsys.readouterr().out
    assert path.read_text(encoding="utf-8") == changed.replace('"Zoë"', '"Zoë, Anna Bell"')


def test_what_needs_work_is_told_and_not_marked(dictionary: Path, tmp_path: Path):
    said = verdict(dictionary, "asl/OWN-SIGN", "work", "the thumb\nis wrong")
    gone = {"key": "asl/GONE", "verdict": "accept", "comment": "", "hash": "0"}
    outside = {"key": f"{dictionary.parent}/own/asl/OWN-SIGN", "verdict": "accept", "comment": "", "hash": "0"}
    done = merge(read_verdicts(verdict_file(tmp_path / "v.json", said, gone, outside)), [dictionary])
    assert done.accepted == []
    assert done.remarks == ["asl/OWN-SIGN: needs work: the thumb is wrong"]
    assert [line.partition(": ")[2] for line in done.refused] == ["there is no such sign any more"] * 2
    assert (dictionary / "asl" / "mine.toml").read_text(encoding="utf-8") == OWN


@pytest.mark.parametrize(
    "content",
    [
        "no json",
        "[]",
        '{"format": "other"}',
        '{"format": "signwright-verdicts", "version": 1, "reviewer": " ", "verdicts": []}',
        '{"format": "signwright-verdicts", "version": 1, "reviewer": "A\\u0007", "verdicts": []}',
        '{"format": "signwright-verdicts", "version": 1, "reviewer": "A", "verdicts": [{"key": "asl/HELLO"}]}',
        '{"format": "signwright-verdicts", "version": 1, "reviewer": "A", "verdicts": '
        '[{"key": "asl/HELLO", "verdict": "burn", "comment": "", "hash": ""}]}',
        '{"format": "signwright-verdicts", "version": 1, "reviewer": "A", "verdicts": 7}',
    ],
)
def test_a_file_that_holds_no_verdicts_is_an_error_that_names_it(tmp_path: Path, content: str):
    path = tmp_path / "verdicts.json"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(EngineError, match=r"verdicts\.json can't be used"):
        read_verdicts(path)


@pytest.mark.parametrize("name", ['Ann "the hand" Bell', "back\\slash", "Zoë 李", "tab\there"])
def test_any_name_survives_the_way_into_the_file(dictionary: Path, name: str):
    path = dictionary / "asl" / "mine.toml"
    set_reviewers(path, {"OWN-SIGN": name})
    assert load_language("ASL", [dictionary]).signs["OWN-SIGN"].reviewed_by == name
    assert path.read_text(encoding="utf-8") == OWN.replace('""   #', f"{quoted(name)}   #")


def test_line_ends_of_windows_stay(dictionary: Path):
    path = dictionary / "asl" / "mine.toml"
    path.write_bytes(OWN.replace("\n", "\r\n").encode())
    set_reviewers(path, {"OTHER-SIGN": "Anna"})
    assert path.read_bytes() == OWN.replace("Zoë", "Anna").replace("\n", "\r\n").encode()


def test_a_record_without_the_field_gets_it_at_its_end(tmp_path: Path):
    path = tmp_path / "x.toml"
    path.write_text('[A]\nwords = ["a"]\n\n# about b\n[B]\nwords = ["b"]', encoding="utf-8")
    set_reviewers(path, {"A": "Anna", "B": "Bea"})
    assert path.read_text(encoding="utf-8") == (
        '[A]\nwords = ["a"]\nreviewed_by = "Anna"\n\n# about b\n[B]\nwords = ["b"]\nreviewed_by = "Bea"\n'
    )


def test_nothing_is_written_when_a_table_is_not_there(dictionary: Path):
    path = dictionary / "asl" / "mine.toml"
    with pytest.raises(LexiconError, match="NOWHERE"):
        set_reviewers(path, {"OWN-SIGN": "Anna", "NOWHERE": "Anna"})
    assert path.read_text(encoding="utf-8") == OWN


@pytest.mark.parametrize("file", sorted(DATA.glob("*/*.toml")), ids=lambda p: f"{p.parent.name}/{p.name}")
def test_names_can_be_put_into_every_embedded_file(tmp_path: Path, file: Path):
    import tomllib

    copy = tmp_path / file.name
    shutil.copy(file, copy)
    data = tomllib.loads(file.read_text(encoding="utf-8"))
    set_reviewers(copy, dict.fromkeys(data, "Anna"))
    changed = copy.read_text(encoding="utf-8").splitlines()
    before = file.read_text(encoding="utf-8").splitlines()
    assert len(changed) == len(before)
    different = [(a, b) for a, b in zip(before, changed, strict=True) if a != b]
    assert all(b.startswith("reviewed_by = ") for _, b in different)


def test_a_sign_that_cannot_be_signed_has_a_card_that_says_so(monkeypatch: pytest.MonkeyPatch, asl):
    from engine.review import motion, page_builder

    def refuse(*_, **__):
        raise ValueError("both hands wait for each other")

    monkeypatch.setattr(motion, "synthesise", refuse)
    html = page_builder.page([(asl, records(asl, ["HELLO"]))], BodyModel.load(EMBEDDED_AVATAR), lambda *_: None)
    data = json.loads(re.search(r'id="data">(.*?)</script>', html, re.S)[1])
    assert data["signs"][0]["motion"] is None
    assert data["signs"][0]["problem"] == "HELLO can't be signed: both hands wait for each other"
