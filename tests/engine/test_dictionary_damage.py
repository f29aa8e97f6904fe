"""What becomes of the user's signs when a write fails, and when files are damaged or mean harm."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest
from recordings import recording

from engine import requests
from engine.dictionary.store import UserDictionary
from engine.generators.base import EngineError


def ask(kind: str, dictionary: Path | str, **message: Any) -> dict[str, Any]:
    return requests.handler(kind)({"language": "ASL", "dictionary": str(dictionary), **message}, lambda *told: None)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "my signs"


# ---------------------------------------------------------------- writes that fail


def failing(monkeypatch: pytest.MonkeyPatch, name: str, at: int) -> None:
    """The call of `os.<name>` with this number fails, like on a full disk; calls before and after it work."""
    real, calls = getattr(os, name), iter(range(1_000))

    def call(*arguments: Any) -> Any:
        if next(calls) == at:
            raise OSError(28, "No space left on device")
        return real(*arguments)

    monkeypatch.setattr(os, name, call)


def content(folder: Path) -> dict[str, bytes]:
    files = (p for p in folder.rglob("*") if p.is_file() and p.suffix in (".toml", ".json", ".npz", ".part"))
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


@pytest.mark.parametrize("name", ["fsync", "replace"])
@pytest.mark.parametrize("kind", ["recorded instead of written", "written instead of recorded"])
def test_a_sign_is_kept_whichever_write_fails_when_it_is_replaced(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, name: str
) -> None:
    ask("sign_edit", folder, gloss="BOOK", changes={"words": ["book"]}, copy=True)
    if kind == "recorded instead of written":
        ask("sign_edit", folder, gloss="HELLO", changes={"words": ["hello"]}, copy=True)
        new = {"kind": "sign_add", "gloss": "HELLO", "motion": str(recording(tmp_path / "x.npz")), "replace": True}
    else:
        ask("sign_add", folder, gloss="HELLO", motion=str(recording(tmp_path / "x.npz")))
        ask("sign_edit", tmp_path / "theirs", gloss="HELLO", changes={"words": ["hello"]}, copy=True)
        new = {"kind": "signs_import", "paths": [str(tmp_path / "theirs")], "duplicates": "replace"}
    before = content(folder)
    for at in range(20):
        with monkeypatch.context() as patch:
            failing(patch, name, at)
            try:
                ask(dictionary=folder, **new)
                break
            except EngineError as e:
                assert e.code == "disk_full"
        assert content(folder) == before
    assert at >= 2, "all writes were made to fail"
    dictionary = UserDictionary(folder, "ASL")
    assert {*dictionary.recorded(), *dictionary.written()} == {"BOOK", "HELLO"}
    assert ("HELLO" in dictionary.recorded()) == (kind == "recorded instead of written")


def test_a_crash_between_two_writes_loses_no_sign(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask("sign_edit", folder, gloss="HELLO", changes={"words": ["hello"]}, copy=True)
    motion, seen, real = recording(tmp_path / "x.npz"), [], os.replace

    def replace(*arguments: Any) -> None:
        real(*arguments)
        dictionary = UserDictionary(folder, "ASL")
        seen.append("HELLO" in dictionary.recorded() or "HELLO" in dictionary.written())

    monkeypatch.setattr(os, "replace", replace)
    ask("sign_add", folder, gloss="HELLO", motion=str(motion), replace=True)
    assert len(seen) >= 3 and all(seen)
