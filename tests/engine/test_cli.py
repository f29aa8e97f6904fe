"""The command line for people."""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from engine import __version__
from engine.__main__ import main
from engine.take import Take

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    env = {**os.environ, "PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"}
    command = [sys.executable, "-m", "engine", *arguments]
    return subprocess.run(command, capture_output=True, text=True, env=env, stdin=subprocess.DEVNULL, timeout=60)


def test_generate_writes_a_take_and_prints_the_gloss_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "mein Gruß.npz"
    assert main(["generate", "Hello, my name is Anna.", "-o", str(path), "--fps", "30", "--seed", "3"]) == 0
    take = Take.load(path)
    assert (take.text, take.seed, take.sequence.fps) == ("Hello, my name is Anna.", 3, 30)
    printed = capsys.readouterr()
    assert printed.out.splitlines()[0] == "HELLO , POSS-1 NAME fs-ANNA"
    assert str(path) in printed.out
    assert printed.err == ""


def test_generate_reads_standard_input_for_a_dash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO("Thank you."))
    assert main(["generate", "-", "-o", str(tmp_path / "x.npz")]) == 0
    assert Take.load(tmp_path / "x.npz").text == "Thank you."


def test_what_was_left_out_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["generate", "Hello мир", "-o", str(tmp_path / "x.npz")]) == 0
    assert "мир" in capsys.readouterr().err


def test_plan_prints_the_gloss_line_and_what_words_could_also_be(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["plan", "What is your name?"]) == 0
    assert capsys.readouterr().out == "[POSS-2 NAME WHAT]wh\n"
    assert main(["plan", "What is your name?", "--word-order", "text"]) == 0
    assert capsys.readouterr().out == "[WHAT POSS-2 NAME]wh\n"
    assert main(["plan", "--gloss", "hello book++"]) == 0
    assert capsys.readouterr().out == "HELLO BOOK++\n"


def test_a_gloss_line_is_signed_instead_of_the_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.npz"
    assert main(["generate", "Hello.", "--gloss", "BOOK++ , [YOU]q", "-o", str(path), "--mouthing", "0"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "BOOK++ , [YOU]q"
    take = Take.load(path)
    assert take.text == "Hello."
    assert [s.gloss for s in take.segments if s.origin != "pause"] == ["BOOK++", "YOU"]
    assert take.settings["mouthing"] == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["generate", "", "-o", "x.npz"], "empty"),
        (["generate", "x" * 10_000, "-o", "x.npz"], "10,000"),
        (["generate", "--gloss", "HELLO ANNA", "-o", "x.npz"], "fs-ANNA"),
        (["plan", "--gloss", "HELO"], "Did you mean HELLO?"),
        (["plan", "Hello", "--language", "BSL"], "ASL"),
        (["generate", "Hello", "-o", "x.npz", "--method", "magic"], "dictionary"),
        (["generate", "Hello", "-o", "no/such/folder/x.npz"], "doesn't exist"),
        (["generate", "Hello", "-o", "x.npz", "--speed", "0"], "speed (0.1 to 10)"),
        (["generate", "Hello", "-o", "a.txt"], "a.txt isn't an .npz file"),
        (["generate", "Hello", "-o", "x.npz", "--betas", "1,2,x"], "--betas 1,2,x is no list of numbers"),
        (["generate", "Hello", "-o", "x.npz", "--dictionary", "no/typo"], "There is no folder no/typo"),
        (["plan", "Hello", "--dictionary", "no/typo"], "There is no folder no/typo"),
        (["signs", "qwertz"], "qwertz"),
    ],
)
def test_errors_are_told_in_words_with_exit_code_1(
    arguments: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert words in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""
    assert not list(tmp_path.iterdir())


def test_languages_and_methods_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["languages"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert len(lines) == 9
    assert re.search(r" \d{3,} signs, 26 letters, \d+ numbers$", lines["ASL"])
    assert main(["methods"]) == 0
    assert "dictionary" in capsys.readouterr().out


def test_signs_are_found_by_gloss_and_by_word(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["signs"]) == 0
    everything = capsys.readouterr().out.splitlines()
    assert everything == sorted(everything)
    assert main(["signs", "thanks"]) == 0
    assert capsys.readouterr().out.startswith("THANK-YOU ")


def test_names_keep_their_capitals_in_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["hamnosys", "--help"])
    assert "SiGML or HamNoSys" in capsys.readouterr().out


def test_the_module_runs_as_a_program() -> None:
    assert run("--version").stdout.strip() == __version__
    wrong = run("dance")
    assert wrong.returncode == 2
    assert "usage" in wrong.stderr
    shown = run("generate", "--help")
    assert shown.returncode == 0
    assert "--left-handed" in shown.stdout


def test_an_interrupted_run_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*arguments: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("engine.generators.registry.get", interrupt)
    assert main(["generate", "Hello", "-o", str(tmp_path / "x.npz")]) == 130
    assert not list(tmp_path.iterdir())


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_standard_output_is_no_traceback() -> None:
    with open("/dev/full", "w") as full:
        env = {**os.environ, "PYTHONPATH": str(ROOT)}
        done = subprocess.run(
            [sys.executable, "-m", "engine", "languages"], stdout=full, stderr=subprocess.PIPE, env=env, timeout=60
        )
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr
