"""A complete Blender with a window, driven by mouse and keyboard through X, as a user would.

`SIGNWRIGHT_BLENDER` is the command that starts it, `SIGNWRIGHT_ZIP` the built zip; `build_addon.py test gui` sets the
latter. Keys and clicks are real X input (xdotool). What Blender then holds is asked of `inside.py`, which runs in it.
"""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "build" / "gui"
WIDTH, HEIGHT = 1600, 900
START_S, ACTION_S = 180.0, 60.0
HEADER_PX = 28
"""Height of a panel's header with the gap to the next."""
PANEL_S = 1.0
"""For a panel to open or close, which Blender draws as a movement."""
STEP_PX = 12
"""Less than a button's height."""


class Screen:
    """A virtual X screen."""

    def __init__(self) -> None:
        read, write = os.pipe()
        command = ["Xvfb", "-displayfd", str(write), "-screen", "0", f"{WIDTH}x{HEIGHT}x24", "+extension", "GLX"]
        self._process = subprocess.Popen(
            command, pass_fds=[write], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        os.close(write)
        with os.fdopen(read) as pipe:
            self.display = ":" + pipe.readline().strip()

    def input(self, *arguments: object) -> None:
        """Send real input with xdotool."""
        environment = {**os.environ, "DISPLAY": self.display}
        subprocess.run(["xdotool", *map(str, arguments)], env=environment, check=True, timeout=30)

    def photograph(self, name: str) -> Path:
        """Save what the screen shows."""
        path = FOLDER / f"{name}.png"
        environment = {**os.environ, "DISPLAY": self.display}
        subprocess.run(["import", "-window", "root", str(path)], env=environment, check=True, timeout=60)
        return path

    def close(self) -> None:
        self._process.terminate()
        self._process.wait(10)


class Blender:
    """The Blender under test: input goes through the screen, questions to the script inside."""

    def __init__(self, screen: Screen) -> None:
        self.screen = screen
        self._asked = 0
        self._places: dict[str, tuple[float, float]] = {}
        for leftover in ("question.json", "answer.json"):
            (FOLDER / leftover).unlink(missing_ok=True)
        self._log = open(FOLDER / "blender.log", "w", encoding="utf-8")  # noqa: SIM115 - closed by `close`
        arguments = ["--python-exit-code", "1", "--window-geometry", 0, 0, WIDTH, HEIGHT, "--python"]
        self._process = start([*arguments, ROOT / "tests/gui/inside.py", "--", FOLDER], screen.display, self._log)
        self.ask("True", START_S)

    def ask(self, expression: str, timeout: float = ACTION_S) -> Any:
        """Value of a Python expression inside Blender; names of `inside.py` can be used."""
        self._asked += 1
        write_whole(FOLDER / "question.json", json.dumps({"id": self._asked, "expression": expression}))
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            answer = read_json(FOLDER / "answer.json")
            if answer.get("id") == self._asked:
                assert "error" not in answer, answer["error"]
                return answer["value"]
            status = self._process.poll()
            assert status is None, f"Blender ended with status {status}; see {FOLDER / 'blender.log'}"
            time.sleep(0.02)
        self.screen.photograph("no-answer")
        raise AssertionError(f"Blender didn't answer `{expression}` in {timeout:.0f} s; see {FOLDER}/no-answer.png")

    def wait(self, expression: str, timeout: float = ACTION_S) -> Any:
        """Ask until the answer is true."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            if value := self.ask(expression):
                return value
            time.sleep(0.1)
        self.screen.photograph("timeout")
        raise AssertionError(f"`{expression}` stayed false for {timeout:.0f} s; see {FOLDER}/timeout.png")

    def point(self, x: float, y: float) -> None:
        """Put the mouse to a place in Blender's window coordinates (y from the bottom)."""
        self.screen.input("mousemove", round(x), round(HEIGHT - 1 - y))

    def click(self, x: float, y: float, times: int = 1) -> None:
        self.point(x, y)
        time.sleep(0.15)
        self.screen.input("click", "--repeat", times, "--delay", 60, 1)

    def ctrl_click(self, x: float, y: float) -> None:
        self.point(x, y)
        time.sleep(0.15)
        self.screen.input("keydown", "ctrl", "click", 1, "keyup", "ctrl")

    def copied(self, x: float, y: float, copy: str) -> str:
        """What Blender copies of the button at that place."""
        self.screen.input("mousemove", round(x), round(HEIGHT - 1 - y), "sleep", 0.05, "key", "--delay", 40, copy)
        return self.ask("take_clipboard()")

    def open_panel(self, mark: str, copy: str = "ctrl+c") -> tuple[float, float]:
        """Open the panel one of whose first rows is that button, close the others of the tab, and say where it is.

        Headers can't be asked for, so they are tried from the top: Ctrl-click opens one and closes the others, and a
        click closes it again.
        """
        region = self.ask("sidebar()")
        x, y = region["x"] + region["width"] * 0.35, region["y"] + region["height"] - HEADER_PX // 2
        self.ctrl_click(x, y)
        time.sleep(PANEL_S)
        while y > region["y"] + HEADER_PX:
            if place := self._below(mark, x, y, copy):
                return place
            self.click(x, y)
            time.sleep(PANEL_S)
            y -= HEADER_PX
            self.ctrl_click(x, y)
            time.sleep(PANEL_S)
        self.screen.photograph("no-panel")
        raise AssertionError(f"no panel with `{mark}`; see {FOLDER}/no-panel.png")

    def open_subpanel(self, below: tuple[float, float], mark: str, copy: str = "ctrl+c") -> tuple[float, float]:
        """Open the closed sub-panel under the row at that place, and say where the button with `mark` is in it."""
        x, y = below
        for distance in (32, 26, 38):
            self.click(x, y - distance)
            time.sleep(PANEL_S)
            if place := self._below(mark, x, y - distance, copy):
                return place
            self.click(x, y - distance)
            time.sleep(PANEL_S)
        self.screen.photograph("no-panel")
        raise AssertionError(f"no sub-panel with `{mark}`; see {FOLDER}/no-panel.png")

    def _below(self, mark: str, x: float, y: float, copy: str) -> tuple[float, float] | None:
        """Place of such a button in the first rows under a panel's header, if it is there."""
        rows = range(int(y) - HEADER_PX + 4, int(y) - 4 * HEADER_PX, -STEP_PX)
        return next(((x, float(row)) for row in rows if mark in self.copied(x, row, copy)), None)

    def key(self, *names: str) -> None:
        self.screen.input("key", "--delay", 60, *names)

    def type(self, text: str) -> None:
        self.screen.input("type", "--delay", 30, text)

    def find(self, mark: str, copy: str = "ctrl+c") -> tuple[float, float]:
        """Place in the sidebar of the button whose copied text holds `mark`.

        Over a button, Ctrl C makes Blender copy its command, and Ctrl Alt Shift C the path of its property: so
        buttons are found by what they do, wherever the layout puts them.
        """
        known = self._places.get(mark)
        if known is not None and mark in self.copied(*known, copy):
            return known
        region = self.ask("sidebar()")
        for across in (0.5, 0.8, 0.25):
            x = region["x"] + region["width"] * across
            for y in range(int(region["y"] + region["height"] - 12), int(region["y"] + 10), -STEP_PX):
                if mark in self.copied(x, y, copy):
                    self._places[mark] = x, float(y)
                    return self._places[mark]
        self.screen.photograph("not-found")
        raise AssertionError(f"no button for `{mark}` in the sidebar; see {FOLDER}/not-found.png")

    def log_text(self) -> str:
        """What Blender has printed."""
        return (FOLDER / "blender.log").read_text("utf-8", "replace")

    def close(self) -> None:
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
        self._log.close()


def start(arguments: list[object], display: str, output: Any) -> subprocess.Popen[bytes]:
    """Start Blender with the profile of the GUI tests."""
    command = [*shlex.split(os.environ["SIGNWRIGHT_BLENDER"]), *map(str, arguments)]
    environment = {**os.environ, "BLENDER_USER_RESOURCES": str(FOLDER / "profile"), "DISPLAY": display}
    return subprocess.Popen(command, env=environment, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)


def write_whole(path: Path, text: str) -> None:
    partial = path.with_suffix(".part")
    partial.write_text(text, "utf-8")
    partial.replace(path)


def read_json(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text("utf-8")) if path.is_file() else {}


def pytest_configure(config: pytest.Config) -> None:
    lacking = [name for name in ("SIGNWRIGHT_ZIP", "SIGNWRIGHT_BLENDER") if not os.environ.get(name)]
    lacking += [name for name in ("Xvfb", "xdotool", "import") if shutil.which(name) is None]
    if lacking:
        pytest.exit(f"The GUI tier lacks {', '.join(lacking)}; `build_addon.py test gui` says more.", returncode=2)


@pytest.fixture(scope="session")
def screen() -> Iterator[Screen]:
    shutil.rmtree(FOLDER, ignore_errors=True)
    (FOLDER / "profile").mkdir(parents=True)
    screen = Screen()
    yield screen
    screen.close()


@pytest.fixture(scope="session")
def blender(screen: Screen) -> Iterator[Blender]:
    """Blender with the extension installed by its own command line, its window open and focused."""
    zip_path = FOLDER / "extension.zip"
    shutil.copy(os.environ["SIGNWRIGHT_ZIP"], zip_path)
    prepare: list[list[object]] = [
        ["--command", "extension", "install-file", "-r", "user_default", "-e", zip_path],
        ["--background", "--python-exit-code", "1", "--python", ROOT / "tests/gui/prepare.py"],
    ]
    for i, arguments in enumerate(prepare):
        with open(FOLDER / f"prepare-{i}.log", "wb") as log:
            status = start(arguments, screen.display, log).wait(START_S)
        assert status == 0, (FOLDER / f"prepare-{i}.log").read_text("utf-8", "replace")
    blender = Blender(screen)
    yield blender
    blender.close()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Any:
    """Keep a picture of the screen for every failure."""
    report = yield
    blender = getattr(item, "funcargs", {}).get("blender")
    if report.failed and isinstance(blender, Blender):
        blender.screen.photograph(f"failed-{item.name}")
    return report
