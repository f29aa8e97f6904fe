"""The dictionary on the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from recordings import recording

from engine.__main__ import main
from engine.formats.hamnosys_symbols import all_symbols


def run(*arguments: str | Path) -> int:
    return main(list(map(str, arguments)))


@pytest.fixture
def own(tmp_path: Path) -> tuple[str, Path]:
    return "--dictionary", tmp_path / "mine"


def test_a_sign_goes_through_its_life(
    own: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    motion = recording(tmp_path / "wave.npz")
    assert (
        run(
            "dictionary", "add", "good wave", motion, "--words", "wave", "--author", "Ada", "--licence", "CC0-1.0", *own
        )
        == 0
    )
    assert run("dictionary", "list", "wave", "--own", *own) == 0
    listed = capsys.readouterr()
    assert "* GOOD-WAVE" in listed.out and "\n1 sign; " in f"\n{listed.err}"
    assert run("dictionary", "show", "GOOD-WAVE", *own) == 0
    shown = capsys.readouterr().out
    assert "Ada" in shown and "wave.npz" in shown
    assert run("dictionary", "export", "-o", tmp_path / "out.zip", *own) == 0
    assert "out.zip: 1 sign\n" in capsys.readouterr().out
    assert run("dictionary", "remove", "GOOD-WAVE", *own) == 0
    assert run("dictionary", "import", tmp_path / "out.zip", *own) == 0
    assert "1 added, 0 replaced, 0 skipped" in capsys.readouterr().out


def test_an_import_of_nothing_fails_and_says_why(
    own: tuple[str, Path], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.fbx").write_bytes(b"")
    assert run("dictionary", "import", tmp_path / "x.fbx", *own) == 1
    assert "in Blender" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["show", "QWERTZ"], "QWERTZ"),
        (["show", "HELO"], "no sign"),
        (["list", "qwertz"], "No sign matches 'qwertz'"),
        (["list", "hello", "--own"], "No sign of your own matches 'hello'"),
        (["list", "--own"], "You have no signs of your own in ASL yet"),
        (["list", "--language", "TSL"], "There are no signs of TSL yet"),
        (["remove", "HELLO"], "Signwright's own"),
        (["export", "-o", "x.zip"], "no signs of your own"),
        (["add", "X", "nothing.npz"], "nothing.npz"),
    ],
)
def test_errors_say_what_is_wrong(
    arguments: list[str], words: str, own: tuple[str, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run("dictionary", *arguments, *own) == 1
    assert words in capsys.readouterr().err


def test_coverage_of_a_notation_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    table = all_symbols()
    text = "".join(table[f"ham{n}"] for n in ("fist", "extfingero", "palmd", "moveX", "moveu"))
    (tmp_path / "two.hns").write_text(f"ONE {text}\nTWO {text}\uf8ff\n", encoding="utf-8")
    assert run("hamnosys", tmp_path / "two.hns") == 0
    printed = capsys.readouterr().out
    assert "0 of 2 signs" in printed and "hammoveX (2)" in printed and "U+F8FF" in printed
    assert run("hamnosys", tmp_path / "two.hns", "--toml") == 0
    assert "[ONE]" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [["dictionary"], ["dictionary", "import"], ["dictionary", "list"], ["hamnosys"]])
def test_help(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        run(*arguments, "--help")
    assert end.value.code == 0 and "usage" in capsys.readouterr().out
