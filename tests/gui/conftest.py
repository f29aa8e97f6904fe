"""A complete Blender with a window, driven by mouse and keyboard through X, as a user would.

`SIGNWRIGHT_BLENDER` is the command that starts it, `SIGNWRIGHT_ZIP` the built zip; `build_addon.py test gui` sets the
latter. `SIGNWRIGHT_MODEL` may name a folder with a trained model, which is put among the user's own. Keys and clicks
are real X input (xdotool). What Blender then holds is asked of `inside.py`, which runs in it.
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
START_S, ACTION_S, INPUT_S = 300.0, 180.0, 120.0
NOTE_KEY = "Pause"
"""Makes `inside.py` note what has been copied."""
AT_ONCE = 30
"""Places that one run of xdotool goes to."""
MODELS = "extensions/.user/user_default/signwright/models"
"""Where the extension looks for the user's models in a profile."""
STEP_PX = 12
"""Less than a button's height."""
EDGE_PX = 4
"""From the sidebar's left edge to where no button or list takes the mouse wheel."""
SCROLLS = 60
"""Turns of the mouse wheel after which a panel should have come into view."""


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
        subprocess.run(["xdotool", *map(str, arguments)], env=environment, check=True, timeout=INPUT_S)

    def photograph(self, name: str) -> Path:
        """Save what the screen shows."""
        path = FOLDER / f"{name}.png"
        environment = {**os.environ, "DISPLAY": self.display}
        subprocess.run(["import", "-window", "root", str(path)], env=environment, check=True, timeout=INPUT_S)
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
        self.settle()
        self.screen.input("click", "--repeat", times, "--delay", 60, 1)
        self.settle()

    def ctrl_click(self, x: float, y: float) -> None:
        self.point(x, y)
        self.settle()
        self.screen.input("keydown", "ctrl", "click", 1, "keyup", "ctrl")
        self.settle()

    def settle(self) -> None:
        """Wait until Blender has worked off all input, and no panel is on the move."""
        self.wait("not any(panel['moving'] for panel in panels().values())")

    def copied(self, places: list[tuple[float, float]], copy: str) -> list[str]:
        """What Blender copies of the buttons at those places; empty where there is none.

        Over a button, Ctrl C makes Blender copy its command, and Ctrl Alt Shift C the path of its property: so buttons
        are known by what they do, wherever the layout puts them. Blender notes each copy in the order of the keys.
        """
        self.ask("take_notes()")
        for some in (places[i : i + AT_ONCE] for i in range(0, len(places), AT_ONCE)):
            keys: list[object] = []
            for x, y in some:
                keys += ["mousemove", round(x), round(HEIGHT - 1 - y), "key", "--delay", 0, copy, NOTE_KEY]
            self.screen.input(*keys)
        notes = self.ask("take_notes()")
        assert len(notes) == len(places), f"Blender has heard {len(notes)} of {len(places)} keys"
        return notes

    def open_panel(self, *names: str) -> None:
        """Open a panel and panels in it, from the outside in, by clicks on their headers; other main panels are closed.

        names: as their classes have them after the prefix, like `generate`, `gloss`.
        """
        for name in names:
            panel = self._in_view(name)
            others = self.ask(f"[n for n, p in panels().items() if p['open'] and not p['parent'] and n != {name!r}]")
            place = panel["x"] + panel["width"] * 0.35, panel["header"]
            if panel["parent"]:
                if not panel["open"]:
                    self.click(*place)
            elif others or not panel["open"]:
                if panel["open"]:
                    self.click(*place)  # Ctrl-click on an open one would open what is in it
                self.ctrl_click(*place)
            self.wait(f"panels()[{name!r}]['open']")

    def _in_view(self, name: str) -> dict[str, Any]:
        """Turn the mouse wheel until the header of a panel can be seen; where the panel is then."""
        region = self.ask("sidebar()")
        panel = self.wait(f"panels().get({name!r})")
        for _ in range(SCROLLS):
            below = panel["header"] < region["y"] + STEP_PX
            if not below and panel["header"] < region["y"] + region["height"]:
                return panel
            self._turn_wheel(region, down=below)
            panel = self.ask(f"panels()[{name!r}]")
        self.screen.photograph("not-in-view")
        raise AssertionError(f"the panel `{name}` doesn't come into view; see {FOLDER}/not-in-view.png")

    def _turn_wheel(self, region: dict[str, Any], down: bool, times: int = 2) -> None:
        """Scroll the sidebar by turns of the mouse wheel."""
        self.point(region["x"] + EDGE_PX, region["y"] + region["height"] / 2)
        self.screen.input("click", "--repeat", times, "--delay", 20, 5 if down else 4)
        self.settle()

    def find(self, mark: str, copy: str = "ctrl+c") -> tuple[float, float]:
        """Place of the button in the open panels whose copied text holds `mark`; the sidebar is scrolled to it."""
        known = self._places.get(mark)
        if known is not None and mark in self.copied([known], copy)[0]:
            return known
        region = self.ask("sidebar()")
        self._turn_wheel(region, down=False, times=SCROLLS)
        seen = None
        while (there := self.ask("panels()")) != seen:
            seen = there
            for across in (0.5, 0.8, 0.25, 0.93):
                places = self._rows(region, across)
                found = [place for place, text in zip(places, self.copied(places, copy), strict=True) if mark in text]
                if found:
                    self._places[mark] = found[0]
                    return found[0]
            self._turn_wheel(region, down=True, times=8)
        self.screen.photograph("not-found")
        raise AssertionError(f"no button for `{mark}` in the sidebar; see {FOLDER}/not-found.png")

    def _rows(self, region: dict[str, Any], across: float) -> list[tuple[float, float]]:
        """Places in the open panels that can be seen, close enough to meet every button that is so far to the right."""
        places = []
        for panel in self.ask("[p for p in panels().values() if p['open']]"):
            top, bottom = min(panel["top"], region["y"] + region["height"]), max(panel["bottom"], region["y"])
            rows = range(int(top) - STEP_PX // 2, int(bottom), -STEP_PX)
            places += [(panel["x"] + panel["width"] * across, float(y)) for y in rows]
        return places

    def key(self, *names: str) -> None:
        self.screen.input("key", "--delay", 60, *names)

    def type(self, text: str) -> None:
        self.screen.input("type", "--delay", 30, text)

    def enter(self, place: tuple[float, float], text: str) -> None:
        """Put a text into a field, in place of what is there."""
        self.click(*place, times=2)
        self.key("ctrl+a")
        self.type(text)
        self.key("Return")
        self.settle()

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
    if model := os.environ.get("SIGNWRIGHT_MODEL"):
        shutil.copytree(model, FOLDER / "profile" / MODELS / Path(model).name)
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
